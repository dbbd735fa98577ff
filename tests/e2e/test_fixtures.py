"""Every table that Spark wrote for the repository, at every version that is written down."""

import json
import re

import pytest
from support.export import without
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
        if watermark:
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


@pytest.mark.parametrize("file", [
    pytest.param(file, id=f"{file.parent.name}-{file.stem}")
    for file in sorted(FIXTURES.glob("*/rows-v*.jsonl"))])
def test_a_snapshot_holds_what_spark_reads(file, sluice):
    version = re.search(r"v(\d+)", file.name)[1]
    sluice.add_snapshots(f"lake.{file.parent.name}", file.parent / "table", timestamps="source")
    report = sluice.run(NOW, "--at-version", version)
    export = sluice.export().check()
    assert_same_rows(export.latest(), map(json.loads, file.read_text().splitlines()))
    assert report["files"] == 1 and len(export.folders()) == 1


@pytest.mark.parametrize("file", [
    pytest.param(file, id=f"{file.parent.name}-{file.stem}")
    for file in sorted(FIXTURES.glob("*/changes-v*.jsonl"))])
def test_the_feed_holds_what_table_changes_gives(file, sluice):
    first, last = map(int, re.findall(r"\d+", file.stem))
    sluice.add_feed(f"lake.{file.parent.name}", file.parent / "table", start=first)
    report = sluice.run(NOW, "--at-version", str(last))
    assert [(w["kind"], w["start"], w["end"]) for w in report["windows"]] == [("window", first - 1, last)]
    expected = list(map(json.loads, file.read_text().splitlines()))
    got = sluice.export().check().changes()
    if got:  # Spark shows a column that came later, too: null
        expected = [{c: v for c, v in row.items() if c in got[0] or v is not None} for row in expected]
    if expected and "_commit_timestamp" not in expected[0]:  # of files whose times git didn't keep
        got = [without(row, "_commit_timestamp") for row in got]
    assert_same_rows(got, expected)
