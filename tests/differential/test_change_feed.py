"""Pattern B: every window is what Spark's `table_changes` gives of its versions.

SLUICE_HISTORY_SEEDS (a count) makes the random histories long; a failing seed is in the test's name.
"""

import os
import random

import pytest
from support.export import without
from support.feed_history import COLUMNS, DeltaRsFeed, FeedHistory, replay
from support.rows import assert_same_rows, render_table

SEEDS = int(os.environ.get("SLUICE_HISTORY_SEEDS", "0"))
NOW = "2030-01-01T00:00:00Z"  # the clock only names the seed's folder
ON = {"delta.enableChangeDataFeed": "true"}


def assert_windows_like_spark(sluice, source, report, timezone="UTC") -> list[dict]:
    """Each window of a run against Spark; together they reach the table's latest version."""
    export = sluice.export()
    rows = []
    windows = [window for window in report["windows"] if window["kind"] == "window"]
    for window in windows:
        got = export.rows(window["n"])
        versions = window["start"] + 1, window["end"]
        try:
            expected = source.changes(*versions, timezone=timezone)
        except Exception as error:  # noqa: BLE001  (of Spark, by its text)
            if "INCOMPATIBLE" not in str(error):
                raise
            # Spark refuses what a later schema replaced; forced, it shows at least the columns that both have.
            expected = source.changes(*versions, timezone=timezone, other_schema=True)
            common = [c for c in expected[0] if c in got[0]] if got and expected else []
            got = [{c: row[c] for c in common} for row in got]
            expected = [{c: row[c] for c in common} for row in expected]
        assert_same_rows(got, expected, f"versions {versions[0]} to {versions[1]}")
        assert window["rows"] == len(got)
        rows += got
    if windows:
        assert windows[-1]["end"] == source.version
    return rows


def shape(seed: int) -> tuple[dict, dict, bool]:
    """Table properties, config keys and whether the source is partitioned, by seed."""
    choose = random.Random(seed * 7919)
    properties = ON | {"delta.checkpointInterval": choose.choice(["3", "5", "100"])}
    if choose.random() < 0.5:
        properties["delta.enableDeletionVectors"] = "true"
    if choose.random() < 0.3:
        properties["delta.enableInCommitTimestamps"] = "true"
    keys = {"timezone": choose.choice(["UTC", "America/Los_Angeles", "Asia/Kolkata"]),
            "chunk": choose.choice(["none", 2, 5])}
    return properties, keys, choose.random() < 0.5


@pytest.mark.parametrize("seed", range(SEEDS or 3))
def test_histories_written_by_spark(seed, source, sluice):
    properties, keys, partitioned = shape(seed)
    users = source(COLUMNS, "users", properties=properties, partitioned_by="p" if partitioned else "")
    history = FeedHistory(seed, users, "delta.enableDeletionVectors" in properties)
    sluice.add_feed("lake.users", users.path, name="users", **keys)
    report = sluice.run(NOW)
    assert [(w["kind"], w["start"], w["end"]) for w in report["windows"]] == [("seed", None, users.version)]
    assert_same_rows([without(row, "snapshot_ts") for row in sluice.export().rows()], users.rows(), "seed")
    for _ in range(3 if not SEEDS else 5):
        for _ in range(history.random.randint(1, 5)):
            history.step()
        if history.random.random() < 0.5:
            history.push_a_clock_ahead()
        try:
            assert_windows_like_spark(sluice, users, sluice.run(NOW), keys["timezone"])
        except AssertionError as error:
            raise AssertionError(f"{error}\nafter {', '.join(history.log)}") from None
    export = sluice.export().check()
    now = users.rows()
    columns = list(users.spark.table(users.name).columns)
    assert replay(export.rows(export.seed()["n"]), export.changes(), columns) == replay(now, [], columns)


@pytest.mark.parametrize("seed", range(1000, 1000 + (SEEDS * 5 or 5)))
def test_histories_written_by_delta_rs(seed, sluice, tmp_path):
    path = tmp_path / "lake" / "users"
    feed = DeltaRsFeed(seed, path, partitioned=seed % 2 == 0)
    sluice.add_feed("lake.users", path, name="users")
    sluice.run(NOW)
    for _ in range(4):
        for _ in range(feed.random.randint(1, 4)):
            feed.step()
        report = sluice.run(NOW)
        for window in report["windows"]:
            theirs = feed.changes(window["start"] + 1, window["end"])
            got = [without(row, "_commit_timestamp", "_commit_date")
                   for row in sluice.export().rows(window["n"])]
            expected = [{c: row[c] for c in ("id", "name", "p", "n", "_change_type", "_commit_version")}
                        for row in render_table(theirs)]
            assert_same_rows(got, expected, f"{window} after {feed.log}")
    export = sluice.export().check()
    columns = ["id", "name", "p", "n"]
    assert (replay(export.rows(export.seed()["n"]), export.changes(), columns)
            == replay(render_table(feed.live(feed.table.version())), [], columns)), feed.log


@pytest.fixture
def users(source):
    """Three rows at version 1."""
    table = source(COLUMNS, "users", properties=ON)
    table.insert("1, 'a', 'x', 1", "2, 'b', 'y', 2", "3, 'c', NULL, 3")
    return table


def add(sluice, users, **keys):
    return sluice.add_feed("lake.users", users.path, name="users", **keys)


def exported_types(sluice) -> list[str]:
    return sorted(row["_change_type"] for row in sluice.export().check().changes())


def test_a_no_op_update_gives_pre_and_postimage_and_optimize_and_a_no_op_merge_nothing(users, sluice):
    add(sluice, users).run(NOW)
    users.sql("UPDATE {t} SET name = name WHERE id = 1")
    users.insert("4, 'd', 'x', 4")
    users.sql("OPTIMIZE {t}")
    users.sql("MERGE INTO {t} t USING (SELECT 2L AS id) s ON t.id = s.id"
              " WHEN MATCHED AND t.n > 100 THEN UPDATE SET n = 0")
    assert_windows_like_spark(sluice, users, sluice.run(NOW))
    assert exported_types(sluice) == ["insert", "update_postimage", "update_preimage"]


@pytest.mark.parametrize("vectors", ["true", "false"], ids=["vectors", "rewrites"])
def test_deletes_and_restore(vectors, users, sluice):
    users.set_property("delta.enableDeletionVectors", vectors)
    users.insert("4, 'd', 'x', 4", "5, 'e', 'x', 5", "6, 'f', 'x', 6")
    before = users.version
    add(sluice, users).run(NOW)
    users.sql("DELETE FROM {t} WHERE id = 4")
    users.sql("DELETE FROM {t} WHERE id = 5")
    users.sql(f"RESTORE TABLE {{t}} TO VERSION AS OF {before}")
    users.sql("DELETE FROM {t}")
    assert_windows_like_spark(sluice, users, sluice.run(NOW))
    assert exported_types(sluice).count("insert") >= 2


def test_commit_dates_follow_the_time_zone_and_the_monotonic_rule(users, sluice):
    add(sluice, users, timezone="Pacific/Kiritimati").run(NOW)
    seeded = users.version
    for i in range(4):
        users.insert(f"{10 + i}, 'd', 'x', 4")
    # Just before midnight there, at midnight, and two whose clocks went back: those follow by a millisecond.
    for version, time in ((0, 1734000000), (1, 1735000000), (seeded + 1, 1735552799.999), (seeded + 2, 1735552800),
                          (seeded + 3, 1735552000), (seeded + 4, 1735552000)):
        os.utime(users.log / f"{version:020}.json", (time, time))
    rows = assert_windows_like_spark(sluice, users, sluice.run(NOW), "Pacific/Kiritimati")
    assert [(row["_commit_timestamp"], row["_commit_date"])
            for row in sorted(rows, key=lambda row: row["_commit_version"])] == [
        ("2024-12-30T09:59:59.999000Z", "2024-12-30"), ("2024-12-30T10:00:00.000000Z", "2024-12-31"),
        ("2024-12-30T10:00:00.001000Z", "2024-12-31"), ("2024-12-30T10:00:00.002000Z", "2024-12-31")]


def test_in_commit_timestamps_count_from_the_version_that_turns_them_on(users, sluice):
    add(sluice, users, start=1).run(NOW)
    users.insert("4, 'd', 'x', 4")
    enabled = users.set_property("delta.enableInCommitTimestamps", True)
    users.insert("5, 'e', 'x', 5")
    for version in range(users.version + 1):
        file = users.log / f"{version:020}.json"
        os.utime(file, (1700000000 + version, 1700000000 + version))
    rows = assert_windows_like_spark(sluice, users, sluice.run(NOW))
    by_version = {row["_commit_version"]: row["_commit_timestamp"] for row in rows}
    assert by_version[enabled - 1] < "2024" < by_version[enabled + 1]


def test_a_column_added_comes_along_and_a_schema_replaced_cuts_the_window(users, sluice):
    add(sluice, users).run(NOW)
    users.sql("ALTER TABLE {t} ADD COLUMNS (c STRING)")
    users.sql("UPDATE {t} SET c = 'w' WHERE id = 1")
    rows = assert_windows_like_spark(sluice, users, sluice.run(NOW))
    assert {row["c"] for row in rows} == {"w", None}
    users.insert("4, 'd', 'x', 4, 'v'")
    replaced = users.overwrite_schema(users.spark.table(users.name).select("id", "c", "n"))
    report = sluice.run(NOW)
    assert [(w["start"], w["end"]) for w in report["windows"]] == [
        (replaced - 2, replaced - 1), (replaced - 1, replaced)]
    assert_windows_like_spark(sluice, users, report)
    sluice.export().check()


def test_an_overwrite_with_another_type_loses_what_it_took_away(users, sluice):
    """It lies in files of the old type, which Spark can't read as the new one either."""
    add(sluice, users, start=1).run(NOW)
    users.insert("4, 'd', 'x', 4")
    texts = users.spark.table(users.name).selectExpr("id", "name", "p", "CAST(n AS STRING) AS n")
    replaced = users.overwrite_schema(texts)
    users.insert("5, 'e', 'x', '5'")
    with pytest.raises(Exception, match="FAILED_READ_FILE|SchemaColumnConvert"):
        users.changes(replaced, replaced)
    for command in ("check", "plan"):
        outcome = sluice.call(command, now=NOW)
        assert outcome.code == 1 and "--reseed" in outcome.stdout, str(outcome)
    error = sluice.fails(NOW)
    assert f"version {replaced} " in error["message"] and f"is {replaced + 1}" in error["message"], error
    assert "--reseed" in error["remedy"], error
    assert sluice.export().check().manifests()[-1]["end"] == replaced - 1
    sluice.run(NOW, "--reseed")
    export = sluice.export()
    seed = export.rows(export.manifests()[-1]["n"])
    assert_same_rows([without(row, "snapshot_ts") for row in seed], users.rows())


def test_nested_values_and_every_type_of_a_change(source, sluice):
    table = source("id INT, s STRUCT<a: INT, b: ARRAY<STRING>>, m MAP<STRING, TIMESTAMP>, d DECIMAL(38,10),"
                   " day DATE, ntz TIMESTAMP_NTZ, bin BINARY, f DOUBLE, v VARCHAR(5), ts TIMESTAMP", "types",
                   properties=ON, timestamps="INT96")
    add(sluice, table).run(NOW)
    table.insert("1, named_struct('a', 1, 'b', array('x', NULL)), map('k', TIMESTAMP'1969-12-31T23:59:59.999999Z'),"
                 " 1.5, DATE'1582-10-15', TIMESTAMP_NTZ'2025-03-09 02:30:00', X'00FF', double('NaN'), 'vv',"
                 " TIMESTAMP'2025-01-01T00:00:00.000001Z'",
                 "2, NULL, NULL, NULL, NULL, NULL, NULL, -0.0, NULL, NULL")
    table.sql("UPDATE {t} SET s = named_struct('a', 2, 'b', array()) WHERE id = 2")
    table.sql("DELETE FROM {t} WHERE id = 1")
    assert_windows_like_spark(sluice, table, sluice.run(NOW))
    sluice.export().check()


def test_a_feed_that_was_off_for_a_while(users, sluice):
    add(sluice, users).run(NOW)
    users.insert("4, 'd', 'x', 4")
    off = users.set_property("delta.enableChangeDataFeed", False)
    users.sql("UPDATE {t} SET n = 9 WHERE id = 1")
    outcome = sluice.call("run", now=NOW)
    assert outcome.code == 1, str(outcome)
    # What was recorded is exported all the same.
    assert_same_rows(sluice.export().check().changes(),
                     [without(row, "_commit_date") for row in users.changes(off - 1, off - 1)])
    assert outcome.error["kind"] == "source_gone" and str(off) in outcome.error["message"]
    on = users.set_property("delta.enableChangeDataFeed", True)
    users.sql("UPDATE {t} SET n = 10 WHERE id = 2")
    error = sluice.fails(NOW)
    assert str(off) in error["message"] and str(on) in error["message"] + error["remedy"], error
    assert "--reseed" in error["remedy"]
    report = sluice.run(NOW, "--reseed")
    assert [w["kind"] for w in report["windows"]] == ["reseed"]
    users.sql("DELETE FROM {t} WHERE id = 3")
    assert_windows_like_spark(sluice, users, sluice.run(NOW))
    assert_adds_up_since_the_last_seed(sluice, users)


def assert_adds_up_since_the_last_seed(sluice, users) -> None:
    export = sluice.export().check()
    seed = export.seed()
    changes = [row for m in export.current() if m["kind"] == "window" and m["n"] > seed["n"]
               for row in export.rows(m["n"])]
    columns = list(users.spark.table(users.name).columns)
    assert replay(export.rows(seed["n"]), changes, columns) == replay(users.rows(), [], columns)


def test_a_feed_turned_on_late_begins_there(source, sluice):
    users = source(COLUMNS, "users")
    users.insert("1, 'a', 'x', 1")
    error = add(sluice, users, start="enabled").fails(NOW)
    assert "enableChangeDataFeed" in error["message"] + error["remedy"]
    error = sluice.change(start=None).fails(NOW)
    assert "enableChangeDataFeed" in error["message"] + error["remedy"]
    assert not sluice.export().data_files()
    on = users.set_property("delta.enableChangeDataFeed", True)
    users.sql("UPDATE {t} SET n = 5 WHERE id = 1")
    error = sluice.change(start=0).fails(NOW)
    assert error["kind"] == "source_gone" and f"read again is {on}" in error["message"], error
    report = sluice.change(start="enabled").run(NOW)
    assert [(w["start"], w["end"]) for w in report["windows"]] == [(on - 1, users.version)]
    assert_windows_like_spark(sluice, users, report)
