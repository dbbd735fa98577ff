"""Fixtures of the end-to-end tests: the binary against folders, sources written by delta-rs."""

import pytest
from support.faults import Faults
from support.lake import NAME, Lake, clock, row
from support.sluice import Sluice


@pytest.fixture
def lake(tmp_path):
    """Three commits of one row each."""
    return Lake(tmp_path / "lake" / "events", [row(1, 0.5)], [row(2, 1.5)], [row(3, 2.5)])


@pytest.fixture
def four_hours(tmp_path):
    """A row an hour."""
    return Lake(tmp_path / "lake" / "events", *[[row(hour, hour - 0.5)] for hour in (1, 2, 3, 4)])


@pytest.fixture
def events(four_hours, sluice):
    """Three of the four hours exported; files with other events have a fixture of their own."""
    sluice.add(NAME, four_hours.path, start=clock(0))
    for hour in (1, 2, 3):
        sluice.run(clock(hour))
    return sluice


@pytest.fixture
def other(tmp_path):
    """A second, sound table."""
    return Lake(tmp_path / "lake" / "other", [row(7, 1.5)])


@pytest.fixture
def sluice(tmp_path):
    return Sluice(tmp_path / "sluice")


@pytest.fixture(scope="session")
def faults(tmp_path_factory):
    return Faults(tmp_path_factory.mktemp("call_shim"))
