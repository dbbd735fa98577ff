"""Delta tables written by hand: Parquet files as any writer may have left them, and a log around them."""

from __future__ import annotations

import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

_READER_FEATURES = {"timestamp_ntz": "timestampNtz"}


def field(name: str, kind: str | dict, metadata: dict | None = None) -> dict:
    return {"name": name, "type": kind, "nullable": True, "metadata": metadata or {}}


def array(element: str | dict) -> dict:
    return {"type": "array", "elementType": element, "containsNull": True}


def mapping(key: str | dict, value: str | dict) -> dict:
    return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}


def struct(*fields: dict) -> dict:
    return {"type": "struct", "fields": list(fields)}


class HandWritten:
    """A table of one commit: `write` its files, then `commit`."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        path.mkdir(parents=True)
        self.adds: list[dict] = []

    def write(self, data: pa.Table, footer: dict | None = None, row_group_size: int | None = None,
              **options) -> HandWritten:
        """A file of `data`; `footer` is its key-value metadata, the options are pyarrow's."""
        name = f"part-{len(self.adds)}.parquet"
        options.setdefault("store_schema", False)
        with pq.ParquetWriter(self.path / name, data.schema, **options) as writer:
            writer.write_table(data, row_group_size=row_group_size)
            writer.add_key_value_metadata(footer or {})
        self.adds.append({"path": name, "partitionValues": {}, "modificationTime": 1767225600000,
                          "size": (self.path / name).stat().st_size, "dataChange": True})
        return self

    def commit(self, *fields: dict) -> HandWritten:
        """Version 0 with every file that was written."""
        schema = json.dumps(struct(*fields))
        features = sorted({feature for kind, feature in _READER_FEATURES.items() if f'"{kind}"' in schema})
        protocol = {"minReaderVersion": 1, "minWriterVersion": 2}
        if features:
            protocol = {"minReaderVersion": 3, "minWriterVersion": 7,
                        "readerFeatures": features, "writerFeatures": features}
        metadata = {"id": "11111111-2222-3333-4444-555555555555", "format": {"provider": "parquet", "options": {}},
                    "schemaString": schema, "partitionColumns": [], "configuration": {},
                    "createdTime": 1767225600000}
        log = self.path / "_delta_log"
        log.mkdir()
        actions = [{"protocol": protocol}, {"metaData": metadata}, *({"add": add} for add in self.adds)]
        (log / f"{0:020}.json").write_text("".join(json.dumps(action) + "\n" for action in actions))
        return self
