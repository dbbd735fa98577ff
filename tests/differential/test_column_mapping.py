"""Columns whose names in files are not those of the table: Databricks makes most tables so."""

import pytest
from support.compare import add, assert_windows_like_guide
from support.export import without
from support.rows import assert_same_rows

NOON = "2025-01-01T12:00:00Z"
LATER = "2025-01-02T12:00:00Z"
NOW = "2030-01-01T00:00:00Z"
COLUMNS = ("id INT, event_timestamp TIMESTAMP, place STRUCT<city: STRING, at: STRUCT<lat: INT>>,"
           " tags ARRAY<STRUCT<k: STRING, v: INT>>, region STRING")
ON = {"delta.enableChangeDataFeed": "true"}


def mapped(mode: str, **more) -> dict:
    return {"delta.columnMapping.mode": mode} | {key.replace("__", "."): v for key, v in more.items()}


def row(n: int, day: int = 1) -> str:
    return (f"{n}, TIMESTAMP'2025-01-0{day}T0{n % 9}:30:00Z',"
            f" named_struct('city', 'c{n}', 'at', named_struct('lat', {n})),"
            f" array(named_struct('k', 'k{n}', 'v', {n}), NULL), 'r{n % 2}'")


@pytest.mark.parametrize("mode", ["name", "id"])
@pytest.mark.parametrize("partitioned", [False, True])
def test_renamed_dropped_and_added_again(mode, partitioned, source, sluice):
    events = source(COLUMNS, partitioned_by="region" if partitioned else "", properties=mapped(mode))
    events.insert(*(row(n) for n in range(4)))
    events.sql("ALTER TABLE {t} RENAME COLUMN region TO area")
    events.sql("ALTER TABLE {t} RENAME COLUMN place.at.lat TO latitude")
    events.sql("ALTER TABLE {t} RENAME COLUMN tags.element.v TO number")
    events.sql("ALTER TABLE {t} DROP COLUMN place.city")
    events.sql("ALTER TABLE {t} ADD COLUMN place.city INT")
    events.sql("INSERT INTO {t} SELECT 9, TIMESTAMP'2025-01-01T05:30:00Z',"
               " named_struct('at', named_struct('latitude', 9), 'city', 99),"
               " array(named_struct('k', 'k9', 'number', 9)), 'r9'")
    assert_windows_like_guide(sluice, events, "2025-01-01T02:00:00Z", NOON)


def test_the_watermark_is_renamed_between_runs(source, sluice):
    events = source(COLUMNS, properties=mapped("name"))
    events.insert(row(1), row(2))
    assert_windows_like_guide(sluice, events, NOON)
    events.sql("ALTER TABLE {t} RENAME COLUMN event_timestamp TO happened")
    events.insert(row(3, day=2))
    expected = events.expected(NOON, LATER, watermark="happened")
    sluice.change(watermark="happened")
    report = sluice.run(LATER)
    assert_same_rows(sluice.export().rows(report["windows"][0]["n"]), expected)


def test_mapping_switched_on_for_a_table_with_data(source, sluice):
    events = source(COLUMNS, partitioned_by="region")
    events.insert(row(1), row(2))
    events.sql("ALTER TABLE {t} SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name',"
               " 'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5')")
    events.insert(row(3))
    events.sql("ALTER TABLE {t} RENAME COLUMN place TO location")
    events.sql("ALTER TABLE {t} DROP COLUMN id")
    events.sql("ALTER TABLE {t} ADD COLUMN id STRING FIRST")
    events.sql("INSERT INTO {t} SELECT 'new', TIMESTAMP'2025-01-01T08:00:00Z',"
               " named_struct('city', 'x', 'at', named_struct('lat', 1)), array(), 'r1'")
    assert_windows_like_guide(sluice, events, NOON)


@pytest.mark.parametrize("json", ["true", "false"])
def test_statistics_of_mapped_columns_choose_files(json, source, sluice):
    events = source("id INT, event_timestamp TIMESTAMP", properties=mapped(
        "name", delta__checkpointInterval="2", delta__checkpoint__writeStatsAsJson=json,
        delta__checkpoint__writeStatsAsStruct="true"))
    for hour in range(6):
        events.insert(f"{hour}, TIMESTAMP'2025-01-01T0{hour}:30:00Z'")
    add(sluice, events)
    plan = sluice.call("plan", now="2025-01-01T02:00:00Z").json
    (window,) = plan["plans"][0]["windows"]
    assert window["source_files"] == 2, window
    sluice.config["tables"].clear()
    assert_windows_like_guide(sluice, events, "2025-01-01T02:00:00Z", "2025-01-01T08:00:00Z")


@pytest.mark.parametrize("mode", ["name", "id"])
def test_feeds_are_cut_where_columns_were_renamed(mode, source, sluice):
    users = source("id INT, name STRING, p STRING", "users", partitioned_by="p",
                   properties=mapped(mode) | ON)
    users.insert("1, 'a', 'x'", "2, 'b', 'y'")
    sluice.add_feed("lake.users", users.path, name="users")
    sluice.run(NOW)
    users.sql("UPDATE {t} SET name = 'aa' WHERE id = 1")
    expected = [users.changes(users.version, users.version)]
    users.sql("ALTER TABLE {t} RENAME COLUMN name TO called")
    users.sql("DELETE FROM {t} WHERE id = 2")
    users.insert("3, 'c', 'x'")
    expected.append(users.changes(users.version - 1, users.version))
    report = sluice.run(NOW)
    export = sluice.export()
    windows = [export.rows(window["n"]) for window in report["windows"]]
    rows = [changes for changes in windows if changes]
    assert len(rows) == 2, report
    for got, due in zip(rows, expected):
        assert_same_rows(got, due)
    export.check()


def test_snapshots_hold_the_logical_names(source, sluice):
    countries = source(COLUMNS, "countries", properties=mapped("name"))
    countries.insert(row(1), row(2))
    countries.sql("ALTER TABLE {t} RENAME COLUMN region TO area")
    sluice.add_snapshots("lake.countries", countries.path, name="countries")
    sluice.run(NOW)
    assert_same_rows([without(r, "snapshot_ts") for r in sluice.export().latest()], countries.rows())


def test_names_that_only_mapping_allows(source, sluice):
    events = source("id INT, event_timestamp TIMESTAMP, `a b,c;{}()=` STRING", properties=mapped("name"))
    events.insert("1, TIMESTAMP'2025-01-01T01:00:00Z', 'x'")
    assert_windows_like_guide(sluice, events, NOON)


def test_late_rows_of_a_renamed_table(source, sluice):
    events = source(COLUMNS, properties=mapped("name"))
    events.insert(row(1), row(2))
    add(sluice, events)
    sluice.run(NOON)
    events.insert(row(4))
    events.sql("ALTER TABLE {t} RENAME COLUMN region TO area")
    events.sql("UPDATE {t} SET area = 'z' WHERE id = 1")
    events.insert(row(5))
    report = sluice.run(LATER)
    assert report["late_rows"] == 2, report
    late = [r for r in events.expected("2025-01-01T00:00:00Z", LATER) if r["id"] in (4, 5)]
    (n,) = [window["n"] for window in report["windows"] if window["kind"] == "late"]
    assert_same_rows(sluice.export().rows(n), late)
