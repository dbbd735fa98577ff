"""Tables that the config names and the catalog finds: rows, credentials, ids, overrides."""

from __future__ import annotations

import json
import shutil
import time

import pytest
from support.catalog_sluice import register
from support.lake import Lake, clock, rendered, row, without_partition
from support.paths import FIXTURES
from support.rows import assert_same_rows
from support.unity_faults import other_shape, too_many

NOW = "2026-06-01T00:00:00Z"
LATER = "2026-06-02T00:00:00Z"


def fixture_rows(name: str, version: int) -> list[dict]:
    return [json.loads(line) for line in (FIXTURES / name / f"rows-v{version}.jsonl").read_text().splitlines()]


def changes(name: str, first: int, last: int) -> list[dict]:
    file = FIXTURES / name / f"changes-v{first}-{last}.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture(params=["newer", "older", "databricks"])
def each_api(request, catalog):
    """The same over the newer API, the older one, and Databricks' older one."""
    catalog.newer = request.param == "newer"
    catalog.databricks = request.param == "databricks"
    return catalog


# Rows

def test_the_three_patterns_export_tables_by_name(each_api, sluice):
    for name in ("plain", "change_feed", "deletion_vectors"):
        register(each_api, f"main.sales.{name}", FIXTURES / name / "table")
    sluice.add_named("main.sales.plain").add_named("main.sales.change_feed", "cdc", start=0)
    sluice.add_named("main.sales.deletion_vectors", "snapshot")
    outcome = sluice.call("run", now=NOW)
    assert outcome.code == 0, str(outcome)
    assert_same_rows(without_partition(sluice.export("plain").check().rows()),
                     [r for r in fixture_rows("plain", 3) if r["event_timestamp"]])
    feed = [{k: v for k, v in r.items() if k != "_commit_timestamp"}
            for r in sluice.export("change_feed").check().changes()]
    assert_same_rows(feed, changes("change_feed", 0, 4))
    assert_same_rows(sluice.export("deletion_vectors").check().latest(), fixture_rows("deletion_vectors", 5))
    assert sluice.call("run", now=NOW).code == 0
    assert sluice.call("verify", now=NOW).code == 0
    sluice.nowhere()


def test_names_are_quoted_into_urls(catalog, sluice, tmp_path):
    lake = Lake(tmp_path / "lake" / "odd", [row(1, 0.5)])
    register(catalog, "main.sales.é v/%&+", lake.path)
    sluice.add_named("`main`.sales.`é v/%&+`", name="odd", start=clock(0))
    assert sluice.run(clock(2))["rows"] == 1


# Credentials

def put(minio, name: str, *rows) -> Lake:
    """A table in the bucket, under a prefix of its own."""
    return Lake(minio.url(f"{minio.new_prefix()}/{name}"), list(rows), storage=minio.storage)


def test_credentials_come_from_the_catalog_one_set_a_table(each_api, on_s3, minio, vendor):
    one, other = put(minio, "one", row(1, 0.5)), put(minio, "other", row(2, 0.5))
    for name, lake in (("one", one), ("other", other)):
        register(each_api, f"main.sales.{name}", lake.path)
        on_s3.add_named(f"main.sales.{name}", start=clock(0))
    outcome = on_s3.call("run", now=clock(2))
    assert outcome.code == 0, str(outcome)
    assert len(vendor.given) == 2  # shared between the stores of a table, never between tables
    assert_same_rows(without_partition(on_s3.export("other").rows()), rendered([row(2, 0.5)]))
    on_s3.nowhere(*vendor.secrets())


def test_the_longest_prefix_is_used(catalog, on_s3, minio, vendor):
    lake = put(minio, "one", row(1, 0.5))
    register(catalog, "main.sales.one", lake.path)
    bad = {"s3.access-key-id": "WRONG", "s3.secret-access-key": "WRONG", "s3.session-token": "WRONG"}
    catalog.decoys = [{"prefix": prefix, "operation": "READ", "config": bad, "expiration-time-ms": None}
                      for prefix in (minio.url(""), lake.path.rsplit("/", 1)[0], lake.path + "x", lake.path[:-1])]
    on_s3.add_named("main.sales.one", start=clock(0))
    assert on_s3.run(clock(2))["rows"] == 1


def test_credentials_for_another_place_fail_for_that_table_only(catalog, on_s3, minio, vendor):
    """The catalog says that they are for the table, and storage itself refuses them."""
    lake = put(minio, "one", row(1, 0.5))
    register(catalog, "main.sales.one", lake.path)
    local = Lake(on_s3.folder / "lake" / "local", [row(7, 0.5)])
    register(catalog, "main.sales.local", local.path)
    vendor.elsewhere = "somewhere/else"
    on_s3.add_named("main.sales.one", start=clock(0)).add_named("main.sales.local", start=clock(0))
    outcome = on_s3.call("run", now=clock(2))
    assert outcome.code == 1 and outcome.table("local")["rows"] == 1, str(outcome)
    error = outcome.table("one")["error"]
    assert error["kind"] == "permission" and "main.sales.one" in str(outcome), str(outcome)
    on_s3.nowhere(*vendor.secrets())


def test_credentials_that_do_not_cover_the_location_are_refused_before_they_are_used(catalog, on_s3, minio):
    lake = put(minio, "one", row(1, 0.5))
    table = register(catalog, "main.sales.one", lake.path)
    config = {"s3.access-key-id": "A", "s3.secret-access-key": "CANARYSECRET", "s3.session-token": "T"}
    catalog.disturb(other_shape({"storage-credentials": [
        {"prefix": lake.path + "/part", "operation": "READ", "expiration-time-ms": None, "config": config}]}),
        "v1 credentials", times=99)
    on_s3.add_named("main.sales.one", start=clock(0))
    error = on_s3.fails(clock(2))
    assert table.location in error["message"], error
    on_s3.nowhere("CANARYSECRET")


def test_credentials_are_renewed_in_the_middle_of_a_read(catalog, on_s3, minio, vendor, toxiproxy):
    """Each set states three seconds, and storage refuses it after four; the run takes longer."""
    lake = put(minio, "long", row(0, 0.5))
    for n in range(1, 30):
        lake.append(row(n, 0.5))
    lake.table.create_checkpoint()
    register(catalog, "main.sales.long", lake.path)
    vendor.stated_seconds, vendor.real_seconds = 3, 4
    far = toxiproxy.proxy("far", minio.endpoint)
    far.add("latency", latency=150)
    on_s3.config["source"]["endpoint"] = far.endpoint
    on_s3.config["limits"] = {"connections": 2}
    on_s3.add_named("main.sales.long", start=clock(0))
    begun = time.monotonic()
    outcome = on_s3.call("run", now=clock(2))
    assert outcome.code == 0, str(outcome)
    assert outcome.table()["rows"] == 30
    assert time.monotonic() - begun > 5 and len(vendor.given) > 1
    on_s3.nowhere(*vendor.secrets())


def test_credentials_that_storage_refuses_early_are_asked_for_again(catalog, on_s3, minio, vendor):
    """They state an hour, and are revoked before the second run of the same process reads."""
    lake = put(minio, "one", row(1, 0.5))
    register(catalog, "main.sales.one", lake.path)
    on_s3.add_named("main.sales.one", start=clock(0))
    on_s3.run(clock(2))
    vendor.revoke()
    lake.append(row(2, 2.5))
    assert on_s3.run(clock(4))["rows"] == 1


# Another table under the name

def test_a_table_that_was_made_again_under_its_name_is_seen(each_api, sluice, tmp_path):
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    register(each_api, "main.sales.events", lake.path)
    sluice.add_named("main.sales.events", start=clock(0))
    sluice.run(clock(2))
    shutil.rmtree(lake.path)
    Lake(tmp_path / "lake" / "events", [row(5, 2.5)])
    register(each_api, "main.sales.events", lake.path)  # a new id
    error = sluice.fails(clock(4))
    assert error["remedy"], error
    assert_same_rows(without_partition(sluice.export().check().rows()), rendered([row(1, 0.5)]))


def test_a_table_that_is_dropped_fails_by_its_name(each_api, sluice, tmp_path):
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    register(each_api, "main.sales.events", lake.path)
    sluice.add_named("main.sales.events", start=clock(0))
    sluice.run(clock(2))
    each_api.store.drop("main.sales.events")
    error = sluice.fails(clock(4))
    assert error["kind"] == "not_found" and "main.sales.events" in error["message"], error


def test_a_table_that_moved_and_kept_its_id_goes_on(each_api, sluice, tmp_path):
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    table = register(each_api, "main.sales.events", lake.path)
    sluice.add_named("main.sales.events", start=clock(0))
    sluice.run(clock(2))
    shutil.copytree(lake.path, tmp_path / "lake" / "moved")
    table.location = f"file://{tmp_path}/lake/moved"
    Lake.at(tmp_path / "lake" / "moved").append(row(2, 2.5))
    assert sluice.run(clock(4))["rows"] == 1


# A path in the config

def test_a_path_overrides_the_catalog_and_check_says_so(each_api, sluice, tmp_path):
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    register(each_api, "main.sales.events", tmp_path / "elsewhere")
    sluice.add_named("main.sales.events", path=str(lake.path), start=clock(0))
    assert sluice.run(clock(2))["rows"] == 1
    outcome = sluice.call("check", now=clock(2))
    found = [f for f in outcome.json["findings"] if "elsewhere" in f["message"]]
    assert found and found[0]["fix"], str(outcome)


def test_a_path_that_the_catalog_agrees_with_is_no_fault(each_api, sluice, tmp_path):
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    register(each_api, "main.sales.events", lake.path)
    sluice.add_named("main.sales.events", path=str(lake.path), start=clock(0))
    outcome = sluice.call("check", now=clock(2))
    assert outcome.code == 0, str(outcome)
    assert {f["severity"] for f in outcome.json["findings"]} <= {"ok", "note"}, str(outcome)


# A catalog that is busy

@pytest.mark.parametrize("retry_after", ["1", None])
def test_a_busy_catalog_is_asked_again(retry_after, catalog, sluice, tmp_path):
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    register(catalog, "main.sales.events", lake.path)
    catalog.disturb(too_many(retry_after), at=1, times=3)
    sluice.add_named("main.sales.events", start=clock(0))
    begun = time.monotonic()
    assert sluice.run(clock(2))["rows"] == 1
    assert retry_after is None or time.monotonic() - begun >= 2.9  # it waited as it was told
