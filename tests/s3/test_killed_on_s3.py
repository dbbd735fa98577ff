"""`kill -9` of the real process at random moments; then it runs again.

SLUICE_S3_TRIALS (a count) says how often each kind of table is killed.
"""

import subprocess
import time

import pytest
from trial import COUNTS, KINDS


def kill_at_a_random_moment(trial, chance) -> bool:
    """Whether it came to that."""
    began = time.monotonic()
    running = trial.sluice.start("run", now=trial.now)
    try:
        running.process.wait(chance.moment())
        chance.ended_after(time.monotonic() - began)
    except subprocess.TimeoutExpired:
        running.process.kill()
    outcome = running.finish()
    assert outcome.code in (0, -9), str(outcome)
    return outcome.code == -9


def killed_up_to_three_times(trial, chance):
    for _ in range(chance.randint(1, 3)):
        if not kill_at_a_random_moment(trial, chance):
            break
        trial.check_midway()
        COUNTS["killed"] += 1
        COUNTS["then " + trial.stage()] += 1


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_once(kind, trials):
    trials.run(kind, killed_up_to_three_times, few=4)
