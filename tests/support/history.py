"""A random history of a Delta table, with a model in plain Python of what exports of it must hold."""

from __future__ import annotations

import dataclasses
import datetime
import random

import deltalake
import pyarrow as pa

from .rows import render_timestamp

HOUR = 3_600_000_000
EPOCH = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
ORIGIN = int(EPOCH.timestamp()) * 1_000_000
SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string()), ("p", pa.string()),
                    ("event_timestamp", pa.timestamp("us", "UTC"))])


@dataclasses.dataclass(frozen=True)
class Row:
    id: int
    name: str | None
    p: str | None
    at: int | None  # micros since the epoch

    def rendered(self) -> dict:
        return {"id": self.id, "name": self.name, "p": self.p,
                "event_timestamp": None if self.at is None else render_timestamp(self.at)}


class Model:
    """What Pattern A means, over the commits of one table; versions are indexes of `brought`."""

    def __init__(self, start: int):
        self.first_start = self.end = start
        self.live: list[Row] = []
        self.brought: list[list[Row]] = [[]]  # version 0 creates the table
        self.scanned: int | None = None
        self.exported: list[Row] = []

    @property
    def version(self) -> int:
        return len(self.brought) - 1

    def commit(self, live: list[Row], brought: list[Row]) -> None:
        self.live = live
        self.brought.append(brought)

    def run(self, now: int) -> tuple[list[Row], list[Row]]:
        """Late rows and rows of the window that a run at `now` exports."""
        end = now // HOUR * HOUR
        if end <= self.end:
            return [], []
        late = []
        if self.scanned is not None:
            late = [row for brought in self.brought[self.scanned + 1:] for row in brought
                    if row.at is not None and self.first_start < row.at <= self.end]
        window = [row for row in self.live if row.at is not None and self.end < row.at <= end]
        self.scanned, self.end = self.version, end
        self.exported += late + window
        return late, window


class DeltaRsWriter:
    """Writes through delta-rs; quick, and another dialect of the protocol than Spark's."""

    def __init__(self, path, properties: dict, partitioned: bool):
        self.path = str(path)
        configuration = {key: value for key, value in properties.items()
                         if key != "delta.enableDeletionVectors"}
        deltalake.DeltaTable.create(self.path, SCHEMA, configuration=configuration,
                                    partition_by=["p"] if partitioned else None)

    def append(self, rows: list[Row]) -> None:
        deltalake.write_deltalake(self.path, to_arrow(rows), mode="append")

    def delete(self, ids: list[int]) -> None:
        self._table().delete(f"id IN ({_list(ids)})")

    def update(self, ids: list[int], name: str) -> None:
        self._table().update(predicate=f"id IN ({_list(ids)})", updates={"name": f"'{name}'"})

    def merge(self, rows: list[Row]) -> None:
        (self._table().merge(to_arrow(rows), "t.id = s.id", source_alias="s", target_alias="t")
         .when_matched_update({"name": "s.name"}).when_not_matched_insert_all().execute())

    def optimize(self) -> None:
        self._table().optimize.compact()

    def set_feed(self, on: bool) -> None:
        self._table().alter.set_table_properties({"delta.enableChangeDataFeed": str(on).lower()})

    def version(self) -> int:
        return self._table().version()

    def _table(self):
        return deltalake.DeltaTable(self.path)


class SparkWriter:
    """The same commits through Spark. `source` is a support.source.Source with SCHEMA's columns."""

    COLUMNS = "id BIGINT, name STRING, p STRING, event_timestamp TIMESTAMP"

    def __init__(self, source):
        self.source = source

    def append(self, rows: list[Row]) -> None:
        self._view(rows)
        self.source.sql("INSERT INTO {t} SELECT * FROM history_rows")

    def delete(self, ids: list[int]) -> None:
        self.source.sql(f"DELETE FROM {{t}} WHERE id IN ({_list(ids)})")

    def update(self, ids: list[int], name: str) -> None:
        self.source.sql(f"UPDATE {{t}} SET name = '{name}' WHERE id IN ({_list(ids)})")

    def merge(self, rows: list[Row]) -> None:
        self._view(rows)
        self.source.sql("MERGE INTO {t} t USING history_rows s ON t.id = s.id"
                        " WHEN MATCHED THEN UPDATE SET t.name = s.name WHEN NOT MATCHED THEN INSERT *")

    def optimize(self) -> None:
        self.source.sql("OPTIMIZE {t}")

    def set_feed(self, on: bool) -> None:
        self.source.set_property("delta.enableChangeDataFeed", on)

    def version(self) -> int:
        return self.source.version

    def _view(self, rows: list[Row]) -> None:
        values = ", ".join(
            f"({row.id}L, {_text(row.name)}, {_text(row.p)}, "
            + ("CAST(NULL AS TIMESTAMP)" if row.at is None else f"timestamp_micros({row.at}L)") + ")"
            for row in rows)
        self.source.spark.sql("CREATE OR REPLACE TEMP VIEW history_rows AS SELECT * FROM VALUES "
                              f"{values} AS v(id, name, p, event_timestamp)")


class History:
    """Makes random commits in a writer and in the model alike; the change data feed goes on and off."""

    def __init__(self, seed: int, writer, model: Model, feed_on: bool = False):
        self.random, self.writer, self.model = random.Random(seed), writer, model
        self.feed_on = feed_on
        self.now = model.end + 5 * HOUR
        self.next_id = 1

    def step(self) -> str:
        """One random commit (none where it would change nothing); its name."""
        kind = self.random.choices(["append", "delete", "update", "merge", "optimize", "switch_feed"],
                                   [8, 2, 2, 3, 1, 2])[0]
        if not self.model.live:
            kind = "append"
        before = self.writer.version()
        getattr(self, f"_{kind}")()
        assert self.writer.version() == self.model.version, f"{kind} after version {before}"
        return kind

    def advance(self) -> int:
        """Lets time pass: none, minutes or some hours."""
        self.now += self.random.choice([0, HOUR // 3, HOUR, 2 * HOUR, 7 * HOUR])
        return self.now

    def _append(self) -> None:
        rows = [self._new_row() for _ in range(self.random.randint(1, 8))]
        if self.model.live and self.random.random() < 0.3:
            rows.append(self.random.choice(self.model.live))  # the very same row once more
        self.writer.append(rows)
        self.model.commit(self.model.live + rows, rows)

    def _delete(self) -> None:
        gone = set(self._some_ids())
        self.writer.delete(sorted(gone))
        self.model.commit([row for row in self.model.live if row.id not in gone], [])

    def _update(self) -> None:
        ids, name = set(self._some_ids()), f"u{self.random.randrange(1000)}"
        self.writer.update(sorted(ids), name)
        self.model.commit([dataclasses.replace(row, name=name) if row.id in ids else row
                           for row in self.model.live], [])

    def _merge(self) -> None:
        ids = {row_id: f"m{self.random.randrange(1000)}" for row_id in self._some_ids()}
        matched = [Row(row_id, name, "x", None) for row_id, name in sorted(ids.items())]
        inserted = [self._new_row() for _ in range(self.random.randint(0, 4))]
        self.writer.merge(matched + inserted)
        updated = [dataclasses.replace(row, name=ids[row.id]) if row.id in ids else row
                   for row in self.model.live]
        self.model.commit(updated + inserted, inserted)

    def _optimize(self) -> None:
        before = self.writer.version()
        self.writer.optimize()
        if self.writer.version() > before:
            self.model.commit(self.model.live, [])

    def _switch_feed(self) -> None:
        """Commits of before tell their changes by change files, those of after by what they add and remove."""
        self.feed_on = not self.feed_on
        self.writer.set_feed(self.feed_on)
        self.model.commit(self.model.live, [])

    def _some_ids(self) -> list[int]:
        ids = sorted({row.id for row in self.model.live})
        return self.random.sample(ids, min(len(ids), self.random.randint(1, 4)))

    def _new_row(self) -> Row:
        row_id = self.next_id
        self.next_id += 1
        chance = self.random.random()
        if chance < 0.06:
            at = None
        elif chance < 0.15:
            at = self.now // HOUR * HOUR - self.random.randint(-1, 6) * HOUR
        else:
            # Distinct from all others, so that a merge's rows can be told apart by it.
            at = self.now + self.random.randint(-12, 3) * HOUR // 2 + row_id * 7 + 1
        return Row(row_id, self.random.choice(["a", "é", "", None]), self.random.choice(["x", "y", None]),
                   at)


def to_arrow(rows: list[Row]) -> pa.Table:
    return pa.table([[row.id for row in rows], [row.name for row in rows], [row.p for row in rows],
                     pa.array([row.at for row in rows], pa.int64()).cast(pa.timestamp("us", "UTC"))],
                    schema=SCHEMA)


def clock_text(micros: int) -> str:
    return (EPOCH + datetime.timedelta(microseconds=micros - ORIGIN)).isoformat().replace("+00:00", "Z")


def _list(ids: list[int]) -> str:
    return ", ".join(map(str, ids))


def _text(value: str | None) -> str:
    return "CAST(NULL AS STRING)" if value is None else f"'{value}'"
