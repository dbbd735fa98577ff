"""Commits that are missing from a source's log: an error where something needs them; below the checkpoint in use,
where nothing does, only `check` says so. At the beginning, where logs are cleaned up, they are nothing unusual."""

import pytest
from support.lake import NAME, Lake, clock, row


@pytest.fixture
def lake(tmp_path):
    """Versions 1 to 5 bring a row each; a checkpoint at 5 covers them, and 6 comes after it."""
    feed = {"delta.enableChangeDataFeed": "true"}
    lake = Lake(tmp_path / "lake" / "events", *[[row(i, i - 0.5)] for i in range(1, 6)], **feed)
    lake.table.create_checkpoint()
    lake.append(row(6, 5.5))
    return lake


def add(sluice, lake, pattern: str):
    keys = {"name": "events"}
    return {"append": lambda: sluice.add(NAME, lake.path, start=clock(0), **keys),
            "cdc": lambda: sluice.add_feed(NAME, lake.path, **keys),
            "snapshot": lambda: sluice.add_snapshots(NAME, lake.path, **keys)}[pattern]()


PATTERNS = ["append", "cdc", "snapshot"]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("version", [3, 5])
def test_a_hole_below_the_checkpoint_is_only_reported(pattern, version, lake, sluice):
    lake.commit_file(version).unlink()
    assert add(sluice, lake, pattern).run(clock(9))["rows"] == 6
    checked = sluice.call("check", now=clock(9))
    assert checked.code == 0 and f"missing from the log: version {version}" in checked.stdout, checked


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_hole_above_the_checkpoint_is_an_error(pattern, lake, sluice):
    lake.append(row(7, 6.5))
    lake.commit_file(6).unlink()
    error = add(sluice, lake, pattern).fails(clock(9))
    assert error["kind"] == "corrupt" and "version" in error["message"], error
    assert "backup" in error["remedy"] and sluice.export().kinds() == [], error


def test_a_hole_in_the_range_of_a_feed_is_an_error(lake, sluice):
    lake.commit_file(3).unlink()
    error = sluice.add_feed(NAME, lake.path, name="events", start=2).fails(clock(9))
    assert error["kind"] == "corrupt" and "version 3" in error["message"], error


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("kept_from", [5, 6, 7])
def test_a_beginning_that_was_cleaned_up_is_no_hole(pattern, kept_from, lake, sluice):
    if kept_from == 7:
        lake.table.create_checkpoint()
    for version in range(kept_from):
        lake.commit_file(version).unlink()
    assert add(sluice, lake, pattern).run(clock(9))["rows"] == 6
    assert sluice.call("verify", now=clock(9)).code == 0
    assert "missing" not in sluice.call("check", now=clock(9)).stdout


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("late", ["export", "ignore"])
def test_a_hole_since_the_last_run_stops_what_reads_commits(pattern, late, lake, sluice):
    """Late rows and feeds read commits; a snapshot, and windows without late rows, read the checkpoint."""
    add(sluice, lake, pattern).change(late_rows=late if pattern == "append" else None).run(clock(3))
    for i in range(7, 10):
        lake.append(row(i, i - 0.5))
    lake.table.create_checkpoint()
    lake.commit_file(8).unlink()
    if pattern == "snapshot" or (pattern, late) == ("append", "ignore"):
        assert sluice.run(clock(9))["status"] == "exported"
        return
    error = sluice.fails(clock(9))
    assert error["kind"] == "corrupt" and "version 8" in error["message"], error


@pytest.mark.parametrize("pattern", ["append", "snapshot"])
def test_a_hole_before_the_last_run_does_not_stop_the_next_one(pattern, lake, sluice):
    """It was looked at when it was whole, so that nothing is lost by it."""
    add(sluice, lake, pattern).run(clock(3))
    lake.append(row(9, 7.5))
    lake.commit_file(3).unlink()
    assert sluice.run(clock(9))["status"] == "exported"
