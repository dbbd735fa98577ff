"""Peak memory of the process stays near `limits.memory`, however much there is to export."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.hand_written import HandWritten, array, field, mapping
from support.paths import BINARY

MIB = 1 << 20
LIMIT = 64 * MIB
PROGRAM = 100 * MIB  # code, libraries and threads, whatever is exported
# In a small process of its own: a fork of this one would count with all that this one holds.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
NOW = "2030-01-01T00:00:00Z"


def peak_bytes(sluice) -> int:
    """Of one `run`, which must succeed."""
    sluice.config["limits"] = {"memory": "64MiB"}
    command = [str(BINARY), "--config", str(sluice.write_config()), "run", "-q", "--now", NOW]
    measured = subprocess.run([sys.executable, "-c", MEASURE, *command], stdout=subprocess.PIPE, check=True)
    return int(measured.stdout) * 1024


@pytest.fixture
def large(tmp_path) -> pathlib.Path:
    """About 400 MB of numbers that don't compress."""
    path, rows = tmp_path / "lake" / "large", 3_200_000
    for _ in range(4):
        table = pa.table({f"c{i}": pa.Array.from_buffers(pa.int64(), rows, [None, pa.py_buffer(
            os.urandom(8 * rows))]) for i in range(4)})
        deltalake.write_deltalake(str(path), table, mode="append")
    assert sum(file.stat().st_size for file in path.glob("*.parquet")) > 350 * MIB
    return path


def test_a_snapshot_larger_than_memory(large, sluice):
    peak = peak_bytes(sluice.add_snapshots("lake.large", large))
    assert peak < LIMIT + PROGRAM, f"{peak / MIB:.0f} MiB"


def test_a_feed_of_two_thousand_commits(tmp_path, sluice):
    path = tmp_path / "lake" / "long"
    row = pa.table({"id": [1], "text": ["x" * 100]})
    deltalake.DeltaTable.create(str(path), row.schema, configuration={"delta.enableChangeDataFeed": "true"})
    pq.write_table(row, tmp_path / "row.parquet")
    for version in range(1, 2_001):  # by hand: delta-rs would take minutes
        name = f"part-{version}.parquet"
        size = pathlib.Path(shutil.copy(tmp_path / "row.parquet", path / name)).stat().st_size
        add = {"path": name, "partitionValues": {}, "size": size, "modificationTime": version, "dataChange": True}
        (path / "_delta_log" / f"{version:020}.json").write_text(json.dumps({"add": add}))
    peak = peak_bytes(sluice.add_feed("lake.long", path, start=0))
    assert sum(m["rows"] for m in sluice.export().manifests()) == 2_000
    assert peak < LIMIT + PROGRAM, f"{peak / MIB:.0f} MiB"


def texts(rows: int) -> pa.DictionaryArray:
    """Five texts of 100 KB, over and over: next to nothing in memory, as in a file."""
    words = pa.array([chr(ord("a") + i) * 100_000 for i in range(5)])
    return pa.DictionaryArray.from_arrays(pa.array([i % 5 for i in range(rows)], pa.int32()), words)


ROWS = 24_000  # 2.4 GB, more than one Arrow array of texts holds
OFFSETS = pa.array(range(ROWS + 1), pa.int32())
SHAPES = {
    "flat": (lambda: texts(ROWS), "string"),
    "list": (lambda: pa.ListArray.from_arrays(OFFSETS, texts(ROWS)), array("string")),
    "map": (lambda: pa.MapArray.from_arrays(OFFSETS, pa.array(["k"] * ROWS), texts(ROWS)), mapping("string", "string")),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_long_texts_of_a_dictionary(shape, tmp_path, sluice):
    column, kind = SHAPES[shape]
    table = HandWritten(tmp_path / "lake" / "texts")
    table.write(pa.table({"id": pa.array(range(ROWS), pa.int64()), "t": column()}), row_group_size=1 << 20,
                dictionary_pagesize_limit=1 << 20, compression="zstd")
    table.commit(field("id", "long"), field("t", kind))
    peak = peak_bytes(sluice.add_snapshots("lake.texts", table.path))
    assert sum(m["rows"] for m in sluice.export().manifests()) == ROWS
    assert peak < LIMIT + PROGRAM, f"{peak / MIB:.0f} MiB"
