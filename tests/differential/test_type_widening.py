"""Columns whose type became a wider one: old files hold the narrow type, and so do their statistics."""

import pytest
from support.compare import add, assert_windows_like_guide
from support.rows import assert_same_rows

NOON = "2025-01-01T12:00:00Z"
NOW = "2030-01-01T00:00:00Z"
ON = {"delta.enableTypeWidening": "true", "delta.feature.timestampNtz": "supported"}
AT = "TIMESTAMP'2025-01-01T0{}:30:00Z'"

CHANGES = [("BYTE", "SHORT"), ("BYTE", "INT"), ("BYTE", "BIGINT"), ("SHORT", "INT"), ("SHORT", "BIGINT"),
           ("INT", "BIGINT"), ("FLOAT", "DOUBLE"), ("BYTE", "DOUBLE"), ("SHORT", "DOUBLE"),
           ("INT", "DOUBLE"), ("DATE", "TIMESTAMP_NTZ"), ("BYTE", "DECIMAL(10,0)"),
           ("SHORT", "DECIMAL(12,2)"), ("INT", "DECIMAL(38,18)"), ("BIGINT", "DECIMAL(20,0)"),
           ("BIGINT", "DECIMAL(25,5)"), ("DECIMAL(5,2)", "DECIMAL(9,2)"),
           ("DECIMAL(5,2)", "DECIMAL(20,4)"), ("DECIMAL(18,2)", "DECIMAL(38,6)")]
VALUES = {"DATE": ["DATE'2025-02-03'", "DATE'0001-01-01'"], "FLOAT": ["1.5", "float('-Infinity')"]}
NEW = {"TIMESTAMP_NTZ": "TIMESTAMP_NTZ'2025-02-03 04:05:06'"}


def names(changes):
    return [f"{a} to {b}" for a, b in changes]


def test_every_change_of_the_protocol(source, sluice):
    columns = ", ".join(f"c{i} {a}" for i, (a, _) in enumerate(CHANGES))
    events = source(f"id INT, event_timestamp TIMESTAMP, {columns}", properties=ON)
    for n in range(2):
        events.insert(f"{n}, {AT.format(n + 1)}, " + ", ".join(
            f"CAST({VALUES.get(a, ['7', '-7'])[n]} AS {a})" for a, _ in CHANGES))
    for i, (_, b) in enumerate(CHANGES):
        events.sql(f"ALTER TABLE {{t}} CHANGE COLUMN c{i} TYPE {b}")
    events.insert("3, " + AT.format(5) + ", " + ", ".join(
        f"CAST({NEW.get(b, '100')} AS {b})" for _, b in CHANGES))
    assert_windows_like_guide(sluice, events, "2025-01-01T02:00:00Z", NOON)


@pytest.mark.parametrize(("before", "after"), CHANGES, ids=names(CHANGES))
def test_partition_values_that_were_written_before(before, after, source, sluice):
    events = source(f"id INT, event_timestamp TIMESTAMP, p {before}", properties=ON, partitioned_by="p")
    value = VALUES.get(before, ["7"])[0]
    events.insert(f"1, {AT.format(1)}, {value}", f"2, {AT.format(2)}, NULL")
    events.sql(f"ALTER TABLE {{t}} CHANGE COLUMN p TYPE {after}")
    events.insert(f"3, {AT.format(3)}, {NEW.get(after, '100')}")
    assert_windows_like_guide(sluice, events, NOON)


def test_parts_of_structs_arrays_and_maps(source, sluice):
    events = source("id INT, event_timestamp TIMESTAMP, s STRUCT<a: INT, b: ARRAY<SHORT>>,"
                    " m MAP<BYTE, STRUCT<f: FLOAT>>", properties=ON | {"delta.columnMapping.mode": "name"})
    events.insert(f"1, {AT.format(1)}, named_struct('a', 1, 'b', array(2S, NULL)),"
                  " map(3Y, named_struct('f', 1.5F))")
    for column, kind in (("s.a", "BIGINT"), ("s.b.element", "INT"), ("m.key", "INT"), ("m.value.f", "DOUBLE")):
        events.sql(f"ALTER TABLE {{t}} CHANGE COLUMN {column} TYPE {kind}")
    events.insert(f"2, {AT.format(2)}, named_struct('a', 5000000000, 'b', array(70000)),"
                  " map(70000, named_struct('f', 1e300))")
    assert_windows_like_guide(sluice, events, NOON)


def test_the_watermark_was_a_date(source, sluice):
    events = source("id INT, event_timestamp DATE", properties=ON | {
        "delta.checkpointInterval": "3", "delta.checkpoint.writeStatsAsStruct": "true",
        "delta.checkpoint.writeStatsAsJson": "false"})
    events.insert("1, DATE'2025-01-01'")
    events.insert("2, DATE'2025-01-02'")
    events.sql("ALTER TABLE {t} CHANGE COLUMN event_timestamp TYPE TIMESTAMP_NTZ")
    events.insert("3, TIMESTAMP_NTZ'2025-01-02 05:00:00'")
    events.insert("4, TIMESTAMP_NTZ'2025-01-03 00:00:00'")
    assert_windows_like_guide(sluice, events, "2025-01-01T12:00:00Z", "2025-01-02T12:00:00Z",
                              "2025-01-03T12:00:00Z", start="2024-12-31T00:00:00Z")


def test_feeds_are_cut_where_a_type_was_widened(source, sluice):
    users = source("id INT, n INT", "users", properties=ON | {"delta.enableChangeDataFeed": "true"})
    users.insert("1, 1", "2, 2")
    sluice.add_feed("lake.users", users.path, name="users")
    sluice.run(NOW)
    users.insert("3, 3")
    expected = [users.changes(users.version, users.version)]
    users.sql("ALTER TABLE {t} CHANGE COLUMN n TYPE BIGINT")
    users.insert("4, 5000000000")
    expected.append(users.changes(users.version, users.version))
    report = sluice.run(NOW)
    windows = [rows for w in report["windows"] if (rows := sluice.export().rows(w["n"]))]
    assert len(windows) == 2, report
    for got, due in zip(windows, expected):
        assert_same_rows(got, due)
    sluice.export().check()


def test_late_rows_across_the_change(source, sluice):
    events = source("id INT, event_timestamp TIMESTAMP, n INT", properties=ON)
    events.insert(f"1, {AT.format(1)}, 1", f"2, {AT.format(2)}, 2")
    add(sluice, events)
    sluice.run(NOON)
    events.insert(f"3, {AT.format(3)}, 3")
    events.sql("ALTER TABLE {t} CHANGE COLUMN n TYPE BIGINT")
    events.sql("UPDATE {t} SET n = 5000000000 WHERE id = 1")
    report = sluice.run("2025-01-02T12:00:00Z")
    assert report["late_rows"] == 1, report
