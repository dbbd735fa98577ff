"""What scripts rely on: exit codes, one JSON document, all config mistakes at once, no secrets."""

import json
import os
import subprocess

import pytest
from support.lake import NAME, clock
from support.paths import BINARY

SECRET = "s3cr3t-Zugangswort-4711"


@pytest.fixture
def events(lake, sluice):
    return sluice.add(NAME, lake.path, name="events", start=clock(0))


def call(*arguments: str, **options):
    return subprocess.run([str(BINARY), *arguments], capture_output=True, text=True, check=False,
                          **options)


COMMANDS = [("check",), ("plan",), ("run",), ("run", "events"), ("status",), ("ls",),
            ("ls", "--recursive", "--summarize"), ("state", "show"),
            ("backfill", "events", "--from", "2024-12-01T00:00:00Z", "--to", "2024-12-02T00:00:00Z"),
            ("state", "set", "events", clock(2), "--yes"), ("state", "forget", "events", "--yes")]


def test_json_is_one_document_and_nothing_else(events):
    for command in COMMANDS:
        outcome = events.call(*command, now=clock(5))
        assert outcome.code == 0, str(outcome)
        document, end = json.JSONDecoder().raw_decode(outcome.stdout)
        assert not outcome.stdout[end:].strip(), str(outcome)
        assert isinstance(document, dict), str(outcome)


def test_failures_are_one_document_too(events):
    events.change(watermark="nothing")
    outcome = events.call("run", now=clock(5))
    assert outcome.code == 2 and outcome.table()["status"] == "failed"
    outcome = events.call("run", "no_such_table", now=clock(5))
    assert outcome.code == 2 and outcome.json["error"]["kind"] in ("usage", "config")
    assert "no_such_table" in outcome.json["error"]["message"]


def test_the_report_of_a_run_has_the_contracts_keys(events):
    report = events.run(clock(5))
    assert {"table", "name", "pattern", "status", "windows", "rows", "files", "bytes", "moved",
            "late_rows", "null_watermarks", "resumed", "seconds", "error"} <= report.keys()
    assert report["moved"].keys() == {"copied", "spliced", "rewritten"}
    (window,) = report["windows"]
    assert window.keys() >= {"n", "kind", "start", "end", "rows", "files", "bytes"}
    assert (report["table"], report["name"], report["pattern"], report["error"]) == (
        NAME, "events", "append", None)


@pytest.mark.parametrize("names", [["events"], [NAME], ["ev*"], ["*"], ["EVENTS"]])
def test_tables_are_named_by_name_table_or_glob(names, events):
    outcome = events.call("run", *names, now=clock(5))
    assert outcome.code == 0 and outcome.table()["name"] == "events", str(outcome)


@pytest.mark.parametrize("arguments", [["--no-such-flag"], ["no-such-command"], [], ["run", "--now", "soon"],
                                       ["run", "--at-version", "minus one"],
                                       ["backfill", "events"], ["state", "set", "events"]])
def test_wrong_usage_is_2_and_says_what_is_right(arguments, events):
    config = events.write_config()
    done = call("--config", str(config), *arguments)
    assert done.returncode == 2, done
    assert done.stderr.strip() and "terminate" not in done.stderr, done.stderr


def test_help_and_version_are_0():
    for arguments in (["--help"], ["run", "--help"], ["--version"], ["-V"], ["help"], ["help", "run"]):
        done = call(*arguments)
        assert done.returncode == 0 and "sluice" in done.stdout, done
    assert call("help", "run").stdout == call("run", "--help").stdout


@pytest.mark.parametrize("command", ["init", "check", "plan", "run", "backfill", "status", "ls", "verify", "prune",
                                     "state show", "state set", "state forget"])
def test_help_of_a_command_has_every_option_in_80_columns(command):
    text = call(*command.split(), "--help").stdout
    for option in ("--config", "--now", "--json", "--verbose", "--quiet", "--version", "--help"):
        assert option in text, text
    assert max(len(line) for line in text.splitlines()) <= 80, text


def test_no_config_file_is_2_and_names_init(tmp_path):
    done = call("run", cwd=tmp_path)
    assert done.returncode == 2 and "sluice.yaml" in done.stderr and "init" in done.stderr, done


MISTAKES = """\
destination:
  url: out
  regoin: us-east-1
tables:
  - table: lake.events
    path: events
    pattern: append
    watermark: [a, b]
    start: "yesterday-ish"
    partition: weekly
  - table: lake.other
    path: other
    pattern: appendix
  - table: lake.third
    path: third
    pattern: append
    name: EVENTS
    start: "2025-01-01T00:00:00Z"
limits: {memory: plenty}
"""


def test_every_mistake_of_a_config_is_reported_at_once_with_its_line(tmp_path):
    (tmp_path / "sluice.yaml").write_text(MISTAKES)
    done = call("run", cwd=tmp_path)
    assert done.returncode == 2, done
    heading, *lines = done.stderr.splitlines()
    assert "sluice.yaml has 8 mistakes" in heading, done.stderr
    assert not any("sluice.yaml" in line for line in lines), "the path once"
    for number, word in ((3, "region"), (8, "watermark"), (9, "start"), (10, "hourly"), (13, "append"),
                         (14, "name"), (14, "watermark"), (19, "memory")):
        found = [line for line in lines if line.startswith(f"  {number}:") and word in line.lower()]
        assert found, f"line {number}, {word}:\n{done.stderr}"
    as_json = call("run", "--json", cwd=tmp_path)
    assert as_json.returncode == 2
    error = json.loads(as_json.stdout)["error"]
    assert error["kind"] == "config" and len(error["mistakes"]) == 8


def test_broken_yaml_names_the_line(tmp_path):
    (tmp_path / "sluice.yaml").write_text("destination:\n  url: 'out\ntables: []\n")
    done = call("run", cwd=tmp_path)
    assert done.returncode == 2 and "sluice.yaml has 1 mistake:\n  " in done.stderr, done


def test_secrets_appear_nowhere(events):
    """Values that the config takes from the environment: not in output, logs, ledger or state."""
    events.config["destination"]["auth"] = {"access_key_env": "EXPORT_KEY", "secret_key_env": "EXPORT_SECRET"}
    events.config["notify"] = {"slack": {"webhook_env": "HOOK"}}
    env = {"EXPORT_KEY": SECRET, "EXPORT_SECRET": SECRET, "HOOK": f"http://127.0.0.1:9/{SECRET}"}
    for command in COMMANDS[:8]:
        for as_json in (True, False):
            outcome = events.call(*command, "-v", now=clock(5), json=as_json, env=env)
            assert SECRET not in outcome.stdout + outcome.stderr, str(outcome)
    for file in events.folder.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_an_unset_variable_is_a_config_error(events):
    events.change(path="${NO_SUCH_VARIABLE}/events")
    outcome = events.call("run", now=clock(5), json=False)
    assert outcome.code == 2 and "NO_SUCH_VARIABLE" in outcome.stderr, str(outcome)


def test_quiet_says_nothing_when_all_is_well(events):
    outcome = events.call("run", "-q", now=clock(5), json=False)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "", ""), str(outcome)


def test_no_progress_bar_and_no_colour_without_a_terminal(events):
    outcome = events.call("run", now=clock(5), json=False)
    assert "\x1b[" not in outcome.stdout + outcome.stderr
    assert "\r" not in outcome.stdout + outcome.stderr


def test_a_config_elsewhere_reads_its_own_relative_paths(events, tmp_path):
    events.write_config()
    done = call("--config", os.path.relpath(events.folder / "sluice.yaml", tmp_path), "run", "--now",
                clock(5), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(events.export().check().rows()) == 3
