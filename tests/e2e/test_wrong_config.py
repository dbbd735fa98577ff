"""A mistaken config is told at once, with its line: exit 2 where nothing else came of the command."""

import pytest
from support.lake import NAME, clock

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
