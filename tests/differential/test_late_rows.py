"""Rows that come after their window was exported: once, apart, and only rows that a commit brought."""

import pytest
from support.compare import START, add
from support.rows import assert_same_rows
from support.source import EVENTS

TABLES = {
    "plain": {},
    "deletion vectors": {"delta.enableDeletionVectors": "true"},
    "change feed": {"delta.enableChangeDataFeed": "true"},
    "both": {"delta.enableDeletionVectors": "true", "delta.enableChangeDataFeed": "true"},
}


def clock(hour: int) -> str:
    return f"2025-01-01T{hour:02}:00:00Z"


class Run:
    """What one run exported, told apart."""

    def __init__(self, sluice, hour: int):
        self.report = sluice.run(clock(hour))
        self.export = sluice.export()
        numbers = {window["n"] for window in self.report["windows"]}
        self.manifests = [m for m in self.export.manifests() if m["n"] in numbers]
        self.late = [m for m in self.manifests if m["kind"] == "late"]
        self.windows = [m for m in self.manifests if m["kind"] == "window"]

    def late_ids(self) -> list[int]:
        return sorted(row["id"] for m in self.late for row in self.export.rows(m["n"]))

    def window_ids(self) -> list[int]:
        return sorted(row["id"] for m in self.windows for row in self.export.rows(m["n"]))


@pytest.fixture(params=TABLES)
def events(request, source):
    """Ten rows in the first five hours, in one file."""
    table = source(EVENTS, properties=TABLES[request.param])
    table.sql("INSERT INTO {t} SELECT /*+ COALESCE(1) */ id, 'old', TIMESTAMP'2025-01-01T00:15:00Z'"
              " + make_interval(0, 0, 0, 0, 0, id * 30) FROM range(10)")
    return table


def test_each_kind_of_commit_after_the_window(events, sluice):
    add(sluice, events)
    assert Run(sluice, 5).window_ids() == list(range(10))

    first = events.insert("100, 'late', TIMESTAMP'2025-01-01T01:45:00Z'",
                          "101, 'late', TIMESTAMP'2025-01-01T05:00:00Z'",
                          "102, 'on time', TIMESTAMP'2025-01-01T05:00:00.000001Z'",
                          f"103, 'before the first window', TIMESTAMP'{START}'", "104, 'null', NULL")
    run = Run(sluice, 6)
    assert (run.late_ids(), run.window_ids(), run.report["late_rows"]) == ([100, 101], [102], 2)
    (late,) = run.late
    assert late["reopened"] == late["partitions_touched"] == ["dt=2025-01-01/hr=01",
                                                              "dt=2025-01-01/hr=05"]

    steps = [
        ("DELETE FROM {t} WHERE id IN (3, 100)", []),
        ("UPDATE {t} SET name = 'changed' WHERE id = 4", []),
        ("UPDATE {t} SET event_timestamp = TIMESTAMP'2025-01-01T02:02:02Z' WHERE id = 5", []),
        ("OPTIMIZE {t}", []),
        ("""MERGE INTO {t} t USING (SELECT * FROM VALUES (6, 'merged', TIMESTAMP'2025-01-01T03:15:00Z'),
              (110, 'inserted late', TIMESTAMP'2025-01-01T00:30:00Z') AS v(id, name, at)) s
            ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.name = s.name
            WHEN NOT MATCHED THEN INSERT (id, name, event_timestamp) VALUES (s.id, s.name, s.at)""", [110]),
        ("MERGE INTO {t} t USING (SELECT 7 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE", []),
        ("INSERT INTO {t} VALUES (0, 'old', TIMESTAMP'2025-01-01T00:15:00Z')", [0]),
        (f"RESTORE TABLE {{t}} TO VERSION AS OF {first}", []),
    ]
    for hour, (statement, expected) in enumerate(steps, start=7):
        events.sql(statement)
        run = Run(sluice, hour)
        assert (run.late_ids(), run.window_ids()) == (expected, []), statement
        assert run.report["late_rows"] == len(expected), statement
        assert [m["kind"] for m in run.manifests] == ["late"] * bool(expected) + ["window"]
    sluice.export().check()


def test_an_overwrite_brings_only_what_was_not_there(source, sluice):
    events = source(EVENTS)
    events.insert("1, 'a', TIMESTAMP'2025-01-01T00:30:00Z'", "2, 'b', TIMESTAMP'2025-01-01T01:30:00Z'",
                  "2, 'b', TIMESTAMP'2025-01-01T01:30:00Z'")
    add(sluice, events)
    Run(sluice, 3)
    events.sql("""INSERT OVERWRITE {t} VALUES (1, 'a', TIMESTAMP'2025-01-01T00:30:00Z'),
                  (2, 'b', TIMESTAMP'2025-01-01T01:30:00Z'), (2, 'b', TIMESTAMP'2025-01-01T01:30:00Z'),
                  (2, 'b', TIMESTAMP'2025-01-01T01:30:00Z'), (3, 'c', TIMESTAMP'2025-01-01T02:30:00Z')""")
    assert Run(sluice, 4).late_ids() == [2, 3]
    sluice.export().check()


def test_late_rows_that_were_deleted_again_before_the_run_are_told_by_their_commit(source, sluice):
    events = source(EVENTS)
    add(sluice, events)
    Run(sluice, 3)
    events.insert("1, 'a', TIMESTAMP'2025-01-01T00:30:00Z'")
    events.insert("2, 'b', TIMESTAMP'2025-01-01T00:40:00Z'")
    events.sql("OPTIMIZE {t}")
    assert Run(sluice, 4).late_ids() == [1, 2]
    sluice.export().check()


def test_late_rows_of_a_partitioned_table_whose_watermark_is_a_partition(source, sluice):
    events = source("id BIGINT, event_timestamp TIMESTAMP, p STRING",
                    partitioned_by="event_timestamp, p")
    events.insert("1, TIMESTAMP'2025-01-01T00:30:00Z', 'é%'")
    add(sluice, events)
    Run(sluice, 2)
    events.insert("2, TIMESTAMP'2025-01-01T00:30:00Z', 'é%'", "3, TIMESTAMP'2025-01-01T02:30:00Z', NULL")
    run = Run(sluice, 3)
    assert (run.late_ids(), run.window_ids()) == ([2], [3])
    sluice.export().check()


def test_report_counts_and_ignore_passes_over(source, sluice):
    events = source(EVENTS)
    events.insert("1, 'a', TIMESTAMP'2025-01-01T00:30:00Z'")
    add(sluice, events, late_rows="report")
    Run(sluice, 2)
    events.insert("2, 'b', TIMESTAMP'2025-01-01T00:40:00Z'")
    run = Run(sluice, 3)
    assert (run.report["late_rows"], run.late) == (1, [])
    assert Run(sluice, 4).report["late_rows"] == 0
    sluice.change(late_rows="ignore")
    events.insert("3, 'c', TIMESTAMP'2025-01-01T00:50:00Z'")
    run = Run(sluice, 5)
    assert (run.report["late_rows"], run.late) == (0, [])
    sluice.change(late_rows="export")
    events.insert("4, 'd', TIMESTAMP'2025-01-01T00:55:00Z'")
    assert Run(sluice, 6).late_ids() == [4]
    sluice.export().check()


@pytest.mark.parametrize(("kind", "row"), [
    ("STRING", "'2025-01-01 00:30'"), ("DATE", "DATE'2025-01-01'"),
    ("TIMESTAMP_NTZ", "TIMESTAMP_NTZ'2025-01-01 00:30:00'")])
def test_late_rows_by_other_watermark_types(kind, row, source, sluice):
    events = source(f"id INT, event_timestamp {kind}")
    add(sluice, events, timezone="Asia/Kolkata", start="2024-12-01T00:00:00Z")
    Run(sluice, 4)
    events.insert(f"1, {row}", "2, NULL")
    run = Run(sluice, 5)
    assert run.late_ids() == [1]
    late = events.expected("2024-12-01T00:00:00Z", clock(4), timezone="Asia/Kolkata")
    assert_same_rows(sluice.export().check().rows(run.late[0]["n"]), late)


def test_late_rows_in_the_same_hour_wait_for_the_next_window(source, sluice):
    events = source(EVENTS)
    add(sluice, events)
    Run(sluice, 3)
    events.insert("1, 'late', TIMESTAMP'2025-01-01T00:30:00Z'")
    sluice.run("2025-01-01T03:30:00Z")
    Run(sluice, 4)
    assert [row["id"] for row in sluice.export().check().rows()] == [1]
    assert sluice.export().kinds().count("late") == 1


def test_a_history_cleaned_up_since_the_last_export_is_an_error_not_a_loss(source, sluice):
    events = source(EVENTS, properties={"delta.checkpointInterval": "3"})
    events.insert("1, 'a', TIMESTAMP'2025-01-01T00:30:00Z'")
    add(sluice, events)
    Run(sluice, 2)
    for i in range(2, 6):
        events.insert(f"{i}, 'late', TIMESTAMP'2025-01-01T00:45:00Z'")
    for version in range(3):
        (events.log / f"{version:020}.json").unlink()
    error = sluice.fails(clock(3))
    assert error["kind"] == "source_gone" and error["remedy"]
    sluice.change(late_rows="ignore")
    assert Run(sluice, 3).window_ids() == []
    sluice.export().check()
