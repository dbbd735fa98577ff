"""Every command, with each step logged, right and wrong: no secret in what is said or written."""

from __future__ import annotations

import json

import pytest
from support.catalog_sluice import register
from support.lake import Lake, clock, row
from support.unity_checks import Refusal

COMMANDS = ["check", "plan", "run", "status", "verify", "prune", "ls"]


@pytest.fixture
def everything(catalog, on_s3, minio, vendor):
    """Source, destination and state with the catalog's credentials; signed in by OAuth."""
    lake = Lake(minio.url(f"{minio.new_prefix()}/events"), [row(1, 0.5)], storage=minio.storage)
    register(catalog, "main.sales.events", lake.path)
    on_s3.config["destination"] = {"url": minio.url(minio.new_prefix()), "region": "us-east-1",
                                   "endpoint": minio.endpoint, "auth": {"catalog": True}}
    on_s3.config["catalog"]["auth"] = {"client_id_env": "UC_ID", "client_secret_env": "UC_SECRET"}
    on_s3.env |= {"UC_ID": "robot", "UC_SECRET": "CANARY-robots-secret"}
    catalog.sign_in.client("robot", "CANARY-robots-secret")
    return on_s3.add_named("main.sales.events", start=clock(0))


def secrets(catalog, vendor) -> list[str]:
    return ["CANARY-robots-secret", *catalog.sign_in.given, *vendor.secrets()]


def look(sluice, minio, *canaries: str) -> None:
    """In outputs, in files beside the config, and in all that lies in the bucket."""
    sluice.nowhere(*canaries)
    prefix = sluice.config["destination"]["url"].removeprefix(f"s3://{minio.bucket}/")
    for key in minio.keys(prefix):
        data = minio.get(f"{prefix}/{key}")
        assert not any(canary.encode() in data for canary in canaries), key


@pytest.mark.parametrize("newer", [True, False])
def test_when_all_is_well(newer, catalog, everything, minio, vendor):
    catalog.newer = newer
    assert everything.call("run", "-v", now=clock(2), json=False).code == 0
    for command in COMMANDS:
        everything.call(command, "-v", now=clock(4), json=False)
        everything.call(command, "-v", now=clock(4))
    assert len(vendor.given) > 2
    look(everything, minio, *secrets(catalog, vendor))


def test_when_the_catalog_repeats_what_it_was_sent(catalog, everything, minio, vendor):
    """Servers quote requests in their errors."""
    def quote(handler):
        sent = " ".join(f"{name}: {value}" for name, value in handler.headers.items())
        status, body = Refusal("INVALID_ARGUMENT", f"cannot read: {sent} {handler.asked.body.decode()}").older(True)
        handler.send(status, json.dumps(body).encode())
    for kind in ("v1 table", "v1 credentials", "path credentials", "token"):
        catalog.disturb(quote, kind, times=99)
        for command in ("check", "run"):
            assert everything.call(command, "-v", now=clock(2)).code != 0
        catalog.calm()
    look(everything, minio, *secrets(catalog, vendor))


def test_when_storage_refuses_the_credentials(catalog, everything, minio, vendor):
    vendor.elsewhere = "somewhere/else"
    for command in ("check", "run"):
        assert everything.call(command, "-v", now=clock(2)).code != 0
    look(everything, minio, *secrets(catalog, vendor))
