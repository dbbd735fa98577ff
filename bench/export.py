#!/usr/bin/env python3
"""What one window costs: time, memory, requests by kind, bytes; to a folder and to a MinIO on this machine.

    bench/export.py files [N]        a window of N files (10,000), one partition each
    bench/export.py bytes [MB]       a window of MB megabytes of source (400) in few files, and what that is
                                     per exported GB, for each way of moving
    bench/export.py ... --to local|minio     only there
    bench/export.py ... --latency MS         each answer of the server comes so much later

Prints Markdown. Takes `build/sluice`, or SLUICE_BIN. The server is `tools/minio`'s; requests are counted by it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

import deltalake  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
from support.minio import Minio  # noqa: E402
from support.s3_sluice import S3Sluice  # noqa: E402
from support.sluice import Sluice  # noqa: E402
from support.toxiproxy import Toxiproxy  # noqa: E402

HOUR = 3_600_000_000  # in microseconds
ORIGIN = int(datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) * 1_000_000
FILE_ROWS = 500_000  # of the source


def events(rows: int, hours: int, first: int) -> pa.Table:
    """Events as a shop has them, from hour `first` on: ids, names that repeat, amounts, text that does not."""
    def draw(below: float, number: int) -> pa.Array:
        return pc.cast(pc.multiply(pc.random(rows, initializer=1_000 * first + number), below), pa.int64(), safe=False)
    since = draw(hours * HOUR, 0)
    since = since.take(pc.array_sort_indices(since))
    session = pc.cast(draw(2**53, 1), pa.string())
    return pa.table({
        "event_id": draw(2**53, 2),
        "event_timestamp": pc.cast(pc.add(since, ORIGIN + first * HOUR + 1), pa.timestamp("us", "UTC")),
        "user_id": draw(2_000_000, 3),
        "country": pa.array(["DE", "US", "FR", "IN", "BR", "JP"]).take(draw(6, 4)),
        "amount": pc.divide(pc.cast(draw(100_000, 5), pa.float64()), 100),
        "session": pc.binary_join_element_wise("session", session, "-"),
    })


def make_many(url: str, storage: dict | None, files: int) -> int:
    """Sixteen rows in each of `files` hours, more or less."""
    deltalake.write_deltalake(url, events(16 * files, files, 0), storage_options=storage)
    return files


def make_large(url: str, storage: dict | None, megabytes: int) -> int:
    """A day, until that much lies there."""
    written, batch = 0, 0
    while written < megabytes * 1_000_000:
        deltalake.write_deltalake(url, events(FILE_ROWS, 3, 3 * batch), mode="append", storage_options=storage)
        batch += 1
        adds = deltalake.DeltaTable(url, storage_options=storage).get_add_actions(flatten=True)
        written = pc.sum(pa.table(adds)["size_bytes"]).as_py()
    return 3 * batch


class Measured:
    """One run of the program to its end."""

    def __init__(self, sluice: Sluice, hours: int, server: Minio | None):
        before = counts(server)
        end = datetime.datetime.fromtimestamp((ORIGIN + hours * HOUR) / 1e6, datetime.timezone.utc)
        began = time.monotonic()
        running = sluice.start("run", now=end.strftime("%Y-%m-%dT%H:00:00Z"))
        report, errors = running.process.stdout.read(), running.process.stderr.read()
        _, status, usage = os.wait4(running.process.pid, 0)
        self.seconds = time.monotonic() - began
        running.process.returncode = os.waitstatus_to_exitcode(status)
        if running.process.returncode != 0:
            sys.exit(report + errors)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss * 1024
        (self.report,) = json.loads(report)["runs"]
        after = counts(server)
        self.requests = {kind: after[0][kind] - before[0].get(kind, 0)
                         for kind in after[0] if after[0][kind] > before[0].get(kind, 0)}
        self.to_server, self.from_server = (after[i] - before[i] for i in (1, 2))


def counts(server: Minio | None) -> tuple[dict, float, float]:
    """Requests by kind, bytes to the server, bytes from it."""
    if server is None:
        return {}, 0, 0
    return (server.metrics("minio_api_requests_total"),
            sum(server.metrics("minio_api_requests_traffic_received_bytes").values()),
            sum(server.metrics("minio_api_requests_traffic_sent_bytes").values()))


def measure(make, size: int, to: str, latency: int) -> Measured:
    """A lake, made and exported, at one place."""
    toxiproxy = Toxiproxy() if latency and to == "minio" else None
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        root = pathlib.Path(folder)
        server = Minio(MINIO_PROMETHEUS_AUTH_TYPE="public") if to == "minio" else None
        try:
            url = server.url("lake") if server else str(root / "lake")
            hours = make(url, server.storage if server else None, size)
            sluice = S3Sluice(root / "sluice", server, "out") if server else Sluice(root / "sluice")
            sluice.config.pop("limits", None)
            if toxiproxy:
                proxy = toxiproxy.proxy("bench", server.endpoint)
                proxy.add("latency", latency=latency)
                sluice.through(proxy.endpoint)
            sluice.add("bench.events", url, name="events", start="2025-01-01T00:00:00Z")
            measured = Measured(sluice, hours, server)
            if not server:
                shutil.rmtree(sluice.destination)
            return measured
        finally:
            if toxiproxy:
                toxiproxy.stop()
            if server:
                server.stop()


def mb(count: float) -> str:
    return f"{count / 1e6:,.0f} MB"


def where() -> str:
    version = subprocess.run([os.environ.get("SLUICE_BIN", "build/sluice"), "--version"], capture_output=True,
                             text=True, check=True).stdout.strip()
    return (f"{datetime.date.today()}, {os.cpu_count()} cores ({platform.machine()}), {version}; "
            f"the server, where there is one, shares them")


def print_files(results: dict[str, Measured]) -> None:
    print(f"{where()}\n\n| to | files | rows | time | CPU of sluice | peak memory |\n|---|---|---|---|---|---|")
    for to, m in results.items():
        print(f"| {to} | {m.report['files']:,} | {m.report['rows']:,} | {m.seconds:.1f} s | {m.cpu:.1f} s | "
              f"{mb(m.peak)} |")
    print_requests(results, lambda m: 1, "in all")


def print_bytes(results: dict[str, Measured]) -> None:
    print(f"{where()}\n\n| to | exported | files | moved (row groups) | time | CPU of sluice | peak memory |"
          "\n|---|---|---|---|---|---|---|")
    for to, m in results.items():
        moved = ", ".join(f"{kind} {count}" for kind, count in m.report["moved"].items() if count) or "none"
        print(f"| {to} | {mb(m.report['bytes'])} | {m.report['files']:,} | {moved} | {m.seconds:.1f} s | "
              f"{m.cpu:.1f} s | {mb(m.peak)} |")
    print_requests(results, lambda m: m.report["bytes"] / 1e9, "per exported GB")


def print_requests(results: dict[str, Measured], divisor, per: str) -> None:
    for to, m in results.items():
        if not m.requests:
            continue
        by = divisor(m)
        print(f"\n| {to}, {per} | |\n|---|---|")
        for kind, count in sorted(m.requests.items(), key=lambda pair: -pair[1]):
            print(f"| {kind} | {count / by:,.0f} |")
        print(f"| all requests | {sum(m.requests.values()) / by:,.0f} |")
        print(f"| bytes read | {mb(m.from_server / by)} |\n| bytes written | {mb(m.to_server / by)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["files", "bytes"])
    parser.add_argument("size", type=int, nargs="?")
    parser.add_argument("--to", choices=["local", "minio"])
    parser.add_argument("--latency", type=int, default=0)
    given = parser.parse_args()
    make, show, size = ((make_many, print_files, 10_000) if given.what == "files" else (make_large, print_bytes, 400))
    places = [given.to] if given.to else ["local", "minio"]
    show({to: measure(make, given.size or size, to, given.latency) for to in places})


if __name__ == "__main__":
    main()
