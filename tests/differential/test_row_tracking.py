"""Changes without a feed: computed from the log, deletion vectors and row tracking, they are Spark's feed.

Each table has both. `sluice` gets a copy of it without the feed; Spark's `table_changes` of the table is the measure.
SLUICE_HISTORY_SEEDS (a count) makes the random histories long; a failing seed is in the test's name.
"""

import os
import random

import pytest
from support.feed_history import COLUMNS, FeedHistory, replay
from support.no_feed import without_feed
from support.rows import assert_same_rows

SEEDS = int(os.environ.get("SLUICE_HISTORY_SEEDS", "0"))
NOW = "2030-01-01T00:00:00Z"  # the clock only names the seed's folder
BOTH = {"delta.enableChangeDataFeed": "true", "delta.enableRowTracking": "true",
        "delta.checkpointInterval": "1000"}
VECTORS = {"delta.enableDeletionVectors": "true"}


class Computed:
    """A table with a feed, and the export of its copy without."""

    def __init__(self, source, sluice, tmp_path, **keys):
        self.source, self.sluice, self.copy = source, sluice, tmp_path / "copy" / "users"
        self.renew()
        sluice.add_feed("lake.users", self.copy, name="users", **keys)

    def renew(self, **options) -> None:
        without_feed(self.source.path, self.copy, **options)

    def run(self, **options) -> dict:
        self.renew(**options)
        return self.sluice.run(NOW)

    def assert_proven(self) -> None:
        outcome = self.sluice.call("verify", now=NOW)
        assert outcome.json["tables"][0]["outcome"] == "proven", str(outcome)

    def assert_like_spark(self, report: dict) -> list[dict]:
        """Each window of a run is Spark's feed; together they reach the latest version."""
        rows = []
        windows = [window for window in report["windows"] if window["kind"] == "window"]
        for window in windows:
            got = self.sluice.export().rows(window["n"])
            versions = window["start"] + 1, window["end"]
            try:
                expected = self.source.changes(*versions)
            except Exception as error:  # noqa: BLE001  (of Spark, by its text)
                if "INCOMPATIBLE" not in str(error):
                    raise
                expected = self.source.changes(*versions, other_schema=True)
                common = [c for c in expected[0] if c in got[0]] if got and expected else []
                got = [{c: row[c] for c in common} for row in got]
                expected = [{c: row[c] for c in common} for row in expected]
            assert_same_rows(got, expected, f"versions {versions[0]} to {versions[1]}")
            rows += got
        if windows:
            assert windows[-1]["end"] == self.source.version
        return rows


@pytest.fixture
def users(source):
    """Two files of three rows, at version 1."""
    def make(properties=BOTH, **options):
        table = source(COLUMNS, "users", properties=properties, **options)
        table.insert("1, 'a', 'x', 1", "2, 'b', 'y', 2", "3, 'c', NULL, 3", "4, 'd', 'x', 4",
                     "5, 'e', 'x', 5", "6, 'f', NULL, 6", rows_per_file=3)
        return table
    return make


@pytest.fixture
def computed(sluice, tmp_path):
    return lambda source, **keys: Computed(source, sluice, tmp_path, **keys)


def types(rows: list[dict]) -> list[str]:
    return sorted(row["_change_type"] for row in rows)


@pytest.mark.parametrize("properties", [BOTH, BOTH | VECTORS], ids=["rewrites", "vectors"])
def test_every_kind_of_change_is_that_of_the_feed(properties, users, computed):
    table = users(properties)
    export = computed(table)
    export.run()
    table.sql("UPDATE {t} SET n = n + 1 WHERE id = 2")
    table.sql("DELETE FROM {t} WHERE id = 3")
    table.sql("MERGE INTO {t} t USING (SELECT * FROM VALUES (1L, 'm'), (5L, 'm'), (9L, 'm') AS v(id, name)) s"
              " ON t.id = s.id WHEN MATCHED AND s.id = 5 THEN DELETE WHEN MATCHED THEN UPDATE SET name = s.name"
              " WHEN NOT MATCHED THEN INSERT (id, name, p, n) VALUES (s.id, s.name, 'x', 0)")
    table.insert("10, 'k', 'x', 1")
    rows = export.assert_like_spark(export.run())
    assert types(rows) == ["delete"] * 2 + ["insert"] * 2 + ["update_postimage"] * 2 + ["update_preimage"] * 2
    export.assert_proven()


@pytest.mark.parametrize("properties", [BOTH, BOTH | VECTORS], ids=["rewrites", "vectors"])
def test_optimize_and_merges_without_changes_give_nothing(properties, users, computed):
    table = users(properties)
    export = computed(table)
    export.run()
    table.sql("OPTIMIZE {t}")
    table.sql("MERGE INTO {t} t USING (SELECT 2L AS id) s ON t.id = s.id"
              " WHEN MATCHED AND t.n > 100 THEN UPDATE SET n = 0")
    report = export.run()
    assert [(w["kind"], w["rows"]) for w in report["windows"]] == [("window", 0)]
    # What OPTIMIZE moved keeps its ids in a hidden column.
    table.sql("UPDATE {t} SET n = n + 1 WHERE id IN (2, 5)")
    table.sql("DELETE FROM {t} WHERE id = 1")
    table.sql("UPDATE {t} SET n = n WHERE id = 6")
    export.assert_like_spark(export.run())


@pytest.mark.parametrize("seed", range(SEEDS or 3))
def test_random_histories(seed, source, computed):
    choose = random.Random(seed * 104729)
    properties = BOTH | (VECTORS if choose.random() < 0.5 else {})
    users = source(COLUMNS, "users", properties=properties,
                   partitioned_by="p" if choose.random() < 0.5 else "")
    history = FeedHistory(seed, users, "delta.enableDeletionVectors" in properties)
    export = computed(users, chunk=choose.choice(["none", 2, 5]))
    export.run()
    for _ in range(3 if not SEEDS else 5):
        for _ in range(history.random.randint(1, 5)):
            history.step()
        try:
            export.assert_like_spark(export.run())
        except AssertionError as error:
            raise AssertionError(f"{error}\nafter {', '.join(history.log)}") from None
    exported = export.sluice.export().check()
    now = users.rows()
    columns = list(users.spark.table(users.name).columns)
    assert replay(exported.rows(exported.seed()["n"]), exported.changes(), columns) == replay(now, [], columns)


def test_a_range_mixes_versions_with_the_feed_and_without(users, computed):
    table = users()
    export = computed(table)
    export.run(versions=range(0))
    table.sql("UPDATE {t} SET n = n + 1 WHERE id = 2")
    off = table.set_property("note", "off from here in the copy")
    table.sql("UPDATE {t} SET n = n + 1 WHERE id = 3")
    on = table.set_property("note", "on again")
    table.sql("DELETE FROM {t} WHERE id = 4")
    report = export.run(versions=range(off, on))
    assert len(report["windows"]) == 1
    assert len(export.assert_like_spark(report)) == 5


def test_without_row_tracking_the_refusal_names_both_ways_and_rows_computes(users, computed):
    table = users()
    export = computed(table)
    options = {"properties": {"delta.enableRowTracking": None}}
    export.renew(**options)
    error = export.sluice.fails(NOW)
    for way in ("enableChangeDataFeed", "enableRowTracking", "changes: rows"):
        assert way in error["remedy"], error
    outcome = export.sluice.call("check", now=NOW)
    assert outcome.code == 1 and "row tracking" in outcome.stdout, str(outcome)
    export.sluice.change(changes="rows")
    export.sluice.run(NOW)
    table.sql("UPDATE {t} SET n = n + 1 WHERE id = 2")
    table.sql("UPDATE {t} SET n = n WHERE id = 5")
    table.sql("DELETE FROM {t} WHERE id = 4")
    table.insert("4, 'd', 'x', 4", "4, 'd', 'x', 4")
    report = export.run(**options)
    assert [w["rows"] for w in report["windows"]] == [5]
    exported = export.sluice.export().check()
    assert types(exported.changes()) == ["delete"] * 2 + ["insert"] * 3
    columns = ["id", "name", "p", "n"]
    assert (replay(exported.rows(exported.seed()["n"]), exported.changes(), columns)
            == replay(table.rows(), [], columns))
    export.assert_proven()
    # What was exported by whole rows is compared so, whatever the config says today.
    export.sluice.change(changes="auto")
    export.assert_proven()


def test_feed_alone_is_what_changes_feed_asks_for(users, computed):
    table = users()
    error = computed(table, changes="feed").sluice.fails(NOW)
    assert "enableChangeDataFeed" in error["remedy"] and "row" not in error["remedy"], error


def test_the_feed_since_row_tracking_was_turned_on(source, computed):
    table = source(COLUMNS, "users", properties=BOTH | {"delta.enableRowTracking": "false"})
    table.insert("1, 'a', 'x', 1", "2, 'b', 'y', 2")
    on = table.set_property("delta.enableRowTracking", True)
    table.sql("UPDATE {t} SET n = n + 1 WHERE id = 2")
    export = computed(table, start="enabled")
    report = export.run()
    assert [(w["start"], w["end"]) for w in report["windows"]] == [(on - 1, table.version)]
    assert len(export.assert_like_spark(report)) == 2
    outcome = export.sluice.call("check", now=NOW)
    assert outcome.code == 0 and "computed from row tracking" in outcome.stdout, str(outcome)


def test_a_vacuum_that_takes_removed_files_is_named(users, computed):
    table = users()
    export = computed(table)
    export.run()
    table.sql("UPDATE {t} SET n = n + 1 WHERE id = 2")
    export.renew()
    for action in table.commit(table.version):
        if "remove" in action:
            (export.copy / action["remove"]["path"]).unlink()
    error = export.sluice.fails(NOW)
    assert error["kind"] == "source_gone" and f"version {table.version} are lost" in error["message"], error
    assert "--reseed" in error["remedy"], error


def test_many_passes_within_little_memory_find_the_same(source, computed):
    table = source("id BIGINT, n INT", "users", properties=BOTH)
    table.sql("INSERT INTO {t} SELECT /*+ COALESCE(1) */ id, 0 FROM range(400000)")
    export = computed(table)
    export.sluice.config["limits"] = {"memory": "64MiB"}
    export.run()
    table.sql("UPDATE {t} SET n = 1 WHERE id % 1000 = 7")
    rows = export.assert_like_spark(export.run())
    assert len(rows) == 800
