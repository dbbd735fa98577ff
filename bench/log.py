#!/usr/bin/env python3
"""What a long log costs: time and memory until a window is planned, beside delta-rs and Spark on the same table.

    bench/log.py files [N]       a table of N live files (1,000,000) in ten sidecars, and in one classic checkpoint
    bench/log.py commits [N]     a table with N commits (100,000) after its only checkpoint
    bench/log.py ... --spark     asks Spark, too
    bench/log.py ... --rounds N  each reader N times (3), in turns
    bench/log.py ... --without R leaves out the readers whose names begin so; delta-rs takes 370 kB a commit

Tables are made without an engine: checkpoints by pyarrow, commits by hand. Prints Markdown. Takes `build/sluice`, or
SLUICE_BIN. The window that is planned is the last hour of the table, which ten of its files hold.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from support.sluice import Sluice  # noqa: E402

ORIGIN = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
FILES_AN_HOUR = 10
SIDECARS = 10
SCHEMA = json.dumps({"type": "struct", "fields": [
    {"name": name, "type": kind, "nullable": True, "metadata": {}}
    for name, kind in [("event_id", "long"), ("event_timestamp", "timestamp"), ("user", "string"), ("amount", "double"),
                       ("day", "date")]]})
METADATA = {"id": str(uuid.UUID(int=1)), "format": {"provider": "parquet", "options": {}}, "schemaString": SCHEMA,
            "partitionColumns": ["day"], "configuration": {}, "createdTime": 1735689600000}
STRING_MAP = pa.map_(pa.string(), pa.string())
ADD = pa.struct([("path", pa.string()), ("partitionValues", STRING_MAP), ("size", pa.int64()),
                 ("modificationTime", pa.int64()), ("dataChange", pa.bool_()), ("stats", pa.string())])


def hour(number: int) -> datetime.datetime:
    return ORIGIN + datetime.timedelta(hours=number)


def add(number: int) -> dict:
    """File `number`: some rows of one hour, with the statistics that Spark writes."""
    begin = hour(number // FILES_AN_HOUR)
    low, high = (begin + datetime.timedelta(minutes=m) for m in (1, 59))
    stats = {"numRecords": 1000,
             "minValues": {"event_id": number * 1000, "event_timestamp": low.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                           "user": "a" * 12, "amount": 0.01},
             "maxValues": {"event_id": number * 1000 + 999, "event_timestamp": high.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                           "user": "z" * 12, "amount": 999.99},
             "nullCount": {"event_id": 0, "event_timestamp": 0, "user": 0, "amount": 3}}
    day = begin.strftime("%Y-%m-%d")
    return {"path": f"day={day}/part-{number % 200:05}-{uuid.UUID(int=(number + 1) * 2**64 + 7)}.c000.snappy.parquet",
            "partitionValues": {"day": day}, "size": 1_048_576 + number % 1000, "modificationTime": 1735689600000 + number,
            "dataChange": True, "stats": json.dumps(stats, separators=(",", ":"))}


def adds(first: int, last: int) -> pa.Array:
    rows = [add(number) for number in range(first, last)]
    for row in rows:
        row["partitionValues"] = list(row["partitionValues"].items())
    return pa.array(rows, ADD)


class Table:
    """A Delta table of which only the log is there."""

    def __init__(self, folder: pathlib.Path, v2: bool):
        self.folder, self.log = folder, folder / "_delta_log"
        self.log.mkdir(parents=True)
        features = ["v2Checkpoint"] if v2 else []
        self.protocol = ({"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features,
                          "writerFeatures": features} if v2 else {"minReaderVersion": 1, "minWriterVersion": 2})

    def commit(self, version: int, *actions: dict) -> None:
        lines = [{"commitInfo": {"timestamp": 1735689600000 + version, "operation": "WRITE"}}, *actions]
        (self.log / f"{version:020}.json").write_text("\n".join(json.dumps(line) for line in lines) + "\n")

    def hint(self, version: int, size: int) -> None:
        (self.log / "_last_checkpoint").write_text(json.dumps({"version": version, "size": size}))

    def heads(self) -> list[dict]:
        protocol = {key: self.protocol.get(key) for key in
                    ("minReaderVersion", "minWriterVersion", "readerFeatures", "writerFeatures")}
        metadata = {**METADATA, "configuration": [], "format": {"provider": "parquet", "options": []}}
        return [{"protocol": protocol}, {"metaData": metadata}]


HEAD = pa.schema([
    ("protocol", pa.struct([("minReaderVersion", pa.int32()), ("minWriterVersion", pa.int32()),
                            ("readerFeatures", pa.list_(pa.string())), ("writerFeatures", pa.list_(pa.string()))])),
    ("metaData", pa.struct([("id", pa.string()), ("name", pa.string()), ("description", pa.string()),
                            ("format", pa.struct([("provider", pa.string()), ("options", STRING_MAP)])),
                            ("schemaString", pa.string()), ("partitionColumns", pa.list_(pa.string())),
                            ("configuration", STRING_MAP), ("createdTime", pa.int64())])),
    ("add", ADD),
    ("remove", pa.struct([("path", pa.string()), ("deletionTimestamp", pa.int64()), ("dataChange", pa.bool_())])),
    ("txn", pa.struct([("appId", pa.string()), ("version", pa.int64()), ("lastUpdated", pa.int64())]))])
V2_HEAD = HEAD.append(pa.field("checkpointMetadata", pa.struct([("version", pa.int64())]))).append(
    pa.field("sidecar", pa.struct([("path", pa.string()), ("sizeInBytes", pa.int64()),
                                   ("modificationTime", pa.int64())])))
BATCH = 50_000


def with_add(values: pa.Array, schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([values if field.name == "add" else pa.nulls(len(values), field.type) for field in schema],
                           schema=schema)


def make_classic(folder: pathlib.Path, files: int) -> Table:
    table = Table(folder, v2=False)
    table.commit(0, {"protocol": table.protocol}, {"metaData": METADATA})
    table.commit(1)
    with pq.ParquetWriter(table.log / f"{1:020}.checkpoint.parquet", HEAD, compression="snappy") as writer:
        writer.write_table(pa.Table.from_pylist(table.heads(), HEAD))
        for first in range(0, files, BATCH):
            writer.write_batch(with_add(adds(first, min(files, first + BATCH)), HEAD))
    table.hint(1, files + 2)
    return table


def make_sidecars(folder: pathlib.Path, files: int) -> Table:
    table = Table(folder, v2=True)
    table.commit(0, {"protocol": table.protocol}, {"metaData": METADATA})
    table.commit(1)
    sidecars, schema = [], pa.schema([HEAD.field("add"), HEAD.field("remove")])
    (table.log / "_sidecars").mkdir()
    for number in range(SIDECARS):
        name = f"{uuid.UUID(int=number + 1)}.parquet"
        path = table.log / "_sidecars" / name
        begin, end = (files * n // SIDECARS for n in (number, number + 1))
        with pq.ParquetWriter(path, schema, compression="snappy") as writer:
            for first in range(begin, end, BATCH):
                writer.write_batch(with_add(adds(first, min(end, first + BATCH)), schema))
        sidecars.append({"path": name, "sizeInBytes": path.stat().st_size, "modificationTime": 1735689600000})
    heads = [*table.heads(), {"checkpointMetadata": {"version": 1}}, *({"sidecar": sidecar} for sidecar in sidecars)]
    pq.write_table(pa.Table.from_pylist(heads, V2_HEAD), table.log / f"{1:020}.checkpoint.{uuid.UUID(int=9)}.parquet")
    table.hint(1, len(heads))
    return table


def make_commits(folder: pathlib.Path, commits: int) -> Table:
    """A file each, the first of them in a checkpoint."""
    table = make_classic(folder, 1)
    for version in range(2, commits + 2):
        table.commit(version, {"add": add(version - 1)})
    return table


# Starts a reader from a small process: the kernel counts what the starting one holds as the started one's peak.
LAUNCHER = """
import json, os, sys, time
began = time.monotonic()
process = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
with open(sys.argv[1], "w") as file:
    json.dump([time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024], file)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Measured:
    """One call of a reader to its end."""

    def __init__(self, line: list[str]):
        with tempfile.NamedTemporaryFile() as file:
            called = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, file.name, *line], capture_output=True, text=True)
            if called.returncode != 0:
                sys.exit(" ".join(line) + "\n" + called.stdout + called.stderr)
            self.seconds, self.cpu, self.peak = json.load(file)
        self.out = called.stdout


def sluice_line(folder: pathlib.Path, table: Table, files: int, start: str | None) -> list[str]:
    hours = -(-files // FILES_AN_HOUR)
    sluice = Sluice(folder)
    sluice.config.pop("limits", None)
    sluice.add("bench.events", table.folder, name="events", timezone="UTC",
               start=start or hour(hours - 1).strftime("%Y-%m-%dT%H:00:00Z"))
    return [os.environ.get("SLUICE_BIN", "build/sluice"), "--config", str(sluice.write_config()), "plan", "--json",
            "--now", hour(hours).strftime("%Y-%m-%dT%H:00:00Z")]


DELTA_RS = """
import sys, deltalake, pyarrow.compute as pc, pyarrow as pa
table = deltalake.DeltaTable(sys.argv[1])
adds = pa.table(table.get_add_actions(flatten=True))
print(adds.filter(pc.greater(adds["max.event_timestamp"], pa.scalar(int(sys.argv[2]), pa.timestamp("us", "UTC")))).num_rows)
"""
SPARK = """
import sys
sys.path.insert(0, sys.argv[3])
import pathlib, tempfile
from support.spark_session import start_session
scratch = tempfile.TemporaryDirectory()
spark = start_session(pathlib.Path(scratch.name))
rows = spark.read.format("delta").load(sys.argv[1]).where(
    f"event_timestamp > timestamp_micros({sys.argv[2]})")
print(len(rows.inputFiles()))
spark.stop()
"""


def readers(root: pathlib.Path, name: str, table: Table, files: int, spark: bool) -> dict[str, list[str]]:
    start = int(hour(-(-files // FILES_AN_HOUR) - 1).timestamp()) * 1_000_000
    tests = str(pathlib.Path(__file__).resolve().parents[1] / "tests")
    lines = {"sluice plan": sluice_line(root / f"sluice-{name}", table, files, None),
             "sluice plan, every file": sluice_line(root / f"all-{name}", table, files, "2024-12-31T00:00:00Z"),
             "delta-rs": [sys.executable, "-c", DELTA_RS, str(table.folder), str(start)]}
    if spark:
        lines["Spark (start of the JVM included)"] = [sys.executable, "-c", SPARK, str(table.folder), str(start), tests]
    return lines


def measure(lines: dict[str, list[str]], rounds: int) -> None:
    print("| reader | time (median) | CPU | peak memory |\n|---|---|---|---|")
    results: dict[str, list[Measured]] = {name: [] for name in lines}
    for _ in range(rounds):
        for name, line in lines.items():
            results[name].append(Measured(line))
    for name, found in results.items():
        print(f"| {name} | {statistics.median(m.seconds for m in found):.2f} s | "
              f"{statistics.median(m.cpu for m in found):.2f} s | {max(m.peak for m in found) / 1e6:,.0f} MB |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["files", "commits"])
    parser.add_argument("size", type=int, nargs="?")
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", action="append", default=[])
    given = parser.parse_args()
    makers = ({"sidecars": make_sidecars, "classic": make_classic} if given.what == "files"
              else {"commits": make_commits})
    size = given.size or (1_000_000 if given.what == "files" else 100_000)
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        for name, make in makers.items():
            root = pathlib.Path(folder)
            table = make(root / name, size)
            print(f"\n{name}, {size:,}\n")
            files = size if given.what == "files" else size + 1
            lines = readers(root, name, table, files, given.spark)
            measure({reader: line for reader, line in lines.items() if not reader.startswith(tuple(given.without))},
                    given.rounds)


if __name__ == "__main__":
    main()
