"""`verify` and `check` notice whatever is missing between the first export and the newest."""

import json
import shutil

import pytest
from support.export import read_folder
from support.lake import NAME, Lake, clock, row
from support.ledger import ledger_folder


def verified(sluice, code: int = 0, *arguments: str) -> dict:
    outcome = sluice.call("verify", *arguments, now=clock(9))
    assert outcome.code == code, str(outcome)
    return outcome.json["tables"][0]


def listed(sluice) -> list[int]:
    """What a reader of folders finds."""
    return sorted(r["id"] for r in read_folder(sluice.destination / "events_incremental"))


def take_away(sluice, n: int) -> None:
    """Manifest, ledger records and files of one export."""
    folder = sluice.destination / "_sluice" / "events" / "manifests"
    manifest = json.loads((folder / f"{n:020}.json").read_text())
    for file in manifest["files"]:
        (sluice.destination / file["path"]).unlink()
    (folder / f"{n:020}.json").unlink()
    for record in ledger_folder(sluice).glob(f"{n:020}.*"):
        record.unlink()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_an_export_that_was_taken_away_is_missed(n, events):
    assert verified(events)["outcome"] == "proven"
    take_away(events, n)
    table = verified(events, 1)
    assert table["outcome"] == "not_proven" and table["proven"] is False
    assert any(f"export {n} of 3 is missing" in fault for fault in table["faults"]), table["faults"]
    found = events.call("check", now=clock(9))
    assert found.code == 1 and f"export {n} of 3 is missing" in found.stdout, str(found)


def ruin(sluice, witness: str) -> None:
    """One of the three things outside ledger and manifests that know of the newest export."""
    if witness == "heartbeat":
        (sluice.destination / "_sluice" / "events" / "heartbeat.json").write_text("{}")
    elif witness == "last run":
        (ledger_folder(sluice) / "last_run.json").write_text("{}")
    else:
        for commit in (sluice.state / "_delta_log").glob("*.json"):
            commit.write_text("{")


@pytest.mark.parametrize("witness", ["heartbeat", "last run", "state"])
def test_a_witness_of_the_newest_export_that_cannot_be_read_proves_nothing(witness, events):
    take_away(events, 3)
    ruin(events, witness)
    for other in {"heartbeat", "last run", "state"} - {witness}:
        if other == "heartbeat":
            (events.destination / "_sluice" / "events" / "heartbeat.json").unlink()
        elif other == "last run":
            (ledger_folder(events) / "last_run.json").unlink()
    table = verified(events, 1)
    assert table["outcome"] != "proven", table


def test_the_remedy_for_an_unreadable_heartbeat_works(events):
    ruin(events, "heartbeat")
    outcome = events.call("verify", now=clock(9))
    assert outcome.code == 1 and "run `sluice run events`" in str(outcome), str(outcome)
    events.run(clock(5))
    assert verified(events)["outcome"] == "proven"


def test_state_set_over_hours_that_were_not_exported_leaves_a_gap(events):
    assert events.call("state", "set", "events", clock(4), now=clock(4)).code == 0
    events.run(clock(5))
    (fault,) = verified(events, 1)["faults"]
    assert f"({clock(3)}, {clock(4)}] was not exported" in fault and "state skip" in fault, fault
    assert "was not exported" in events.call("check", now=clock(5)).stdout
    events.run(clock(5), "events", "--from", clock(3), "--to", clock(4), command="backfill")
    assert verified(events)["outcome"] == "proven"


def test_a_gap_that_was_meant_is_said_to_be_one_afterwards(events):
    assert events.call("state", "set", "events", clock(4), now=clock(4)).code == 0
    events.run(clock(5))
    (fault,) = verified(events, 1)["faults"]
    (remedy,) = [part.split("`")[0] for part in fault.split("`sluice state skip ")[1:]]
    assert remedy == f"events --from {clock(3)} --to {clock(4)}", fault
    assert events.call("state", "skip", *remedy.split(), now=clock(5)).code == 0
    table = verified(events)
    assert table["outcome"] == "proven" and [gap["kind"] for gap in table["gaps"]] == ["skipped"], table
    assert events.run(clock(5))["status"] == "nothing_new", "the row stands where it stood"
    assert listed(events) == [1, 2, 3, 5] or listed(events) == [1, 2, 3]


@pytest.mark.parametrize("arguments", [(clock(3), clock(4)), (clock(3), clock(9)), (clock(2), clock(1)),
                                       ("x", clock(1))])
def test_only_what_was_passed_can_be_skipped_afterwards(arguments, events):
    outcome = events.call("state", "skip", "events", "--from", arguments[0], "--to", arguments[1], now=clock(4))
    assert outcome.code == 2 and outcome.error["remedy"], str(outcome)


@pytest.mark.parametrize("skip", [(), ("--skip",)])
def test_state_set_before_the_first_run_leaves_a_gap_that_is_named(skip, four_hours, sluice):
    sluice.add(NAME, four_hours.path, start=clock(0))
    assert sluice.call("state", "set", "events", clock(2), *skip, now=clock(4)).code == 0
    sluice.run(clock(4))
    table = verified(sluice, 0 if skip else 1)
    if skip:
        assert table["outcome"] == "proven"
        assert table["gaps"] == [{"kind": "skipped", "start": clock(0), "end": clock(2), "reset": 1}]
        return
    (fault,) = table["faults"]
    assert f"({clock(0)}, {clock(2)}] was not exported" in fault, fault
    sluice.run(clock(5), "events", "--from", clock(0), "--to", clock(2), command="backfill")
    assert verified(sluice)["outcome"] == "proven" and listed(sluice) == [1, 2, 3, 4]


def test_a_gap_that_was_skipped_on_purpose_is_reported_and_no_fault(events):
    assert events.call("state", "set", "events", clock(4), "--skip", now=clock(4)).code == 0
    events.run(clock(5))
    table = verified(events)
    assert table["outcome"] == "proven"
    assert table["gaps"] == [{"kind": "skipped", "start": clock(3), "end": clock(4), "reset": 4}]
    assert events.call("check", now=clock(5)).code == 0


def test_republishing_never_voids_an_export_that_others_follow(four_hours, events):
    folder = events.destination / "_sluice" / "events" / "manifests"
    manifest = json.loads((folder / f"{2:020}.json").read_text())
    for file in manifest["files"]:
        (events.destination / file["path"]).unlink()
    (folder / f"{2:020}.json").unlink()
    shutil.rmtree(four_hours.path)
    outcome = events.call("state", "republish", "events", now=clock(4))
    assert outcome.code == 1 and "is gone" in outcome.error["message"], str(outcome)
    assert not (folder / f"{2:020}.json").exists()


def test_the_remedy_for_lost_files_mends_the_chain(four_hours, events):
    folder = events.destination / "_sluice" / "events" / "manifests"
    manifest = json.loads((folder / f"{2:020}.json").read_text())
    for file in manifest["files"]:
        (events.destination / file["path"]).unlink()
    (folder / f"{2:020}.json").unlink()
    error = events.call("state", "republish", "events", now=clock(4)).error
    assert f"backfill events --from {clock(1)} --to {clock(2)} --again" in error["remedy"], error
    events.run(clock(4), "events", "--from", clock(1), "--to", clock(2), "--again", command="backfill")
    assert verified(events)["outcome"] == "proven"


def test_an_edited_manifest_is_not_what_was_decided(four_hours, events):
    file = events.destination / "_sluice" / "events" / "manifests" / f"{2:020}.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps(manifest | {"replaces": [1]}))
    table = verified(events, 1)
    assert any("replaces [1], and [] was decided" in fault
               for export in table["exports"] for fault in export["faults"]), table


@pytest.mark.parametrize("edit", [{"schema": [1]}, {"schema": {"fields": [7]}}, {"files": {}}, {"rows": "x"},
                                  {"files": [{"path": 1}]}, {"replaces": [1e300]}, {"n": 9}])
def test_a_manifest_edited_into_nonsense_is_corrupt_and_named(edit, events):
    file = events.destination / "_sluice" / "events" / "manifests" / f"{2:020}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | edit))
    error = verified(events, 1)["error"]
    assert error["kind"] == "corrupt" and file.name in error["message"], error
    assert f"'{next(iter(edit))}" in error["message"], error


# What was proven

def test_nothing_exported_proves_nothing(four_hours, sluice):
    sluice.add(NAME, four_hours.path, start=clock(0))
    assert verified(sluice)["outcome"] == "nothing_exported"
    text = sluice.call("verify", now=clock(1), json=False).stdout
    assert "nothing exported yet" in text and "proven" not in text, text


def test_a_source_that_is_gone_leaves_files_that_match(four_hours, events):
    shutil.rmtree(four_hours.path)
    table = verified(events)
    assert (table["outcome"], table["proven"], table["not_compared"]) == ("files_match", False, 3)
    text = events.call("verify", now=clock(9), json=False).stdout
    assert "3 of 3 can no longer be compared with the source" in text and "  proven" not in text, text


def test_a_source_that_was_made_anew_leaves_files_that_match(tmp_path, four_hours, events):
    shutil.rmtree(four_hours.path)
    Lake(four_hours.path, [row(1, 0.5)])
    assert verified(events)["outcome"] == "files_match"


def test_since_looks_at_the_exports_that_end_later(four_hours, events):
    (events.destination / "events_incremental" / "dt=2025-01-01" / "hr=00").rename(events.folder / "away")
    assert verified(events, 1)["outcome"] == "not_proven"
    table = verified(events, 0, "--since", clock(1))
    assert table["outcome"] == "proven" and [e["n"] for e in table["exports"]] == [2, 3]
    assert verified(events, 0, "--since", clock(3))["outcome"] == "nothing_exported"
    assert events.call("verify", "--since", "yesterday", now=clock(9)).code == 2


# What readers of folders see twice

def test_a_forgotten_generation_goes_once_all_of_it_is_exported_again(events):
    assert events.call("state", "forget", "events", now=clock(3)).code == 0
    report = events.run(clock(2))
    assert any("before `state forget`" in note for note in report["notes"]), report
    assert [(old["n"], old["by"]) for old in verified(events)["lingering"]] == [(1, 5), (2, 5)]
    events.run(clock(3))
    before = events.export().data_files()
    assert events.call("prune", now=clock(4)).code == 0
    assert events.export().data_files() == before, "within the grace"
    assert events.call("prune", "--replaced-now", now=clock(4)).code == 0
    table = verified(events)
    assert table["lingering"] == [] and table["outcome"] == "proven"
    assert listed(events) == [1, 2, 3]


def test_a_forgotten_generation_stays_where_nothing_holds_it(events):
    assert events.call("state", "forget", "events", now=clock(3)).code == 0
    events.change(start=clock(2)).run(clock(3))
    assert events.call("prune", "--replaced-now", now=clock(99)).code == 0
    assert listed(events) == [1, 2, 3]


def test_what_no_run_will_hold_whole_again_is_said_with_its_cure(events, sluice):
    events.run(clock(3), "events", "--from", clock(0), "--to", clock(3), "--again", command="backfill")
    events.change(start=clock(1))
    asked = events.call("state", "forget", "events", now=clock(3), confirmed=False).error["message"]
    cure = f"`sluice backfill events --from {clock(0)} --to {clock(3)} --again`"
    assert cure in asked, asked
    assert events.call("state", "forget", "events", now=clock(3)).code == 0
    report = events.run(clock(4))
    assert any(cure in note for note in report["notes"]), report
    assert events.call("prune", "--replaced-now", now=clock(99)).code == 0
    assert listed(events) == [1, 2, 2, 3, 3, 4]
    told = events.call("verify", now=clock(9), json=False).stdout
    found = told.split("`sluice backfill ")[1].split("`")[0].split()
    assert events.call("backfill", *found, now=clock(4)).code == 0
    assert events.call("prune", "--replaced-now", now=clock(99)).code == 0
    assert listed(events) == [1, 2, 3, 4]
    assert verified(events)["overlaps"] == []


def test_backfill_says_what_will_be_there_twice(events):
    report = events.run(clock(3), "events", "--from", clock(0), "--to", clock(1), "--again", command="backfill")
    assert any("twice" in note and "--replaced-now" in note for note in report["notes"]), report
    assert events.call("prune", "--replaced-now", now=clock(3)).code == 0
    assert verified(events)["lingering"] == []


@pytest.mark.parametrize("command", [("set", "events", clock(2)), ("forget", "events")])
def test_commands_that_discard_state_want_yes(command, events):
    outcome = events.call("state", *command, now=clock(3), confirmed=False)
    assert outcome.code == 2 and "--yes" in outcome.error["remedy"], str(outcome)
    assert clock(3) in outcome.error["message"], str(outcome)
    assert events.run(clock(3))["status"] == "nothing_new"


def test_reseeding_every_feed_wants_yes(tmp_path, sluice):
    lake = Lake(tmp_path / "lake" / "users", [row(1, 0.5)], **{"delta.enableChangeDataFeed": "true"})
    sluice.add_feed(NAME, lake.path, name="users").run(clock(1))
    outcome = sluice.call("run", "--reseed", now=clock(2), confirmed=False)
    assert outcome.code == 2 and "users" in outcome.error["message"], str(outcome)
    assert sluice.call("run", "users", "--reseed", now=clock(2), confirmed=False).code == 0
