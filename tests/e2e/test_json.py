"""`--json`: every answer, good or bad, is a document of docs/json.schema.json."""

import json

import jsonschema
import pytest
from support.lake import NAME, Lake, clock, row
from support.paths import TREE

SCHEMA = json.loads((TREE / "docs" / "json.schema.json").read_text())
CALLS = [("check",), ("plan",), ("run",), ("run",), ("status",), ("verify",), ("ls",), ("prune", "--dry-run"),
         ("prune",), ("state", "show"), ("onboard",), ("handover",),
         ("backfill", "events", "--from", "2024-12-01T00:00:00Z", "--to", "2024-12-02T00:00:00Z"),
         ("state", "set", "events", clock(2), "--yes"), ("state", "forget", "events", "--yes")]


def validated(outcome) -> dict:
    document = outcome.json
    jsonschema.validate(document, SCHEMA)
    assert document["exit_code"] == outcome.code, str(outcome)
    return document


@pytest.fixture
def events(lake, tmp_path, sluice):
    users = Lake(tmp_path / "lake" / "users", [row(1, 0.5)], **{"delta.enableChangeDataFeed": "true"})
    sluice.add_feed("lake.users", users.path)
    sluice.add_snapshots("lake.copies", lake.path, name="copies")
    return sluice.add(NAME, lake.path, name="events", start=clock(0))


def test_every_answer_follows_the_schema(events):
    for call in CALLS:
        document = validated(events.call(*call, now=clock(5)))
        assert document["command"] == " ".join(call[:2] if call[0] == "state" else call[:1])


@pytest.mark.parametrize("call", [("run", "nothing_like_it"), ("run", "--no-such-option"), ("nonsense",),
                                  ("backfill", "events", "--from", "b", "--to", "a")])
def test_every_failure_follows_the_schema(call, events):
    document = validated(events.call(*call))
    assert document["exit_code"] == 2
    assert document["error"] or document["runs"][0]["error"]


def test_mistakes_of_the_config_are_a_list(events):
    events.change(watermark=["a"], start="soon")
    error = validated(events.call("run"))["error"]
    assert {mistake["key"] for mistake in error["mistakes"]} == {"watermark", "start"}
    assert all(mistake["line"] and mistake["column"] for mistake in error["mistakes"])
    assert error["file"].endswith("sluice.yaml")


def test_each_call_has_a_run_id_that_its_log_shows(events):
    outcome = events.call("run", "-v", now=clock(5))
    run_id = validated(outcome)["run_id"]
    lines = [line for line in outcome.stderr.splitlines() if line]
    assert lines and all(run_id in line for line in lines), outcome.stderr
    assert validated(events.call("run", now=clock(5)))["run_id"] != run_id


def test_init_follows_the_schema(lake, sluice):
    config = sluice.folder / "new.yaml"
    validated(sluice.call("init", lake.path, "--config", config))


def test_a_verbose_run_logs_source_plan_and_each_step(events):
    outcome = events.call("run", "events", "-v", now=clock(5))
    for step in ("the source is at version 3", "plans window after", "export 1 begins", "has uploaded 3 rows",
                 "export 1 is decided"):
        assert step in outcome.stderr, outcome.stderr
    assert "begins" not in events.call("run", "events", now=clock(6)).stderr
