"""Random statements for a Delta table of any shape, each made for the table as its log says that it is.

`id` (unique, never NULL) and `at` (the watermark) are in every table and keep their names and types. A statement may
be one that Spark refuses: it is passed over.
"""

from __future__ import annotations

import datetime
import random

from .log_state import LogState
from .table_values import PARTITIONING, WIDER, literal, quoted, random_names, random_type

CHECKPOINT = "-- checkpoint"
EXPORT = "-- export at "
VACUUM = "VACUUM {t} RETAIN 0 HOURS"
EPOCH = datetime.datetime(2025, 1, 1)
SWITCHES = {
    "delta.enableDeletionVectors": ["true", "false"],
    "delta.enableRowTracking": ["true", "false"],
    "delta.enableTypeWidening": ["true", "true", "false"],
    "delta.enableInCommitTimestamps": ["true", "false"],
    "delta.checkpointPolicy": ["v2", "classic"],
    "delta.columnMapping.mode": ["name", "name", "none"],
    "delta.enableChangeDataFeed": ["true", "false"],
    "delta.checkpointInterval": ["2", "3", "10"],
    "delta.checkpoint.writeStatsAsStruct": ["true", "false"],
    "delta.checkpoint.writeStatsAsJson": ["true", "false"],
    "delta.dataSkippingNumIndexedCols": ["0", "1", "-1"],
    "delta.randomizeFilePrefixes": ["true", "false"],
    "delta.appendOnly": ["true", "false", "false"],
    "delta.feature.vacuumProtocolCheck": ["supported"],
    "delta.feature.domainMetadata": ["supported"],
    "delta.feature.allowColumnDefaults": ["supported"],
}
FEATURES = ["deletionVectors", "rowTracking", "columnMapping", "changeDataFeed", "typeWidening", "v2Checkpoint",
            "inCommitTimestamp", "clustering", "vacuumProtocolCheck", "checkConstraints", "checkpointProtection",
            "domainMetadata", "allowColumnDefaults", "invariants", "appendOnly"]
WEIGHTS = {"append": 8, "delete": 4, "update": 5, "merge": 5, "overwrite": 2, "replace_where": 2, "replace_table": 1.5,
           "optimize": 2, "reorganize": 0.7, "add_column": 3, "rename": 2.5, "drop": 2, "widen": 2.5, "reorder": 0.7,
           "switch": 5, "drop_feature": 2.5, "checkpoint": 2, "restore": 2, "vacuum": 0.7, "clone": 0.7, "check": 0.7,
           "default": 1, "nullable": 0.5, "cluster": 0.8, "comment": 0.3, "truncate": 0.2, "export": 10}


class TableHistory:
    """Says what comes next; `state` is of the table at `{t}` (None before it was created)."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.next_id = 0
        self.feed = self.random.random() < 0.45
        self.watermark = self.random.choice(["TIMESTAMP", "TIMESTAMP", "TIMESTAMP_NTZ", "DATE"])
        self.hour = 0  # of the rows that come now
        self.checks = 0
        # As Spark's session has them for the whole history.
        self.settings = {
            "spark__sql__parquet__outputTimestampType": self.random.choice(["INT96", "TIMESTAMP_MICROS"]),
            "spark__sql__sources__partitionOverwriteMode": self.random.choice(["static", "dynamic"]),
            "spark__databricks__delta__checkpointV2__topLevelFileFormat": self.random.choice(["json", "parquet"]),
            "spark__databricks__delta__checkpoint__partSize": self.random.choice([None, "3"]),
            "spark__sql__files__maxRecordsPerFile": self.random.choice(["0", "0", "3"])}

    def create(self) -> str:
        choose = self.random
        properties = {"delta.enableChangeDataFeed": "true"} if self.feed else {}
        mode = choose.choice(["none", "name", "name", "id"])
        if mode != "none":
            properties["delta.columnMapping.mode"] = mode
        for key in choose.sample(list(SWITCHES), choose.randint(1, 6)):
            if key not in ("delta.columnMapping.mode", "delta.enableChangeDataFeed", "delta.appendOnly"):
                properties[key] = SWITCHES[key][0]
        if choose.random() < 0.05:
            properties |= {"delta.enableIcebergCompatV2": "true", "delta.columnMapping.mode": "name"}
            properties.pop("delta.enableDeletionVectors", None)
        names = random_names(choose, choose.randint(2, 7), mode != "none")
        cut = choose.choice([0, 0, 1, 1, 2])
        columns = [(name, choose.choice(PARTITIONING)) for name in names[:cut]]
        columns += [(name, random_type(choose, mode != "none")) for name in names[cut:]]
        by = names[:cut]
        if cut and choose.random() < 0.15:
            by = ["at", *by[1:]]
        choose.shuffle(columns)
        texts = [f"{quoted(name)} {kind}" + (" NOT NULL" if choose.random() < 0.06 and name not in by else "")
                 for name, kind in columns]
        texts[choose.randrange(len(texts) + 1):0] = ["id BIGINT", f"at {self.watermark}"]
        generated = choose.random()
        if generated < 0.08:
            texts.append("made BIGINT GENERATED ALWAYS AS IDENTITY")
        layout = ""
        if by:
            layout = f" PARTITIONED BY ({', '.join(map(quoted, by))})"
        elif choose.random() < 0.3:
            layout = " CLUSTER BY (id, at)"
        options = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
        return (f"CREATE TABLE {{t}} ({', '.join(texts)}) USING DELTA{layout} LOCATION '{{p}}'"
                + (f" TBLPROPERTIES ({options})" if options else ""))

    def step(self, state: LogState) -> str:
        """The next statement."""
        while True:
            kind, = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))
            if statement := getattr(self, f"_{kind}")(state):
                return statement

    def export(self) -> str:
        """Appends and feeds are exported up to now; the clock stands still or goes on."""
        self.hour += self.random.choice([0, 1, 1, 4, 9])
        return EXPORT + (EPOCH + datetime.timedelta(hours=self.hour)).isoformat() + "Z"

    def first_rows(self, state: LogState) -> str:
        return self._append(state)

    # What changes rows.

    def _append(self, state: LogState) -> str:
        columns = self._writable(state)
        required = [f for f in columns if f.name in ("id", "at") or not f.nullable]
        if self.random.random() < 0.2:
            columns = [f for f in columns if f in required or self.random.random() < 0.6]
        rows = [self._row(columns) for _ in range(self.random.choice([1, 2, 4, 9]))]
        names = ", ".join(quoted(f.name) for f in columns)
        return (f"INSERT INTO {{t}} ({names}) SELECT /*+ COALESCE({self.random.choice([1, 2])}) */ *"
                f" FROM VALUES {', '.join(rows)}")

    def _delete(self, state: LogState) -> str:
        return f"DELETE FROM {{t}} WHERE {self._some(state)}"

    def _truncate(self, state: LogState) -> str:
        return "TRUNCATE TABLE {t}"

    def _update(self, state: LogState) -> str:
        fields = [f for f in self._writable(state) if f.name not in ("id", "at")]
        if not fields:
            return ""
        sets = []
        for field in self.random.sample(fields, min(len(fields), self.random.choice([1, 1, 2]))):
            target, kind, nullable = quoted(field.name), field.dataType, field.nullable
            while kind.typeName() == "struct" and self.random.random() < 0.6:
                inner = self.random.choice(list(kind))
                target, kind, nullable = f"{target}.{quoted(inner.name)}", inner.dataType, inner.nullable
            value = target if self.random.random() < 0.1 else literal(self.random, kind, 0.15 if nullable else 0)
            sets.append(f"{target} = {value}")
        return f"UPDATE {{t}} SET {', '.join(sets)} WHERE {self._some(state)}"

    def _merge(self, state: LogState) -> str:
        columns = self._writable(state)
        old = self.random.sample(range(self.next_id), min(self.next_id, 4))
        rows = [self._row(columns, row_id) for row_id in old]
        rows += [self._row(columns) for _ in range(self.random.choice([0, 1, 3]))]
        if not rows:
            return ""
        names = ", ".join(quoted(f.name) for f in columns)
        changed = [f for f in columns if f.name not in ("id", "at") and self.random.random() < 0.5] or columns[:1]
        matched = self.random.choice([
            "WHEN MATCHED AND s.id % 3 = 0 THEN DELETE ", "", "WHEN MATCHED AND t.id % 2 = 0 THEN DELETE "])
        by_source = self.random.choice(["", "", "", " WHEN NOT MATCHED BY SOURCE AND t.id % 5 = 0 THEN DELETE"])
        sets = ", ".join(f"t.{quoted(f.name)} = s.{quoted(f.name)}" for f in changed)
        return (f"MERGE INTO {{t}} t USING (SELECT * FROM VALUES {', '.join(rows)} AS v({names})) s ON t.id = s.id "
                f"{matched}WHEN MATCHED THEN UPDATE SET {sets} WHEN NOT MATCHED THEN INSERT ({names})"
                f" VALUES ({', '.join('s.' + quoted(f.name) for f in columns)}){by_source}")

    def _overwrite(self, state: LogState) -> str:
        keep = self.random.choice([self._some(state), "false", "id % 2 = 0"])
        names = ", ".join(quoted(f.name) for f in self._writable(state))
        return f"INSERT OVERWRITE {{t}} ({names}) SELECT {names} FROM {{t}} WHERE {keep}"

    def _replace_where(self, state: LogState) -> str:
        columns = self._writable(state)
        names = ", ".join(quoted(f.name) for f in columns)
        rows = self._row(columns)
        if self.random.random() < 0.5:
            return (f"INSERT INTO {{t}} REPLACE WHERE id >= {self.next_id - 3} SELECT {names} FROM VALUES {rows}"
                    f" AS v({names})")
        where = self._some(state)
        return f"INSERT INTO {{t}} REPLACE WHERE {where} SELECT {names} FROM {{t}} WHERE {where} AND id % 3 > 0"

    def _replace_table(self, state: LogState) -> str:
        kept = [f.name for f in state.schema if f.name in ("id", "at") or self.random.random() < 0.8]
        kept = kept if self.random.random() < 0.7 else [f.name for f in state.schema]
        candidates = [f.name for f in state.schema if f.name in kept and f.dataType.typeName()
                      in ("string", "date", "integer", "timestamp", "boolean") and f.name != "id"]
        layout = ""
        if candidates and self.random.random() < 0.4 and len(kept) > 1:
            layout = f" PARTITIONED BY ({quoted(self.random.choice(candidates))})"
        properties = {key: self.random.choice(SWITCHES[key]) for key in self.random.sample(list(SWITCHES), 2)}
        if state.mapped:
            properties["delta.columnMapping.mode"] = state.property("delta.columnMapping.mode")
        if state.on("delta.enableChangeDataFeed"):
            properties["delta.enableChangeDataFeed"] = "true"
        options = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
        return (f"CREATE OR REPLACE TABLE {{t}} USING DELTA{layout} LOCATION '{{p}}' TBLPROPERTIES ({options}) AS SELECT"
                f" {', '.join(map(quoted, kept))} FROM {{t}} WHERE {self._some(state)}")

    def _restore(self, state: LogState) -> str:
        return f"RESTORE TABLE {{t}} TO VERSION AS OF {self.random.randint(0, state.version)}"

    # What moves rows or files only.

    def _optimize(self, state: LogState) -> str:
        order = [f.name for f in state.schema if f.dataType.typeName() in ("long", "string", "date", "timestamp")
                 and f.name not in state.partitioned_by]
        if self.random.random() < 0.4 and order and "clustering" not in state.features:
            return f"OPTIMIZE {{t}} ZORDER BY ({quoted(self.random.choice(order))})"
        return "OPTIMIZE {t}" + self.random.choice(["", " FULL"] if "clustering" in state.features else [""])

    def _reorganize(self, state: LogState) -> str:
        return "REORG TABLE {t} APPLY (PURGE)"

    def _export(self, state: LogState) -> str:
        return self.export()

    def _checkpoint(self, state: LogState) -> str:
        return CHECKPOINT

    def _vacuum(self, state: LogState) -> str:
        return VACUUM

    def _clone(self, state: LogState) -> str:
        at = self.random.choice(["", f" VERSION AS OF {self.random.randint(0, state.version)}"])
        return f"CREATE TABLE {{next}} SHALLOW CLONE {{t}}{at} LOCATION '{{next_p}}'"

    # What changes the schema or the protocol.

    def _add_column(self, state: LogState) -> str:
        path, fields = self._inside(state)
        name, = random_names(self.random, 1, state.mapped, [f.name for f in fields]) or [""]
        if not name:
            return ""
        where = self.random.choice(["", "", "", " FIRST", f" AFTER {quoted(self.random.choice(list(fields)).name)}"])
        return (f"ALTER TABLE {{t}} ADD COLUMN {'.'.join(map(quoted, [*path, name]))}"
                f" {random_type(self.random, state.mapped, 1 if path else 2)}{where}")

    def _rename(self, state: LogState) -> str:
        path, field = self._field(state)
        if not state.mapped or field is None:
            return ""
        name, = random_names(self.random, 1, True, [f.name for f in self._inside(state, path)[1]])
        return f"ALTER TABLE {{t}} RENAME COLUMN {'.'.join(map(quoted, [*path, field.name]))} TO {quoted(name)}"

    def _drop(self, state: LogState) -> str:
        path, field = self._field(state)
        if not state.mapped or field is None:
            return ""
        return f"ALTER TABLE {{t}} DROP COLUMN {'.'.join(map(quoted, [*path, field.name]))}"

    def _widen(self, state: LogState) -> str:
        if not state.on("delta.enableTypeWidening"):
            return ""
        found = [(path, kind) for path, kind in _leaves(state.schema) if kind.simpleString() in WIDER
                 and path not in ("`id`", "`at`")]
        if not found:
            return ""
        path, kind = self.random.choice(found)
        return f"ALTER TABLE {{t}} ALTER COLUMN {path} TYPE {self.random.choice(WIDER[kind.simpleString()])}"

    def _reorder(self, state: LogState) -> str:
        path, field = self._field(state)
        others = [f for f in self._inside(state, path)[1] if field and f.name != field.name]
        if not others:
            return ""
        where = self.random.choice(["FIRST", f"AFTER {quoted(self.random.choice(others).name)}"])
        return f"ALTER TABLE {{t}} ALTER COLUMN {'.'.join(map(quoted, [*path, field.name]))} {where}"

    def _switch(self, state: LogState) -> str:
        key = self.random.choice(list(SWITCHES))
        if key == "delta.enableChangeDataFeed" and self.feed and self.random.random() < 0.8:
            return ""
        return f"ALTER TABLE {{t}} SET TBLPROPERTIES ('{key}' = '{self.random.choice(SWITCHES[key])}')"

    def _drop_feature(self, state: LogState) -> str:
        there = [name for name in FEATURES if name in state.features
                 and not (self.feed and name == "changeDataFeed")]
        if not there:
            return ""
        return f"ALTER TABLE {{t}} DROP FEATURE {self.random.choice(there)}"

    def _check(self, state: LogState) -> str:
        self.checks += 1
        return f"ALTER TABLE {{t}} ADD CONSTRAINT c{self.checks} CHECK (id >= 0)"

    def _default(self, state: LogState) -> str:
        field = self.random.choice([f for f in state.schema if f.dataType.typeName() in ("integer", "string", "date")]
                                   or [None])
        if field is None:
            return ""
        return (f"ALTER TABLE {{t}} ALTER COLUMN {quoted(field.name)} SET DEFAULT"
                f" {literal(self.random, field.dataType)}")

    def _nullable(self, state: LogState) -> str:
        required = [f.name for f in state.schema if not f.nullable]
        return f"ALTER TABLE {{t}} ALTER COLUMN {quoted(required[0])} DROP NOT NULL" if required else ""

    def _cluster(self, state: LogState) -> str:
        if state.partitioned_by:
            return ""
        names = [f.name for f in state.schema if f.dataType.typeName() not in ("struct", "array", "map", "binary")]
        by = ", ".join(map(quoted, self.random.sample(names, min(len(names), 2))))
        return "ALTER TABLE {t} CLUSTER BY " + self.random.choice([f"({by})", f"({by})", "NONE"])

    def _comment(self, state: LogState) -> str:
        return "COMMENT ON TABLE {t} IS 'a comment'"

    # Parts.

    def _writable(self, state: LogState) -> list:
        return [f for f in state.schema if f.name != "made"]

    def _row(self, columns, row_id: int | None = None) -> str:
        if row_id is None:
            row_id = self.next_id
            self.next_id += 1
        return "(" + ", ".join(self._value(f, row_id) for f in columns) + ")"

    def _value(self, field, row_id: int) -> str:
        if field.name == "id":
            return f"{row_id}L"
        if field.name == "at":
            return self._time(row_id)
        return literal(self.random, field.dataType, 0.15 if field.nullable else 0)

    def _time(self, row_id: int) -> str:
        """Distinct, but for days: a row is told by it. Some are late, some NULL."""
        if self.random.random() < 0.05:
            return f"CAST(NULL AS {self.watermark})"
        hour = self.hour + self.random.randint(-8, 3)
        time = EPOCH + datetime.timedelta(hours=hour, seconds=row_id * 3 + 1)
        return f"CAST('{time.isoformat(sep=' ')}' AS {self.watermark})"

    def _some(self, state: LogState) -> str:
        choose = self.random
        if choose.random() < 0.35:
            named = state.partitioned_by or [f.name for f in state.schema]
            field = choose.choice([f for f in state.schema if f.name in named])
            if choose.random() < 0.4:
                return f"{quoted(field.name)} IS {choose.choice(['', 'NOT '])}NULL"
            if field.dataType.typeName() not in ("map", "array", "struct"):
                return (f"{quoted(field.name)} {choose.choice(['=', '<', '>=', '<=>', '!='])}"
                        f" {literal(choose, field.dataType, 0)}")
        low = choose.randrange(self.next_id + 1)
        return choose.choice([f"id BETWEEN {low} AND {low + choose.choice([0, 1, 3, 9])}", f"id % 3 = {low % 3}"])

    def _inside(self, state: LogState, path: list[str] | None = None) -> tuple[list[str], list]:
        """A struct of the schema, mostly the schema itself; or the one at `path`."""
        fields, walked = state.schema, []
        if path is not None:
            for name in path:
                fields = next(f for f in fields if f.name == name).dataType
            return path, list(fields)
        while structs := [f for f in fields if f.dataType.typeName() == "struct"]:
            if self.random.random() < 0.6:
                break
            field = self.random.choice(structs)
            walked, fields = [*walked, field.name], field.dataType
        return walked, list(fields)

    def _field(self, state: LogState) -> tuple[list[str], object]:
        path, fields = self._inside(state)
        free = [f for f in fields if path or f.name not in ("id", "at", "made")]
        return path, self.random.choice(free) if free else None


def _leaves(kind, path: str = "") -> list[tuple[str, object]]:
    """Every part that has a primitive type, by the path that ALTER COLUMN takes."""
    name, at = kind.typeName(), f"{path}." if path else ""
    if name == "struct":
        return [leaf for f in kind for leaf in _leaves(f.dataType, at + quoted(f.name))]
    if name == "array":
        return _leaves(kind.elementType, at + "element")
    if name == "map":
        return _leaves(kind.keyType, at + "key") + _leaves(kind.valueType, at + "value")
    return [(path, kind)]
