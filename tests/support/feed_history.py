"""Random histories of tables with a change feed, and what a feed must add up to."""

from __future__ import annotations

import collections
import os
import random
from collections.abc import Iterable, Sequence

import deltalake
import pyarrow as pa

from .rows import multiset
from .source import Source

COLUMNS = "id BIGINT, name STRING, p STRING, n INT"
SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string()), ("p", pa.string()), ("n", pa.int32())])

_BROUGHT = {"insert", "update_postimage"}
_TAKEN = {"delete", "update_preimage"}


def replay(rows: Iterable[dict], changes: Iterable[dict], columns: Sequence[str]) -> collections.Counter:
    """A snapshot's rows and the changes after it, added up; what is taken must have been there.

    Rows of before a column was added have NULL there.
    """
    brought, taken = [], []
    for change in changes:
        assert change["_change_type"] in _BROUGHT | _TAKEN, change
        (brought if change["_change_type"] in _BROUGHT else taken).append(change)
    total = _count(rows, columns) + _count(brought, columns)
    total.subtract(_count(taken, columns))
    assert not -total, f"taken, but never there: {list((-total).items())[:5]}"
    return +total


def _count(rows: Iterable[dict], columns: Sequence[str]) -> collections.Counter:
    return multiset({column: row.get(column) for column in columns} for row in rows)


class FeedHistory:
    """Makes random commits through Spark. `source` has COLUMNS, and may be partitioned by p."""

    WEIGHTS = {"insert": 5, "update": 4, "update_nothing": 1, "delete": 4, "delete_partition": 2, "merge": 4,
               "merge_nothing": 1, "overwrite": 1, "truncate": 0.5, "replace_where": 1, "restore": 2,
               "optimize": 2, "add_column": 1, "drop_columns": 0.5, "comment": 1, "toggle_vectors": 1}

    def __init__(self, seed: int, source: Source, deletion_vectors: bool = False):
        self.random, self.source = random.Random(seed), source
        self.deletion_vectors = deletion_vectors
        self.next_id = self.steps = 0
        self.log = []
        self.insert(self.random.randint(5, 30))

    def step(self) -> None:
        self.steps += 1
        kind, = self.random.choices(list(self.WEIGHTS), list(self.WEIGHTS.values()))
        self.log.append(f"{kind} after {self.source.version}")
        getattr(self, kind)()

    def push_a_clock_ahead(self) -> None:
        """The modification time of some commit jumps, as if a host's clock had been wrong."""
        version = self.random.randrange(self.source.version + 1)
        file = self.source.log / f"{version:020}.json"
        time = file.stat().st_mtime + self.random.choice([86_400, 3_600, -500, 0.0004])
        os.utime(file, (time, time))
        self.log.append(f"time of {version} pushed")

    def insert(self, count: int | None = None) -> None:
        values = self._new_rows(count or self.random.randint(1, 10))
        self.source.sql("INSERT INTO {t} (id, name, p, n)"
                        f" SELECT /*+ COALESCE({self.random.choice([1, 2])}) */ * FROM VALUES {values}")

    def update(self) -> None:
        self.source.sql(f"UPDATE {{t}} SET name = 'u{self.steps}', n = n + 1 WHERE {self._some()}")

    def update_nothing(self) -> None:
        self.source.sql(f"UPDATE {{t}} SET name = name WHERE {self._some()}")

    def delete(self) -> None:
        self.source.sql(f"DELETE FROM {{t}} WHERE {self._some()}")

    def delete_partition(self) -> None:
        self.source.sql("DELETE FROM {t} WHERE p " + self.random.choice(["IS NULL", "= 'x'"]))

    def merge(self) -> None:
        ids = self.random.sample(range(self.next_id), min(4, self.next_id))
        values = ", ".join([*(f"({i}L, 'm{self.steps}', 'x', 1)" for i in ids), self._new_rows(2)])
        self.source.sql(
            f"MERGE INTO {{t}} t USING (SELECT * FROM VALUES {values} AS v(id, name, p, n)) s ON t.id = s.id"
            " WHEN MATCHED AND s.id % 3 = 0 THEN DELETE"
            " WHEN MATCHED THEN UPDATE SET t.name = s.name, t.n = s.n"
            " WHEN NOT MATCHED THEN INSERT (id, name, p, n) VALUES (s.id, s.name, s.p, s.n)")

    def merge_nothing(self) -> None:
        self.source.sql(f"MERGE INTO {{t}} t USING (SELECT {self.random.randrange(self.next_id)}L AS id) s"
                        " ON t.id = s.id WHEN MATCHED AND t.n > 1000 THEN UPDATE SET n = 0")

    def overwrite(self) -> None:
        keep = self.random.choice(["id % 2 = 0", "id < 0"])
        self.source.sql(f"INSERT OVERWRITE {{t}} SELECT * FROM {{t}} WHERE {keep}")

    def truncate(self) -> None:
        self.source.sql("TRUNCATE TABLE {t}")

    def replace_where(self) -> None:
        self.source.sql("INSERT INTO {t} REPLACE WHERE n = 2 SELECT * FROM {t} WHERE n = 2")

    def restore(self) -> None:
        self.source.sql(f"RESTORE TABLE {{t}} TO VERSION AS OF {self.random.randint(1, self.source.version)}")

    def optimize(self) -> None:
        self.source.sql("OPTIMIZE {t}")

    def add_column(self) -> None:
        self.source.sql(f"ALTER TABLE {{t}} ADD COLUMNS (c{self.steps} STRING)")
        self.source.sql(f"UPDATE {{t}} SET c{self.steps} = 'w' WHERE id % 4 = 0")

    def drop_columns(self) -> None:
        """Back to the first four, as an overwrite that replaces the schema."""
        columns = self.source.spark.table(self.source.name).select("id", "name", "p", "n")
        self.source.overwrite_schema(columns)

    def comment(self) -> None:
        self.source.sql(f"COMMENT ON TABLE {{t}} IS 'c{self.steps}'")

    def toggle_vectors(self) -> None:
        self.deletion_vectors = not self.deletion_vectors
        self.source.set_property("delta.enableDeletionVectors", self.deletion_vectors)

    def _some(self) -> str:
        low = self.random.randrange(self.next_id)
        return f"id BETWEEN {low} AND {low + self.random.choice([0, 1, 3, 10])}"

    def _new_rows(self, count: int) -> str:
        rows = []
        for _ in range(count):
            name = self.random.choice(["CAST(NULL AS STRING)", "'a'", "'é'"])
            p = self.random.choice(["CAST(NULL AS STRING)", "'x'", "'y=/ z'", "''"])
            rows.append(f"({self.next_id}L, {name}, {p}, {self.random.randrange(5)})")
            self.next_id += 1
        return ", ".join(rows)


class DeltaRsFeed:
    """Random commits through delta-rs: another dialect of the protocol, and quick."""

    def __init__(self, seed: int, path, partitioned: bool):
        self.random, self.path = random.Random(seed), str(path)
        self.next_id = self.steps = 0
        self.log = []
        deltalake.DeltaTable.create(self.path, SCHEMA, partition_by=["p"] if partitioned else None,
                                    configuration={"delta.enableChangeDataFeed": "true"})
        self.append()

    @property
    def table(self) -> deltalake.DeltaTable:
        return deltalake.DeltaTable(self.path)

    def step(self) -> None:
        self.steps += 1
        kind = self.random.choice(["append", "append", "delete", "delete_partition", "update", "merge",
                                   "overwrite", "optimize"])
        self.log.append(f"{kind} after {self.table.version()}")
        getattr(self, kind)()

    def append(self) -> None:
        deltalake.write_deltalake(self.path, self._new_rows(self.random.randint(1, 9)), mode="append")

    def delete(self) -> None:
        self.table.delete(self._some())

    def delete_partition(self) -> None:
        self.table.delete("p = 'x'")

    def update(self) -> None:
        self.table.update(predicate=self._some(), updates={"name": f"'u{self.steps}'"})

    def merge(self) -> None:
        changed = pa.table([[self.random.randrange(self.next_id)], ["m"], ["x"], [None]], schema=SCHEMA)
        (self.table.merge(pa.concat_tables([changed, self._new_rows(2)]), "t.id = s.id",
                          source_alias="s", target_alias="t")
         .when_matched_update({"name": "s.name"}).when_not_matched_insert_all().execute())

    def overwrite(self) -> None:
        deltalake.write_deltalake(self.path, self._new_rows(4), mode="overwrite")

    def optimize(self) -> None:
        self.table.optimize.compact()

    def live(self, version: int) -> pa.Table:
        return pa.table(deltalake.DeltaTable(self.path, version=version).to_pyarrow_table())

    def changes(self, first: int, last: int) -> pa.Table:
        return pa.table(self.table.load_cdf(starting_version=first, ending_version=last).read_all())

    def _some(self) -> str:
        low = self.random.randrange(self.next_id)
        return f"id BETWEEN {low} AND {low + self.random.choice([0, 2, 9])}"

    def _new_rows(self, count: int) -> pa.Table:
        ids = range(self.next_id, self.next_id + count)
        self.next_id += count
        return pa.table([list(ids), [self.random.choice(["a", "é", None, ""]) for _ in ids],
                         [self.random.choice(["x", "y", None]) for _ in ids],  # delta-rs finds no escaped path
                         [self.random.choice([None, 1, 2]) for _ in ids]], schema=SCHEMA)
