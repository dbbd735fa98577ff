"""What a commit brought after its window was exported, and what it only wrote again."""

import datetime
import json

import pyarrow as pa
import pytest
from support.hand_log import HandLog, info, metadata, protocol, remove
from support.hand_written import field

SCHEMA = (field("id", "long"), field("at", "timestamp"))
FEED = {"delta.enableChangeDataFeed": "true"}
FIRST, SECOND, LATER = "2026-01-05T03:00:00Z", "2026-01-05T04:00:00Z", "2030-01-01T00:00:00Z"


def rows(*pairs, **more):
    times = [datetime.datetime(2026, 1, 5, hour, 30, tzinfo=datetime.timezone.utc) for _, hour in pairs]
    return pa.table({"id": pa.array([i for i, _ in pairs], pa.int64()), "at": pa.array(times, pa.timestamp("us", "UTC")),
                     **more})


@pytest.fixture
def table(tmp_path):
    return HandLog(tmp_path / "lake" / "t")


@pytest.fixture
def append(sluice, table):
    sluice.add("lake.t", table.path, watermark="at", start="2026-01-01T00:00:00Z")
    return sluice


def exported(sluice):
    assert sluice.call("verify", now=LATER).code == 0
    return sorted(row["id"] for row in sluice.export().rows())


@pytest.mark.parametrize("in_range", [False, True])
def test_a_live_file_that_is_added_again_makes_none(in_range, table, append):
    """A writer that adds a file again says something new of it, as its statistics, and brings no rows."""
    first = table.file("f.parquet", rows((1, 1), (2, 2)))
    table.commit(0, protocol(), metadata(*SCHEMA), *([] if in_range else [first]))
    append.run(FIRST)
    again = {"add": {**first["add"], "stats": json.dumps({"numRecords": 2})}}
    version = 1
    if in_range:
        table.commit(1, info(), first)
        version = 2
    table.commit(version, info("COMPUTE STATS"), again)
    table.commit(version + 1, info(), table.file("late.parquet", rows((3, 2))))
    append.run(SECOND)
    assert exported(append) == [1, 2, 3]


def test_a_file_that_was_removed_and_added_again_brings_its_rows(table, append):
    first = table.file("f.parquet", rows((1, 1)))
    table.commit(0, protocol(), metadata(*SCHEMA), first).commit(1, info(), remove("f.parquet"))
    append.run(FIRST)
    table.commit(2, info(), first)
    append.run(SECOND)
    assert exported(append) == [1]


def test_a_file_that_one_commit_removes_and_adds_stays_live(table, append):
    """Adding it once more says nothing new of its rows either."""
    first = table.file("f.parquet", rows((1, 1)))
    table.commit(0, protocol(), metadata(*SCHEMA), first)
    append.run(FIRST)
    table.commit(1, info(), remove("f.parquet"), first).commit(2, info("COMPUTE STATS"), first)
    append.run(SECOND)
    assert exported(append) == [1]


def test_rows_that_change_files_delete_and_insert_are_not_new(table, append):
    """REPLACE WHERE records every row that it writes again as deleted and inserted."""
    table.commit(0, protocol(1, 4), metadata(*SCHEMA, configuration=FEED), table.file("a.parquet", rows((1, 1), (2, 2))))
    append.run(FIRST)
    kinds = pa.array(["delete", "delete", "insert", "insert"])
    changes = table.file("_change_data/c.parquet", rows((1, 1), (2, 2), (1, 1), (3, 2), _change_type=kinds))["add"]
    table.commit(1, info(), remove("a.parquet"), table.file("b.parquet", rows((1, 1), (3, 2))),
                 {"cdc": {"path": changes["path"], "partitionValues": {}, "size": changes["size"], "dataChange": False}})
    append.run(SECOND)
    assert exported(append) == [1, 2, 3]


@pytest.mark.parametrize(("updated", "expected"), [("0", [1, 2, 7]), ("1", [1, 2]), (None, [1, 2])])
def test_a_merge_that_updates_nothing_brings_all_that_it_added(updated, expected, table, append):
    """An update keeps the time of its row as a rule; without one, an inserted row may have a deleted one's."""
    metrics = {"numTargetRowsInserted": "1", "numTargetRowsDeleted": "1"}
    if updated is not None:
        metrics["numTargetRowsUpdated"] = updated
    table.commit(0, protocol(), metadata(*SCHEMA), table.file("a.parquet", rows((1, 1), (2, 2))))
    append.run(FIRST)
    table.commit(1, info("MERGE", operationMetrics=metrics), remove("a.parquet"),
                 table.file("b.parquet", rows((7, 1), (2, 2))))
    append.run(SECOND)
    assert exported(append) == expected
