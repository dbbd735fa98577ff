"""What would lose or double rows, or write into a source, is refused with a way out."""

import shutil

import pyarrow as pa
import deltalake
import pytest
from support.hand_log import HandLog, metadata, protocol
from support.hand_written import field
from support.history import to_arrow
from support.lake import NAME, Lake, clock, rendered, row, without_partition
from support.ledger import decisions, ledger_folder
from support.rows import assert_same_rows

NOW = "2030-01-01T00:00:00Z"


@pytest.fixture
def events(lake, sluice):
    return sluice.add(NAME, lake.path, start=clock(0))


@pytest.fixture
def users(tmp_path):
    return Lake(tmp_path / "lake" / "users", [row(1, 0.5)], [row(2, 1.5)])


# Features that a reader must know

@pytest.mark.parametrize(("feature", "remedy"), [
    ("catalogManaged", "catalog"), ("adaptiveMetadata-preview", "Delta log"), ("fromTheFuture", "DROP FEATURE")])
def test_a_feature_is_refused_by_its_name_and_the_other_tables_go_on(feature, remedy, tmp_path, events):
    table = HandLog(tmp_path / "lake" / "special")
    table.commit(0, protocol(3, 7, [feature]), metadata(field("id", "long"), field("event_timestamp", "timestamp")))
    events.add("lake.special", table.path, start=clock(0))
    outcome = events.call("run", now=NOW)
    assert outcome.code == 1 and outcome.table(NAME)["status"] == "exported", str(outcome)
    error = outcome.table("special")["error"]
    assert error["kind"] == "unsupported" and remedy in error["remedy"], error
    assert feature in error["message"] and "version 0" in error["message"], error
    assert not events.export("special").data_files()


# Columns named as the feed names its own

@pytest.mark.parametrize("name", ["_change_type", "_commit_version", "_COMMIT_timestamp"])
def test_a_source_column_named_as_the_feed_s_own_is_refused(name, tmp_path, sluice):
    table = to_arrow([row(1, 0.5)]).append_column(name, pa.array(["x"]))
    path = tmp_path / "lake" / "users"
    deltalake.write_deltalake(str(path), table)
    log = path / "_delta_log" / f"{0:020}.json"
    log.write_text(log.read_text().replace('"configuration":{}',
                                           '"configuration":{"delta.enableChangeDataFeed":"true"}'))
    sluice.add_feed(NAME, path, name="users")
    error = sluice.fails(NOW)
    assert name.lower() in error["message"].lower() and error["remedy"], error
    assert sluice.call("check", now=NOW).code == 1 and not sluice.export().data_files()


# A ledger that is gone

def two_windows(events, lake):
    events.run(clock(2))
    lake.append(row(9, 2.7))


def refused(events) -> dict:
    before = events.export().data_files()
    error = events.fails(clock(4))
    assert error["kind"] == "conflict" and error["remedy"], error
    assert events.export().data_files() == before
    return error


def test_a_ledger_that_is_gone_while_manifests_are_there_is_refused(lake, events):
    two_windows(events, lake)
    shutil.rmtree(ledger_folder(events))
    assert "manifest" in refused(events)["message"]


def test_a_ledger_and_manifests_that_are_gone_while_the_state_is_there_are_refused(lake, events):
    two_windows(events, lake)
    shutil.rmtree(events.destination / "_sluice")
    assert "export 1" in refused(events)["message"]


def test_a_state_that_is_configured_elsewhere_is_refused(lake, events, tmp_path):
    two_windows(events, lake)
    before = events.export().data_files()
    events.config["state"] = str(tmp_path / "elsewhere" / "_export_state")
    error = events.fails(clock(4))
    assert error["kind"] == "conflict" and error["remedy"], error
    assert events.export().data_files() == before


def test_a_ledger_put_back_goes_on_where_it_stood(lake, events, tmp_path):
    two_windows(events, lake)
    shutil.copytree(events.destination / "_sluice", tmp_path / "copy")
    shutil.rmtree(events.destination / "_sluice")
    refused(events)
    # What the refused run itself noted is no ledger.
    shutil.rmtree(events.destination / "_sluice", ignore_errors=True)
    shutil.copytree(tmp_path / "copy", events.destination / "_sluice")
    events.run(clock(4))
    assert_same_rows(without_partition(events.export().check().rows()),
                     rendered([row(1, 0.5), row(2, 1.5), row(3, 2.5), row(9, 2.7)]))


# Places

@pytest.mark.parametrize("inside", [".", "export", "_delta_log"])
def test_a_destination_inside_the_source_is_refused(inside, lake, events):
    events.config["destination"]["url"] = str(lake.path / inside)
    before = lake.look()
    error = events.fails(clock(2), code=2)
    assert "inside the source" in error["message"] and "outside" in error["remedy"], error
    for command in ("check", "plan", "status", "verify"):
        events.call(command, now=clock(2))
    assert lake.look() == before


def test_a_state_inside_the_source_is_refused(lake, events):
    events.config["state"] = str(lake.path / "state")
    before = lake.look()
    assert "inside the source" in events.fails(clock(2), code=2)["message"]
    assert lake.look() == before


# Backfills in pieces

def test_pieces_of_a_backfill_do_not_cut_a_window_that_they_replace(lake, events):
    events.run(clock(2))
    events.run(clock(6))
    report = events.run(clock(6), "events", "--from", clock(0), "--to", clock(6), "--again", "--chunk", "1h",
                        command="backfill")
    pieces = [(w["start"], w["end"]) for w in report["windows"]]
    assert pieces == [(clock(0), clock(2)), (clock(2), clock(6))], pieces
    replaced = [m["replaces"] for m in events.export().check().manifests() if m["kind"] == "backfill"]
    assert replaced == [[1], [2]]
    assert_same_rows(without_partition(events.export().rows()),
                     rendered([row(1, 0.5), row(2, 1.5), row(3, 2.5)]))
    assert events.call("verify", now=clock(6)).code == 0


# Names and values that must not leave

def assert_nowhere(events, *words: str) -> None:
    """In nothing that lies at the destination or beside it, but the config."""
    for file in events.folder.rglob("*"):
        if file.is_file() and file.name != "sluice.yaml":
            data = file.read_bytes()
            assert not any(word.encode() in data for word in words), file


def test_an_excluded_name_is_in_no_record(tmp_path, sluice):
    table = to_arrow([row(1, 0.5), row(2, 1.5)]).append_column("hidden_salary", pa.array(["s1", "s2"]))
    path = tmp_path / "lake" / "events"
    deltalake.write_deltalake(str(path), table)
    sluice.add(NAME, path, start=clock(0), exclude=["hidden_salary"]).run(clock(2))
    sluice.call("check", now=clock(2))
    assert_nowhere(sluice, "hidden_salary")


def test_a_refused_new_column_is_named_to_the_operator_and_in_no_record(tmp_path, lake, events):
    events.change(exclude=["name"]).run(clock(2))
    table = to_arrow([row(5, 3.5)]).append_column("hidden_salary", pa.array(["s1"]))
    deltalake.write_deltalake(str(lake.path), table, mode="append", schema_mode="merge")
    error = events.fails(clock(5))
    assert "'hidden_salary'" in error["message"], error
    assert_nowhere(events, "hidden_salary")
    (status,) = events.call("status", now=clock(5)).json["tables"]
    assert status["last_error"].startswith("the source's schema changed since the last export"), status


def test_an_error_says_the_variable_not_its_value(tmp_path, sluice):
    sluice.add(NAME, "${WHERE_THE_LAKE_IS}/events", start=clock(0))
    for command in ("run", "check", "plan", "verify"):
        for json in (True, False):
            outcome = sluice.call(command, now=clock(2), json=json,
                                  env={"WHERE_THE_LAKE_IS": str(tmp_path / "hunter2222")})
            assert outcome.code in (0, 1), str(outcome)
            assert "hunter2222" not in outcome.stdout + outcome.stderr, str(outcome)
    outcome = sluice.call("run", now=clock(2), env={"WHERE_THE_LAKE_IS": str(tmp_path / "hunter2222")})
    assert "${WHERE_THE_LAKE_IS}/events" in outcome.table()["error"]["message"], str(outcome)
    assert_nowhere(sluice, "hunter2222")


# A number that is decided and not visible yet

@pytest.mark.parametrize("kind", ["append", "cdc", "snapshot"])
def test_check_and_status_tell_a_number_that_is_decided_and_not_settled(kind, tmp_path, users, sluice, faults):
    {"append": lambda: sluice.add(NAME, users.path, name="users", start=clock(0)),
     "cdc": lambda: sluice.add_feed(NAME, users.path, name="users", start=0),
     "snapshot": lambda: sluice.add_snapshots(NAME, users.path, name="users")}[kind]()
    if kind == "cdc":
        users.table.alter.set_table_properties({"delta.enableChangeDataFeed": "true"})
        users.append(row(3, 2.5))
        sluice.change(start="enabled")
    for at in range(1, 200):
        sluice.call("run", now=clock(5), env=faults.env(sluice.folder, at=at))
        if decisions(sluice, "users"):
            break
        shutil.rmtree(sluice.destination, ignore_errors=True)
    assert not sluice.export().manifests(), "the kill came after the manifest"
    outcome = sluice.call("check", now=clock(5))
    assert outcome.code == 0, str(outcome)
    notes = [f for f in outcome.json["findings"] if "decided and not yet visible" in f["message"]]
    assert len(notes) == 1 and "next run finishes it" in notes[0]["fix"], outcome.json
    (status,) = sluice.call("status", now=clock(5)).json["tables"]
    assert "decided and not yet visible" in status["unfinished"], status
    assert sluice.call("verify", now=clock(5)).code == 0
    assert sluice.run(clock(5))["resumed"] == 1
    assert sluice.call("verify", now=clock(5)).code == 0
