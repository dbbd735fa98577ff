#!/usr/bin/env python3
"""What it costs to compute changes that no feed has: time and memory of the run that exports one UPDATE.

    bench/changes.py [N]        N rows (4,000,000) in eight files, all rewritten by an UPDATE of every hundredth row
    bench/changes.py --rounds N each way N times (3), in turns

By row tracking, by whole rows, and read from a feed, which is what the others are to be compared with. Each also within
a small `limits.memory`, so that rows are matched in several passes. Tables are made without an engine. Prints Markdown;
takes `build/sluice`, or SLUICE_BIN.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

from log import Measured

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from support.sluice import Sluice  # noqa: E402

FILES = 8
EVERY = 100
ROW_ID, ROW_VERSION = "_row-id-col-b", "_row-commit-version-col-b"
SCHEMA = json.dumps({"type": "struct", "fields": [
    {"name": name, "type": kind, "nullable": True, "metadata": {}}
    for name, kind in [("id", "long"), ("name", "string"), ("amount", "double"), ("changed_at", "timestamp")]]})
PROPERTIES = {
    "tracking": {"delta.enableRowTracking": "true", "delta.rowTracking.materializedRowIdColumnName": ROW_ID,
                 "delta.rowTracking.materializedRowCommitVersionColumnName": ROW_VERSION},
    "rows": {},
    "feed": {"delta.enableChangeDataFeed": "true"}}
NOW = "2030-01-01T00:00:00Z"


def rows(first: int, count: int) -> pa.Table:
    ids = range(first, first + count)
    return pa.table({"id": pa.array(ids, pa.int64()), "name": pa.array([f"user-{i * 7919 % 1_000_003}" for i in ids]),
                     "amount": pa.array([i * 7919 % 1_000_003 / 100 for i in ids], pa.float64()),
                     "changed_at": pa.array([1735689600_000000 + i for i in ids], pa.timestamp("us", "UTC"))})


def is_updated(table: pa.Table) -> pa.Array:
    return pa.array([i % EVERY == 0 for i in table["id"].to_pylist()])


def updated(table: pa.Table) -> pa.Table:
    amounts = pc.if_else(is_updated(table), pc.add(table["amount"], 1.0), table["amount"])
    return table.set_column(table.column_names.index("amount"), "amount", amounts)


class Table:
    """Version 0 has all rows; `update` commits version 1."""

    def __init__(self, folder: pathlib.Path, way: str, count: int):
        self.folder, self.way = folder, way
        (folder / "_delta_log").mkdir(parents=True)
        self.files = [(n * (count // FILES), count // FILES) for n in range(FILES)]
        protocol = {"minReaderVersion": 1, "minWriterVersion": 7,
                    "writerFeatures": ["rowTracking", "domainMetadata", "changeDataFeed"]}
        metadata = {"id": "1", "format": {"provider": "parquet", "options": {}}, "schemaString": SCHEMA,
                    "partitionColumns": [], "configuration": PROPERTIES[way], "createdTime": 1735689600000}
        adds = [self._add(f"before-{n}.parquet", rows(first, size), first, 0)
                for n, (first, size) in enumerate(self.files)]
        self._commit(0, {"protocol": protocol}, {"metaData": metadata}, *adds)

    def update(self) -> None:
        actions: list[dict] = []
        for n, (first, size) in enumerate(self.files):
            before = rows(first, size)
            after = updated(before)
            if self.way == "tracking":
                versions = pc.if_else(is_updated(before), pa.scalar(1, pa.int64()), pa.scalar(0, pa.int64()))
                after = after.append_column(ROW_ID, before["id"]).append_column(ROW_VERSION, versions)
            actions.append({"remove": {"path": f"before-{n}.parquet", "deletionTimestamp": 1735689600001,
                                       "dataChange": True, "extendedFileMetadata": True, "partitionValues": {},
                                       "size": 1, **self._ids(first, 0)}})
            actions.append(self._add(f"after-{n}.parquet", after, 10**9 + first, 1))
            if self.way == "feed":
                actions.append(self._feed(n, before))
        self._commit(1, *actions)

    def _feed(self, n: int, before: pa.Table) -> dict:
        hit = before.filter(is_updated(before))
        halves = [half.append_column("_change_type", pa.array([kind] * len(half)))
                  for half, kind in ((hit, "update_preimage"), (updated(hit), "update_postimage"))]
        path = f"_change_data/cdc-{n}.parquet"
        (self.folder / "_change_data").mkdir(exist_ok=True)
        pq.write_table(pa.concat_tables(halves), self.folder / path, store_schema=False)
        return {"cdc": {"path": path, "partitionValues": {}, "size": 1, "dataChange": False}}

    def _ids(self, base: int, version: int) -> dict:
        return {"baseRowId": base, "defaultRowCommitVersion": version} if self.way == "tracking" else {}

    def _add(self, path: str, table: pa.Table, base: int, version: int) -> dict:
        pq.write_table(table, self.folder / path, store_schema=False)
        return {"add": {"path": path, "partitionValues": {}, "size": (self.folder / path).stat().st_size,
                        "modificationTime": 1735689600000, "dataChange": True, **self._ids(base, version)}}

    def _commit(self, version: int, *actions: dict) -> None:
        lines = [{"commitInfo": {"timestamp": 1735689600000 + version, "operation": "UPDATE"}}, *actions]
        (self.folder / "_delta_log" / f"{version:020}.json").write_text("\n".join(map(json.dumps, lines)) + "\n")


def prepared(root: pathlib.Path, table: Table, memory: str | None) -> list[str]:
    """A config whose table is exported up to version 0: what is left to run."""
    name = f"{table.way}-{memory}"
    sluice = Sluice(root / name)
    if memory:
        sluice.config["limits"] = {"memory": memory}
    sluice.add_feed("bench.t", table.folder, name="t", start=0, changes="rows" if table.way == "rows" else "auto")
    line = [os.environ.get("SLUICE_BIN", "build/sluice"), "--config", str(sluice.write_config()), "run", "--json",
            "--now", NOW]
    Measured(line)
    return line


def measure(line: list[str], count: int) -> Measured:
    """The run on a copy of the destination, which begins each time where it was."""
    out = pathlib.Path(line[2]).parent / "out"
    saved = out.with_name("saved")
    shutil.copytree(out, saved)
    found = Measured(line)
    (run,) = json.loads(found.out)["runs"]
    assert run["rows"] == 2 * -(-count // EVERY) or run["rows"] == 2 * (count // EVERY), run
    shutil.rmtree(out)
    saved.rename(out)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int, nargs="?", default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    count = given.size // (FILES * EVERY) * FILES * EVERY
    names = {"tracking": "row tracking", "rows": "whole rows (`changes: rows`)", "feed": "read from a feed"}
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        root = pathlib.Path(folder)
        lines = {}
        for way, name in names.items():
            table = Table(root / way, way, count)
            for memory in (None, "256MiB"):
                lines[name, memory] = prepared(root / "out", table, memory)
            table.update()
        results: dict = {key: [] for key in lines}
        for _ in range(given.rounds):
            for key, line in lines.items():
                results[key].append(measure(line, count))
        print(f"\n{count:,} rows, of which {count // EVERY:,} are updated\n\n"
              "| changes by | `limits.memory` | time (median) | CPU | peak memory |\n|---|---|---|---|---|")
        for (name, memory), found in results.items():
            print(f"| {name} | {memory or 'as it is'} | {statistics.median(m.seconds for m in found):.1f} s | "
                  f"{statistics.median(m.cpu for m in found):.1f} s | {max(m.peak for m in found) / 1e6:,.0f} MB |")


if __name__ == "__main__":
    main()
