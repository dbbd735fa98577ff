"""What `sluice onboard` prints is enough for whom it is meant, and no more: tried on a server."""

import json

import pytest
from pyarrow import fs
from support.lake import NAME, Lake, clock, row
from support.s3_sluice import S3Sluice

ROLE = "arn:aws:iam::123456789012:role/partner"


@pytest.fixture
def exported(server, tmp_path):
    """Two tables, exported; the sources in a bucket of their own."""
    lake_bucket = server.make_bucket(f"lake-{server.new_prefix()}")
    bucket = server.make_bucket(f"onboard-{server.new_prefix()}")
    sluice = S3Sluice(tmp_path / "sluice", server, "out", bucket=bucket)
    sluice.config["partner"] = {"role_arn": ROLE}
    sluice.lake = Lake(f"s3://{lake_bucket}/events", [row(1, 0.5)], storage=server.storage)
    sluice.add_snapshots("lake.copies", f"s3://{lake_bucket}/events", name="copies")
    sluice.add(NAME, f"s3://{lake_bucket}/events", name="events", start=clock(0))
    outcome = sluice.call("run", now=clock(2))
    assert outcome.code == 0, str(outcome)
    return sluice


def document(sluice, name: str, *arguments: str) -> dict:
    outcome = sluice.call("onboard", *arguments, "--format", "json", "--only", name, json=False)
    assert outcome.code == 0, str(outcome)
    return json.loads(outcome.stdout)


def rights(policy: dict) -> dict:
    """What a bucket's policy gives its principal, as a policy of that principal."""
    statements = [{k: v for k, v in s.items() if k != "Principal"} for s in policy["Statement"]]
    return {**policy, "Statement": statements}


class User:
    """Somebody with the rights of a policy and no others."""

    def __init__(self, server, policy: dict):
        self.env = server.restricted(policy)
        self.fs = fs.S3FileSystem(
            access_key=self.env["AWS_ACCESS_KEY_ID"], secret_key=self.env["AWS_SECRET_ACCESS_KEY"],
            session_token=self.env["AWS_SESSION_TOKEN"], endpoint_override=server.endpoint.removeprefix("http://"),
            scheme="http", region="us-east-1")

    def list(self, folder: str, recursive: bool = True) -> list[str]:
        return [info.path for info in self.fs.get_file_info(fs.FileSelector(folder, recursive=recursive))]

    def read(self, key: str) -> bytes:
        with self.fs.open_input_stream(key) as stream:
            return stream.read()

    def write(self, key: str) -> None:
        with self.fs.open_output_stream(key) as stream:
            stream.write(b"x")


def refused(work, *arguments) -> bool:
    try:
        work(*arguments)
    except OSError as error:
        assert "ACCESS_DENIED" in str(error) or "403" in str(error), error
        return True
    return False


def test_the_partner_reads_exports_and_manifests_and_nothing_else(exported, server):
    bucket = exported.bucket
    partner = User(server, rights(document(exported, "partner-policy")))
    seen = [key for folder in ("events_incremental", "copies", "_sluice/events/manifests", "_sluice/copies/manifests")
            for key in partner.list(f"{bucket}/out/{folder}")]
    files = [key for key in seen if key.endswith((".parquet", ".json", "_SUCCESS"))]
    assert {key.rsplit(".")[-1] for key in files} >= {"parquet", "json"} and any("_SUCCESS" in k for k in files)
    for key in [*files, f"{bucket}/out/_sluice/events/heartbeat.json"]:
        partner.read(key)
    everything = {f"{bucket}/out/{key}" for key in server.keys("out", bucket)}
    internal = sorted(key for key in everything if "/ledger/" in key or "/_export_state/" in key)
    assert len(internal) > 4 and set(files).isdisjoint(internal)
    for key in internal:
        assert refused(partner.read, key), key
    for key in (files[0], f"{bucket}/out/events_incremental/new.parquet", internal[0]):
        assert refused(partner.write, key), key
    for key in (files[0], internal[0]):
        assert refused(partner.fs.delete_file, key), key
    # Every object is one of the two kinds: none is left unjudged.
    heartbeats = {key for key in everything if key.endswith("/heartbeat.json") and "/ledger/" not in key}
    assert everything == set(files) | set(internal) | heartbeats


def test_the_partner_lists_neither_internal_folders_nor_all_at_once(exported, server):
    bucket = exported.bucket
    partner = User(server, rights(document(exported, "partner-policy")))
    for folder in ("out/_sluice/events/ledger", "out/_export_state", "out/_export_state/_delta_log", "out"):
        assert refused(partner.list, f"{bucket}/{folder}"), folder
    assert f"{bucket}/out/events_incremental" in partner.list(f"{bucket}/out", recursive=False)


def test_the_partner_sees_no_other_bucket(exported, server):
    partner = User(server, rights(document(exported, "partner-policy")))
    other = server.make_bucket(f"other-{server.new_prefix()}")
    with server.fs.open_output_stream(f"{other}/out/events_incremental/x.parquet") as stream:
        stream.write(b"x")
    assert refused(partner.list, f"{other}/out/events_incremental")
    assert refused(partner.read, f"{other}/out/events_incremental/x.parquet")


def test_one_tables_partner_reads_that_one(exported, server):
    partner = User(server, rights(document(exported, "partner-policy", "copies")))
    assert partner.list(f"{exported.bucket}/out/copies")
    assert refused(partner.list, f"{exported.bucket}/out/events_incremental")


def test_the_guides_policy_reads_the_whole_bucket_and_writes_nothing(exported, server):
    partner = User(server, rights(document(exported, "partner-policy-guide")))
    keys = [key for key in partner.list(f"{exported.bucket}/out") if key.endswith(".json")]
    assert any("/ledger/" in key for key in keys)
    partner.read(keys[0])
    assert refused(partner.write, f"{exported.bucket}/out/x")


def test_the_exporter_does_everything_with_its_policy(exported, server):
    policy = document(exported, "exporter-policy")
    text = json.dumps(policy).replace('"s3:GetBucketPublicAccessBlock", ', "")  # MinIO has no such action
    env = server.restricted(json.loads(text))
    exported.lake.append(row(2, 2.5))
    for call in (("check",), ("plan",), ("run",), ("status",), ("ls",), ("verify",), ("prune",), ("handover",)):
        outcome = exported.call(*call, now=clock(4), env=env)
        assert outcome.code == 0, str(outcome)
        assert "AccessDenied" not in outcome.stdout + outcome.stderr, str(outcome)


def test_check_finds_nothing_missing_in_a_bucket_with_the_policy(exported, server):
    """The server takes only policies for everybody: the principal is put in where `check` compares it."""
    policy = document(exported, "bucket-policy")
    finding = [f for f in exported.call("check").json["findings"] if ROLE in f["message"]]
    assert finding[0]["severity"] == "warning"
    statements = json.loads("[" + finding[0]["fix"].split("\n", 1)[1] + "]")
    wanted = {json.dumps(s, sort_keys=True) for s in policy["Statement"]}
    internal = [s for s in statements if s["Effect"] == "Allow"]
    assert internal and all(json.dumps(s, sort_keys=True) in wanted for s in internal)
