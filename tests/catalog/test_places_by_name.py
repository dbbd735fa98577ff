"""Destination and state in an external location, with credentials of the catalog for the path."""

from __future__ import annotations

import pytest
from support.catalog_sluice import register
from support.export import Export
from support.lake import Lake, clock, rendered, row, without_partition
from support.rows import assert_same_rows
from support.unity_sign_in import Grants

NAME = "main.sales.events"


@pytest.fixture
def place(catalog, on_s3, minio, tmp_path):
    """Exports a local table to a prefix of the bucket that lies in an external location."""
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    register(catalog, NAME, lake.path)
    prefix = minio.new_prefix()
    catalog.store.locations["exports"] = minio.url(prefix)
    on_s3.config["destination"] = {"url": minio.url(f"{prefix}/out"), "region": "us-east-1",
                                   "endpoint": minio.endpoint, "auth": {"catalog": True}}
    on_s3.prefix, on_s3.lake = f"{prefix}/out", lake
    return on_s3.add_named(NAME, start=clock(0))


def look(place) -> Export:
    place.minio.download(place.prefix, place.destination)
    return place.export("events")


@pytest.mark.parametrize("api", ["newer", "older", "databricks"])
def test_an_export_and_its_state_go_to_an_external_location(api, catalog, place, vendor):
    catalog.newer, catalog.databricks = api == "newer", api == "databricks"
    catalog.newer_path_credentials = api == "newer"
    place.run(clock(2))
    place.lake.append(row(2, 2.5))
    place.run(clock(4))
    assert_same_rows(without_partition(look(place).check().rows()), rendered([row(1, 0.5), row(2, 2.5)]))
    assert place.state.is_dir()
    assert place.call("verify", now=clock(4)).code == 0
    place.nowhere(*vendor.secrets())


def test_a_newer_api_that_lists_path_credentials_and_lacks_them_is_no_obstacle(catalog, place):
    """So the open-source server does: the older call serves."""
    place.run(clock(2))
    assert catalog.counts()["path credentials"] >= 1


def test_source_and_destination_have_credentials_of_their_own(catalog, place, minio, vendor):
    """No copy between them is asked of storage: each set covers one side only."""
    lake = Lake(minio.url(f"{minio.new_prefix()}/events"), [row(5, 0.5)], storage=minio.storage)
    register(catalog, NAME, lake.path)
    place.run(clock(2))
    assert_same_rows(without_partition(look(place).check().rows()), rendered([row(5, 0.5)]))
    assert len(vendor.given) == 2
    place.nowhere(*vendor.secrets())


def test_credentials_of_the_destination_are_renewed_between_two_runs(catalog, place, vendor):
    place.run(clock(2))
    vendor.revoke()
    place.lake.append(row(2, 2.5))
    assert place.run(clock(4))["rows"] == 1


def test_managed_storage_is_refused_and_says_why(catalog, place, minio):
    catalog.databricks, catalog.newer = True, False
    catalog.store.add_catalog("held", storage_root=minio.url("managed"))
    place.config["destination"]["url"] = catalog.store.catalogs["held"]["storage_location"] + "/out"
    outcome = place.call("run", now=clock(2))
    assert outcome.code in (1, 2), str(outcome)
    error = outcome.error
    assert "managed" in error["message"] + error["remedy"] and "external location" in error["remedy"], error


def test_a_place_outside_of_external_locations_is_refused(catalog, place, minio):
    catalog.databricks, catalog.newer = True, False
    place.config["destination"]["url"] = minio.url("nobody-s/out")
    outcome = place.call("run", now=clock(2))
    assert outcome.code in (1, 2) and "external location" in outcome.error["message"].lower(), str(outcome)


@pytest.mark.parametrize("missing", ["EXTERNAL USE LOCATION", "READ FILES", "WRITE FILES"])
def test_a_denial_names_the_grant_on_the_location(missing, catalog, place):
    catalog.databricks, catalog.newer = True, False
    catalog.grants = Grants(etl={
        "main": "USE CATALOG", "main.sales": "USE SCHEMA, EXTERNAL USE SCHEMA", NAME: "SELECT",
        "exports": "EXTERNAL USE LOCATION, READ FILES, WRITE FILES"})
    catalog.grants.take("etl", "exports", missing)
    outcome = place.call("run", now=clock(2))
    assert outcome.code in (1, 2), str(outcome)
    error = outcome.error
    assert f"GRANT {missing} ON EXTERNAL LOCATION" in error["remedy"] and "exports" in error["remedy"], error
    catalog.grants.give("etl", "exports", missing)
    assert place.run(clock(2))["rows"] == 1


def test_external_access_that_is_off_is_named_for_paths_too(catalog, place):
    catalog.databricks, catalog.newer, catalog.external_access = True, False, False
    outcome = place.call("run", now=clock(2))
    assert outcome.code in (1, 2) and "metastore" in outcome.error["remedy"], str(outcome)


def test_credentials_for_another_path_are_refused_by_storage(place, vendor):
    vendor.elsewhere = "somewhere/else"
    outcome = place.call("run", now=clock(2))
    assert outcome.code != 0 and outcome.error["kind"] == "permission", str(outcome)
    place.nowhere(*vendor.secrets())
