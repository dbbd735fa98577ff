"""Every table that Spark wrote for the repository, at every version that is written down."""

import json
import re

import pytest
from support.lake import without_partition
from support.paths import FIXTURES
from support.rows import assert_same_rows

START, NOW = "0001-01-01T00:00:00Z", "2026-06-01T00:00:00Z"

TIMES = ("event_timestamp", "at", "ts", "late", "last_exported_end_time")


def cases():
    """Each fixture with a column that tells time, and each of its versions."""
    for file in sorted(FIXTURES.glob("*/rows-v*.jsonl")):
        name, version = file.parent.name, int(re.search(r"v(\d+)", file.name)[1])
        lines = file.read_text().splitlines()
        columns = json.loads(lines[0]) if lines else TIMES
        watermark = next((column for column in TIMES if column in columns), None)
        if watermark and not name.startswith("refused_"):
            yield pytest.param(name, version, watermark, id=f"{name}-{version}")


@pytest.mark.parametrize(("name", "version", "watermark"), list(cases()))
def test_is_exported_as_spark_reads_it(name, version, watermark, sluice):
    lines = (FIXTURES / name / f"rows-v{version}.jsonl").read_text().splitlines()
    expected = [row for row in map(json.loads, lines)
                if row[watermark] and START < row[watermark].replace(".000000Z", "Z")
                and row[watermark] <= NOW.replace("Z", ".000000Z")]
    sluice.add(f"lake.{name}", FIXTURES / name / "table", watermark=watermark, start=START,
               partition="daily")
    report = sluice.run(NOW, "--at-version", str(version))
    assert report["rows"] == len(expected)
    assert_same_rows(without_partition(sluice.export().check().rows()), expected)


@pytest.mark.parametrize(("name", "feature"), [
    ("refused_column_mapping", "columnMapping"), ("refused_type_widening", "typeWidening"),
    ("refused_v2_checkpoint", "v2Checkpoint")])
def test_is_refused_by_the_name_of_its_feature(name, feature, sluice):
    sluice.add(f"lake.{name}", FIXTURES / name / "table", watermark="id", start=START)
    error = sluice.fails(NOW)
    assert error["kind"] == "unsupported" and feature in error["message"] and error["remedy"], error
