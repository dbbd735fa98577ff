"""Files of other writers and of other times: what Spark reads of them, or refuses, so do we."""

import datetime
import decimal

import pyarrow as pa
import pytest
from support.export import without
from support.hand_written import HandWritten, array, field, mapping, struct
from support.rows import assert_same_rows, render_table
from support.spark_session import settings

NOW = "2030-01-01T00:00:00Z"
VERSION, DATES, INT96, ZONE = ("org.apache.spark." + key for key in
                               ("version", "legacyDateTime", "legacyINT96", "timeZone"))


def spark_rows(spark, path) -> list[dict] | None:
    """None where Spark refuses."""
    frame = spark.read.format("delta").load(str(path))
    try:
        return render_table(frame.toArrow())
    except Exception:  # noqa: BLE001: py4j and Arrow each have their own
        return None


def export_all(sluice, tables: dict[str, HandWritten], at_once: int = 16) -> dict:
    """Snapshots of all tables; their entries in the reports of the runs."""
    runs, names = {}, list(tables)
    for first in range(0, len(names), at_once):
        sluice.config["tables"] = []
        for name in names[first:first + at_once]:
            sluice.add_snapshots(f"lake.{name}", tables[name].path, name=name)
        runs |= {run["name"]: run for run in sluice.call("run", now=NOW).json["runs"]}
    return runs


def latest(sluice, name: str) -> list[dict]:
    """Rows of the newest snapshot, without the folder's own column."""
    return [without(row, "snapshot_ts") for row in sluice.export(name).latest()]


def assert_as_spark(spark, sluice, tables: dict[str, HandWritten], *, refused: set[str] = frozenset()):
    """`refused`: what we do not read although Spark does."""
    runs = export_all(sluice, tables)
    faults = []
    for name, table in tables.items():
        expected = spark_rows(spark, table.path)
        status, error = runs[name]["status"], runs[name].get("error")
        if expected is None or name in refused:
            if status != "failed" or error["kind"] != "unsupported":
                faults.append(f"{name}: Spark refuses, we say {status} {error}")
        elif status != "exported":
            faults.append(f"{name}: Spark reads it, we say {error}")
        else:
            try:
                assert_same_rows(latest(sluice, name), expected, name)
            except AssertionError as difference:
                faults.append(str(difference))
    assert not faults, "\n".join(faults)


def instants(unit: str, zone: str | None) -> pa.Array:
    return pa.array([0, 1704067200, None], pa.int64()).cast(pa.timestamp("s", zone)).cast(pa.timestamp(unit, zone))


def decimals(precision: int, scale: int) -> pa.Array:
    return pa.array([decimal.Decimal(1), decimal.Decimal(-2), None], pa.decimal128(precision, scale))


# Values that every wanted type can hold, so that what is compared is the type alone.
STORED = {
    "int8": pa.array([1, -2, None], pa.int8()), "int16": pa.array([1, -2, None], pa.int16()),
    "int32": pa.array([1, -2, None], pa.int32()), "int64": pa.array([1, -2, None], pa.int64()),
    "uint8": pa.array([1, 100, None], pa.uint8()), "uint16": pa.array([1, 100, None], pa.uint16()),
    "uint32": pa.array([1, 100, None], pa.uint32()), "uint64": pa.array([1, 2**63 + 5, None], pa.uint64()),
    "float32": pa.array([1.5, -2, None], pa.float32()), "float64": pa.array([1.5, -2, None], pa.float64()),
    "float16": pa.array([1.5, -2, None], pa.float16()), "boolean": pa.array([True, False, None]),
    "text": pa.array(["a", "é", None]), "bytes": pa.array([b"a", b"bc", None], pa.binary()),
    "fixed": pa.array([b"ab", b"cd", None], pa.binary(2)),
    "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef", None], pa.binary(16))),
    "json": pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}", None])),
    "date": pa.array([datetime.date(2024, 1, 1), datetime.date(1, 1, 1), None]),
    "time32": pa.array([0, 100, None], pa.int32()).cast(pa.time32("ms")),
    "time64": pa.array([0, 100, None], pa.int64()).cast(pa.time64("us")),
    "local_ms": instants("ms", None), "local_us": instants("us", None), "local_ns": instants("ns", None),
    "utc_ms": instants("ms", "UTC"), "utc_us": instants("us", "UTC"), "utc_ns": instants("ns", "UTC"),
    "int96": instants("us", "UTC"),
    "decimal5i": decimals(5, 2), "decimal12i": decimals(12, 2), "whole5i": decimals(5, 0),
    "decimal5": decimals(5, 2), "decimal12": decimals(12, 2), "decimal30": decimals(30, 2),
}
# What Spark takes them for, and what lies close to that.
WANTED = {
    "int8": "byte short long string decimal(9,0) decimal(10,0)", "int16": "byte short",
    "int64": "long double timestamp",
    "int32": "byte short integer long float double date timestamp_ntz decimal(9,0) decimal(10,0) decimal(12,2)",
    "uint8": "byte short decimal(10,0)", "uint16": "integer", "uint32": "integer long double date",
    "uint64": "long decimal(20,0) decimal(38,2)", "float32": "float double", "float64": "float double",
    "float16": "float binary", "boolean": "boolean integer", "text": "string binary", "bytes": "string binary",
    "fixed": "string binary", "uuid": "string binary", "json": "string binary",
    "date": "date integer long byte short timestamp timestamp_ntz string", "time32": "integer long timestamp",
    "time64": "long timestamp", "local_ms": "timestamp timestamp_ntz", "local_us": "timestamp timestamp_ntz long date",
    "local_ns": "timestamp_ntz", "utc_ms": "timestamp timestamp_ntz", "utc_us": "timestamp timestamp_ntz string",
    "utc_ns": "timestamp long", "int96": "timestamp timestamp_ntz long",
    "decimal5i": "decimal(5,2) decimal(4,2) decimal(6,3) decimal(5,3) decimal(38,10) byte",
    "decimal12i": "decimal(12,2) decimal(22,2) decimal(5,2)", "whole5i": "decimal(9,0) decimal(5,2) integer",
    "decimal5": "decimal(5,2) decimal(12,2) decimal(6,3) binary", "decimal12": "decimal(12,2) decimal(38,2)",
    "decimal30": "decimal(30,2) decimal(38,10) decimal(22,2)",
}
# Spark cuts these off, or takes the sign for a number.
REFUSED = {"uint32_as_double", "date_as_byte", "date_as_short", "decimal5i_as_byte"}


def options_of(stored: str) -> dict:
    if stored == "int96":
        return {"use_deprecated_int96_timestamps": True}
    return {"store_decimal_as_integer": stored.endswith("i")}


def test_stored_types_as_table_types(spark, sluice, tmp_path):
    tables = {}
    for stored, data in STORED.items():
        for wanted in WANTED[stored].split():
            name = f"{stored}_as_{wanted}".translate(str.maketrans("(),", "___"))
            table = HandWritten(tmp_path / name).write(pa.table({"c": data}), **options_of(stored))
            tables[name] = table.commit(field("c", wanted))
    assert_as_spark(spark, sluice, tables, refused=REFUSED)


# ---- Calendars

DAYS = [(1, 1, 1), (4, 2, 29), (1000, 2, 28), (1000, 3, 1), (1500, 12, 25), (1582, 10, 4)]


def julian(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a date of the Julian calendar."""
    shift = (14 - month) // 12
    y, m = year + 4800 - shift, month + 12 * shift - 3
    return day + (153 * m + 2) // 5 + 365 * y + y // 4 - 32083 - 2440588


def old_rows() -> pa.Table:
    days = [*(julian(*day) for day in DAYS), julian(1000, 2, 29), -719165, -141427, -25567, 0, 20000]
    dates = pa.array(days, pa.int32()).cast(pa.date32())
    micros = pa.array([day * 86_400_000_000 + 43_200_123_456 for day in days], pa.int64())
    utc, local = micros.cast(pa.timestamp("us", "UTC")), micros.cast(pa.timestamp("us"))
    ones = pa.array(range(len(days) + 1), pa.int32())
    return pa.table({
        "id": pa.array(range(len(days)), pa.int32()), "d": dates, "ts": utc, "ntz": local,
        "millis": utc.cast(pa.timestamp("ms", "UTC"), safe=False),
        "s": pa.StructArray.from_arrays([dates, utc], ["d", "ts"]),
        "l": pa.ListArray.from_arrays(ones, utc),
        "m": pa.MapArray.from_arrays(ones, dates, utc), "as_ntz": dates})


OLD_FIELDS = [field("id", "integer"), field("d", "date"), field("ts", "timestamp"), field("ntz", "timestamp_ntz"),
              field("millis", "timestamp"), field("s", struct(field("d", "date"), field("ts", "timestamp"))),
              field("l", array("timestamp")), field("m", mapping("date", "timestamp")),
              field("as_ntz", "timestamp_ntz")]
FOOTERS = {
    "no_marks": {}, "mark_without_version": {DATES: "", INT96: ""}, "spark2": {VERSION: "2.4.8"},
    "spark30": {VERSION: "3.0.3"}, "spark35": {VERSION: "3.5.1"}, "spark40": {VERSION: "4.0.0"},
    "legacy": {VERSION: "3.5.1", DATES: "", INT96: "", ZONE: "UTC"},
    "legacy_dates": {VERSION: "3.5.1", DATES: "", ZONE: "UTC"},
    "legacy_int96": {VERSION: "3.5.1", INT96: "", ZONE: "UTC"},
    "east": {VERSION: "3.5.1", DATES: "", INT96: "", ZONE: "Etc/GMT-9"},
    "west": {VERSION: "3.5.1", DATES: "", INT96: "", ZONE: "GMT-03:30"},
    "not_of_java": {VERSION: "3.5.1", DATES: "", INT96: "", ZONE: "+08:00"},
}


@pytest.mark.parametrize("int96", [False, True])
def test_old_days_by_every_mark(int96, spark, sluice, tmp_path):
    tables = {}
    for name, footer in FOOTERS.items():
        table = HandWritten(tmp_path / name)
        table.write(old_rows(), footer, use_deprecated_int96_timestamps=int96)
        tables[name] = table.commit(*OLD_FIELDS)
    assert_as_spark(spark, sluice, tables)


def test_old_instants_of_a_zone_with_a_history_are_refused(spark, sluice, tmp_path):
    footer = {VERSION: "3.5.1", DATES: "", ZONE: "Europe/Paris"}
    tables = {"old": HandWritten(tmp_path / "old").write(old_rows(), footer).commit(*OLD_FIELDS),
              "late": HandWritten(tmp_path / "late").write(old_rows().slice(9), footer).commit(*OLD_FIELDS),
              "dates": HandWritten(tmp_path / "dates").write(old_rows(), footer).commit(*OLD_FIELDS[:2])}
    assert_as_spark(spark, sluice, tables, refused={"old"})


def test_windows_over_old_days(sluice, tmp_path):
    """The footer's bounds are in the file's calendar, too: 0001-01-01 must not be pruned away."""
    table = HandWritten(tmp_path / "old")
    for at in range(old_rows().num_rows):
        table.write(old_rows().slice(at, 1), FOOTERS["legacy"])
    table.commit(*OLD_FIELDS)
    sluice.add("lake.old", table.path, name="old", watermark="ts", partition="daily", columns=["id", "ts"],
               start="0001-01-01T00:00:00Z")
    assert sluice.run("0001-01-02T00:00:00Z")["rows"] == 1
    assert sluice.run("1582-10-05T00:00:00Z")["rows"] == len(DAYS)
    assert sluice.run(NOW)["rows"] == 4


def test_what_the_legacy_modes_of_spark_write(source, sluice):
    table = source("id INT, d DATE, ts TIMESTAMP, l ARRAY<DATE>, m MAP<STRING, TIMESTAMP>, n ARRAY<STRUCT<x: INT>>,"
                   " small DECIMAL(9,2), wide DECIMAL(20,2)", timestamps="INT96")
    rows = [f"{i}, DATE'{day}', TIMESTAMP'{day} 12:00:00.123456', array(DATE'{day}', NULL),"
            f" map('k', TIMESTAMP'{day} 23:59:59'), array(named_struct('x', 1), NULL), 1.25, -3.50"
            for i, day in enumerate(["0001-01-01", "1000-03-01", "1582-10-04", "1582-10-15", "2026-01-05"])]
    for timestamps in ("INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"):
        table.timestamps = timestamps
        with settings(table.spark, spark__sql__parquet__datetimeRebaseModeInWrite="LEGACY",
                      spark__sql__parquet__int96RebaseModeInWrite="LEGACY",
                      spark__sql__parquet__writeLegacyFormat="true"):
            table.insert(*rows, "9, NULL, NULL, NULL, NULL, array(), NULL, NULL")
    for keep in ("micros", "source"):
        sluice.add_snapshots(f"lake.{keep}", table.path, name=keep, timestamps=keep)
    assert sluice.call("run", now=NOW).code == 0
    for keep in ("micros", "source"):
        assert_same_rows(latest(sluice, keep), spark_rows(table.spark, table.path), keep)


# ---- Arrow's marks

def test_marks_of_arrow_do_not_change_what_is_read(spark, sluice, tmp_path):
    columns = {
        "large": (pa.array(["a", None], pa.large_string()), "string"),
        "view": (pa.array(["a", "a text too long for a view"], pa.string_view()), "string"),
        "words": (pa.array(["a", "b"]).dictionary_encode(), "string"),
        "span": (pa.array([1, None], pa.duration("us")), "long"),
        "small": (pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0], pa.int8())), "byte"),
        "json": (pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}", None])), "string"),
        "uuid": (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef", None], pa.binary(16))),
                 "binary"),
        "pairs": (pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)), array("integer")),
        "items": (pa.array([["x"], None], pa.large_list(pa.large_string())), array("string")),
        "at": (pa.array([1, None], pa.timestamp("s", "America/New_York")), "timestamp"),
    }
    tables = {}
    for compliant in (True, False):
        table = HandWritten(tmp_path / f"marks_{compliant}")
        table.write(pa.table({name: data for name, (data, _) in columns.items()}), store_schema=True,
                    use_compliant_nested_type=compliant)
        tables[table.path.name] = table.commit(*(field(name, kind) for name, (_, kind) in columns.items()))
    assert_as_spark(spark, sluice, tables)


# ---- CHAR(n)

def test_char_inside_of_columns_is_padded(source, sluice):
    table = source("id INT, s STRUCT<c: CHAR(3), v: VARCHAR(3)>, l ARRAY<CHAR(2)>, m MAP<CHAR(2), STRUCT<c: CHAR(4)>>")
    table.insert("1, named_struct('c', 'a', 'v', 'b'), array('x', NULL), map('k', named_struct('c', 'é'))",
                 "2, NULL, NULL, NULL", "3, named_struct('c', NULL, 'v', NULL), array(), map()")
    sluice.add_snapshots("lake.chars", table.path, name="chars")
    sluice.run(NOW)
    assert_same_rows(latest(sluice, "chars"), spark_rows(table.spark, table.path), "chars")
