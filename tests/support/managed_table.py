"""Tables that Spark wrote, turned into ones whose commits a catalog manages (PROTOCOL.md, "Catalog-managed tables").

No Spark at hand writes such tables, so the log is rewritten: the protocol gets the features, every commit an
in-commit timestamp, and each commit lies where the test wants it: published, staged, both, or nowhere.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import uuid
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq

from .minio import Minio
from .unity_catalog import UnityCatalog
from .unity_tables import Commit, Table

READER, WRITER = ["catalogManaged", "vacuumProtocolCheck"], ["inCommitTimestamp"]
# What the versions of a protocol without lists stand for.
OLD_WRITER = [(2, "appendOnly"), (2, "invariants"), (3, "checkConstraints"), (4, "changeDataFeed"),
              (4, "generatedColumns"), (5, "columnMapping"), (6, "identityColumns")]


class ManagedTable:
    """A copy of `original` in `folder`. Its commits lie nowhere until `publish` or `stage` puts them there."""

    def __init__(self, original: pathlib.Path, folder: pathlib.Path, managed: bool = True):
        self.folder, self.log, self.managed = folder, folder / "_delta_log", managed
        self.id = str(uuid.uuid4())
        shutil.copytree(original, folder)
        self._time = 0
        self.texts: dict[int, str] = {}  # the commits, by version
        self.times: dict[int, int] = {}
        for file in sorted(self.log.glob("*.json")):
            if len(file.name) == 25:
                self.texts[int(file.stem)] = self._rewrite(int(file.stem), file.read_text())
                file.unlink()
        for file in self.log.glob("*.crc"):
            file.unlink()
        for file in self.log.glob("*.checkpoint*"):
            self._rewrite_checkpoint(file)
        self.fields = json.loads(self._metadata["schemaString"])["fields"]
        self.partition_columns = self._metadata["partitionColumns"]
        self.file_names = {version: f"{version:020}.{uuid.uuid4()}.json" for version in self.texts}

    @property
    def latest(self) -> int:
        return max(self.texts)

    @property
    def versions(self) -> list[int]:
        return sorted(self.texts)

    def publish(self, *versions: int, text: str | None = None) -> ManagedTable:
        """Puts commits into the log; with `text`, that instead, as somebody does who lost the race."""
        for version in versions:
            (self.log / f"{version:020}.json").write_text(self.texts[version] if text is None else text)
        return self

    def stage(self, *versions: int) -> ManagedTable:
        """Puts commits among the staged ones, under the names that the catalog has ratified."""
        for version in versions:
            self._staged(self.file_names[version]).write_text(self.texts[version])
        return self

    def stage_loser(self, version: int) -> ManagedTable:
        """A staged file of another writer that the catalog has not accepted; it would empty the table."""
        lost = json.dumps({"commitInfo": {"inCommitTimestamp": 1, "operation": "WRITE"}}) + "\n"
        self._staged(f"{version:020}.{uuid.uuid4()}.json").write_text(lost)
        return self

    def withdraw(self, *versions: int) -> ManagedTable:
        """Takes staged files away, as cleaning does after they were published."""
        for version in versions:
            self._staged(self.file_names[version]).unlink()
        return self

    def ratified(self, versions: Iterable[int]) -> list[Commit]:
        """Those commits as the catalog holds them."""
        return [Commit(version, self.times[version], self.file_names[version], len(self.texts[version].encode()),
                       self.times[version]) for version in sorted(versions)]

    def register(self, server: UnityCatalog, name: str, unpublished: Iterable[int] = (), latest: int | None = None,
                 location: str | None = None) -> Table:
        """Declares it to a catalog that holds these commits back; `latest` defaults to the newest there is."""
        at = self.versions[0]
        features = [*READER, *WRITER]
        table = server.table(
            name, location or f"file://{self.folder}", kind="MANAGED", id=self.id, fields=self.fields,
            partition_columns=self.partition_columns, latest=self.latest if latest is None else latest,
            properties={**self._metadata["configuration"], **{f"delta.feature.{f}": "supported" for f in features},
                        "delta.minReaderVersion": "3", "delta.minWriterVersion": "7",
                        "delta.lastUpdateVersion": str(at), "delta.lastCommitTimestamp": str(self.times[at])})
        table.commits = self.ratified(unpublished)
        return table

    def upload(self, minio: Minio, prefix: str) -> str:
        """The folder as it is now, in the bucket; its URL."""
        for file in self.folder.rglob("*"):
            if file.is_file():
                minio.put(f"{prefix}/{file.relative_to(self.folder)}", file.read_bytes())
        return minio.url(prefix)

    def _staged(self, name: str) -> pathlib.Path:
        folder = self.log / "_staged_commits"
        folder.mkdir(exist_ok=True)
        return folder / name

    def _rewrite(self, version: int, text: str) -> str:
        actions = [json.loads(line) for line in text.splitlines() if line]
        info = next((action for action in actions if "commitInfo" in action), {"commitInfo": {"timestamp": 0}})
        # An in-commit timestamp is later than the one before; the commit's information comes first.
        self._time = max(info["commitInfo"].get("inCommitTimestamp", info["commitInfo"]["timestamp"]), self._time + 1)
        info["commitInfo"]["inCommitTimestamp"] = self.times[version] = self._time
        for action in actions:
            if "protocol" in action:
                self._add_features(action["protocol"])
            if "metaData" in action:
                self._metadata = action["metaData"]
                self._configure(action["metaData"]["configuration"])
        actions = [info] + [action for action in actions if action is not info]
        return "".join(json.dumps(action, ensure_ascii=False, separators=(",", ":")) + "\n" for action in actions)

    def _configure(self, configuration: dict) -> None:
        configuration["delta.enableInCommitTimestamps"] = "true"
        if self.managed:
            configuration["io.unitycatalog.tableId"] = self.id

    def _add_features(self, protocol: dict) -> None:
        reader = protocol.get("readerFeatures") or (["columnMapping"] if protocol["minReaderVersion"] == 2 else [])
        writer = protocol.get("writerFeatures") or [
            name for version, name in OLD_WRITER if protocol["minWriterVersion"] >= version]
        managed = READER if self.managed else []
        protocol |= {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": sorted({*reader, *managed}),
                     "writerFeatures": sorted({*writer, *reader, *managed, *WRITER})}

    def _rewrite_checkpoint(self, file: pathlib.Path) -> None:
        if file.suffix == ".json":
            actions = [json.loads(line) for line in file.read_text().splitlines()]
            file.write_text("".join(json.dumps(self._changed(action)) + "\n" for action in actions))
            return
        table = pq.read_table(file)
        rows = [self._changed(row) for row in table.to_pylist(maps_as_pydicts="strict")]
        schema = pa.schema(list(table.schema))  # Spark's own note of the schema goes: it is not needed
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)

    def _changed(self, action: dict) -> dict:
        if action.get("protocol"):
            self._add_features(action["protocol"])
        if action.get("metaData"):
            self._configure(action["metaData"]["configuration"])
            self._metadata = action["metaData"]
        return action
