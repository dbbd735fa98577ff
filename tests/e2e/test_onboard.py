"""`sluice onboard`: every form of every document is well-formed, and says what this config needs."""

import json
import re
import subprocess

import hcl2
import pytest
import sqlglot
from support.lake import NAME, Lake, clock, row

ROLE = "arn:aws:iam::838011126883:role/AuxiaTransferRole"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0f0f"


@pytest.fixture
def bucket(sluice, lake, tmp_path):
    """A config with everything that documents depend on; its bucket does not exist."""
    off = Lake(tmp_path / "lake" / "off", [row(1, 0.5)])
    on = Lake(tmp_path / "lake" / "on", [row(1, 0.5)], **{"delta.enableChangeDataFeed": "true"})
    sluice.config["destination"] = {
        "url": "s3://acme/o'ut", "region": "eu-west-1", "expected_bucket_owner": "123456789012",
        "auth": {"role_arn": "arn:aws:iam::123456789012:role/exporter", "external_id": "x-1"},
        "encryption": {"type": "sse-kms", "kms_key_id": KEY}}
    sluice.config["partner"] = {"role_arn": ROLE, "external_id": "from-partner"}
    sluice.add_feed("main.crm.users", off.path, name="users", changes="feed")
    sluice.add_feed("main.crm.plans", on.path, name="plans")
    sluice.add_feed("main.crm.gone", tmp_path / "nowhere", name="gone")
    return sluice.add("main.sales.events", lake.path, name="events", start=clock(0))


def onboard(sluice, *arguments: str) -> str:
    outcome = sluice.call("onboard", *arguments, json=False)
    assert outcome.code == 0, str(outcome)
    return outcome.stdout


@pytest.fixture
def documents(bucket):
    outcome = bucket.call("onboard")
    assert outcome.code == 0, str(outcome)
    return outcome.json["documents"]


def test_every_document_says_what_it_is_for_and_for_whom(documents):
    assert {document["who"] for document in documents} == {"partner", "aws", "databricks"}
    assert all(document["purpose"] and document["text"] for document in documents)
    pairs = [(document["name"], document["kind"]) for document in documents]
    assert len(set(pairs)) == len(pairs)


def test_policies_are_json_of_known_shape(documents):
    texts = {document["name"]: json.loads(document["text"]) for document in documents if document["kind"] == "json"}
    for name, policy in texts.items():
        if not name.endswith(("-policy", "-trust", "-guide", "-guard")):
            continue
        assert policy["Version"] == "2012-10-17"
        for statement in policy["Statement"]:
            assert statement["Effect"] in ("Allow", "Deny") and statement["Action"], name
            assert "Resource" in statement or name.endswith("-trust"), name
            assert "Principal" not in statement or not name.endswith(("exporter-policy", "databricks-policy"))
    assert texts["partner-policy-guide"]["Statement"] == [{
        "Effect": "Allow", "Principal": {"AWS": ROLE},
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"],
        "Resource": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"]}]


def test_the_commands_are_a_script_of_bash(bucket):
    script = onboard(bucket, "--format", "aws")
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert checked.returncode == 0 and not checked.stderr, checked.stderr


def test_the_commands_hand_over_what_the_policies_say(bucket, tmp_path):
    """The script is run with an `aws` that notes its arguments."""
    fake = tmp_path / "bin" / "aws"
    fake.parent.mkdir()
    fake.write_text('#!/usr/bin/env python3\nimport json, sys\nopen(sys.argv[0] + ".log", "a").write('
                    'json.dumps(sys.argv[1:]) + "\\n")\nsys.exit(any(w.startswith(("head-", "get-")) for w in sys.argv))\n')
    fake.chmod(0o755)
    ran = subprocess.run(["bash"], input=onboard(bucket, "--format", "aws"), text=True, capture_output=True,
                         env={"PATH": f"{fake.parent}:/usr/bin:/bin"}, check=False)
    assert ran.returncode == 0, ran.stderr
    calls = [json.loads(line) for line in fake.with_suffix(".log").read_text().splitlines()]
    (policy,) = [call[call.index("--policy") + 1] for call in calls if "put-bucket-policy" in call]
    assert json.loads(policy) == json.loads(onboard(bucket, "--format", "json", "--only", "bucket-policy"))
    made = [call[1] for call in calls]
    assert made.index("create-bucket") < made.index("put-public-access-block") < made.index("put-bucket-policy")
    assert "create-grant" in made and made.count("create-role") == 3


def test_commands_leave_a_bucket_alone_that_exists(bucket, tmp_path):
    fake = tmp_path / "bin" / "aws"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$2" >> "$0.log"\n')
    fake.chmod(0o755)
    ran = subprocess.run(["bash"], input=onboard(bucket, "--format", "aws"), text=True, capture_output=True,
                         env={"PATH": f"{fake.parent}:/usr/bin:/bin"}, check=False)
    assert ran.returncode == 0, ran.stderr
    called = fake.with_suffix(".log").read_text().split()
    assert not {name for name in called if name.startswith(("put-bucket", "put-public", "create-bucket"))}
    assert "left alone" in ran.stderr


def test_terraform_is_hcl(bucket):
    module = hcl2.loads(onboard(bucket, "--format", "terraform") + "\n")
    kinds = {kind.strip('"') for resource in module["resource"] for kind in resource}
    assert {"aws_s3_bucket", "aws_s3_bucket_policy", "aws_s3_bucket_public_access_block", "aws_kms_grant",
            "aws_iam_role", "databricks_external_location"} <= kinds


NAMES, TEXT = r"(?:`[^`]+`\.)*`[^`]+`", r"'(?:[^'\\]|\\.)+'"
# Statements that sqlglot does not know, as Databricks' reference gives them.
REFERENCE = [rf"DESCRIBE STORAGE CREDENTIAL {NAMES}",
             rf"CREATE EXTERNAL LOCATION IF NOT EXISTS {NAMES} URL {TEXT} WITH \(STORAGE CREDENTIAL {NAMES}\)",
             rf"CREATE SCHEMA IF NOT EXISTS {NAMES} MANAGED LOCATION {TEXT}"]


def test_sql_is_of_databricks(bucket):
    sql = re.sub(r"^--.*\n", "", onboard(bucket, "--format", "sql"), flags=re.M)
    statements = [" ".join(statement.split()) for statement in sql.split(";") if statement.strip()]
    known = [next((i for i, form in enumerate(REFERENCE) if re.fullmatch(form, s)), None) for s in statements]
    assert known == [0, 1, 2, None, None], statements
    for statement in statements[3:]:
        parsed = sqlglot.parse_one(statement, dialect="databricks", error_level=sqlglot.ErrorLevel.RAISE)
        assert isinstance(parsed, sqlglot.exp.Create | sqlglot.exp.Alter), statement


def test_the_feed_is_turned_on_only_where_it_is_off(bucket):
    sql = onboard(bucket, "--format", "sql", "--only", "change-feed")
    (altered,) = [line for line in sql.splitlines() if line.startswith("ALTER")]
    assert "`main`.`crm`.`users`" in altered
    assert "-- main.crm.plans: the change data feed is on." in sql
    assert "-- main.crm.gone: the source could not be read" in sql


def test_one_document_as_json_can_be_redirected_into_a_file(bucket):
    policy = json.loads(onboard(bucket, "--format", "json", "--only", "partner-policy"))
    assert {statement["Sid"] for statement in policy["Statement"]} == {
        "PartnerReadsExports", "PartnerListsExports", "PartnerLooksThroughFolders", "PartnerFindsTheRegion",
        "PartnerReadsNothingInternal"}


def test_names_select_tables(bucket):
    policy = onboard(bucket, "events", "--format", "json", "--only", "partner-policy")
    assert "events_incremental" in policy and "users_cdc" not in policy


@pytest.mark.parametrize("arguments, says", [(("--only", "nonsense"), "partner-policy"),
                                             (("--only", "bucket", "--format", "sql"), "no form sql"),
                                             (("--format", "yaml"), "yaml"), (("--account", "12"), "12 digits")])
def test_wrong_usage_is_told(bucket, arguments, says):
    outcome = bucket.call("onboard", *arguments)
    assert outcome.code == 2 and says in outcome.error["message"] + outcome.error["remedy"], str(outcome)


def test_roles_of_two_partitions_are_refused_with_key_and_line(bucket):
    bucket.config["partner"]["role_arn"] = ROLE.replace("arn:aws:", "arn:aws-cn:")
    outcome = bucket.call("onboard")
    assert outcome.code == 2, str(outcome)
    message = outcome.error["message"]
    line = int(re.search(r"sluice\.yaml:(\d+): partner\.role_arn", message)[1])
    assert "aws-cn" in (bucket.folder / "sluice.yaml").read_text().splitlines()[line - 1]


def test_a_local_destination_says_plainly_that_little_applies(sluice, lake):
    sluice.add(NAME, lake.path, name="events", start=clock(0))
    outcome = sluice.call("onboard")
    (document,) = outcome.json["documents"]
    assert document["kind"] == "text" and "do not apply" in document["text"]
    assert onboard(sluice, "--format", "terraform") == ""


def test_nothing_is_written(bucket, lake):
    before = lake.look()
    onboard(bucket)
    assert lake.look() == before and not bucket.destination.exists()
