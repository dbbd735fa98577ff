"""Random histories of random tables, written by Spark: snapshots, windows, late rows and feeds are Spark's.

SLUICE_TABLE_HISTORIES (a count) makes it long, SLUICE_TABLE_FIRST (a seed) begins elsewhere. A difference prints the
statements that lead to it.
"""

import collections
import os

import pytest
from support.table_play import STEPS, play

COUNT = int(os.environ.get("SLUICE_TABLE_HISTORIES", "0"))
FIRST = int(os.environ.get("SLUICE_TABLE_FIRST", "0"))
# Seeds that once showed a difference.
KEPT = [2033]


@pytest.fixture(scope="module")
def counts(request):
    """What was compared, by kind; shown at the end of a long run."""
    total = collections.Counter()
    yield total
    if COUNT:
        lines = request.config.pluginmanager.getplugin("terminalreporter")
        for what, number in sorted(total.items()):
            lines.write_line(f"{number:8} {what}")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT) if COUNT else [*KEPT, *range(5)])
def test_history(seed, spark, tmp_path, counts):
    counts.update(play(spark, tmp_path, seed, STEPS + seed % 12 if COUNT or seed in KEPT else STEPS))
    counts["histories"] += 1
