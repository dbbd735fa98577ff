"""Prune in a loop beside runs that live and runs that die: it takes what they left and nothing else."""

import os
import random
import threading

import pytest
from scenario import config
from support.lake import NAME, Lake, clock, rendered, row, state_row, without_partition
from support.ledger import check_any_time
from support.rows import assert_same_rows

SEEDS = range(int(os.environ.get("SLUICE_FAULT_SEEDS", "0")) or 2)


class Pruner:
    """Prunes over and over until it is left; each time must end well."""

    def __init__(self, sluice):
        self.sluice, self.stop, self.outcomes = sluice, threading.Event(), []
        self.thread = threading.Thread(target=self._prune)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def _prune(self) -> None:
        while not self.stop.is_set():
            self.outcomes.append(self.sluice.call("prune"))

    def removed(self) -> list[dict]:
        assert all(outcome.code == 0 for outcome in self.outcomes), "\n".join(map(str, self.outcomes))
        return [entry for outcome in self.outcomes for table in outcome.json["tables"]
                for entry in table["removed"]]


@pytest.mark.parametrize("seed", SEEDS)
def test_prune_in_a_loop_beside_runs_that_die(seed, faults, folder):
    chance, expected = random.Random(seed), []
    lake = Lake(folder / "lake")
    sluice = config(folder / "sluice", lake, chunk="1h")
    with Pruner(sluice) as pruner:
        for hour in range(2, 13, 2):
            batch = [row(10 * hour + i, hour - 1.5 + i / 4) for i in range(6)]
            expected += batch
            lake.append(*batch)
            dying = sluice.start("run", now=clock(hour), env=faults.env(
                sluice.folder, at=chance.randrange(10, 90)))
            living = sluice.start("run", "--wait", "1m", now=clock(hour))
            assert dying.finish().code in (0, -9)
            outcome = living.finish()
            assert outcome.code == 0, str(outcome)
    pruner.removed()  # each prune ended well; runs abort uploads, too, so there may be none for it
    assert sluice.run(clock(12))["status"] == "nothing_new"
    assert sluice.call("prune").code == 0
    check_any_time(sluice, NAME)
    assert_same_rows(without_partition(sluice.export().check().rows()), rendered(expected))
    assert state_row(sluice.state)["last_exported_end_time"] == "2025-01-01T12:00:00.000000Z"
    assert not list(sluice.destination.glob("_sluice/.staging/*/data")), "uploads of settled numbers"


def test_old_files_of_a_notebook_stay_and_are_foreign(folder):
    sluice = config(folder / "sluice", Lake(folder / "lake", [row(1, 0.5)]))
    sluice.run(clock(1))
    theirs = [f"events_incremental/dt=2025-01-01/hr=00/{name}"
              for name in ("part-00000-1b.c000.snappy.parquet", "_SUCCESS", "_committed_17")]
    for key in theirs:
        (sluice.destination / key).write_bytes(b"theirs")
    outcome = sluice.call("prune")
    assert outcome.code == 0, str(outcome)
    table = outcome.json["tables"][0]
    assert table["removed"] == []
    assert table["foreign"] == {"files": 3, "bytes": 18}
    assert all((sluice.destination / key).exists() for key in theirs)
    listed = {entry["key"]: entry for entry in sluice.call("ls", "events").json["objects"]}
    assert {listed[key]["standing"] for key in theirs} == {"foreign"}
    assert len(sluice.export().rows()) == 1
