"""What `sluice` exports of a table that Spark writes, compared with Spark version by version."""

from __future__ import annotations

import collections
import pathlib

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq

from .feed_history import replay
from .log_state import LogState
from .rows import assert_same_rows, multiset, render_table
from .sluice import Outcome, Sluice

START = "2025-01-01T00:00:00Z"
_UNSAFE = "spark.databricks.delta.changeDataFeed.unsafeBatchReadOnIncompatibleSchemaChanges.enabled"
_FEED_COLUMNS = ("_change_type", "_commit_version", "_commit_timestamp")


class Difference(AssertionError):
    """What `sluice` exports is not what Spark reads."""


class Watch:
    """One table: call `look` after each statement and `export` now and then."""

    def __init__(self, spark, folder: pathlib.Path, path: pathlib.Path, *, watermark: str, feed: bool):
        self.spark, self.path, self.watermark, self.feed = spark, path, watermark, feed
        self.state = LogState(path)
        self.sluice = Sluice(folder)
        self.sluice.add_snapshots("lake.snap", path, name="snap", keep=2)
        self.sluice.add("lake.late", path, name="late", start=START, watermark="at")
        if feed:
            self.sluice.add_feed("lake.feed", path, name="feed")
        self.seen: set[int] = set()
        self.rows: dict[int, list[dict]] = {}
        self.brought: dict[int, list[dict]] = {}  # rows by the version that brought them
        self.end, self.scanned, self.fed = _instant(START), None, None
        self.snapshots = 0
        self.counts = collections.Counter()

    def look(self) -> None:
        """Compares the snapshot of every version that is new."""
        for version in range(self.state.version + 1, self.state.refresh().version + 1):
            self._look_at(version)

    def look_back(self, version: int) -> None:
        """Compares an older version once more, which other checkpoints may serve now."""
        self.counts["versions read again"] += self._compare_snapshot(version) is not None

    def _look_at(self, version: int) -> None:
        rows = self._compare_snapshot(version)
        if rows is None:
            return
        self.counts["snapshots"] += 1
        self.rows[version] = rows
        # What an earlier commit deleted and this one inserts is new; what RESTORE brings back is not.
        restored = self.state.operations.get(version) == "RESTORE"
        before = self.seen if restored or version - 1 not in self.rows else {r["id"] for r in self.rows[version - 1]}
        self.brought[version] = [row for row in rows if row["id"] not in before]
        self.seen |= {row["id"] for row in rows}

    def _compare_snapshot(self, version: int) -> list[dict] | None:
        try:
            read = self.spark.read.format("delta")
            if version < self.state.version:  # the newest is at hand in Spark
                read = read.option("versionAsOf", version)
            theirs = read.load(str(self.path)).toArrow()
        except Exception as error:  # noqa: BLE001  (of Spark)
            self.counts["unreadable for Spark"] += 1
            self.counts[f"Spark: {_first_line(error)}"] += 1
            theirs = None
        self.snapshots += 1
        days, minute = divmod(self.snapshots, 1440)
        now = f"2030-01-{days + 1:02}T{minute // 60:02}:{minute % 60:02}:00Z"
        outcome = self.sluice.call("run", "snap", "--at-version", str(version), now=now)
        if theirs is None:
            self.counts["which ours reads"] += outcome.code == 0
            return None
        if outcome.code != 0:
            raise Difference(f"version {version} is refused: {_refusal(outcome)}")
        rows = render_table(theirs)
        export = self.sluice.export("snap")
        ours = [_without(row, "snapshot_ts") for row in export.latest()]
        try:
            assert_same_rows(ours, rows, f"snapshot of version {version}")
            folder = export.snapshots / export.folders()[-1]
            for file in folder.glob("*.parquet"):
                got = [(f.name, _kind(f.type)) for f in pq.read_schema(file)]
                due = [(f.name, _kind(f.type)) for f in theirs.schema]
                assert got == due, f"schema of version {version}: {got}, expected {due}"
        except AssertionError as error:
            raise Difference(f"{error}\n{self._second_opinion(version, rows)}") from None
        return rows

    def _second_opinion(self, version: int, rows: list[dict]) -> str:
        try:
            table = pa.table(deltalake.DeltaTable(str(self.path), version=version).to_pyarrow_table())
            same = multiset(render_table(table)) == multiset(rows)
        except BaseException as error:  # noqa: BLE001  (a panic of its is not an Exception)
            return f"delta-rs cannot read it: {_first_line(error)}"
        return "delta-rs agrees with Spark" if same else "delta-rs does not agree with Spark either"

    def export(self, now: str) -> None:
        """Exports windows, late rows and the feed."""
        self._export_appends(now)
        if self.feed:
            self._export_feed()

    def _export_appends(self, now: str) -> None:
        outcome = self.sluice.call("run", "late", now=now)
        if outcome.code != 0:
            raise Difference(f"the append table at {now} is refused: {_refusal(outcome)}")
        end, latest = _instant(now), self.state.version
        if end <= self.end:
            if outcome.table()["status"] != "nothing_new":
                raise Difference(f"nothing should be new at {now}: {outcome.table()}")
            return
        export, report = self.sluice.export("late"), outcome.table()
        got = {kind: [_without(row, "dt", "hr") for w in report["windows"] if w["kind"] == kind
                      for row in export.rows(w["n"])] for kind in ("window", "late")}
        try:
            if latest in self.rows:
                due = [_without(row, "dt", "hr") for row in self.rows[latest]
                       if self.end < _instant(row["at"]) <= end]
                assert_same_rows(got["window"], due, f"window ({self.end}, {end}] of version {latest}")
                self.counts["windows"] += 1
            if self.scanned is not None and self.watermark != "DATE":
                self._compare_late(got["late"], latest)
        except AssertionError as error:
            raise Difference(str(error)) from None
        self.end, self.scanned = end, latest

    def _compare_late(self, got: list[dict], latest: int) -> None:
        versions = range(self.scanned + 1, latest + 1)
        if any(version not in self.brought for version in versions):
            return
        due = [(version, row) for version in versions for row in self.brought[version]
               if _instant(START) < _instant(row["at"]) <= self.end]
        what = f"late rows until {self.end} of versions {versions.start} to {latest}"
        # A commit that changes the schema and rows at once has new rows by any reckoning.
        replaced = any(v in self.state.changed for v in versions)
        if not replaced:
            assert_same_rows(got, [_without(row, "dt", "hr") for _, row in due], what)
        else:
            wanted, ids = collections.Counter(row["id"] for _, row in due), collections.Counter(r["id"] for r in got)
            assert not wanted - ids, f"{what}: missing {wanted - ids}"
            if not any("REPLACE" in self.state.operations[v] for v in versions):
                assert not ids - wanted, f"{what}: not expected {ids - wanted}"
        self.counts["late scans"] += 1
        self.counts["late rows"] += len(got)

    def _export_feed(self) -> None:
        latest = self.state.version
        outcome = self.sluice.call("run", "feed", now="2030-01-01T00:00:00Z")
        report = outcome.table()
        self._compare_windows(report)
        if outcome.code == 0:
            return
        refused = self._unreadable_changes(latest)
        if not refused and self.fed is not None:
            raise Difference(f"the feed of versions {self.fed + 1} to {latest} is refused: {_refusal(outcome)}")
        self.counts["feeds refused as Spark refuses them"] += 1
        if self.state.on("delta.enableChangeDataFeed") and self.fed is not None:
            again = self.sluice.call("run", "feed", "--reseed", now="2030-01-01T00:00:00Z")
            if again.code != 0:
                raise Difference(f"a new seed of the feed is refused: {_refusal(again)}")
            self._compare_windows(again.table())

    def _compare_windows(self, report: dict) -> None:
        export = self.sluice.export("feed")
        for window in report["windows"]:
            got = export.rows(window["n"])
            try:
                if window["kind"] in ("seed", "reseed"):
                    assert_same_rows([_without(row, "snapshot_ts") for row in got], self.rows[window["end"]],
                                     f"seed of version {window['end']}")
                else:
                    assert window["start"] == self.fed, f"{window} follows {self.fed}"
                    self._compare_changes(window["start"] + 1, window["end"], got)
            except AssertionError as error:
                raise Difference(str(error)) from None
            self.fed = window["end"]

    def _compare_changes(self, first: int, last: int, got: list[dict]) -> None:
        got = [_without(row, "_commit_date") for row in got]
        what = f"changes of versions {first} to {last}"
        self.counts["change windows"] += 1
        self.counts["changes"] += len(got)
        try:
            due = self._changes(first, last)
            # Spark reads a mapped table under the schema of the range's end; ours may have the newest one's columns.
            newer = {c for c in got[0] if c not in due[0]} if got and due and self.state.mapped else set()
            assert all(row[c] is None for row in got for c in newer), f"{what}: {newer} should be NULL"
            assert_same_rows([_without(row, *newer) for row in got], due, what)
        except AssertionError:
            raise
        except Exception as error:  # noqa: BLE001  (of Spark)
            self.counts["change windows that Spark refuses"] += 1
            self.counts[f"Spark: {_first_line(error)}"] += 1
            due = self._changes_by_force(first, last)
            if due:
                common = [c for c in due[0] if got and c in got[0]]
                assert_same_rows([{c: row[c] for c in common} for row in got],
                                 [{c: row[c] for c in common} for row in due], f"{what} (columns of both)")
        self._assert_adds_up(first, last, got, what)

    def _assert_adds_up(self, first: int, last: int, got: list[dict], what: str) -> None:
        """With the changes, what was there before is what is there after, if the schema stayed."""
        if first - 1 not in self.rows or last not in self.rows or set(self.state.changed) & {*range(first, last + 1)}:
            return
        columns = [field.name for field in self.state.schema]
        assert (replay(self.rows[first - 1], got, columns) == replay(self.rows[last], [], columns)
                ), f"{what} do not add up"

    def _changes(self, first: int, last: int) -> list[dict]:
        return render_table(self.spark.read.format("delta").option("readChangeFeed", "true")
                            .option("startingVersion", first).option("endingVersion", last)
                            .load(str(self.path)).toArrow())

    def _changes_by_force(self, first: int, last: int) -> list[dict]:
        self.spark.conf.set(_UNSAFE, "true")
        try:
            return self._changes(first, last)
        except Exception:  # noqa: BLE001
            return []
        finally:
            self.spark.conf.unset(_UNSAFE)

    def _unreadable_changes(self, latest: int) -> list[int]:
        """The versions after the last that was exported whose changes Spark doesn't read either."""
        refused = []
        for version in range((self.fed if self.fed is not None else -1) + 1, latest + 1):
            try:
                self._changes(version, version)
            except Exception:  # noqa: BLE001
                refused.append(version)
        return refused


def _refusal(outcome: Outcome) -> str:
    error = outcome.error
    return f"{error['kind']}: {error['message']}\n  remedy: {error['remedy']}"


def _instant(text: str | None) -> str:
    """Comparable text of a rendered time or day; of NULL, before all."""
    if text is None:
        return ""
    text = text.removesuffix("Z")
    if "T" not in text:
        text += "T00:00:00"
    return text if "." in text else text + ".000000"


def _without(row: dict, *columns: str) -> dict:
    return {key: value for key, value in row.items() if key not in columns}


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0][:150]


def _kind(kind: pa.DataType) -> str:
    """A type without the names that a Parquet file or Arrow gives to the parts of lists and maps."""
    if pa.types.is_struct(kind):
        return "struct<" + ", ".join(f"{f.name}: {_kind(f.type)}" for f in kind) + ">"
    if pa.types.is_list(kind):
        return f"list<{_kind(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{_kind(kind.key_type)}, {_kind(kind.item_type)}>"
    return str(kind)
