"""The public Python clients against the test catalog, so that it cannot drift from what they speak.

`unitycatalog-client` is made from the older API's description, `databricks-sdk` is what Databricks' own tools use.
Neither speaks the newer API: that one is held to the recorded exchanges alone.
"""

from __future__ import annotations

import asyncio

import pytest
import requests
import unitycatalog.client as uc
from databricks.sdk import WorkspaceClient
from databricks.sdk import errors
from databricks.sdk.config import Config
from databricks.sdk.service.catalog import PathOperation, TableOperation
from support import unity_faults
from support.unity_checks import Refusal
from support.unity_sign_in import Grants
from support.unity_tables import Commit

FIELDS = [{"name": "id", "type": "long", "nullable": True, "metadata": {}},
          {"name": "event_timestamp", "type": "timestamp", "nullable": True, "metadata": {}}]


def generated(server, use, token: str | None = None):
    """Lets `use(client)` run with the generated client; its answer."""
    async def go():
        settings = uc.Configuration(host=f"{server.url}/api/2.1/unity-catalog", access_token=token)
        async with uc.ApiClient(settings) as client:
            if token:
                client.set_default_header("Authorization", f"Bearer {token}")
            return await use(client)
    return asyncio.run(go())


def refused(server, use, token: str | None = None) -> uc.ApiException:
    with pytest.raises(uc.ApiException) as caught:
        generated(server, use, token)
    return caught.value


@pytest.fixture
def events(catalog):
    return catalog.table("main.sales.events", "s3://lake/events", fields=FIELDS)


# The generated client

def test_the_generated_client_creates_and_reads_tables(catalog):
    async def use(client):
        await uc.CatalogsApi(client).create_catalog(uc.CreateCatalog(name="main", comment="all"))
        await uc.SchemasApi(client).create_schema(uc.CreateSchema(name="sales", catalog_name="main"))
        column = uc.ColumnInfo(name="id", type_text="bigint", type_name="LONG", position=0, nullable=True,
                               type_json='{"name":"id","type":"long","nullable":true,"metadata":{}}')
        made = await uc.TablesApi(client).create_table(uc.CreateTable(
            name="events", catalog_name="main", schema_name="sales", table_type="EXTERNAL",
            data_source_format="DELTA", storage_location="s3://lake/events", columns=[column]))
        return made, await uc.TablesApi(client).get_table("main.sales.events")
    made, read = generated(catalog, use)
    assert made == read and read.columns[0].type_name == "LONG" and read.table_type == "EXTERNAL"


def test_the_generated_client_pages_through_a_listing(catalog):
    for n in range(5):
        catalog.table(f"main.sales.t{n}", f"s3://lake/t{n}", fields=FIELDS)

    async def use(client):
        names, token = [], None
        while True:
            page = await uc.TablesApi(client).list_tables("main", "sales", max_results=2, page_token=token)
            names += [table.name for table in page.tables]
            token = page.next_page_token
            if not token:
                return names
    assert generated(catalog, use) == [f"t{n}" for n in range(5)]
    assert catalog.counts() == {"tables": 3}


def test_the_generated_client_gets_credentials(catalog, events):
    async def use(client):
        api = uc.TemporaryCredentialsApi(client)
        of_table = await api.generate_temporary_table_credentials(
            uc.GenerateTemporaryTableCredential(table_id=events.id, operation="READ"))
        return of_table, await api.generate_temporary_path_credentials(
            uc.GenerateTemporaryPathCredential(url="s3://lake/export", operation="PATH_READ_WRITE"))
    of_table, of_path = generated(catalog, use)
    assert of_table.aws_temp_credentials.session_token == "TOKTEST" and of_table.expiration_time is None
    assert of_path.url == "s3://lake/export"


def test_commits_come_page_by_page_in_the_client_s_own_shapes(catalog):
    """The generated client leaves the body of a GET away, so only its models are used here."""
    table = catalog.table("main.sales.orders", "s3://lake/orders", kind="MANAGED", latest=0)
    for version in range(1, 6):
        table.ratify(Commit(version, 1000 + version, f"{version:020}.{table.id}.json", 9, 1000 + version))
    catalog.commits_page = 2
    found, start = [], 0
    while not found or found[-1] != latest:
        asked = uc.DeltaGetCommits(table_id=table.id, table_uri=table.location, start_version=start)
        answer = requests.get(f"{catalog.url}/api/2.1/unity-catalog/delta/preview/commits", data=asked.to_json(),
                              headers={"Content-Type": "application/json"}, timeout=10)
        page = uc.DeltaGetCommitsResponse.from_json(answer.text)
        found += sorted(commit.version for commit in page.commits)
        start, latest = found[-1] + 1, page.latest_table_version
    assert found == [1, 2, 3, 4, 5] and catalog.counts() == {"commits": 3}


def test_the_generated_client_sees_errors(catalog, events):
    def lookup(name):
        return lambda client: uc.TablesApi(client).get_table(name)
    error = refused(catalog, lookup("main.sales.nope"))
    assert error.status == 404 and "TABLE_NOT_FOUND" in error.body
    catalog.require_sign_in().allow("good", "etl")
    assert refused(catalog, lookup("main.sales.events")).status == 401
    assert generated(catalog, lookup("main.sales.events"), "good").name == "events"
    catalog.grants = Grants(etl={"main": "USE CATALOG"})
    assert refused(catalog, lookup("main.sales.events"), "good").status == 403


# Databricks' own

@pytest.fixture
def workspace(catalog, monkeypatch, tmp_path):
    """Databricks' variations; a client that signs in as a machine."""
    for name in ("HOST", "TOKEN", "CLIENT_ID", "CLIENT_SECRET", "CONFIG_PROFILE", "CONFIG_FILE"):
        monkeypatch.delenv(f"DATABRICKS_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    catalog.databricks = True
    catalog.require_sign_in().client("robot", "robots-secret")
    return catalog


def robot(server, **settings) -> WorkspaceClient:
    return WorkspaceClient(config=Config(**{"host": server.url, "client_id": "robot", "auth_type": "oauth-m2m",
                                            "client_secret": "robots-secret", "retry_timeout_seconds": 10, **settings}))


def test_the_sdk_signs_in_once_and_pages(workspace):
    for n in range(5):
        workspace.table(f"main.sales.t{n}", f"s3://lake/t{n}", fields=FIELDS)
    workspace.page_size, workspace.empty_pages = 2, True
    names = [table.name for table in robot(workspace).tables.list("main", "sales")]
    assert names == [f"t{n}" for n in range(5)]
    counts = workspace.counts()
    assert counts["tables"] == 4 and counts["token"] == 1, counts


def test_the_sdk_signs_in_again_when_its_token_has_run_out(workspace, events):
    workspace.sign_in.token_seconds = 1  # the SDK renews what ends within 40 s
    client = robot(workspace, disable_async_token_refresh=True)
    for _ in range(3):
        assert client.tables.get("main.sales.events").table_id == events.id
    assert len(workspace.sign_in.given) == 3


def test_a_wrong_secret_is_refused(workspace, events):
    with pytest.raises(Exception, match="invalid_client"):
        robot(workspace, client_secret="wrong").tables.get("main.sales.events")
    assert not workspace.sign_in.given


def test_the_sdk_reads_a_profile(workspace, events, tmp_path):
    workspace.sign_in.allow("from-a-profile")
    (tmp_path / ".databrickscfg").write_text(f"[etl]\nhost = {workspace.url}\ntoken = from-a-profile\n")
    assert WorkspaceClient(profile="etl").tables.get("main.sales.events").full_name == "main.sales.events"


def test_the_sdk_gets_credentials_of_tables_and_paths(workspace, events):
    workspace.store.locations["lake"] = "s3://lake"
    client = robot(workspace)
    given = client.temporary_table_credentials.generate_temporary_table_credentials(
        operation=TableOperation.READ, table_id=events.id)
    assert given.aws_temp_credentials.access_key_id == "AKTEST" and given.url == "s3://lake/events"
    given = client.temporary_path_credentials.generate_temporary_path_credentials(
        "s3://lake/export", PathOperation.PATH_READ_WRITE)
    assert given.aws_temp_credentials.session_token == "TOKTEST"


def test_the_sdk_sees_what_a_table_is(workspace):
    workspace.table("main.sales.v", kind="VIEW", format=None, view_definition="SELECT 1")
    workspace.table("main.sales.secret", "s3://lake/secret", fields=FIELDS, masks={"id": {"function_name": "main.f"}},
                    databricks={"row_filter": {"function_name": "main.g", "input_column_names": ["id"]}})
    client = robot(workspace)
    assert client.tables.get("main.sales.v").table_type.value == "VIEW"
    table = client.tables.get("main.sales.secret")
    assert table.row_filter.function_name == "main.g" and table.columns[0].mask.function_name == "main.f"


@pytest.mark.parametrize(("missing", "on", "kind"), [
    ("USE CATALOG", "main", "Catalog"), ("USE SCHEMA", "main.sales", "Schema"),
    ("SELECT", "main.sales.events", "Table"), ("EXTERNAL USE SCHEMA", "main.sales", "Schema")])
def test_the_sdk_sees_which_grant_is_missing(missing, on, kind, workspace, events):
    workspace.grants = Grants(etl={"main": "USE CATALOG", "main.sales": "USE SCHEMA, EXTERNAL USE SCHEMA",
                                   "main.sales.events": "SELECT"})
    workspace.grants.take("etl", on, missing)
    with pytest.raises(errors.PermissionDenied) as caught:
        robot(workspace).temporary_table_credentials.generate_temporary_table_credentials(
            operation=TableOperation.READ, table_id=events.id)
    (info,) = [caught.value.get_error_details().error_info]
    assert info.metadata["msg"] == missing and info.metadata["resourceType"] == kind
    assert info.metadata["resourceName"] == on


def test_external_access_that_is_off_looks_like_a_bad_token(workspace, events):
    workspace.external_access = False
    with pytest.raises(errors.Unauthenticated) as caught:
        robot(workspace).temporary_table_credentials.generate_temporary_table_credentials(
            operation=TableOperation.READ, table_id=events.id)
    reason = caught.value.get_error_details().error_info.reason
    assert reason == "UNITY_CATALOG_EXTERNAL_GENERATE_TABLE_CREDENTIALS_DENIED"


def test_managed_storage_gets_no_path_credentials(workspace):
    workspace.table("main.sales.orders", "s3://lake/__unitystorage/catalogs/c/tables/t", kind="MANAGED")
    workspace.store.locations["lake"] = "s3://lake"
    with pytest.raises(errors.InvalidParameterValue, match="LOCATION_OVERLAP"):
        robot(workspace).temporary_path_credentials.generate_temporary_path_credentials(
            "s3://lake/__unitystorage/catalogs/c/export", PathOperation.PATH_READ_WRITE)
    with pytest.raises(errors.NotFound, match="external location"):
        robot(workspace).temporary_path_credentials.generate_temporary_path_credentials(
            "s3://elsewhere/x", PathOperation.PATH_READ)


def test_the_sdk_waits_as_it_is_told(workspace, events):
    workspace.disturb(unity_faults.too_many("1"), "table", times=1)
    assert robot(workspace).tables.get("main.sales.events").name == "events"
    assert workspace.counts()["table"] == 2


def test_a_table_may_refuse_credentials_without_a_sign(workspace, events):
    events.refuses = Refusal("PERMISSION_DENIED", "Credential generation is denied by a policy of the schema.")
    with pytest.raises(errors.PermissionDenied, match="policy"):
        robot(workspace).temporary_table_credentials.generate_temporary_table_credentials(
            operation=TableOperation.READ, table_id=events.id)
