"""`_export_state`: read by every engine, shared with a notebook, kept in step with the manifests."""

import json
import os
import pathlib
import re
import shutil

import deltalake
import pyarrow as pa
import pytest
from support.compare import START, add
from support.lake import clock
from support.rows import assert_same_rows, render_table


def state_name(sluice) -> str:
    return f"delta.`{sluice.state}`"


def by_spark(spark, sluice) -> list[dict]:
    return render_table(spark.sql(f"SELECT * FROM {state_name(sluice)}").toArrow())


def by_delta_rs(sluice) -> list[dict]:
    return render_table(pa.table(deltalake.DeltaTable(str(sluice.state)).to_pyarrow_table()))


def row_of(rows: list[dict], table: str) -> dict:
    (row,) = [row for row in rows if row["source_table"] == table]
    return row


def versions(sluice) -> list[int]:
    return sorted(int(f.stem) for f in (sluice.state / "_delta_log").glob("*.json") if f.stem.isdigit())


def test_the_table_has_the_guides_columns_and_types(spark, events, sluice):
    add(sluice, events).run(clock(2))
    assert [(c.name, c.dataType.simpleString(), c.nullable)
            for c in spark.table(state_name(sluice)).schema] == [
        ("source_table", "string", True), ("last_exported_end_time", "timestamp", True),
        ("last_exported_version", "bigint", True), ("last_run_timestamp", "timestamp", True)]
    (row,) = by_spark(spark, sluice)
    assert row["source_table"] == events.name
    assert row["last_exported_end_time"] == "2025-01-01T02:00:00.000000Z"
    assert row["last_exported_version"] is None
    assert row["last_run_timestamp"] is not None
    assert by_delta_rs(sluice) == [row]


def test_forty_runs_are_checkpointed_and_read_by_spark_and_delta_rs(spark, events, sluice):
    add(sluice, events)
    for hour in range(1, 42):
        sluice.run(clock(hour))
    row = row_of(by_spark(spark, sluice), events.name)
    assert row["last_exported_end_time"] == "2025-01-02T17:00:00.000000Z"
    assert by_delta_rs(sluice) == [row]
    log = sluice.state / "_delta_log"
    checkpoints = sorted(log.glob("*.checkpoint.parquet"))
    assert checkpoints and (log / "_last_checkpoint").exists()
    hint = json.loads((log / "_last_checkpoint").read_text())
    assert f"{hint['version']:020}.checkpoint.parquet" in [c.name for c in checkpoints]
    # The checkpoint alone must do: readers that come after a clean-up have nothing else.
    newest = int(checkpoints[-1].name.split(".")[0])
    for version in versions(sluice):
        if version < newest:
            (log / f"{version:020}.json").unlink()
    assert by_delta_rs(sluice) == [row]
    spark.catalog.clearCache()
    copy = pathlib.Path(str(sluice.state) + "_copy")
    shutil.copytree(sluice.state, copy)
    assert render_table(spark.sql(f"SELECT * FROM delta.`{copy}`").toArrow()) == [row]
    sluice.run(clock(42))
    assert_same_rows(sluice.export().check().rows(), events.expected(START, clock(24)))


def test_what_expired_is_cleaned_up(spark, events, sluice):
    add(sluice, events)
    log = sluice.state / "_delta_log"
    hours = iter(range(1, 60))

    def run_to(version: int) -> None:
        while max(versions(sluice)) < version:
            sluice.run(clock(next(hours)))

    sluice.run(clock(next(hours)))
    run_to(6)
    expired = set(sluice.state.glob("*.parquet"))
    for commit in log.glob("*.json"):
        text = commit.read_text()
        commit.write_text(re.sub(r'"deletionTimestamp":\d+', '"deletionTimestamp":1600000000000', text))
    run_to(14)
    for file in log.iterdir():
        os.utime(file, (1600000000, 1600000000))
    run_to(24)
    assert 0 < min(versions(sluice)) <= 14, versions(sluice)
    assert len(set(sluice.state.glob("*.parquet")) & expired) <= 1
    (row,) = by_spark(spark, sluice)
    assert by_delta_rs(sluice) == [row]
    end = clock(next(hours) - 1)
    assert row["last_exported_end_time"] == end.replace("Z", ".000000Z")
    assert_same_rows(sluice.export().check().rows(), events.expected(START, end))


def test_a_notebooks_merge_between_two_runs_is_respected(spark, events, sluice, tmp_path):
    add(sluice, events).run(clock(2))
    guide = events.guide(state_name(sluice), tmp_path / "guide_out", start=START)
    guide.run(clock(5))
    report = sluice.run(clock(7))
    assert [(w["start"], w["end"]) for w in report["windows"] if w["kind"] == "window"] == [
        (clock(5), clock(7))]
    expected = events.expected(START, clock(2)) + events.expected(clock(5), clock(7))
    assert_same_rows(sluice.export().check().rows(), expected)
    assert guide.run(clock(7)) == "no_new_data"
    guide.run(clock(8))
    assert sluice.run(clock(8))["status"] == "nothing_new"


def test_a_notebook_that_ran_first_is_gone_on_from(spark, events, sluice, tmp_path):
    guide = events.guide(state_name(sluice), tmp_path / "guide_out", start=START)
    sluice.destination.mkdir()
    guide.set_up()
    guide.run(clock(3))
    report = add(sluice, events).run(clock(5))
    assert [(w["start"], w["end"]) for w in report["windows"]] == [(clock(3), clock(5))]
    assert_same_rows(sluice.export().check().rows(), events.expected(clock(3), clock(5)))
    row = row_of(by_spark(spark, sluice), events.name)
    assert row["last_exported_end_time"] == "2025-01-01T05:00:00.000000Z"


def test_other_rows_and_columns_that_others_added_stay(spark, events, sluice):
    add(sluice, events).run(clock(2))
    state = state_name(sluice)
    spark.sql(f"ALTER TABLE {state} ADD COLUMNS (owner STRING, tags ARRAY<STRING>)")
    spark.sql(f"INSERT INTO {state} VALUES ('other.table', TIMESTAMP'2024-06-01T00:00:00Z', 17,"
              " TIMESTAMP'2024-06-01T01:00:00Z', 'them', array('a', NULL))")
    spark.sql(f"UPDATE {state} SET owner = 'us', last_exported_version = 5"
              f" WHERE source_table = '{events.name}'")
    other = row_of(by_spark(spark, sluice), "other.table")
    sluice.run(clock(3))
    rows = by_spark(spark, sluice)
    assert row_of(rows, "other.table") == other
    ours = row_of(rows, events.name)
    assert (ours["owner"], ours["last_exported_version"], ours["last_exported_end_time"]) == (
        "us", 5, "2025-01-01T03:00:00.000000Z")
    assert len(rows) == 2
    assert_same_rows(by_delta_rs(sluice), rows)


@pytest.mark.parametrize("properties", [{}, {"delta.enableDeletionVectors": "true"},
                                        {"delta.enableChangeDataFeed": "true"},
                                        {"delta.enableInCommitTimestamps": "true"}],
                         ids=["plain", "deletion vectors", "change feed", "in-commit timestamps"])
def test_a_state_table_that_spark_made_and_keeps_writing(properties, spark, events, sluice):
    options = ", ".join(f"'{k}' = '{v}'" for k, v in properties.items())
    state = state_name(sluice)
    spark.sql(f"CREATE TABLE {state} (source_table STRING, last_exported_end_time TIMESTAMP,"
              " last_exported_version BIGINT, last_run_timestamp TIMESTAMP) USING DELTA"
              + (f" TBLPROPERTIES ({options})" if options else ""))
    spark.sql(f"INSERT INTO {state} SELECT /*+ COALESCE(1) */ concat('t', id), NULL, id, NULL FROM range(5)")
    add(sluice, events)
    for hour in (2, 3, 4):
        sluice.run(clock(hour))
        spark.sql(f"UPDATE {state} SET last_exported_version = {hour} WHERE source_table = 't1'")
        spark.sql(f"DELETE FROM {state} WHERE source_table = 't{hour}'")
        rows = by_spark(spark, sluice)
        assert row_of(rows, events.name)["last_exported_end_time"] == clock(hour).replace("Z", ".000000Z")
        assert row_of(rows, "t1")["last_exported_version"] == hour
    assert sorted(row["source_table"] for row in by_spark(spark, sluice)) == sorted(
        ["t0", "t1", events.name])


DAMAGE = {
    "behind": "UPDATE {s} SET last_exported_end_time = TIMESTAMP'2025-01-01T01:00:00Z' WHERE source_table = '{t}'",
    "null": "UPDATE {s} SET last_exported_end_time = NULL WHERE source_table = '{t}'",
    "missing": "DELETE FROM {s} WHERE source_table = '{t}'",
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("cure", ["set", "forget"])
def test_a_row_behind_null_or_missing_is_an_error_with_its_remedy(damage, cure, spark, events, sluice):
    add(sluice, events).run(clock(3))
    spark.sql(DAMAGE[damage].format(s=state_name(sluice), t=events.name))
    before = versions(sluice)
    error = sluice.fails(clock(5))
    assert "state set" in error["remedy"] and "state forget" in error["remedy"]
    assert "2025-01-01T03:00:00Z" in error["message"]
    if damage == "behind":
        assert "2025-01-01T01:00:00Z" in error["message"]
    assert versions(sluice) == before and len(sluice.export().manifests()) == 1

    arguments = ["set", "events", clock(3)] if cure == "set" else ["forget", "events"]
    outcome = sluice.call("state", *arguments, now=clock(5))
    assert outcome.code == 0, str(outcome)
    report = sluice.run(clock(5))
    start = clock(3) if cure == "set" else START
    assert [w["start"] for w in report["windows"] if w["kind"] == "window"] == [start]
    rows = events.expected(START, clock(3)) + events.expected(start, clock(5))
    assert_same_rows(sluice.export().check().rows(), rows)
    row = row_of(by_spark(spark, sluice), events.name)
    assert row["last_exported_end_time"] == "2025-01-01T05:00:00.000000Z"


def test_two_rows_of_one_name_are_an_error(spark, events, sluice):
    add(sluice, events).run(clock(3))
    spark.sql(f"INSERT INTO {state_name(sluice)} SELECT * FROM {state_name(sluice)}")
    error = sluice.fails(clock(4))
    assert events.name in error["message"] and error["remedy"]


def test_a_state_table_of_other_columns_is_refused(spark, events, sluice):
    spark.sql(f"CREATE TABLE {state_name(sluice)} (source_table STRING, last_exported_end_time STRING,"
              " last_exported_version BIGINT, last_run_timestamp TIMESTAMP) USING DELTA")
    error = add(sluice, events).fails(clock(2))
    assert "last_exported_end_time" in error["message"]
    assert not sluice.export().data_files()


def test_state_show_says_what_the_table_holds(events, sluice):
    add(sluice, events).run(clock(2))
    outcome = sluice.call("state", "show", now=clock(3))
    assert outcome.code == 0, str(outcome)
    assert events.name in outcome.stdout and "2025-01-01T02:00:00" in outcome.stdout
    assert isinstance(outcome.json, (dict, list))


def test_state_elsewhere_is_used_and_its_ledger_lies_beside_it(spark, events, sluice):
    sluice.config["state"] = "elsewhere/_export_state"
    add(sluice, events).run(clock(2))
    rows = render_table(spark.sql(f"SELECT * FROM delta.`{sluice.folder}/elsewhere/_export_state`").toArrow())
    assert row_of(rows, events.name)["last_exported_end_time"] == "2025-01-01T02:00:00.000000Z"
    assert list((sluice.folder / "elsewhere" / "_sluice" / "events" / "ledger").glob("*.json"))
    assert not (sluice.destination / "_export_state").exists()
    assert not (sluice.destination / "_sluice" / "events" / "ledger").exists()
