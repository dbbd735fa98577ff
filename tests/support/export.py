"""Reads exports as a partner does: by their manifests, or by listing folders."""

from __future__ import annotations

import json
import pathlib
import re
import urllib.parse

import pyarrow.parquet as pq

from .checksum import crc64_nvme
from .rows import render_table

_FILE_NAME = re.compile(r"sluice-\d{8,}-[0-9a-f]{16}-\d{5,}\.parquet")
_WHOLE_TABLE = {"seed", "reseed", "snapshot"}
_DATA_KINDS = {"window", "late", "backfill"} | _WHOLE_TABLE
_SNAPSHOT = r"snapshot_ts=\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ"


def read_parquet(file: pathlib.Path, below: pathlib.Path) -> list[dict]:
    """A file's rows with the partition columns that its path names below a folder."""
    parquet = pq.ParquetFile(file, coerce_int96_timestamp_unit="us")
    table = parquet.read()
    leaves = [parquet.schema.column(i) for i in range(len(parquet.schema))]
    int96 = {leaf.path.split(".")[0] for leaf in leaves if leaf.physical_type == "INT96"}
    partition = dict(part.split("=", 1)
                     for part in file.parent.relative_to(below).parts if "=" in part)
    partition = {key: urllib.parse.unquote(value) for key, value in partition.items()}
    clash = partition.keys() & set(table.column_names)
    assert not clash, f"{file}: partition columns {clash} are in the file, too"
    return [row | partition for row in render_table(table, int96)]


def read_folder(folder: pathlib.Path) -> list[dict]:
    """Every row below a folder, as an engine sees it that lists files and skips hidden ones."""
    rows = []
    for file in sorted(folder.rglob("*.parquet")):
        if not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts):
            rows += read_parquet(file, folder)
    return rows


class Export:
    """The destination of one table; of an append table where no subclass says otherwise."""

    suffix = "_incremental"
    partition = r"dt=\d{4,}-\d\d-\d\d(/hr=\d\d)?"

    def __init__(self, destination: pathlib.Path, name: str):
        self.destination, self.name = destination, name
        self.folder = destination / f"{name}{self.suffix}"
        self.snapshots = destination / name

    def manifests(self) -> list[dict]:
        """All, by number; the file's name must say the number that it holds."""
        found = []
        for file in sorted((self.destination / "_sluice" / self.name / "manifests").glob("*.json")):
            manifest = json.loads(file.read_text())
            assert file.name == f"{manifest['n']:020}.json", file
            found.append(manifest)
        return found

    def current(self) -> list[dict]:
        """Manifests of data that no later one replaces; tombstones of dropped snapshots are none."""
        manifests = self.manifests()
        replaced = {n for manifest in manifests for n in manifest["replaces"]}
        return [m for m in manifests if m["kind"] in _DATA_KINDS and m["n"] not in replaced]

    def kinds(self) -> list[str]:
        return [manifest["kind"] for manifest in self.manifests()]

    def rows(self, *numbers: int) -> list[dict]:
        """Rows of these exports, or of all current ones, each with its partition columns."""
        return [row for manifest in self.current()
                if not numbers or manifest["n"] in numbers
                for file in manifest["files"]
                for row in read_parquet(self.destination / file["path"], self._folder_of(manifest))]

    def data_files(self) -> set[str]:
        """Everything that a lister sees in the table's folders, below the destination."""
        return {str(file.relative_to(self.destination))
                for folder in (self.folder, self.snapshots)
                for file in folder.rglob("*") if file.is_file()}

    def _folder_of(self, manifest: dict) -> pathlib.Path:
        return self.snapshots if manifest["kind"] in _WHOLE_TABLE else self.folder

    def check(self) -> Export:
        """Asserts what holds when no run is under way: what is there is exactly what manifests name."""
        return self.check_midway(frozenset())

    def check_midway(self, decided: frozenset[str] | set[str]) -> Export:
        """Asserts what holds at any time: layout, manifests against files, windows without a gap.

        `decided` are the files of decisions in the ledger: they may lie there before their manifest.
        """
        manifests = self.manifests()
        named = [path for manifest in manifests for path in self._paths(manifest)]
        current = [path for manifest in self.current() for path in self._paths(manifest)]
        assert len(current) == len(set(current)), "a file is named by two manifests"
        present = self.data_files()
        assert not set(named) - present, f"manifests without a file: {sorted(set(named) - present)}"
        success = {str(pathlib.PurePath(path).parent / "_SUCCESS") for path in decided}
        stray = present - set(named) - decided - success
        assert not stray, f"files without a manifest: {sorted(stray)}"
        for manifest in manifests:
            self._check_manifest(manifest)
        self._check_windows(manifests)
        if self.destination.exists():
            hidden = {path.name for path in self.destination.iterdir() if path.name.startswith(".")}
            assert not hidden, f"staging shows at the destination: {hidden}"
        return self

    def _paths(self, manifest: dict) -> list[str]:
        """Everything that lies at the destination because of a manifest."""
        paths = [file["path"] for file in manifest["files"]]
        if manifest["kind"] in _WHOLE_TABLE:
            (partition,) = manifest["partitions_touched"]
            paths.append(f"{self.name}/{partition}/_SUCCESS")
        return paths

    def _check_manifest(self, manifest: dict) -> None:
        assert not {"path", "source_path"} & manifest.keys(), "a manifest names no source path"
        whole, folder = manifest["kind"] in _WHOLE_TABLE, self._folder_of(manifest)
        partitions = set()
        for file in manifest["files"]:
            path = self.destination / file["path"]
            data = path.read_bytes()
            assert len(data) == file["size"], path
            assert crc64_nvme(data) == file["checksum"], path
            metadata = pq.ParquetFile(path).metadata
            assert metadata.num_rows == file["rows"], path
            # Only a snapshot of an empty table has a file without rows.
            assert file["rows"] > 0 or whole and len(manifest["files"]) == 1, path
            assert _FILE_NAME.fullmatch(path.name), path
            partition = path.parent.relative_to(folder).as_posix()
            assert file["partition"] == partition, file
            assert re.fullmatch(_SNAPSHOT if whole else self.partition, partition), partition
            partitions.add(partition)
        assert sum(file["rows"] for file in manifest["files"]) == manifest["rows"], manifest
        touched = partitions
        if "renewed" in manifest:
            own = [f for f in manifest["files"] if f"/sluice-{manifest['n']:08}-" in f["path"]]
            touched = {file["partition"] for file in own}
            assert sum(file["rows"] for file in own) == manifest["renewed"]["rows"], manifest
        assert set(manifest["partitions_touched"]) == touched, manifest
        assert set(manifest["reopened"]) <= partitions, manifest

    @staticmethod
    def _check_windows(manifests: list[dict]) -> None:
        end = None
        for manifest in manifests:
            if manifest["kind"] not in ("window", "reset", "seed", "reseed"):
                continue
            if manifest["kind"] == "window":
                assert manifest["start"] <= manifest["end"], manifest
                assert end is None or manifest["start"] == end, (
                    f"window {manifest['n']} begins at {manifest['start']}, {end} was exported")
            end = manifest["end"]


class FeedExport(Export):
    """The destination of a cdc table: seeds as snapshots, then windows of versions."""

    suffix = "_cdc"
    partition = r"_commit_date=\d{4,}-\d\d-\d\d"

    def seed(self) -> dict:
        """The manifest of the newest seed."""
        return [m for m in self.manifests() if m["kind"] in ("seed", "reseed")][-1]

    def changes(self) -> list[dict]:
        """Rows of every window, without their partition column."""
        return [without(row, "_commit_date") for manifest in self.current()
                if manifest["kind"] == "window" for row in self.rows(manifest["n"])]


class SnapshotExport(Export):
    """The destination of a table of whole snapshots."""

    def folders(self) -> list[str]:
        """Those that a reader may take: with `_SUCCESS`, oldest first."""
        return sorted(file.parent.name for file in self.snapshots.glob("*/_SUCCESS"))

    def latest(self) -> list[dict]:
        """What a reader gets who takes the newest folder that is complete."""
        return read_folder(self.snapshots / self.folders()[-1])


def without(row: dict, *columns: str) -> dict:
    return {key: value for key, value in row.items() if key not in columns}
