"""dt and hr follow the table's zone as they follow Spark's session zone."""

import pytest
from support.compare import assert_windows_like_guide
from support.source import EVENTS

# A day on which each zone but UTC and Kolkata changes its clocks, and the one before.
CASES = {
    "UTC": "2025-03-30",
    "America/Los_Angeles": "2025-03-09",
    "Asia/Kolkata": "2025-01-01",
    "Europe/London": "2024-10-27",
    "Australia/Lord_Howe": "2025-04-06",   # half an hour back
    "America/St_Johns": "2025-03-09",
}


@pytest.mark.parametrize("zone", CASES)
@pytest.mark.parametrize("partition", ["hourly", "daily"])
def test_each_half_hour_around_a_change_of_clocks(zone, partition, source, sluice):
    day = CASES[zone]
    events = source(EVENTS)
    events.sql(f"""INSERT INTO {{t}} SELECT id, 'x', TIMESTAMP'{day}T00:00:00Z'
                   + make_interval(0, 0, 0, 0, 0, id * 15 - 720) FROM range(160)""")
    assert_windows_like_guide(sluice, events, f"{day}T05:00:00Z", f"{day}T10:00:00Z",
                              f"{day}T23:00:00Z", start="2024-01-01T00:00:00Z", timezone=zone,
                              partition=partition)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata"])
def test_far_past_and_far_future(zone, source, sluice):
    events = source(EVENTS)
    events.insert("1, 'a', TIMESTAMP'0001-01-02T00:00:00Z'", "2, 'b', TIMESTAMP'1582-10-10T12:00:00Z'",
                  "3, 'c', TIMESTAMP'1883-11-18T19:59:00Z'", "4, 'd', TIMESTAMP'1969-12-31T23:59:59.999999Z'",
                  "5, 'e', TIMESTAMP'9999-12-31T00:00:00Z'")
    assert_windows_like_guide(sluice, events, "2025-01-01T00:00:00Z", timezone=zone,
                              start="0001-01-01T00:00:00Z")
