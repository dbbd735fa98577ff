"""Tables of other writers: names, partition values, paths and log text as they are found in the wild."""

import datetime
import json

import pyarrow as pa
import pytest
from support.export import without
from support.hand_log import HandLog, info, metadata, protocol, remove
from support.hand_written import array, field, struct
from support.rows import assert_same_rows

NOW, LATER = "2030-01-01T00:00:00Z", "2030-01-01T01:00:00Z"
ID = field("id", "long")
ZONE = "America/Los_Angeles"


def ids(*values):
    return {"id": pa.array(values, pa.int64())}


def times(*hours):
    return pa.array([datetime.datetime(2026, 1, 5, hour, 30, tzinfo=datetime.timezone.utc) for hour in hours],
                    pa.timestamp("us", tz="UTC"))


@pytest.fixture
def table(tmp_path):
    return HandLog(tmp_path / "lake" / "t")


def latest(sluice, table, **keys):
    """The rows of a snapshot, proven by verify."""
    sluice.add_snapshots("lake.t", table.path, **keys)
    sluice.run(NOW)
    verified = sluice.call("verify", now=LATER)
    assert verified.code == 0, str(verified)
    return newest(sluice)


def newest(sluice):
    return [without(row, "snapshot_ts") for row in sluice.export().latest()]


# Names

def test_names_match_without_case_in_all_of_unicode(table, sluice):
    data = {"NÚMERO": pa.array([1, 2], pa.int64()), "STRAẞE": pa.array(["a", "b"]),
            "s": pa.array([{"ÉTÉ": 1}, {"ÉTÉ": 2}], pa.struct([("ÉTÉ", pa.int64())])),
            "FECHA_AÑADIDA": times(1, 2)}
    stats = json.dumps({"numRecords": 2, "nullCount": {"FECHA_AÑADIDA": 0},
                        "minValues": {"FECHA_AÑADIDA": "2026-01-05T01:30:00.000Z"},
                        "maxValues": {"FECHA_AÑADIDA": "2026-01-05T02:30:00.000Z"}})
    table.commit(0, protocol(), metadata(field("número", "long"), field("straße", "string"),
                                         field("s", struct(field("été", "long"))),
                                         field("fecha_añadida", "timestamp"), field("país", "string"),
                                         partition=("país",)),
                 table.file("f.parquet", data, partition={"PAÍS": "es"}, stats=stats))
    sluice.add("lake.t", table.path, watermark="Fecha_AÑADIDA", partition="daily",
               columns=["Número", "STRAẞE", "S", "PAÍS"])
    assert sluice.run(NOW)["rows"] == 2
    expected = [{"número": n, "straße": s, "s": {"été": n}, "país": "es", "dt": "2026-01-05"}
                for n, s in ((1, "a"), (2, "b"))]
    assert_same_rows(sluice.export().check().rows(), expected)


def test_two_columns_of_one_name_in_a_file_are_refused(table, sluice):
    data = {"NÚMERO": pa.array([1], pa.int64()), "Número": pa.array([2], pa.int64())}
    table.commit(0, protocol(), metadata(field("número", "long")), table.file("f.parquet", data))
    sluice.add_snapshots("lake.t", table.path)
    error = sluice.fails(NOW)
    assert error["kind"] == "unsupported" and "número" in error["message"] and error["remedy"], error


# Partition values

def test_timestamps_without_an_offset_are_in_the_zone_of_the_table(table, sluice):
    adds = []
    for i, text in enumerate(["2026-01-05 22:00:00", "2026-01-05 23:00:00", "2026-01-06 00:00:00"]):
        same = datetime.datetime(2026, 1, 6, 6 + i, tzinfo=datetime.timezone.utc)
        adds.append(table.file(f"f{i}.parquet", {**ids(i), "same": pa.array([same], pa.timestamp("us", tz="UTC"))},
                               partition={"at": text}, stats='{"numRecords": 1}'))
    fields = [ID, field("same", "timestamp"), field("at", "timestamp")]
    table.commit(0, protocol(), metadata(*fields, partition=("at",)), *adds[:2])
    sluice.add("lake.t", table.path, watermark="at", start="2026-01-06T06:00:00Z", timezone=ZONE)
    assert sluice.run("2026-01-06T07:00:00Z")["rows"] == 1  # (06, 07]
    # A late row, then a window, a backfill and the proof: all of them read 22:00 as 06:00Z.
    table.commit(1, table.file("late.parquet", {**ids(9), "same": times(0)}, partition={"at": "2026-01-05 23:00:00"}),
                 adds[2])
    report = sluice.run("2026-01-06T08:00:00Z")
    assert (report["rows"], report["late_rows"]) == (2, 1)
    assert sluice.call("check", now=LATER).code == 0
    rows = {row["id"]: row["at"] for row in sluice.export().check().rows()}
    assert rows == {1: "2026-01-06T07:00:00.000000Z", 9: "2026-01-06T07:00:00.000000Z",
                    2: "2026-01-06T08:00:00.000000Z"}
    outcome = sluice.call("backfill", "t", "--from", "2026-01-06T05:00:00Z", "--to", "2026-01-06T06:00:00Z",
                          now="2026-01-06T08:00:00Z")
    assert outcome.code == 0 and outcome.table()["rows"] == 1, str(outcome)
    assert sluice.call("verify", now=LATER).code == 0


def test_a_feed_reads_partition_values_in_the_zone_of_the_table(table, sluice):
    table.commit(0, protocol(1, 4), metadata(ID, field("at", "timestamp"), partition=("at",),
                                             configuration={"delta.enableChangeDataFeed": "true"}),
                 table.file("f.parquet", ids(1), partition={"at": "2026-01-05 22:00:00"}))
    sluice.add_feed("lake.t", table.path, start=0, timezone=ZONE)
    assert sluice.run(NOW)["rows"] == 1
    assert [row["at"] for row in sluice.export().check().rows()] == ["2026-01-06T06:00:00.000000Z"]


def test_a_partition_value_that_depends_on_the_day_is_refused_by_check_and_run(table, sluice):
    table.commit(0, protocol(), metadata(ID, field("at", "timestamp"), partition=("at",)),
                 table.file("f.parquet", ids(1), partition={"at": "10:00:00"}))
    sluice.add_snapshots("lake.t", table.path)
    checked = sluice.call("check", now=NOW)
    assert checked.code == 1 and "10:00:00" in checked.stdout and "'at'" in checked.stdout, str(checked)
    error = sluice.fails(NOW)
    assert "10:00:00" in error["message"] and "'at'" in error["message"] and error["remedy"], error


# Paths

SPELLINGS = {"unicode": ("é.parquet", "é.parquet", "%C3%A9.parquet"),
             "unicode_back": ("é.parquet", "%C3%A9.parquet", "é.parquet"),
             "plus": ("a+b.parquet", "a+b.parquet", "a%2Bb.parquet"),
             "lower_hex": ("é.parquet", "%c3%a9.parquet", "%C3%A9.parquet"),
             "absolute": ("f.parquet", "f.parquet", "file:{}/f.parquet"),
             "absolute_back": ("f.parquet", "file://{}/f.parquet", "f.parquet"),
             "dot": ("p=1/f.parquet", "p=1/f.parquet", "./p=1/f.parquet")}


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("feed", [False, True])
def test_a_file_removed_by_another_spelling_is_gone(name, feed, table, sluice):
    file, added, removed = (text.format(table.path) for text in SPELLINGS[name])
    configuration = {"delta.enableChangeDataFeed": "true"} if feed else {}
    table.commit(0, protocol(1, 4), metadata(ID, configuration=configuration),
                 table.file(file, ids(1), added), table.file("g.parquet", ids(2)))
    table.commit(1, remove(removed, extendedFileMetadata=True, partitionValues={}))
    if not feed:
        return assert_same_rows(latest(sluice, table), [{"id": 2}])
    sluice.add_feed("lake.t", table.path, start=0)
    sluice.run(NOW)
    changes = sorted((row["id"], row["_change_type"]) for row in sluice.export().check().rows())
    assert changes == [(1, "delete"), (1, "insert"), (2, "insert")]
    return None


def test_a_rewrite_under_another_spelling_makes_no_late_rows(table, sluice):
    fields = [ID, field("at", "timestamp")]
    table.commit(0, protocol(), metadata(*fields), table.file("é.parquet", {**ids(1), "at": times(1)}))
    sluice.add("lake.t", table.path, watermark="at")
    sluice.run("2026-01-05T02:00:00Z")
    table.commit(1, table.file("g.parquet", {**ids(1), "at": times(1)}), remove("%C3%A9.parquet"))
    report = sluice.run("2026-01-05T03:00:00Z")
    assert report["late_rows"] == 0 and report["rows"] == 0, report


@pytest.mark.parametrize(("uri", "place"), [("dbfs:/lake/t/f.parquet", "Databricks file system"),
                                            ("abfss://c@a.dfs.core.windows.net/t/f.parquet", "Azure"),
                                            ("file:/elsewhere/f.parquet", "is not there any more")])
def test_a_file_elsewhere_is_named_as_what_it_is(uri, place, table, sluice):
    table.commit(0, protocol(), metadata(ID), table.file("f.parquet", ids(1), uri))
    sluice.add_snapshots("lake.t", table.path)
    error = sluice.fails(NOW)
    assert place in error["message"] and error["remedy"], error


def test_a_file_elsewhere_on_this_machine_is_read(table, sluice, tmp_path):
    add = table.file("f.parquet", ids(1))
    other = tmp_path / "other place%41"
    other.mkdir()
    (table.path / "f.parquet").rename(other / "f.parquet")
    add["add"]["path"] = f"file:{tmp_path}/other%20place%2541/f.parquet"
    table.commit(0, protocol(), metadata(ID), add)
    sluice.add_snapshots("lake.t", table.path)
    assert sluice.run(NOW)["rows"] == 1


# Log text

def lines(table, **edits):
    """The usual first commit, with `edits` made in its lines."""
    actions = [info(), protocol(), metadata(ID), table.file("f.parquet", ids(1, 2))]
    texts = [json.dumps(action) for action in actions]
    for index, (old, new) in edits.values():
        assert old in texts[index]
        texts[index] = texts[index].replace(old, new)
    return texts


LOG_TEXTS = {
    "crlf": lambda t: "\r\n".join(lines(t)) + "\r\n",
    "blank_lines": lambda t: "\n\n" + "\n \n\t\n".join(lines(t)) + "\n\n",
    "no_newline": lambda t: "\n".join(lines(t)),
    "bom": lambda t: "\ufeff" + "\n".join(lines(t)) + "\n",
    "blanks_around": lambda t: "\n".join("  " + line.replace('":', '" : ', 1) + "  " for line in lines(t)),
    "nan": lambda t: "\n".join(lines(t, a=(0, ('"WRITE"', '"WRITE", "operationMetrics": {"x": NaN}')))),
    "infinity": lambda t: "\n".join(lines(t, a=(0, ('"WRITE"', '"WRITE", "x": [-Infinity, Infinity]')))),
    "surrogate": lambda t: "\n".join(lines(t, a=(0, ('"WRITE"', '"WRITE", "userMetadata": "cut \\ud83d"')))),
    "bad_utf8": lambda t: "\n".join(lines(t, a=(0, ('"WRITE"', '"WRITE", "userMetadata": "caf\udce9"'))))
                          .encode("utf-8", "surrogateescape"),
    "control": lambda t: "\n".join(lines(t, a=(0, ('"WRITE"', '"WRITE", "userMetadata": "a\tb"')))),
    "string_size": lambda t: "\n".join(lines(t)).replace('"size": ', '"size": "')
                               .replace(', "modificationTime"', '", "modificationTime"'),
    "stats_object": lambda t: "\n".join(lines(t, a=(3, ('"dataChange": true', '"dataChange": true, "stats": {"numRecords": 2}')))),
    "bad_stats": lambda t: "\n".join(lines(t, a=(3, ('"dataChange": true', '"dataChange": true, "stats": "{\\"numRecords\\": NaN"')))),
    "unknown": lambda t: "\n".join([*lines(t), '{"futureAction": {"x": [1, {"y": null}]}}', "{}"]),
}


@pytest.mark.parametrize("name", LOG_TEXTS)
def test_what_is_not_needed_of_a_commit_stops_no_read(name, table, sluice):
    table.commit(0, text=LOG_TEXTS[name](table))
    assert_same_rows(latest(sluice, table), [{"id": 1}, {"id": 2}])


@pytest.mark.parametrize("path", ["a b.parquet", "a%.parquet", "a+b.parquet", "100%zz.parquet", "é日.parquet"])
def test_paths_that_were_not_encoded_are_read_as_they_stand(path, table, sluice):
    table.commit(0, protocol(), metadata(ID), table.file(path, ids(1)))
    assert_same_rows(latest(sluice, table), [{"id": 1}])


def test_files_beside_the_commits_are_passed_over(table, sluice):
    table.commit(0, protocol(), metadata(ID), table.file("f.parquet", ids(1)))
    for name in (f".{0:020}.json.crc", f"{1:020}.json.tmp", f"{1:020}.json (1)", f"{1:020} copy.json",
                 f"{0:020}.crc", "desktop.ini", f"{1:020}.JSON"):
        (table.log / name).write_text("half")
    (table.log / f"{1:020}").mkdir()
    assert_same_rows(latest(sluice, table), [{"id": 1}])


def test_bytes_that_spoil_what_is_needed_are_named_with_their_line(table, sluice):
    table.commit(0, protocol(), metadata(ID), table.file("f.parquet", ids(1)))
    table.commit(1, text=b'{"add":{"path":"caf\xe9.parquet","partitionValues":{},"size":1,"dataChange":true}}\n')
    sluice.add_snapshots("lake.t", table.path)
    error = sluice.fails(NOW)
    assert f"{1:020}.json, line 1" in error["message"] and "path" in error["message"], error


# Types

def test_void_columns_are_left_out_and_become_columns_with_a_type(table, sluice):
    nested = field("s", struct(field("a", "long"), field("v", "void")))
    data = {**ids(1, 2), "s": pa.array([{"a": 1}, None], pa.struct([("a", pa.int64())]))}
    table.commit(0, protocol(), metadata(ID, field("nothing", "void"), nested), table.file("f.parquet", data))
    assert_same_rows(latest(sluice, table), [{"id": 1, "s": {"a": 1}}, {"id": 2, "s": None}])
    typed = field("s", struct(field("a", "long"), field("v", "void")))
    table.commit(1, metadata(ID, field("nothing", "string"), typed),
                 table.file("g.parquet", {**ids(3), "nothing": pa.array(["x"])}))
    sluice.run(LATER)
    assert_same_rows(newest(sluice), [{"id": 1, "nothing": None, "s": {"a": 1}},
                                                {"id": 2, "nothing": None, "s": None},
                                                {"id": 3, "nothing": "x", "s": None}])


def test_a_feed_leaves_void_columns_out(table, sluice):
    table.commit(0, protocol(1, 4), metadata(ID, field("nothing", "void"),
                                             configuration={"delta.enableChangeDataFeed": "true"}),
                 table.file("f.parquet", ids(1)))
    sluice.add_feed("lake.t", table.path, start=0, timestamps="source")
    assert sluice.run(NOW)["rows"] == 1


def test_a_variant_that_no_file_has_is_null(table, sluice):
    table.commit(0, protocol(3, 7, ["variantType"]), metadata(ID, field("odd", "variant"), field(
        "s", struct(field("v", "variant")))), table.file("f.parquet", ids(1)))
    sluice.add_snapshots("lake.t", table.path)
    sluice.run(NOW)
    assert_same_rows(newest(sluice), [{"id": 1, "odd": None, "s": None}])


def mapped(name: str, physical: str, kind: str = "string") -> dict:
    return field(name, kind, {"delta.columnMapping.physicalName": physical})


def test_an_excluded_column_does_not_leave_under_another_name(table, sluice):
    by_name = {"delta.columnMapping.mode": "name"}
    table.commit(0, protocol(2, 5), metadata(mapped("id", "p1"), mapped("ssn", "p2"), configuration=by_name),
                 table.file("f.parquet", {"p1": pa.array(["1"]), "p2": pa.array(["SECRET"])}))
    sluice.add_snapshots("lake.t", table.path, exclude=["ssn"])
    sluice.run(NOW)
    table.commit(1, metadata(mapped("ssn", "p1"), mapped("id", "p2"), configuration=by_name))
    error = sluice.fails(LATER)
    assert "renamed" in error["message"] or "dropped" in error["message"], error
    assert not any(b"SECRET" in file.read_bytes() for file in sluice.destination.rglob("*") if file.is_file())


@pytest.mark.parametrize("kind", ["interval day to second", "geometry(OGC:CRS84)"])
def test_an_unknown_type_stops_only_who_exports_it(kind, table, sluice):
    table.commit(0, protocol(), metadata(ID, field("odd", kind)), table.file("f.parquet", ids(1)))
    sluice.add_snapshots("lake.t", table.path)
    error = sluice.fails(NOW)
    assert error["kind"] == "unsupported" and "'odd'" in error["message"] and "exclude" in error["remedy"], error
    assert sluice.call("check", now=NOW).code == 1
    sluice.change(exclude=["odd"])
    assert sluice.call("check", now=NOW).code == 0
    sluice.run(NOW)
    assert_same_rows(newest(sluice), [{"id": 1}])


def test_void_inside_an_array_is_refused_by_name(table, sluice):
    table.commit(0, protocol(), metadata(ID, field("l", array("void"))), table.file("f.parquet", ids(1)))
    sluice.add_snapshots("lake.t", table.path)
    error = sluice.fails(NOW)
    assert "'l'" in error["message"] and "exclude" in error["remedy"], error


def test_a_column_added_and_dropped_between_two_runs_stops_nothing(table, sluice):
    fields = [ID, field("at", "timestamp")]
    table.commit(0, protocol(), metadata(*fields), table.file("f.parquet", {**ids(1), "at": times(1)}))
    sluice.add("lake.t", table.path, watermark="at")
    sluice.run("2026-01-05T02:00:00Z")
    table.commit(1, metadata(*fields, field("v", "variant")))
    table.commit(2, metadata(*fields))
    table.commit(3, table.file("g.parquet", {**ids(2), "at": times(2)}))
    assert sluice.run("2026-01-05T03:00:00Z")["rows"] == 1


# Watermarks that are not times

def views(table, *texts):
    table.commit(0, protocol(), metadata(ID, field("kind", "string")),
                 table.file("f.parquet", {**ids(*range(len(texts))), "kind": pa.array(texts, pa.string())}))


def test_a_watermark_of_which_no_value_is_a_time_is_a_fault(table, sluice):
    views(table, "view", "click", None)
    sluice.add("lake.t", table.path, watermark="kind")
    checked = sluice.call("check", now=NOW)
    assert checked.code == 1 and "none of its 2 values" in checked.stdout, str(checked)
    error = sluice.fails(NOW)
    assert "'kind'" in error["message"] and "can be read as a time" in error["message"] and error["remedy"], error
    assert not sluice.export().data_files()


def test_unreadable_watermarks_are_counted_apart_from_nulls(table, sluice):
    views(table, "2026-01-05T01:30", "click", None, "view")
    sluice.add("lake.t", table.path, watermark="kind")
    assert sluice.call("check", now=NOW).code == 0
    report = sluice.run(NOW)
    assert (report["rows"], report["null_watermarks"], report["unreadable_watermarks"]) == (1, 1, 2)
    manifest = sluice.export().check().manifests()[-1]
    assert (manifest["null_watermarks"], manifest["unreadable_watermarks"]) == (1, 2)


def test_a_partition_watermark_of_which_no_value_is_a_time_is_a_fault(table, sluice):
    table.commit(0, protocol(), metadata(ID, field("at", "timestamp"), partition=("at",)),
                 table.file("f.parquet", ids(1), partition={"at": "view"}))
    sluice.add("lake.t", table.path, watermark="at")
    assert sluice.call("check", now=NOW).code == 1
    assert "'at'" in sluice.fails(NOW)["message"]
