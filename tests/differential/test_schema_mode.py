"""`schema_mode: commit`: each window has the schema of its versions, and ends where the schema changes."""

import pytest
from support.feed_history import COLUMNS
from support.rows import assert_same_rows

NOW = "2030-01-01T00:00:00Z"
MAPPED = {"delta.enableChangeDataFeed": "true", "delta.columnMapping.mode": "name"}


@pytest.fixture
def users(source):
    """Two rows at version 1; a column is added at 2 and renamed at 4."""
    table = source(COLUMNS, "users", properties=MAPPED)
    table.insert("1, 'a', 'x', 1", "2, 'b', 'y', 2")
    table.sql("ALTER TABLE {t} ADD COLUMNS (c STRING)")
    table.sql("UPDATE {t} SET c = 'w' WHERE id = 1")
    table.sql("ALTER TABLE {t} RENAME COLUMN c TO d")
    table.sql("UPDATE {t} SET d = 'v' WHERE id = 2")
    return table


def columns_of(manifest: dict) -> list[str]:
    return [field["name"] for field in manifest["schema"]["fields"][:-3]]


def test_each_window_has_the_schema_of_its_versions(users, sluice):
    sluice.add_feed("lake.users", users.path, name="users", start=0, schema_mode="commit")
    report = sluice.run(NOW)
    assert [(w["start"], w["end"]) for w in report["windows"]] == [(-1, 1), (1, 3), (3, 5)]
    export = sluice.export().check()
    plain = ["id", "name", "p", "n"]
    assert [columns_of(m) for m in export.manifests()] == [plain, [*plain, "c"], [*plain, "d"]]
    for manifest, columns in zip(export.manifests()[:2], [plain, [*plain, "c"]], strict=True):
        expected = users.changes(manifest["start"] + 1, manifest["end"], other_schema=True)
        kept = [*columns, "_change_type", "_commit_version", "_commit_timestamp", "_commit_date"]
        expected = [{k: row.get(k, row.get("d")) for k in kept} for row in expected]
        assert_same_rows(export.rows(manifest["n"]), expected)
    assert_same_rows(export.rows(export.manifests()[2]["n"]), users.changes(4, 5))
    notes = " ".join(report["notes"])
    assert "before version 2" in notes and "'c' added" in notes, notes
    assert "before version 4" in notes, notes
    # Under another mode, each window is compared as it was made.
    sluice.change(schema_mode=None)
    outcome = sluice.call("verify", now=NOW)
    assert outcome.json["tables"][0]["outcome"] == "proven", str(outcome)


def test_the_latest_schema_is_cut_at_a_rename_alone_and_the_notes_say_why(users, sluice):
    users.sql("ALTER TABLE {t} ADD COLUMNS (e STRING)")
    users.sql("UPDATE {t} SET e = 'u' WHERE id = 1")
    sluice.add_feed("lake.users", users.path, name="users", start=2)
    report = sluice.run(NOW)
    assert [(w["start"], w["end"]) for w in report["windows"]] == [(1, 3), (3, 7)]
    notes = " ".join(report["notes"])
    assert "cut before version 4" in notes and "'c' renamed to 'd'" in notes and "version 6" not in notes, notes
    assert not sluice.run(NOW)["notes"]
