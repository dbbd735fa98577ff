"""Logs of Delta tables written by hand, action by action, as writers other than Spark leave them."""

from __future__ import annotations

import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

from .hand_written import struct

DATE = 1767225600000


def protocol(reader: int = 1, writer: int = 2, features: list[str] | None = None) -> dict:
    action: dict = {"minReaderVersion": reader, "minWriterVersion": writer}
    if features is not None:
        action |= {"readerFeatures": features, "writerFeatures": features}
    return {"protocol": action}


def metadata(*fields: dict, partition: tuple[str, ...] = (), configuration: dict | None = None) -> dict:
    return {"metaData": {"id": "11111111-2222-3333-4444-555555555555",
                         "format": {"provider": "parquet", "options": {}},
                         "schemaString": json.dumps(struct(*fields), ensure_ascii=False),
                         "partitionColumns": list(partition), "configuration": configuration or {},
                         "createdTime": DATE}}


def remove(path: str, **more) -> dict:
    return {"remove": {"path": path, "deletionTimestamp": DATE, "dataChange": True, **more}}


def info(operation: str = "WRITE", **more) -> dict:
    return {"commitInfo": {"timestamp": DATE, "operation": operation, "operationParameters": {}, **more}}


class HandLog:
    """A table whose files and commits are written one by one."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.log = path / "_delta_log"
        self.log.mkdir(parents=True)

    def file(self, name: str, columns: dict | pa.Table, spelled: str | None = None,
             partition: dict | None = None, **more) -> dict:
        """Writes a data file and gives its add action, whose path is `spelled`."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        data = columns if isinstance(columns, pa.Table) else pa.table(columns)
        pq.write_table(data, file, store_schema=False)
        return {"add": {"path": spelled or name, "partitionValues": partition or {},
                        "size": file.stat().st_size, "modificationTime": DATE, "dataChange": True, **more}}

    def commit(self, version: int, *actions: dict, text: str | bytes | None = None) -> HandLog:
        if text is None:
            text = "".join(json.dumps(action, ensure_ascii=False) + "\n" for action in actions)
        file = self.log / f"{version:020}.json"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self
