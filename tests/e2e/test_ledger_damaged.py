"""Ledger records and manifests that somebody took away: nothing is exported twice, verify tells, a command mends."""

import pytest
from support.lake import NAME, clock
from support.ledger import ledger_folder


@pytest.fixture
def events(lake, sluice):
    sluice.add(NAME, lake.path, start=clock(0))
    for hour in (1, 2, 3):
        sluice.run(clock(hour))
    return sluice


def manifest(sluice, n: int):
    return sluice.destination / "_sluice" / "events" / "manifests" / f"{n:020}.json"


def record(sluice, n: int, what: str):
    return ledger_folder(sluice) / f"{n:020}.{what}.json"


def faults(sluice) -> list[str]:
    """Of verify; check must see them, too."""
    assert sluice.call("check", now=clock(4)).code == 1
    outcome = sluice.call("verify", now=clock(4))
    assert outcome.code == 1, str(outcome)
    (table,) = outcome.json["tables"]
    return table["faults"]


@pytest.mark.parametrize("gone", [(1,), (2,), (1, 2)])
def test_manifests_that_are_gone_are_told_and_written_again(events, gone):
    before = {n: manifest(events, n).read_bytes() for n in gone}
    for n in gone:
        manifest(events, n).unlink()
    told = faults(events)
    assert told and all("state republish" in fault for fault in told), told
    republished = events.call("state", "republish", "events", now=clock(4))
    assert republished.code == 0, str(republished)
    assert {n: manifest(events, n).read_bytes() for n in gone} == before
    assert events.call("verify", now=clock(4)).code == 0
    assert events.run(clock(3))["status"] == "nothing_new"


def test_there_is_nothing_to_write_again_where_all_is_there(events):
    outcome = events.call("state", "republish", "events", now=clock(4))
    assert outcome.code == 2 and "no manifest is missing" in outcome.error["message"], str(outcome)


@pytest.mark.parametrize("also", ["commit", "intent"])
def test_a_published_number_without_its_decision_is_not_decided_again(events, also):
    record(events, 3, "commit").unlink()
    if also == "intent":
        record(events, 3, "intent").unlink()
    files = events.export().data_files()
    for hour in (8, 9):
        error = events.fails(clock(hour))
        assert error["kind"] == "conflict" and "3.commit.json" in error["message"], error
        assert "restore" in error["remedy"], error
    assert events.export().data_files() == files
    assert any("no decision" in fault for fault in faults(events))


def test_a_snapshot_whose_decision_is_gone_is_not_made_twice(lake, sluice):
    sluice.add_snapshots(NAME, lake.path, name="events")
    sluice.run(clock(1))
    folders = sorted(sluice.destination.glob("events_snapshot*/*"))
    record(sluice, 1, "commit").unlink()
    sluice.fails(clock(1))
    assert sorted(sluice.destination.glob("events_snapshot*/*")) == folders
