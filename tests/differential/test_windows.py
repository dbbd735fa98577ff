"""Which windows a run exports: start, end, chunk, delay, nothing new."""

import pytest
from support.compare import START, add
from support.rows import assert_same_rows
from support.source import EVENTS

HOURS = [f"{i}, 'x', TIMESTAMP'2025-01-{1 + i // 24:02}T{i % 24:02}:30:00Z'" for i in range(60)]


@pytest.fixture
def events(source):
    table = source(EVENTS)
    table.insert(*HOURS)
    return table


def bounds(report) -> list[tuple]:
    return [(window["start"], window["end"]) for window in report["windows"]]


def test_the_end_is_the_hour_before_now_less_the_delay(events, sluice):
    add(sluice, events, delay="90m")
    report = sluice.run("2025-01-01T06:29:59Z")
    assert bounds(report) == [(START, "2025-01-01T04:00:00Z")]
    assert sluice.run("2025-01-01T06:29:59.9Z")["status"] == "nothing_new"
    assert bounds(sluice.run("2025-01-01T06:30:00Z")) == [
        ("2025-01-01T04:00:00Z", "2025-01-01T05:00:00Z")]
    assert_same_rows(sluice.export().check().rows(), events.expected(START, "2025-01-01T05:00:00Z"))


@pytest.mark.parametrize(("chunk", "zone", "cuts"), [
    ("1d", "UTC", ["2025-01-02T00:00:00Z", "2025-01-03T00:00:00Z", "2025-01-03T10:00:00Z"]),
    ("1d", "America/Los_Angeles",
     ["2025-01-01T08:00:00Z", "2025-01-02T08:00:00Z", "2025-01-03T08:00:00Z", "2025-01-03T10:00:00Z"]),
    ("12h", "UTC", ["2025-01-01T12:00:00Z", "2025-01-02T00:00:00Z", "2025-01-02T12:00:00Z",
                    "2025-01-03T00:00:00Z", "2025-01-03T10:00:00Z"]),
    ("none", "UTC", ["2025-01-03T10:00:00Z"])])
def test_long_windows_go_piece_by_piece_cut_at_multiples(chunk, zone, cuts, events, sluice):
    add(sluice, events, chunk=chunk, timezone=zone)
    report = sluice.run("2025-01-03T10:20:00Z")
    assert bounds(report) == list(zip([START, *cuts], cuts))
    for window in report["windows"]:
        assert_same_rows(sluice.export().rows(window["n"]),
                         events.expected(window["start"], window["end"], timezone=zone))
    sluice.export().check()


def test_start_now_is_kept_as_an_empty_window(events, sluice):
    report = add(sluice, events, start="now").run("2025-01-02T03:15:30Z")
    assert report["rows"] == 0
    assert bounds(report)[0] == ("2025-01-02T03:15:30Z", "2025-01-02T03:15:30Z")
    sluice.change(start=None).change(start="now").run("2025-01-02T05:00:00Z")
    assert_same_rows(sluice.export().check().rows(), exact(events, "2025-01-02 03:15:30", 5))
    assert len(sluice.export().rows()) == 2


def test_start_as_a_duration_is_resolved_once(events, sluice):
    add(sluice, events, start="36h")
    report = sluice.run("2025-01-02T13:10:00Z")
    assert bounds(report)[0] == ("2025-01-01T01:10:00Z", "2025-01-01T01:10:00Z")
    sluice.run("2025-01-02T14:00:00Z")
    assert_same_rows(sluice.export().check().rows(), exact(events, "2025-01-01 01:10:00", 14))


def exact(events, start: str, hour: int) -> list[dict]:
    """(start, 2025-01-02 hour]."""
    end = f"2025-01-02T{hour:02}:00:00Z"
    instant = f"{start.replace(' ', 'T')}Z"
    return events.expected(instant, end)


def test_start_without_an_offset_is_in_the_tables_zone(events, sluice):
    add(sluice, events, start="2025-01-01 02:00:00", timezone="Asia/Kolkata")
    report = sluice.run("2025-01-01T03:00:00Z")
    assert bounds(report) == [("2024-12-31T20:30:00Z", "2025-01-01T03:00:00Z")]


def test_start_ahead_of_the_clock_is_nothing_new(events, sluice):
    assert add(sluice, events, start="2025-02-01T00:00:00Z").run("2025-01-02T00:00:00Z")[
        "status"] == "nothing_new"
    assert not sluice.export().manifests()


def test_rows_exactly_on_the_start_stay_out(source, sluice):
    events = source(EVENTS)
    events.insert("1, 'on', TIMESTAMP'2025-01-01T00:00:00Z'", "2, 'after', TIMESTAMP'2025-01-01T00:00:00.000001Z'")
    add(sluice, events).run("2025-01-01T01:00:00Z")
    assert [row["id"] for row in sluice.export().check().rows()] == [2]


def test_two_tables_keep_apart(source, sluice):
    one, two = source(EVENTS, "one"), source(EVENTS, "two")
    one.insert("1, 'a', TIMESTAMP'2025-01-01T00:30:00Z'")
    two.insert("2, 'b', TIMESTAMP'2025-01-01T00:30:00Z'")
    sluice.add(one.name, one.path, name="one", start=START)
    sluice.add(two.name, two.path, name="two", start=START, watermark="wrong_column")
    outcome = sluice.call("run", now="2025-01-01T01:00:00Z")
    assert outcome.code == 1
    assert outcome.table("one")["status"] == "exported"
    assert outcome.table("two")["status"] == "failed"
    sluice.change(watermark="event_timestamp")
    outcome = sluice.call("run", now="2025-01-01T01:00:00Z")
    assert outcome.code == 0
    assert outcome.table("one")["status"] == "nothing_new"
    assert_same_rows(sluice.export("two").check().rows(), two.expected(START, "2025-01-01T01:00:00Z"))


def test_plan_says_what_run_does_and_writes_nothing(events, sluice):
    outcome = add(sluice, events, chunk="1d").call("plan", now="2025-01-02T12:00:00Z")
    assert outcome.code == 0, str(outcome)
    assert not sluice.destination.exists() or not list(sluice.destination.rglob("*.json"))
    report = sluice.run("2025-01-02T12:00:00Z")
    assert len(report["windows"]) == 2


def test_final_partitions_are_those_that_end_by_the_window(events, sluice):
    add(sluice, events)
    sluice.run("2025-01-01T03:00:00Z")
    (manifest,) = sluice.export().check().manifests()
    # A row at exactly 03:00 belongs to this window and to partition hr=03, which stays open.
    assert manifest["partitions_touched"] == [f"dt=2025-01-01/hr={h:02}" for h in range(3)]
    assert manifest["partitions_final"] == manifest["partitions_touched"]
