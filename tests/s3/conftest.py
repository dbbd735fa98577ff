"""Fixtures of the tests beside a real S3 server, and trials: one kind of disturbance, many times."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import random
import tempfile
import threading
import traceback
from collections.abc import Callable

import pytest
from support.manifest_reader import ManifestReader
from support.minio import Minio
from support.toxiproxy import Toxiproxy
from trial import COUNTS, Trial

# How often each kind of table is disturbed in each way; a soak sets it.
TRIALS = int(os.environ.get("SLUICE_S3_TRIALS", "0"))
FIRST_SEED = int(os.environ.get("SLUICE_S3_FIRST", "0"))


@pytest.fixture(scope="session")
def server():
    server = Minio(MINIO_PROMETHEUS_AUTH_TYPE="public")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def reader(server):
    reader = ManifestReader(server)
    yield reader
    COUNTS["the reader looked"] += reader.looks
    COUNTS["manifests that it checked"] += reader.manifests
    reader.stop()


@pytest.fixture(scope="session")
def toxiproxy():
    toxiproxy = Toxiproxy()
    yield toxiproxy
    toxiproxy.stop()


class Chance(random.Random):
    """The chances of one trial, and how long an undisturbed call of its kind takes."""

    def __init__(self, seed: str, pace: Pace):
        super().__init__(seed)
        self._pace = pace

    def moment(self) -> float:
        """A moment within a call, in seconds from its start."""
        return self.uniform(0, 1.1 * self._pace.seconds)

    def ended_after(self, seconds: float) -> None:
        """Tells that a call came to its end by itself."""
        self._pace.note(seconds)


class Pace:
    """How long calls take at the moment: other trials go on beside them."""

    def __init__(self):
        self.seconds, self._lock = 0.3, threading.Lock()

    def note(self, seconds: float) -> None:
        with self._lock:
            self.seconds += (seconds - self.seconds) / 4


class Trials:
    """Runs trials of each kind of table, a few at once, and collects what fails."""

    def __init__(self, server: Minio, reader: ManifestReader, folder: pathlib.Path):
        self.server, self.reader, self.folder = server, reader, folder
        self.pool = concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1))

    def run(self, kind: type[Trial], disturb: Callable[[Trial, Chance], None], few: int) -> None:
        """`disturb(trial, chance)` in copies of one template; then each must come to a good end."""
        template, pace = kind(self.server, self.folder / "template"), Pace()
        seeds = range(FIRST_SEED, FIRST_SEED + (TRIALS or few))
        failures = [failure for failure in self.pool.map(
            lambda seed: self._trial(template, disturb, pace, seed), seeds) if failure]
        template.remove()
        COUNTS["trials"] += len(seeds)
        assert not failures, f"{len(failures)} of {len(seeds)} trials\n" + "\n".join(failures[:4])

    def _trial(self, template: Trial, disturb, pace: Pace, seed: int) -> str | None:
        """What went wrong, if anything."""
        trial = type(template)(self.server, self.folder / str(seed), template)
        chance = Chance(f"{type(template).__name__} {disturb.__name__} {seed}", pace)
        try:
            self.reader.watch(trial.out, trial.name)
            try:
                disturb(trial, chance)
                trial.go_on()
                trial.settle()
                trial.check_end()
            finally:
                seen = self.reader.unwatch(trial.out)
            assert seen is None, f"the reader saw: {seen}"
        except Exception:  # noqa: BLE001  (collected, so that one trial doesn't hide the others)
            return f"{type(trial).__name__}, seed {seed}, {trial.prefix}:\n{traceback.format_exc(limit=-4)}"
        trial.remove()
        return None


@pytest.fixture
def trials(server, reader):
    with tempfile.TemporaryDirectory(prefix="sluice-s3-") as folder:
        yield Trials(server, reader, pathlib.Path(folder))


def pytest_terminal_summary(terminalreporter) -> None:
    if COUNTS:
        terminalreporter.write_line("on S3: " + ", ".join(f"{what}: {n:,}" for what, n in COUNTS.items()))
