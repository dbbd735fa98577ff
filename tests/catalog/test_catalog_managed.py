"""Tables whose commits the catalog manages, in every mixture of published and staged commits.

The measure is the same table, written by Spark, with all of its commits published and no catalog in sight.
"""

from __future__ import annotations

import itertools

import pytest
from support.managed_table import ManagedTable
from support.paths import FIXTURES
from support.rows import assert_same_rows
from support.sluice import Sluice

NAME = "main.sales.events"
NOW, LATER = "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"
GARBAGE = '{"commitInfo":{"inCommitTimestamp":1,"operation":"LOST"}}\n'


@pytest.fixture(params=["newer", "older"])
def each_api(request, catalog):
    catalog.newer = request.param == "newer"
    return catalog


def managed(tmp_path, fixture: str) -> ManagedTable:
    return ManagedTable(FIXTURES / fixture / "table", tmp_path / "lake" / fixture)


# How the commits lie: a function that lays them and says which the catalog still holds back.

def all_published(table):
    table.publish(*table.versions)
    return []


def all_staged(table):
    """All but version 0, which a table is created with."""
    first, *rest = table.versions
    table.publish(first).stage(*rest)
    return rest


def last_staged(table):
    *published, last = table.versions
    table.publish(*published).stage(last)
    return [last]


def published_and_still_held_back(table):
    """Staged, published since, and the catalog has not heard of that."""
    first, *rest = table.versions
    table.publish(*table.versions).stage(*rest)
    return rest


def published_and_staged_files_left(table):
    """As before, and the catalog knows."""
    table.publish(*table.versions).stage(*table.versions[1:])
    return []


def something_else_published(table):
    """Where both exist, the file that the catalog names rules."""
    *published, last = table.versions
    table.publish(*published).publish(last, text=GARBAGE).stage(last)
    return [last]


def losers_left(table):
    """Staged files of writers that lost their race lie beside those that won."""
    rest = last_staged(table)
    for version in table.versions[1:]:
        table.stage_loser(version)
    return rest


LAYOUTS = [all_published, all_staged, last_staged, published_and_still_held_back, published_and_staged_files_left,
           something_else_published, losers_left]
PATTERNS = {"append": ("plain", {}), "cdc": ("change_feed", {"start": 0}), "snapshot": ("deletion_vectors", {})}


def exported(sluice: Sluice, name: str, pattern: str) -> list[dict]:
    export = sluice.export(name).check()
    return {"append": export.rows, "cdc": lambda: export.changes(), "snapshot": lambda: export.latest()}[pattern]()


def published_reference(tmp_path, fixture: str, pattern: str, keys: dict, version: int | None = None) -> list[dict]:
    """What the table exports by its path where no catalog manages it."""
    table = ManagedTable(FIXTURES / fixture / "table", tmp_path / "plain" / fixture, managed=False)
    table.publish(*table.versions)
    reference = Sluice(tmp_path / "reference")
    {"append": lambda: reference.add(NAME, table.folder, start="1960-01-01T00:00:00Z"),
     "cdc": lambda: reference.add_feed(NAME, table.folder, **keys),
     "snapshot": lambda: reference.add_snapshots(NAME, table.folder)}[pattern]()
    reference.run(NOW, *(() if version is None else ("--at-version", str(version))))
    return exported(reference, "events", pattern)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("lay", LAYOUTS, ids=lambda lay: lay.__name__)
def test_rows_are_those_of_the_table_fully_published(lay, pattern, each_api, sluice, tmp_path):
    fixture, keys = PATTERNS[pattern]
    table = managed(tmp_path, fixture)
    table.register(each_api, NAME, lay(table))
    sluice.add_named(NAME, pattern, **keys).run(NOW)
    assert_same_rows(exported(sluice, "events", pattern), published_reference(tmp_path, fixture, pattern, keys))
    assert sluice.call("verify", now=NOW).code == 0


@pytest.mark.parametrize("fixture", ["checkpoint_classic", "checkpoint_only", "checkpoint_v2_json",
                                     "checkpoint_v2_parquet", "column_mapping", "change_feed_from_files"])
def test_checkpoints_and_staged_commits_go_together(fixture, each_api, sluice, tmp_path):
    table = managed(tmp_path, fixture)
    *published, last = table.versions
    table.publish(*published).stage(last)
    table.register(each_api, NAME, [last])
    sluice.add_named(NAME, "snapshot").run(NOW)
    assert_same_rows(exported(sluice, "events", "snapshot"),
                     published_reference(tmp_path, fixture, "snapshot", {}))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_nothing_above_the_catalog_s_latest_version_is_read(pattern, each_api, sluice, tmp_path):
    """Published, staged and garbage: what the catalog has not accepted does not exist."""
    fixture, keys = PATTERNS[pattern]
    table = managed(tmp_path, fixture)
    latest = table.latest - 1
    table.publish(*range(latest)).stage(latest).publish(latest + 1).stage(latest + 1)
    table.register(each_api, NAME, [latest], latest)
    sluice.add_named(NAME, pattern, **keys).run(NOW)
    assert_same_rows(exported(sluice, "events", pattern),
                     published_reference(tmp_path, fixture, pattern, keys, latest))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_versions_are_exported_as_they_are_accepted(pattern, each_api, sluice, tmp_path):
    """One more each run: staged at first, published before the next one; late rows come with them."""
    fixture, keys = PATTERNS[pattern]
    table = managed(tmp_path, fixture)
    table.publish(table.versions[0])
    held = table.register(each_api, NAME, [], table.versions[0])
    sluice.add_named(NAME, pattern, **keys)
    for hour, version in enumerate(table.versions[1:]):
        table.stage(version)
        held.commits, held.latest = table.ratified([version]), version
        outcome = sluice.call("run", now=f"2026-06-01T{hour:02}:00:00Z")
        assert outcome.code == 0, str(outcome)
        table.publish(version)
        if version % 2:  # reported as published: the staged file goes
            held.published(version)
            table.withdraw(version)
    assert_same_rows(exported(sluice, "events", pattern), published_reference(tmp_path, fixture, pattern, keys))
    assert sluice.call("verify", now=NOW).code == 0


def test_late_rows_of_a_staged_commit_go_out_once(each_api, sluice, tmp_path):
    table = managed(tmp_path, "plain")
    held = table.register(each_api, NAME, [2], 2)
    table.publish(0, 1).stage(2)
    sluice.add_named(NAME).run(NOW)
    table.stage(3)  # holds a row of 1969
    held.commits, held.latest = table.ratified([2, 3]), 3
    report = sluice.run(LATER)
    assert "late" in [w["kind"] for w in report["windows"]], report
    assert_same_rows(exported(sluice, "events", "append"), published_reference(tmp_path, "plain", "append", {}))


def test_many_unpublished_commits_come_over_all_pages(each_api, sluice, tmp_path):
    each_api.commits_page = 2
    each_api.any_order = not each_api.newer
    table = managed(tmp_path, "change_feed_from_files")
    table.register(each_api, NAME, all_staged(table))
    sluice.add_named(NAME, "cdc", start=0).run(NOW)
    assert_same_rows(exported(sluice, "events", "cdc"),
                     published_reference(tmp_path, "change_feed_from_files", "cdc", {"start": 0}))


def test_a_commit_that_changes_hands_between_two_calls_is_read_once(each_api, sluice, tmp_path):
    """Whatever the second call says, a run stays with what the first one said."""
    table = managed(tmp_path, "change_feed")
    held = table.register(each_api, NAME, last_staged(table))
    calls = itertools.count()

    def publish_meanwhile(handler):
        handler.proceed()
        if next(calls) == 0:
            with each_api.lock:
                table.publish(table.latest)
                held.published(table.latest)

    each_api.disturb(publish_meanwhile, "v1 table" if each_api.newer else "commits", times=99)
    sluice.add_named(NAME, "cdc", start=0).run(NOW)
    assert_same_rows(exported(sluice, "events", "cdc"),
                     published_reference(tmp_path, "change_feed", "cdc", {"start": 0}))


# The catalog and storage differ

def test_a_catalog_that_is_ahead_of_storage_is_an_error_that_names_the_commit(each_api, sluice, tmp_path):
    table = managed(tmp_path, "plain")
    table.publish(0, 1, 2)
    table.register(each_api, NAME, [3])  # nobody has written the file
    error = sluice.add_named(NAME).fails(NOW)
    assert table.file_names[3] in error["message"] and error["remedy"], error
    assert not sluice.export("events").data_files()


def test_a_version_that_is_neither_published_nor_listed_is_a_hole(each_api, sluice, tmp_path):
    table = managed(tmp_path, "plain")
    table.publish(0, 1).stage(3)
    table.register(each_api, NAME, [3])
    error = sluice.add_named(NAME).fails(NOW)
    assert "2" in error["message"] and error["remedy"], error


def test_a_catalog_that_went_back_is_an_error(each_api, sluice, tmp_path):
    """It says that a version was never there which was exported."""
    table = managed(tmp_path, "change_feed")
    held = table.register(each_api, NAME, all_published(table))
    sluice.add_named(NAME, "cdc", start=0).run(NOW)
    before = sluice.export("events").data_files()
    held.latest = 2
    outcome = sluice.call("run", now=LATER)
    assert outcome.code == 1 and outcome.table()["error"]["remedy"], str(outcome)
    assert sluice.export("events").data_files() == before


# By path alone

@pytest.mark.parametrize("with_catalog", [True, False])
def test_by_path_alone_a_managed_table_is_refused(with_catalog, each_api, sluice, tmp_path):
    table = managed(tmp_path, "plain")
    table.register(each_api, NAME, all_published(table))
    sluice.add_named(NAME, path=str(table.folder))
    if not with_catalog:
        del sluice.config["catalog"]
    error = sluice.fails(NOW)
    assert error["kind"] == "unsupported" and "catalogManaged" in error["message"], error
    assert "path" in error["remedy"], error


def test_files_of_a_managed_table_in_s3_are_read_with_what_the_catalog_gives(catalog, on_s3, minio, vendor, tmp_path):
    table = managed(tmp_path, "change_feed")
    prefix = minio.new_prefix()
    rest = losers_left(table)
    table.register(catalog, NAME, rest, location=table.upload(minio, f"{prefix}/__unitystorage/tables/t"))
    on_s3.add_named(NAME, "cdc", start=0).run(NOW)
    assert_same_rows(exported(on_s3, "events", "cdc"),
                     published_reference(tmp_path, "change_feed", "cdc", {"start": 0}))
    on_s3.nowhere(*vendor.secrets())
