"""SIGINT and SIGTERM: 130 and 143, nothing is left, and the next run goes on. A table's timeout does the same."""

import signal
import time

import pytest
from support.lake import NAME, Lake, clock, rendered, row, state_row, without_partition
from support.ledger import check_any_time, intents
from support.processes import wait_until_stopped
from support.rows import assert_same_rows

ROWS = [row(i, 0.5 + i % 4) for i in range(40)]


@pytest.fixture
def events(sluice, tmp_path):
    lake = Lake(tmp_path / "lake", ROWS[:20], ROWS[20:])
    return sluice.add(NAME, lake.path, name="events", start=clock(0))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("at", range(1, 60, 7))
def test_in_the_middle_of_a_run(number, code, at, events, faults):
    """The process stands still at a call, gets the signal there, and goes on."""
    running = events.start("run", now=clock(5), env=faults.env(events.folder, do="stop", at=at))
    wait_until_stopped(running.process)
    running.process.send_signal(number)
    running.process.send_signal(signal.SIGCONT)
    outcome = running.finish()
    check_any_time(events, NAME)
    assert outcome.code in (0, code), str(outcome)
    if outcome.code == code:
        staged = [file for file in events.destination.rglob("*.staging/**/*") if file.is_file()]
        assert not staged, "what was uploaded is left"
        if not events.export().manifests():
            assert not events.export().data_files() and state_row(events.state) is None
    assert events.run(clock(5))["status"] in ("exported", "nothing_new")
    assert_same_rows(without_partition(events.export().check().rows()), rendered(ROWS))


def test_a_run_that_waits_for_another_ends_at_once(events, faults):
    first = events.start("run", now=clock(5), env=faults.env(events.folder, do="stop", at=30))
    wait_until_stopped(first.process)
    assert intents(events), "the first run was meant to have begun"
    second = events.start("run", "--wait", "10m", now=clock(5))
    time.sleep(1.5)
    second.process.send_signal(signal.SIGTERM)
    outcome = second.finish()
    assert outcome.code == 143, str(outcome)
    first.process.send_signal(signal.SIGCONT)
    assert first.finish().code == 0
    assert_same_rows(without_partition(events.export().check().rows()), rendered(ROWS))


def test_a_timeout_ends_a_run_that_waits_for_another(sluice, tmp_path, faults):
    lake = Lake(tmp_path / "lake", ROWS)
    events = sluice.add(NAME, lake.path, name="events", start=clock(0), timeout="2s")
    first = events.start("run", now=clock(5), env=faults.env(events.folder, do="stop", at=30))
    wait_until_stopped(first.process)
    assert intents(events), "the first run was meant to have begun"
    outcome = events.start("run", "--json", "--wait", "10m", now=clock(5)).finish(timeout=20)
    assert outcome.code == 75 and "2s, its timeout" in outcome.stdout, str(outcome)
    first.process.kill()
    first.finish()
    status = events.call("status", now=clock(5))
    (table,) = status.json["tables"]
    assert status.code == 1 and table["outcome"] == "failed", str(status)
    assert "2s, its timeout" in table["last_error"], table
    assert events.run(clock(5))["status"] in ("exported", "nothing_new")
    assert_same_rows(without_partition(events.export().check().rows()), rendered(ROWS))
    staged = [file for file in events.destination.rglob("*.staging/**/*") if file.is_file()]
    assert not staged, "what the killed run uploaded is left"
