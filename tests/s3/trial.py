"""Tables on S3 whose exports are disturbed, and what must come out in the end.

A template is made once for each kind of table; a trial is a copy of it, lake and destination, under a prefix of
its own.
"""

from __future__ import annotations

import base64
import collections
import pathlib
import random
import shutil
from collections.abc import Sequence

from support.history import Row
from support.lake import NAME, Lake, clock, rendered, row, state_row, without_partition
from support.ledger import check_any_time, decided_files, decisions, intents
from support.minio import Minio
from support.outcome import (assert_feed_adds_up, assert_newest_snapshot_is_the_table,
                             assert_success_tells_the_truth)
from support.rows import assert_same_rows
from support.s3_sluice import S3Sluice

# What happened in all trials of a session, for its last line.
COUNTS: collections.Counter = collections.Counter()

OLD = [row(1, 0.5), row(2, 1.5), row(3, 2.5, "é"), row(4, 2.75)]
LATE = [row(10, 0.25), row(11, 1.25)]
NEW = [row(20, 3.5), row(21, 4.5), row(22, 4)]


def _large(row_id: int) -> Row:
    text = base64.b64encode(random.Random(row_id).randbytes(1_500_000)).decode()
    return row(row_id, 1 + row_id / 100, text)


class Trial:
    """One table, exported into a prefix. Subclasses say which, and what it must come to."""

    name: str
    now: str

    def __init__(self, server: Minio, folder: pathlib.Path, template: Trial | None = None):
        self.server, self.folder, self.prefix = server, folder, server.new_prefix()
        self.out = f"{self.prefix}/out"
        self.sluice = S3Sluice(folder, server, self.out)
        if template:
            server.copy(template.prefix, self.prefix)
        self.configure()
        if not template:
            self.begin()

    @property
    def url(self) -> str:
        return self.server.url(f"{self.prefix}/lake")

    @property
    def lake(self) -> Lake:
        return Lake.at(self.url, storage=self.server.storage)

    def make_lake(self, *batches: Sequence[Row], **configuration: str) -> Lake:
        return Lake(self.url, *batches, storage=self.server.storage, **configuration)

    def configure(self) -> None:
        """Adds the table to the config."""
        raise NotImplementedError

    def begin(self) -> None:
        """Makes the lake, and the exports that were before."""
        raise NotImplementedError

    def go_on(self) -> None:
        """What happens in the source between a crash and the next run: nothing, where nothing is said."""

    def check_midway(self) -> None:
        """What holds whenever no process writes."""
        raise NotImplementedError

    def check_end(self) -> None:
        """Settled: the export is the source, exactly once."""
        raise NotImplementedError

    def settle(self) -> None:
        """Runs alone, to the end."""
        report = self.sluice.run(self.now)
        assert report["status"] in ("exported", "nothing_new"), report

    def stage(self) -> str:
        """How far the newest number has come, in what was fetched last."""
        begun, decided = intents(self.sluice, self.name), decisions(self.sluice, self.name)
        newest = max([0, *begun, *decided])
        if newest == 0:
            return "nothing begun"
        manifest = self.sluice.destination / "_sluice" / self.name / "manifests" / f"{newest:020}.json"
        if manifest.exists():
            return "published"
        return "decided" if newest in decided else "begun"

    def remove(self) -> None:
        self.server.remove(self.prefix)
        shutil.rmtree(self.folder, ignore_errors=True)


class AppendTrial(Trial):
    name = "events"
    now = clock(5)
    keys: dict = {}
    batches: Sequence[Sequence[Row]] = (OLD, NEW)
    expected = OLD + NEW

    def configure(self) -> None:
        self.sluice.add(NAME, self.url, name=self.name, **{"start": "2025-01-01T00:00:00Z", **self.keys})

    def begin(self) -> None:
        self.make_lake(*self.batches)

    def check_midway(self) -> None:
        check_any_time(self.sluice, NAME)

    def check_end(self) -> None:
        check_any_time(self.sluice, NAME)
        export = self.sluice.export().check()
        assert_same_rows(without_partition(export.rows()), rendered(self.expected))
        assert state_row(self.sluice.state)["last_exported_end_time"] == self.now.replace("Z", ".000000Z")
        files = export.data_files()
        assert self.sluice.run(self.now)["status"] == "nothing_new"
        assert self.sluice.export().data_files() == files


class FirstRun(AppendTrial):
    """The very first run: ledger and state table are made in it."""


class LateRows(AppendTrial):
    """Two numbers in one run: rows that came late, then what is new."""

    expected = OLD + LATE + NEW

    def begin(self) -> None:
        lake = self.make_lake(OLD)
        self.sluice.run(clock(3))
        lake.append(*LATE, *NEW)
        lake.delete("id = 4")


class Pieces(AppendTrial):
    """A start as a duration, committed as an empty window, then a window in pieces."""

    keys = {"start": "5h", "chunk": "2h"}


class Parts(AppendTrial):
    """A file that goes up in several parts."""

    expected = [_large(row_id) for row_id in range(9)]
    batches = (expected[:5], expected[5:])


class UsersTrial(Trial):
    name = "users"
    now = "2030-01-01T00:00:00Z"

    def go_on(self) -> None:
        """Two versions more."""
        lake = self.lake
        lake.append(row(100 + lake.table.version(), 3))
        lake.table.update(predicate="id = 1", updates={"name": f"'v{lake.table.version()}'"})


class Seed(UsersTrial):
    """A feed's seed, and what follows."""

    def configure(self) -> None:
        self.sluice.add_feed(NAME, self.url, name=self.name, chunk=3)

    def begin(self) -> None:
        self.make_lake([row(1, 1)], [row(2, 2)], **{"delta.enableChangeDataFeed": "true"})

    def check_midway(self) -> None:
        self.sluice.export().check_midway(decided_files(self.sluice, self.name))

    def check_end(self) -> None:
        assert_feed_adds_up(self.sluice, self.lake)


class Feed(Seed):
    """Windows of a feed whose seed is there."""

    def begin(self) -> None:
        super().begin()
        self.sluice.run(self.now)
        self.go_on()
        self.go_on()


class Snapshots(UsersTrial):
    """A snapshot that takes the place of an older one, which is dropped."""

    def configure(self) -> None:
        self.sluice.add_snapshots(NAME, self.url, name=self.name, keep=1, skip_unchanged=True)

    def begin(self) -> None:
        self.make_lake([row(1, 1)], [row(2, 2)])
        self.sluice.run(self.now)
        self.go_on()

    def check_midway(self) -> None:
        assert_success_tells_the_truth(self.sluice, self.name)

    def check_end(self) -> None:
        assert_newest_snapshot_is_the_table(self.sluice, self.lake)


KINDS: list[type[Trial]] = [FirstRun, LateRows, Pieces, Parts, Seed, Feed, Snapshots]
