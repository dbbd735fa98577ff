"""Fixtures of the end-to-end tests: the binary against folders, sources written by delta-rs."""

import pytest
from support.faults import Faults
from support.lake import Lake, row
from support.sluice import Sluice


@pytest.fixture
def lake(tmp_path):
    """Three commits of one row each."""
    return Lake(tmp_path / "lake" / "events", [row(1, 0.5)], [row(2, 1.5)], [row(3, 2.5)])


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
