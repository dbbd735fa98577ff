"""`sluice onboard --apply` beside a server that keeps policies as AWS does (moto): others' statements stay."""

import itertools
import json

import pytest
from support.lake import NAME, Lake, clock, row
from support.moto_server import Moto
from support.s3_sluice import S3Sluice

ROLE = "arn:aws:iam::123456789012:role/partner"
TLS_ONLY = {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::{}/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


BUCKETS = (f"apply-{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def moto():
    server = Moto()
    yield server
    server.stop()


@pytest.fixture
def sluice(moto, tmp_path):
    bucket = moto.make_bucket(next(BUCKETS))
    lake = Lake(tmp_path / "lake", [row(1, 0.5)])
    sluice = S3Sluice(tmp_path / "sluice", moto, "out", bucket=bucket)
    sluice.config["partner"] = {"role_arn": ROLE}
    return sluice.add(NAME, lake.path, name="events", start=clock(0))


def apply(sluice, code: int = 0) -> dict:
    outcome = sluice.call("onboard", "--apply")
    assert outcome.code == code, str(outcome)
    return outcome.json


def policy(sluice) -> dict:
    return json.loads(sluice.server.configure(sluice.bucket, "policy", "", method="GET"))


def give(sluice, *statements: dict) -> list[dict]:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}).replace("{}", sluice.bucket)
    sluice.server.configure(sluice.bucket, "policy", text)
    return json.loads(text)["Statement"]


def test_a_bucket_without_a_policy_gets_what_is_printed_and_keeps_it(sluice):
    changes = apply(sluice)["applied"]["changes"]
    assert len(changes) == 6 and all(change["before"] is None for change in changes)
    printed = sluice.call("onboard", "--format", "json", "--only", "bucket-policy", json=False).stdout
    assert policy(sluice) == json.loads(printed)
    assert apply(sluice)["applied"]["changes"] == []
    assert not [f for f in sluice.call("check").json["findings"]
                if "policy" in f["message"] and f["severity"] in ("warning", "fault")]


def test_statements_of_others_stay_and_ours_are_updated_in_place(sluice):
    (foreign,) = give(sluice, TLS_ONLY)
    assert apply(sluice)["applied"]["others"] == 1
    before = policy(sluice)["Statement"]
    assert before[0] == foreign
    sluice.add_snapshots("lake.copies", sluice.folder / "nowhere", name="copies")
    changes = apply(sluice)["applied"]["changes"]
    after = policy(sluice)["Statement"]
    assert after[0] == foreign and [s["Sid"] for s in after] == [s["Sid"] for s in before]
    assert {change["sid"] for change in changes} == {"PartnerReadsExports", "PartnerListsExports",
                                                     "PartnerLooksThroughFolders"}


def test_the_difference_is_shown_before(sluice):
    shown = sluice.call("onboard", "--apply", json=False).stdout
    assert shown.index("add PartnerReadsExports") < shown.index("put: the policy")
    assert "is as it should be" in sluice.call("onboard", "--apply", json=False).stdout


def test_another_roles_statement_is_left_to_it(sluice):
    apply(sluice)
    before = policy(sluice)
    sluice.config["partner"]["role_arn"] = ROLE + "-2"
    error = apply(sluice, code=1)["error"]
    assert ROLE + "-2" in error["message"] and policy(sluice) == before


def test_a_policy_that_would_be_too_long_is_refused(sluice):
    (long_one,) = give(sluice, {**TLS_ONLY, "Resource": [f"arn:aws:s3:::{{}}/{n:0200}/*" for n in range(85)]})
    assert "20480" in apply(sluice, code=1)["error"]["message"]
    assert policy(sluice)["Statement"] == [long_one]


def test_without_a_role_or_a_bucket_nothing_is_applied(sluice, tmp_path):
    sluice.config["partner"] = {}
    assert "partner.role_arn" in apply(sluice, code=2)["error"]["message"]
    sluice.config["partner"] = {"role_arn": ROLE}
    sluice.config["destination"] = {"url": "out"}
    assert "local folder" in apply(sluice, code=2)["error"]["message"]
