"""What exports of feeds and snapshots must have come to, whatever happened on the way."""

from __future__ import annotations

import pyarrow as pa

from .feed_history import replay
from .lake import Lake, state_row
from .ledger import generations
from .rows import assert_same_rows, render_table
from .sluice import Sluice

COLUMNS = ["id", "name", "p", "event_timestamp"]


def live(lake: Lake) -> list[dict]:
    return render_table(pa.table(lake.table.to_pyarrow_table()))


def assert_feed_adds_up(sluice: Sluice, lake: Lake) -> None:
    """One seed, and with the changes after it, it is the table as it is now."""
    seeds = [m for m in sluice.export().manifests() if m["kind"] == "seed"]
    assert len(seeds) == 1, sluice.export().kinds()
    assert_newest_seed_adds_up(sluice, lake)


def assert_newest_seed_adds_up(sluice: Sluice, lake: Lake) -> None:
    """The newest seed, with the changes after it as they are now exported, is the table as it is now."""
    export = sluice.export().check()
    seed = export.seed()
    changes = [row for m in export.current()
               if m["kind"] in ("window", "backfill") and m["start"] >= seed["end"]
               for row in export.rows(m["n"])]
    assert replay(export.rows(seed["n"]), changes, COLUMNS) == replay(live(lake), [], COLUMNS)
    assert state_row(sluice.state)["last_exported_version"] == lake.table.version()


def assert_newest_snapshot_is_the_table(sluice: Sluice, lake: Lake) -> None:
    export = sluice.export().check()
    assert len(export.folders()) == 1
    assert_same_rows(export.latest(), live(lake))


def assert_success_tells_the_truth(sluice: Sluice, name: str = "users") -> None:
    """Anyone who finds `_SUCCESS` finds a folder as some decision lists it, with all of its files."""
    export = sluice.export()
    decided = generations(sluice, name)
    for success in export.snapshots.glob("*/_SUCCESS"):
        folder = success.parent
        files = {f"{name}/{folder.name}/{file.name}" for file in folder.glob("*.parquet")}
        wanted = [listed for listed in decided if any(f"/{folder.name}/" in file for file in listed)]
        dropped = {file["path"] for m in export.manifests() if m.get("expired") for file in m["files"]}
        assert files and any(files | dropped >= listed for listed in wanted), (success, files, wanted)
