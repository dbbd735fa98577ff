"""Several processes at one table on S3: each row once, anyone who comes first, dies, stalls or is taken for dead."""

import json
import signal
import time

import pytest
from trial import COUNTS, KINDS


def start(trial, chance, latest: float = 0.2):
    """A run that begins at a random moment soon."""
    time.sleep(chance.uniform(0, latest))
    wait = chance.choice([[], ["--wait", "1m"]])
    return trial.sluice.start("run", *wait, now=trial.now)


def assert_all_well(outcomes, *, may_be_killed: bool = False) -> None:
    allowed = {0, -9} if may_be_killed else {0}
    assert {outcome.code for outcome in outcomes} <= allowed, "\n".join(map(str, outcomes))


def at_once(trial, chance):
    running = [start(trial, chance) for _ in range(chance.choice([2, 2, 3]))]
    assert_all_well([process.finish() for process in running])
    trial.check_midway()
    COUNTS["processes at once"] += len(running)


def at_once_and_killed(trial, chance):
    running = [start(trial, chance) for _ in range(2)]
    time.sleep(chance.moment())
    for process in chance.sample(running, chance.randint(1, 2)):
        process.process.kill()
    outcomes = [process.finish() for process in running]
    assert_all_well(outcomes, may_be_killed=True)
    trial.check_midway()
    COUNTS["killed beside another"] += sum(outcome.code == -9 for outcome in outcomes)


def make_stale(trial) -> None:
    """Lets every heartbeat and intent look ten years old, from another machine."""
    ledger = f"{trial.out}/_sluice/{trial.name}/ledger"
    for key in trial.server.keys(ledger):
        if not key.endswith((".intent.json", ".heartbeat.json")):
            continue
        record = json.loads(trial.server.get(f"{ledger}/{key}"))
        record["runner"] |= {"host": "elsewhere", "boot_id": "another"}
        record |= {name: "2015-01-01T00:00:00Z" for name in ("at", "created_at") if name in record}
        trial.server.put(f"{ledger}/{key}", json.dumps(record).encode())


def taken_for_dead(trial, chance):
    """One stands still at a random moment, another finishes its work, then the first goes on."""
    stalled = start(trial, chance, latest=0)
    time.sleep(chance.moment())
    stalled.process.send_signal(signal.SIGSTOP)
    make_stale(trial)
    other = trial.sluice.call("run", now=trial.now)
    stalled.process.send_signal(signal.SIGCONT)
    assert_all_well([other, stalled.finish()])
    trial.check_midway()
    COUNTS["taken for dead"] += 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("disturb", [at_once, at_once_and_killed, taken_for_dead])
def test_each_row_once(disturb, kind, trials):
    trials.run(kind, disturb, few=1)
