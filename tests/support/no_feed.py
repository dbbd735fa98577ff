"""A table whose change data feed is taken away: what is left to compute its changes from."""

from __future__ import annotations

import json
import os
import pathlib
import shutil

FEED = "delta.enableChangeDataFeed"


def without_feed(table: pathlib.Path, copy: pathlib.Path, versions: range | None = None,
                 properties: dict | None = None) -> pathlib.Path:
    """Copies `table` as if its feed had been off at `versions` (default: always), times included.

    `properties` are set in the copy's metadata of these versions, or unset where None. Checkpoints and checksums, which
    hold metadata, too, are left out; every commit is still there.
    """
    if copy.exists():
        shutil.rmtree(copy)
    shutil.copytree(table, copy)
    log = copy / "_delta_log"
    assert (log / f"{0:020}.json").exists()
    for pattern in ("*.crc", "*.checkpoint*", "_last_checkpoint"):
        for file in log.glob(pattern):
            file.unlink()
    for commit in sorted(log.glob("*.json")):
        if versions is not None and int(commit.stem) not in versions:
            continue
        stat = commit.stat()
        lines = [_without(json.loads(line), properties or {}) for line in commit.read_text().splitlines()]
        commit.write_text("".join(json.dumps(line) + "\n" for line in lines if line))
        os.utime(commit, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    if versions is None:
        shutil.rmtree(copy / "_change_data", ignore_errors=True)
    return copy


def _without(action: dict, properties: dict) -> dict | None:
    if "cdc" in action:
        return None
    if "metaData" in action:
        configuration = action["metaData"]["configuration"]
        configuration[FEED] = "false"
        for key, value in properties.items():
            if value is None:
                configuration.pop(key, None)
            else:
                configuration[key] = value
    return action
