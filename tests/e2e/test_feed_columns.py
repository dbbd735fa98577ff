"""Which columns of a change feed leave the source when they were renamed or dropped between two runs."""

import pyarrow as pa
import pytest
from support.hand_log import HandLog, info, metadata, protocol
from support.hand_written import field

LATER = "2030-01-01T00:00:00Z"
MAPPED = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "9", "delta.enableChangeDataFeed": "true"}


def mapped(name: str, kind: str, number: int) -> dict:
    return field(name, kind, {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": f"col-{number}"})


def columns(*names: tuple[str, str, int]) -> dict:
    return metadata(*(mapped(*name) for name in names), configuration=MAPPED)


ID, SECRET = ("id", "long", 1), ("secret", "string", 2)


@pytest.fixture
def table(tmp_path):
    return HandLog(tmp_path / "lake" / "t")


def add(table, number: int) -> dict:
    return table.file(f"p{number}.parquet", {"col-1": pa.array([number], pa.int64()), "col-2": [f"canary {number}"]})


def assert_nothing_shows(sluice):
    for file in sluice.destination.rglob("*"):
        if file.is_file() and "_export_state" not in file.parts and file.suffix in (".parquet", ".json"):
            assert b"canary" not in file.read_bytes(), file


def changes(sluice):
    return sorted((row["_commit_version"], *(v for k, v in row.items() if not k.startswith("_commit") and k != "_change_type"))
                  for row in sluice.export().rows() if "_commit_version" in row)


def test_a_renamed_column_stays_excluded_by_its_new_name(table, sluice):
    table.commit(0, protocol(2, 5), columns(ID, SECRET), add(table, 1))
    sluice.add_feed("lake.t", table.path, exclude=["secret"], on_schema_change="notify")
    sluice.run(LATER)
    table.commit(1, info(), add(table, 2)).commit(2, info("RENAME COLUMN"), columns(ID, ("public", "string", 2)))
    table.commit(3, info(), add(table, 3))
    error = sluice.call("run", now=LATER).error
    assert error["kind"] == "config" and "as it is called now" in error["remedy"], error
    sluice.change(exclude=["public"])
    assert [(w["start"], w["end"]) for w in sluice.run(LATER)["windows"]] == [(0, 1), (1, 3)]
    assert changes(sluice) == [(1, 2), (3, 3)]
    assert_nothing_shows(sluice)
    assert sluice.call("verify", now=LATER).code == 0


def test_a_dropped_column_stays_excluded_until_its_changes_are_exported(table, sluice):
    table.commit(0, protocol(2, 5), columns(ID, SECRET), add(table, 1))
    sluice.add_feed("lake.t", table.path, exclude=["secret"])
    sluice.run(LATER)
    table.commit(1, info(), add(table, 2)).commit(2, info("DROP COLUMNS"), columns(ID)).commit(3, info(), add(table, 3))
    sluice.run(LATER)
    assert changes(sluice) == [(1, 2), (3, 3)]
    assert_nothing_shows(sluice)
    assert sluice.call("run", now=LATER).error["kind"] == "config"  # the entry names nothing any more
    sluice.change(exclude=None)
    assert sluice.run(LATER)["status"] == "nothing_new"


def test_a_chosen_column_is_the_same_one_under_its_older_name(table, sluice):
    table.commit(0, protocol(2, 5), columns(ID, ("word", "string", 2), ("more", "string", 3)), add(table, 1))
    sluice.add_feed("lake.t", table.path, columns=["id", "word"])
    sluice.run(LATER)
    swapped = columns(ID, ("more", "string", 2), ("word", "string", 3))
    table.commit(1, info(), add(table, 2)).commit(2, info("RENAME COLUMN"), swapped).commit(3, info(), add(table, 3))
    sluice.change(columns=["id", "more"])
    sluice.run(LATER)
    assert changes(sluice) == [(1, 2, "canary 2"), (3, 3, "canary 3")]
