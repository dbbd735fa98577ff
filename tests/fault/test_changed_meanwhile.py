"""Between a crash and the next run the config changes, the source moves on, or staged files are lost."""

import shutil

import pytest
from scenario import NEW, OLD
from support.lake import NAME, rendered, without_partition
from support.ledger import check_any_time, decisions
from support.rows import assert_same_rows

pytestmark = pytest.mark.parametrize("scenario", ["first_run"], indirect=True)


def kill(scenario, faults, sluice, log, at) -> None:
    outcome = sluice.call(*scenario.call, now=scenario.now,
                          env=faults.env(sluice.folder / "out", at=at, log=log))
    assert outcome.code in (0, -9), str(outcome)
    check_any_time(sluice, NAME)


CHANGES = {
    "partition": {"partition": "daily"},
    "timezone": {"timezone": "Asia/Kolkata"},
    "compression": {"compression": "snappy"},
    "size of files": {"target_file_size": "1MiB"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_config_changes(change, scenario, faults, trials):
    """What was decided is finished as it was recorded, what was not is planned again: each row once."""
    def call(sluice, log, at):
        kill(scenario, faults, sluice, log, at)
        decided = {n: d["manifest"]["files"] for n, d in decisions(sluice).items()}
        sluice.change(**CHANGES[change])
        scenario.resume(sluice, scenario)
        for manifest in sluice.export().manifests():
            if manifest["n"] in decided:
                assert manifest["files"] == decided[manifest["n"]]
            for file in manifest["files"]:
                assert ("hr=" in file["partition"]) == (manifest["n"] in decided or change != "partition")

    trials.run(scenario, call, every=6, check_end=ids_once)


def ids_once(sluice) -> None:
    check_any_time(sluice, NAME)
    ids = [row["id"] for row in sluice.export().check().rows()]
    assert sorted(ids) == sorted(row.id for row in OLD + NEW)


@pytest.mark.parametrize("change", [{"exclude": ["name"]}, {"columns": ["id", "event_timestamp"]}],
                         ids=["exclude", "columns"])
def test_a_column_is_excluded(change, scenario, faults, trials):
    """A decided export that holds it stops the run, which offers to give that export up."""
    stopped = []

    def call(sluice, log, at):
        kill(scenario, faults, sluice, log, at)
        published = sluice.export().kinds()
        sluice.change(**change, on_schema_change="ignore")
        outcome = sluice.call("run", now=scenario.now)
        if outcome.code == 1:
            error = outcome.table()["error"]
            assert error["kind"] == "conflict" and "name" in error["message"], error
            assert "sluice state void events" in error["remedy"], error
            assert not published and not sluice.export().manifests()
            stopped.append(at)
            voided = sluice.call("state", "void", "events", now=scenario.now)
            assert voided.code == 0, str(voided)
            scenario.resume(sluice, scenario)
        if not published:
            for file in sluice.export().data_files():
                assert b"name" not in (sluice.destination / file).read_bytes(), file
            assert all("name" not in row for row in sluice.export().rows())

    trials.run(scenario, call, every=6, check_end=ids_once)
    assert stopped, "no trial was killed between a decision and its manifest"


def compact_and_vacuum(lake) -> None:
    lake.table.optimize.compact()
    lake.table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)


def clean_log(lake) -> None:
    """Only a checkpoint of a later version is left."""
    lake.table.update(predicate="id = -1", updates={"name": "'x'"})
    lake.append()
    table = lake.table
    table.create_checkpoint()
    for version in range(table.version()):
        lake.commit_file(version).unlink()


@pytest.mark.parametrize(("moves_on", "staged"), [
    (compact_and_vacuum, "kept"), (compact_and_vacuum, "lost"), (clean_log, "kept"),
    (clean_log, "lost"), (None, "lost")])
def test_the_pinned_version_is_gone(moves_on, staged, scenario, faults, trials):
    """Decided exports are finished from what was uploaded, the others are planned again."""
    def call(sluice, log, at):
        lake = scenario.copy_lake(sluice)
        kill(scenario, faults, sluice, log, at)
        if moves_on:
            moves_on(lake)
        if staged == "lost":
            shutil.rmtree(sluice.destination / "_sluice" / ".staging", ignore_errors=True)
        scenario.resume(sluice, scenario)

    trials.run(scenario, call, every=6)


def test_lost_files_are_made_again_and_the_manifest_names_only_those(scenario, faults, trials):
    """Killed right after the decision, with everything that was staged lost."""
    (decided,) = [n for n, call in enumerate(trials.calls_of(scenario), 1)
                  if " link " in call and call.endswith(".commit.json")]
    sluice = scenario.copy(trials.folder / "lost")
    kill(scenario, faults, sluice, None, decided + 1)
    first = decisions(sluice)[1]
    shutil.rmtree(sluice.destination / "_sluice" / ".staging")
    scenario.resume(sluice, scenario)
    second = decisions(sluice)[1]
    assert (first["generation"], second["generation"]) == (1, 2)
    (manifest,) = sluice.export().check().manifests()
    assert {f["path"] for f in manifest["files"]} == {f["key"] for f in second["files"]}
    assert_same_rows(without_partition(sluice.export().rows()), rendered(OLD + NEW))
    scenario.check_end(sluice)
