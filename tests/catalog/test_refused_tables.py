"""What the catalog has and the program must not or cannot read, and every denial: by name, with what helps."""

from __future__ import annotations

import pytest
from support.catalog_sluice import register
from support.lake import Lake, clock, row
from support.unity_checks import Refusal
from support.unity_sign_in import Grants

NAME = "main.sales.it"


@pytest.fixture
def good(catalog, sluice, tmp_path):
    """A table that goes on, whatever happens to the other one."""
    lake = Lake(tmp_path / "lake" / "good", [row(1, 0.5)])
    register(catalog, "main.sales.good", lake.path)
    return sluice.add_named("main.sales.good", start=clock(0))


def refused(sluice, kind: str | None = None, command: str = "run") -> dict:
    """The error of the one table; the other one was exported."""
    sluice.add_named(NAME, start=clock(0))
    outcome = sluice.call(command, now=clock(2))
    assert outcome.code in (1, 75), str(outcome)
    assert outcome.table("good")["status"] == "exported", str(outcome)
    error = outcome.table("it")["error"]
    assert error["message"] and error["remedy"], str(outcome)
    assert NAME in str(outcome)
    if kind:
        assert error["kind"] == kind, error
    assert not sluice.export("it").data_files()
    sluice.nowhere()
    return error


SEEN = {  # what Databricks shows of each
    "a view": {"kind": "VIEW", "format": None, "view_definition": "SELECT 1"},
    "a materialized view": {"kind": "MATERIALIZED_VIEW"},
    "a streaming table": {"kind": "STREAMING_TABLE"},
    "a foreign table": {"kind": "FOREIGN", "format": "POSTGRESQL_FORMAT"},
    "a metric view": {"kind": "METRIC_VIEW", "format": None},
    "Delta share": {"databricks": {"securable_kind": "TABLE_DELTASHARING"}},
    "a row filter": {"databricks": {"row_filter": {"function_name": "main.f", "input_column_names": ["id"]}}},
    "column mask": {"masks": {"id": {"function_name": "main.f"}},
                    "fields": [{"name": "id", "type": "long", "nullable": True, "metadata": {}}]},
    "PARQUET": {"format": "PARQUET"}, "ICEBERG": {"format": "ICEBERG"}}


@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize("what", SEEN)
def test_what_cannot_be_exported_is_refused_by_what_it_is(what, newer, catalog, good, tmp_path):
    catalog.databricks, catalog.newer = True, newer
    lake = Lake(tmp_path / "lake" / "it", [row(2, 0.5)])
    register(catalog, NAME, lake.path, **SEEN[what])
    assert what in refused(good, "unsupported")["message"]


@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize("kind", ["VIEW", "METRIC_VIEW", "MATERIALIZED_VIEW"])
def test_the_open_source_server_s_views_are_refused(kind, newer, catalog, good):
    catalog.newer = newer
    catalog.table(NAME, None, kind=kind, format=None)
    assert "view" in refused(good, "unsupported")["message"]


@pytest.mark.parametrize(("cloud", "location", "word"), [
    ("azure", "abfss://c@account.dfs.core.windows.net/t", "Azure"), ("gcp", "gs://bucket/t", "Google")])
def test_tables_in_other_clouds_are_refused_by_the_cloud(cloud, location, word, catalog, good):
    register(catalog, NAME, location, cloud=cloud)
    assert word in refused(good, "unsupported")["message"]
    good.nowhere("CANARYSAS", "CANARYGCP")


@pytest.mark.parametrize(("missing", "on", "sql"), [
    ("USE CATALOG", "main", "GRANT USE CATALOG ON CATALOG"), ("USE SCHEMA", "main.other", "GRANT USE SCHEMA ON SCHEMA"),
    ("SELECT", "main.other.it", "GRANT SELECT ON TABLE"),
    ("EXTERNAL USE SCHEMA", "main.other", "GRANT EXTERNAL USE SCHEMA ON SCHEMA")])
def test_a_denial_names_the_grant_and_its_sql(missing, on, sql, catalog, on_s3, minio):
    catalog.databricks, catalog.newer = True, False
    lake = Lake(minio.url(f"{minio.new_prefix()}/it"), [row(1, 0.5)], storage=minio.storage)
    register(catalog, "main.other.it", lake.path)
    catalog.grants = Grants(etl={"main": "USE CATALOG", "main.other": "USE SCHEMA, EXTERNAL USE SCHEMA",
                                 "main.other.it": "SELECT"})
    on_s3.add_named("main.other.it", start=clock(0))
    catalog.grants.take("etl", on, missing)
    error = on_s3.fails(clock(2))
    assert error["kind"] == "permission" and missing in error["message"] + error["remedy"], error
    assert sql in error["remedy"] and on.split(".")[-1] in error["remedy"], error
    # The remedy works when it is followed.
    catalog.grants.give("etl", on, missing)
    assert on_s3.run(clock(2))["rows"] == 1


@pytest.mark.parametrize("newer", [True, False])
def test_external_access_that_is_off_is_not_taken_for_a_bad_token(newer, catalog, on_s3, minio):
    catalog.databricks, catalog.newer, catalog.external_access = True, newer, False
    lake = Lake(minio.url(f"{minio.new_prefix()}/it"), [row(1, 0.5)], storage=minio.storage)
    register(catalog, NAME, lake.path)
    error = on_s3.add_named(NAME, start=clock(0)).fails(clock(2))
    assert "external" in (error["message"] + error["remedy"]).lower() and "metastore" in error["remedy"], error
    assert "token is not the cause" in error["remedy"], error


def test_a_denial_without_a_sign_names_what_it_can_be(catalog, on_s3, minio):
    """ABAC policies of a schema or catalog do not show in the table."""
    catalog.databricks, catalog.newer = True, False
    lake = Lake(minio.url(f"{minio.new_prefix()}/it"), [row(1, 0.5)], storage=minio.storage)
    register(catalog, NAME, lake.path, refuses=Refusal("PERMISSION_DENIED", "Access to credentials is denied."))
    error = on_s3.add_named(NAME, start=clock(0)).fails(clock(2))
    assert "polic" in error["remedy"] or "polic" in error["message"], error
    assert "Access to credentials is denied." in error["message"], error


def test_the_open_source_server_s_denial_names_what_may_be_missing(catalog, good, tmp_path):
    lake = Lake(tmp_path / "lake" / "it", [row(1, 0.5)])
    register(catalog, NAME, lake.path)
    catalog.grants = Grants(etl={"main": "USE CATALOG", "main.sales": "USE SCHEMA", "main.sales.good": "SELECT"})
    assert "SELECT" in refused(good, "permission")["remedy"]


@pytest.mark.parametrize(("name", "word"), [("main.sales.nope", "main.sales.nope"), ("main.nope.it", "main.nope"),
                                            ("nope.sales.it", "nope")])
@pytest.mark.parametrize("newer", [True, False])
def test_what_does_not_exist_is_named(name, word, newer, catalog, good):
    catalog.newer = newer
    good.add_named(name, name="it", start=clock(0))
    outcome = good.call("run", now=clock(2))
    assert outcome.table("good")["status"] == "exported", str(outcome)
    error = outcome.table("it")["error"]
    assert error["kind"] == "not_found" and word in error["message"] and error["remedy"], error


def test_a_bucket_without_configuration_is_named(catalog, good):
    register(catalog, NAME, "s3://other/x")
    good.config["source"] = {"region": "us-east-1", "endpoint": "http://127.0.0.1:9"}
    assert "S3 bucket configuration not found" in refused(good)["message"]
