"""Small source tables through delta-rs, for tests that need no Spark, and what lies in a state table."""

from __future__ import annotations

import pathlib

import deltalake
import pyarrow as pa

from .history import HOUR, ORIGIN, Row, to_arrow
from .rows import render_table

NAME = "lake.events"


def at(hour: float) -> int:
    """Microseconds of 2025-01-01 at `hour`."""
    return ORIGIN + int(hour * HOUR)


def clock(hour: int) -> str:
    return f"2025-01-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"


def row(row_id: int, hour: float, name: str = "a") -> Row:
    return Row(row_id, name, "x", at(hour))


def rendered(rows: list[Row]) -> list[dict]:
    return [row.rendered() for row in rows]


def without_partition(rows: list[dict]) -> list[dict]:
    return [{key: value for key, value in row.items() if key not in ("dt", "hr")} for row in rows]


class Lake:
    """An append table of history.Row; each batch is one commit of one file.

    A path may be an URL of S3; `storage` are then delta-rs' options that say how it is reached.
    """

    def __init__(self, path: pathlib.Path | str, *batches: list[Row], storage: dict | None = None,
                 **configuration: str):
        self.path, self.storage = path, storage
        deltalake.DeltaTable.create(str(path), to_arrow([]).schema, configuration=configuration,
                                    storage_options=storage)
        for batch in batches:
            self.append(*batch)

    @classmethod
    def at(cls, path: pathlib.Path | str, storage: dict | None = None) -> Lake:
        """A table that is there already."""
        lake = cls.__new__(cls)
        lake.path, lake.storage = path, storage
        return lake

    @property
    def table(self) -> deltalake.DeltaTable:
        return deltalake.DeltaTable(str(self.path), storage_options=self.storage)

    @property
    def log(self) -> pathlib.Path:
        return self.path / "_delta_log"

    def append(self, *rows: Row) -> int:
        deltalake.write_deltalake(str(self.path), to_arrow(list(rows)), mode="append",
                                  storage_options=self.storage)
        return self.table.version()

    def delete(self, predicate: str) -> None:
        self.table.delete(predicate)

    def data_files(self) -> list[pathlib.Path]:
        """All that lie there, oldest first."""
        return sorted(self.path.glob("*.parquet"), key=lambda file: file.stat().st_mtime_ns)

    def commit_file(self, version: int) -> pathlib.Path:
        return self.log / f"{version:020}.json"

    def look(self) -> dict:
        """Every file with its size and time, to tell whether anybody wrote."""
        return {str(file): (file.stat().st_mtime_ns, file.stat().st_size)
                for file in self.path.rglob("*")}


def state_row(state: pathlib.Path, table: str = NAME) -> dict | None:
    """The row of a table in `_export_state`; None where the row or the whole table is missing."""
    if not (state / "_delta_log").is_dir() or not list((state / "_delta_log").glob("*.json")):
        return None
    rows = render_table(pa.table(deltalake.DeltaTable(str(state)).to_pyarrow_table()))
    rows = [row for row in rows if row["source_table"] == table]
    assert len(rows) <= 1, rows
    return rows[0] if rows else None
