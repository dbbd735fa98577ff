"""Keys whose feature does not exist yet are named by `check` and once by each `run`."""

import pytest
from support.lake import NAME, clock

IDLE = {"schedule": "daily", "partition_markers": "_SUCCESS", "copy": "auto"}


@pytest.fixture
def events(lake, sluice):
    sluice.config["notify"] = {"slack": {"webhook_env": "HOOK"}}
    sluice.config["serve"] = {"listen": "127.0.0.1:8088"}
    return sluice.add(NAME, lake.path, name="events", start=clock(0), **IDLE)


def test_check_warns_of_each(events):
    outcome = events.call("check", now=clock(5))
    assert outcome.code == 0, str(outcome)
    warnings = [f for f in outcome.json["findings"] if f["subject"] == "config" and f["severity"] == "warning"]
    for key in ("notify", "serve", *IDLE):
        (warning,) = [w for w in warnings if f"`{key}`" in w["message"]]
        assert "has no effect" in warning["message"] and "line " in warning["message"] and warning["fix"]


def test_run_warns_of_each_once(events, other):
    events.add("lake.other", other.path, start=clock(0), **IDLE)
    outcome = events.call("run", now=clock(5))
    notes = outcome.json["notes"]
    assert len(notes) == len({"notify", "serve", *IDLE}), notes
    for note in notes:
        assert outcome.stderr.count(note) == 1, outcome.stderr
    assert any("`schedule` (lines " in note for note in notes), notes


def test_run_of_another_table_keeps_quiet_about_a_tables_key(events, other):
    events.add("lake.other", other.path, start=clock(0))
    notes = events.call("run", "other", now=clock(5)).json["notes"]
    assert not any("schedule" in note for note in notes) and any("notify" in note for note in notes), notes


def test_config_without_such_keys_has_no_warning(lake, sluice):
    sluice.add(NAME, lake.path, name="events", start=clock(0), freshness="6h", images=None)
    sluice.change(images=None)
    outcome = sluice.call("run", now=clock(5))
    assert outcome.json["notes"] == [] and "no effect" not in outcome.stderr, str(outcome)
