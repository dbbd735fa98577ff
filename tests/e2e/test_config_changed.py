"""What a change of the config, or of the state's writer, does to exports to come is told before and after."""

import shutil

import pytest
from support.lake import NAME, clock, row


@pytest.fixture
def events(lake, sluice):
    return sluice.add(NAME, lake.path, start=clock(0))


def findings(sluice, now: str, severity: str) -> list[dict]:
    document = sluice.call("check", now=now).json
    return [f for f in document["findings"] if f["severity"] == severity]


def warning(sluice, now: str) -> str:
    (table,) = sluice.call("status", now=now).json["tables"]
    return table["warning"] or ""


@pytest.mark.parametrize("key,value,before", [("timezone", "America/New_York", "UTC"),
                                              ("partition", "daily", "hourly")])
def test_a_changed_layout_is_told_until_the_first_export_under_it(key, value, before, events):
    events.run(clock(2))
    assert not warning(events, clock(4)) and not findings(events, clock(4), "warning")
    events.change(**{key: value})
    told = [warning(events, clock(4))]
    told += [f["message"] for f in findings(events, clock(4), "warning") if f["fix"]]
    told += events.run(clock(4))["notes"]
    assert len(told) == 3, told
    for text in told:
        assert key in text and value in text and before in text and "export 1" in text, told
    assert not warning(events, clock(6)) and not findings(events, clock(6), "warning")
    assert not events.run(clock(6))["notes"]


def test_another_watermark_is_told(lake, events):
    events.run(clock(2))
    events.change(watermark="name")
    assert "`watermark` was event_timestamp" in warning(events, clock(4))


def test_a_row_that_others_wrote_is_noted_where_nothing_is_exported_yet(events):
    events.run(clock(2))
    shutil.rmtree(events.destination / "_sluice")  # the row alone is left, as of a notebook
    events.change(name="renamed")
    (note,) = findings(events, clock(4), "note")
    assert clock(2) in note["message"] and "renamed" in note["message"], note
    assert "state forget renamed" in note["fix"], note


def test_one_wrong_column_hides_no_other_finding(lake, events):
    lake.delete("id = 1")
    events.change(columns=["id", "event_timestamp", "nmae"])
    document = events.call("check", now=clock(4)).json["findings"]
    faults = [f["message"] for f in document if f["severity"] == "fault"]
    assert len(faults) == 1 and "'nmae'" in faults[0] and "'name'" in faults[0], faults
    assert any("changed or deleted" in f["message"] for f in document), document


def test_counts_read_as_words(lake, events):
    events.change(start="2025-01-01T00:30:00Z")
    texts = [f["message"] for f in events.call("check", now=clock(4)).json["findings"]]
    assert any("1 row is exactly on start" in text for text in texts), texts
    assert not any("1 files" in text or " bytes" in text or "1 rows" in text for text in texts), texts
