"""Every shape of source table: partitions, types, evolution, checkpoints, deletion vectors."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.compare import START, add, assert_windows_like_guide
from support.rows import assert_same_rows
from support.source import EVENTS
from support.spark_session import settings

NOON = "2025-01-01T12:00:00Z"
AT = "TIMESTAMP'2025-01-01T03:30:00Z'"


def test_partition_values_that_paths_escape(source, sluice):
    events = source("id INT, event_timestamp TIMESTAMP, region STRING, day DATE, n INT",
                    partitioned_by="region, day, n")
    regions = ["'a/b=c:d'", "'é %25 x'", "'100%'", "'sp ace+plus&'", "NULL", "''", "'%2F'", "'日本'",
               "'{}'", "'quote\"'", "'tab\\t'"]
    events.insert(*(f"{i}, TIMESTAMP'2025-01-01T0{i % 3}:30:00Z', {region}, "
                    f"{'NULL' if i % 2 else 'DATE' + repr('2025-01-01')}, {i % 2}"
                    for i, region in enumerate(regions)))
    assert_windows_like_guide(sluice, events, "2025-01-01T02:00:00Z", NOON)


def test_partition_columns_of_every_type(source, sluice):
    events = source("id INT, event_timestamp TIMESTAMP, b BOOLEAN, i8 BYTE, i64 BIGINT, d DOUBLE,"
                    " dec DECIMAL(10,2), ts TIMESTAMP, ntz TIMESTAMP_NTZ, bin BINARY",
                    partitioned_by="b, i8, i64, d, dec, ts, ntz, bin")
    events.insert(f"1, {AT}, true, 1, 3, -2.25, 12.34, TIMESTAMP'2025-01-01T00:59:59.999999Z',"
                  " TIMESTAMP_NTZ'2025-03-09 02:30:00', X'4142'",
                  f"2, {AT}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL")
    assert_windows_like_guide(sluice, events, NOON)


@pytest.mark.parametrize(("kind", "literal"), [
    ("TIMESTAMP", "TIMESTAMP'2025-01-01T{:02}:00:00.25Z'"),
    ("TIMESTAMP_NTZ", "TIMESTAMP_NTZ'2025-01-01 {:02}:00:00'"),
    ("STRING", "'2025-01-01T{:02}:30'"),
    ("DATE", "DATE'2025-01-{:02}'")])
@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles"])
def test_the_watermark_is_a_partition_column(kind, literal, zone, source, sluice):
    events = source(f"id INT, event_timestamp {kind}", partitioned_by="event_timestamp")
    with settings(events.spark, spark__sql__session__timeZone=zone):
        events.insert(*(f"{hour}, {literal.format(hour)}" for hour in (1, 2, 9, 10, 11)), "99, NULL")
    reports = assert_windows_like_guide(sluice, events, "2025-01-01T10:00:00Z",
                                        "2025-01-02T00:00:00Z", timezone=zone)
    assert reports[-1]["null_watermarks"] == 1


def test_all_primitive_types(source, sluice):
    events = source("id INT, b BOOLEAN, i8 BYTE, i16 SHORT, i64 BIGINT, f FLOAT, d DOUBLE,"
                    " d9 DECIMAL(9,2), d18 DECIMAL(18,0), d38 DECIMAL(38,10), s STRING, v VARCHAR(9),"
                    " c CHAR(3), bin BINARY, day DATE, ntz TIMESTAMP_NTZ, event_timestamp TIMESTAMP",
                    timestamps="INT96")
    events.insert(
        "1, true, 127, 32767, 9223372036854775807, 1.5, 1e-300, 9999999.99, 999999999999999999,"
        " 9999999999999999999999999999.9999999999, 'x', 'vv', 'c', X'00FF', DATE'9999-12-31',"
        f" TIMESTAMP_NTZ'2025-03-09 02:30:00', {AT}",
        "2, false, -128, -32768, -9223372036854775808, float('NaN'), double('-Infinity'), -0.01, -1,"
        f" -0.0000000001, '', '', '', X'', DATE'0001-01-01', TIMESTAMP_NTZ'1900-01-01 00:00:00', {AT}",
        f"3, {', '.join(['NULL'] * 15)}, {AT}",
        f"4, true, 0, 0, 0, float('-0.0'), -0.0D, 0, 0, 0, 'e\u0301 \U0001f600', 'é', 'é', X'F09F9880',"
        f" DATE'1969-12-31', TIMESTAMP_NTZ'1969-12-31 23:59:59.999999', {AT}")
    assert_windows_like_guide(sluice, events, NOON)


def test_nested_types_with_nulls_and_empties_at_each_level(source, sluice):
    events = source("id INT, s STRUCT<a: INT, b: STRUCT<c: STRING, at: TIMESTAMP>>,"
                    " xs ARRAY<STRUCT<k: STRING, v: DECIMAL(20,3), t: TIMESTAMP>>,"
                    " m MAP<STRING, ARRAY<INT>>, mt MAP<TIMESTAMP, DECIMAL(38,2)>,"
                    " deep ARRAY<MAP<STRING, STRUCT<q: ARRAY<ARRAY<BIGINT>>>>>,"
                    " event_timestamp TIMESTAMP", timestamps="INT96")
    events.insert(
        f"1, named_struct('a', 1, 'b', named_struct('c', 'x', 'at', {AT})),"
        f" array(named_struct('k', 'k1', 'v', 1.5, 't', {AT}), NULL,"
        "  named_struct('k', NULL, 'v', NULL, 't', NULL)),"
        " map('one', array(1, NULL), 'none', NULL, 'empty', array()),"
        f" map({AT}, 1.25, TIMESTAMP'1969-12-31T00:00:00Z', NULL),"
        f" array(map('z', named_struct('q', array(array(1L, NULL), NULL, array()))), map(), NULL), {AT}",
        f"2, named_struct('a', NULL, 'b', NULL), array(), map(), map(), array(), {AT}",
        f"3, NULL, NULL, NULL, NULL, NULL, {AT}", rows_per_file=1)
    assert_windows_like_guide(sluice, events, NOON)


def test_columns_and_nested_fields_added_between_windows(source, sluice):
    events = source("id INT, s STRUCT<a: INT>, xs ARRAY<STRUCT<k: INT>>, event_timestamp TIMESTAMP")
    events.insert("1, named_struct('a', 1), array(named_struct('k', 1)), TIMESTAMP'2025-01-01T01:00:00Z'",
                  "2, NULL, array(NULL), TIMESTAMP'2025-01-01T05:00:00Z'", rows_per_file=1)
    start, middle = START, "2025-01-01T02:00:00Z"
    add(sluice, events).run(middle)
    assert_same_rows(sluice.export().rows(), events.expected(start, middle))
    first = len(sluice.export().manifests())
    events.sql("ALTER TABLE {t} ADD COLUMNS (added STRING AFTER id, s.b STRING, xs.element.w STRING)")
    events.insert("3, 'new', named_struct('a', 2, 'b', 'bb'), array(named_struct('k', 2, 'w', 'w')),"
                  " TIMESTAMP'2025-01-01T06:00:00Z'")
    report = sluice.run(NOON)
    # The old file is read with the new schema: what it lacks is NULL.
    numbers = [window["n"] for window in report["windows"]]
    assert min(numbers) >= first
    assert_same_rows(sluice.export().check().rows(*numbers), events.expected(middle, NOON))


@pytest.mark.parametrize("part_size", [None, "3"], ids=["classic", "multi-part"])
@pytest.mark.parametrize("cleaned", [False, True], ids=["whole log", "log cleaned"])
@pytest.mark.parametrize("stats", ["json", "struct"])
def test_checkpointed_logs(part_size, cleaned, stats, spark, source, sluice):
    properties = {"delta.checkpointInterval": "4"}
    if stats == "struct":
        properties |= {"delta.checkpoint.writeStatsAsStruct": "true",
                       "delta.checkpoint.writeStatsAsJson": "false"}
    with settings(spark, spark__databricks__delta__checkpoint__partSize=part_size):
        events = source(EVENTS, properties=properties)
        events.insert(*(f"{i}, 'a', TIMESTAMP'2025-01-01T0{i}:59:59.999999Z'" for i in range(8)),
                      rows_per_file=1)
        events.insert("8, 'b', TIMESTAMP'2025-01-01T08:30:00Z'", "9, 'b', NULL")
        events.sql("DELETE FROM {t} WHERE id = 3")
        events.insert("10, 'c', TIMESTAMP'2025-01-01T09:30:00Z'")
        events.insert("11, 'd', TIMESTAMP'2025-01-01T10:30:00Z'")
    parts = [file for file in events.log.glob("*.parquet") if ".checkpoint." in file.name]
    assert len(parts) > 1 if part_size else len(parts) == 1, parts
    if cleaned:
        for version in range(4):
            (events.log / f"{version:020}.json").unlink()
    assert_windows_like_guide(sluice, events, "2025-01-01T05:00:00Z", NOON)


@pytest.mark.parametrize("hint", ["{", '{"version": 99, "size": 1}', '{"version": 0, "size": 1}', ""])
def test_a_wrong_last_checkpoint_changes_nothing(hint, source, sluice):
    events = source(EVENTS, properties={"delta.checkpointInterval": "2"})
    for i in range(3):
        events.insert(f"{i}, 'a', TIMESTAMP'2025-01-01T0{i}:30:00Z'")
    expected = events.expected(START, NOON)
    (events.log / "_last_checkpoint").write_text(hint)
    add(sluice, events).run(NOON)
    assert_same_rows(sluice.export().check().rows(), expected)


@pytest.mark.parametrize("partition", ["hourly", "daily"])
def test_source_columns_named_like_partition_columns_are_replaced(partition, source, sluice):
    events = source("id INT, DT STRING, hr INT, event_timestamp TIMESTAMP")
    events.insert("1, 'mine', 77, TIMESTAMP'2025-01-01T03:30:00Z'")
    add(sluice, events, partition=partition).run(NOON)
    hourly = partition == "hourly"
    expected = [{"id": row["id"], "hr": row["hr"], "event_timestamp": row["event_timestamp"],
                 "dt": row["DT"] if "DT" in row else row["dt"]}
                for row in events.expected(START, NOON, hourly=hourly)]
    got = [{key: row[key] for key in expected[0]} for row in sluice.export().check().rows()]
    assert_same_rows(got, expected)
    assert got[0]["dt"] == "2025-01-01" and got[0]["hr"] == ("03" if hourly else 77)


@pytest.mark.parametrize("choice", [{"columns": ["NAME", "event_timestamp"]}, {"columns": ["Id"]},
                                    {"exclude": ["secret_salary"]},
                                    {"exclude": ["SECRET_salary", "event_timestamp"]}],
                         ids=["columns", "without the watermark", "exclude", "exclude watermark"])
def test_columns_and_exclude(choice, source, sluice):
    events = source("id INT, secret_salary STRING, name STRING, event_timestamp TIMESTAMP")
    events.insert(f"1, 'k0nfidential', 'a', {AT}", f"2, 'k0nfidential', NULL, {AT}")
    add(sluice, events, **choice).run(NOON)
    everything = ["id", "secret_salary", "name", "event_timestamp"]
    lower = [name.lower() for name in choice.get("columns", choice.get("exclude"))]
    kept = [c for c in everything if (c in lower) == ("columns" in choice)]
    assert_same_rows(sluice.export().check().rows(),
                     events.expected(START, NOON, columns=",".join(kept)))
    for file in sluice.destination.rglob("*"):
        if file.is_file() and "ledger" not in file.parts:
            assert b"k0nfidential" not in file.read_bytes(), file
            assert b"secret_salary" not in file.read_bytes(), file


def test_rows_masked_by_deletion_vectors_stay_out(source, sluice):
    events = source(EVENTS, properties={"delta.enableDeletionVectors": "true"}, timestamps="INT96")
    events.sql("INSERT INTO {t} SELECT /*+ COALESCE(1) */ id, 'a', TIMESTAMP'2025-01-01T00:00:00Z'"
               " + make_interval(0, 0, 0, 0, 0, id) FROM range(600)")
    events.sql("DELETE FROM {t} WHERE id % 7 = 0")
    events.sql("DELETE FROM {t} WHERE id BETWEEN 100 AND 110")
    events.sql("UPDATE {t} SET name = 'changed' WHERE id = 200")
    assert any("deletionVector" in action.get("add", {}) for action in events.commit(events.version))
    assert_windows_like_guide(sluice, events, "2025-01-01T02:00:00Z", NOON)


def test_compaction_changes_nothing(source, sluice):
    events = source(EVENTS)
    events.insert(*(f"{i}, 'a', TIMESTAMP'2025-01-01T0{i}:30:00Z'" for i in range(6)), rows_per_file=1)
    add(sluice, events).run("2025-01-01T03:00:00Z")
    events.sql("OPTIMIZE {t}")
    sluice.run(NOON)
    assert_same_rows(sluice.export().check().rows(), events.expected(START, NOON))


def test_an_empty_table_and_an_empty_window_are_exported_with_no_file(source, sluice):
    events = source(EVENTS)
    report = add(sluice, events).run("2025-01-01T03:00:00Z")
    assert (report["status"], report["rows"], report["files"]) == ("exported", 0, 0)
    events.insert("1, 'a', TIMESTAMP'2025-01-01T09:30:00Z'")
    assert sluice.run("2025-01-01T04:00:00Z")["rows"] == 0
    assert sluice.run(NOON)["rows"] == 1
    assert sluice.export().check().kinds() == ["window"] * 3


def test_at_version_reads_the_source_as_it_was(source, sluice):
    events = source(EVENTS)
    events.insert("1, 'a', TIMESTAMP'2025-01-01T01:30:00Z'")
    old = events.insert("2, 'b', TIMESTAMP'2025-01-01T02:30:00Z'")
    events.sql("DELETE FROM {t} WHERE id = 1")
    events.insert("3, 'c', TIMESTAMP'2025-01-01T03:30:00Z'")
    add(sluice, events).run(NOON, "--at-version", str(old))
    assert_same_rows(sluice.export().check().rows(), events.expected(START, NOON, version=old))
    assert sluice.export().manifests()[-1]["source_version"] == old


def test_int96_is_kept_where_asked_and_micros_otherwise(source, sluice):
    events = source(EVENTS, timestamps="INT96")
    events.insert(f"1, 'a', {AT}", "2, 'b', TIMESTAMP'2025-01-01T13:30:00Z'")
    add(sluice, events).run(NOON)
    sluice.change(timestamps="source").run("2025-01-01T14:00:00Z")
    assert_same_rows(sluice.export().check().rows(), events.expected(START, "2025-01-01T14:00:00Z"))
    kinds = []
    for manifest in sluice.export().manifests():
        for file in manifest["files"]:
            schema = pq.ParquetFile(sluice.destination / file["path"]).schema
            kinds.append(schema.column(2).physical_type)
    assert kinds == ["INT64", "INT96"]


def test_files_hold_microseconds_in_utc_and_nullable_columns(source, sluice):
    events = source("id INT NOT NULL, event_timestamp TIMESTAMP NOT NULL, ntz TIMESTAMP_NTZ")
    events.insert(f"1, {AT}, NULL")
    add(sluice, events).run(NOON)
    (file,) = sluice.export().check().data_files()
    schema = pq.ParquetFile(sluice.destination / file).schema_arrow
    assert schema.field("event_timestamp").type == pa.timestamp("us", "UTC")
    assert schema.field("ntz").type == pa.timestamp("us")
    assert schema.field("id").type == pa.int32()


@pytest.mark.parametrize("name", ["sp ace", "per%20cent", "é", "a+b&c", "x=1"])
def test_a_table_in_a_folder_with_an_awkward_name(name, source, sluice, tmp_path):
    events = source(EVENTS)
    events.insert(f"1, 'a', {AT}", "2, 'b', TIMESTAMP'2025-01-01T04:30:00Z'", rows_per_file=1)
    expected = events.expected(START, NOON)
    moved = tmp_path / "moved" / name
    shutil.copytree(events.path, moved)
    sluice.add(events.name, f"moved/{name}", name="events", start=START).run(NOON)
    assert_same_rows(sluice.export().check().rows(), expected)
