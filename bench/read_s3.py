#!/usr/bin/env python3
"""Our S3 client beside Arrow's, reading one Parquet object as an export does, in turn and on the same bytes.

    bench/read_s3.py [MB] [--latency MS ..] [--threads N] [--rounds N]

Takes `build/bench/read_s3` (cmake -DSLUICE_BENCH=ON). Prints Markdown: medians of the rounds.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TREE / "tests"))

import pyarrow.parquet as pq  # noqa: E402
from export import events  # noqa: E402
from support.minio import Minio  # noqa: E402
from support.toxiproxy import Toxiproxy  # noqa: E402

ROWS_PER_MB = 21_000  # of `events`, compressed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int, nargs="?", default=100)
    parser.add_argument("--latency", type=int, nargs="*", default=[0, 30])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    server, toxiproxy = Minio(), Toxiproxy()
    try:
        with server.fs.open_output_stream(f"{server.bucket}/events.parquet") as sink:
            pq.write_table(events(given.size * ROWS_PER_MB, 24, 0), sink, row_group_size=given.size * ROWS_PER_MB // 8)
        size = server.fs.get_file_info(f"{server.bucket}/events.parquet").size
        print(f"{size / 1e6:.0f} MB, 8 row groups, {given.threads} threads, medians of {given.rounds}\n")
        print("| latency of each answer | ours | Arrow's |\n|---|---|---|")
        for latency in given.latency:
            proxy = toxiproxy.proxy(f"read-{latency}", server.endpoint)
            if latency:
                proxy.add("latency", latency=latency)
            told = subprocess.run(
                [TREE / "build" / "bench" / "read_s3", proxy.endpoint, server.bucket, "events.parquet",
                 str(given.threads), str(given.rounds)],
                env={**os.environ, **server.env}, stdout=subprocess.PIPE, text=True, check=True)
            seconds: dict[str, list[float]] = {}
            for name, took, _ in (line.split() for line in told.stdout.splitlines()):
                seconds.setdefault(name, []).append(float(took))
            ours, arrows = (statistics.median(seconds[name]) for name in ("ours", "arrow"))
            print(f"| {latency} ms | {ours:.2f} s | {arrows:.2f} s |")
    finally:
        toxiproxy.stop()
        server.stop()


if __name__ == "__main__":
    main()
