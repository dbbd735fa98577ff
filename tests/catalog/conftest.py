"""Fixtures of the tests beside the test catalog."""

from __future__ import annotations

import pytest
from support.unity_catalog import UnityCatalog


@pytest.fixture
def catalog():
    """An empty one that anybody may ask, as the open-source server is without authorization."""
    server = UnityCatalog()
    yield server
    server.stop()
