"""`sluice check` beside a real server: what a bucket's owner configured, and what it means for exports."""

import json

import pytest
from support.lake import NAME, Lake, row
from support.moto_server import Moto
from support.s3_sluice import S3Sluice

ROLE = "arn:aws:iam::123456789012:role/partner"


@pytest.fixture
def bucket(server):
    return server.make_bucket(f"check-{server.new_prefix()}")


@pytest.fixture
def sluice(server, bucket, tmp_path):
    lake = Lake(tmp_path / "lake", [row(1, 0.5)])
    sluice = S3Sluice(tmp_path / "sluice", server, "out", bucket=bucket)
    return sluice.add(NAME, lake.path, name="events", start="2025-01-01T00:00:00Z")


def check(sluice, code: int = 0, **options) -> dict[str, list[dict]]:
    """Findings about the destination by their severity."""
    outcome = sluice.call("check", **options)
    assert outcome.code == code, str(outcome)
    found: dict[str, list[dict]] = {"ok": [], "note": [], "warning": [], "fault": []}
    for finding in outcome.json["findings"]:
        if finding["subject"] == "destination":
            found[finding["severity"]].append(finding)
    return found


def test_a_plain_bucket_has_no_fault_and_keeps_no_probe(sluice, server, bucket):
    found = check(sluice)
    assert not found["fault"] and not found["warning"], found
    messages = " ".join(finding["message"] for finding in found["ok"])
    assert "reachable" in messages and "refused a conditional write" in messages, messages
    assert server.keys("out", bucket) == []


def test_what_the_server_lacks_is_a_note(sluice):
    (note,) = [n for n in check(sluice)["note"] if "not checked" in n["message"]]
    assert "the block of public access" in note["message"]


def test_lifecycle_rules_that_harm_are_faults(sluice, server, bucket):
    server.configure(bucket, "lifecycle", """<LifecycleConfiguration>
        <Rule><ID>old</ID><Status>Enabled</Status><Filter><Prefix>out/</Prefix></Filter>
          <Expiration><Days>30</Days></Expiration></Rule>
        <Rule><ID>elsewhere</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter>
          <Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>""")
    (fault,) = check(sluice, code=1)["fault"]
    assert "'old'" in fault["message"] and "30 days" in fault["message"]
    assert fault["fix"]


def test_a_public_policy_is_a_fault(sluice, server, bucket):
    server.configure(bucket, "policy", json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:*"],
         "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}]}))
    (fault,) = check(sluice, code=1)["fault"]
    assert "everybody" in fault["message"]


def test_a_policy_that_lets_everybody_read_is_a_fault_though_the_server_calls_it_private(sluice, server, bucket):
    server.configure(bucket, "policy", json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"],
         "Resource": [f"arn:aws:s3:::{bucket}/*"]}]}))
    (fault,) = check(sluice, code=1)["fault"]
    assert "everybody" in fault["message"]


@pytest.mark.parametrize("denied", ["s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload"])
def test_what_uploads_need_is_tried(sluice, server, bucket, denied):
    env = server.restricted({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:*"],
         "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]},
        {"Effect": "Deny", "Action": [denied],
         "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}]})
    (finding,) = check(sluice, env=env)["warning"]
    assert denied in finding["fix"], finding


def test_a_state_folder_that_may_not_be_written_is_a_fault(sluice, server, bucket):
    env = server.restricted({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:*"],
         "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]},
        {"Effect": "Deny", "Action": ["s3:PutObject"],
         "Resource": [f"arn:aws:s3:::{bucket}/out/_export_state/*"]}]})
    outcome = sluice.call("check", env=env)
    (fault,) = [f for f in outcome.json["findings"] if f["severity"] == "fault"]
    assert outcome.code == 1 and fault["subject"] == "state" and "s3:PutObject" in fault["fix"], fault


def test_each_right_is_answered_by_itself(sluice, server, bucket):
    def statuses(**options):
        answer = sluice.call("check", **options).json["permissions"]
        assert all(p["message"] for p in answer if p["status"] != "allowed"), answer
        return {(p["subject"], p["permission"]): p["status"] for p in answer}

    everything = statuses()
    assert everything.pop(("destination", "kms")) == "not_tried"
    assert set(everything.values()) == {"allowed"} and (NAME, "read") in everything and len(everything) == 8
    env = server.restricted({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:*"],
         "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]},
        {"Effect": "Deny", "Action": ["s3:DeleteObject"], "Resource": [f"arn:aws:s3:::{bucket}/*"]}]})
    refused = {key for key, status in statuses(env=env).items() if status == "refused"}
    assert refused == {("destination", "delete")}
    assert server.keys("out", bucket)  # the probe of whom nobody lets delete it
    sluice.config["destination"]["encryption"] = {"type": "sse-kms", "kms_key_id": "sluice-test"}
    assert statuses()[("destination", "kms")] == "allowed"


def test_default_encryption_is_told(sluice, server, bucket):
    server.configure(bucket, "encryption", """<ServerSideEncryptionConfiguration><Rule>
        <ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>
        </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>""")
    assert any("SSE-S3, by the bucket's default" in f["message"] for f in check(sluice)["ok"])
    sluice.config["destination"]["encryption"] = {"type": "sse-kms", "kms_key_id": "sluice-test"}
    assert any("SSE-KMS and key sluice-test" in f["message"] for f in check(sluice)["ok"])


def test_the_statement_for_the_partner_is_printed(sluice):
    sluice.config["partner"] = {"role_arn": ROLE}
    (warning,) = check(sluice)["warning"]
    assert f"does not allow {ROLE} to read out/events_incremental/" in warning["message"]
    statements = json.loads("[" + warning["fix"].split("\n", 1)[1] + "]")
    assert [statement["Effect"] for statement in statements] == ["Allow"] * 4 + ["Deny"]


def test_a_bucket_that_is_not_there_is_one_fault(sluice):
    sluice.config["destination"]["url"] = "s3://no-such-bucket-here/out"
    faults = check(sluice, code=1)["fault"]
    assert len(faults) == 1 and "create the bucket" in faults[0]["fix"], faults


def test_credentials_that_may_not_ask_get_one_note(sluice, server, bucket):
    env = server.restricted({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"],
         "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}]})
    notes = [n for n in check(sluice, env=env)["note"] if "may not ask" in n["message"]]
    assert len(notes) == 1 and "s3:GetLifecycleConfiguration" in notes[0]["fix"], notes


def test_a_writer_who_may_not_put_is_told_what_to_allow(sluice, server, bucket):
    env = server.restricted({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:Get*", "s3:ListBucket"],
         "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}]})
    (fault,) = check(sluice, code=1, env=env)["fault"]
    assert "AccessDenied" in fault["message"] and "allow" in fault["fix"], fault


def test_versions_that_nobody_drops_are_a_note(sluice, server, bucket):
    server.configure(bucket, "versioning", "<VersioningConfiguration><Status>Enabled</Status>"
                                           "</VersioningConfiguration>")
    assert any("NoncurrentVersionExpiration" in note["fix"] for note in check(sluice)["note"])


@pytest.fixture(scope="module")
def moto():
    server = Moto()
    yield server
    server.stop()


BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@pytest.mark.parametrize("blocked, severity, says", [
    (BLOCKS, "ok", "public access is blocked"),
    (BLOCKS[:2], "warning", "partly blocked"),
    ((), "warning", "not blocked"),
])
def test_the_block_of_public_access_is_told(moto, tmp_path, blocked, severity, says):
    bucket = moto.make_bucket(f"block-{len(blocked)}")
    if blocked:
        settings = "".join(f"<{name}>{str(name in blocked).lower()}</{name}>" for name in BLOCKS)
        moto.configure(bucket, "publicAccessBlock",
                       '<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                       f"{settings}</PublicAccessBlockConfiguration>")
    lake = Lake(tmp_path / "lake", [row(1, 0.5)])
    sluice = S3Sluice(tmp_path / "sluice", moto, "out", bucket=bucket)
    sluice.add(NAME, lake.path, name="events", start="2025-01-01T00:00:00Z")
    found = [f for f in sluice.call("check").json["findings"] if "public access" in f["message"]]
    assert [f["severity"] for f in found] == [severity] and says in found[0]["message"], found
