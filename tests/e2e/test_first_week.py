"""What a new user meets: a status that is true, a stop that is explained, a plan and an `init` that can be trusted."""

import re
import signal
import subprocess

import deltalake
import pyarrow as pa
import pytest
import yaml
from support.history import to_arrow
from support.lake import NAME, Lake, clock, row
from support.ledger import intents
from support.paths import BINARY
from support.processes import wait_until_stopped


@pytest.fixture
def events(lake, sluice):
    return sluice.add(NAME, lake.path, name="events", start=clock(0))


def status(sluice, now: str, code: int = 0, **options) -> dict:
    outcome = sluice.call("status", now=now, **options)
    assert outcome.code == code, str(outcome)
    (table,) = outcome.json["tables"]
    return table


def stop_with_intent(events, faults, now: str):
    """A run that stands still after its intent, before its decision."""
    for at in range(8, 60):
        running = events.start("run", now=now, env=faults.env(events.folder, do="stop", at=at))
        if wait_until_stopped(running.process) and intents(events) and not events.export().manifests():
            return running
        running.process.send_signal(signal.SIGCONT)
        running.process.kill()
        running.finish()
    raise AssertionError("no call stood between intent and decision")


# status

def test_a_table_that_never_ran_is_no_failure(events):
    table = status(events, clock(5))
    assert (table["outcome"], table["last_run"], table["late"]) == ("never_run", None, False)


def test_a_failed_run_makes_status_1(events):
    events.run(clock(5))
    events.change(watermark="nothing")
    assert events.call("run", now=clock(6)).code == 2
    events.change(watermark="event_timestamp")
    table = status(events, clock(6), code=1)
    assert table["outcome"] == "failed" and table["last_error"]
    events.run(clock(7))
    assert status(events, clock(7))["outcome"] == "ok"


def test_a_late_table_makes_status_1(events):
    events.run(clock(5))
    assert status(events, clock(8))["late"] is False
    late = status(events, clock(9), code=1)
    assert late["outcome"] == "late" and late["freshness_seconds"] == 3 * 3600
    text = events.call("status", now=clock(9), json=False)
    assert text.code == 1 and "lags 4h 0m behind, and 3h 0m is allowed" in text.stdout, str(text)
    events.change(freshness="4h")
    assert status(events, clock(9))["late"] is False
    events.change(freshness=None, delay="2h")
    assert status(events, clock(9))["late"] is False, "the delay is not lateness"


def test_no_run_is_announced_that_nobody_starts(events):
    events.change(schedule="hourly")
    assert "next_run" not in status(events, clock(5))
    assert "NEXT RUN" not in events.call("status", json=False).stdout


def test_a_run_at_work_is_shown_with_its_export(events, faults):
    running = stop_with_intent(events, faults, clock(5))
    table = status(events, clock(5))
    assert (table["outcome"], table["running_export"]) == ("running", 1), table
    assert "running export 1" in events.call("status", json=False, now=clock(5)).stdout
    running.process.send_signal(signal.SIGCONT)
    assert running.finish().code == 0


def test_a_refused_column_is_named_by_status(events, lake):
    events.change(on_schema_change="fail").run(clock(2))
    table = to_arrow([row(5, 3.5)]).append_column("mobile_number", pa.array(["1"]))
    deltalake.write_deltalake(str(lake.path), table, mode="append", schema_mode="merge")
    events.fails(clock(5))
    assert "mobile_number" in status(events, clock(5), code=1)["last_error"]


def test_retention_that_is_lost_is_not_an_amount_of_time(tmp_path, sluice):
    users = Lake(tmp_path / "users", [row(1, 0.5), row(2, 0.5)], **{"delta.enableChangeDataFeed": "true"})
    sluice.add_feed(NAME, users.path, name="users").run(clock(2))
    users.delete("id = 2")
    assert status(sluice, clock(2))["retention_lost"] is False
    for file in (users.path / "_change_data").glob("*.parquet"):  # as VACUUM takes them
        file.unlink()
    table = status(sluice, clock(2))
    assert table["retention_lost"] is True and table["retention_left_seconds"] == 0, table
    assert re.search(r"users .* lost ", sluice.call("status", now=clock(2), json=False).stdout)


# Ctrl-C, and two at once

def test_a_stop_says_that_nothing_was_published(events, faults):
    running = stop_with_intent(events, faults, clock(5))
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGCONT)
    outcome = running.finish()
    assert outcome.code == 130, str(outcome)
    run = outcome.table()
    assert run["status"] == "failed" and run["error"]["kind"] == "stopped", run
    assert "nothing of this window was published" in run["error"]["message"]
    assert "`sluice run events` exports this window" in run["error"]["remedy"]
    assert status(events, clock(5))["outcome"] == "stopped"
    events.run(clock(5))
    assert status(events, clock(5))["outcome"] == "ok"


def test_a_backfill_that_meets_a_busy_table_is_75(events, faults):
    running = stop_with_intent(events, faults, clock(5))
    backfill = ("backfill", "events", "--from", "2024-12-31T20:00:00Z", "--to", clock(0))
    outcome = events.call(*backfill, now=clock(5))
    assert outcome.code == 75 and outcome.table()["status"] == "busy", str(outcome)
    outcome = events.call("run", now=clock(5))
    assert outcome.code == 0 and outcome.table()["status"] == "busy", str(outcome)
    running.process.send_signal(signal.SIGCONT)
    assert running.finish().code == 0


# plan

def test_plan_after_a_crash_lists_a_window_once(events, faults, lake):
    running = stop_with_intent(events, faults, clock(2))
    running.process.kill()
    running.finish()
    lake.append(row(9, 3.5))
    (plan,) = events.call("plan", now=clock(5)).json["plans"]
    windows = [(window["start"], window["end"]) for window in plan["windows"]]
    assert windows == [(clock(0), clock(2)), (clock(2), clock(5))], plan
    assert plan["unfinished"] == 1 and "export 1" in plan["notes"][0], plan
    run = events.run(clock(5))
    assert [(window["start"], window["end"]) for window in run["windows"]] == windows


# init

def init(folder, *arguments, env: dict | None = None, code: int = 0):
    done = subprocess.run([str(BINARY), "init", *map(str, arguments)], capture_output=True, text=True, cwd=folder,
                          env=env, check=False)
    assert done.returncode == code, done
    return done


def test_init_leaves_nothing_but_the_config(lake, tmp_path):
    folder = tmp_path / "fresh"
    folder.mkdir()
    init(folder, lake.path)
    assert [file.name for file in folder.iterdir()] == ["sluice.yaml"]


def test_init_writes_the_region_and_endpoint_of_the_environment(lake, tmp_path):
    env = {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}
    init(tmp_path, lake.path, "--destination", "s3://bucket/out", env=env)
    destination = yaml.safe_load((tmp_path / "sluice.yaml").read_text())["destination"]
    assert destination == {"url": "s3://bucket/out", "region": "eu-central-1", "endpoint": "http://127.0.0.1:9000"}


def test_init_starts_at_the_hour_before_the_first_row(lake, tmp_path):
    init(tmp_path, lake.path)
    (table,) = yaml.safe_load((tmp_path / "sluice.yaml").read_text())["tables"]
    assert table["start"] == clock(0)


def test_one_row_of_1970_does_not_move_the_start(lake, tmp_path):
    lake.append(row(9, -55 * 365 * 24))
    init(tmp_path, lake.path)
    text = (tmp_path / "sluice.yaml").read_text()
    assert yaml.safe_load(text)["tables"][0]["start"] == clock(0)
    assert "is the oldest event_timestamp" in text


def test_init_that_can_read_no_table_is_1_and_writes_nothing(lake, tmp_path):
    lake.commit_file(0).write_text("{")
    folder = tmp_path / "fresh"
    folder.mkdir()
    done = init(folder, lake.path, code=1)
    assert "no config was written" in done.stderr and not list(folder.iterdir()), done


def test_init_makes_snapshots_that_do_not_fill_up_with_copies(tmp_path):
    Lake(tmp_path / "lake" / "countries", [row(1, 0.5)]).delete("id = 1")
    init(tmp_path, tmp_path / "lake")
    (table,) = yaml.safe_load((tmp_path / "sluice.yaml").read_text())["tables"]
    assert table["pattern"] == "snapshot" and table["skip_unchanged"] is True and "schedule" not in table


# check finds what run would fail on

def found(sluice, now: str, severity: str) -> list[str]:
    outcome = sluice.call("check", now=now)
    assert outcome.code == (1 if severity == "fault" else 0), str(outcome)
    return [f["message"] for f in outcome.json["findings"] if f["severity"] == severity]


@pytest.mark.parametrize("folder", ["", "_delta_log"])
def test_check_finds_a_state_that_cannot_be_written(folder, events):
    events.run(clock(2))
    closed = events.state / folder
    closed.chmod(0o555)
    events.wrapper = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    try:
        assert events.call("run", now=clock(5)).code == 1, "this user may write anywhere"
        assert any("_export_state" in message for message in found(events, clock(5), "fault"))
    finally:
        closed.chmod(0o755)


def test_check_warns_of_a_start_in_the_future(events):
    events.change(start="2031-01-01T00:00:00Z")
    (warning,) = found(events, clock(5), "warning")
    assert "start" in warning and "in the future" in warning


def test_check_warns_of_rows_without_a_watermark(events, lake):
    nulls = to_arrow([row(7, 1.5), row(8, 2.5)])
    column = nulls.schema.get_field_index("event_timestamp")
    nulls = nulls.set_column(column, nulls.schema.field(column), pa.nulls(2, nulls.schema.field(column).type))
    deltalake.write_deltalake(str(lake.path), nulls, mode="append")
    (warning,) = found(events, clock(5), "warning")
    assert warning.startswith("2 rows have no event_timestamp"), warning


@pytest.mark.parametrize(("values", "severity", "words"), [
    (["view", "click"], "fault", "none of its 2 values"),
    (["2025-01-01T01:00:00Z", "click"], "warning", "1 row of")])
def test_check_finds_texts_that_are_no_times(values, severity, words, tmp_path, sluice):
    path = tmp_path / "lake" / "texts"
    deltalake.write_deltalake(str(path), pa.table({"id": [1, 2], "kind": values}))
    sluice.add("lake.texts", path, watermark="kind", start=clock(0))
    messages = found(sluice, clock(5), severity)
    assert any(words in message and "be read as a time" in message for message in messages), messages
