"""Names, partition values, log text and types of other writers: what Spark reads of them, so do we, or refuse by name."""

import json

import pyarrow as pa
import pytest
from support.export import without
from support.hand_log import HandLog, info, metadata, protocol, remove
from support.hand_written import field, struct
from support.paths import FIXTURES
from support.rows import assert_same_rows, render_table
from support.spark_session import settings

NOW = "2030-01-01T00:00:00Z"
ID = field("id", "long")
CASTS = json.loads((FIXTURES / "partition_casts.json").read_text())
# What the unit test of partition values lists as refused.
NOT_READ = ("0x1", "SystemV", "Nowhere", "europe/", "\u00a01.5", "１")


def ids(*values):
    return {"id": pa.array(values, pa.int64())}


def as_spark_reads(spark, sluice, tables: dict[str, HandLog], zone: str = "UTC"):
    for name, table in tables.items():
        sluice.add_snapshots(f"lake.{name}", table.path, name=name, timezone=zone)
    outcome = sluice.call("run", now=NOW, timeout=600)
    faults = []
    with settings(spark, spark__sql__session__timeZone=zone):
        for run in outcome.json["runs"]:
            name = run["name"]
            expected = render_table(spark.read.format("delta").load(str(tables[name].path)).toArrow())
            if run["status"] != "exported":
                faults.append(f"{name}: Spark reads it, we say {run['error']}")
                continue
            actual = [without(row, "snapshot_ts") for row in sluice.export(name).latest()]
            try:
                assert_same_rows(actual, expected, name)
            except AssertionError as difference:
                faults.append(str(difference))
    assert not faults, "\n".join(faults)


def partitioned(path, kind: str, spellings: list[str]) -> HandLog:
    features = ["timestampNtz"] if kind == "timestamp_ntz" else None
    table = HandLog(path)
    adds = [table.file(f"f{i}.parquet", ids(i), partition={"p": text}) for i, text in enumerate(spellings)]
    return table.commit(0, protocol(3, 7, features) if features else protocol(),
                        metadata(ID, field("p", kind), partition=("p",)), *adds)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles"])
def test_partition_values_in_every_spelling(zone, spark, tmp_path, sluice):
    tables = {}
    for i, (key, spellings) in enumerate(CASTS.items()):
        kind, of = key.rsplit(" ", 1)
        if of != zone:
            continue
        texts = [text for text, _ in spellings if not any(part in text for part in NOT_READ)]
        tables[f"t{i}"] = partitioned(tmp_path / "lake" / f"t{i}", kind, texts)
    as_spark_reads(spark, sluice, tables, zone)


NAMES = [("número", "NÚMERO"), ("ß", "ẞ"), ("ß", "SS"), ("i", "İ"), ("i\u0307", "İ"), ("i", "ı"), ("k", "\u212a"),
         ("ς", "σ"), ("σ", "Σ"), ("ς", "Σ"), ("ας", "ΑΣ"), ("ασ", "ΑΣ"), ("ΑΣ", "ας"), ("ά_ας", "Ά_ΑΣ"), ("ǆ", "ǅ"),
         ("\u00b5", "\u03bc"), ("å", "\u212b"), ("𐐨", "𐐀"), ("ა", "Ა"), ("Ꭰ", "ꭰ"), ("é", "e\u0301"), ("ᾳ", "ᾼ"),
         ("ω", "\u2126"), ("ẛ", "ṡ"), ("дата", "ДАТА"), ("ﬁ", "FI"), ("number", "NUMBER")]


def test_names_are_found_where_spark_finds_them(spark, tmp_path, sluice):
    tables = {}
    for i, (declared, written) in enumerate(NAMES):
        table = tables[f"t{i}"] = HandLog(tmp_path / "lake" / f"t{i}")
        data = {written: pa.array([1], pa.int64()),
                "part": pa.array([{written: 2}], pa.struct([(written, pa.int64())]))}
        table.commit(0, protocol(), metadata(ID, field(declared, "long"), field("part", struct(field(declared, "long")))),
                     table.file("f.parquet", {**ids(1), **data}))
    as_spark_reads(spark, sluice, tables)


def test_log_text_and_types(spark, tmp_path, sluice):
    tables = {}

    def table(name: str) -> HandLog:
        tables[name] = HandLog(tmp_path / "lake" / name)
        return tables[name]

    for name, edit in {"bom": lambda text: "\ufeff" + text,
                       "nan": lambda text: text.replace('"operation"', '"x": NaN, "operation"'),
                       "surrogate": lambda text: text.replace('"operation"', '"x": "cut \\ud83d", "operation"'),
                       "crlf": lambda text: text.replace("\n", "\r\n"),
                       "blank_lines": lambda text: "\n \n" + text.replace("\n", "\n\n")}.items():
        log = table(name)
        actions = [info(), protocol(), metadata(ID), log.file("f.parquet", ids(1, 2))]
        log.commit(0, text=edit("".join(json.dumps(action) + "\n" for action in actions)))

    log = table("lower_hex")
    log.commit(0, protocol(), metadata(ID), log.file("é.parquet", ids(1), "%c3%a9.parquet"), log.file("g.parquet", ids(2)))
    log.commit(1, remove("%C3%A9.parquet"))

    log = table("uri")
    log.commit(0, protocol(), metadata(ID), log.file("f.parquet", ids(1), f"file:{log.path}/f.parquet"))

    log = table("later")
    log.commit(0, protocol(), metadata(ID, field("nothing", "void")), log.file("f.parquet", ids(1)))
    log.commit(1, metadata(ID, field("nothing", "string")),
               log.file("g.parquet", {**ids(3), "nothing": pa.array(["x"])}))
    as_spark_reads(spark, sluice, tables)
