"""VARIANT columns leave as what Spark's files hold: a struct of binary value and metadata."""

import pyarrow.parquet as pq
from support.compare import add

NOON = "2025-01-01T12:00:00Z"
AT = "TIMESTAMP'2025-01-01T01:30:00Z'"
COLUMNS = ("id INT, event_timestamp TIMESTAMP, v VARIANT, s STRUCT<x: VARIANT, y: INT>, a ARRAY<VARIANT>,"
           " m MAP<STRING, VARIANT>")
DOCUMENT = """parse_json('{"a": 1, "b": [true, null, "x"], "c": {"d": 1.5}}')"""
ROWS = [f"1, {AT}, {DOCUMENT}, named_struct('x', parse_json('5'), 'y', 1),"
        " array(parse_json('\"q\"'), NULL), map('k', parse_json('[]'))",
        f"2, {AT}, NULL, NULL, NULL, NULL",
        f"3, {AT}, parse_json('null'), named_struct('x', NULL, 'y', 2), array(), map('k', NULL)"]


def rows_of(files) -> list[dict]:
    rows = [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]
    for row in rows:
        row.pop("event_timestamp")
    return sorted(rows, key=lambda row: row["id"])


def exported(sluice) -> list[dict]:
    return rows_of(sluice.export().folder.rglob("*.parquet"))


def test_values_are_those_of_the_files(source, sluice):
    events = source(COLUMNS)
    events.insert(*ROWS)
    add(sluice, events)
    sluice.run(NOON)
    assert exported(sluice) == rows_of(events.path.glob("*.parquet"))
    sluice.export().check()
    assert sluice.call("verify").code == 0


def test_spark_reads_the_export_back(source, sluice):
    events = source(COLUMNS)
    events.insert(*ROWS)
    add(sluice, events)
    sluice.run(NOON)
    text = "id, to_json(v), to_json(s), to_json(a), to_json(m)"
    schema = ("id INT, v VARIANT, s STRUCT<x: VARIANT, y: INT>, a ARRAY<VARIANT>, m MAP<STRING, VARIANT>")
    back = events.spark.read.schema(schema).parquet(str(sluice.export().folder))
    got = sorted(map(tuple, back.selectExpr(*text.split(", ")).collect()))
    assert got == sorted(map(tuple, events.spark.table(events.name).selectExpr(*text.split(", ")).collect()))
