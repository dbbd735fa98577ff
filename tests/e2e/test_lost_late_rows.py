"""Append sources that were overwritten and vacuumed: late rows can no longer be found, which is an error that
leads out, and no row is lost or doubled on the way."""

import deltalake
import pyarrow as pa
import pytest
from support.history import to_arrow
from support.lake import NAME, Lake, clock, rendered, row, without_partition
from support.rows import assert_same_rows

ROWS = [row(1, 0.5), row(2, 1.5)]


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake" / "events", ROWS)


@pytest.fixture
def events(lake, sluice):
    sluice.add(NAME, lake.path, start=clock(0)).run(clock(2))
    return sluice


def overwrite(lake, *rows, retype: bool = False) -> None:
    table = to_arrow(list(rows))
    if retype:
        table = table.set_column(0, "id", table.column("id").cast(pa.string()))
    deltalake.write_deltalake(str(lake.path), table, mode="overwrite", schema_mode="overwrite")


def vacuum(lake) -> None:
    live = {uri.rsplit("/", 1)[1] for uri in lake.table.file_uris()}
    for file in lake.data_files():
        if file.name not in live:
            file.unlink()


def follow(remedy: str, sluice, hour: int) -> None:
    """What the error says: ignore late rows, export again what is exported, look for late rows again."""
    (command,) = [part for part in remedy.split("`") if part.startswith("sluice backfill")]
    sluice.change(late_rows="ignore").run(clock(hour), *command.split()[2:], command="backfill")
    sluice.change(late_rows="export")


def assert_exported(sluice, rows) -> None:
    assert_same_rows(without_partition(sluice.export().check().rows()), rendered(rows))
    assert sluice.call("verify", now=clock(9)).code == 0


def test_an_overwrite_whose_old_files_are_there_is_no_trouble(lake, events):
    overwrite(lake, *ROWS, row(3, 0.7), row(4, 2.5))
    assert events.run(clock(3))["late_rows"] == 1
    assert_exported(events, [*ROWS, row(3, 0.7), row(4, 2.5)])


def test_a_vacuumed_overwrite_names_the_version_and_the_way_out(lake, events):
    overwrite(lake, *ROWS, row(3, 0.7), row(4, 2.5))
    vacuum(lake)
    error = events.fails(clock(3))
    assert error["kind"] == "source_gone" and "version 2" in error["message"], error
    assert "vacuumed" in error["message"], error
    for command in ("check", "plan"):
        assert events.call(command, now=clock(3)).code == 1
    assert events.export().check().kinds() == ["window"]
    follow(error["remedy"], events, 3)
    assert events.run(clock(3))["late_rows"] == 0
    assert_exported(events, [*ROWS, row(3, 0.7), row(4, 2.5)])


def test_a_late_row_that_was_rewritten_and_vacuumed_is_not_lost(lake, events):
    lake.append(row(3, 0.7))
    lake.table.optimize.compact()
    vacuum(lake)
    error = events.fails(clock(3))
    assert error["kind"] == "source_gone" and "version 2" in error["message"], error
    follow(error["remedy"], events, 3)
    events.run(clock(3))
    assert_exported(events, [*ROWS, row(3, 0.7)])


@pytest.mark.parametrize("vacuumed", [False, True])
def test_an_overwrite_with_other_types_leads_out_too(vacuumed, lake, events):
    overwrite(lake, *ROWS, row(4, 2.5), retype=True)
    if vacuumed:
        vacuum(lake)
    error = events.fails(clock(3))
    assert vacuumed or "column 'id' was long and is string" in error["message"], error
    assert events.call("check", now=clock(3)).code == 1
    follow(error["remedy"], events, 3)
    assert events.run(clock(3))["rows"] == 1
    assert sorted(r["id"] for r in events.export().check().rows()) == ["1", "2", "4"]


@pytest.mark.parametrize("policy", ["ignore", "report"])
def test_late_rows_in_a_backfill_are_not_found_again(policy, lake, events):
    lake.append(row(3, 0.7))
    events.change(late_rows=policy)
    events.run(clock(2), "events", "--from", clock(0), "--to", clock(2), "--again", command="backfill")
    events.change(late_rows="export").run(clock(3))
    assert_exported(events, [*ROWS, row(3, 0.7)])


def test_a_lost_file_that_held_only_rows_to_come_is_no_trouble(lake, events):
    lake.append(row(5, 5.5))
    lake.table.optimize.compact()
    vacuum(lake)
    assert events.run(clock(3))["rows"] == 0
    events.run(clock(6))
    assert_exported(events, [*ROWS, row(5, 5.5)])
