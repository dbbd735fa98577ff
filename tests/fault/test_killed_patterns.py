"""`kill -9` at every call of a feed's seed, of its windows, of a new seed, of a backfill that replaces windows,
and of a snapshot that drops an older one.

Between the kill and the next run the source goes on, so that a seed and a feed that don't join would show.
"""

import pathlib
import re
import shutil

import pytest
from kill_points import telling
from support.lake import NAME, Lake, row
from support.outcome import (assert_feed_adds_up, assert_newest_seed_adds_up,
                             assert_newest_snapshot_is_the_table, assert_success_tells_the_truth)
from support.sluice import Sluice

NOW, LATER = "2030-01-01T00:00:00Z", "2030-01-01T01:00:00Z"


class Trial:
    """A table and its config in a folder of their own."""

    def __init__(self, folder: pathlib.Path, template: pathlib.Path | None = None):
        if template:
            shutil.copytree(template, folder)
        self.sluice = Sluice(folder)
        self.path = folder / "lake"

    @property
    def lake(self) -> Lake:
        return Lake.at(self.path)

    def change(self) -> None:
        """Two versions more."""
        lake = self.lake
        lake.append(row(100 + lake.table.version(), 3))
        lake.table.update(predicate="id = 1", updates={"name": f"'v{lake.table.version()}'"})


def feed_begins(folder: pathlib.Path) -> Trial:
    trial = Trial(folder)
    Lake(trial.path, [row(1, 1)], [row(2, 2)], **{"delta.enableChangeDataFeed": "true"})
    return trial


def feed_goes_on(folder: pathlib.Path) -> Trial:
    trial = feed_begins(folder)
    configure(trial, "cdc").run(NOW)
    trial.change()
    trial.change()
    return trial


def feed_went_on(folder: pathlib.Path) -> Trial:
    """A seed of version 2, the windows (2, 4] and (4, 6], and a version that is new."""
    trial = feed_begins(folder)
    configure(trial, "cdc").run(NOW)
    for _ in range(2):
        trial.change()
        trial.sluice.run(NOW)
    trial.lake.append(row(50, 3))
    return trial


def snapshots(folder: pathlib.Path) -> Trial:
    trial = Trial(folder)
    Lake(trial.path, [row(1, 1)], [row(2, 2)])
    configure(trial, "snapshot").run(NOW)
    return trial


def configure(trial: Trial, pattern: str) -> Sluice:
    if pattern == "cdc":
        return trial.sluice.add_feed(NAME, trial.path, name="users", chunk=3)
    return trial.sluice.add_snapshots(NAME, trial.path, name="users", keep=1)


RUN, RESEED = ("run",), ("run", "--reseed")
BACKFILL = ("backfill", "users", "--from", "2", "--to", "6", "--again")


def assert_begun_anew(sluice: Sluice, lake: Lake) -> None:
    assert_newest_seed_adds_up(sluice, lake)
    assert sluice.export().kinds().count("reseed") <= 1, sluice.export().kinds()


def assert_replaced(sluice: Sluice, lake: Lake) -> None:
    """Whether the backfill was decided or not: each change is there once."""
    if not any(manifest["replaces"] for manifest in sluice.export().manifests()):
        assert sluice.call(*BACKFILL, now=LATER).code == 0
    assert_feed_adds_up(sluice, lake)
    current = sluice.export().current()
    assert [(m["start"], m["end"]) for m in current if m["kind"] == "backfill"] == [(2, 6)], current


@pytest.mark.parametrize(("make", "pattern", "call", "check_end"), [
    (feed_begins, "cdc", RUN, assert_feed_adds_up), (feed_goes_on, "cdc", RUN, assert_feed_adds_up),
    (feed_went_on, "cdc", RESEED, assert_begun_anew), (feed_went_on, "cdc", BACKFILL, assert_replaced),
    (snapshots, "snapshot", RUN, assert_newest_snapshot_is_the_table)],
    ids=["seed", "feed", "reseed", "backfill", "snapshot"])
def test_before_every_call(make, pattern, call, check_end, faults, pool, folder):
    template = make(folder / "template").sluice.folder
    log = folder / "calls.log"
    undisturbed = Trial(folder / "undisturbed", template)
    outcome = configure(undisturbed, pattern).call(*call, now=LATER,
                                                   env=faults.env(undisturbed.sluice.folder, log=log))
    assert outcome.code == 0, str(outcome)
    calls = log.read_text().splitlines()
    steps = telling(calls)
    assert len(steps) >= 10 and any(re.search(r"\.commit\.json", call) for call in calls), calls

    def attempt(at: int) -> str | None:
        trial = Trial(folder / f"at-{at}", template)
        try:
            outcome = configure(trial, pattern).call(*call, now=LATER,
                                                     env=faults.env(trial.sluice.folder, at=at))
            assert outcome.code in (0, -9), str(outcome)
            if pattern == "snapshot":
                assert_success_tells_the_truth(trial.sluice)
            trial.change()
            trial.sluice.run(LATER)
            check_end(trial.sluice, trial.lake)
            trial.change()
            trial.sluice.run(LATER)
            check_end(trial.sluice, trial.lake)
        except Exception as error:  # noqa: BLE001  (collected, so that one trial doesn't hide the others)
            return f"at call {calls[at - 1]}: {error}"
        finally:
            shutil.rmtree(trial.sluice.folder, ignore_errors=True)
        return None

    failures = [failure for failure in pool.map(attempt, steps) if failure]
    assert not failures, f"{len(failures)} of {len(steps)} trials\n" + "\n".join(failures[:4])
