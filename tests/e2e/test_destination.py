"""Destinations that can't be written: exit 1, nothing partial, state untouched, the next run goes on."""

import os
import subprocess

import pytest
from support.lake import NAME, Lake, clock, rendered, row, state_row, without_partition
from support.mounts import remount, small_file_system
from support.paths import BINARY
from support.rows import assert_same_rows

ROWS = [row(i, 0.5 + i % 4, f"{i * 7919 % 1000003:040}") for i in range(4000)]


def test_a_file_stands_where_the_destination_should_be(lake, sluice):
    sluice.destination.write_text("mine")
    error = sluice.add(NAME, lake.path, name="events", start=clock(0)).fails(clock(5))
    assert str(sluice.destination) in error["message"] and error["remedy"]
    assert sluice.destination.read_text() == "mine"


def test_a_read_only_file_system(lake, sluice):
    sluice.add(NAME, lake.path, name="events", start=clock(0))
    with small_file_system(sluice.destination, "ro,size=1m") as mounted:
        if not mounted:
            sluice.destination.chmod(0o555)
        error = sluice.fails(clock(5))
    assert_no_permission(error, sluice)


def test_a_folder_without_the_right_to_write(lake, sluice):
    sluice.add(NAME, lake.path, name="events", start=clock(0))
    sluice.destination.mkdir()
    sluice.destination.chmod(0o555)
    if os.geteuid() == 0:  # who may write anywhere: take that right away
        sluice.wrapper = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    assert_no_permission(sluice.fails(clock(5)), sluice)


def assert_no_permission(error: dict, sluice) -> None:
    assert error["kind"] == "permission", error
    assert str(sluice.destination) in error["message"] and error["remedy"], error


@pytest.mark.parametrize("size", [40, 80, 120, 160])
def test_a_full_disk(size, sluice, faults, tmp_path):
    lake = Lake(tmp_path / "lake", ROWS[:2000], ROWS[2000:])
    sluice.add(NAME, lake.path, name="events", start=clock(0), compression="none")
    with small_file_system(sluice.destination, f"size={size}k") as mounted:
        env = None if mounted else faults.env(sluice.folder, do="full", at=size // 2)
        outcome = sluice.call("run", now=clock(5), env=env)
        assert outcome.code == 1, str(outcome)
        error = outcome.table()["error"]
        assert error["kind"] == "storage" and "No space left on device" in error["message"], error
        assert "free space" in error["remedy"], error
        assert not sluice.export().data_files() and not sluice.export().manifests()
        assert state_row(sluice.state) is None
        if mounted:
            remount(sluice.destination, "size=20m")
        assert sluice.run(clock(5))["status"] == "exported"
        assert_same_rows(without_partition(sluice.export().check().rows()), rendered(ROWS))


def test_a_destination_that_is_not_there_yet_is_made(lake, sluice):
    sluice.config["destination"]["url"] = "not/yet/there"
    sluice.destination = sluice.folder / "not" / "yet" / "there"
    sluice.add(NAME, lake.path, name="events", start=clock(0)).run(clock(5))
    assert len(sluice.export().check().rows()) == 3


def test_files_of_others_at_the_destination_stay_and_are_told(lake, sluice):
    sluice.add(NAME, lake.path, name="events", start=clock(0)).run(clock(1))
    foreign = sluice.export().folder / "dt=2025-01-01" / "hr=00" / "part-00000-abc.c000.snappy.parquet"
    foreign.write_bytes(b"a notebook's")
    sluice.run(clock(5))
    assert foreign.read_bytes() == b"a notebook's"
    listed = sluice.call("ls", "events", "--recursive", json=False)
    (line,) = [line for line in listed.stdout.splitlines() if foreign.name in line]
    assert "foreign" in line, str(listed)


def test_the_binary_runs_from_anywhere(lake, sluice, tmp_path):
    """Its libraries are found by where it lies, not by where it is called."""
    link = tmp_path / "bin" / "sluice"
    link.parent.mkdir()
    link.symlink_to(BINARY)
    config = sluice.add(NAME, lake.path, name="events", start=clock(0)).write_config()
    done = subprocess.run([str(link), "--config", str(config), "run", "--now", clock(5)], cwd="/",
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(sluice.export().check().rows()) == 3
