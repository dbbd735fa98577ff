"""What the test catalog holds: catalogs, schemas, tables and the commits of those that it manages.

Tests declare tables with `Metastore.table(...)` and change them between two calls of the program; clients see
them through both APIs. `older()` and `newer()` give the JSON of an object as the open-source server writes it.
"""

from __future__ import annotations

import dataclasses
import json
import time
import uuid

from .unity_checks import Refusal

FEATURE = "delta.feature.catalogManaged"
COLUMN_TYPES = {"long": ("bigint", "LONG"), "integer": ("int", "INT"), "string": ("string", "STRING"),
                "timestamp": ("timestamp", "TIMESTAMP"), "date": ("date", "DATE"), "double": ("double", "DOUBLE"),
                "boolean": ("boolean", "BOOLEAN"), "binary": ("binary", "BINARY")}
COLUMN_KEYS = ("name", "type_text", "type_json", "type_name", "type_precision", "type_scale", "type_interval_type",
               "position", "comment", "nullable", "partition_index")


def now_ms() -> int:
    return int(time.time() * 1000)


@dataclasses.dataclass
class Commit:
    """A ratified commit that has not been reported as published."""

    version: int
    timestamp: int  # the in-commit timestamp
    file_name: str
    file_size: int
    file_modification_timestamp: int

    def older(self) -> dict:
        return dataclasses.asdict(self)

    def newer(self) -> dict:
        return {key.replace("_", "-"): value for key, value in dataclasses.asdict(self).items()}


@dataclasses.dataclass
class Table:
    """A table or what stands in its place. `fields` are Delta's; `older` columns follow from them."""

    catalog: str
    schema: str
    name: str
    location: str | None = None
    kind: str = "EXTERNAL"
    format: str | None = "DELTA"
    fields: list[dict] = dataclasses.field(default_factory=list)
    partition_columns: list[str] = dataclasses.field(default_factory=list)
    properties: dict[str, str] = dataclasses.field(default_factory=dict)
    columns: list[dict] | None = None  # as created through the older API
    view_definition: str | None = None
    comment: str | None = None
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    created: int = dataclasses.field(default_factory=now_ms)
    # Managed by the catalog: the newest version, and what is not published. None: not catalog-managed.
    latest: int | None = None
    commits: list[Commit] = dataclasses.field(default_factory=list)
    # What only Databricks has: `row_filter`, `securable_kind`, ... as they stand in its answer, and a column's mask.
    databricks: dict = dataclasses.field(default_factory=dict)
    masks: dict[str, dict] = dataclasses.field(default_factory=dict)
    cloud: str = "aws"  # whose credentials are handed out: aws, azure, gcp, r2
    refuses: Refusal | None = None  # why nobody gets credentials, although the table shows no sign of it

    @property
    def full_name(self) -> str:
        return f"{self.catalog}.{self.schema}.{self.name}"

    @property
    def is_delta_table(self) -> bool:
        return self.format == "DELTA" and self.kind in ("MANAGED", "EXTERNAL")

    def ratify(self, commit: Commit) -> None:
        """Accepts a commit at the version after the newest, or refuses it as the server does."""
        if self.latest is None:
            raise Refusal("INVALID_ARGUMENT", "Only managed tables are supported for Delta commits")
        taken = next((c for c in self.commits if c.version == commit.version), None)
        if taken and taken.file_name == commit.file_name:
            return
        if commit.version <= self.latest:
            raise Refusal("COMMIT_VERSION_CONFLICT", "Commit version already accepted. Version "
                          f"{commit.version} was accepted with commit file {taken.file_name if taken else '?'}, but "
                          f"the request carried {commit.file_name}.")
        if commit.version != self.latest + 1:
            raise Refusal("INVALID_ARGUMENT", f"Commit version must be the next version after the latest commit "
                          f"{self.latest}, but got {commit.version}")
        self.commits.append(commit)
        self.latest = commit.version

    def published(self, version: int) -> None:
        """Forgets commits up to `version`: they lie in the log now."""
        if self.latest is None or version > self.latest:
            raise Refusal("INVALID_ARGUMENT", f"Should not backfill version {version} while the last version "
                          f"committed is {self.latest}")
        self.commits = [commit for commit in self.commits if commit.version > version]

    def older(self, databricks: bool) -> dict:
        answer = {
            "name": self.name, "catalog_name": self.catalog, "schema_name": self.schema, "table_type": self.kind,
            "data_source_format": self.format, "columns": self._older_columns(databricks),
            "storage_location": self.location, "comment": self.comment, "properties": self.properties,
            "owner": None, "created_at": self.created, "created_by": None, "updated_at": self.created,
            "updated_by": None, "table_id": self.id, "view_definition": self.view_definition,
            "view_dependencies": None}
        if databricks:
            answer |= {"full_name": self.full_name, "metastore_id": "0b5ad0d6-44d8-4d8e-9f6e-2f6e0a6f0f0f",
                       "owner": "data-platform", "browse_only": False, **self.databricks}
            answer = {key: value for key, value in answer.items() if value is not None}
        return answer

    def newer(self) -> dict:
        metadata = {
            "etag": f"etag-{self.created}", "table-type": self.kind, "table-uuid": self.id, "location": self.location,
            "created-time": self.created, "updated-time": self.created,
            "columns": {"type": "struct", "fields": self.fields}, "partition-columns": self.partition_columns,
            "properties": self.properties}
        if "delta.lastUpdateVersion" in self.properties:
            metadata["last-commit-version"] = int(self.properties["delta.lastUpdateVersion"])
            metadata["last-commit-timestamp-ms"] = int(self.properties["delta.lastCommitTimestamp"])
        answer = {"metadata": metadata, "commits": [commit.newer() for commit in reversed(self.commits)]}
        if self.latest is not None:
            answer["latest-table-version"] = self.latest
        return answer

    def _older_columns(self, databricks: bool) -> list[dict]:
        columns = self.columns if self.columns is not None else [
            _column(field, position, self.partition_columns) for position, field in enumerate(self.fields)]
        if not databricks:
            return columns
        return [{key: value for key, value in {**column, "mask": self.masks.get(column["name"])}.items()
                 if value is not None} for column in columns]


def _column(field: dict, position: int, partition_columns: list[str]) -> dict:
    text, name = COLUMN_TYPES.get(field["type"], (str(field["type"]), "STRUCT")) \
        if isinstance(field["type"], str) else (field["type"]["type"], field["type"]["type"].upper())
    index = partition_columns.index(field["name"]) if field["name"] in partition_columns else None
    return {**dict.fromkeys(COLUMN_KEYS), "name": field["name"], "type_text": text, "type_name": name,
            "type_json": json.dumps(field, separators=(",", ":")), "position": position,
            "nullable": field["nullable"], "partition_index": index}


def fields_of(columns: list[dict]) -> list[dict]:
    """Delta's fields of columns as the older API has them."""
    return [json.loads(column["type_json"]) for column in sorted(columns, key=lambda c: c["position"])]


class Metastore:
    """All of it. Not locked: the server asks under its own lock, and so do the methods that tests call there."""

    def __init__(self):
        self.catalogs: dict[str, dict] = {}
        self.schemas: dict[tuple[str, str], dict] = {}
        self.tables: dict[tuple[str, str, str], Table] = {}
        self.staged: dict[str, Table] = {}
        self.locations: dict[str, str] = {}  # external locations: name to URL

    def table(self, full_name: str, location: str | None = None, **keys) -> Table:
        """Declares a table with its catalog and schema; one of the same name goes, and its id with it."""
        catalog, schema, name = full_name.split(".")
        self.add_catalog(catalog, exists_already=True)
        self.add_schema(catalog, schema, exists_already=True)
        made = Table(catalog, schema, name, location, **keys)
        self.tables[catalog, schema, name] = made
        return made

    def drop(self, full_name: str) -> None:
        del self.tables[tuple(full_name.split("."))]

    def add_catalog(self, name: str, comment: str | None = None, properties: dict | None = None,
                    storage_root: str | None = None, exists_already: bool = False) -> dict:
        if name in self.catalogs:
            if exists_already:
                return self.catalogs[name]
            raise Refusal("CATALOG_ALREADY_EXISTS", f"Catalog already exists: {name}")
        key, at = str(uuid.uuid4()), now_ms()
        self.catalogs[name] = {
            "name": name, "comment": comment, "properties": properties or {}, "owner": None, "created_at": at,
            "created_by": None, "updated_at": at, "updated_by": None, "id": key, "storage_root": storage_root,
            "storage_location": storage_root and f"{storage_root}/__unitystorage/catalogs/{key}"}
        return self.catalogs[name]

    def add_schema(self, catalog: str, name: str, comment: str | None = None, properties: dict | None = None,
                   storage_root: str | None = None, exists_already: bool = False) -> dict:
        self.need_catalog(catalog)
        if (catalog, name) in self.schemas:
            if exists_already:
                return self.schemas[catalog, name]
            raise Refusal("SCHEMA_ALREADY_EXISTS", f"Schema already exists: {catalog}.{name}")
        key, at = str(uuid.uuid4()), now_ms()
        self.schemas[catalog, name] = {
            "name": name, "catalog_name": catalog, "comment": comment, "properties": properties or {},
            "full_name": f"{catalog}.{name}", "owner": None, "created_at": at, "created_by": None, "updated_at": at,
            "updated_by": None, "schema_id": key, "storage_root": storage_root,
            "storage_location": storage_root and f"{storage_root}/__unitystorage/schemas/{key}"}
        return self.schemas[catalog, name]

    def add_table(self, made: Table) -> Table:
        self.need_schema(made.catalog, made.schema)
        if (made.catalog, made.schema, made.name) in self.tables:
            raise Refusal("TABLE_ALREADY_EXISTS", f"Table already exists: {made.full_name}")
        self.tables[made.catalog, made.schema, made.name] = made
        return made

    def need_catalog(self, name: str) -> dict:
        if name not in self.catalogs:
            raise Refusal("CATALOG_NOT_FOUND", f"Catalog not found: {name}")
        return self.catalogs[name]

    def need_schema(self, catalog: str, name: str) -> dict:
        self.need_catalog(catalog)
        if (catalog, name) not in self.schemas:
            raise Refusal("SCHEMA_NOT_FOUND", f"Schema not found: {catalog}.{name}")
        return self.schemas[catalog, name]

    def need_table(self, catalog: str, schema: str, name: str) -> Table:
        self.need_schema(catalog, schema)
        if (catalog, schema, name) not in self.tables:
            raise Refusal("TABLE_NOT_FOUND", f"Table not found: {catalog}.{schema}.{name}")
        return self.tables[catalog, schema, name]

    def by_id(self, table_id: str) -> Table | None:
        return next((table for table in self.tables.values() if table.id == table_id), None)

    def stage(self, catalog: str, schema: str, name: str) -> Table:
        """A place for a managed table that is going to be created."""
        held = self.need_schema(catalog, schema)["storage_location"] or self.need_catalog(catalog)["storage_location"]
        if not held:
            raise Refusal("INVALID_ARGUMENT", "None of catalog, schema or storage-root.tables server property has "
                          "managed location configured.")
        staged = Table(catalog, schema, name, kind="MANAGED")
        staged.location = f"{held}/tables/{staged.id}"
        self.staged[staged.id] = staged
        return staged

    def location_of(self, url: str) -> str | None:
        """The external location (its name) that a path lies in."""
        return next((name for name, root in self.locations.items() if is_below(url, root)), None)

    def in_managed_storage(self, url: str) -> bool:
        roots = [held["storage_location"] for held in [*self.catalogs.values(), *self.schemas.values()]]
        roots += [table.location for table in self.tables.values() if table.kind == "MANAGED"]
        return "/__unitystorage/" in url + "/" or any(root and is_below(url, root) for root in roots)


def is_below(url: str, root: str) -> bool:
    return url.rstrip("/") == root.rstrip("/") or url.startswith(root.rstrip("/") + "/")
