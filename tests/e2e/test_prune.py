"""`prune`: what it says it would do is what it does, and nothing that somebody needs goes."""

import shutil

import pytest
from support.lake import NAME, Lake, clock, row


@pytest.fixture
def events(tmp_path, sluice):
    """A window that a backfill replaced a day ago, a file of a lost attempt, and one of others."""
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)], [row(2, 1.5)])
    sluice.add(NAME, lake.path, start=clock(0)).run(clock(2))
    sluice.run(clock(2), "events", "--from", clock(0), "--to", clock(2), "--again", command="backfill")
    some = next((sluice.destination / "events_incremental").rglob("*.parquet"))
    shutil.copy(some, some.parent / "sluice-00000002-00112233445566ff-00009.parquet")
    shutil.copy(some, some.parent / "part-00000-theirs.parquet")
    return sluice


LATER = clock(27)  # a day and an hour after the backfill


def prune(sluice, *arguments: str, now: str = LATER) -> dict:
    outcome = sluice.call("prune", *arguments, now=now)
    assert outcome.code == 0, str(outcome)
    return outcome.json


def files(sluice) -> set[str]:
    return {str(f.relative_to(sluice.destination)) for f in sluice.destination.rglob("*") if f.is_file()}


def test_a_dry_run_names_what_the_next_one_removes(events):
    before = files(events)
    told = prune(events, "--dry-run")["tables"][0]
    assert files(events) == before
    done = prune(events)["tables"][0]
    gone = before - files(events)
    assert {a["key"] for a in told["removed"]} == {a["key"] for a in done["removed"]} == gone
    assert sorted((a["why"], a["n"]) for a in done["removed"]) == [
        ("replaced", 1), ("replaced", 1), ("unnamed", 2)]
    assert done["foreign"]["files"] == 1 and prune(events)["tables"][0]["removed"] == []
    assert events.call("verify", now=LATER).code == 0


def test_what_was_replaced_stays_for_a_day_of_grace(events):
    done = prune(events, now=clock(25))["tables"][0]
    assert {a["why"] for a in done["removed"]} == {"unnamed"}
    done = prune(events)["tables"][0]
    assert [a["why"] for a in done["removed"]] == ["replaced", "replaced"]


def test_the_text_says_what_goes_and_why(events):
    text = events.call("prune", "--dry-run", json=False, now=LATER).stdout
    lines = text.splitlines()
    assert lines[0].startswith("events: would remove 3 files ("), text
    assert sum(line.endswith("): export 2 replaced export 1") for line in lines) == 2, text
    assert sum(line.endswith("): another attempt at export 2 was published") for line in lines) == 1, text
    assert lines[-1].endswith("that sluice did not write"), text


def test_snapshots_beyond_keep_are_named_by_their_folders(tmp_path, sluice):
    lake = Lake(tmp_path / "lake" / "countries", [row(1, 0.5)])
    sluice.add_snapshots(NAME, lake.path, name="countries")
    for hour in (1, 2, 3):
        sluice.run(clock(hour))
    sluice.change(keep=1)
    text = sluice.call("prune", json=False, now=LATER).stdout
    assert text.startswith("countries: removed 2 files ("), text
    assert "  1 file (" in text and "): snapshot 1 is not kept any longer" in text, text
    assert sluice.export().check().folders() == ["snapshot_ts=2025-01-01T03-00-00Z"]
    assert sluice.call("prune", json=False, now=LATER).stdout == "countries: nothing to remove\n"
