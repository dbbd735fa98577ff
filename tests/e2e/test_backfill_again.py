"""`backfill --again` on a part of what one number holds: the number is replaced whole, and no row is lost."""

import pytest
from support.lake import NAME, clock


@pytest.fixture
def events(lake, sluice):
    sluice.add(NAME, lake.path, start=clock(0)).run(clock(4))
    return sluice


def part(*more: str) -> tuple:
    return ("events", "--from", clock(1), "--to", clock(2), *more)


def test_the_refusal_says_what_again_would_export(events):
    error = events.fails(clock(5), *part(), command="backfill")
    assert "--again" in error["remedy"] and clock(0) in error["remedy"] and clock(4) in error["remedy"]


def test_again_exports_the_whole_number_anew(events):
    before = events.export().rows()
    report = events.run(clock(5), *part("--again"), command="backfill")
    (window,) = report["windows"]
    assert (window["start"], window["end"]) == (clock(0), clock(4))
    assert any("exported again" in note for note in report["notes"]), report
    export = events.export().check()
    assert export.manifests()[-1]["replaces"] == [1] and [m["n"] for m in export.current()] == [2]
    assert sorted(r["id"] for r in export.rows()) == sorted(r["id"] for r in before)
    assert events.call("verify", now=clock(5)).code == 0


def test_a_part_that_reaches_into_two_numbers_replaces_both(events):
    events.run(clock(6))
    report = events.run(clock(7), "events", "--from", clock(3), "--to", clock(5), "--again", command="backfill")
    (window,) = report["windows"]
    assert (window["start"], window["end"]) == (clock(0), clock(6))
    assert events.export().check().manifests()[-1]["replaces"] == [1, 2]
