"""A state table that is gone is never made again in silence: what was exported stands against it."""

import json
import shutil

import deltalake
import pytest
from support.lake import NAME, Lake, clock, row, state_row


@pytest.fixture
def events(lake, sluice):
    return sluice.add(NAME, lake.path, start=clock(0))


@pytest.fixture
def users(tmp_path, sluice):
    lake = Lake(tmp_path / "lake" / "users", [row(1, 0.5)],
                **{"delta.enableChangeDataFeed": "true"})
    return lake, sluice.add_feed(NAME, lake.path, name="users")


def refused(sluice, now: str, exported: str) -> dict:
    before = sluice.export().data_files()
    error = sluice.fails(now)
    assert error["kind"] == "conflict", error
    assert "missing" in error["message"] and exported in error["message"], error
    assert "state set" in error["remedy"] and "state forget" in error["remedy"], error
    assert sluice.export().data_files() == before
    return error


@pytest.mark.parametrize("exports", [1, 2, 3])
def test_a_state_table_that_is_gone_is_refused_by_every_later_run(exports, events):
    for hour in range(2, 2 + exports):
        events.run(clock(hour))
    shutil.rmtree(events.state)
    for _ in range(2):  # the refusal itself must not make the next run forget
        refused(events, clock(9), exported=clock(1 + exports))
    assert state_row(events.state) is None


def test_state_set_leads_out(lake, events):
    events.run(clock(2))
    shutil.rmtree(events.state)
    refused(events, clock(4), exported=clock(2))
    assert events.call("state", "set", "events", clock(2), now=clock(4)).code == 0
    assert events.run(clock(4))["rows"] == 1
    assert sorted(r["id"] for r in events.export().check().rows()) == [1, 2, 3]


def test_state_forget_leads_out(events):
    events.run(clock(2))
    shutil.rmtree(events.state)
    refused(events, clock(4), exported=clock(2))
    assert events.call("state", "forget", "events", now=clock(4)).code == 0
    assert events.run(clock(4))["rows"] == 3


def test_a_feed_s_state_that_is_gone_is_refused_too(users):
    lake, sluice = users
    sluice.run(clock(2))
    shutil.rmtree(sluice.state)
    lake.append(row(2, 1.5))
    refused(sluice, clock(4), exported="version ")


def test_status_tells_it(events):
    events.run(clock(2))
    shutil.rmtree(events.state)
    (table,) = events.call("status", now=clock(4)).json["tables"]
    assert "missing" in table["warning"] and "state set events" in table["warning"], table


def test_a_row_put_back_by_hand_is_gone_on_from(lake, events):
    """Somebody recreated the table and wrote the right time into it: nothing is lost or doubled."""
    events.run(clock(2))
    copy = events.state.with_name("copy")
    shutil.copytree(events.state, copy)
    events.run(clock(4))
    shutil.rmtree(events.state)
    copy.rename(events.state)  # stands at 2
    error = events.fails(clock(6))
    assert clock(2) in error["message"] and clock(4) in error["message"], error


def test_a_state_table_that_we_can_not_write_is_told_before_anything_is_exported(events):
    schema = deltalake.Schema.from_json(json.dumps({"type": "struct", "fields": [
        {"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in (
            ("source_table", "string"), ("last_exported_end_time", "timestamp"),
            ("last_exported_version", "long"), ("last_run_timestamp", "timestamp"))]}))
    table = deltalake.DeltaTable.create(str(events.state), schema)
    table.alter.add_constraint({"named": "source_table IS NOT NULL"})
    for command in ("check", "plan", "run"):
        outcome = events.call(command, now=clock(3))
        assert outcome.code == 1 and "asks of its writers" in outcome.stdout, str(outcome)
    assert not events.export().data_files() and not events.export().manifests()
