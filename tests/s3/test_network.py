"""A network that delays, throttles, breaks off and cuts, and processes that die beside it: each row once.

Every call of the program goes through toxiproxy; the reader and the checks go to the server directly.
"""

import time

import pytest
from trial import COUNTS, KINDS

# Well, or such that a later try may help. Nothing that a network does may look like a fault of the table (1).
MAY_END = {0, 75}


class Toxics:
    """What networks do, drawn by chance."""

    def __init__(self, proxy, chance):
        self.proxy, self.chance = proxy, chance

    def delay(self):
        self.proxy.add("latency", self.chance.choice(["upstream", "downstream"]),
                       latency=self.chance.randint(1, 40), jitter=self.chance.randint(0, 40))

    def throttle(self):
        self.proxy.add("bandwidth", self.chance.choice(["upstream", "downstream"]),
                       rate=self.chance.randint(200, 4_000))  # KB/s

    def break_off(self):
        """Each connection ends after so many bytes: requests and answers stop in their middle."""
        self.proxy.add("limit_data", self.chance.choice(["upstream", "downstream"]),
                       bytes=self.chance.choice([500, 2_000, 10_000, 100_000, 2_000_000]))

    def reset(self):
        """Connections are reset a while after they began."""
        self.proxy.add("reset_peer", self.chance.choice(["upstream", "downstream"]),
                       timeout=self.chance.randint(5, 200))

    def slice(self):
        """Answers come in small pieces."""
        self.proxy.add("slicer", average_size=self.chance.randint(20, 2_000), size_variation=10,
                       delay=self.chance.randint(0, 2_000))

    def any(self):
        self.chance.choice([self.delay, self.throttle, self.break_off, self.break_off, self.reset,
                            self.slice])()


def bad_network(trial, chance, toxiproxy):
    """Runs, one or two at once, while the network changes; some are killed."""
    proxy = toxiproxy.proxy(trial.prefix, trial.server.endpoint)
    trial.sluice.through(proxy.endpoint)
    toxics = Toxics(proxy, chance)
    for _ in range(chance.randint(1, 2)):
        for _ in range(chance.randint(1, 2)):
            toxics.any()
        running = [trial.sluice.start("run", now=trial.now) for _ in range(chance.choice([1, 1, 2]))]
        deadline = time.monotonic() + chance.uniform(0.2, 3)
        while time.monotonic() < deadline and any(r.process.poll() is None for r in running):
            time.sleep(chance.uniform(0.01, 0.3))
            if chance.random() < 0.3:
                proxy.cut()
                COUNTS["connections cut"] += 1
        proxy.heal()
        kills = chance.random() < 0.3
        if kills:
            running[0].process.kill()
        outcomes = [process.finish() for process in running]
        COUNTS["runs over a bad network"] += len(outcomes)
        COUNTS["of them failed for now"] += sum(outcome.code == 75 for outcome in outcomes)
        allowed = MAY_END | ({-9} if kills else set())
        assert {outcome.code for outcome in outcomes} <= allowed, "\n".join(map(str, outcomes))
        trial.check_midway()
    trial.sluice.through(trial.server.endpoint)
    proxy.remove()


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_once(kind, trials, toxiproxy):
    def over_a_bad_network(trial, chance):
        bad_network(trial, chance, toxiproxy)
    trials.run(kind, over_a_bad_network, few=2)
