"""Every type of watermark, compared as Spark compares it."""

import itertools

import pytest
from support.compare import START, add, assert_windows_like_guide
from support.rows import assert_same_rows
from support.source import EVENTS

EDGES = ["00:00:00", "00:00:00.000001", "00:59:59.999", "00:59:59.999001", "00:59:59.999999",
         "01:00:00", "01:00:00.000001", "01:00:00.000999", "01:00:00.001", "01:59:59.999999",
         "02:00:00", "02:00:00.000500", "02:30:00.123456"]


@pytest.mark.parametrize("stored", ["INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"])
@pytest.mark.parametrize("rows_per_file", [1, 0], ids=["a file each", "one commit"])
def test_rows_at_the_edges_of_hours_whose_statistics_are_cut_to_milliseconds(
        stored, rows_per_file, source, sluice):
    events = source(EVENTS, timestamps=stored)
    events.insert(*(f"{i}, 'x', TIMESTAMP'2025-01-01T{edge}Z'" for i, edge in enumerate(EDGES)),
                  "99, 'null', NULL", rows_per_file=rows_per_file)
    reports = assert_windows_like_guide(sluice, events, "2025-01-01T01:00:00Z",
                                        "2025-01-01T02:00:00Z", "2025-01-01T03:00:00Z")
    assert [report["null_watermarks"] for report in reports] == [1, 1, 1]


def test_null_watermarks_are_counted_and_never_exported(source, sluice):
    events = source(EVENTS)
    events.insert("1, 'a', NULL", "2, 'b', NULL", "3, 'c', TIMESTAMP'2025-01-01T00:30:00Z'")
    report = add(sluice, events).run("2025-01-01T01:00:00Z")
    assert (report["rows"], report["null_watermarks"]) == (1, 2)
    assert [m["null_watermarks"] for m in sluice.export().check().manifests()] == [2]


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata"])
@pytest.mark.parametrize("partition", ["hourly", "daily"])
def test_date_is_midnight_in_the_tables_zone(zone, partition, source, sluice):
    events = source("id INT, event_timestamp DATE")
    events.insert("1, DATE'2024-12-31'", "2, DATE'2025-01-01'", "3, DATE'2025-01-02'",
                  "4, DATE'2025-01-03'", "5, NULL", rows_per_file=1)
    assert_windows_like_guide(sluice, events, "2025-01-01T09:00:00Z", "2025-01-02T00:00:00Z",
                              "2025-01-02T08:00:00Z", "2025-01-02T09:00:00Z",
                              start="2024-12-31T00:00:00Z", timezone=zone, partition=partition)


@pytest.mark.parametrize(
    ("day", "clocks"),
    [("2025-03-09", ["09:00", "10:00", "11:00", "12:00"]),    # 02:00 to 03:00 does not exist
     ("2024-11-03", ["08:00", "09:00", "10:00", "11:00"])],   # 01:00 to 02:00 comes twice
    ids=["gap", "overlap"])
@pytest.mark.parametrize("kind", ["TIMESTAMP_NTZ", "TIMESTAMP", "STRING"])
def test_daylight_saving_in_los_angeles(kind, day, clocks, source, sluice):
    local = [f"{day} {hour:02}:{rest}" for hour in range(0, 5)
             for rest in ("00:00", "00:00.000001", "30:00", "59:59.999999")]
    events = source(f"id INT, event_timestamp {kind}")
    values = {"TIMESTAMP_NTZ": "TIMESTAMP_NTZ'{}'", "STRING": "'{}'",
              "TIMESTAMP": "TIMESTAMP'{} -08:00'"}[kind]
    events.insert(*(f"{i}, {values.format(text)}" for i, text in enumerate(local)), rows_per_file=3)
    ends = [f"{day}T{clock}:00Z" for clock in clocks]
    if kind == "TIMESTAMP_NTZ" and day == "2025-03-09":
        # Spark's optimizer compares wall clocks here, so that 02:30, which does not exist and means
        # 03:30, falls into the window that ends at 03:00, and into the folder hr=03 all the same. Our
        # windows go by the instant, as our folders do: over all windows the rows are the same.
        ends = ends[-1:]
    assert_windows_like_guide(sluice, events, *ends, start=f"{day}T00:00:00Z",
                              timezone="America/Los_Angeles")


# Spark takes today's date for these. What a row's watermark is must not depend on the day it is read:
# they are no time for us, and counted as such.
BARE_TIMES = ["03:04:05", "T03:04:05", " T03:04", "3:4"]


def spark_strings() -> list[str]:
    """Texts that CAST(.. AS TIMESTAMP) may or may not take; Spark says which."""
    days = ["2025-01-01", "2025-1-1", "2025-01", "2025", "02025-01-01", "25-01-01", "2025-1-01",
            "2025-02-30", "2025-13-01", "2025-00-10", "2024-02-29", "2025/01/01", "20250101",
            "+2025-01-01", "-0001-01-01", "0000-01-01", "2025-01-01-01", "2025-01-1x"]
    times = ["T03:04:05", " 03:04:05", "T3:4:5", " 03:04", "T03", "T", " ", "T03:04:", "T24:00:00",
             "T23:59:60", "T03:04:05.", "T03:04:05.1", "T03:04:05.123456", "T03:04:05.1234567",
             "T03:04:05.999999999", "T03:04:05,5", "t03:04:05", "  03:04:05", "T03:4", "T3",
             "T003:04:05", "T03:004:05", "T-3:04:05", "T03.04.05"]
    zones = ["Z", " Z", "z", "UTC", " UTC", "GMT", "UTC+1", "UTC+01:30", "GMT-8", "+1", "+01", "+01:30",
             "+0130", "+1:30", "-08:00", "+18:00", "+18:01", "+19:00", "-18:00", "+01:30:30", "+013030",
             " America/Los_Angeles", "America/Los_Angeles", " Asia/Kolkata", " PST", " EST", " CST",
             " America/Nowhere", " america/los_angeles", " Europe/London", " Etc/GMT+3", " UT", "UT+3",
             " +1", "+ 1", "+", "+1:", "+01:3", "-00:00", "[Europe/Paris]", " Zulu", " PST8PDT", " MST"]
    whole = [*BARE_TIMES, "", " ", "garbage", "null", "epoch", "now", "today", "yesterday", "2025-01-01T03:04:05Z ",
             "\t2025-01-01\n", "\u00a02025-01-01", "2025-01-01\u0000", "\u0001 2025-01-01 03:04:05",
             "1735700645", "1e9", "2025-01-01T03:04:05+00:00 x",
             "2025-01-01 03:04:05 AM", "Jan 1, 2025", "１２３４-01-01", "9999-12-31T23:59:59.999999Z",
             "10000-01-01", "294247-01-10T04:00:54.775807Z", "294247-01-10T04:00:54.775808Z",
             "999999-01-01", "9999999-01-01", "-290308-12-21T19:59:05.224192Z", "0001-01-01",
             "2025-03-09 02:30:00", "2025-03-09 02:30:00.5 America/Los_Angeles",
             "2024-11-03 01:30:00", "2025-01-01T23:59:59.9999999Z", "1900-01-01 00:00:00"]
    return (whole + days + [f"2025-01-01{time}" for time in times]
            + [f"2025-01-01T03:04:05{zone}" for zone in zones]
            + [f"2025-01-01 03:04:05.25{zone}" for zone in zones]
            + [f"2025-01-01{zone}" for zone in zones[:8]]
            + [f"{day}{time}" for day, time in itertools.product(days[:8], times[:3])])


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles"])
@pytest.mark.parametrize("clock", ["2025-01-01T09:00:00Z", "2025-07-01T00:00:00Z"])
def test_string_watermarks_are_read_as_sparks_cast_reads_them(spark, zone, clock, source, sluice):
    texts = spark_strings()
    events = source("id INT, event_timestamp STRING")
    frame = spark.createDataFrame(list(enumerate([*texts, None])), "id INT, event_timestamp STRING")
    frame.coalesce(1).write.format("delta").mode("append").save(str(events.path))
    start = "1000-01-01T00:00:00Z"
    add(sluice, events, start=start, timezone=zone)
    expected = events.expected(start, clock, timezone=zone)
    report = sluice.run(clock)
    assert_same_rows(sluice.export().check().rows(), expected)
    with_zone = events.spark.conf.get("spark.sql.session.timeZone")
    try:
        events.spark.conf.set("spark.sql.session.timeZone", zone)
        bare = ", ".join(f"'{text}'" for text in BARE_TIMES)
        nulls = events.sql("SELECT count_if(CAST(event_timestamp AS TIMESTAMP) IS NULL"
                           f" OR event_timestamp IN ({bare})) n FROM {{t}}")
        assert report["null_watermarks"] == 1
        assert report["null_watermarks"] + report["unreadable_watermarks"] == nulls.first()["n"]
    finally:
        events.spark.conf.set("spark.sql.session.timeZone", with_zone)


@pytest.mark.parametrize("kind", ["BIGINT", "DOUBLE", "BOOLEAN", "STRUCT<at: TIMESTAMP>", "BINARY"])
def test_watermarks_that_are_no_time_are_refused_by_name_and_type(kind, source, sluice):
    events = source(f"id INT, event_timestamp {kind}")
    error = add(sluice, events).fails("2025-01-01T01:00:00Z", code=2)
    assert "event_timestamp" in error["message"] and error["remedy"]
    assert kind.split("<")[0].lower() in error["message"].lower().replace("long", "bigint")
    assert not sluice.export().data_files() and not sluice.state.exists()


def test_a_watermark_that_is_no_column_names_the_nearest(source, sluice):
    events = source(EVENTS)
    error = add(sluice, events, watermark="event_timestam").fails("2025-01-01T01:00:00Z", code=2)
    assert "event_timestam" in error["message"] and "event_timestamp" in str(error)


def test_names_match_without_case(source, sluice):
    events = source("ID INT, Event_Timestamp TIMESTAMP")
    events.insert("1, TIMESTAMP'2025-01-01T00:30:00Z'", "2, TIMESTAMP'2025-01-01T01:30:00Z'")
    add(sluice, events, watermark="EVENT_TIMESTAMP", columns=["id", "event_timestamp"])
    sluice.run("2025-01-01T01:00:00Z")
    assert_same_rows(sluice.export().check().rows(),
                     events.expected(START, "2025-01-01T01:00:00Z"))
