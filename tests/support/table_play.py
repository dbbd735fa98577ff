"""Plays a history in Spark, statement by statement, beside `sluice`; and makes a shorter one of it that fails."""

from __future__ import annotations

import collections
import os
import pathlib
import time
import zlib
from collections.abc import Callable, Iterable

from .spark_session import settings
from .table_history import CHECKPOINT, EXPORT, VACUUM, TableHistory
from .table_watch import Difference, Watch

STEPS = 9
SHRINK_SECONDS = int(os.environ.get("SLUICE_SHRINK_SECONDS", "90"))
_QUICK = {"spark__sql__shuffle__partitions": "1",
          "spark__databricks__delta__retentionDurationCheck__enabled": "false"}


def play(spark, folder: pathlib.Path, seed: int, steps: int) -> collections.Counter:
    """A whole history; what was compared. A difference is raised with the statements that lead to it."""
    history = TableHistory(seed)
    player = _Player(spark, folder / "whole", history)
    try:
        player.play(_statements(history, player, steps))
    except Difference as difference:
        statements = _shrink(lambda number, few: _Player(spark, folder / f"few{number}", history).play(few),
                             player.done, str(difference))
        lines = "\n".join(f"    {statement}" for statement in statements)
        raise Difference(f"seed {seed}, {_shown(history.settings)}:\n{lines}\n{difference}") from None
    return player.counts


def _statements(history: TableHistory, player: _Player, steps: int) -> Iterable[str]:
    yield history.create()
    for _ in range(20):
        if player.watch is not None:
            break
        yield history.create()  # Spark refuses some
    for step in range(steps):
        if step == 0:
            yield history.first_rows(player.watch.state)
        statement = history.step(player.watch.state)
        if statement == VACUUM:
            yield history.export()  # what it removes, nobody can export later
        yield statement
    yield history.export()


class _Player:
    def __init__(self, spark, folder: pathlib.Path, history: TableHistory):
        self.spark, self.folder, self.history = spark, folder, history
        self.watch: Watch | None = None
        self.done: list[str] = []  # what Spark didn't refuse
        self.counts = collections.Counter()
        self.tables = 0

    def play(self, statements: Iterable[str]) -> None:
        with settings(self.spark, **_QUICK, **self.history.settings):
            try:
                for statement in statements:
                    self._execute(statement)
                if self.watch is not None:
                    self.watch.look_back(self.watch.state.version // 2)
            finally:
                self._finish()

    def _execute(self, statement: str) -> None:
        self.done.append(statement)
        if self.watch is None and not statement.startswith("CREATE TABLE {t}"):
            return
        try:
            if statement.startswith(EXPORT):
                self.watch.export(statement.removeprefix(EXPORT))
                return
            self._in_spark(statement)
        except Difference:
            raise
        except Exception as error:  # noqa: BLE001  (of Spark: not every statement suits every table)
            self.done.pop()
            self.counts[f"refused by Spark: {_kind(statement)}"] += 1
            if os.environ.get("SLUICE_TABLE_VERBOSE"):
                print("REFUSED", statement[:300], "\n   ", str(error).strip().splitlines()[0][:300])
        else:
            self.counts[f"statements: {_kind(statement)}"] += 1
        if self.watch is not None:
            self.watch.look()

    def _in_spark(self, statement: str) -> None:
        if statement == CHECKPOINT:
            log = self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(
                self.spark._jsparkSession, str(self.watch.path))
            log.checkpoint()
            return
        cloned = "{next}" in statement
        self.spark.sql(self._filled(statement))
        if self.watch is None or cloned:
            if self.watch is not None:
                self.counts.update(self.watch.counts)
            self.tables += 1
            self.watch = Watch(self.spark, self.folder / f"sluice{self.tables}", self._path(self.tables),
                               watermark=self.history.watermark, feed=self.history.feed and not cloned)

    def _filled(self, statement: str) -> str:
        here = max(self.tables, 1)
        for mark, text in (("{t}", self._name(here)), ("{p}", str(self._path(here))),
                           ("{next}", self._name(here + 1)), ("{next_p}", str(self._path(here + 1)))):
            statement = statement.replace(mark, text)
        return statement

    def _name(self, number: int) -> str:
        return f"history_{zlib.crc32(str(self.folder).encode())}_{number}"

    def _path(self, number: int) -> pathlib.Path:
        return self.folder / "lake" / f"t {number}"

    def _finish(self) -> None:
        if self.watch is not None:
            self.counts.update(self.watch.counts)
        for number in range(1, self.tables + 1):
            self.spark.sql(f"DROP TABLE IF EXISTS {self._name(number)}")


def _shrink(fails: Callable, statements: list[str], what: str) -> list[str]:
    """Leaves out what a difference doesn't need, as long as there is time."""
    until, tries, position = time.monotonic() + SHRINK_SECONDS, 0, len(statements) - 1
    while position > 0 and time.monotonic() < until:
        few = statements[:position] + statements[position + 1:]
        tries += 1
        try:
            fails(tries, few)
        except Difference as difference:
            if str(difference)[:12] == what[:12]:
                statements = few
        position -= 1
    return statements


def _kind(statement: str) -> str:
    words = [word for word in statement.split() if word.isupper() and word.isalpha()][:5]
    head = " ".join(words[:2])
    if head == "ALTER TABLE":
        return " ".join(words[:4])
    return "checkpoint" if statement == CHECKPOINT else head


def _shown(options: dict) -> str:
    return ", ".join(f"{key.replace('__', '.')}={value}" for key, value in options.items() if value is not None)
