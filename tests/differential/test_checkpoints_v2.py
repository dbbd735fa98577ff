"""v2 checkpoints, compacted logs, version checksums and holes: rows are Spark's, whatever way leads to them."""

import json
import random
import shutil

import pytest
from support.rows import assert_same_rows
from support.source import EVENTS, Source
from support.spark_session import settings

NOW = "2030-01-01T00:00:00Z"
V2 = {"delta.checkpointPolicy": "v2", "delta.checkpointInterval": "4"}
FULL = {"delta.enableDeletionVectors": "true", "delta.checkpoint.writeStatsAsStruct": "true",
        "delta.checkpoint.writeStatsAsJson": "false"}
TIMES = {"delta.enableInCommitTimestamps": "true"}


def fill(spark, path, top_level, properties) -> None:
    """Ten versions of a partitioned table; v2 checkpoints at 4 and 8 with several sidecars each."""
    with settings(spark, spark__databricks__delta__checkpointV2__topLevelFileFormat=top_level,
                  spark__databricks__delta__checkpoint__partSize="3"):
        events = Source(spark, path, path.name, f"{EVENTS}, p INT", partitioned_by="p",
                        properties=V2 | properties)
        events.sql("INSERT INTO {t} SELECT id, 'a', TIMESTAMP'2026-01-01T00:00:00Z' + make_interval("
                   "0,0,0,0,id), id % 5 FROM range(40)")
        events.sql("DELETE FROM {t} WHERE id IN (3, 4)")
        events.sql("UPDATE {t} SET name = 'b' WHERE id % 7 = 0")
        for i in range(100, 104):
            events.insert(f"{i}, 'new', TIMESTAMP'2026-01-03T00:30:00Z', {i % 5}")
        events.sql("DELETE FROM {t} WHERE p = 1")
        events.sql("UPDATE {t} SET name = 'c' WHERE id = 2")
        events.insert("200, 'last', TIMESTAMP'2026-01-04T00:30:00Z', NULL")
        assert events.version == 10
        events.unregister()


@pytest.fixture(scope="module")
def filled(spark, tmp_path_factory):
    """The folder of a filled table; each kind is made once."""
    folders = {}

    def get(top_level, properties):
        key = top_level, *sorted(properties)
        if key not in folders:
            folders[key] = tmp_path_factory.mktemp("v2") / f"filled_{len(folders)}"
            fill(spark, folders[key], top_level, properties)
        return folders[key]

    return get


@pytest.fixture
def make(spark, filled, tmp_path):
    """A copy of a filled table, for a test to break."""

    def copy(top_level="json", **properties):
        events = Source.__new__(Source)
        events.spark, events.path, events.name = spark, tmp_path / "events", "events"
        shutil.copytree(filled(top_level, properties), events.path)
        for crc in events.path.rglob(".*.crc"):  # Hadoop's, of files that tests change
            crc.unlink()
        return events

    return copy


def forget_commits(events, below: int) -> None:
    for version in range(below):
        (events.log / f"{version:020}.json").unlink()


def assert_snapshots_like_spark(sluice, events, versions, **keys) -> None:
    sluice.add_snapshots(events.name, events.path, **keys)
    for minute, version in enumerate(versions):
        report = sluice.run(f"2030-01-01T00:{minute:02}:00Z", "--at-version", str(version))
        assert_same_rows(sluice.export().check().latest(), events.rows(version))
        assert report["status"] == "exported"


@pytest.mark.parametrize("top_level", ["json", "parquet"])
@pytest.mark.parametrize("properties", [{}, FULL], ids=["plain", "vectors and structs"])
def test_every_version_that_is_left_has_sparks_rows(top_level, properties, make, sluice):
    events = make(top_level, **properties)
    forget_commits(events, 4)
    assert list((events.log / "_sidecars").glob("*.parquet"))
    assert_snapshots_like_spark(sluice, events, range(4, 11))


@pytest.mark.parametrize("hint", ["kept", "gone", "torn", "other"])
def test_the_checkpoint_is_found_with_and_without_a_hint(hint, make, sluice):
    events = make("parquet")
    forget_commits(events, 8)
    last = events.log / "_last_checkpoint"
    text = last.read_text()
    if hint == "gone":
        last.unlink()
    else:
        last.write_text({"kept": text, "torn": text[:50], "other": json.dumps({"version": 4, "size": 7})}[hint])
    assert_snapshots_like_spark(sluice, events, [8, 10])


def test_a_v2_checkpoint_under_the_classic_name(make, sluice):
    events = make("parquet")
    forget_commits(events, 8)
    named = next(events.log.glob(f"{8:020}.checkpoint.*.parquet"))
    named.rename(events.log / f"{8:020}.checkpoint.parquet")
    (events.log / "_last_checkpoint").unlink()
    assert_snapshots_like_spark(sluice, events, [8, 10])


def test_of_two_checkpoints_of_one_version_the_whole_one_is_read(make, sluice):
    events = make("json")
    forget_commits(events, 8)
    named = next(events.log.glob(f"{8:020}.checkpoint.*.json"))
    expected = events.rows(10)
    for uuid in ("00000000-0000-4000-8000-000000000000", "ffffffff-ffff-4fff-8fff-ffffffffffff"):
        text = named.read_text().replace(".parquet\"", ".lost.parquet\"", 1)
        (events.log / f"{8:020}.checkpoint.{uuid}.json").write_text(text)
    (events.log / f"{8:020}.checkpoint.{1:010}.{2:010}.parquet").write_bytes(b"half")
    (events.log / "_last_checkpoint").unlink()
    sluice.add_snapshots(events.name, events.path).run(NOW)
    assert_same_rows(sluice.export().check().latest(), expected)


def test_a_lost_sidecar_is_read_past_or_named(make, sluice):
    events = make("json")
    expected = events.rows(10)
    lost = sorted((events.log / "_sidecars").glob(f"{8:020}.*.parquet"))[1]
    lost.unlink()
    sluice.add_snapshots(events.name, events.path).run(NOW)
    assert_same_rows(sluice.export().check().latest(), expected)
    forget_commits(events, 8)
    error = sluice.fails("2030-01-02T00:00:00Z")
    assert error["kind"] == "corrupt" and lost.name in error["message"] and error["remedy"], error


def test_windows_are_pruned_by_struct_statistics_of_sidecars(make, sluice):
    events = make("parquet", **FULL)
    forget_commits(events, 8)
    sluice.add(events.name, events.path, start="2026-01-02T20:00:00Z", partition="hourly").run(
        "2026-01-03T12:00:00Z")
    got = sluice.export().check().rows()
    assert got and {row["name"] for row in got} == {"new"}
    expected = events.expected("2026-01-02T20:00:00Z", "2026-01-03T12:00:00Z", version=10)
    assert_same_rows(got, expected)


def compact(events, first: int, last: int) -> None:
    """Writes <first>.<last>.compacted.json as the protocol describes it: the newest action for each key."""
    kept = {}
    for version in range(first, last + 1):
        for action in events.commit(version):
            (kind, body), = action.items()
            if kind in ("commitInfo", "cdc"):
                continue
            vector = body.get("deletionVector") or {}
            key = {"add": "file", "remove": "file"}.get(kind, kind), body.get("path"), json.dumps(vector), \
                body.get("appId"), body.get("domain")
            kept.pop(key, None)
            kept[key] = action
    (events.log / f"{first:020}.{last:020}.compacted.json").write_text(
        "".join(json.dumps(action) + "\n" for action in kept.values()))


@pytest.mark.parametrize("seed", range(3))
def test_compacted_logs_stand_for_their_commits(seed, make, sluice):
    events = make(**FULL)
    versions = range(8, 11) if seed == 0 else range(11)
    for checkpoint in events.log.glob("*.checkpoint.*"):
        if seed:
            checkpoint.unlink()
    expected = {version: events.rows(version) for version in versions}
    choose = random.Random(seed)
    for _ in range(4):
        compact(events, *sorted(choose.sample(range(11), 2)))
    sluice.add_snapshots(events.name, events.path)
    for version in versions:
        sluice.run(f"2030-01-01T00:{version:02}:00Z", "--at-version", str(version))
        assert_same_rows(sluice.export().check().latest(), expected[version])


def test_a_compacted_log_is_used(make, sluice):
    """The commits that it stands for are not read, so that nobody sees that they are damaged."""
    events = make()
    for checkpoint in events.log.glob("*.checkpoint.*"):
        checkpoint.unlink()
    expected = events.rows(10)
    compact(events, 1, 9)
    for version in range(1, 10):
        (events.log / f"{version:020}.json").write_text("{torn")
    sluice.add_snapshots(events.name, events.path).run(NOW)
    assert_same_rows(sluice.export().check().latest(), expected)


@pytest.mark.parametrize("properties", [{}, FULL, TIMES], ids=["plain", "vectors", "times"])
def test_checksums_that_spark_wrote_agree(properties, make, sluice):
    events = make(**properties)
    sluice.add_snapshots(events.name, events.path).run(NOW)
    assert (events.log / f"{events.version:020}.crc").exists()
    checked = sluice.call("check", now=NOW)
    assert ".crc" not in checked.stdout, checked
    assert sluice.call("verify", now=NOW).code == 0


@pytest.mark.parametrize(("key", "value"), [
    ("numFiles", 3), ("tableSizeBytes", 1), ("protocol", {"minReaderVersion": 1, "minWriterVersion": 1}),
    ("allFiles", []), ("metadata", None)])
def test_a_checksum_that_disagrees_is_a_finding(key, value, make, sluice):
    events = make()
    sluice.add_snapshots(events.name, events.path).run(NOW)
    file = events.log / f"{events.version:020}.crc"
    checksum = json.loads(file.read_text())
    checksum[key] = value if value is not None else checksum[key] | {"id": "another"}
    file.write_text(json.dumps(checksum))
    checked = sluice.call("check", now=NOW)
    assert checked.code == 0 and file.name in checked.stdout, checked
    verified = sluice.call("verify", now=NOW)
    assert verified.code == 1 and file.name in verified.stdout, verified


def test_late_rows_of_a_version_that_could_not_be_read_are_refused(source, sluice):
    """DROP FEATURE leaves a newest protocol that says nothing of the versions before."""
    events = source(EVENTS)
    events.insert("1, 'a', TIMESTAMP'2026-01-01T00:30:00Z'")
    sluice.add(events.name, events.path, start="2026-01-01T00:00:00Z").run("2026-01-01T06:00:00Z")
    old = {"minReaderVersion": 1, "minWriterVersion": 2}
    strange = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["fromTheFuture"],
               "writerFeatures": ["fromTheFuture"]}
    write_protocol(events, strange)
    copy_add(events)
    write_protocol(events, old)
    error = sluice.fails("2026-01-01T12:00:00Z")
    assert error["kind"] == "unsupported" and "fromTheFuture" in error["message"], error
    assert "version 3" in error["message"] and error["remedy"], error


def write_protocol(events, protocol: dict) -> None:
    (events.log / f"{events.version + 1:020}.json").write_text(json.dumps({"protocol": protocol}) + "\n")


def copy_add(events) -> None:
    """A commit that adds a copy of the table's first file, as a writer that knows the feature would."""
    add = next(action["add"] for action in events.commit(1) if "add" in action)
    copy = "copy-" + add["path"]
    (events.path / copy).write_bytes((events.path / add["path"]).read_bytes())
    (events.log / f"{events.version + 1:020}.json").write_text(json.dumps({"add": add | {"path": copy}}) + "\n")
