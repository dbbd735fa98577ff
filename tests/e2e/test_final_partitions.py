"""A partition is called final once, by the number after which no window can bring it a row."""

from support.history import HOUR, ORIGIN, Row
from support.lake import NAME, Lake, clock


def test_the_partition_of_the_first_row_is_final_though_it_came_in_its_last_microsecond(tmp_path, sluice):
    lake = Lake(tmp_path / "lake" / "events", [Row(1, "a", "x", ORIGIN + HOUR - 1), Row(2, "a", "x", ORIGIN + HOUR)])
    sluice.add(NAME, lake.path, start=clock(0))
    for hour in (1, 2, 3):
        sluice.run(clock(hour))
    final = [m["partitions_final"] for m in sluice.export().manifests()]
    assert final == [[f"dt=2025-01-01/hr={hour:02}"] for hour in (0, 1, 2)]
