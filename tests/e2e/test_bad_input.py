"""What is wrong with one table: exit 1, one clear message, nothing partial, and the other tables go on."""

import json
import os
import shutil

import pytest
from support.lake import NAME, Lake, clock, rendered, row, state_row, without_partition
from support.rows import assert_same_rows

OTHER = "lake.other"


def remove(file):
    file.unlink()


def truncate(file):
    file.write_bytes(file.read_bytes()[:-20])


def scramble(file):
    file.write_bytes(os.urandom(file.stat().st_size))


def tear(file):
    text = file.read_text()
    file.write_text(text[:len(text) // 2])


def set_protocol(lake, **changes):
    """Asks more of readers in the table's protocol action."""
    file = lake.commit_file(0)
    actions = [json.loads(line) for line in file.read_text().splitlines()]
    for action in actions:
        if "protocol" in action:
            action["protocol"].update(changes)
    file.write_text("".join(json.dumps(action) + "\n" for action in actions))


# What is done to the lake or the config; the error's kind; what its message must name.
DAMAGES = {
    "a data file is missing": (
        lambda lake, sluice: remove(lake.data_files()[0]), "source_gone", ".parquet"),
    "a data file is truncated": (
        lambda lake, sluice: truncate(lake.data_files()[1]), "corrupt", ".parquet"),
    "a data file is garbage": (
        lambda lake, sluice: scramble(lake.data_files()[1]), "corrupt", ".parquet"),
    "a data file is empty": (
        lambda lake, sluice: lake.data_files()[1].write_bytes(b""), "corrupt", ".parquet"),
    "a commit in the middle is missing": (
        lambda lake, sluice: remove(lake.commit_file(2)), "corrupt", "2"),
    "a commit in the middle is torn": (
        lambda lake, sluice: tear(lake.commit_file(2)), "corrupt", f"{2:020}.json"),
    "a commit is no JSON": (
        lambda lake, sluice: lake.commit_file(3).write_text("hello\n"), "corrupt", f"{3:020}.json"),
    "the folder is no Delta table": (
        lambda lake, sluice: shutil.rmtree(lake.log), "not_found", "events"),
    "the folder is not there": (
        lambda lake, sluice: shutil.rmtree(lake.path), "not_found", "events"),
    "the log is empty": (
        lambda lake, sluice: [remove(file) for file in lake.log.iterdir() if file.is_file()],
        "not_found", "events"),
    "a reader feature is unknown": (
        lambda lake, sluice: set_protocol(lake, minReaderVersion=3, minWriterVersion=7,
                                          readerFeatures=["timeTravelPaint"],
                                          writerFeatures=["timeTravelPaint"]),
        "unsupported", "timeTravelPaint"),
    "the reader version is unknown": (
        lambda lake, sluice: set_protocol(lake, minReaderVersion=9), "unsupported", "9"),
    "the watermark column is missing": (
        lambda lake, sluice: sluice.change(watermark="event_timestamq"), "config", "event_timestamq"),
    "the watermark column is not a time": (
        lambda lake, sluice: sluice.change(watermark="id"), "config", "id"),
    "a column to export is missing": (
        lambda lake, sluice: sluice.change(columns=["id", "nmae"]), "config", "nmae"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_clear_error_and_nothing_else(damage, lake, other, sluice):
    spoil, kind, named = DAMAGES[damage]
    sluice.add(OTHER, other.path, name="other", start=clock(0))
    sluice.add(NAME, lake.path, name="events", start=clock(0))
    spoil(lake, sluice)
    before = lake.look() if lake.path.exists() else {}

    outcome = sluice.call("run", now=clock(5))
    assert outcome.code == 1, str(outcome)
    assert outcome.table("other")["status"] == "exported"
    failed = outcome.table("events")
    assert failed["status"] == "failed" and failed["table"] == NAME
    assert (failed["rows"], failed["files"], failed["windows"]) == (0, 0, [])
    error = failed["error"]
    assert named in error["message"] and error["remedy"], error
    assert error["kind"] == kind, error

    assert not sluice.export("events").data_files() and not sluice.export("events").manifests()
    assert state_row(sluice.state, NAME) is None
    assert_same_rows(without_partition(sluice.export("other").check().rows()), rendered([row(7, 1.5)]))
    assert (lake.look() if lake.path.exists() else {}) == before, "the source was written to"

    told = sluice.call("run", now=clock(5), json=False)
    text = told.stdout + told.stderr
    assert told.code == 1, text
    assert NAME in text and error["remedy"] in text, text
    assert text.count(error["message"]) == 1, text


@pytest.mark.parametrize("spoil", [remove, truncate, scramble])
def test_the_next_run_exports_it_all_once_the_damage_is_mended(spoil, lake, sluice):
    sluice.add(NAME, lake.path, name="events", start=clock(0))
    victim = lake.data_files()[1]
    sound = victim.read_bytes()
    spoil(victim)
    for _ in range(2):
        sluice.fails(clock(5))
    victim.write_bytes(sound)
    assert sluice.run(clock(5))["status"] == "exported"
    assert_same_rows(without_partition(sluice.export().check().rows()),
                     rendered([row(1, 0.5), row(2, 1.5), row(3, 2.5)]))


def test_damage_that_comes_later_leaves_what_was_exported_and_the_state(lake, sluice):
    sluice.add(NAME, lake.path, name="events", start=clock(0)).run(clock(3))
    lake.append(row(4, 3.5))
    truncate(lake.data_files()[-1])
    before = state_row(sluice.state)
    assert sluice.fails(clock(4))["kind"] == "corrupt"
    assert state_row(sluice.state) == before
    assert len(sluice.export().check().rows()) == 3


def test_a_re_created_table_is_an_error_until_its_state_is_forgotten(lake, sluice):
    sluice.add(NAME, lake.path, name="events", start=clock(0)).run(clock(3))
    shutil.rmtree(lake.path)
    Lake(lake.path, [row(1, 0.5)], [row(50, 3.5)], [row(51, 3.6)], [row(52, 3.7)])
    error = sluice.fails(clock(4))
    assert error["kind"] == "conflict" and "state forget" in error["remedy"]
    assert len(sluice.export().check().rows()) == 3
    outcome = sluice.call("state", "forget", "events", now=clock(4))
    assert outcome.code == 0, str(outcome)
    assert sluice.run(clock(4))["rows"] == 4


def test_two_mistakes_in_two_tables_are_two_errors(lake, other, sluice):
    sluice.add(OTHER, other.path, name="other", start=clock(0))
    sluice.add(NAME, lake.path, name="events", start=clock(0))
    remove(lake.data_files()[0])
    scramble(other.data_files()[0])
    outcome = sluice.call("run", now=clock(5))
    assert outcome.code == 1
    assert {run["error"]["kind"] for run in outcome.json["runs"]} == {"source_gone", "corrupt"}
    assert not list(sluice.destination.rglob("*.parquet"))
