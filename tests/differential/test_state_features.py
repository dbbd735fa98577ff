"""What an administrator switches on for `_export_state` is kept in our commits, as Spark sees it."""

import json
import pathlib
import shutil

import pytest
from support.compare import add
from support.lake import clock
from support.rows import render_table

COLUMNS = ("source_table STRING, last_exported_end_time TIMESTAMP, last_exported_version BIGINT,"
           " last_run_timestamp TIMESTAMP, note STRUCT<by: STRING, tags: ARRAY<STRUCT<t: STRING>>>")
MAPPED = {"delta.columnMapping.mode": "name"}
TRACKED = {"delta.enableRowTracking": "true"}
FEED = {"delta.enableChangeDataFeed": "true"}
FEATURES = {
    "mapped by id": {"delta.columnMapping.mode": "id"},
    "v2 checkpoints": {"delta.checkpointPolicy": "v2"},
    "all": {**MAPPED, **TRACKED, **FEED, "delta.checkpointPolicy": "v2",
            "delta.enableInCommitTimestamps": "true", "delta.enableDeletionVectors": "true",
            "delta.enableTypeWidening": "true"},
}


class State:
    """`_export_state` as Spark made it and sees it."""

    def __init__(self, spark, path: pathlib.Path, properties: dict, clause: str = ""):
        self.spark, self.path, self.name = spark, path, f"delta.`{path}`"
        options = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
        spark.sql(f"CREATE TABLE {self.name} ({COLUMNS}) USING DELTA {clause}"
                  + (f" TBLPROPERTIES ({options})" if options else ""))
        self.sql("INSERT INTO {s} SELECT /*+ COALESCE(1) */ concat('t', id), NULL, id, NULL,"
                 " named_struct('by', 'them', 'tags', array(named_struct('t', 'x'))) FROM range(5)")

    def sql(self, text: str):
        return self.spark.sql(text.replace("{s}", self.name))

    def rows(self, columns: str = "*") -> dict[str, dict]:
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        rows = render_table(self.sql(f"SELECT {columns} FROM {{s}}").toArrow())
        assert len({row["source_table"] for row in rows}) == len(rows), rows
        return {row["source_table"]: row for row in rows}

    def ids(self) -> dict[str, tuple]:
        """Each row's id and the version that last wrote it."""
        rows = self.rows("source_table, _metadata.row_id AS id, _metadata.row_commit_version AS v")
        return {name: (row["id"], row["v"]) for name, row in rows.items()}

    @property
    def version(self) -> int:
        return max(int(f.stem) for f in (self.path / "_delta_log").glob("[0-9]*.json") if f.stem.isdigit())

    def changes(self, version: int) -> list[tuple]:
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        feed = (self.spark.read.format("delta").option("readChangeFeed", "true")
                .option("startingVersion", version).option("endingVersion", version).load(str(self.path)))
        return sorted((row["_change_type"], row["source_table"], row["last_exported_end_time"])
                      for row in render_table(feed.toArrow()))


def ours(state: State, events) -> dict:
    return state.rows()[events.name]


@pytest.mark.parametrize("feature", FEATURES)
def test_spark_and_we_write_in_turns(feature, spark, events, sluice):
    state = State(spark, sluice.state, {"delta.checkpointInterval": "4", **FEATURES[feature]})
    add(sluice, events)
    others = {name: row for name, row in state.rows().items()}
    for hour in range(2, 10):
        sluice.run(clock(hour))
        assert ours(state, events)["last_exported_end_time"] == clock(hour).replace("Z", ".000000Z")
        if hour % 4 == 0:
            state.sql(f"UPDATE {{s}} SET last_exported_version = {hour} WHERE source_table = 't1'")
            others["t1"]["last_exported_version"] = hour
        assert {name: row for name, row in state.rows().items() if name != events.name} == others
    state.sql("DELETE FROM {s} WHERE source_table = 't2'")
    sluice.run(clock(10))
    assert sorted(state.rows()) == sorted(["t0", "t1", "t3", "t4", events.name])
    # A checkpoint of ours alone must do.
    log = sluice.state / "_delta_log"
    newest = max(int(c.name[:20]) for c in log.glob("*.checkpoint.parquet"))
    copy = pathlib.Path(str(sluice.state) + "_copy")
    shutil.copytree(sluice.state, copy)
    for commit in (copy / "_delta_log").glob("[0-9]*.json"):
        if int(commit.name[:20]) < newest:
            commit.unlink()
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    assert len(spark.sql(f"SELECT * FROM delta.`{copy}`").collect()) == 5


@pytest.mark.parametrize("mapped", [False, True])
def test_rows_keep_their_ids(mapped, spark, events, sluice):
    state = State(spark, sluice.state, {**TRACKED, **(MAPPED if mapped else {})})
    add(sluice, events).run(clock(2))
    before = state.ids()
    assert before[events.name][1] == state.version
    state.sql("UPDATE {s} SET last_exported_version = 9 WHERE source_table = 't3'")
    theirs = state.version
    for hour in range(3, 14):
        sluice.run(clock(hour))
        after = state.ids()
        assert len({row_id for row_id, _ in after.values()}) == len(after), after
        assert {name: row_id for name, (row_id, _) in after.items()} == {
            name: row_id for name, (row_id, _) in before.items()}
        assert after[events.name][1] == state.version and after["t3"][1] == theirs
        assert after["t0"] == before["t0"]
    state.sql("INSERT INTO {s} (source_table) VALUES ('new')")
    ids = state.ids()
    assert len({row_id for row_id, _ in ids.values()}) == len(ids), ids
    state.sql("OPTIMIZE {s}")
    sluice.run(clock(14))
    assert {name: i for name, (i, _) in state.ids().items()} == {name: i for name, (i, _) in ids.items()}


@pytest.mark.parametrize("properties", [FEED, {**FEED, **MAPPED, **TRACKED}], ids=["plain", "mapped"])
def test_its_feed_has_our_row_alone(properties, spark, events, sluice):
    state = State(spark, sluice.state, properties)
    add(sluice, events).run(clock(2))
    at = [clock(hour).replace("Z", ".000000Z") for hour in (2, 3)]
    assert state.changes(state.version) == [("insert", events.name, at[0])]
    sluice.run(clock(3))
    assert state.changes(state.version) == [("update_postimage", events.name, at[1]),
                                            ("update_preimage", events.name, at[0])]
    assert sluice.call("state", "forget", "events", "--yes", now=clock(4)).code == 0
    assert state.changes(state.version) == [("delete", events.name, at[1])]


def test_a_clustered_table_stays_one(spark, events, sluice):
    state = State(spark, sluice.state, {}, "CLUSTER BY (source_table)")
    add(sluice, events)
    for hour in range(2, 14):
        sluice.run(clock(hour))
        if hour == 6:
            state.sql("OPTIMIZE {s}")
    detail = state.sql("DESCRIBE DETAIL {s}").collect()[0]
    assert detail["clusteringColumns"] == ["source_table"]
    adds = [json.loads(line)["add"] for f in (sluice.state / "_delta_log").glob("[0-9]*.json")
            for line in f.read_text().splitlines() if '"add"' in line]
    assert all("source_table" in json.loads(a["stats"])["minValues"] for a in adds)
    assert ours(state, events)["last_exported_end_time"] == clock(13).replace("Z", ".000000Z")


def test_a_partition_column_of_a_mapped_table(spark, events, sluice):
    state = State(spark, sluice.state, MAPPED, "PARTITIONED BY (source_table)")
    add(sluice, events)
    for hour in (2, 3):
        sluice.run(clock(hour))
        assert ours(state, events)["last_exported_end_time"] == clock(hour).replace("Z", ".000000Z")
    assert len(state.rows()) == 6


def test_a_dropped_feature_leaves_a_log_that_we_keep(spark, events, sluice):
    """DROP FEATURE protects the checkpoints before it: they go as a whole or not at all."""
    state = State(spark, sluice.state, {"delta.enableDeletionVectors": "true",
                                        "delta.deletedFileRetentionDuration": "interval 1 days",
                                        "delta.logRetentionDuration": "interval 1 days"})
    add(sluice, events)
    for hour in range(2, 14):
        sluice.run(clock(hour))
    state.sql("ALTER TABLE {s} DROP FEATURE deletionVectors")
    protected = [row["value"] for row in state.sql("SHOW TBLPROPERTIES {s}").collect()
                 if row["key"] == "delta.requireCheckpointProtectionBeforeVersion"]
    assert protected, "Spark protects nothing"
    for hour in range(14, 24):
        sluice.run(clock(hour))
    assert ours(state, events)["last_exported_end_time"] == clock(23).replace("Z", ".000000Z")


REFUSED = {
    "a check": ("ALTER TABLE {s} ADD CONSTRAINT positive CHECK (last_exported_version > -1)", "positive"),
    "append only": ("ALTER TABLE {s} SET TBLPROPERTIES ('delta.appendOnly' = 'true')", "appendOnly"),
}


@pytest.mark.parametrize("demand", REFUSED)
def test_what_we_do_not_honour_is_refused_before_anything_is_published(demand, spark, events, sluice):
    statement, named = REFUSED[demand]
    state = State(spark, sluice.state, {})
    state.sql(statement)
    add(sluice, events)
    found = sluice.call("check", now=clock(2))
    assert found.code == 1 and named in found.stdout, str(found)
    assert named in sluice.fails(clock(2))["message"]
    assert not sluice.export().data_files()
