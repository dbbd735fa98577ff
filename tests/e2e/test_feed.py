"""Pattern B from its first run to its repair: seeds, starts, state, chunks, columns, and what breaks a feed."""

import os
import shutil

import deltalake
import pyarrow as pa
import pytest
from support.export import without
from support.feed_history import replay
from support.history import to_arrow
from support.lake import NAME, Lake, row, state_row
from support.rows import render_table

NOW = "2030-01-01T00:00:00Z"
ON = {"delta.enableChangeDataFeed": "true"}
COLUMNS = ["id", "name", "p", "event_timestamp"]


@pytest.fixture
def users(tmp_path):
    """Versions 1 to 3 bring a row each."""
    return Lake(tmp_path / "lake" / "users", [row(1, 0.5)], [row(2, 1.5)], [row(3, 2.5)], **ON)


@pytest.fixture
def feed(users, sluice):
    return sluice.add_feed(NAME, users.path, name="users")


def change(users) -> int:
    """Two versions: an update and a delete; the latest version."""
    users.table.update(predicate="id = 2", updates={"name": "'z'"})
    users.delete("id = 1")
    return users.table.version()


def windows(report) -> list[tuple]:
    return [(w["kind"], w["start"], w["end"]) for w in report["windows"]]


def counts(sluice) -> dict[int, int]:
    """Changes by version."""
    found = {}
    for change in sluice.export("users").check().changes():
        found[change["_commit_version"]] = found.get(change["_commit_version"], 0) + 1
    return found


def assert_adds_up(sluice, users) -> None:
    """The newest seed and the windows after it are the table as it is."""
    export = sluice.export("users").check()
    seed = export.seed()
    changes = [row for m in export.current() if m["kind"] == "window" and m["n"] > seed["n"]
               for row in export.rows(m["n"])]
    now = render_table(pa.table(users.table.to_pyarrow_table()))
    assert replay(export.rows(seed["n"]), changes, COLUMNS) == replay(now, [], COLUMNS)


# Where a feed begins

def test_a_seed_comes_first_and_the_feed_goes_on_behind_it(users, feed):
    assert windows(feed.run(NOW)) == [("seed", None, 3)]
    assert state_row(feed.state)["last_exported_version"] == 3
    assert feed.run(NOW)["status"] == "nothing_new"
    last = change(users)
    assert windows(feed.run(NOW)) == [("window", 3, last)]
    row = state_row(feed.state)
    assert (row["last_exported_version"], row["last_exported_end_time"]) == (last, None)
    assert counts(feed) == {4: 2, 5: 1}
    assert_adds_up(feed, users)


@pytest.mark.parametrize(("start", "window"), [
    (0, ("window", -1, 3)), (2, ("window", 1, 3)), (3, ("window", 2, 3)), ("enabled", ("window", -1, 3))])
def test_a_feed_may_begin_at_a_version(start, window, feed):
    assert windows(feed.change(start=start).run(NOW)) == [window]
    assert sorted(counts(feed)) == list(range(max(window[1] + 1, 1), 4))


def test_a_start_that_is_not_there_yet_waits_for_it(users, feed):
    assert feed.change(start=4).run(NOW)["status"] == "nothing_new"
    last = change(users)
    assert windows(feed.run(NOW)) == [("window", 3, last)]


def test_enabled_is_the_version_that_turned_the_feed_on(tmp_path, sluice):
    users = Lake(tmp_path / "lake" / "users", [row(1, 0.5)], [row(2, 1.5)])
    sluice.add_feed(NAME, users.path, name="users", start="enabled")
    error = sluice.fails(NOW)
    assert error["kind"] == "source_gone" and "enableChangeDataFeed" in error["remedy"], error
    users.table.alter.set_table_properties(ON)
    last = change(users)
    assert windows(sluice.run(NOW)) == [("window", 2, last)]


def test_a_table_whose_feed_is_off_gets_no_seed(tmp_path, sluice):
    users = Lake(tmp_path / "lake" / "users", [row(1, 0.5)])
    error = sluice.add_feed(NAME, users.path, name="users").fails(NOW)
    assert error["kind"] == "source_gone" and "enableChangeDataFeed" in error["remedy"], error
    told = [f["message"] for f in sluice.call("check", now=NOW).json["findings"] if f["severity"] == "fault"]
    assert told == ["the change data feed and row tracking are off at version 1, so nothing could follow a seed"], told
    assert not sluice.export().manifests() and not sluice.export().data_files()


# Windows

def test_chunks_are_numbers_of_their_own(users, feed):
    last = change(users)
    assert windows(feed.change(start=0, chunk=2).run(NOW)) == [
        ("window", -1, 1), ("window", 1, 3), ("window", 3, last)]
    assert counts(feed) == {1: 1, 2: 1, 3: 1, 4: 2, 5: 1}


def test_versions_without_a_change_are_an_empty_window(users, feed):
    feed.run(NOW)
    users.table.alter.set_table_properties({"delta.logRetentionDuration": "interval 30 days"})
    report = feed.run(NOW)
    assert windows(report) == [("window", 3, 4)] and (report["rows"], report["files"]) == (0, 0)
    feed.export("users").check()
    assert feed.run(NOW)["status"] == "nothing_new"


def test_at_version_ends_there_and_the_next_run_goes_on(users, feed):
    last = change(users)
    feed.change(start=0)
    assert windows(feed.run(NOW, "--at-version", "2")) == [("window", -1, 2)]
    assert windows(feed.run(NOW)) == [("window", 2, last)]


@pytest.mark.parametrize("keys", [{"columns": ["ID"]}, {"exclude": ["name", "P", "event_timestamp"]}],
                         ids=["columns", "exclude"])
def test_only_chosen_columns_leave_the_source(keys, users, feed):
    users.append(row(9, 3.5, "secret-name"))
    feed.change(**keys).run(NOW)
    users.append(row(10, 3.5, "secret-name"))
    users.table.update(predicate="id = 10", updates={"name": "'other-secret'"})
    feed.run(NOW)
    export = feed.export("users").check()
    for change_row in export.changes():
        assert list(change_row) == ["id", "_change_type", "_commit_version", "_commit_timestamp"]
    assert all(list(without(r, "snapshot_ts")) == ["id"] for r in export.rows(export.seed()["n"]))
    assert len(export.changes()) == 3, "an update of a column that is not exported shows, too"
    for file in feed.destination.rglob("*"):
        assert not file.is_file() or b"secret" not in file.read_bytes(), file


def test_backfills_are_ranges_of_versions(users, feed):
    last = change(users)
    feed.change(start=4).run(NOW)
    before = state_row(feed.state)
    call = ("users", "--from", "0", "--to")
    error = feed.fails(NOW, *call, "4", command="backfill")
    assert "--again" in error["message"] + error["remedy"], error
    report = feed.run(NOW, *call, "3", "--chunk", "2", command="backfill")
    assert windows(report) == [("backfill", 0, 2), ("backfill", 2, 3)]
    export = feed.export("users").check()
    assert [sorted(r["id"] for r in export.rows(w["n"])) for w in report["windows"]] == [[1, 2], [3]]
    report = feed.run(NOW, *call, "99", "--again", command="backfill")
    assert windows(report) == [("backfill", 0, last)]
    export = feed.export("users").check()
    assert sorted(export.manifests()[-1]["replaces"]) == [1, 2, 3]
    assert [m["n"] for m in export.current()] == [4] and len(export.rows()) == 6
    assert state_row(feed.state) == before
    assert feed.run(NOW)["status"] == "nothing_new"


# State

def write_state(sluice, version: int | None) -> None:
    """The row as a notebook would leave it."""
    schema = pa.schema([("source_table", pa.string()), ("last_exported_end_time", pa.timestamp("us", "UTC")),
                        ("last_exported_version", pa.int64()),
                        ("last_run_timestamp", pa.timestamp("us", "UTC"))])
    deltalake.write_deltalake(str(sluice.state), pa.table([[NAME], [None], [version], [None]], schema=schema),
                              mode="overwrite")


def test_a_notebook_that_ran_first_is_gone_on_from(feed):
    feed.destination.mkdir()
    write_state(feed, 2)
    assert windows(feed.run(NOW)) == [("window", 2, 3)]
    assert state_row(feed.state)["last_exported_version"] == 3


def test_a_row_that_a_notebook_moved_ahead_is_respected(users, feed):
    feed.run(NOW)
    last = change(users)
    write_state(feed, 4)
    assert windows(feed.run(NOW)) == [("reset", 3, 4), ("window", 4, last)]
    assert counts(feed) == {5: 1}


@pytest.mark.parametrize("stands", [2, None, "missing"])
def test_a_row_behind_null_or_missing_is_an_error_until_it_is_set(stands, users, feed):
    feed.run(NOW)
    last = change(users)
    if stands == "missing":
        deltalake.DeltaTable(str(feed.state)).delete()
    else:
        write_state(feed, stands)
    error = feed.fails(NOW)
    assert error["kind"] == "conflict" and "version 3" in error["message"], error
    assert "state set" in error["remedy"] and "state forget" in error["remedy"], error
    outcome = feed.call("state", "set", "users", "3", now=NOW)
    assert outcome.code == 0, str(outcome)
    assert windows(feed.run(NOW)) == [("window", 3, last)]
    assert_adds_up(feed, users)


def test_a_state_that_was_forgotten_begins_with_a_seed_again(users, feed):
    feed.run(NOW)
    last = change(users)
    outcome = feed.call("state", "forget", "users", now=NOW)
    assert outcome.code == 0, str(outcome)
    assert windows(feed.run(NOW)) == [("seed", None, last)]
    assert len(feed.export("users").check().rows()) == 3 + 2


def test_a_reseed_begins_anew(users, feed):
    feed.change(start=0).run(NOW)
    last = change(users)
    assert windows(feed.run(NOW, "--reseed")) == [("reseed", None, last)]
    assert state_row(feed.state)["last_exported_version"] == last
    assert_adds_up(feed, users)
    users.append(row(7, 4))
    assert windows(feed.run(NOW)) == [("window", last, last + 1)]
    assert_adds_up(feed, users)


def test_a_chunk_has_the_times_that_it_has_alone(users, feed):
    """A clock that was ahead pushes the times of 100 versions: of each window's own, not of a whole run's."""
    for i in range(102):
        users.append(row(10 + i, 3.5))
    os.utime(users.commit_file(0), (1_900_000_000, 1_900_000_000))
    feed.change(start=1, chunk=100).run(NOW)
    pushed = {c["_commit_version"]: c["_commit_timestamp"] > "2030" for c in feed.export("users").check().changes()}
    assert pushed == {version: version <= 100 for version in range(1, 106)}
    outcome = feed.call("verify", now=NOW)
    assert outcome.code == 0, str(outcome)


def test_a_reseed_of_an_older_version_goes_on_from_there(users, feed):
    last = change(users)
    feed.change(start=0).run(NOW)
    assert windows(feed.run(NOW, "--reseed", "--at-version", "4")) == [("reseed", None, 4)]
    assert feed.call("state", "set", "users", "4", now=NOW).code == 0
    assert windows(feed.run(NOW)) == [("window", 4, last)]
    outcome = feed.call("verify", now=NOW)
    (table,) = outcome.json["tables"]
    assert outcome.code == 0 and table["overlaps"] == [], str(outcome)
    assert f"seed of version 4 and its changes up to version {last} make up" in table["balance"], table
    assert_adds_up(feed, users)


# What breaks a feed

def test_a_table_re_created_at_the_same_path_is_reseeded(users, feed):
    feed.run(NOW)
    shutil.rmtree(users.path)
    again = Lake(users.path, [row(50, 1)], [row(51, 2)], [row(52, 2)], [row(53, 2)], **ON)
    error = feed.fails(NOW)
    assert error["kind"] == "conflict" and "--reseed" in error["remedy"], error
    assert windows(feed.run(NOW, "--reseed")) == [("reseed", None, 4)]
    change(again)
    feed.run(NOW)
    assert_adds_up(feed, again)


def test_a_feed_turned_off_exports_what_it_recorded_and_names_the_versions(users, feed):
    feed.run(NOW)
    users.append(row(4, 3))
    users.table.alter.set_table_properties({"delta.enableChangeDataFeed": "false"})
    users.append(row(5, 3))
    outcome = feed.call("run", now=NOW)
    assert outcome.code == 1 and windows(outcome.table()) == [("window", 3, 4)], str(outcome)
    assert outcome.error["kind"] == "source_gone" and "version 5" in outcome.error["message"], outcome.error
    error = feed.fails(NOW, "--reseed")
    assert "enableChangeDataFeed" in error["remedy"], error
    users.table.alter.set_table_properties(ON)
    on = users.append(row(6, 3)) - 1
    error = feed.fails(NOW)
    assert "5 to 6" in error["message"] and str(on) in error["message"], error
    assert "--reseed" in error["remedy"], error
    feed.run(NOW, "--reseed")
    assert_adds_up(feed, users)


def test_change_files_that_were_vacuumed(users, feed):
    feed.run(NOW)
    users.append(row(4, 3))
    last = change(users)
    shutil.rmtree(users.path / "_change_data")
    outcome = feed.call("run", now=NOW)
    assert outcome.code == 1 and windows(outcome.table()) == [("window", 3, 4)], str(outcome)
    error = outcome.error
    assert error["kind"] == "source_gone" and "versions 5 and 6" in error["message"], error
    assert "_change_data" in error["message"] and "run users --reseed" in error["remedy"], error
    assert "no version up to the latest, 6," in error["message"], error
    assert feed.call("check", now=NOW).code == 1 and feed.call("plan", now=NOW).code == 1
    users.append(row(5, 3))
    error = feed.fails(NOW)
    assert "the first version from which the change data feed can be read is 7" in error["message"], error
    assert windows(feed.run(NOW, "--reseed")) == [("reseed", None, last + 1)]
    assert_adds_up(feed, users)


def test_removed_files_that_were_vacuumed(users, feed):
    """An overwrite tells its deletes by the files that it removed."""
    feed.run(NOW)
    old = users.data_files()
    deltalake.write_deltalake(str(users.path), to_arrow([row(9, 1)]), mode="overwrite")
    assert not list(users.path.glob("_change_data/*"))
    for file in old:
        file.unlink()
    error = feed.fails(NOW)
    assert "the changes of version 4 are lost: 3 of their files are not there" in error["message"], error
    assert old[0].name in error["message"] or old[1].name in error["message"] or old[2].name in error["message"]


def test_a_source_that_was_set_back_is_told_by_status(users, feed):
    last = change(users)
    feed.run(NOW)
    users.commit_file(last).unlink()
    outcome = feed.call("status", now=NOW)
    (table,) = outcome.json["tables"]
    assert (table["exported_version"], table["source_version"]) == (last, last - 1)
    assert f"version {last} is exported, but the source's latest is {last - 1}" in table["warning"], table
    assert "`sluice run users --reseed`" in table["warning"] and outcome.code == 0
    assert table["warning"] in feed.call("status", now=NOW, json=False).stdout
    error = feed.fails(NOW)
    assert error["kind"] == "conflict" and "--reseed" in error["remedy"], error


def test_a_log_that_was_cleaned_up(users, feed):
    last = change(users)
    users.table.create_checkpoint()
    feed.change(start=1).run(NOW, "--at-version", "2")
    for version in range(4):
        users.commit_file(version).unlink()
    error = feed.fails(NOW)
    assert error["kind"] == "source_gone" and "--reseed" in error["remedy"], error
    assert "version 3" in error["message"] or "versions 3" in error["message"], error
    assert windows(feed.run(NOW, "--reseed")) == [("reseed", None, last)]
    assert_adds_up(feed, users)


def test_a_hole_in_the_log_is_an_error_even_under_a_checkpoint(users, feed):
    feed.run(NOW)
    change(users)
    users.append(row(8, 4))
    users.table.create_checkpoint()
    users.commit_file(5).unlink()
    error = feed.fails(NOW)
    assert error["kind"] == "corrupt" and "5" in error["message"], error
    assert feed.export("users").check().kinds() == ["seed"]


def test_the_source_is_never_written_to(users, feed):
    change(users)
    before = users.look()
    for command in ("check", "plan", "run", "status", "ls"):
        assert feed.call(command, now=NOW).code in (0, 1)
    assert users.look() == before
