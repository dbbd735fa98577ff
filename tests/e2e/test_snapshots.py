"""Pattern C: whole tables in folders of their own, complete when `_SUCCESS` is there, old ones dropped."""

import json
import shutil

import pyarrow.parquet as pq
import pytest
from support.lake import NAME, Lake, rendered, row, state_row
from support.rows import assert_same_rows

NOON = "2030-01-01T12:00:00Z"
OLD = [row(1, 0.5), row(2, 1.5), row(3, 2.5, "é")]


@pytest.fixture
def countries(tmp_path):
    """Three commits of one file each."""
    return Lake(tmp_path / "lake" / "countries", *[[row] for row in OLD])


@pytest.fixture
def snapshots(countries, sluice):
    return sluice.add_snapshots(NAME, countries.path, name="countries")


def at(second: int) -> str:
    return f"2030-01-01T12:00:{second:02}Z"


def folder(second: int) -> str:
    return f"snapshot_ts=2030-01-01T12-00-{second:02}Z"


def dropped(sluice) -> list[int]:
    """Numbers of snapshots that have a tombstone."""
    return [m["n"] for m in sluice.export().manifests() if m.get("expired")]


def test_each_run_is_a_folder_with_one_file_and_success(snapshots):
    for second in (0, 7):
        report = snapshots.run(at(second))
        assert (report["status"], report["rows"], report["files"]) == ("exported", 3, 1)
    export = snapshots.export().check()
    assert export.folders() == [folder(0), folder(7)]
    assert_same_rows(export.latest(), rendered(OLD))
    assert (snapshots.destination / "countries" / folder(7) / "_SUCCESS").read_bytes() == b""
    assert state_row(snapshots.state) is None


def test_success_comes_after_the_files_and_the_manifest_last(snapshots, faults, tmp_path):
    log = tmp_path / "calls.log"
    outcome = snapshots.call("run", now=NOON, env=faults.env(snapshots.folder, log=log))
    assert outcome.code == 0, str(outcome)
    visible = [call for call in log.read_text().splitlines() if call.split()[1].startswith(("link", "rename"))]
    order = [next(i for i, call in enumerate(visible) if name in call)
             for name in (".commit.json", f"countries/{folder(0)}/sluice-", "_SUCCESS", "/manifests/")]
    assert order == sorted(order), visible


def test_two_within_a_second_and_a_clock_that_steps_back(snapshots):
    for now in (at(30), at(30), "2030-01-01T12:00:30.900Z", at(5), "2029-12-31T00:00:00Z"):
        snapshots.run(now)
    assert snapshots.export().check().folders() == [folder(30 + i) for i in range(5)]


def test_the_newest_ones_are_kept_and_never_less_than_one(snapshots):
    snapshots.change(keep=2)
    for second in range(4):
        snapshots.run(at(second))
    assert snapshots.export().check().folders() == [folder(2), folder(3)]
    assert dropped(snapshots) == [1, 2]
    assert not (snapshots.destination / "countries" / folder(0)).exists()
    snapshots.change(keep=1).run(at(4))
    assert snapshots.export().check().folders() == [folder(4)]
    assert_same_rows(snapshots.export().latest(), rendered(OLD))


def test_five_are_kept_where_nothing_else_is_said(snapshots):
    for second in range(7):
        snapshots.run(at(second))
    assert snapshots.export().check().folders() == [folder(second) for second in range(2, 7)]


def test_a_snapshot_goes_when_count_and_age_both_allow_it(snapshots):
    snapshots.change(keep=1, keep_for="30d")
    for now in ("2030-01-01T12:00:00Z", "2030-01-20T12:00:00Z", "2030-01-31T11:59:59Z"):
        snapshots.run(now)
    assert len(snapshots.export().check().folders()) == 3
    snapshots.run("2030-02-01T12:00:01Z")
    assert dropped(snapshots) == [1]
    snapshots.change(keep=10).run("2031-02-01T12:00:01Z")
    assert len(snapshots.export().check().folders()) == 4


def test_files_of_others_in_an_old_snapshot_stay(snapshots):
    snapshots.change(keep=1).run(at(0))
    foreign = snapshots.destination / "countries" / folder(0) / "part-00000-notebook.snappy.parquet"
    foreign.write_bytes(b"theirs")
    snapshots.run(at(1))
    assert foreign.read_bytes() == b"theirs" and list(foreign.parent.iterdir()) == [foreign]


def test_a_success_that_a_dead_runner_left_in_a_dropped_folder_goes(snapshots):
    snapshots.change(keep=1).run(at(0))
    snapshots.run(at(1))
    left = snapshots.destination / "countries" / folder(0)
    left.mkdir()
    (left / "_SUCCESS").touch()
    snapshots.run(at(2))
    assert not left.exists() and snapshots.export().check().folders() == [folder(2)]


@pytest.mark.parametrize("name", ["snapshot_ts=2020-01-01T00-00-00Z", folder(30)])
def test_a_success_of_others_stays(name, snapshots):
    theirs = snapshots.destination / "countries" / name / "_SUCCESS"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    snapshots.change(keep=1).run(at(0))
    for second in (1, 2):
        snapshots.run(at(second))
        assert theirs.exists()
    assert snapshots.call("prune", now=at(3)).code == 0 and theirs.exists()


def test_a_failed_run_drops_nothing(countries, snapshots):
    snapshots.change(keep=1).run(at(0))
    countries.data_files()[0].unlink()
    snapshots.fails(at(1))
    assert snapshots.export().check().folders() == [folder(0)]
    assert_same_rows(snapshots.export().latest(), rendered(OLD))


def test_an_unchanged_table_is_skipped_where_that_is_wanted(countries, snapshots):
    snapshots.change(skip_unchanged=True)
    assert snapshots.run(at(0))["status"] == "exported"
    assert snapshots.run(at(1))["status"] == "nothing_new"
    countries.table.optimize.compact()
    countries.table.alter.set_table_properties({"delta.logRetentionDuration": "interval 30 days"})
    assert snapshots.run(at(2))["status"] == "nothing_new"
    countries.delete("id = 3")
    assert snapshots.run(at(3))["rows"] == 2
    assert snapshots.change(columns=["id"]).run(at(4))["status"] == "exported"
    assert snapshots.run(at(5))["status"] == "nothing_new"
    assert snapshots.export().check().folders() == [folder(0), folder(3), folder(4)]
    assert_same_rows(snapshots.export().latest(), [{"id": 1}, {"id": 2}])


def test_an_empty_table_is_one_file_with_the_schema(tmp_path, sluice):
    empty = Lake(tmp_path / "lake" / "empty")
    report = sluice.add_snapshots(NAME, empty.path, name="empty").run(NOON)
    assert (report["status"], report["rows"], report["files"]) == ("exported", 0, 1)
    (file,) = sluice.export().check().snapshots.rglob("*.parquet")
    assert pq.read_schema(file).names == ["id", "name", "p", "event_timestamp"]
    assert sluice.export().latest() == []


def test_a_table_that_was_emptied_is_an_empty_snapshot(countries, snapshots):
    snapshots.run(at(0))
    countries.delete("id > 0")
    assert snapshots.run(at(1))["files"] == 1
    assert snapshots.export().check().latest() == []


def test_only_chosen_columns_leave_the_source(countries, snapshots):
    countries.append(row(9, 3.5, "secret-name"))
    snapshots.change(exclude=["NAME"]).run(NOON)
    export = snapshots.export().check()
    assert {tuple(row) for row in export.latest()} == {("id", "p", "event_timestamp")}
    for file in snapshots.destination.rglob("*"):
        assert not file.is_file() or b"secret" not in file.read_bytes(), file


def test_a_version_may_be_chosen_by_hand(snapshots):
    assert snapshots.run(at(0), "--at-version", "2")["rows"] == 2
    manifest = snapshots.export().check().manifests()[0]
    assert (manifest["kind"], manifest["source_version"], manifest["end"]) == ("snapshot", 2, at(0))


def test_an_older_version_may_be_chosen_by_hand_after_a_newer_one(countries, snapshots):
    snapshots.change(skip_unchanged=True).run(at(0))
    assert snapshots.run(at(1), "--at-version", "2")["rows"] == 2
    assert_same_rows(snapshots.export().check().latest(), rendered(OLD[:2]))
    assert snapshots.run(at(2), "--at-version", "2")["status"] == "nothing_new"
    assert snapshots.run(at(3))["rows"] == 3
    assert snapshots.call("verify", now=at(4)).code == 0
    countries.commit_file(3).unlink()
    for arguments in ((), ("--at-version", "1")):
        error = snapshots.fails(at(5), *arguments)
        assert "the source is at version 2, older than version 3" in error["message"], error


def test_there_are_no_ranges_to_backfill(snapshots):
    error = snapshots.fails(NOON, "countries", "--from", "0", "--to", "2", command="backfill", code=2)
    assert error["kind"] == "usage" and "--at-version" in error["remedy"], error


def test_a_re_created_table_is_an_error_until_its_state_is_forgotten(countries, snapshots):
    snapshots.run(at(0))
    shutil.rmtree(countries.path)
    again = [[row(50 + i, 1)] for i in range(4)]
    Lake(countries.path, *again)
    error = snapshots.fails(at(1))
    assert error["kind"] == "conflict" and "state forget" in error["remedy"], error
    outcome = snapshots.call("state", "forget", "countries", now=at(1))
    assert outcome.code == 0, str(outcome)
    snapshots.run(at(0))
    assert snapshots.export().check().folders() == [folder(0), folder(1)]
    assert_same_rows(snapshots.export().latest(), rendered([row for (row,) in again]))


def test_a_manifest_tells_a_snapshot_as_a_whole(snapshots):
    snapshots.run(NOON)
    (file,) = (snapshots.destination / "_sluice" / "countries" / "manifests").iterdir()
    text = file.read_text()
    manifest = json.loads(text)
    assert manifest["partitions_final"] == manifest["partitions_touched"] == [folder(0)]
    assert str(snapshots.folder) not in text and "lake/countries" not in text
