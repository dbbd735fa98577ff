"""Shapes of tables that other readers of Delta are tested with, made anew here: the rows are Spark's."""

import pyarrow as pa
import pytest
from support.compare import assert_windows_like_guide
from support.export import without
from support.hand_written import HandWritten, array, field, mapping, struct
from support.rows import assert_same_rows, render_table
from support.source import EVENTS
from support.spark_session import settings

NOON = "2025-01-01T12:00:00Z"
NOW = "2030-01-01T00:00:00Z"
AT = "TIMESTAMP'2025-01-01T01:00:00Z'"


def exported_snapshot(sluice, path, name="copy", *arguments) -> list[dict]:
    sluice.add_snapshots(f"lake.{name}", path, name=name)
    sluice.run(NOW, name, *arguments)
    return [without(row, "snapshot_ts") for row in sluice.export(name).check().latest()]


def required(kind: dict) -> dict:
    """The same with every part required, where files may have it optional."""
    kind = {key: required(value) if isinstance(value, dict) else value for key, value in kind.items()}
    kind |= {key: False for key in ("nullable", "containsNull", "valueContainsNull") if key in kind}
    if "fields" in kind:
        kind["fields"] = [required(part) for part in kind["fields"]]
    return kind


@pytest.mark.parametrize("strict", ["files", "table"])
def test_what_may_be_null_differs_between_the_table_and_its_files(strict, spark, sluice, tmp_path):
    fields = [field("id", "long"), field("s", struct(field("a", "integer"))), field("l", array("string")),
              field("m", mapping("string", "integer"))]
    kind = pa.schema([
        pa.field("id", pa.int64(), strict == "table"),
        pa.field("s", pa.struct([pa.field("a", pa.int32(), strict == "table")]), strict == "table"),
        pa.field("l", pa.list_(pa.field("element", pa.string(), strict == "table")), strict == "table"),
        pa.field("m", pa.map_(pa.string(), pa.field("value", pa.int32(), strict == "table")), strict == "table")])
    rows = pa.Table.from_pydict({"id": [1, 2], "s": [{"a": 1}, {"a": 2}], "l": [["x"], []],
                                 "m": [[("k", 1)], []]}, kind)
    table = HandWritten(tmp_path / "lake").write(rows)
    table.commit(*(fields if strict == "files" else [required(part) for part in fields]))
    expected = render_table(spark.read.format("delta").load(str(table.path)).toArrow())
    assert_same_rows(exported_snapshot(sluice, table.path), expected)


def test_deleted_rows_of_files_with_many_pages_and_row_groups(source, sluice):
    events = source(EVENTS, properties={"delta.enableDeletionVectors": "true"})
    with settings(events.spark, parquet__block__size="65536", parquet__page__row__count__limit="500",
                  parquet__block__size__row__check__min="100", parquet__page__size="2048"):
        events.sql("INSERT INTO {t} SELECT /*+ COALESCE(1) */ id, sha2(CAST(id AS STRING), 256),"
                   " TIMESTAMP'2025-01-01T00:00:00Z' + make_interval(0, 0, 0, 0, 0, id % 300) FROM range(30000)")
    events.sql("DELETE FROM {t} WHERE id % 997 = 0 OR id BETWEEN 900 AND 2100 OR id > 29990")
    events.sql("DELETE FROM {t} WHERE id < 20")
    assert_windows_like_guide(sluice, events, "2025-01-01T02:00:00Z", NOON)


@pytest.mark.parametrize("policy", ["classic", "v2"])
def test_a_clone_with_a_checkpoint_at_version_zero(policy, spark, source, sluice, tmp_path):
    events = source(EVENTS, properties={"delta.checkpointPolicy": policy, "delta.enableDeletionVectors": "true"})
    events.insert(*(f"{n}, 'a', {AT}" for n in range(5)))
    events.sql("DELETE FROM {t} WHERE id = 2")
    copy = tmp_path / "lake" / "copy"
    spark.sql(f"CREATE TABLE delta.`{copy}` SHALLOW CLONE {events.name}")
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, str(copy)).checkpoint()
    assert list((copy / "_delta_log").glob(f"{0:020}.checkpoint*"))
    spark.sql(f"INSERT INTO delta.`{copy}` VALUES (9, 'own', {AT})")
    for version in (0, 1):
        expected = render_table(spark.read.format("delta").option("versionAsOf", version).load(str(copy)).toArrow())
        rows = exported_snapshot(sluice, copy, f"v{version}", "--at-version", str(version))
        assert_same_rows(rows, expected, f"version {version}")


def test_clustered_by_a_column_that_was_renamed_and_restored(source, sluice):
    events = source(EVENTS + ", `Städte` STRING", properties={"delta.columnMapping.mode": "name",
                                                             "delta.enableDeletionVectors": "true"})
    events.sql("ALTER TABLE {t} CLUSTER BY (`Städte`)")
    events.insert(*(f"{n}, 'a', {AT}, 'b{n % 3}'" for n in range(6)))
    events.insert(f"7, 'c', {AT}, NULL")
    before = events.version
    events.sql("OPTIMIZE {t} FULL")
    events.sql("ALTER TABLE {t} RENAME COLUMN `Städte` TO towns")
    events.sql("UPDATE {t} SET towns = 'x' WHERE id = 3")
    events.sql("OPTIMIZE {t}")
    assert_same_rows(exported_snapshot(sluice, events.path, "renamed"), events.rows())
    events.sql(f"RESTORE TABLE {{t}} TO VERSION AS OF {before}")
    assert_same_rows(exported_snapshot(sluice, events.path, "restored"), events.rows())
