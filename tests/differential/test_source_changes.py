"""Sources that change under us: schema policy, rebuilt tables, new logs, holes, damaged and missing files."""

import os
import shutil

import pytest
from support.compare import START, add
from support.export import without
from support.rows import assert_same_rows
from support.source import EVENTS

NOON = "2025-01-01T12:00:00Z"
LATER = "2025-01-01T13:00:00Z"


@pytest.fixture
def events(source):
    table = source(EVENTS)
    table.insert("1, 'a', TIMESTAMP'2025-01-01T01:30:00Z'", "2, 'b', TIMESTAMP'2025-01-01T12:30:00Z'",
                 rows_per_file=1)
    return table


def assert_nothing_written(sluice) -> None:
    if sluice.destination.exists():
        assert not sluice.export().data_files()
        assert not sluice.export().manifests()
    assert not sluice.state.exists()


@pytest.mark.parametrize("policy", ["notify", "ignore", "fail"])
def test_schema_change_policies(policy, events, sluice):
    add(sluice, events, on_schema_change=policy).run(NOON)
    events.sql("ALTER TABLE {t} ADD COLUMNS (fresh_column STRING)")
    if policy == "fail":
        error = sluice.fails(LATER)
        assert "fresh_column" in error["message"] and error["remedy"]
        assert len(sluice.export().check().manifests()) == 1
        sluice.change(on_schema_change="notify")
    outcome = sluice.call("run", now=LATER)
    assert outcome.code == 0, str(outcome)
    assert_same_rows(sluice.export().check().rows(outcome.table()["windows"][-1]["n"]),
                     events.expected(NOON, LATER))


def test_exclude_makes_a_new_column_an_error_and_columns_keeps_it_out(events, sluice):
    add(sluice, events, exclude=["name"]).run(NOON)
    events.sql("ALTER TABLE {t} ADD COLUMNS (fresh_column STRING)")
    assert "fresh_column" in sluice.fails(LATER)["message"]
    sluice.change(exclude=None, columns=["id", "event_timestamp"])
    report = sluice.run(LATER)
    assert_same_rows(sluice.export().check().rows(report["windows"][-1]["n"]),
                     events.expected(NOON, LATER, columns="id,event_timestamp"))


def test_a_log_that_was_begun_anew_at_the_same_path_is_an_error(spark, source, events, sluice):
    add(sluice, events).run(NOON)
    events.unregister()
    shutil.rmtree(events.path)
    again = source(EVENTS)
    for i in range(3):
        again.insert(f"{i}, 'other', TIMESTAMP'2025-01-01T12:30:00Z'")
    error = sluice.fails(LATER)
    assert error["kind"] == "conflict" and "recreated" in error["message"]
    assert len(sluice.export().check().manifests()) == 1
    assert "`sluice state forget events`" in error["remedy"]
    outcome = sluice.call("state", "forget", "events")
    assert outcome.code == 0, str(outcome)
    assert sluice.run(LATER)["rows"] == 3


def test_a_table_that_was_put_back_from_a_copy_goes_on(events, sluice, tmp_path):
    add(sluice, events).run(NOON)
    shutil.copytree(events.path, tmp_path / "copy", copy_function=shutil.copyfile)
    shutil.rmtree(events.path)
    shutil.move(tmp_path / "copy", events.path)
    report = sluice.run(LATER)
    assert_same_rows(sluice.export().check().rows(report["windows"][-1]["n"]),
                     events.expected(NOON, LATER))


def rebuild(table, select: str) -> int:
    """CREATE OR REPLACE TABLE .. AS, as a nightly job makes a table again; the version that does it."""
    table.sql(f"CREATE OR REPLACE TABLE {{t}} USING DELTA LOCATION '{table.path}'"
              f" TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') AS {select}")
    return table.version


REBUILT = ("SELECT id, name, event_timestamp FROM VALUES (1L, 'a', TIMESTAMP'2025-01-01T01:30:00Z'),"
           " (2L, 'b', TIMESTAMP'2025-01-01T12:30:00Z'), (3L, 'late', TIMESTAMP'2025-01-01T02:30:00Z'),"
           " (4L, 'new', TIMESTAMP'2025-01-01T12:45:00Z') AS rows(id, name, event_timestamp)")


def test_a_rebuilt_table_exports_what_is_new_in_it(events, sluice):
    add(sluice, events).run(NOON)
    rebuild(events, REBUILT)
    report = sluice.run(LATER)
    export = sluice.export().check()
    late, window = ({row["id"] for row in export.rows(w["n"])} for w in report["windows"])
    assert [w["kind"] for w in report["windows"]] == ["late", "window"]
    assert (late, window) == ({3}, {2, 4})
    assert sluice.run(LATER)["status"] == "nothing_new"
    assert sluice.call("verify", now=LATER).code == 0


def test_a_rebuilt_table_gives_a_new_snapshot(events, sluice):
    sluice.add_snapshots(events.name, events.path, name="events").run(NOON)
    rebuild(events, REBUILT)
    report = sluice.run(LATER)
    rows = [without(row, "snapshot_ts") for row in sluice.export().check().rows(report["windows"][-1]["n"])]
    assert_same_rows(rows, events.rows())


@pytest.mark.parametrize("first_run", ["before", "after"])
def test_a_rebuilt_table_gives_the_feed_that_spark_gives(first_run, source, sluice):
    users = source(EVENTS, properties={"delta.enableChangeDataFeed": "true"})
    users.insert("1, 'a', TIMESTAMP'2025-01-01T01:30:00Z'", "9, 'gone', TIMESTAMP'2025-01-01T01:30:00Z'")
    sluice.add_feed(users.name, users.path, name="events", start=0)
    if first_run == "before":
        sluice.run(NOON)
    rebuilt = rebuild(users, REBUILT)
    users.insert("5, 'after it', TIMESTAMP'2025-01-01T01:30:00Z'")
    report = sluice.run(LATER)
    assert report["windows"][-1]["end"] == users.version
    got = [row for w in report["windows"] for row in sluice.export().check().rows(w["n"])
           if row["_commit_version"] >= rebuilt]
    assert_same_rows(got, users.changes(rebuilt, users.version))


def test_a_source_that_went_back_to_an_earlier_version_is_an_error(events, sluice):
    events.insert("3, 'c', TIMESTAMP'2025-01-01T12:40:00Z'")
    add(sluice, events).run(NOON)
    (events.log / f"{events.version:020}.json").unlink()
    error = sluice.fails(LATER)
    assert error["kind"] == "conflict" and error["remedy"]


def test_a_hole_in_the_log_is_an_error_that_names_the_version(events, sluice):
    for i in (3, 4):
        events.insert(f"{i}, 'c', TIMESTAMP'2025-01-01T02:30:00Z'")
    (events.log / f"{2:020}.json").unlink()
    error = add(sluice, events).fails(NOON)
    assert error["kind"] == "corrupt" and "2" in error["message"]
    assert_nothing_written(sluice)


def test_a_hole_since_the_last_export_is_an_error_even_under_a_checkpoint(source, sluice):
    events = source(EVENTS, properties={"delta.checkpointInterval": "4"})
    events.insert("0, 'a', TIMESTAMP'2025-01-01T00:30:00Z'")
    add(sluice, events).run(NOON)
    for i in range(1, 6):
        events.insert(f"{i}, 'late', TIMESTAMP'2025-01-01T02:30:00Z'")
    (events.log / f"{3:020}.json").unlink()
    error = sluice.fails(LATER)
    assert error["kind"] == "corrupt" and "3" in error["message"]


def break_log(events, how):
    last = events.log / f"{events.version:020}.json"
    text = last.read_text()
    last.write_text({"torn": text[:len(text) // 2], "empty": "", "no json": "hello\n"}[how])


@pytest.mark.parametrize("how", ["torn", "no json"])
def test_a_corrupt_commit_is_an_error_that_names_the_file(how, events, sluice):
    break_log(events, how)
    error = add(sluice, events).fails(NOON)
    assert error["kind"] == "corrupt" and f"{events.version:020}.json" in error["message"]
    assert_nothing_written(sluice)


@pytest.mark.parametrize("how", ["missing", "truncated", "garbage", "empty"])
def test_a_bad_data_file_is_an_error_that_names_it_and_the_other_tables_go_on(
        how, events, source, sluice):
    other = source(EVENTS, "other")
    other.insert("7, 'fine', TIMESTAMP'2025-01-01T01:30:00Z'")
    victim = sorted(events.path.glob("*.parquet"))[0]
    data = victim.read_bytes()
    if how == "missing":
        victim.unlink()
    else:
        victim.write_bytes({"truncated": data[:-20], "garbage": os.urandom(len(data)), "empty": b""}[how])
    add(sluice, events)
    sluice.add(other.name, other.path, name="other", start=START)
    outcome = sluice.call("run", now="2025-01-02T00:00:00Z")
    assert outcome.code == 1, str(outcome)
    failed = outcome.table("events")
    assert failed["status"] == "failed" and victim.name in failed["error"]["message"]
    assert failed["error"]["kind"] == ("source_gone" if how == "missing" else "corrupt")
    assert not sluice.export("events").data_files() and not sluice.export("events").manifests()
    assert len(sluice.export("other").check().rows()) == 1


def test_a_folder_that_is_no_delta_table(sluice, tmp_path):
    (tmp_path / "lake").mkdir()
    error = sluice.add("a.b.c", "lake", name="events", start=START).fails(NOON)
    assert error["kind"] == "not_found" and "a.b.c" in error["message"]
    assert_nothing_written(sluice)


def test_the_source_is_never_written_to(events, sluice):
    def look():
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in events.path.rglob("*")}
    before = look()
    add(sluice, events)
    for command in ("check", "plan", "run", "status"):
        sluice.call(command, now=NOON)
    assert look() == before
