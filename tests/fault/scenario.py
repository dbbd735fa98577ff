"""What is interrupted: a config and a lake made once, copied for each trial, and what must come out."""

from __future__ import annotations

import copy
import dataclasses
import pathlib
import shutil
from collections.abc import Callable

from support.history import Row
from support.lake import NAME, Lake, clock, rendered, row, state_row, without_partition
from support.ledger import check_any_time
from support.rows import assert_same_rows
from support.sluice import Sluice

OLD = [row(1, 0.5), row(2, 1.5), row(3, 2.5, "é"), row(4, 2.75)]
LATE = [row(10, 0.25), row(11, 1.25)]
NEW = [row(20, 3.5), row(21, 4.5), row(22, 4)]


def config(folder: pathlib.Path, lake: Lake, **keys) -> Sluice:
    sluice = Sluice(folder)
    sluice.config["limits"] = {"memory": "64MiB"}
    return sluice.add(NAME, lake.path, name="events", start="2025-01-01T00:00:00Z", **keys)


@dataclasses.dataclass
class Scenario:
    """`call` is interrupted in copies of `template`; `resume` then brings them to their end."""

    template: Sluice
    lake: Lake
    call: tuple[str, ...]
    now: str
    expected: list[Row]
    resume: Callable[[Sluice, Scenario], None]
    state_end: str | None = None

    def copy(self, folder: pathlib.Path) -> Sluice:
        """A config and destination of its own; the lake, which nobody changes, is shared."""
        shutil.copytree(self.template.folder, folder)
        trial = Sluice(folder)
        trial.config = copy.deepcopy(self.template.config)
        return trial

    def copy_lake(self, sluice: Sluice) -> Lake:
        """Gives a copy a lake of its own, for trials that change it."""
        path = sluice.folder / "lake"
        shutil.copytree(self.lake.path, path)
        sluice.change(path=str(path))
        return Lake.at(path)

    def check_midway(self, sluice: Sluice) -> None:
        check_any_time(sluice, NAME)

    def check_end(self, sluice: Sluice) -> None:
        """The export holds the source exactly once, the state stands at its end, nothing is left to do."""
        check_any_time(sluice, NAME)
        assert_same_rows(without_partition(sluice.export().check().rows()), rendered(self.expected))
        row = state_row(sluice.state)
        end = row and row["last_exported_end_time"]
        assert end == (self.state_end or self.now).replace("Z", ".000000Z")
        files = sluice.export().data_files()
        assert sluice.run(self.now)["status"] == "nothing_new"
        assert sluice.export().data_files() == files


def run_again(sluice: Sluice, scenario: Scenario) -> None:
    assert sluice.run(scenario.now)["status"] in ("exported", "nothing_new")


def first_run(folder: pathlib.Path) -> Scenario:
    """The very first run: destination, state table and ledger are made in it."""
    lake = Lake(folder / "lake", OLD, NEW)
    return Scenario(config(folder / "sluice", lake), lake, ("run",), clock(5), OLD + NEW, run_again)


def late_rows_and_a_window(folder: pathlib.Path) -> Scenario:
    """Two numbers in one run: rows that came late, then what is new."""
    lake = Lake(folder / "lake", OLD)
    sluice = config(folder / "sluice", lake)
    sluice.run(clock(3))
    lake.append(*LATE, *NEW)
    lake.delete("id = 4")
    return Scenario(sluice, lake, ("run",), clock(5), OLD + LATE + NEW, run_again)


def pieces(folder: pathlib.Path) -> Scenario:
    """A start as a duration, committed as an empty window, then a window in pieces."""
    lake = Lake(folder / "lake", OLD, NEW)
    sluice = config(folder / "sluice", lake, chunk="2h")
    sluice.change(start="5h")
    return Scenario(sluice, lake, ("run",), clock(5), OLD + NEW, run_again)


def replacing_backfill(folder: pathlib.Path) -> Scenario:
    """A backfill that replaces an export; the state stays."""
    lake = Lake(folder / "lake", OLD)
    sluice = config(folder / "sluice", lake)
    sluice.run(clock(3))
    lake.table.update(predicate="id = 2", updates={"name": "'corrected'"})
    call = ("backfill", "events", "--from", clock(0), "--to", clock(3), "--again")
    expected = [dataclasses.replace(row, name="corrected") if row.id == 2 else row for row in OLD]

    def resume(trial: Sluice, scenario: Scenario) -> None:
        run_again(trial, scenario)
        if not any(manifest["replaces"] for manifest in trial.export().manifests()):
            outcome = trial.call(*call, now=scenario.now)
            assert outcome.code == 0, str(outcome)

    return Scenario(sluice, lake, call, clock(3), expected, resume)


def repaired_state(folder: pathlib.Path) -> Scenario:
    """`state set` back to an earlier time: what follows is exported a second time, because it was asked for."""
    lake = Lake(folder / "lake", OLD)
    sluice = config(folder / "sluice", lake)
    sluice.run(clock(3))
    call = ("state", "set", "events", clock(2))

    def resume(trial: Sluice, scenario: Scenario) -> None:
        run_again(trial, scenario)
        if "reset" not in trial.export().kinds():
            outcome = trial.call(*call, now=scenario.now)
            assert outcome.code == 0, str(outcome)
            run_again(trial, scenario)

    return Scenario(sluice, lake, call, clock(3), OLD + [r for r in OLD if r.id in (3, 4)], resume)


SCENARIOS = {make.__name__: make for make in (first_run, late_rows_and_a_window, pieces,
                                             replacing_backfill, repaired_state)}
