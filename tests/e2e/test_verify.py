"""`verify` and `ls`: whatever is not as manifests and source say is named, and nothing else is."""

import json
import pathlib
import shutil

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.lake import NAME, Lake, clock, row
from support.ledger import ledger_folder

ROWS = [row(1, 0.2, "first"), row(2, 0.5, "second"), row(3, 1.5, "third")]


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake" / "events", ROWS)


@pytest.fixture
def events(lake, sluice):
    """One window: two rows at hour 0, one at hour 1."""
    sluice.add(NAME, lake.path, start=clock(0), copy="never", compression="none").run(clock(2))
    return sluice


@pytest.fixture
def countries(lake, sluice):
    sluice.add_snapshots(NAME, lake.path, name="countries").run(clock(2))
    return sluice


def verify(sluice, code: int = 0) -> dict:
    outcome = sluice.call("verify", now=clock(9))
    assert outcome.code == code, str(outcome)
    (table,) = outcome.json["tables"]
    assert table["error"] is None and (table["outcome"] != "not_proven") == (code == 0), str(outcome)
    return table


def told(sluice, code: int = 0) -> str:
    outcome = sluice.call("verify", now=clock(9), json=False)
    assert outcome.code == code, str(outcome)
    return outcome.stdout


def listed(sluice, code: int = 0) -> dict[str, dict]:
    outcome = sluice.call("ls", "--recursive", now=clock(9))
    assert outcome.code == code, str(outcome)
    return {entry["key"]: entry for entry in outcome.json["objects"]}


def verdicts(sluice) -> list[str]:
    return [export["source"] for export in verify(sluice)["exports"]]


def file_of(sluice, hour: int) -> pathlib.Path:
    (file,) = (sluice.destination / "events_incremental" / "dt=2025-01-01" / f"hr={hour:02}").iterdir()
    return file


def rewrite(file: pathlib.Path, change) -> None:
    pq.write_table(change(pq.ParquetFile(file).read()), file)


def faults(sluice) -> list[str]:
    (export,) = verify(sluice, code=1)["exports"]
    assert "backfill events --from" in export["remedy"], export
    return export["faults"]


# Files

def test_a_file_of_the_same_size_with_other_bytes_is_named_with_its_rows(events):
    file = file_of(events, 0)
    data = file.read_bytes()
    file.write_bytes(data.replace(b"second", b"SECOND"))
    assert len(file.read_bytes()) == len(data) != data.count(b"SECOND")
    found = faults(events)
    assert any(file.name in fault and "checksum" in fault for fault in found), found
    assert any(fault.startswith("only at the destination") and "SECOND" in fault for fault in found), found
    assert any(fault.startswith("only in the source") and "second" in fault for fault in found), found
    assert not any("first" in fault or "hr=01" in fault for fault in found), found
    assert listed(events)  # a listing reads no bytes


def test_a_file_that_can_t_be_read_any_more_is_named(events):
    file = file_of(events, 1)
    file.write_bytes(b"x" * len(file.read_bytes()))
    found = faults(events)
    assert sum(file.name in fault for fault in found) == 2, found
    assert any(fault.startswith("only in the source") and "third" in fault for fault in found), found


def test_a_missing_row_is_shown(events):
    file = file_of(events, 0)
    rewrite(file, lambda table: table.slice(1))
    found = faults(events)
    assert any(file.name in fault and "1 rows, the manifest says 2" in fault for fault in found), found
    assert any(fault.startswith("only in the source") and "first" in fault for fault in found), found
    entry = listed(events, code=1)[str(file.relative_to(events.destination))]
    assert entry["standing"] == "wrong size" and "backfill events" in entry["remedy"], entry


def test_a_doubled_row_is_shown_with_how_often_it_is_there(events):
    rewrite(file_of(events, 0), lambda table: pa.concat_tables([table, table.slice(0, 1)]))
    (shown,) = [fault for fault in faults(events) if "first" in fault]
    assert shown.startswith("2 times at the destination, once in the source"), shown


def test_a_missing_file_is_named_and_its_rows_shown(events):
    file = file_of(events, 0)
    file.unlink()
    found = faults(events)
    assert any(file.name in fault and "is not there" in fault for fault in found), found
    assert any(fault.startswith("only in the source") for fault in found), found
    assert listed(events, code=1)[str(file.relative_to(events.destination))]["standing"] == "missing"


def test_a_row_that_came_into_the_source_by_other_ways_is_a_difference(lake, events):
    # The version's only data file is written over, as no Delta writer does.
    (file,) = lake.data_files()
    rewrite(file, lambda table: pa.concat_tables([table.slice(0, 2), table.slice(0, 1)]))
    found = faults(events)
    assert any(fault.startswith("2 times in the source, once at the destination") and "first" in fault
               for fault in found), found
    assert "dt=2025-01-01/hr=01: rows at the destination 1, in the source 0" in found, found


def test_a_copied_file_is_foreign_and_doubles_what_a_lister_reads(events):
    file = file_of(events, 0)
    copy = file.parent.parent / "hr=07" / file.name
    copy.parent.mkdir()
    shutil.copy(file, copy)
    name = str(copy.relative_to(events.destination))
    entry = listed(events)[name]
    assert entry["standing"] == "foreign" and entry["remark"].startswith("a copy of "), entry
    (fault,) = verify(events, code=1)["faults"]
    assert fault.startswith(name) and "export 1" in fault and "sluice prune" in fault, fault
    assert events.call("prune", now=clock(9)).code == 0
    assert verify(events)["faults"] == [] and file.exists() and not copy.exists()


def test_files_of_others_beside_windows_are_no_fault(events):
    theirs = file_of(events, 0).parent / "part-00000-notebook.snappy.parquet"
    shutil.copy(file_of(events, 1), theirs)
    assert verify(events)["faults"] == [] and theirs.exists()


def test_a_foreign_file_in_the_folder_of_a_snapshot_is_a_fault(countries):
    (file,) = (countries.destination / "countries").glob("*/*.parquet")
    (file.parent / "_committed_1").touch()
    verify(countries)
    theirs = file.parent / "part-00000-notebook.snappy.parquet"
    shutil.copy(file, theirs)
    (fault,) = verify(countries, code=1)["faults"]
    assert theirs.name in fault and "move it away" in fault, fault
    assert "move it away" in told(countries, code=1)
    assert countries.call("prune", now=clock(9)).code == 0 and theirs.exists()


def test_a_snapshot_without_its_success_is_a_fault_until_it_is_put_back(countries):
    (success,) = (countries.destination / "countries").glob("*/_SUCCESS")
    success.unlink()
    (export,) = verify(countries, code=1)["exports"]
    (fault,) = export["faults"]
    assert str(success) in fault and export["source"] == "same" and not export["remedy"], export
    entry = listed(countries, code=1)[str(success.relative_to(countries.destination))]
    assert entry["standing"] == "missing", entry
    assert "_SUCCESS  (missing:" in countries.call("ls", "--recursive", json=False, now=clock(9)).stdout
    success.touch()
    verify(countries)
    listed(countries)


def test_a_damaged_snapshot_is_mended_by_another_one_not_by_a_backfill(countries):
    (file,) = (countries.destination / "countries").glob("*/*.parquet")
    file.write_bytes(file.read_bytes() + b"x")
    (export,) = verify(countries, code=1)["exports"]
    remedy = listed(countries, code=1)[str(file.relative_to(countries.destination))]["remedy"]
    assert remedy == export["remedy"] and "sluice run countries" in remedy and "backfill" not in remedy


# Windows that overlap

def test_a_state_set_back_by_hand_is_never_silent(lake, events):
    assert events.call("state", "set", "events", clock(1), now=clock(2)).code == 0
    events.run(clock(3))
    (overlap,) = verify(events)["overlaps"]
    assert overlap == {"earlier": 1, "later": 3, "start": clock(1), "end": clock(2), "reset": 2}
    assert "lie there twice, by export 1 and by export 3: the state was set back by hand" in told(events)
    events.run(clock(9), "events", "--from", clock(0), "--to", clock(3), "--again", command="backfill")
    assert verify(events)["overlaps"] == []


def test_a_forgotten_state_is_never_silent(events):
    assert events.call("state", "forget", "events", now=clock(2)).code == 0
    events.run(clock(2))
    table = verify(events)
    assert table["overlaps"] == [] and table["lingering"] == [{"n": 1, "by": 3, "files": 2}]
    assert "readers of folders see them twice until `sluice prune`" in told(events)


def test_an_overlap_that_nobody_asked_for_is_a_fault(events):
    """As if a window had been exported twice: its manifest, as another number."""
    manifests = events.destination / "_sluice" / "events" / "manifests"
    manifest = json.loads((manifests / f"{1:020}.json").read_text())
    for folder, kind in ((manifests, ""), (ledger_folder(events), ".intent"), (ledger_folder(events), ".commit")):
        record = json.loads((folder / f"{1:020}{kind}.json").read_text())
        record["n"] = 2
        if kind == ".commit":
            record["manifest"]["n"] = 2
        (folder / f"{2:020}{kind}.json").write_text(json.dumps(record))
    table = verify(events, code=1)
    (fault,) = table["faults"]
    assert "by export 1 and by export 2" in fault and "--again" in fault, fault
    assert (table["overlaps"][0]["start"], table["overlaps"][0]["reset"]) == (manifest["start"], None)


# Configs that changed

@pytest.mark.parametrize("change", [
    {"columns": ["id"]}, {"exclude": ["name"]}, {"timezone": "America/Los_Angeles"}, {"partition": "daily"},
    {"late_rows": "ignore"}, {"compression": "snappy"}])
def test_an_export_is_compared_under_the_config_that_it_was_made_with(change, lake, events):
    lake.append(row(9, 0.7))
    events.run(clock(3))
    events.change(**change)
    assert verdicts(events) == ["same"] * 3
    assert "under the config of that time" in told(events)
    file = file_of_export(events, 1)
    file.write_bytes(file.read_bytes().replace(b"first", b"FIRST"))
    found = [fault for export in verify(events, code=1)["exports"] for fault in export["faults"]]
    assert any(fault.startswith("only in the source") for fault in found), found


def file_of_export(sluice, n: int) -> pathlib.Path:
    manifest = next(m for m in sluice.export().manifests() if m["n"] == n)
    return sluice.destination / manifest["files"][0]["path"]


def test_a_watermark_of_then_is_taken_for_the_windows_of_then(tmp_path, events):
    events.change(watermark="ts2")
    assert verdicts(events) == ["same"]


def test_a_feed_adds_up_under_the_columns_of_then(tmp_path, sluice):
    users = Lake(tmp_path / "lake" / "users", ROWS, **{"delta.enableChangeDataFeed": "true"})
    sluice.add_feed(NAME, users.path, name="users", columns=["id", "p"]).run(clock(2))
    users.delete("id = 1")
    sluice.run(clock(3))
    sluice.change(columns=None)
    table = verify(sluice)
    assert [export["source"] for export in table["exports"]] == ["same", "same"]
    assert "make up the source at that version: 2 rows" in table["balance"], table["balance"]


@pytest.fixture
def users(tmp_path, sluice):
    """A feed whose seed is of version 1."""
    lake = Lake(tmp_path / "lake" / "users", ROWS, **{"delta.enableChangeDataFeed": "true"})
    sluice.add_feed(NAME, lake.path, name="users").run(clock(2))
    return lake


def test_a_feed_adds_up_across_added_columns(users, sluice):
    users.delete("id = 1")
    sluice.run(clock(3))
    users.table.alter.add_columns([deltalake.Field("extra", "string"), deltalake.Field("more", "long")])
    sluice.run(clock(4))
    users.table.update(predicate="id = 2", updates={"extra": "'now'", "more": "7"})
    users.table.update(predicate="id = 2", updates={"extra": "'then'"})
    sluice.run(clock(5))
    balance = verify(sluice)["balance"]
    assert balance == f"seed of version 1 and its changes up to version {users.table.version()} make up the source" \
        " at that version: 2 rows"


def test_a_column_that_the_config_lets_in_later_is_not_taken_for_an_added_one(users, sluice):
    sluice.change(columns=["id", "p"]).run(clock(3), "--reseed")
    users.delete("id = 1")
    sluice.change(columns=["id", "p", "name"]).run(clock(4))
    assert "are not summed up: the columns changed with export 3" in verify(sluice)["balance"]


def test_a_damaged_export_is_not_summed_up(users, sluice):
    users.delete("id = 1")
    sluice.run(clock(3))
    (seed,) = (sluice.destination / "users").glob("*/*.parquet")
    seed.write_bytes(seed.read_bytes()[:-100])
    table = verify(sluice, code=1)
    assert table["faults"] == [] and "the rows of export 1 are not those of its manifest" in table["balance"]


def test_without_a_ledger_the_manifest_tells_what_to_compare(lake, events):
    events.change(timezone="Asia/Tokyo", columns=["id"])
    shutil.rmtree(ledger_folder(events))
    assert verdicts(events) == ["same"]


def test_late_rows_without_a_ledger_are_not_provable_and_it_says_why(lake, events):
    lake.append(row(9, 0.7))
    events.run(clock(3))
    shutil.rmtree(ledger_folder(events))
    assert verdicts(events) == ["same", "unknown", "same"]
    assert "export 2 can no longer be compared with the source: the ledger is gone" in told(events)


def test_a_version_that_is_gone_is_no_failure_and_it_says_why(lake, events):
    lake.delete("id = 3")
    for file in lake.data_files():
        if str(file) not in lake.table.file_uris():
            file.unlink()
    assert verdicts(events) == ["source gone"]
    assert "export 1 can no longer be compared with the source: " in told(events)
