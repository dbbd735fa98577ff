"""What an administrator does to `_export_state` is kept, or refused before anything is published, with a way out."""

import datetime
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.hand_log import HandLog, metadata, protocol
from support.hand_written import array, field, mapping, struct
from support.lake import NAME, clock

GUIDE = ("source_table", "last_exported_end_time", "last_exported_version", "last_run_timestamp")
US = pa.timestamp("us", "UTC")
ONE = datetime.datetime(2025, 1, 1, 1, tzinfo=datetime.UTC)


def columns() -> list[dict]:
    return [field(name, kind) for name, kind in zip(GUIDE, ("string", "timestamp", "long", "timestamp"), strict=True)]


def required(name: str, kind) -> dict:
    return {**field(name, kind), "nullable": False}


def rows(*names: str) -> pa.Table:
    """Each stands at 01:00."""
    return pa.table({"source_table": pa.array(names), "last_exported_end_time": pa.array([ONE] * len(names), US),
                     "last_exported_version": pa.array([None] * len(names), pa.int64()),
                     "last_run_timestamp": pa.array([None] * len(names), US)})


@pytest.fixture
def events(lake, sluice):
    return sluice.add(NAME, lake.path, start=clock(0))


def made(events, fields: list[dict], data: pa.Table, **more) -> HandLog:
    log = HandLog(events.state)
    log.commit(0, protocol(), metadata(*fields, **more), log.file("a.parquet", data))
    return log


def refused(events, *named: str) -> dict:
    """By `check` and by two runs, and nothing is published or written to the state."""
    commits = len(list((events.state / "_delta_log").glob("*.json")))
    found = events.call("check", now=clock(2))
    assert found.code == 1 and all(name in found.stdout for name in named), str(found)
    for hour in (2, 3):
        error = events.fails(clock(hour))
        assert all(name in error["message"] for name in (str(events.state), *named)), error
        assert "exclude" not in error["remedy"] and "source table" not in error["remedy"], error
    assert not events.export().data_files()
    assert not [f for f in events.destination.rglob("*.json") if "manifests" in str(f)]
    assert len(list((events.state / "_delta_log").glob("*.json"))) == commits
    return error


TYPES = {
    "interval day to second": "interval day to second",
    "geometry(OGC:CRS84)": "geometry(OGC:CRS84)",
    "time(6)": "time(6)",
    "udt": {"type": "udt", "class": "x", "sqlType": "string"},
    "struct<>": {"type": "struct", "fields": []},
    "array<void>": array("void"),
    "map<string,void>": mapping("string", "void"),
}


@pytest.mark.parametrize("spelled", TYPES)
def test_types_that_cannot_be_kept(spelled, events):
    made(events, [*columns(), field("extra", TYPES[spelled])], rows(NAME))
    error = refused(events, "'extra'", spelled)
    assert "DROP COLUMNS (extra)" in error["remedy"]


def test_void_columns_are_kept(events):
    made(events, [*columns(), field("nothing", "void")], rows(NAME, "other"))
    for hour in (2, 3):
        assert events.run(clock(hour))["rows"] == 1
    shown = {r["source_table"]: r["last_exported_end_time"]
             for r in events.call("state", "show", now=clock(3)).json["rows"]}
    assert shown[NAME].startswith("2025-01-01T03:00") and shown["other"].startswith("2025-01-01T01:00"), shown


def test_not_null_columns_are_kept_once_our_row_is_there(events):
    fields = [*columns(), required("owner", "integer")]
    log = made(events, fields, rows("other").append_column("owner", pa.array([3], pa.int32())))
    error = refused(events, "'owner' is NOT NULL", NAME)
    assert f"insert a row for {NAME}" in error["remedy"]
    log.commit(1, log.file("b.parquet", rows(NAME).append_column("owner", pa.array([4], pa.int32()))))
    assert events.run(clock(3))["rows"] == 2, "of 01:00 to 03:00"


def test_a_row_that_is_new_has_a_null_struct_whose_field_may_not_be_null(events):
    data = rows("other").append_column("s", pa.array([{"a": 1}], pa.struct([("a", pa.int64())])))
    made(events, [*columns(), field("s", struct(required("a", "long")))], data)
    for hour in (2, 3):
        events.run(clock(hour))
    (live,) = [json.loads(line)["add"]["path"]
               for line in (events.state / "_delta_log" / f"{2:020}.json").read_text().splitlines() if '"add"' in line]
    table = pq.read_table(events.state / live).to_pylist()
    assert {r["source_table"]: r["s"] for r in table} == {"other": {"a": 1}, NAME: None}


@pytest.mark.parametrize("column", ["last_exported_end_time", "last_exported_version", "last_run_timestamp"])
def test_a_partition_by_what_moves(column, events):
    made(events, columns(), rows(NAME).drop_columns([column]), partition=(column,))
    log = events.state / "_delta_log" / f"{0:020}.json"
    log.write_text(log.read_text().replace('"partitionValues": {}', f'"partitionValues": {{"{column}": null}}'))
    refused(events, f"partitioned by {column}")


def test_a_char_column_is_compared_as_spark_compares(events):
    """The row stands at 01:00: nothing from before goes out again."""
    fields = columns()
    fields[0]["metadata"] = {"__CHAR_VARCHAR_TYPE_STRING": "char(20)"}
    made(events, fields, rows(NAME.ljust(20), "other".ljust(20)))
    assert events.run(clock(2))["rows"] == 1
    (shown,) = [r for r in events.call("state", "show", now=clock(2)).json["rows"] if r["source_table"] == NAME]
    assert shown["last_exported_end_time"].startswith("2025-01-01T02:00")


@pytest.mark.parametrize("kind", ["char(5)", "varchar(5)"])
def test_a_name_that_does_not_fit(kind, events):
    fields = columns()
    fields[0]["metadata"] = {"__CHAR_VARCHAR_TYPE_STRING": kind}
    made(events, fields, rows("x    "))
    assert "ALTER COLUMN source_table" in refused(events, kind, NAME)["remedy"]


def lead_out(events, rows_left: int):
    """Does what the remedy says: away with the folder, and `state set` as the next refusal has it."""
    events.state.rename(events.state.with_name("away"))
    error = events.fails(clock(4))
    assert "state set events" in error["remedy"], error
    assert events.call("state", "set", "events", clock(2), now=clock(4)).code == 0
    assert events.run(clock(4))["rows"] == rows_left
    assert sorted(r["id"] for r in events.export().check().rows()) == [1, 2, 3]


def test_a_file_of_the_state_that_is_lost(events):
    events.run(clock(2))
    (file,) = events.state.glob("*.parquet")
    kept = shutil.copy(file, events.folder / "backup")
    file.unlink()
    for _ in range(2):
        error = events.fails(clock(3))
        assert str(events.state) in error["message"] and file.name in error["message"], error
        assert "restore the file from a backup" in error["remedy"], error
    shutil.copy(kept, file)
    assert events.call("plan", now=clock(3)).code == 0
    file.unlink()
    lead_out(events, 1)


def test_a_state_that_is_a_shallow_clone(events):
    events.run(clock(2))
    (file,) = events.state.glob("*.parquet")
    elsewhere = events.folder / "elsewhere.parquet"
    shutil.move(file, elsewhere)
    commit = events.state / "_delta_log" / f"{1:020}.json"
    commit.write_text(commit.read_text().replace(f'"path":"{file.name}"', f'"path":"file://{elsewhere}"'))
    error = events.fails(clock(3))
    assert "state table" in error["message"] and "shallow clone" in error["message"], error
    assert "deep copy" in error["remedy"] and "`path`" not in error["remedy"], error
    lead_out(events, 1)


def test_a_clone_of_a_state_before_the_first_export(events):
    log = HandLog(events.state)
    other = HandLog(events.folder / "other")
    add = other.file("a.parquet", rows(NAME))["add"]
    log.commit(0, protocol(), metadata(*columns()), {"add": {**add, "path": f"file://{other.path}/a.parquet"}})
    refused(events, "shallow clone")
