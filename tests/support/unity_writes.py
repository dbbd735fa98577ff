"""What clients of the test catalog create and commit: the bodies, and what becomes of them."""

from __future__ import annotations

from . import unity_checks as check
from .unity_checks import Refusal
from .unity_tables import Commit, Metastore, Table

TABLE_TYPES = ("MANAGED", "EXTERNAL", "STREAMING_TABLE", "MATERIALIZED_VIEW", "METRIC_VIEW", "VIEW")
FORMATS = ("DELTA", "CSV", "JSON", "AVRO", "PARQUET", "ORC", "TEXT")

OLDER_COLUMN = check.fields(
    name=check.text, type_text=check.text, type_json=check.text, type_name=check.text, type_precision=check.whole,
    type_scale=check.whole, type_interval_type=check.text, position=check.whole, comment=check.text,
    nullable=check.flag, partition_index=check.whole)
_OLDER_TABLE = check.fields(
    name_=check.text, catalog_name_=check.text, schema_name_=check.text, table_type_=check.one_of(*TABLE_TYPES),
    data_source_format=check.one_of(*FORMATS), columns_=check.listed(OLDER_COLUMN), storage_location=check.text,
    comment=check.text, properties=check.mapped(check.text), view_definition=check.text,
    view_dependencies=check.anything)


def OLDER_TABLE(value, where: str) -> dict:
    """The body of POST /tables, its columns with every key as the server answers them."""
    body = _OLDER_TABLE(value, where)
    keys = ("name", "type_text", "type_json", "type_name", "type_precision", "type_scale", "type_interval_type",
            "position", "comment", "nullable", "partition_index")
    body["columns"] = [{**dict.fromkeys(keys), **column} for column in body["columns"]]
    return body


def _field_type(value, where: str):
    if isinstance(value, str):
        return value
    return check.mapped(check.anything)(value, where)


STRUCT = check.fields(type_=check.one_of("struct"), fields_=check.listed(check.fields(
    name_=check.text, type_=_field_type, nullable_=check.flag, metadata_=check.mapped(check.anything))))
PROTOCOL = check.fields(min__reader__version_=check.whole, min__writer__version_=check.whole,
                        reader__features=check.listed(check.text), writer__features=check.listed(check.text))
COMMIT = check.fields(version_=check.whole, timestamp_=check.whole, file__name_=check.text, file__size_=check.whole,
                      file__modification__timestamp_=check.whole)
DELTA_TABLE = check.fields(
    name_=check.text, location_=check.text, table__type_=check.one_of("MANAGED", "EXTERNAL"), comment=check.text,
    columns_=STRUCT, partition__columns=check.listed(check.text), protocol_=PROTOCOL,
    properties_=check.mapped(check.text), last__commit__timestamp__ms_=check.whole)

_REQUIREMENTS = {"assert-table-uuid": check.fields(type_=check.text, uuid_=check.text),
                 "assert-etag": check.fields(type_=check.text, etag_=check.text)}
_UPDATES = {"add-commit": check.fields(action_=check.text, commit_=COMMIT),
            "set-latest-backfilled-version": check.fields(action_=check.text, latest__published__version_=check.whole),
            "set-properties": check.fields(action_=check.text, updates_=check.mapped(check.text))}


def _chosen(key: str, known: dict):
    def choose(value, where: str) -> dict:
        name = check.text(check.mapped(check.anything)(value, where).get(key), f"{where}.{key}")
        if name not in known:
            raise Refusal("INVALID_ARGUMENT", f"Unknown {key}: {name}")
        return known[name](value, where)
    return choose


DELTA_UPDATE = check.fields(requirements_=check.listed(_chosen("type", _REQUIREMENTS)),
                            updates_=check.listed(_chosen("action", _UPDATES)))

_READER = ["catalogManaged", "v2Checkpoint", "vacuumProtocolCheck", "deletionVectors"]


def staging_answer(staged: Table, credentials: dict) -> dict:
    return {
        "table-id": staged.id, "table-type": "MANAGED", "location": staged.location,
        "storage-credentials": [credentials],
        "required-protocol": {"min-reader-version": 3, "min-writer-version": 7, "reader-features": _READER,
                              "writer-features": [*_READER, "inCommitTimestamp"]},
        "suggested-protocol": {"reader-features": ["columnMapping"],
                               "writer-features": ["columnMapping", "domainMetadata", "rowTracking"]},
        "required-properties": {
            "delta.enableInCommitTimestamps": "true", "delta.checkpoint.writeStatsAsJson": "true",
            "delta.checkpointPolicy": "v2", "delta.checkpoint.writeStatsAsStruct": "true",
            "delta.enableDeletionVectors": "true", "io.unitycatalog.tableId": staged.id},
        "suggested-properties": {
            "delta.enableRowTracking": "true", "delta.rowTracking.materializedRowIdColumnName": None,
            "delta.columnMapping.maxColumnId": None, "delta.randomizeFilePrefixes": "true",
            "delta.parquet.compression.codec": "zstd",
            "delta.rowTracking.materializedRowCommitVersionColumnName": None, "delta.columnMapping.mode": "name"}}


def create_managed(store: Metastore, catalog: str, schema: str, body: dict) -> Table:
    """POST /delta/v1/.../tables: a managed table must have been staged, and has version 0 published."""
    if body["table-type"] == "MANAGED":
        staged = next((t for t in store.staged.values() if t.location == body["location"]), None)
        if staged is None:
            raise Refusal("TABLE_NOT_FOUND", f"Staging table not found at location: {body['location']}")
        if body["properties"].get("io.unitycatalog.tableId") != staged.id:
            raise Refusal("INVALID_ARGUMENT", "Property io.unitycatalog.tableId must be the id of the staging table")
    protocol, at = body["protocol"], body["last-commit-timestamp-ms"]
    features = [*protocol.get("reader-features", []), *protocol.get("writer-features", [])]
    properties = {
        **body["properties"], **{f"delta.feature.{name}": "supported" for name in features},
        "delta.minReaderVersion": str(protocol["min-reader-version"]),
        "delta.minWriterVersion": str(protocol["min-writer-version"]),
        "delta.lastUpdateVersion": "0", "delta.lastCommitTimestamp": str(at)}
    made = Table(catalog, schema, body["name"], body["location"], body["table-type"],
                 fields=body["columns"]["fields"], partition_columns=body.get("partition-columns") or [],
                 properties=properties, comment=body.get("comment"))
    if body["table-type"] == "MANAGED":
        made.id, made.latest = staged.id, 0
        del store.staged[staged.id]
    return store.add_table(made)


def update(table: Table, body: dict) -> None:
    """POST /delta/v1/.../tables/T: all of it, or nothing."""
    kinds = [one["type"] for one in body["requirements"]]
    actions = [one["action"] for one in body["updates"]]
    if not actions or len(set(kinds)) != len(kinds) or len(set(actions)) != len(actions) \
            or "assert-table-uuid" not in kinds:
        raise Refusal("INVALID_ARGUMENT", "At most one action and one requirement of each type; "
                      "assert-table-uuid is always required")
    for one in body["requirements"]:
        wanted = one.get("uuid", one.get("etag"))
        if wanted != (table.id if one["type"] == "assert-table-uuid" else f"etag-{table.created}"):
            raise Refusal("UPDATE_REQUIREMENT_CONFLICT", f"Requirement {one['type']} is not met")
    for one in body["updates"]:
        if one["action"] == "add-commit":
            table.ratify(Commit(**{key.replace("-", "_"): value for key, value in one["commit"].items()}))
        elif one["action"] == "set-latest-backfilled-version":
            table.published(one["latest-published-version"])
        else:
            table.properties.update(one["updates"])
