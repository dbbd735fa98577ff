"""Shallow clones: tables whose log names the files of another table."""

from support.compare import assert_windows_like_guide
from support.export import without
from support.rows import assert_same_rows
from support.source import EVENTS

NOON = "2025-01-01T12:00:00Z"
LATER = "2025-01-02T12:00:00Z"
NOW = "2030-01-01T00:00:00Z"


def clone_of(original, source):
    """An empty table, made a clone of `original`."""
    clone = source(EVENTS, "clone")
    clone.sql("DROP TABLE {t}")
    clone.sql(f"CREATE TABLE {{t}} SHALLOW CLONE {original.name} LOCATION '{clone.path.parent / 'copy'}'")
    clone.path = clone.path.parent / "copy"
    return clone


def test_files_and_vectors_of_the_original_are_read(source, sluice):
    events = source(EVENTS, properties={"delta.enableDeletionVectors": "true"})
    events.insert(*(f"{n}, 'a', TIMESTAMP'2025-01-01T0{n}:30:00Z'" for n in range(6)))
    events.sql("DELETE FROM {t} WHERE id = 2")
    clone = clone_of(events, source)
    assert_windows_like_guide(sluice, clone, "2025-01-01T02:00:00Z", NOON)
    clone.sql("DELETE FROM {t} WHERE id = 3")
    clone.insert("9, 'own', TIMESTAMP'2025-01-01T20:30:00Z'")
    report = sluice.run(LATER)
    assert report["rows"] == 1, report
    (n,) = [w["n"] for w in report["windows"] if w["rows"]]
    assert_same_rows(sluice.export().rows(n), clone.expected(NOON, LATER))


def test_paths_that_need_escapes(source, sluice):
    events = source(EVENTS + ", region STRING", "ev ents%41", partitioned_by="region")
    events.insert("1, 'a', TIMESTAMP'2025-01-01T01:30:00Z', 'a/b=c%41 d'")
    assert_windows_like_guide(sluice, clone_of(events, source), NOON)


def test_snapshots_of_a_clone(source, sluice):
    events = source(EVENTS)
    events.insert("1, 'a', TIMESTAMP'2025-01-01T01:30:00Z'")
    clone = clone_of(events, source)
    sluice.add_snapshots("lake.clone", clone.path, name="clone")
    sluice.run(NOW)
    assert_same_rows([without(row, "snapshot_ts") for row in sluice.export().latest()], clone.rows())


def test_an_original_that_was_vacuumed_is_named(source, sluice):
    events = source(EVENTS)
    events.insert("1, 'a', TIMESTAMP'2025-01-01T01:30:00Z'")
    clone = clone_of(events, source)
    for file in events.path.glob("*.parquet"):
        file.unlink()
    sluice.add("lake.clone", clone.path, name="clone", start="2025-01-01T00:00:00Z")
    error = sluice.fails(NOON)
    assert "cloned" in error["remedy"] and str(events.path) in error["message"], error
