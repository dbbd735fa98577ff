"""Buckets that keep versions or lock them, and a writer who may not delete: whole exports, twice, and what is pruned."""

import pytest
from support.feed_history import replay
from support.lake import NAME, Lake, clock, row, without_partition
from support.outcome import COLUMNS, live
from support.rows import assert_same_rows
from support.s3_sluice import S3Sluice
from support.sigv4 import ask, signed_request

FEED, COUNTRIES = "lake.users", "lake.countries"
KEEP_VERSIONS = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
LOCK_FOR_A_DAY = ("<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
                  "<Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>")


def versioned(server) -> str:
    bucket = server.make_bucket(f"versioned-{server.new_prefix()}")
    server.configure(bucket, "versioning", KEEP_VERSIONS)
    return bucket


def locked(server) -> str:
    """Nothing in it can be deleted or replaced for a day; a deletion only hides, a write adds a version."""
    bucket = server.make_bucket(f"locked-{server.new_prefix()}", x_amz_bucket_object_lock_enabled="true")
    server.configure(bucket, "object-lock", LOCK_FOR_A_DAY)
    return bucket


class Exports:
    """Three tables, one of each pattern, exported into one bucket."""

    def __init__(self, folder, server, bucket: str, env: dict | None = None):
        self.server, self.bucket, self.env = server, bucket, env
        self.lakes = [Lake(folder / "lake" / "events", [row(1, 0.5), row(2, 1)]),
                      Lake(folder / "lake" / "users", [row(1, 0.5)], **{"delta.enableChangeDataFeed": "true"}),
                      Lake(folder / "lake" / "countries", [row(1, 0.5)])]
        events, users, countries = self.lakes
        self.sluice = S3Sluice(folder / "sluice", server, "out", bucket=bucket)
        self.sluice.add(NAME, events.path, name="events", start=clock(0))
        self.sluice.add_feed(FEED, users.path, name="users")
        self.sluice.add_snapshots(COUNTRIES, countries.path, name="countries", keep=1, skip_unchanged=True)

    def run(self, hour: int) -> dict[str, dict]:
        outcome = self.sluice.call("run", now=clock(hour), env=self.env)
        assert outcome.code == 0, str(outcome)
        return {run["name"]: run for run in outcome.json["runs"]}

    def grow(self) -> None:
        for n, lake in enumerate(self.lakes):
            lake.append(row(10 + n, 2.5))

    def check(self) -> None:
        """Each is its source, exactly once."""
        events, users, countries = self.lakes
        export = self.sluice.export("events").check()
        assert_same_rows(without_partition(export.rows()), live(events))
        export = self.sluice.export("users").check()
        exported = replay(export.rows(export.seed()["n"]), export.changes(), COLUMNS)
        assert exported == replay(live(users), [], COLUMNS)
        export = self.sluice.export("countries").check()
        assert_same_rows(export.latest(), live(countries))

    def plant(self) -> list[str]:
        """What a lost attempt at export 1 left: a file, and an upload."""
        file, upload = (f"out/events_incremental/dt=2025-01-01/hr=00/sluice-{1:08}-00112233445566ff-{n:05}.parquet"
                        for n in (8, 9))
        address = f"{self.server.endpoint}/{self.bucket}/"
        quoted = [address + key.replace("=", "%3D") for key in (file, upload)]
        ask(signed_request(self.server.env, "PUT", quoted[0], b"PAR1"))
        ask(signed_request(self.server.env, "POST", quoted[1] + "?uploads"))
        return sorted(key.removeprefix("out/") for key in (file, upload))


@pytest.mark.parametrize("make_bucket", [versioned, locked])
def test_each_pattern_is_exported_once_and_pruned(make_bucket, server, tmp_path):
    exports = Exports(tmp_path, server, make_bucket(server))
    first = exports.run(2)
    assert {run["status"] for run in first.values()} == {"exported"}, first
    assert {run["status"] for run in exports.run(2).values()} == {"nothing_new"}
    exports.grow()
    exports.run(4)
    exports.check()
    assert exports.sluice.export("countries").folders() == ["snapshot_ts=2025-01-01T04-00-00Z"]  # keep: 1
    planted = exports.plant()
    outcome = exports.sluice.call("prune", now=clock(72))
    assert outcome.code == 0, str(outcome)
    removed = [action["key"] for table in outcome.json["tables"] for action in table["removed"]]
    assert sorted(key for key in removed if "00112233445566ff" in key) == planted, outcome.stdout
    assert exports.sluice.call("verify", now=clock(4)).code == 0
    exports.check()
    assert all(table["removed"] == [] for table in exports.sluice.call("prune", now=clock(72)).json["tables"])


def test_check_says_that_a_lock_keeps_what_is_pruned(server, tmp_path):
    outcome = Exports(tmp_path, server, locked(server)).sluice.call("check", now=clock(2))
    assert any("lock" in finding["message"] for finding in outcome.json["findings"]), outcome.stdout


@pytest.fixture
def without_deletion(server, tmp_path):
    """A writer whose policy has everything but s3:DeleteObject."""
    bucket = server.make_bucket(f"kept-{server.new_prefix()}")
    env = server.restricted({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
         "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketLocation",
                    "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:ListBucketMultipartUploads"]}]})
    return Exports(tmp_path, server, bucket, env)


def test_a_writer_who_may_not_delete_exports_and_says_what_stays(without_deletion):
    exports = without_deletion
    exports.run(2)
    exports.grow()
    (note,) = exports.run(4)["countries"]["notes"]
    assert note.startswith("an older snapshot stays, because it could not be removed: s3://"), note
    assert exports.sluice.export("countries").kinds() == ["snapshot", "snapshot"]  # as valid as it was
    assert "AccessDenied" in note and "allow s3:DeleteObject" in note, note
    exports.check()
    assert len(exports.sluice.export("countries").folders()) == 2
    assert {run["status"] for run in exports.run(4).values()} == {"nothing_new"}
    outcome = exports.sluice.call("prune", now=clock(9), env=exports.env)
    assert outcome.code == 1 and "AccessDenied" in outcome.stdout, str(outcome)
    # With the permission, the next run makes up for it.
    exports.env = None
    exports.run(5)
    assert len(exports.sluice.export("countries").folders()) == 1


def test_a_state_log_that_may_not_be_cleaned_up_is_checkpointed(without_deletion):
    exports = without_deletion
    for hour in range(1, 14):
        exports.run(hour)
    log = exports.sluice.look().state / "_delta_log"
    assert list(log.glob("*.checkpoint.parquet")), sorted(log.iterdir())


def test_check_warns_a_writer_who_may_not_delete(without_deletion):
    outcome = without_deletion.sluice.call("check", now=clock(2), env=without_deletion.env)
    (warning,) = [f for f in outcome.json["findings"] if f["severity"] == "warning" and "stays" in f["message"]]
    assert "AccessDenied" in warning["message"] and "s3:DeleteObject" in warning["fix"], warning
