"""Requests of a run to source, destination and state together: few where nothing is new, and no more with age."""

import contextlib
import datetime
import re

import deltalake
import pytest
from support.lake import NAME, Lake, row, state_row
from support.outcome import live
from support.rows import assert_same_rows
from support.s3_sluice import S3Sluice

IDLE = 6
REQUEST = re.compile(r"(GET|PUT|POST|HEAD|DELETE) s3://\S+: \d+ after \d+ ms")


def clock(hour: float) -> str:
    at = datetime.datetime(2025, 1, 1) + datetime.timedelta(hours=hour)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Hourly:
    """A table on the server that gets one file an hour, and its export there."""

    def __init__(self, folder, server, pattern: str):
        self.server, self.pattern, self.hour = server, pattern, 0
        prefix = server.new_prefix()
        feed = {"delta.enableChangeDataFeed": "true"} if pattern == "cdc" else {}
        self.lake = Lake(server.url(f"{prefix}/lake"), storage=server.storage, **feed)
        self.sluice = S3Sluice(folder / prefix, server, f"{prefix}/out")
        self.sluice.config["source"] = {"endpoint": server.endpoint, "region": "us-east-1"}
        if pattern == "append":
            self.sluice.add(NAME, self.lake.path, name="t", start=clock(0))
        elif pattern == "cdc":
            self.sluice.add_feed(NAME, self.lake.path, name="t")
        else:
            self.sluice.add_snapshots(NAME, self.lake.path, name="t", keep=2, skip_unchanged=True)

    def grow(self) -> None:
        self.hour += 1
        self.lake.append(row(self.hour, self.hour - 0.5))

    def run(self, status: str, later: float = 0) -> int:
        """How many requests a run makes that must end so."""
        outcome = self.sluice.call("run", "-v", now=clock(self.hour + later))
        assert outcome.code == 0, str(outcome)
        assert outcome.table()["status"] == status, str(outcome)
        return len(REQUEST.findall(outcome.stderr))

    def export_hours(self, hours: int) -> int:
        for _ in range(hours):
            self.grow()
            requests = self.run("exported")
        return requests

    def checkpoint(self) -> None:
        table = self.lake.table
        table.create_checkpoint()


@pytest.mark.parametrize("pattern", ["append", "cdc", "snapshot"])
def test_a_run_that_finds_nothing_is_nearly_free(pattern, server, tmp_path):
    hourly = Hourly(tmp_path, server, pattern)
    counts = {}
    for exports in (1, 12):
        while hourly.hour < exports:
            hourly.export_hours(1)
        counts[exports] = [hourly.run("nothing_new") for _ in range(2)]
    print(f"{pattern}: requests of idle runs after so many exports: {counts}")
    assert max(max(runs) for runs in counts.values()) <= IDLE, counts


@pytest.mark.parametrize("pattern", ["append", "cdc"])
def test_a_new_file_costs_the_same_whatever_the_age(pattern, server, tmp_path):
    """Both logs are checkpointed every ten versions, so that the same point of that cycle is compared."""
    hourly = Hourly(tmp_path, server, pattern)
    counts = {}
    for exports in (10, 40):
        while hourly.hour < exports:
            hourly.export_hours(1)
        hourly.checkpoint()
        counts[exports] = hourly.export_hours(1)
    print(f"{pattern}: requests of a run with one new file after so many exports: {counts}")
    assert abs(counts[40] - counts[10]) <= 10, counts  # commits since the state's last checkpoint
    assert max(counts.values()) <= 70, counts


@pytest.mark.parametrize("pattern", ["append", "cdc"])
def test_whatever_changed_is_seen_after_an_idle_run(pattern, server, tmp_path):
    hourly = Hourly(tmp_path, server, pattern)
    hourly.export_hours(2)
    assert hourly.run("nothing_new") <= IDLE
    hourly.grow()
    hourly.run("exported")
    assert hourly.run("nothing_new") <= IDLE
    if pattern == "append":  # the hour that ends has a window, even an empty one
        hourly.run("exported", later=1)
        export = hourly.sluice.export("t").check()
        assert_same_rows([{k: v for k, v in r.items() if k not in ("dt", "hr")} for r in export.rows()],
                         live(hourly.lake))
    # A notebook moves the row back: the next run refuses, as every run does.
    state = deltalake.DeltaTable(hourly.sluice.config["destination"]["url"] + "/_export_state",
                                 storage_options=server.storage)
    with contextlib.suppress(KeyError):
        state.delete("source_table = 'nobody'")
    assert hourly.run("nothing_new", later=1 if pattern == "append" else 0) >= 1
    state.update({"last_exported_version": "0", "last_exported_end_time": "TIMESTAMP '2025-01-01T00:00:00Z'"},
                 predicate=f"source_table = '{NAME}'")
    outcome = hourly.sluice.call("run", now=clock(hourly.hour + 1))
    assert outcome.code != 0 and "_export_state" in outcome.error["message"], str(outcome)
    assert state_row(hourly.sluice.look().state) is not None
