"""The calls of both APIs of the test catalog, as `unitycatalog/unitycatalog` describes them (api/all.yaml, api/delta.yaml).

A call gets an `Ask` whose query and body were checked, and returns status and JSON. Nothing here knows HTTP.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Callable

from . import unity_checks as check
from .unity_checks import Refusal
from .unity_tables import Table, fields_of
from .unity_writes import DELTA_TABLE, DELTA_UPDATE, OLDER_TABLE, create_managed, staging_answer, update


@dataclasses.dataclass
class Ask:
    """One request that is well formed."""

    user: str
    names: dict[str, str]
    query: dict[str, str]
    body: object


@dataclasses.dataclass
class Route:
    """`newer` also says in whose format errors go out; `body` is its check, None where a body must not be."""

    kind: str
    method: str
    path: tuple[str, ...]
    call: Callable
    newer: bool = False
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    body: Callable | None = None

    @property
    def endpoint(self) -> str:
        """As the newer API's /config lists it."""
        return f"{self.method} /{'/'.join(self.path[1:])}"


PAGE = ("max_results", "page_token")
LIST_TABLES = (*PAGE, "omit_columns", "omit_properties", "omit_username", "include_browse",
               "include_manifest_capabilities", "include_delta_metadata")
GET_TABLE = ("include_browse", "include_delta_metadata", "include_manifest_capabilities",
             "read_streaming_table_as_managed", "read_materialized_view_as_managed")
TABLE = ("delta", "v1", "catalogs", "{catalog}", "schemas", "{schema}", "tables", "{table}")


class Api:
    """Both APIs over one metastore. Called under the server's lock."""

    def __init__(self, server):
        self.server, self.store = server, server.store
        get, post = self._get, self._post
        self.routes = [
            post("create catalog", ("catalogs",), self.create_catalog, check.fields(
                name_=check.text, comment=check.text, properties=check.mapped(check.text), storage_root=check.text)),
            get("catalogs", ("catalogs",), self.catalogs, takes=(*PAGE, "include_browse")),
            get("catalog", ("catalogs", "{catalog}"), self.catalog, takes=("include_browse",)),
            post("create schema", ("schemas",), self.create_schema, check.fields(
                name_=check.text, catalog_name_=check.text, comment=check.text,
                properties=check.mapped(check.text), storage_root=check.text)),
            get("schemas", ("schemas",), self.schemas, needs=("catalog_name",), takes=(*PAGE, "include_browse")),
            get("schema", ("schemas", "{full_name}"), self.schema, takes=("include_browse",)),
            post("create table", ("tables",), self.create_table, OLDER_TABLE),
            get("tables", ("tables",), self.tables, needs=("catalog_name", "schema_name"), takes=LIST_TABLES),
            get("table", ("tables", "{full_name}"), self.table, takes=GET_TABLE),
            Route("drop table", "DELETE", ("tables", "{full_name}"), self.drop_table),
            post("credentials", ("temporary-table-credentials",), self.credentials, check.fields(
                table_id_=check.text, operation_=check.one_of("UNKNOWN_TABLE_OPERATION", "READ", "READ_WRITE"))),
            post("path credentials", ("temporary-path-credentials",), self.path_credentials, check.fields(
                url_=check.text, dry_run=check.flag, operation_=check.one_of(
                    "UNKNOWN_PATH_OPERATION", "PATH_READ", "PATH_READ_WRITE", "PATH_CREATE_TABLE"))),
            Route("commits", "GET", ("delta", "preview", "commits"), self.commits, body=check.fields(
                table_id_=check.text, table_uri_=check.text, start_version_=check.whole, end_version=check.whole)),
            get("permissions", ("permissions", "{securable_type}", "{full_name}"), self.permissions,
                takes=("principal",)),
            get("v1 config", ("delta", "v1", "config"), self.v1_config, newer=True,
                needs=("catalog", "protocol-versions")),
            get("v1 table", TABLE, self.v1_table, newer=True),
            Route("v1 exists", "HEAD", TABLE, self.v1_exists, newer=True),
            get("v1 credentials", (*TABLE, "credentials"), self.v1_credentials, newer=True, needs=("operation",)),
            get("v1 path credentials", ("delta", "v1", "temporary-path-credentials"), self.v1_path_credentials,
                newer=True, needs=("location", "operation")),
            post("v1 stage", (*TABLE[:6], "staging-tables"), self.v1_stage, check.fields(name_=check.text), newer=True),
            post("v1 create table", TABLE[:7], self.v1_create, DELTA_TABLE, newer=True),
            post("v1 update", TABLE, self.v1_update, DELTA_UPDATE, newer=True),
        ]

    @staticmethod
    def _get(kind, path, call, **more) -> Route:
        return Route(kind, "GET", path, call, **more)

    @staticmethod
    def _post(kind, path, call, body, **more) -> Route:
        return Route(kind, "POST", path, call, body=body, **more)

    # What may be seen

    def _need(self, user: str, privilege: str, kind: str, name: str) -> None:
        if self.server.grants is not None:
            self.server.grants.need(user, privilege, kind, name, self.server.databricks)

    def _see(self, user: str, catalog: str, schema: str | None = None, table: str | None = None) -> Table | None:
        self.store.need_catalog(catalog)
        self._need(user, "USE CATALOG", "Catalog", catalog)
        if schema is None:
            return None
        self.store.need_schema(catalog, schema)
        self._need(user, "USE SCHEMA", "Schema", f"{catalog}.{schema}")
        if table is None:
            return None
        found = self.store.need_table(catalog, schema, table)
        self._need(user, "SELECT", "Table", found.full_name)
        return found

    def _shown(self, user: str, privilege: str, name: str) -> bool:
        return self.server.grants is None or self.server.grants.has(user, privilege, name)

    def _page(self, ask: Ask, key: str, found: list[tuple[str, dict]]) -> tuple[int, dict]:
        """A page of what is sorted by name; the token is the last name, which Databricks hides."""
        try:
            wanted = int(ask.query.get("max_results", "0"))
        except ValueError:
            raise Refusal("INVALID_ARGUMENT", "max_results must be a number") from None
        if wanted < 0:
            raise Refusal("INVALID_ARGUMENT", "maxResults must be greater than or equal to 0")
        size = min(wanted or self.server.page_size, self.server.page_size)
        after = ask.query.get("page_token")
        if self.server.databricks and self.server.empty_pages and after is None:
            return 200, {key: [], "next_page_token": self._hide("")}
        found = sorted(found, key=lambda pair: pair[0])
        if after is not None:
            shown = self._show(after)
            found = [pair for pair in found if pair[0] > shown]
        page = [body for _, body in found[:size]]
        token = self._hide(found[size - 1][0]) if len(page) == size else None
        if self.server.databricks:
            answer = {key: page} if page else {}
            return 200, answer | ({"next_page_token": token} if token and len(found) > size else {})
        return 200, {key: page, "next_page_token": token}

    def _hide(self, name: str) -> str:
        if not self.server.databricks:
            return name
        return base64.b64encode(f"after={name}&more".encode()).decode()  # may hold + / =

    def _show(self, token: str) -> str:
        if not self.server.databricks:
            return token
        try:
            return base64.b64decode(token, validate=True).decode().removeprefix("after=").removesuffix("&more")
        except (binascii.Error, ValueError):
            raise Refusal("INVALID_PARAMETER_VALUE", "Invalid page token.") from None

    # The older API

    def create_catalog(self, ask: Ask):
        return 200, self.store.add_catalog(**ask.body)

    def catalogs(self, ask: Ask):
        return self._page(ask, "catalogs", [(name, held) for name, held in self.store.catalogs.items()
                                            if self._shown(ask.user, "USE CATALOG", name)])

    def catalog(self, ask: Ask):
        self._see(ask.user, ask.names["catalog"])
        return 200, self.store.catalogs[ask.names["catalog"]]

    def create_schema(self, ask: Ask):
        body = dict(ask.body)
        return 200, self.store.add_schema(body.pop("catalog_name"), **body)

    def schemas(self, ask: Ask):
        catalog = ask.query["catalog_name"]
        self._see(ask.user, catalog)
        return self._page(ask, "schemas", [(name, held) for (of, name), held in self.store.schemas.items()
                                           if of == catalog and self._shown(ask.user, "USE SCHEMA", f"{of}.{name}")])

    def schema(self, ask: Ask):
        parts = ask.names["full_name"].split(".")
        if len(parts) != 2:
            raise Refusal("INVALID_ARGUMENT", f"Invalid schema name: {ask.names['full_name']}")
        self._see(ask.user, *parts)
        return 200, self.store.schemas[parts[0], parts[1]]

    def create_table(self, ask: Ask):
        body = ask.body
        if body["table_type"] != "EXTERNAL":
            raise Refusal("INVALID_ARGUMENT", f"{body['table_type']} creation is not supported yet.")
        return 200, self.store.add_table(Table(
            body["catalog_name"], body["schema_name"], body["name"], body.get("storage_location"), "EXTERNAL",
            body.get("data_source_format"), fields_of(body["columns"]), columns=body["columns"],
            comment=body.get("comment"), properties=body.get("properties") or {})).older(self.server.databricks)

    def tables(self, ask: Ask):
        catalog, schema = ask.query["catalog_name"], ask.query["schema_name"]
        self._see(ask.user, catalog, schema)
        found = []
        for table in self.store.tables.values():
            if (table.catalog, table.schema) == (catalog, schema) and self._shown(ask.user, "SELECT", table.full_name):
                body = table.older(self.server.databricks)
                if self.server.databricks:  # the open-source server does not know these
                    for key in ("columns", "properties"):
                        if ask.query.get(f"omit_{key}") == "true":
                            body.pop(key, None)
                found.append((table.name, body))
        return self._page(ask, "tables", found)

    def table(self, ask: Ask):
        return 200, self._named(ask).older(self.server.databricks)

    def drop_table(self, ask: Ask):
        self.store.drop(self._named(ask).full_name)
        return 200, {}

    def _named(self, ask: Ask) -> Table:
        parts = ask.names["full_name"].split(".")
        if len(parts) != 3:
            raise Refusal("INVALID_ARGUMENT", f"Invalid table name: {ask.names['full_name']}")
        return self._see(ask.user, *parts)

    def credentials(self, ask: Ask):
        table_id = check.read_uuid(ask.body["table_id"])
        table = self.store.by_id(table_id)
        if table is None:
            raise Refusal("TABLE_NOT_FOUND", f"Neither table nor staging table found with id: {table_id}")
        write = ask.body["operation"] == "READ_WRITE"
        return 200, self._older_credentials(table.cloud, table.location, self._table_keys(ask.user, table, write))

    def path_credentials(self, ask: Ask):
        write = ask.body["operation"] != "PATH_READ"
        url = ask.body["url"]
        return 200, self._older_credentials("aws", url, self._path_keys(ask.user, url, write))

    def commits(self, ask: Ask):
        body = ask.body
        if not self.server.preview_commits:
            raise check.Plain(404)
        table = self.store.by_id(check.read_uuid(body["table_id"]))
        if table is None:
            raise Refusal("TABLE_NOT_FOUND", f"Table not found: {body['table_id']}")
        self._see(ask.user, table.catalog, table.schema, table.name)
        if table.kind != "MANAGED":
            raise Refusal("INVALID_ARGUMENT", "Only managed tables are supported for Delta commits")
        start, end = body["start_version"], body.get("end_version")
        if start < 0 or end is not None and end < start:
            raise Refusal("INVALID_ARGUMENT", "end_version must be >=start_version if set" if start >= 0
                          else "Field must be >=0: start_version")
        if body["table_uri"].rstrip("/") != table.location.rstrip("/"):
            raise Refusal("INVALID_ARGUMENT", f"Table URI {body['table_uri']} does not match {table.location}")
        oldest = min((commit.version for commit in table.commits), default=0)
        last = max(start, oldest) + self.server.commits_page - 1
        if end is not None:
            last = min(last, end)
        found = [commit.older() for commit in table.commits if start <= commit.version <= last]
        self.server.order(found)
        return 200, {"commits": found, "latest_table_version": table.latest or 0}

    def permissions(self, ask: Ask):
        name = ask.names["full_name"]
        return 200, {"privilege_assignments": self.server.grants.on(name) if self.server.grants else []}

    # The newer API

    def v1_config(self, ask: Ask):
        if not ask.query["catalog"]:
            raise Refusal("INVALID_ARGUMENT", "Must supply a proper catalog in catalog parameter.")
        self._see(ask.user, ask.query["catalog"])
        return 200, {"endpoints": list(self.server.endpoints), "protocol-version": "1.0"}

    def v1_table(self, ask: Ask):
        table = self._see(ask.user, **ask.names)
        if not table.is_delta_table or table.masks or table.databricks.keys() & {"row_filter", "securable_kind"}:
            raise Refusal("UNSUPPORTED_TABLE_FORMAT", f"Table is not a Delta table: {table.full_name}")
        return 200, table.newer()

    def v1_exists(self, ask: Ask):
        self._see(ask.user, **ask.names)
        return 204, None

    def v1_credentials(self, ask: Ask):
        table = self._see(ask.user, **ask.names)
        keys = self._table_keys(ask.user, table, self._operation(ask) == "READ_WRITE")
        mine = self._newer_credentials(table.cloud, table.location, ask.query["operation"], keys)
        return 200, {"storage-credentials": [*self.server.decoys, mine]}

    def v1_path_credentials(self, ask: Ask):
        url = ask.query["location"]
        keys = self._path_keys(ask.user, url, self._operation(ask) == "READ_WRITE")
        return 200, {"storage-credentials": [self._newer_credentials("aws", url, ask.query["operation"], keys)]}

    def v1_stage(self, ask: Ask):
        staged = self.store.stage(ask.names["catalog"], ask.names["schema"], ask.body["name"])
        keys = self.server.vendor.vend(staged.location, True)
        return 200, staging_answer(staged, self._newer_credentials("aws", staged.location, "READ_WRITE", keys))

    def v1_create(self, ask: Ask):
        return 200, create_managed(self.store, ask.names["catalog"], ask.names["schema"], ask.body).newer()

    def v1_update(self, ask: Ask):
        table = self._see(ask.user, **ask.names)
        update(table, ask.body)
        return 200, table.newer()

    # Credentials

    @staticmethod
    def _operation(ask: Ask) -> str:
        return check.one_of("READ", "READ_WRITE")(ask.query["operation"], "operation")

    def _table_keys(self, user: str, table: Table, write: bool):
        if self.server.databricks and not self.server.external_access:
            raise _denied_outside("TABLE", "table", table.id, "tableId")
        self._see(user, table.catalog, table.schema, table.name)
        if write:
            self._need(user, "MODIFY", "Table", table.full_name)
        if self.server.databricks:
            self._need(user, "EXTERNAL USE SCHEMA", "Schema", f"{table.catalog}.{table.schema}")
            if table.kind not in ("MANAGED", "EXTERNAL"):
                raise Refusal("INVALID_PARAMETER_VALUE",
                              f"Credential generation is not supported for {table.kind} '{table.full_name}'.")
        if table.refuses:
            raise table.refuses
        return self._keys(table.location, write) if table.cloud in ("aws", "r2") else None

    def _path_keys(self, user: str, url: str, write: bool):
        if self.server.databricks:
            self._need_location(user, url, write)
        return self._keys(url, write)

    def _need_location(self, user: str, url: str, write: bool) -> None:
        if not self.server.external_access:
            raise _denied_outside("PATH", "path", url, "path")
        if self.store.in_managed_storage(url):
            raise Refusal("INVALID_PARAMETER_VALUE", f"INVALID_PARAMETER_VALUE.LOCATION_OVERLAP: Input path url '{url}' "
                          "overlaps with managed storage within 'CheckPathAccess' call.")
        location = self.store.location_of(url)
        if location is None:
            raise Refusal("EXTERNAL_LOCATION_DOES_NOT_EXIST", f"No parent external location was found for path '{url}'. "
                          "Please create an external location on one of the parent paths and then retry the query or "
                          "command again.")
        self._need(user, "EXTERNAL USE LOCATION", "External Location", location)
        self._need(user, "READ FILES", "External Location", location)
        if write:
            self._need(user, "WRITE FILES", "External Location", location)

    def _keys(self, location: str, write: bool):
        return None if location.startswith(("file:", "/")) else self.server.vendor.vend(location, write)

    def _older_credentials(self, cloud: str, location: str, keys) -> dict:
        pair = keys and {"access_key_id": keys.access_key_id, "secret_access_key": keys.secret_access_key,
                         "session_token": keys.session_token}
        answer = {"aws_temp_credentials": pair if cloud == "aws" else None, "azure_user_delegation_sas": None,
                  "gcp_oauth_token": None, "expiration_time": keys.expires_ms if keys else None, "url": location}
        if cloud == "azure":
            answer["azure_user_delegation_sas"] = {"sas_token": "sv=2024&sig=CANARYSAS"}
        if cloud == "gcp":
            answer["gcp_oauth_token"] = {"oauth_token": "ya29.CANARYGCP"}
        if cloud == "r2":
            answer["r2_temp_credentials"] = pair
        return {key: value for key, value in answer.items() if value is not None} if self.server.databricks else answer

    def _newer_credentials(self, cloud: str, location: str, operation: str, keys) -> dict:
        config = {}
        if keys:
            config = {"s3.access-key-id": keys.access_key_id, "s3.secret-access-key": keys.secret_access_key,
                      "s3.session-token": keys.session_token}
        if cloud == "azure":
            config = {"azure.sas-token": "sv=2024&sig=CANARYSAS"}
        if cloud == "gcp":
            config = {"gcs.oauth-token": "ya29.CANARYGCP"}
        return {"prefix": location, "operation": operation, "config": config,
                "expiration-time-ms": keys.expires_ms if keys else None}


def _denied_outside(what: str, kind: str, name: str, key: str) -> Refusal:
    return Refusal("UNAUTHENTICATED", f"Request to generate access credential for {kind} '{name}' from outside of "
                   "Databricks Unity Catalog enabled compute environment is denied for security. Please contact "
                   "Databricks support for integrations with Unity Catalog.",
                   reason=f"UNITY_CATALOG_EXTERNAL_GENERATE_{what}_CREDENTIALS_DENIED", **{key: name})

