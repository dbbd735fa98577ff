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
