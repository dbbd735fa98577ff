"""Fixtures of the tests beside Spark."""

import pytest
from support.source import EVENTS


@pytest.fixture
def events(source):
    """A row at half past each hour of a day; files with other events have a fixture of their own."""
    table = source(EVENTS)
    table.insert(*(f"{i}, 'x', TIMESTAMP'2025-01-01T00:30:00Z' + make_interval(0,0,0,0,{i})"
                   for i in range(24)))
    return table
