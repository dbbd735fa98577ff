"""docs/aws.md: each command works for a user with exactly the rights that the page says it needs."""

import json
import re

import pytest
from support.lake import NAME, Lake, clock, row
from support.paths import TREE
from support.s3_sluice import S3Sluice

PAGE = (TREE / "docs" / "aws.md").read_text()
LOOK, EXPORT, REMOVE = {"read"}, {"read", "write"}, {"read", "write", "remove"}
COMMANDS = [(("status",), LOOK), (("plan",), LOOK), (("ls",), LOOK), (("verify",), LOOK), (("state", "show"), LOOK),
            (("run",), EXPORT),
            (("backfill", "events", "--from", "2024-12-01T00:00:00Z", "--to", "2024-12-02T00:00:00Z"), EXPORT),
            (("state", "set", "events", clock(1), "--yes"), EXPORT), (("prune",), REMOVE), (("check",), REMOVE | {"ask"})]


def statements(section: str) -> list[dict]:
    """The indented JSON below a heading of the page."""
    text = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M)[1]
    blocks = "\n".join(line for line in text.splitlines() if line.startswith("    "))
    decoder, found = json.JSONDecoder(), []
    while blocks.strip():
        statement, end = decoder.raw_decode(blocks.lstrip())
        found.append(statement)
        blocks = blocks.lstrip()[end:]
    return found


def policy(sections: set[str], lake: str, destination: str) -> dict:
    text = json.dumps([statement for section in sorted(sections) for statement in statements(section)])
    text = text.replace('"s3:GetBucketPublicAccessBlock", ', "")  # MinIO has neither the action nor the setting
    for name, value in (("LAKE", lake), ("DESTINATION", destination), ("PREFIX", "out")):
        text = text.replace(name, value)
    return {"Version": "2012-10-17", "Statement": json.loads(text)}


@pytest.fixture
def exports(server, tmp_path):
    """One table, exported with every right, and one row more in its source."""
    lake_bucket = server.make_bucket(f"lake-{server.new_prefix()}")
    bucket = server.make_bucket(f"rights-{server.new_prefix()}")
    lake = Lake(f"s3://{lake_bucket}/events", [row(1, 0.5)], storage=server.storage)
    sluice = S3Sluice(tmp_path / "sluice", server, "out", bucket=bucket).add(
        NAME, f"s3://{lake_bucket}/events", name="events", start=clock(0))
    assert sluice.call("run", now=clock(2)).code == 0
    lake.append(row(2, 2.5))
    return sluice, lambda sections: server.restricted(policy(sections, lake_bucket, bucket))


@pytest.mark.parametrize(("command", "sections"), COMMANDS, ids=lambda value: "-".join(sorted(value)[:3]))
def test_the_rights_of_the_page_are_enough(command, sections, exports):
    sluice, user = exports
    outcome = sluice.call(*command, now=clock(4), env=user(sections))
    assert outcome.code == 0, str(outcome)
    assert "AccessDenied" not in outcome.stdout + outcome.stderr, str(outcome)


def test_a_writer_who_may_not_delete_exports_all_the_same(exports):
    sluice, user = exports
    for hour in (4, 5, 6):
        outcome = sluice.call("run", now=clock(hour), env=user(EXPORT))
        assert outcome.code == 0, str(outcome)
    assert len(sluice.export().check().rows()) == 2


def test_a_reader_cannot_export(exports):
    sluice, user = exports
    outcome = sluice.call("run", now=clock(4), env=user(LOOK))
    assert outcome.code == 1 and "s3:PutObject" in outcome.table()["error"]["remedy"], str(outcome)
