"""A ledger belongs to one state table, one destination and one source table: no other config ever touches it."""

import json
import shutil

import pytest
from support.lake import NAME, Lake, clock, row
from support.sluice import Sluice


@pytest.fixture
def lakes(tmp_path):
    return (Lake(tmp_path / "lake" / "a", [row(1, 0.5)], [row(2, 1.5)], [row(3, 2.5)]),
            Lake(tmp_path / "lake" / "b", [row(11, 0.5)], [row(12, 1.5)], [row(13, 2.5)]))


def config(folder, lake, state, **keys) -> Sluice:
    return Sluice(folder, state=str(state)).add(NAME, lake.path, start=clock(0), **keys)


@pytest.fixture
def two(tmp_path, lakes):
    """Configs with destinations of their own and states that lie beside each other."""
    return [config(tmp_path / name, lake, tmp_path / "meta" / f"state_{name}")
            for name, lake in zip("ab", lakes)]


@pytest.fixture
def sharing(tmp_path, lakes):
    """Configs that name one state."""
    return [config(tmp_path / name, lake, tmp_path / "meta" / "_export_state")
            for name, lake in zip("ab", lakes)]


def files(folder) -> list:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def ids(sluice: Sluice) -> list[int]:
    return sorted(r["id"] for r in sluice.export().check().rows())


def test_states_beside_each_other_never_meet(two):
    a, b = two
    for hour in (1, 2, 3):
        assert a.run(clock(hour))["rows"] == 1
        assert b.run(clock(hour))["rows"] == 1
    for sluice in two:
        assert sluice.call("prune", now=clock(99)).code == 0
    assert (ids(a), ids(b)) == ([1, 2, 3], [11, 12, 13])


COMMANDS = [("run",), ("plan",), ("status",), ("check",), ("verify",), ("prune",), ("ls",), ("ls", "events"),
            ("backfill", "events", "--from", clock(0), "--to", clock(1), "--again"),
            ("state", "void", "events"), ("state", "republish", "events"),
            ("state", "set", "events", clock(1)), ("state", "forget", "events")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_ledger_of_another_config_is_refused_before_anything_is_written(command, sharing, tmp_path):
    a, b = sharing
    a.run(clock(2))
    before = files(tmp_path)
    outcome = b.call(*command, now=clock(3))
    assert outcome.code == 1, str(outcome)
    assert str(a.destination) in outcome.stdout and str(b.destination) in outcome.stdout, str(outcome)
    b.folder.joinpath("sluice.yaml").unlink()
    assert files(tmp_path) == before
    assert ids(a) == [1, 2]


def test_the_remedy_leads_out(sharing, tmp_path):
    a, b = sharing
    a.run(clock(2))
    assert "`state` of its own" in b.fails(clock(2))["remedy"]
    b.config["state"] = str(tmp_path / "meta" / "state_b")
    assert b.run(clock(2))["rows"] == 2
    assert (ids(a), ids(b)) == ([1, 2], [11, 12])


def test_another_source_of_the_same_name_is_refused(lakes, sluice):
    a, b = lakes
    sluice.add(NAME, a.path, start=clock(0)).run(clock(2))
    sluice.change(path=str(b.path))
    error = sluice.fails(clock(3))
    assert error["kind"] == "conflict" and str(a.path) in error["message"], error
    assert str(b.path) in error["message"] and "state forget events" in error["remedy"], error
    assert sluice.call("state", "forget", "events", now=clock(3)).code == 0
    assert sluice.run(clock(3))["rows"] == 3


def test_a_whole_tree_that_was_moved_goes_on(tmp_path, lakes):
    home = tmp_path / "home"
    shutil.copytree(tmp_path / "lake", home / "lake")
    sluice = Sluice(home / "sluice").add(NAME, "../lake/a", start=clock(0))
    sluice.run(clock(2))
    home.rename(tmp_path / "moved")
    moved = Sluice(tmp_path / "moved" / "sluice").add(NAME, "../lake/a", start=clock(0))
    assert moved.run(clock(3))["rows"] == 1
    assert ids(moved) == [1, 2, 3]


def test_a_destination_that_moved_is_taken_over_on_demand(tmp_path, lakes):
    lake, _ = lakes
    a = config(tmp_path / "a", lake, tmp_path / "meta" / "_export_state")
    a.run(clock(2))
    shutil.move(a.destination, tmp_path / "elsewhere")
    a.config["destination"]["url"] = str(tmp_path / "elsewhere")
    error = a.fails(clock(3))
    assert f"sluice state set events {clock(2)}" in error["remedy"], error
    assert a.call("state", "set", "events", clock(2), now=clock(3)).code == 0
    assert a.run(clock(3))["rows"] == 1
    assert a.call("verify", now=clock(3)).json["tables"][0]["outcome"] == "proven"


def test_nothing_is_taken_over_that_the_destination_does_not_hold(sharing):
    a, b = sharing
    a.run(clock(2))
    error = b.call("state", "set", "events", clock(2), now=clock(3)).error
    assert error["kind"] == "conflict" and "does not hold its export 1" in error["message"], error
    assert a.run(clock(3))["rows"] == 1


def test_a_ledger_of_an_older_program_is_found_where_it_is(tmp_path, lakes):
    """Without identity, in the folder that all states once shared."""
    lake, other = lakes
    a = config(tmp_path / "a", lake, tmp_path / "meta" / "state_a")
    a.run(clock(2))
    meta = tmp_path / "meta" / "_sluice"
    (meta / "events").mkdir()
    (meta / "state=state_a" / "events" / "ledger").rename(meta / "events" / "ledger")
    (meta / "events" / "ledger" / "identity.json").unlink()
    b = config(tmp_path / "b", other, tmp_path / "meta" / "state_b")
    assert b.run(clock(2))["rows"] == 2
    assert a.run(clock(3))["rows"] == 1
    identity = json.loads((meta / "events" / "ledger" / "identity.json").read_text())
    assert identity["state"] == "state_a" and identity["source"] == str(lake.path)
    assert (ids(a), ids(b)) == ([1, 2, 3], [11, 12])


def test_no_source_path_lies_where_the_partner_reads(two):
    a, _ = two
    a.run(clock(2))
    for file in a.destination.rglob("*.json"):
        assert "lake/a" not in file.read_text(), file


# One name of a table in a state

@pytest.fixture
def named(tmp_path, lakes):
    """Configs that name one table and one state, by another `name` each."""
    return [config(tmp_path / name, lakes[0], tmp_path / "meta" / "_export_state", name=name)
            for name in ("ev1", "ev2")]


@pytest.mark.parametrize("command", [tuple("ev2" if word == "events" else word for word in command)
                                     for command in COMMANDS], ids=" ".join)
def test_a_second_name_of_a_table_is_refused_before_anything_is_written(command, named, tmp_path):
    a, b = named
    a.run(clock(2))
    before = files(tmp_path)
    outcome = b.call(*command, now=clock(3))
    assert outcome.code == 1 and "by the name 'ev1'" in outcome.stdout, str(outcome)
    b.folder.joinpath("sluice.yaml").unlink()
    assert files(tmp_path) == before


@pytest.mark.parametrize("remedy", ["name", "state"])
def test_the_remedy_for_a_second_name_leads_out(remedy, named, tmp_path):
    a, b = named
    a.run(clock(2))
    assert "let `name` be ev1, or give this config a `state` of its own" in b.fails(clock(2))["remedy"]
    if remedy == "name":
        b.change(name="ev1").config["destination"] = a.config["destination"] | {"url": str(a.destination)}
        assert b.run(clock(3))["rows"] == 1
    else:
        b.config["state"] = str(tmp_path / "meta" / "state_b")
        assert b.run(clock(3))["rows"] == 3
        assert a.run(clock(3))["rows"] == 1


def test_a_name_that_was_changed_in_one_config_is_refused(tmp_path, lakes):
    a = Sluice(tmp_path / "one").add(NAME, lakes[0].path, start=clock(0), name="ev1")
    a.run(clock(2))
    assert "'ev1'" in a.change(name="ev2").fails(clock(3))["message"]
    assert a.change(name="ev1").run(clock(3))["rows"] == 1


def test_patterns_that_move_different_columns_may_have_a_name_each(tmp_path):
    lake = Lake(tmp_path / "lake", [row(1, 0.5)], **{"delta.enableChangeDataFeed": "true"})
    both = Sluice(tmp_path / "both").add(NAME, lake.path, start=clock(0), name="rows")
    assert both.call("run", now=clock(2)).code == 0
    both.add_feed(NAME, lake.path, name="changes").add_snapshots(NAME, lake.path, name="whole")
    outcome = both.call("run", now=clock(3))
    assert outcome.code == 0 and outcome.table("changes")["rows"] == 1, str(outcome)
