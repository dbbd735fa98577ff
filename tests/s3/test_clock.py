"""A clock that runs ahead of the store's would close a window early; docs/commit-protocol.md."""

import datetime

import pytest
from support.lake import NAME, Lake, row
from support.s3_sluice import S3Sluice


@pytest.fixture
def sluice(server, tmp_path):
    lake = Lake(tmp_path / "lake", [row(1, 0.5)])
    sluice = S3Sluice(tmp_path / "sluice", server, server.new_prefix())
    return sluice.add(NAME, lake.path, name="events", start="2025-01-01T00:00:00Z", delay="0m")


def ahead(**by) -> str:
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**by)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_window_that_would_end_in_the_stores_future_is_refused(sluice, command):
    outcome = sluice.call(command, now=ahead(hours=2))
    assert outcome.code == 1, str(outcome)
    error = outcome.json["runs" if command == "run" else "plans"][0]["error"]
    assert error["kind"] == "conflict" and "the destination's clock" in error["message"]
    assert sluice.export().manifests() == []


def test_seconds_and_what_is_plainly_meant_are_not(sluice):
    assert sluice.call("run", now=ahead(seconds=20)).code == 0
    assert sluice.call("run", now=ahead(days=400)).code == 0
