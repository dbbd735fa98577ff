"""`kill -9` of the real process at every call by which it changes a file; then it runs again.

After the kill the invariants hold; after the next run the export holds the source exactly once.
SLUICE_FAULT_SEEDS (a count) adds runs that are killed again and again at random calls.
"""

import os
import random

import pytest
from scenario import SCENARIOS

SEEDS = int(os.environ.get("SLUICE_FAULT_SEEDS", "0"))


pytestmark = pytest.mark.parametrize("scenario", SCENARIOS, indirect=True)


def killed(scenario, faults, do: str):
    def call(sluice, log, at):
        outcome = sluice.call(*scenario.call, now=scenario.now,
                              env=faults.env(sluice.folder, do=do, at=at, log=log))
        assert outcome.code in (0, -9), str(outcome)
    return call


def test_before_every_call(scenario, faults, trials):
    every = 3 if "chunk" in scenario.template.config["tables"][0] else 1  # three numbers, alike
    trials.run(scenario, killed(scenario, faults, "kill"), every=every)


def test_in_the_middle_of_every_write(scenario, faults, trials):
    trials.run(scenario, killed(scenario, faults, "tear"), only="write")


@pytest.mark.parametrize("seed", range(SEEDS or 3))
def test_again_and_again(seed, scenario, faults, folder):
    """Killed up to ten times before it is left alone."""
    choose = random.Random(seed)
    sluice = scenario.copy(folder / "again")
    for _ in range(choose.randint(2, 10)):
        env = faults.env(sluice.folder, do=choose.choice(["kill", "tear"]), at=choose.randint(1, 90))
        outcome = sluice.call(*scenario.call, now=scenario.now, env=env)
        scenario.check_midway(sluice)
        if outcome.code != -9:
            break
    scenario.resume(sluice, scenario)
    scenario.check_end(sluice)
