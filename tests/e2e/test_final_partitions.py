"""A partition is called final once, by the export after which no window can bring it a row."""

import re

from support.history import HOUR, ORIGIN, Row
from support.lake import NAME, Lake, clock
from support.ledger import ledger_folder


def test_the_partition_of_the_first_row_is_final_though_it_came_in_its_last_microsecond(tmp_path, sluice):
    lake = Lake(tmp_path / "lake" / "events", [Row(1, "a", "x", ORIGIN + HOUR - 1), Row(2, "a", "x", ORIGIN + HOUR)])
    sluice.add(NAME, lake.path, start=clock(0))
    for hour in (1, 2, 3):
        sluice.run(clock(hour))
    final = [m["partitions_final"] for m in sluice.export().manifests()]
    assert final == [[f"dt=2025-01-01/hr={hour:02}"] for hour in (0, 1, 2)]


def test_hours_without_a_row_are_not_listed(tmp_path, sluice):
    """One row of 1970 before those of today: half a million hours lie between them."""
    lake = Lake(tmp_path / "lake" / "events", [Row(1, "a", "x", HOUR // 2), Row(2, "a", "x", ORIGIN + HOUR // 2)])
    sluice.add(NAME, lake.path, start="1969-12-31T00:00:00Z")
    sluice.run(clock(1))
    (manifest,) = sluice.export().manifests()
    assert manifest["partitions_final"] == ["dt=1970-01-01/hr=00", "dt=2025-01-01/hr=00"]
    assert manifest["final_until"] == clock(1)


def test_every_window_says_until_when_all_is_final(tmp_path, sluice):
    lake = Lake(tmp_path / "lake" / "events", [Row(1, "a", "x", ORIGIN + HOUR // 2)])
    sluice.add(NAME, lake.path, start=clock(0), partition="daily")
    for hour in (1, 3, 24, 26):
        sluice.run(clock(hour))
    manifests = sluice.export().manifests()
    assert [m["final_until"] for m in manifests] == [clock(1), clock(3), clock(24), clock(26)]
    assert [m["partitions_final"] for m in manifests] == [[], [], ["dt=2025-01-01"], []]


def test_manifests_that_list_all_their_final_partitions_are_still_read(tmp_path, sluice):
    lake = Lake(tmp_path / "lake" / "events", [Row(1, "a", "x", ORIGIN + HOUR // 2)])
    sluice.add(NAME, lake.path, start=clock(0)).run(clock(1))
    for file in (sluice.destination / "_sluice" / "events" / "manifests" / f"{1:020}.json",
                 ledger_folder(sluice) / f"{1:020}.commit.json"):
        text, count = re.subn(r'\s*"final_until":\s*"[^"]*",', "", file.read_text())
        assert count == 1, file
        file.write_text(text)
    sluice.run(clock(2))
    outcome = sluice.call("verify", now=clock(2))
    assert outcome.code == 0, str(outcome)
