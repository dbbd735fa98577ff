"""VARIANT columns that other writers than Spark shredded: read by the format's rules, or refused by file and column."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.hand_log import HandLog, metadata, protocol
from support.hand_written import field

NOW = "2030-01-01T00:00:00Z"
NAMES = b"\x01\x01\x00\x01a"
FIVE = b"\x0c\x05"


def add(sluice, tmp_path, *variants, typed: pa.DataType) -> None:
    """A table of one file whose column `v` has these variants, its typed part of this type."""
    column = pa.struct([("metadata", pa.binary()), ("value", pa.binary()), ("typed_value", typed)])
    table = HandLog(tmp_path / "lake" / "t")
    rows = [None if variant is None else {"metadata": NAMES, **variant} for variant in variants]
    table.commit(0, protocol(3, 7, ["variantType", "variantShredding"]),
                 metadata(field("id", "long"), field("v", "variant")),
                 table.file("f.parquet", pa.table({"id": range(len(rows)), "v": pa.array(rows, column)})))
    sluice.add_snapshots("lake.t", table.path)


def exported(sluice) -> list:
    rows = [row for file in sluice.export().snapshots.rglob("*.parquet") for row in pq.read_table(file).to_pylist()]
    return [row["v"] and (row["v"]["metadata"], row["v"]["value"]) for row in sorted(rows, key=lambda row: row["id"])]


def test_nanoseconds_a_missing_variant_and_a_null(sluice, tmp_path):
    add(sluice, tmp_path, {"typed_value": 7}, {}, None, {"value": FIVE}, typed=pa.timestamp("ns", "UTC"))
    sluice.run(NOW)
    none = b"\x01\x00\x00"
    assert exported(sluice) == [(none, b"\x48" + (7).to_bytes(8, "little")), (none, b"\x00"), None, (none, FIVE)]


def test_an_object_in_parts(sluice, tmp_path):
    typed = pa.struct([("a", pa.struct([("value", pa.binary()), ("typed_value", pa.list_(
        pa.struct([("typed_value", pa.string())])))]))])
    add(sluice, tmp_path, {"typed_value": {"a": {"typed_value": [{"typed_value": "x"}, {"typed_value": "y"}]}}},
        {"typed_value": {"a": {}}}, typed=typed)
    sluice.run(NOW)
    array = b"\x03\x02\x00\x02\x04\x05x\x05y"
    assert exported(sluice) == [(NAMES, b"\x02\x01\x00\x00\x09" + array), (b"\x01\x00\x00", b"\x02\x00\x00")]


@pytest.mark.parametrize("variant, typed, cause", [
    ({"value": FIVE, "typed_value": 7}, pa.int64(), "column 'v': a variant has a value beside a typed one"),
    ({"typed_value": 7}, pa.uint32(), "column 'v.typed_value' is int32 (unsigned 32 bits) in the file"),
    ({"value": b"\x02\x01\x07\x00\x02\x0c\x05", "typed_value": None}, pa.int64(), "number 7 of 1 names")])
def test_what_the_format_forbids_is_refused_and_can_be_left_out(variant, typed, cause, sluice, tmp_path):
    add(sluice, tmp_path, variant, typed=typed)
    error = sluice.fails(NOW)
    assert cause in error["message"] and "f.parquet" in error["message"] and "lake.t" in error["message"], error
    assert "exclude: [v]" in error["remedy"], error
    assert not list(sluice.destination.rglob("*.parquet"))
    sluice.change(exclude=["v"])
    assert sluice.run(NOW)["rows"] == 1
