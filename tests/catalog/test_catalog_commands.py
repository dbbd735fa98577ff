"""`check` walks to a table step by step; an idle run costs few requests."""

from __future__ import annotations

import pytest
from support.catalog_sluice import register
from support.lake import Lake, clock, row
from support.managed_table import ManagedTable
from support.paths import FIXTURES
from support.unity_sign_in import Grants

NAME = "main.sales.events"
NOW = "2026-06-01T00:00:00Z"


@pytest.fixture
def events(catalog, sluice, tmp_path):
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    register(catalog, NAME, lake.path)
    return sluice.add_named(NAME, start=clock(0))


# check

def walked(sluice) -> str:
    outcome = sluice.call("check", now=clock(2), json=False)
    sluice.nowhere()
    return outcome.stdout + outcome.stderr


@pytest.mark.parametrize("newer", [True, False])
def test_check_walks_to_a_table_line_by_line(newer, catalog, on_s3, minio):
    catalog.newer = newer
    lake = Lake(minio.url(f"{minio.new_prefix()}/it"), [row(1, 0.5)], storage=minio.storage)
    register(catalog, NAME, lake.path)
    on_s3.add_named(NAME, start=clock(0))
    lines = [" ".join(line.split()) for line in walked(on_s3).splitlines()]
    steps = [f"ok {step}" for step in ("token", "catalog main", "schema main.sales", "table", "credentials")]
    at = lines.index(steps[0])
    assert lines[at:at + len(steps)] == steps, lines
    outcome = on_s3.call("check", now=clock(2))
    assert outcome.code == 0, str(outcome)


def test_check_answers_permissions_of_a_table_by_its_name(events):
    permissions = [p for p in events.call("check", now=clock(2)).json["permissions"] if p["subject"] == NAME]
    assert [(p["permission"], p["status"]) for p in permissions] == [("list", "allowed"), ("read", "allowed")]
    assert permissions[0]["place"].rstrip("/").endswith("lake/events"), permissions


def test_handover_and_onboard_look_at_a_table_by_its_name(catalog, sluice):
    register(catalog, "main.sales.users", FIXTURES / "change_feed" / "table")
    sluice.add_named("main.sales.users", pattern="cdc")
    (notice,) = sluice.call("handover").json["notice"]["tables"]
    assert {"id", "_change_type"} <= {column["name"] for column in notice["columns"]}, notice
    (feeds,) = [d["text"] for d in sluice.call("onboard").json["documents"] if d["name"] == "change-feed"]
    assert feeds == "-- main.sales.users: the change data feed is on.", feeds


def test_no_credentials_are_asked_for_where_a_table_lies_in_a_folder(catalog, events):
    assert events.call("check", now=clock(2)).code == 0
    assert not {"credentials", "v1 credentials"} & catalog.counts().keys(), catalog.counts()


@pytest.mark.parametrize(("taken", "on", "last"), [
    ("USE CATALOG", "main", "catalog main"), ("USE SCHEMA", "main.sales", "schema main.sales"),
    ("SELECT", NAME, "table"), ("EXTERNAL USE SCHEMA", "main.sales", "credentials")])
def test_check_stops_at_the_step_that_fails_and_names_its_grant(taken, on, last, catalog, on_s3, minio):
    catalog.databricks, catalog.newer = True, False
    lake = Lake(minio.url(f"{minio.new_prefix()}/it"), [row(1, 0.5)], storage=minio.storage)
    register(catalog, NAME, lake.path)
    catalog.grants = Grants(etl={"main": "USE CATALOG", "main.sales": "USE SCHEMA, EXTERNAL USE SCHEMA",
                                 NAME: "SELECT"})
    catalog.grants.take("etl", on, taken)
    on_s3.add_named(NAME, start=clock(0))
    outcome = on_s3.call("check", now=clock(2))
    assert outcome.code == 1, str(outcome)
    failed = [f for f in outcome.json["findings"] if taken in f["message"] + f["fix"]]
    assert failed and f"GRANT {taken} ON" in failed[0]["fix"], str(outcome)
    text = walked(on_s3)
    assert last in text, text


# Costs

@pytest.mark.parametrize(("api", "tables", "page"), [("newer", 200, 100), ("older", 40, 20), ("databricks", 40, 20)])
def test_an_idle_run_of_many_tables_of_a_schema_costs_two_pages(api, tables, page, catalog, sluice, tmp_path):
    """No table is asked for by itself that a listing shows, unless the catalog manages it."""
    catalog.newer, catalog.databricks, catalog.page_size = api == "newer", api == "databricks", page
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    for n in range(tables):
        folder = tmp_path / "lake" / f"t{n}"
        folder.symlink_to(lake.path)
        register(catalog, f"main.sales.t{n:03}", folder)
        sluice.add_named(f"main.sales.t{n:03}", start=clock(0))
    sluice.config["limits"] = {"max_concurrent_runs": 4}
    assert sluice.call("run", now=clock(2), timeout=300).code == 0
    catalog.forget()
    outcome = sluice.call("run", now=clock(2), timeout=300)
    assert outcome.code == 0, str(outcome)
    assert set(catalog.counts()) == {"tables"} and catalog.counts()["tables"] <= tables // page + 1, catalog.counts()


@pytest.mark.parametrize(("newer", "asked"), [(True, {"v1 config": 1, "v1 table": 8}),
                                              (False, {"unknown": 1, "table": 8, "commits": 8})])
def test_an_idle_run_asks_for_each_table_that_the_catalog_manages(newer, asked, catalog, sluice, tmp_path):
    catalog.newer = newer
    for n in range(8):
        table = ManagedTable(FIXTURES / "plain" / "table", tmp_path / "lake" / f"t{n}")
        table.publish(0, 1, 2).stage(3).register(catalog, f"main.sales.t{n}", [3])
        sluice.add_named(f"main.sales.t{n}")
    assert sluice.call("run", now=NOW).code == 0
    catalog.forget()
    assert sluice.call("run", now=NOW).code == 0
    assert catalog.counts() == {"tables": 1, **asked}
