"""What a Delta log says of its table now: schema, partitioning, properties, features. Reads commits as they come."""

from __future__ import annotations

import json
import pathlib


class LogState:
    def __init__(self, path: pathlib.Path):
        self.log = path / "_delta_log"
        self.version = -1
        self.metadata: dict = {}
        self.protocol: dict = {}
        self.changed: list[int] = []  # versions with a new metadata action
        self.operations: dict[int, str] = {}

    def refresh(self) -> LogState:
        while (file := self.log / f"{self.version + 1:020}.json").exists():
            self.version += 1
            for line in file.read_text().splitlines():
                action = json.loads(line)
                if "metaData" in action:
                    self.metadata = action["metaData"]
                    self.changed.append(self.version)
                self.protocol = action.get("protocol", self.protocol)
                if "commitInfo" in action:
                    self.operations[self.version] = action["commitInfo"].get("operation", "")
        return self

    @property
    def schema(self):
        """As pyspark has it, with the CHAR and VARCHAR of its own columns."""
        from pyspark.sql.types import StructType
        schema = StructType.fromJson(json.loads(self.metadata["schemaString"]))
        for field in schema:
            if (text := field.metadata.get("__CHAR_VARCHAR_TYPE_STRING")) and "(" in text:
                field.dataType = _char(text) or field.dataType
        return schema

    @property
    def partitioned_by(self) -> list[str]:
        return self.metadata["partitionColumns"]

    @property
    def mapped(self) -> bool:
        return self.property("delta.columnMapping.mode", "none") != "none"

    @property
    def features(self) -> set[str]:
        return {*self.protocol.get("readerFeatures", []), *self.protocol.get("writerFeatures", [])}

    def property(self, key: str, default: str = "") -> str:
        return self.metadata["configuration"].get(key, default)

    def on(self, key: str) -> bool:
        return self.property(key) == "true"


def _char(text: str):
    from pyspark.sql.types import CharType, VarcharType
    name, _, length = text.rstrip(")").partition("(")
    return {"char": CharType, "varchar": VarcharType}[name](int(length)) if name in ("char", "varchar") else None
