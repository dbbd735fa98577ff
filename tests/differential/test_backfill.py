"""`backfill`: numbered, refused where it overlaps, replacing with --again, state untouched."""

import json

import pytest
from support.compare import START, add
from support.rows import assert_same_rows, render_table
from support.source import EVENTS


@pytest.fixture
def events(source):
    table = source(EVENTS)
    table.insert(*(f"{i}, 'x', TIMESTAMP'2024-12-31T{i:02}:30:00Z'" for i in range(24)),
                 *(f"{100 + i}, 'y', TIMESTAMP'2025-01-01T{i:02}:30:00Z'" for i in range(6)))
    return table


def state_rows(spark, sluice):
    return render_table(spark.sql(f"SELECT source_table, last_exported_end_time FROM"
                                  f" delta.`{sluice.state}`").toArrow())


def backfill(sluice, start, end, *more):
    return sluice.run("2025-01-01T04:10:00Z", "events", "--from", start, "--to", end, *more,
                      command="backfill")


def test_a_range_before_the_start_is_exported_and_the_state_stays(spark, events, sluice):
    add(sluice, events).run("2025-01-01T04:00:00Z")
    before = state_rows(spark, sluice)
    report = backfill(sluice, "2024-12-31T00:00:00Z", "2024-12-31T12:00:00Z")
    assert [window["kind"] for window in report["windows"]] == ["backfill"]
    assert_same_rows(sluice.export().check().rows(report["windows"][0]["n"]),
                     events.expected("2024-12-31T00:00:00Z", "2024-12-31T12:00:00Z"))
    assert state_rows(spark, sluice) == before
    sluice.run("2025-01-01T05:00:00Z")
    rows = (events.expected("2024-12-31T00:00:00Z", "2024-12-31T12:00:00Z")
            + events.expected(START, "2025-01-01T05:00:00Z"))
    assert_same_rows(sluice.export().check().rows(), rows)


def test_chunks_are_numbers_of_their_own(events, sluice):
    add(sluice, events).run("2025-01-01T04:00:00Z")
    report = backfill(sluice, "2024-12-31T01:00:00Z", "2024-12-31T12:00:00Z", "--chunk", "6h")
    assert [(w["start"], w["end"]) for w in report["windows"]] == [
        ("2024-12-31T01:00:00Z", "2024-12-31T06:00:00Z"),
        ("2024-12-31T06:00:00Z", "2024-12-31T12:00:00Z")]
    for window in report["windows"]:
        assert_same_rows(sluice.export().check().rows(window["n"]),
                         events.expected(window["start"], window["end"]))


def test_an_overlap_is_refused_and_again_replaces_it(events, sluice):
    add(sluice, events).run("2025-01-01T02:00:00Z")
    sluice.run("2025-01-01T04:00:00Z")
    (first, second) = [m["n"] for m in sluice.export().manifests()]
    error = sluice.fails("2025-01-01T04:10:00Z", "events", "--from", "2025-01-01T01:00:00Z",
                         "--to", "2025-01-01T02:00:00Z", command="backfill")
    assert "--again" in error["remedy"] + error["message"]
    assert len(sluice.export().manifests()) == 2

    events.sql("UPDATE {t} SET name = 'corrected' WHERE id = 101")
    report = backfill(sluice, START, "2025-01-01T02:00:00Z", "--again")
    (window,) = report["windows"]
    manifest = sluice.export().manifests()[-1]
    assert manifest["replaces"] == [first] and manifest["n"] == window["n"]
    assert_same_rows(sluice.export().rows(window["n"]), events.expected(START, "2025-01-01T02:00:00Z"))
    assert_same_rows(sluice.export().check().rows(), events.expected(START, "2025-01-01T04:00:00Z"))
    old = json.loads((sluice.destination / "_sluice/events/manifests" / f"{first:020}.json").read_text())
    assert all((sluice.destination / file["path"]).exists() for file in old["files"]), "grace of 24 h"
    assert second in [m["n"] for m in sluice.export().current()]


def test_beyond_the_latest_is_the_latest(events, sluice):
    add(sluice, events).run("2025-01-01T01:00:00Z")
    report = backfill(sluice, "2024-12-31T20:00:00Z", START)
    assert report["rows"] == 4
    sluice.run("2025-01-01T02:00:00Z")
    assert_same_rows(sluice.export().check().rows(),
                     events.expected("2024-12-31T20:00:00Z", "2025-01-01T02:00:00Z"))


@pytest.mark.parametrize(("start", "end"), [("2025-01-01T02:00:00Z", "2025-01-01T01:00:00Z"),
                                            ("yesterday", "2025-01-01T01:00:00Z")])
def test_ranges_that_are_none_are_wrong_usage(start, end, events, sluice):
    add(sluice, events)
    sluice.fails("2025-01-01T04:10:00Z", "events", "--from", start, "--to", end, command="backfill",
                 code=2)
