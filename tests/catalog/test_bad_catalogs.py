"""Catalogs that answer wrongly, late or not at all: an error for that table, the others go on, no secret shows."""

from __future__ import annotations

import pytest
from support import unity_faults as faults
from support.catalog_sluice import TOKEN, register
from support.certificates import self_signed
from support.lake import Lake, clock, row
from support.unity_catalog import UnityCatalog


@pytest.fixture
def events(catalog, sluice, tmp_path):
    """One table by name, and one by its path, which no catalog can stop."""
    lake = Lake(tmp_path / "lake" / "events", [row(1, 0.5)])
    register(catalog, "main.sales.events", lake.path)
    by_path = Lake(tmp_path / "lake" / "by_path", [row(1, 0.5)])
    return sluice.add("lake.by_path", by_path.path, start=clock(0)).add_named("main.sales.events", start=clock(0))


def fails(sluice, timeout: float = 60, **options) -> dict:
    outcome = sluice.call("run", now=clock(2), timeout=timeout, **options)
    assert outcome.code in (1, 75), str(outcome)
    assert outcome.table("by_path")["status"] == "exported", str(outcome)
    error = outcome.table("events")["error"]
    assert error["message"] and error["remedy"], str(outcome)
    sluice.nowhere()
    return error


# Names

@pytest.mark.parametrize("name", ["events", "sales.events", "main..events", "a.b.c.d", "main.sales.`open"])
def test_a_name_that_has_not_three_parts_is_a_mistake_of_the_config(name, sluice):
    sluice.add_named(name, name="it")
    outcome = sluice.call("check", now=clock(2))
    assert outcome.code == 2, str(outcome)
    assert "catalog.schema.table" in str(outcome) or "three parts" in str(outcome), str(outcome)


# Answers

BROKEN = {"html": faults.html(), "html-404": faults.html(404), "html-403": faults.html(403),
          "garbage": faults.garbage, "a list": faults.other_shape([]), "deep": faults.deep(),
          "huge": faults.huge(256), "cut": faults.cut_short, "dropped": faults.dropped, "lost": faults.lost}
OTHER = {"a number": faults.other_shape({"metadata": 7}), "empty": faults.other_shape({})}


@pytest.mark.parametrize(("kind", "answer"), [
    *((kind, answer) for kind in ("v1 config", "v1 table", "table") for answer in BROKEN
      if kind == "table" or answer != "html-404"),  # which a server says that has no newer API
    *((kind, answer) for kind in ("v1 table", "table") for answer in OTHER)])
def test_an_answer_that_is_not_the_catalog_s_is_an_error(kind, answer, catalog, events):
    catalog.newer = kind != "table"
    catalog.disturb((BROKEN | OTHER)[answer], kind, times=1000)
    error = fails(events)
    assert "main.sales.events" in error["message"] or catalog.url in error["message"], error


@pytest.mark.parametrize("answer", [faults.unavailable(), faults.unavailable(502), faults.unavailable(500),
                                    faults.dropped, faults.lost, faults.cut_short, faults.slow(2)],
                         ids=["503", "502", "500", "dropped", "lost", "cut", "slow"])
@pytest.mark.parametrize("kind", ["v1 config", "v1 table", "table"])
def test_a_fault_that_passes_is_survived(answer, kind, catalog, events):
    catalog.newer = kind != "table"
    catalog.disturb(answer, kind, times=2)
    outcome = events.call("run", now=clock(2))
    assert outcome.code == 0, str(outcome)


@pytest.mark.parametrize("answer", OTHER)
def test_a_newer_api_that_lists_no_calls_is_not_used(answer, catalog, events):
    catalog.disturb(OTHER[answer], "v1 config", times=1000)
    assert events.call("run", now=clock(2)).code == 0
    assert catalog.counts()["table"] >= 1


@pytest.mark.parametrize("at", range(1, 5))
def test_a_fault_at_any_request_is_survived(at, catalog, events):
    catalog.disturb(faults.dropped, at=at)
    assert events.call("run", now=clock(2)).code == 0


def test_nobody_at_the_address_is_an_error_of_that_table(catalog, events):
    events.config["catalog"]["url"] = "http://127.0.0.1:9"
    assert "127.0.0.1:9" in fails(events, timeout=200)["message"]


def test_a_token_does_not_follow_a_redirect(catalog, events):
    other = UnityCatalog()
    catalog.disturb(faults.redirect(f"{other.url}/api/2.1/unity-catalog/delta/v1/config"), times=1000)
    fails(events)
    other.stop()
    assert not other.log, other.log


# Signing in

def test_a_wrong_token_is_an_error_that_says_where_it_comes_from(catalog, events):
    events.env["UC_TOKEN"] = "CANARY-wrong"
    error = fails(events)
    assert error["kind"] == "permission" and "catalog.auth" in error["remedy"], error
    events.nowhere("CANARY-wrong")


def test_a_variable_that_is_not_set_is_named(events):
    del events.env["UC_TOKEN"]
    outcome = events.call("run", now=clock(2))
    assert outcome.code in (1, 2) and "UC_TOKEN" in str(outcome), str(outcome)


@pytest.fixture
def many(catalog, events, tmp_path):
    """So many tables of one schema that a listing finds them, over several pages."""
    lake = Lake(tmp_path / "lake" / "many", [row(1, 0.5)])
    for n in range(25):
        (tmp_path / "lake" / f"m{n:02}").symlink_to(lake.path)
        register(catalog, f"main.sales.m{n:02}", tmp_path / "lake" / f"m{n:02}")
        events.add_named(f"main.sales.m{n:02}", start=clock(0))
    catalog.page_size = 10
    return events


def test_a_fixed_token_that_ends_between_two_pages_is_an_error_of_the_tables_behind(catalog, many):
    catalog.sign_in.allow(TOKEN, uses=2)
    outcome = many.call("run", now=clock(2))
    assert outcome.code == 1 and outcome.table("by_path")["status"] == "exported", str(outcome)
    errors = [outcome.table(f"m{n:02}")["error"] for n in range(25)]
    assert all(errors[20:]), str(outcome)
    for error in filter(None, errors):
        assert error["kind"] == "permission" and "does not accept the token" in error["message"], error
    many.nowhere()


@pytest.fixture
def machine(catalog, events):
    """Signs in by OAuth instead."""
    catalog.sign_in.client("robot", "CANARY-robots-secret")
    events.config["catalog"]["auth"] = {"client_id_env": "UC_ID", "client_secret_env": "UC_SECRET"}
    events.env |= {"UC_ID": "robot", "UC_SECRET": "CANARY-robots-secret"}
    events.canaries.append("CANARY-robots-secret")
    return events


def test_one_token_serves_many_tables(catalog, machine, tmp_path):
    for n in range(8):
        lake = Lake(tmp_path / "lake" / f"t{n}", [row(1, 0.5)])
        register(catalog, f"main.sales.t{n}", lake.path)
        machine.add_named(f"main.sales.t{n}", start=clock(0))
    assert machine.call("run", now=clock(2)).code == 0
    assert catalog.counts()["token"] == 1, catalog.counts()
    machine.nowhere(*catalog.sign_in.given)


def test_a_token_that_ends_sooner_than_it_says_is_renewed(catalog, machine, tmp_path):
    """It is good for two requests; the refusal of the third brings another one."""
    catalog.sign_in.uses = 2
    for n in range(4):
        lake = Lake(tmp_path / "lake" / f"t{n}", [row(1, 0.5)])
        register(catalog, f"other.s{n}.t", lake.path)
        machine.add_named(f"other.s{n}.t", name=f"t{n}", start=clock(0))
    outcome = machine.call("run", now=clock(2))
    assert outcome.code == 0, str(outcome)
    assert len(catalog.sign_in.given) > 1
    machine.nowhere(*catalog.sign_in.given)


def test_a_token_that_ends_between_two_pages_is_renewed_where_it_can_be(catalog, machine, many):
    catalog.sign_in.uses = 2
    outcome = machine.call("run", now=clock(2))
    assert outcome.code == 0, str(outcome)
    assert catalog.counts()["tables"] > 3 and len(catalog.sign_in.given) > 1


def test_a_wrong_secret_names_the_client(catalog, machine):
    machine.env["UC_SECRET"] = "CANARY-wrong"
    error = fails(machine)
    assert error["kind"] == "permission" and "robot" in error["message"] + error["remedy"], error
    machine.nowhere("CANARY-wrong")


def test_without_a_discovery_document_the_usual_endpoint_is_used(catalog, machine):
    catalog.sign_in.discovery = False
    assert machine.call("run", now=clock(2)).code == 0


def test_a_profile_signs_in(catalog, events, tmp_path):
    catalog.sign_in.allow("CANARY-of-a-profile")
    (events.folder / ".databrickscfg").write_text(
        f"[DEFAULT]\nhost = http://127.0.0.1:9\n\n[etl]\nhost = {catalog.url}\ntoken = CANARY-of-a-profile\n")
    events.config["catalog"] = {"auth": {"profile": "etl"}}
    assert events.call("run", now=clock(2)).code == 0
    (events.folder / ".databrickscfg").unlink()
    events.nowhere("CANARY-of-a-profile")


# Certificates

def test_a_certificate_that_is_not_trusted_is_an_error(events, tmp_path):
    context, _ = self_signed(tmp_path / "tls")
    server = UnityCatalog(tls=context)
    events.config["catalog"]["url"] = server.url
    error = fails(events)
    server.stop()
    assert "certificate" in error["message"], error
    assert not server.log, "the token was sent"

