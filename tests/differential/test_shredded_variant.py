"""VARIANT columns that Spark shredded are put together again to the very bytes that Spark's reader gives.

SLUICE_HISTORY_SEEDS (a count) plays more random values.
"""

import os
import random

import pyarrow.parquet as pq
import pytest
from support.no_feed import without_feed
from support.spark_session import settings
from support.variants import bytes_of, random_shredding, random_variant

SEEDS = max(4, int(os.environ.get("SLUICE_HISTORY_SEEDS", "0")))
NOW = "2030-01-01T00:00:00Z"
# Spark 4.1 cannot write more than three columns under a schema that is forced.
COLUMNS = "id INT, v VARIANT, s STRUCT<x: VARIANT, y: INT, a: ARRAY<VARIANT>, m: MAP<STRING, VARIANT>>"
SHREDDED = {"delta.enableVariantShredding": "true"}
DOCUMENT = """parse_json('{"a": 1, "b": "x", "c": {"a": null, "d": [1, "y"]}, "e": 2.50}')"""


def shredding(spark, schema: str | None):
    """How Spark shreds what it writes meanwhile; None: as it infers."""
    forced = {"spark__sql__variant__forceShreddingSchemaForTest": schema or ""}
    return settings(spark, spark__sql__variant__writeShredding__enabled="true",
                    spark__sql__variant__inferShreddingSchema=str(schema is None).lower(), **forced)


def is_shredded(table) -> bool:
    files = [file for file in table.path.rglob("*.parquet") if "_delta_log" not in file.parts]
    return all("typed_value" in str(pq.ParquetFile(file).schema) for file in files
               if pq.ParquetFile(file).metadata.num_rows)


def variants(frame) -> list[dict]:
    return sorted((bytes_of(row) for row in frame.collect()), key=lambda row: row["id"])


def exported(folder) -> list[dict]:
    rows = [row for file in folder.rglob("*.parquet") for row in pq.ParquetFile(file).read().to_pylist()]
    return sorted(rows, key=lambda row: row["id"])


def assert_snapshot_like_spark(sluice, table) -> None:
    sluice.add_snapshots("lake.copy", table.path, name="copy")
    sluice.run(NOW, "copy")
    got = exported(sluice.export("copy").check().snapshots)
    assert got == variants(table.spark.table(table.name))
    assert sluice.call("verify", now=NOW).code == 0


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_values_under_random_schemas(seed, source, sluice):
    random_ = random.Random(seed)
    table = source(COLUMNS, properties=SHREDDED)
    for file in range(3):
        rows = [f"{file * 100 + n}, {random_variant(random_)},"
                f" named_struct('x', {random_variant(random_)}, 'y', {n},"
                f" 'a', array({random_variant(random_)}, {random_variant(random_)}),"
                f" 'm', map('k', {random_variant(random_)}))" for n in range(12)]
        schema = random_shredding(random_)
        with shredding(table.spark, schema):
            table.insert(*rows)
    assert is_shredded(table)
    assert_snapshot_like_spark(sluice, table)


def test_schemas_that_spark_infers(source, sluice):
    table = source("id INT, v VARIANT", properties=SHREDDED)
    with shredding(table.spark, None):
        table.insert(*(f"""{n}, parse_json('{{"n": {n}, "t": "x{n}", "o": {{"k": [{n}]}}}}')""" for n in range(40)))
    assert is_shredded(table)
    assert_snapshot_like_spark(sluice, table)


def test_spark_reads_the_export_back(source, sluice):
    table = source("id INT, v VARIANT", properties=SHREDDED)
    with shredding(table.spark, "a INT, c STRUCT<d: ARRAY<INT>>, e DECIMAL(10, 4)"):
        table.insert(f"1, {DOCUMENT}", "2, NULL", "3, parse_json('7')")
    assert is_shredded(table)
    sluice.add_snapshots("lake.copy", table.path, name="copy")
    sluice.run(NOW)
    back = table.spark.read.schema("id INT, v VARIANT").parquet(str(sluice.export("copy").snapshots))
    text = ["id", "to_json(v)", "schema_of_variant(v)", "variant_get(v, '$.c.d[1]', 'string')"]
    expected = sorted(map(tuple, table.spark.table(table.name).selectExpr(*text).collect()))
    assert sorted(map(tuple, back.selectExpr(*text).collect())) == expected
    assert expected[0][1:] == ('{"a":1,"b":"x","c":{"a":null,"d":[1,"y"]},"e":2.5}', expected[0][2], "y")


@pytest.mark.parametrize("mapping", ["none", "name", "id"])
def test_deletion_vectors_mapping_and_optimize(mapping, source, sluice):
    table = source("id INT, v VARIANT, s STRUCT<x: VARIANT>",
                   properties=SHREDDED | {"delta.enableDeletionVectors": "true", "delta.columnMapping.mode": mapping})
    with shredding(table.spark, "a INT, b STRING"):
        table.insert(*(f"""{n}, parse_json('{{"a": {n}, "z": {n}}}'), named_struct('x', {DOCUMENT})"""
                       for n in range(20)))
    with shredding(table.spark, "z DOUBLE, a STRING"):
        table.sql("DELETE FROM {t} WHERE id IN (3, 4)")
        table.sql("UPDATE {t} SET v = parse_json('[1]') WHERE id = 7")
        table.sql("OPTIMIZE {t}")
    assert is_shredded(table)
    assert_snapshot_like_spark(sluice, table)


def change_history(table) -> None:
    with shredding(table.spark, "a INT, b STRING"):
        table.insert(*(f"{n}, {DOCUMENT}" for n in range(10)))
    with shredding(table.spark, None):
        table.sql("UPDATE {t} SET v = parse_json('{\"b\": 1}') WHERE id = 7")
        table.sql("DELETE FROM {t} WHERE id = 3")
        table.sql("MERGE INTO {t} t USING (SELECT 8 AS id UNION ALL SELECT 80) s ON t.id = s.id"
                  " WHEN MATCHED THEN UPDATE SET t.v = parse_json('8')"
                  " WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, parse_json('[80]'))")


@pytest.mark.parametrize("computed", [False, True], ids=["read", "computed"])
@pytest.mark.parametrize("vectors", ["true", "false"], ids=["vectors", "rewrites"])
def test_feeds(vectors, computed, source, sluice, tmp_path):
    table = source("id INT, v VARIANT", properties=SHREDDED | {
        "delta.enableChangeDataFeed": "true", "delta.enableRowTracking": "true",
        "delta.enableDeletionVectors": vectors})
    change_history(table)
    path = without_feed(table.path, tmp_path / "copy") if computed else table.path
    sluice.add_feed("lake.feed", path, name="feed", start=0)
    sluice.run(NOW)
    got = [(row["id"], row["_change_type"], row["_commit_version"], row["v"]["metadata"], row["v"]["value"])
           for row in exported(sluice.export("feed").check().folder)]
    feed = table.spark.sql(f"SELECT * FROM table_changes('{table.name}', 0)").collect()
    assert sorted(got) == sorted((row["id"], row["_change_type"], row["_commit_version"],
                                  bytes(row["v"].metadata), bytes(row["v"].value)) for row in feed)


def test_windows_by_watermark(source, sluice):
    table = source("id INT, event_timestamp TIMESTAMP, v VARIANT", properties=SHREDDED)
    with shredding(table.spark, "a INT"):
        table.insert(*(f"{n}, TIMESTAMP'2025-01-01T0{n}:30:00Z', {DOCUMENT}" for n in range(8)))
    sluice.add("lake.events", table.path, start="2025-01-01T00:00:00Z")
    assert sluice.run("2025-01-01T06:00:00Z")["rows"] == 6
    (metadata,) = {bytes(row.v.metadata) for row in table.spark.table(table.name).collect()}
    assert {row["v"]["metadata"] for row in exported(sluice.export("events").check().folder)} == {metadata}
