"""Fixtures of the fault tests."""

import concurrent.futures
import os
import pathlib
import shutil
import tempfile
import traceback
from collections.abc import Callable

import pytest
from kill_points import SOAK, telling
from scenario import SCENARIOS
from support.faults import Faults


@pytest.fixture(scope="session")
def faults(tmp_path_factory):
    return Faults(tmp_path_factory.mktemp("call_shim"))


@pytest.fixture(scope="session")
def pool():
    """Trials are mostly start-up and waiting: a few more at once than there are cores."""
    with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as executor:
        yield executor


@pytest.fixture(scope="module")
def scenario(request, tmp_path_factory):
    """Made once a module: parametrise it indirectly by the scenario's name."""
    return SCENARIOS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture
def folder(tmp_path):
    """In memory where there is such a place: what a killed process wrote is as good there as on a disk."""
    memory = pathlib.Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="sluice-fault-", dir=memory) as made:
        yield pathlib.Path(made)


class Trials:
    """One trial for each call by which an undisturbed run changes a file."""

    def __init__(self, faults, pool, folder: pathlib.Path):
        self.faults, self.pool, self.folder = faults, pool, folder

    def run(self, scenario, call: Callable, *, only: str = "", every: int = 1,
            check_end: Callable | None = None) -> None:
        """`call(sluice, log, at)` disturbs a copy at call `at`; then the copy must come to a good end.

        `only` picks calls by how their name begins, `every` each n-th of them (all in a soak).
        `check_end` says what a good end is where it isn't the scenario's own.
        """
        calls = self.calls_of(scenario)
        steps = [n for n in telling(calls) if calls[n - 1].split()[1].startswith(only)]
        steps = steps[::1 if SOAK else every]
        assert len(steps) >= 5, calls
        failures = [failure for failure in self.pool.map(
            lambda at: self._trial(scenario, call, at, check_end), steps) if failure]
        assert not failures, f"{len(failures)} of {len(steps)} trials\n" + "\n".join(failures[:5])

    def calls_of(self, scenario) -> list[str]:
        """The calls of an undisturbed run, which must be right, too."""
        log = self.folder / "undisturbed.log"
        sluice = scenario.copy(self.folder / "undisturbed")
        outcome = sluice.call(*scenario.call, now=scenario.now,
                              env=self.faults.env(sluice.folder, log=log))
        assert outcome.code == 0, str(outcome)
        scenario.resume(sluice, scenario)
        scenario.check_end(sluice)
        return log.read_text().splitlines()

    def _trial(self, scenario, call, at: int, check_end) -> str | None:
        """What went wrong, if anything."""
        folder, log = self.folder / f"at-{at}", self.folder / f"at-{at}.log"
        try:
            sluice = scenario.copy(folder)
            call(sluice, log, at)
            scenario.check_midway(sluice)
            if check_end:
                check_end(sluice)
            else:
                scenario.resume(sluice, scenario)
                scenario.check_end(sluice)
        except Exception:  # noqa: BLE001  (collected, so that one trial doesn't hide the others)
            done = log.read_text().splitlines() if log.exists() else []
            here = done[at - 1] if len(done) >= at else at
            return f"at call {here}:\n{traceback.format_exc(limit=-3)}"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return None


@pytest.fixture
def trials(faults, pool, folder):
    return Trials(faults, pool, folder)
