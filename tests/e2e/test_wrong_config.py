"""A mistaken config is told at once, with its line: exit 2 where nothing else came of the command."""

import pytest
from support.lake import NAME, Lake, clock, row

NOW = "2030-01-01T00:00:00Z"
ON = {"delta.enableChangeDataFeed": "true"}

COMMANDS = {
    "run": ("run",), "plan": ("plan",), "check": ("check",),
    "backfill": ("backfill", "events", "--from", clock(0), "--to", clock(2)),
}


def line_of(sluice, text: str) -> int:
    lines = sluice.write_config().read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize("command", COMMANDS)
def test_names_that_are_no_columns_are_told_all_at_once_with_their_lines(command, lake, sluice):
    sluice.add(NAME, lake.path, name="events", start=clock(0), watermark="event_timestamq",
               columns=["id", "nmae", "zzz"])
    outcome = sluice.call(*COMMANDS[command], now=clock(5), json=False)
    text = outcome.stdout + outcome.stderr
    assert outcome.code == 2, str(outcome)
    for entry, key, nearest in [("event_timestamq", "watermark", "event_timestamp"),
                                ("nmae", "columns", "name"), ("zzz", "columns", None)]:
        line = next(line for line in text.splitlines() if f"'{entry}'" in line)
        assert f"sluice.yaml:{line_of(sluice, entry)}:" in line, line
        assert f"tables[events].{key}: " in line, line
        assert nearest is None or f"did you mean '{nearest}'?" in line, line
    assert not sluice.export("events").manifests()


def test_a_sound_table_goes_on_beside_one_with_a_wrong_column(lake, other, sluice):
    sluice.add("lake.other", other.path, name="other", start=clock(0))
    sluice.add(NAME, lake.path, name="events", start=clock(0), exclude=["nmae"])
    outcome = sluice.call("run", now=clock(5))
    assert outcome.code == 1, str(outcome)
    assert outcome.table("other")["status"] == "exported"
    assert outcome.table("events")["error"]["kind"] == "config"


@pytest.fixture
def feed(tmp_path, lake, sluice):
    """A cdc table beside an append table; versions 1 to 3 of the feed bring a row each."""
    sluice.add(NAME, lake.path, name="events", start=clock(0))
    users = Lake(tmp_path / "lake" / "users", [row(1, 0.5)], [row(2, 1.5)], [row(3, 2.5)], **ON)
    return sluice.add_feed("lake.users", users.path, name="users")


@pytest.mark.parametrize("names", [("events",), ("event*",), ("users", "events")])
def test_a_reseed_of_what_is_no_feed_is_wrong_usage(names, feed):
    outcome = feed.call("run", *names, "--reseed", now=NOW)
    assert outcome.code == 2, str(outcome)
    assert "events has pattern append" in outcome.error["message"]
    assert not feed.destination.exists()


@pytest.mark.parametrize("names", [(), ("*",)])
def test_a_reseed_of_many_reseeds_the_feeds_and_says_that_the_others_run_as_usual(names, feed):
    feed.call("run", now=NOW)
    outcome = feed.call("run", *names, "--reseed", now=NOW)
    assert outcome.code == 0, str(outcome)
    assert [w["kind"] for w in outcome.table("users")["windows"]] == ["reseed"]
    assert outcome.table("events")["status"] == "nothing_new"
    assert "events has pattern append" in outcome.stderr and "users" not in outcome.stderr


def test_a_feed_is_backfilled_from_its_very_first_version(feed):
    feed.change(start=3)
    feed.call("run", "users", now=NOW)
    outcome = feed.call("backfill", "users", "--from", "-1", "--to", "2", now=NOW)
    assert outcome.code == 0, str(outcome)
    (window,) = outcome.table()["windows"]
    assert (window["start"], window["end"], window["rows"]) == (-1, 2, 2)
    assert sorted(row["id"] for row in feed.export("users").check().rows()) == [1, 2, 3]


@pytest.mark.parametrize("version", ["-1", "-9"])
@pytest.mark.parametrize("command", [("run",), ("plan",),
                                     ("backfill", "users", "--from", "0", "--to", "1")])
def test_no_version_is_negative(command, version, feed):
    outcome = feed.call(*command, "--at-version", version, now=NOW)
    assert outcome.code == 2 and "is not a version" in outcome.error["message"], str(outcome)


def test_a_feed_that_starts_beyond_the_latest_version_is_an_error(feed):
    feed.change(start=99)
    for command in ("run", "plan"):
        outcome = feed.call(command, "users", now=NOW, json=False)
        assert outcome.code == 2 and "latest is 3" in outcome.stderr, str(outcome)
    assert "latest is 3" in feed.call("check", "users", now=NOW, json=False).stdout


def test_state_is_not_set_beyond_the_latest_version(feed):
    feed.call("run", "users", now=NOW)
    outcome = feed.call("state", "set", "users", "99", now=NOW)
    assert outcome.code == 2 and "beyond the source's latest, 3" in outcome.error["message"]
    assert feed.call("state", "set", "users", "3", now=NOW).code == 0


def test_a_position_years_ahead_is_told_by_every_command_that_looks(lake, sluice):
    sluice.add(NAME, lake.path, name="events", start=clock(0)).run(clock(3))
    assert sluice.call("state", "set", "events", "2999-01-01", now=clock(3)).code == 0
    told = "2999-01-01T00:00:00Z"
    run = sluice.call("run", now=clock(5))
    assert run.table()["status"] == "nothing_new" and told in run.table()["notes"][0]
    check = sluice.call("check", now=clock(5))
    assert check.code == 1
    faults = [f for f in check.json["findings"] if f["severity"] == "fault"]  # the gap before it is one, too
    assert any(told in f["message"] and "state set events" in f["fix"] for f in faults), faults
    (status,) = sluice.call("status", now=clock(5)).json["tables"]
    assert told in status["warning"] and status["lag_seconds"] == 0
