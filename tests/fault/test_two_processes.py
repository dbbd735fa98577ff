"""Several processes at one table: each row once, anyone who comes first, stalls or is taken for dead."""

import json
import os
import signal
import threading

import pytest
from support.ledger import ledger_folder
from support.processes import wait_until_stopped

ROUNDS = int(os.environ.get("SLUICE_FAULT_SEEDS", "0")) or 3
pytestmark = pytest.mark.parametrize("scenario", ["first_run", "late_rows_and_a_window", "pieces"],
                                     indirect=True)


class Reader:
    """A partner who polls manifests all the while and must never see a part of a window."""

    def __init__(self, sluice):
        self.sluice, self.stop, self.polls, self.error = sluice, threading.Event(), 0, None
        self.thread = threading.Thread(target=self._poll)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        assert self.error is None, self.error
        assert self.polls > 0

    def _poll(self) -> None:
        while not self.stop.wait(0.002):
            try:
                for manifest in self.sluice.export().manifests():
                    for file in manifest["files"]:
                        size = (self.sluice.destination / file["path"]).stat().st_size
                        assert size == file["size"], file
                self.polls += 1
            except Exception as error:  # noqa: BLE001  (told by the test's own thread)
                self.error = self.error or repr(error)


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("wait", [[], ["--wait", "1m"]], ids=["busy", "wait"])
def test_three_at_once(wait, round_, scenario, folder):
    sluice = scenario.copy(folder / "at-once")
    with Reader(sluice):
        running = [sluice.start(*scenario.call, *wait, now=scenario.now) for _ in range(3)]
        outcomes = [process.finish() for process in running]
    assert [outcome.code for outcome in outcomes] == [0, 0, 0], "\n".join(map(str, outcomes))
    statuses = [outcome.table()["status"] for outcome in outcomes]
    assert set(statuses) <= {"exported", "nothing_new"} | (set() if wait else {"busy"}), statuses
    scenario.check_midway(sluice)
    scenario.resume(sluice, scenario)
    scenario.check_end(sluice)


def test_a_second_run_says_busy_while_the_first_stands_still(scenario, faults, folder):
    sluice = scenario.copy(folder / "busy")
    first = sluice.start(*scenario.call, now=scenario.now,
                         env=faults.env(sluice.folder, do="stop", at=40))
    assert wait_until_stopped(first.process)
    report = sluice.run(scenario.now)
    assert report["status"] == "busy", report
    first.process.send_signal(signal.SIGCONT)
    assert first.finish().code == 0
    scenario.check_end(sluice)


def make_stale(sluice) -> None:
    """Lets every heartbeat and intent look ten years old, from another machine."""
    for file in ledger_folder(sluice).glob("*.json"):
        record = json.loads(file.read_text())
        if not isinstance(record.get("runner"), dict):
            continue
        record["runner"] |= {"host": "elsewhere", "boot_id": "another"}
        for key in ("at", "created_at"):
            if key in record:
                record[key] = "2015-01-01T00:00:00Z"
        if file.name.endswith((".intent.json", ".heartbeat.json")):
            file.write_text(json.dumps(record))


def test_a_runner_that_stands_still_is_taken_for_dead_and_wakes_up(scenario, faults, trials):
    """At every call: the second run does it all, then the first goes on as if nothing had been."""
    def call(sluice, log, at):
        first = sluice.start(*scenario.call, now=scenario.now,
                             env=faults.env(sluice.folder, do="stop", at=at, log=log))
        try:
            stopped = wait_until_stopped(first.process)
            make_stale(sluice)
            second = sluice.call(*scenario.call, now=scenario.now)
            assert second.code == 0, str(second)
            scenario.check_midway(sluice)
            if stopped:
                first.process.send_signal(signal.SIGCONT)
            outcome = first.finish()
            assert outcome.code == 0, str(outcome)
        finally:
            first.process.kill()

    trials.run(scenario, call, every=8)
