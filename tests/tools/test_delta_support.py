"""docs/delta-support.md says of every feature what the program does, and names tests that exist."""

import re

from support.hand_log import HandLog, metadata, protocol
from support.hand_written import field
from support.paths import TREE

PAGE = (TREE / "docs" / "delta-support.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|\n").split("|")]
        for line in PAGE.split("Without a feature")[0].splitlines() if line.startswith("| ")][1:]


# How tests that go by SQL, by a property or by a class of ours spell a feature.
SPELLED = {
    "checkpointProtection": "requireCheckpointProtectionBeforeVersion",
    "clustering": "CLUSTER BY",
    "deletionVectors": "DeletionVector",
    "geospatial": "geometry",
    "icebergCompatV1": "enableIcebergCompat",
    "inCommitTimestamp": "enableInCommitTimestamps",
    "timestampNtz": "TIMESTAMP_NTZ",
    "v2Checkpoint": "checkpointPolicy",
    "variantShredding": "enableVariantShredding",
    "variantType": "VARIANT",
}
# What stands for a row without a feature.
MARKS = {
    "log compaction": "compacted",
    "version checksums (`.crc`)": r"\.crc",
    "shallow clones": "clone|Elsewhere",
    "VOID columns": "void",
    "interval columns": "interval",
    "CHAR and VARCHAR columns": "varchar",
    "NOT NULL columns": "NOT NULL",
}


def texts_of(cell: str) -> dict[str, str]:
    """The text of each test that a cell names."""
    named = re.findall(r"`([a-z0-9_]+_test\.cc|test_[a-z0-9_]+\.py)`", cell)
    there = {file.name: file for folder in ("src", "tests") for file in (TREE / folder).rglob("*")}
    assert named and set(named) <= set(there), f"{cell}: {set(named) - set(there)}"
    return {name: there[name].read_text() for name in named}


def says(text: str, feature: str) -> bool:
    """True if a test's text has a feature's own name or its spelling; "x" is not named by "x-preview"."""
    own = re.search(re.escape(feature) + r"(?![-\w])", text, re.IGNORECASE)
    return bool(own) or (feature in SPELLED and SPELLED[feature].lower() in text.lower())


def test_every_feature_is_in_a_test_that_its_row_names():
    silent = [(feature, list(tests)) for row in ROWS for tests in [texts_of(row[3])]
              for feature in row[0].split(", ") if not any(says(text, feature) for text in tests.values())]
    assert not silent


def test_every_test_that_a_row_names_is_about_one_of_its_features():
    strange = [(name, row[0]) for row in ROWS for name, text in texts_of(row[3]).items()
               if not any(says(text, feature) for feature in row[0].split(", "))]
    assert not strange


def test_what_is_without_a_feature_is_in_its_tests():
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")]
            for line in PAGE.split("Without a feature")[1].splitlines() if line.startswith("| ")][1:]
    assert {row[0] for row in rows} == set(MARKS)
    strange = [(name, row[0]) for row in rows for name, text in texts_of(row[3]).items()
               if not re.search(MARKS[row[0]], text, re.IGNORECASE)]
    assert not strange


def test_the_program_reads_and_refuses_what_the_page_says(tmp_path, sluice):
    """Each feature listed as one that readers must know, of a table without rows."""
    refused = {name for names, what, *_ in ROWS for name in names.split(", ") if what.startswith("refused")}
    names = {name for row in ROWS for name in row[0].split(", ")}
    for name in sorted(names):
        table = HandLog(tmp_path / "lake" / name.lower())
        table.commit(0, protocol(3, 7, [name]), metadata(field("id", "long")))
        sluice.add_snapshots(f"lake.{name}", table.path, name=re.sub(r"\W", "_", name))
    outcome = sluice.call("run", now="2030-01-01T00:00:00Z")
    failed = {run["table"].removeprefix("lake.") for run in outcome.json["runs"] if run["status"] == "failed"}
    assert failed == refused


def writers_refused(names: str, what: str) -> set[str]:
    """Those of a row that we do not keep: all, or those in brackets."""
    named = re.search(r"\((\w+): refused\)", what)
    return {named[1]} if named else set(names.split(", ")) if what.startswith("refused") else set()


def test_the_state_table_is_kept_and_refused_as_the_page_says(tmp_path, sluice):
    """Each feature listed as one that binds writers alone, where it is not in use."""
    source = HandLog(tmp_path / "lake" / "source")
    source.commit(0, protocol(1, 2), metadata(field("event_timestamp", "timestamp")))
    columns = [field("source_table", "string"), field("last_exported_end_time", "timestamp"),
               field("last_exported_version", "long"), field("last_run_timestamp", "timestamp")]
    refused, expected = set(), set()
    for names, _, what, _ in ROWS:
        expected |= writers_refused(names, what)
        for name in names.split(", "):
            table = HandLog(tmp_path / "state" / name.lower() / "_export_state")
            table.commit(0, {"protocol": {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": [name]}},
                         metadata(*columns))
            sluice.config = {**sluice.config, "state": str(table.path), "tables": []}
            sluice.add("lake.source", source.path, name="source")
            found = sluice.call("check", now="2030-01-01T00:00:00Z")
            if "what sluice does not do" in found.stdout:
                refused.add(name)
    assert refused == expected


def test_the_page_has_every_feature_that_the_program_reads():
    source = (TREE / "src/sluice/delta/log/table_feature.cc").read_text()
    known = set()
    for name in ("kSupported", "kOfTheLog"):
        known |= set(re.findall(r'"([A-Za-z0-9-]+)"', re.search(name + r"\[\] = \{(.*?)\};", source, re.S)[1]))
    names = {name for row in ROWS for name in row[0].split(", ")}
    assert known <= names, known - names
