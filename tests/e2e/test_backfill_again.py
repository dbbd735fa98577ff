"""`backfill --again` on a part of what exports hold: its partition folders are exported again, other files stay."""

import pytest
from support.lake import NAME, clock

HOUR_1 = "dt=2025-01-01/hr=01"


@pytest.fixture
def events(lake, sluice):
    """Export 1 holds four hours, with a row in each of the first three."""
    sluice.add(NAME, lake.path, start=clock(0)).run(clock(4))
    return sluice


def part(hour: int) -> tuple:
    """A part of one hour."""
    return ("events", "--from", f"2025-01-01T{hour:02}:00:00Z", "--to", f"2025-01-01T{hour:02}:59:00Z")


def again(events, now: int, *part: str) -> dict:
    return events.run(clock(now), *part, "--again", command="backfill")


def ids(rows: list[dict]) -> list:
    return sorted(row["id"] for row in rows)


def files(manifest: dict) -> dict[str, str]:
    """Folder -> file, of an export with one file in each."""
    return {file["partition"]: file["path"] for file in manifest["files"]}


def outcome(events) -> str:
    return events.call("verify", now=clock(7)).json["tables"][0]["outcome"]


def test_the_refusal_says_what_again_would_do(events):
    error = events.fails(clock(5), *part(1), command="backfill")
    assert "--again" in error["remedy"] and clock(0) in error["remedy"] and clock(4) in error["remedy"]
    assert "other partition folders" in error["remedy"]


def test_again_exports_whole_folders_and_leaves_the_others(events):
    before = events.export().rows()
    report = again(events, 5, *part(1))
    (window,) = report["windows"]
    assert (window["start"], window["end"]) == ("2025-01-01T00:59:59.999999Z", "2025-01-01T01:59:59.999999Z")
    assert (window["rows"], window["files"]) == (1, 1), "what stays is not exported again"
    assert any("whole partition folders" in note for note in report["notes"]), report
    export = events.export().check()
    old, new = export.manifests()
    assert (new["replaces"], new["start"], new["end"]) == ([1], clock(0), clock(4))
    assert new["partitions_touched"] == [HOUR_1] and new["row_hash"] is None
    assert ids(export.rows()) == ids(before)
    changed = {folder for folder, path in files(new).items() if files(old)[folder] != path}
    assert files(new).keys() == files(old).keys() and changed == {HOUR_1}


def test_a_row_at_the_end_of_the_range_is_exported_again(events):
    report = again(events, 5, "events", "--from", clock(0), "--to", clock(1))
    (window,) = report["windows"]
    assert (window["start"], window["end"]) == (clock(0), "2025-01-01T01:59:59.999999Z")


def test_verify_proves_it_and_prune_removes_only_what_was_replaced(events):
    again(events, 5, *part(1))
    assert outcome(events) == "proven"
    export = events.export()
    before, new = export.rows(), export.manifests()[-1]
    events.call("prune", "--replaced-now", now=clock(5))
    assert export.data_files() == set(files(new).values())
    assert export.rows() == before
    assert outcome(events) == "proven"


def test_a_second_time_carries_over_what_was_carried_over(events):
    before = ids(events.export().rows())
    again(events, 5, *part(1))
    again(events, 6, *part(2))
    export = events.export().check()
    (newest,) = export.current()
    assert newest["n"] == 3 and ids(export.rows()) == before
    assert {path.split("/sluice-")[1][:8] for path in files(newest).values()} == {"00000001", "00000002", "00000003"}
    events.call("prune", "--replaced-now", now=clock(6))
    assert ids(export.rows()) == before and outcome(events) == "proven"


def test_what_stays_is_as_it_was_exported(lake, events):
    """Rows that the source lost are gone from the folders that are exported again, and from no other."""
    rows = events.export().rows()
    lake.delete("true")
    again(events, 5, *part(1))
    assert ids(events.export().rows()) == ids([row for row in rows if row["hr"] != "01"])
    assert outcome(events) == "proven"


def test_a_damaged_file_that_stayed_is_found_and_can_be_exported_again(events):
    again(events, 5, *part(1))
    export = events.export()
    path = export.destination / files(export.manifests()[-1])["dt=2025-01-01/hr=00"]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    found = events.call("verify", now=clock(5))
    assert found.code != 0 and path.name in found.stdout
    again(events, 5, "events", "--from", clock(0), "--to", clock(4))
    assert outcome(events) == "proven"


def test_files_of_other_settings_do_not_stay(events):
    report = again(events.change(compression="gzip"), 5, *part(1))
    (window,) = report["windows"]
    assert (window["start"], window["end"]) == (clock(0), clock(4))
    assert any("other settings" in note for note in report["notes"]), report


def test_a_part_that_reaches_into_two_exports_replaces_both(events):
    events.run(clock(6))
    before = ids(events.export().rows())
    again(events, 7, "events", "--from", clock(3), "--to", clock(5))
    export = events.export().check()
    new = export.manifests()[-1]
    assert (new["replaces"], new["start"], new["end"]) == ([1, 2], clock(0), clock(6))
    assert ids(export.rows()) == before
    assert outcome(events) == "proven"
