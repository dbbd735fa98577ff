"""Fixtures of the tests beside the test catalog."""

from __future__ import annotations

import pytest
from support.catalog_sluice import CatalogSluice, sign_in
from support.minio import Minio
from support.toxiproxy import Toxiproxy
from support.unity_catalog import UnityCatalog
from support.unity_vending import MinioVendor


@pytest.fixture
def catalog():
    """An empty one that anybody may ask, as the open-source server is without authorization."""
    server = UnityCatalog()
    yield server
    server.stop()


@pytest.fixture
def sluice(tmp_path, catalog):
    """The program, signed in at `catalog`, without tables yet."""
    return CatalogSluice(tmp_path / "sluice", sign_in(catalog))


@pytest.fixture(scope="session")
def minio():
    server = Minio()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def toxiproxy():
    toxiproxy = Toxiproxy()
    yield toxiproxy
    toxiproxy.stop()


@pytest.fixture
def vendor(minio, catalog):
    """Credentials of MinIO's STS, each for one table's prefix."""
    catalog.vendor = MinioVendor(minio)
    return catalog.vendor


@pytest.fixture
def on_s3(tmp_path, catalog, minio, vendor):
    """The program with sources in MinIO's bucket, and no keys of its own."""
    return CatalogSluice(tmp_path / "sluice", sign_in(catalog), minio)
