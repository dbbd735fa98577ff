"""Columns that lie in files for the format's sake never reach an export: those of row tracking and of icebergCompat."""

import pyarrow.parquet as pq
import pytest
from support.compare import assert_windows_like_guide
from support.export import without
from support.rows import assert_same_rows
from support.source import EVENTS

NOON = "2025-01-01T12:00:00Z"
NOW = "2030-01-01T00:00:00Z"
TRACKED = {"delta.enableRowTracking": "true"}
HOURS = [f"{n}, 'n{n}', TIMESTAMP'2025-01-01T0{n}:30:00Z'" for n in range(8)]


def columns_of_files(folder) -> set[str]:
    return {name for file in folder.rglob("*.parquet") if "_delta_log" not in file.parts
            for name in pq.read_schema(file).names}


def assert_snapshot_like_spark(sluice, table) -> None:
    sluice.add_snapshots("lake.copy", table.path, name="copy")
    sluice.run(NOW, "copy")
    export = sluice.export("copy").check()
    assert_same_rows([without(row, "snapshot_ts") for row in export.latest()], table.rows())
    assert columns_of_files(export.snapshots) == set(table.spark.table(table.name).columns)


@pytest.mark.parametrize("vectors", ["true", "false"], ids=["vectors", "rewrites"])
@pytest.mark.parametrize("mapping", ["none", "name"])
def test_ids_and_versions_of_tracked_rows(mapping, vectors, source, sluice):
    events = source(EVENTS, properties=TRACKED | {"delta.enableDeletionVectors": vectors,
                                                  "delta.columnMapping.mode": mapping})
    events.insert(*HOURS)
    events.sql("UPDATE {t} SET name = 'changed' WHERE id IN (2, 3)")
    events.insert("20, 'more', TIMESTAMP'2025-01-01T08:30:00Z'")
    events.sql("MERGE INTO {t} t USING (SELECT 4L AS id UNION ALL SELECT 30L) s ON t.id = s.id"
               " WHEN MATCHED THEN UPDATE SET t.name = 'merged' WHEN NOT MATCHED THEN INSERT (id, event_timestamp)"
               " VALUES (s.id, TIMESTAMP'2025-01-01T09:30:00Z')")
    events.sql("OPTIMIZE {t}")
    hidden = {name for name in columns_of_files(events.path) if name.startswith("_row-")}
    assert len(hidden) == 2, hidden
    assert_windows_like_guide(sluice, events, "2025-01-01T03:00:00Z", NOON)
    assert_snapshot_like_spark(sluice, events)
    assert columns_of_files(sluice.export("events").folder) == {"id", "name", "event_timestamp"}


def test_a_column_of_the_table_that_is_named_like_a_hidden_one(source, sluice):
    events = source(EVENTS + ", `_row-id-col` BIGINT, _metadata STRING", properties=TRACKED)
    events.insert(*(f"{hour}, {n}, 'm'" for n, hour in enumerate(HOURS)))
    events.sql("UPDATE {t} SET name = 'changed' WHERE id = 2")
    assert_snapshot_like_spark(sluice, events)


def test_tracking_that_was_switched_on_for_a_table_with_rows_and_dropped(source, sluice):
    events = source(EVENTS)
    events.insert(*HOURS)
    events.set_property("delta.enableRowTracking", True)
    events.sql("UPDATE {t} SET name = 'changed' WHERE id < 4")
    events.set_property("delta.enableRowTracking", False)
    events.sql("ALTER TABLE {t} DROP FEATURE rowTracking")
    events.sql("UPDATE {t} SET name = 'again' WHERE id < 2")
    assert_windows_like_guide(sluice, events, "2025-01-01T03:00:00Z", NOON)
    assert_snapshot_like_spark(sluice, events)


@pytest.mark.parametrize("version", ["V1", "V2"])
def test_partition_columns_that_iceberg_has_in_files(version, source, sluice):
    events = source(EVENTS + ", region STRING, day DATE", partitioned_by="region, day",
                    properties={f"delta.enableIcebergCompat{version}": "true", "delta.columnMapping.mode": "name"})
    events.insert(*(f"{hour}, {region}, DATE'2025-01-01'"
                    for hour, region in zip(HOURS, ["'x'", "NULL", "'y z'", "'a/b'"] * 2)))
    events.sql("UPDATE {t} SET name = 'changed' WHERE id < 4")
    events.sql("OPTIMIZE {t}")
    assert len(columns_of_files(events.path)) == len(events.spark.table(events.name).columns), "nothing to leave out"
    assert_windows_like_guide(sluice, events, "2025-01-01T03:00:00Z", NOON)
    assert_snapshot_like_spark(sluice, events)
