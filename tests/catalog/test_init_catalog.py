"""`init --catalog` lists what there is, suggests how to export it, and says what cannot be exported and why."""

from __future__ import annotations

import yaml
from support.catalog_sluice import TOKEN, register
from support.paths import FIXTURES


def init(sluice, wanted: str, **options):
    """Into a file that does not exist yet; who asks, the environment says as Databricks' tools have it."""
    env = {"DATABRICKS_HOST": sluice.catalog.url, "DATABRICKS_TOKEN": TOKEN}
    return sluice.call("init", "--catalog", wanted, "--config", sluice.folder / "new.yaml", env=env, **options)


def written(sluice) -> dict:
    return yaml.safe_load((sluice.folder / "new.yaml").read_text())


def test_tables_are_suggested_and_others_named_with_the_reason(catalog, sluice):
    catalog.databricks = True
    register(catalog, "main.sales.events", FIXTURES / "plain" / "table")
    register(catalog, "main.sales.users", FIXTURES / "change_feed" / "table")
    catalog.table("main.sales.report", None, kind="VIEW", format=None, view_definition="SELECT 1")
    register(catalog, "main.other.secret", FIXTURES / "plain" / "table",
             databricks={"row_filter": {"function_name": "f", "input_column_names": []}})
    outcome = init(sluice, "main", json=False)
    assert outcome.code == 0, str(outcome)
    assert "main.sales.report  left out: a view" in outcome.stdout and "row filter" in outcome.stdout, str(outcome)
    config = written(sluice)
    tables = {entry["table"]: entry for entry in config["tables"]}
    assert set(tables) == {"main.sales.events", "main.sales.users"} and config["catalog"]["url"] == catalog.url, config
    assert all("path" not in entry for entry in tables.values())
    assert tables["main.sales.users"]["pattern"] == "cdc", tables
    env = {"DATABRICKS_TOKEN": TOKEN}
    plan = sluice.call("plan", "--config", sluice.folder / "new.yaml", env=env, now="2030-01-01T00:00:00Z")
    assert plan.code == 0, str(plan)
    sluice.nowhere()


def test_a_schema_is_listed_alone(catalog, sluice):
    register(catalog, "main.sales.events", FIXTURES / "plain" / "table")
    register(catalog, "main.other.users", FIXTURES / "change_feed" / "table")
    report = init(sluice, "main.sales").json
    assert [table["table"] for table in report["tables"]] == ["main.sales.events"] and report["left_out"] == []


def test_a_name_that_is_no_catalog_and_no_schema_is_refused(sluice):
    for wanted in ("main.sales.events", "main.", ".sales"):
        outcome = init(sluice, wanted)
        assert outcome.code == 2 and "main.sales" in outcome.error["remedy"], str(outcome)
    assert not (sluice.folder / "new.yaml").exists()


def test_a_token_that_ends_between_two_pages_leaves_no_config(catalog, sluice, tmp_path):
    """A fixed token cannot be renewed; the listing must not look complete."""
    for n in range(30):
        register(catalog, f"main.sales.t{n:02}", tmp_path / f"t{n}")
    catalog.page_size = 10
    catalog.sign_in.allow(TOKEN, uses=2)
    outcome = init(sluice, "main.sales", json=False)
    assert outcome.code != 0 and "does not accept the token" in str(outcome), str(outcome)
    assert not (sluice.folder / "new.yaml").exists()
    sluice.nowhere()


def test_names_that_a_config_cannot_hold_as_they_are(catalog, sluice):
    """A config takes ${NAME} from the environment: a table of such a name must not lead there."""
    for name in ("main.sales.événements", "main.sales.${HOME}", "main.sales.red\x1b[31m"):
        catalog.table(name, f"file://{FIXTURES / 'change_feed' / 'table'}")
    outcome = init(sluice, "main.sales")
    assert outcome.code == 0, str(outcome)
    (entry,) = written(sluice)["tables"]
    assert entry["table"] == "main.sales.événements" and entry["name"].isascii(), entry
    assert {left["reason"] for left in outcome.json["left_out"]} == {"its name cannot stand in a config"}
    assert "\x1b" not in outcome.stdout and "${HOME}" not in (sluice.folder / "new.yaml").read_text()
