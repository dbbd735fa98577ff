"""Random histories: what was exported, run by run, is what a model in plain Python says.

SLUICE_HISTORY_SEEDS (a count) makes it long; a failing seed is in the test's name.
"""

import os
import random

import pytest
from support.compare import START
from support.history import ORIGIN, DeltaRsWriter, History, Model, SparkWriter, clock_text
from support.rows import assert_same_rows

SEEDS = int(os.environ.get("SLUICE_HISTORY_SEEDS", "0"))
COMMITS = 18


def shape(seed: int) -> tuple[dict, dict, bool]:
    """Table properties, config keys and whether the source is partitioned, by seed."""
    choose = random.Random(seed * 7919)
    properties = {"delta.checkpointInterval": choose.choice(["5", "10"])}
    if choose.random() < 0.4:
        properties["delta.enableDeletionVectors"] = "true"
    if choose.random() < 0.3:
        properties["delta.enableChangeDataFeed"] = "true"
    keys = {"timezone": choose.choice(["UTC", "America/Los_Angeles", "Asia/Kolkata"]),
            "partition": choose.choice(["hourly", "daily"]),
            "chunk": choose.choice(["none", "3h"]),
            "compression": choose.choice(["zstd", "snappy"])}
    return properties, keys, choose.random() < 0.4


def play(seed: int, writer, sluice, path, properties, keys) -> None:
    sluice.add("lake.events", path, name="events", start=START, **keys)
    model = Model(ORIGIN)
    history = History(seed, writer, model, "delta.enableChangeDataFeed" in properties)
    log, seen = [], 0
    for step in range(COMMITS):
        log.append(history.step())
        if history.random.random() < 0.5 and step < COMMITS - 1:
            continue
        now = history.advance()
        late, window = model.run(now)
        log.append(f"run {clock_text(now)}")
        report = sluice.run(clock_text(now))
        export = sluice.export()
        new = [m for m in export.manifests() if m["n"] > seen]
        seen = max([seen, *(m["n"] for m in new)])
        for kind, rows in (("late", late), ("window", window)):
            got = [strip(row) for m in new if m["kind"] == kind for row in export.rows(m["n"])]
            assert_same_rows(got, [row.rendered() for row in rows],
                             f"{kind} at version {model.version} after {', '.join(log)}")
        assert report["late_rows"] == len(late)
    assert_same_rows([strip(row) for row in sluice.export().check().rows()],
                     [row.rendered() for row in model.exported], "all exports")


def strip(row: dict) -> dict:
    return {key: value for key, value in row.items() if key not in ("dt", "hr")}


@pytest.mark.parametrize("seed", range(SEEDS or 2))
def test_histories_written_by_spark(seed, source, sluice):
    properties, keys, partitioned = shape(seed)
    table = source(SparkWriter.COLUMNS, properties=properties,
                   timestamps=random.Random(seed).choice(["INT96", "TIMESTAMP_MICROS"]),
                   partitioned_by="p" if partitioned else "")
    play(seed, SparkWriter(table), sluice, table.path, properties, keys)


@pytest.mark.parametrize("seed", range(1000, 1000 + (SEEDS * 10 or 6)))
def test_histories_written_by_delta_rs(seed, sluice, tmp_path):
    properties, keys, partitioned = shape(seed)
    path = tmp_path / "lake" / "events"
    play(seed, DeltaRsWriter(path, properties, partitioned), sluice, path, properties, keys)
