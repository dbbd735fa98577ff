"""A backfill before the first run: numbers of its own, and a first window that goes with it."""

import pytest
from support.lake import NAME, clock


@pytest.fixture
def events(lake, sluice):
    return sluice.add(NAME, lake.path, start=clock(2))


def backfill(sluice):
    outcome = sluice.call("backfill", "events", "--from", clock(0), "--to", clock(1), now=clock(5))
    assert outcome.code == 0, str(outcome)


def test_its_manifest_names_the_source_s_table_id_and_verify_proves_it(lake, events):
    backfill(events)
    (manifest,) = events.export().manifests()
    assert manifest["table_id"] == lake.table.metadata().id
    events.run(clock(5))
    (proof,) = events.call("verify", now=clock(5)).json["tables"]
    assert "gone" not in str(proof), proof


def test_a_start_set_back_into_what_was_backfilled_is_refused(events):
    """The first window would hold those rows a second time."""
    backfill(events)
    events.change(start=clock(0))
    assert events.call("plan", now=clock(5)).code == 1
    error = events.fails(clock(5))
    assert error["kind"] == "conflict" and "exported twice" in error["message"], error
    assert f"`start` be {clock(1)}" in error["remedy"], error
    assert len(events.export().manifests()) == 1
    events.change(start=clock(1))
    events.run(clock(5))
