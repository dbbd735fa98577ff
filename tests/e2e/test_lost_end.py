"""A number that was used is not used again: no command forgives that the records of the newest exports are gone."""

import json
import shutil

import pytest
from support.export import read_folder
from support.lake import NAME, Lake, clock, row
from support.ledger import ledger_folder


def lose(sluice, *numbers: int, name: str = "events") -> None:
    """The ledger records and the manifests, not the files."""
    for n in numbers:
        (sluice.destination / "_sluice" / name / "manifests" / f"{n:020}.json").unlink()
        for record in ledger_folder(sluice, name).glob(f"{n:020}.*"):
            record.unlink()


def forget_all_but(sluice, witness: str) -> None:
    if witness != "heartbeat":
        (sluice.destination / "_sluice" / "events" / "heartbeat.json").unlink()
    if witness != "last run":
        (ledger_folder(sluice) / "last_run.json").unlink()
    if witness != "state":
        shutil.rmtree(sluice.state)


def listed(sluice) -> list[int]:
    return sorted(r["id"] for r in read_folder(sluice.destination / "events_incremental"))


COMMANDS = [("run",), ("plan",), ("status",), ("check",), ("verify",), ("prune",), ("prune", "--replaced-now"),
            ("backfill", "events", "--from", clock(0), "--to", clock(1), "--again"), ("state", "void", "events")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("witness", ["heartbeat", "state"])
def test_every_command_refuses(command, witness, events):
    lose(events, 3)
    forget_all_but(events, witness)
    if witness == "heartbeat" and command[0] == "backfill":
        return  # without a state table it is refused for that
    outcome = events.call(*command, now=clock(99))
    assert outcome.code == 1, str(outcome)
    assert "export 3" in outcome.stdout and f"state set events {clock(2)}" in outcome.stdout, str(outcome)
    assert listed(events) == [1, 2, 3]


def test_the_note_of_the_last_run_knows_where_no_heartbeat_is(four_hours, sluice):
    sluice.add_snapshots(NAME, four_hours.path)
    for hour in (1, 2, 3):
        sluice.run(clock(hour))
    lose(sluice, 3)
    (sluice.destination / "_sluice" / "events" / "heartbeat.json").unlink()
    assert "export 3 was published" in sluice.fails(clock(4))["message"]


def test_a_lost_decision_is_not_made_again_from_its_intent(events):
    (events.destination / "_sluice" / "events" / "manifests" / f"{3:020}.json").unlink()
    (ledger_folder(events) / f"{3:020}.commit.json").unlink()
    forget_all_but(events, "state")
    assert "export 3 was published" in events.fails(clock(99))["message"]


@pytest.mark.parametrize("lost", [(3,), (2, 3)])
def test_putting_the_records_back_leads_out(lost, events, tmp_path):
    shutil.copytree(events.destination, tmp_path / "backup")
    lose(events, *lost)
    events.fails(clock(4))
    shutil.copytree(tmp_path / "backup" / "_sluice", events.destination / "_sluice", dirs_exist_ok=True)
    assert events.run(clock(4))["rows"] == 1
    assert events.call("verify", now=clock(5)).json["tables"][0]["outcome"] == "proven"
    assert listed(events) == [1, 2, 3, 4]


@pytest.mark.parametrize("lost", [(3,), (2, 3)])
@pytest.mark.parametrize("witness", ["heartbeat", "state", "all"])
def test_giving_the_lost_exports_up_leads_out(witness, lost, events):
    lose(events, *lost)
    if witness == "state":
        forget_all_but(events, witness)
    remedy = events.fails(clock(4))["remedy"]
    value = remedy.split("`sluice state set events ")[1].split("`")[0]
    assert value == clock(lost[0] - 1), remedy
    assert "are lost" in events.call("state", "set", "events", value, now=clock(4), confirmed=False).stdout
    done = events.call("state", "set", "events", value, now=clock(4))
    assert done.code == 0 and done.table()["windows"][-1]["n"] == 4, str(done)
    events.run(clock(4))
    assert events.call("verify", now=clock(5)).json["tables"][0]["outcome"] == "proven"
    assert events.call("prune", now=clock(5)).code == 0
    assert listed(events) == [1, 2, 3, 4]
    table = events.call("verify", now=clock(5)).json["tables"][0]
    assert table["outcome"] == "proven" and not table["lingering"], table


def test_forgetting_leads_out_of_a_ledger_of_which_nothing_is_left(events):
    shutil.rmtree(events.destination / "_sluice")
    remedy = events.fails(clock(4))["remedy"]
    assert "`sluice state forget events`" in remedy, remedy
    assert events.call("state", "forget", "events", now=clock(4)).code == 0
    assert events.run(clock(4))["rows"] == 4
    assert events.call("prune", now=clock(5)).code == 0
    assert listed(events) == [1, 2, 3, 4]
    assert events.call("verify", now=clock(5)).json["tables"][0]["outcome"] == "proven"


def test_snapshots_are_given_up_by_forgetting(four_hours, sluice):
    sluice.add_snapshots(NAME, four_hours.path, keep=2)
    for hour in (1, 2, 3):
        sluice.run(clock(hour))
    lose(sluice, 3)
    assert "state forget events" in sluice.fails(clock(4))["remedy"]
    assert sluice.call("state", "forget", "events", now=clock(4)).code == 0
    sluice.run(clock(4))
    assert sluice.call("prune", now=clock(5)).code == 0
    assert sluice.call("verify", now=clock(5)).json["tables"][0]["outcome"] == "proven"


def test_a_manifest_that_is_still_there_is_not_given_up(events):
    for record in ledger_folder(events).glob(f"{3:020}.*"):
        record.unlink()
    outcome = events.call("state", "set", "events", clock(2), now=clock(4))
    assert outcome.code == 1 and "restore that decision" in outcome.error["remedy"], str(outcome)


# Manifests are not what counts

def edit(sluice, n: int, **fields) -> None:
    file = sluice.destination / "_sluice" / "events" / "manifests" / f"{n:020}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


EMPTY = {"files": [], "rows": 0, "start": None, "end": None}


@pytest.mark.parametrize("n, fields", [(1, {"kind": "void"} | EMPTY), (1, {"kind": "void", "expired": True} | EMPTY),
                                       (2, {"replaces": [1]}), (2, {"kind": "reset"} | EMPTY)])
def test_prune_removes_nothing_on_the_word_of_an_edited_manifest(n, fields, events):
    edit(events, n, **fields)
    events.call("prune", "--replaced-now", now=clock(999))
    assert listed(events) == [1, 2, 3]
    assert events.call("verify", now=clock(5)).json["tables"][0]["outcome"] == "not_proven"
    file = events.destination / "_sluice" / "events" / "manifests" / f"{n:020}.json"
    file.unlink()
    assert events.call("state", "republish", "events", now=clock(5)).code == 0
    assert events.call("verify", now=clock(5)).json["tables"][0]["outcome"] == "proven"


def test_a_run_drops_no_snapshot_on_the_word_of_an_edited_manifest(four_hours, sluice):
    sluice.add_snapshots(NAME, four_hours.path, keep=5)
    for hour in (1, 2, 3):
        sluice.run(clock(hour))
    folders = sorted(folder.name for folder in (sluice.destination / "events").iterdir())
    for n in (1, 3):
        edit(sluice, n, kind="void", expired=True)
    sluice.call("run", now=clock(4))
    sluice.call("prune", now=clock(999))
    assert set(folders) <= {folder.name for folder in (sluice.destination / "events").iterdir()}


# Where nothing says that all is there, nothing is proven

def test_without_a_ledger_the_files_match_and_no_more(events):
    shutil.rmtree(ledger_folder(events))
    outcome = events.call("verify", now=clock(5))
    table = outcome.json["tables"][0]
    assert outcome.code == 0 and table["outcome"] == "files_match", str(outcome)
    assert "ledger" in table["unproven"][0], table
    text = events.call("verify", now=clock(5), json=False).stdout
    assert "files match the manifests" in text and "the ledger of these exports" in text, text


def test_an_intent_that_cannot_be_read_proves_nothing(events):
    intent = ledger_folder(events) / f"{4:020}.intent.json"
    intent.write_text("{")
    assert events.call("run", now=clock(5)).code == 1
    table = events.call("verify", now=clock(5)).json["tables"][0]
    assert table["outcome"] == "not_proven" and intent.name in table["faults"][0], table
