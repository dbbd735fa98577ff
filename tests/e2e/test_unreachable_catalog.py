"""Tables that only a catalog finds, and no catalog that answers: each says so, and the others go on."""

import socket

import pytest
from support.lake import NAME, clock


@pytest.fixture
def nobody() -> str:
    """The URL of a port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def events(lake, sluice, nobody):
    """A table with a path beside one without."""
    sluice.config["catalog"] = {"url": nobody, "auth": {"token_env": "UC_TOKEN"}}
    sluice.add(NAME, lake.path, name="events", start=clock(0))
    sluice.config["tables"].append({"table": "main.crm.users", "pattern": "snapshot"})
    return sluice


def test_a_silent_catalog_is_tried_again_later_and_the_other_tables_go_on(events):
    outcome = events.call("run", now=clock(5), env={"UC_TOKEN": "CANARY"})
    assert outcome.code == 75, str(outcome)
    assert outcome.table("events")["status"] == "exported"
    error = outcome.table("users")["error"]
    assert error["kind"] == "transient" and "127.0.0.1" in error["message"] and error["remedy"], error
    assert not list(events.folder.rglob("users")) and "CANARY" not in str(outcome)


def test_what_needs_no_source_needs_no_catalog(events):
    events.call("run", "events", now=clock(5), env={"UC_TOKEN": "CANARY"})
    for command in (("ls",), ("state", "show"), ("status", "events")):
        assert events.call(*command, now=clock(5)).code == 0, command


def test_a_variable_that_is_not_set_fails_the_tables_that_need_it(events):
    outcome = events.call("run", now=clock(5))
    assert outcome.code == 1, str(outcome)
    assert outcome.table("events")["status"] == "exported"
    error = outcome.table("users")["error"]
    assert error["kind"] == "config" and "UC_TOKEN" in error["message"], error


def test_check_says_which_step_fails(events):
    outcome = events.call("check", now=clock(5), env={"UC_TOKEN": "CANARY"})
    assert outcome.code == 1, str(outcome)
    (fault,) = [f for f in outcome.json["findings"] if f["severity"] == "fault"]
    assert fault["subject"] == "users" and fault["message"].startswith("token: ") and fault["fix"], fault


@pytest.mark.parametrize("name", ["users", "crm.users", "a.main.crm.users"])
def test_a_name_that_a_catalog_cannot_know_is_a_mistake_with_its_line(name, events):
    events.config["tables"][1] |= {"table": name, "name": "users"}
    outcome = events.call("run", now=clock(5))
    assert outcome.code == 2 and "three parts" in outcome.error["message"], str(outcome)
    lines = events.write_config().read_text().splitlines()
    line = next(n for n, line in enumerate(lines, 1) if f'"table": "{name}"' in line)
    assert f":{line}:" in outcome.error["message"], outcome.error
