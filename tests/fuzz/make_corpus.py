"""Makes corpus/parquet_file: small files without compression, so that a changed byte is a changed value; and
corpus/variant.

    .deps/venv/bin/python tests/fuzz/make_corpus.py
"""

import datetime
import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

CORPUS = pathlib.Path(__file__).parent / "corpus" / "parquet_file"
VARIANTS = CORPUS.parent / "variant"
UTC = datetime.timezone.utc


def write(name, table, **options):
    CORPUS.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, CORPUS / f"{name}.parquet", **{"compression": "none", "store_schema": False, **options})


def flat():
    day, time = datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 12, tzinfo=UTC)
    return pa.table({
        "b": [True, None], "i": pa.array([1, -1], pa.int32()), "l": [1 << 40, None], "f": pa.array([1.5, 2.5], pa.float32()),
        "d": [float("nan"), 0.0], "s": ["a", "é"], "x": [b"\0", None], "day": [day, None], "t": [time, None],
        "dec": pa.array([decimal.Decimal("1.25"), None], pa.decimal128(20, 2)),
        "dec9": pa.array([decimal.Decimal("1.25"), None], pa.decimal128(9, 2)),
        "u": pa.array([1, 255], pa.uint8()),
    })


def nested():
    return pa.table({
        "list": pa.array([[1, None], [], None], pa.list_(pa.int64())),
        "map": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int32())),
        "struct": [{"a": [{"b": "x"}]}, {"a": None}, None],
    })


def shredded():
    """Objects with a part that has a type of its own, arrays, and values of other types."""
    names = b"\x01\x03\x00\x01\x02\x03abc"
    element = pa.struct([("value", pa.binary()), ("typed_value", pa.int64())])
    fields = pa.struct([("a", element), ("b", pa.struct([("value", pa.binary()), ("typed_value", pa.list_(element))]))])
    column = pa.struct([("metadata", pa.binary()), ("value", pa.binary()), ("typed_value", fields)])
    return pa.table({"v": pa.array([
        {"metadata": names, "value": b"\x02\x01\x02\x00\x02\x0c\x05",
         "typed_value": {"a": {"typed_value": 1}, "b": {"typed_value": [{"typed_value": 2}, {"value": b"\0"}]}}},
        {"metadata": names, "typed_value": {"a": {"value": b"\x05x"}, "b": {}}},
        {"metadata": names, "value": b"\x04"}, None], column)})


def write_variants():
    VARIANTS.mkdir(parents=True, exist_ok=True)
    none, names = b"\x01\x00\x00", b"\x01\x02\x00\x01\x02ab"
    inner = b"\x03\x02\x00\x01\x03\x00\x0c\x05"
    for name, metadata, value in [
            ("integer", none, b"\x0c\x05"), ("decimal", none, b"\x20\x02\x64\0\0\0"), ("short", none, b"\x05x"),
            ("long", none, b"\x40\x02\0\0\0xy"), ("array", none, inner),
            ("object", names, b"\x02\x02\x01\x00\x08\x00\x0a" + inner + b"\x0c\x05"),
            ("wide", names, b"\x7e\x01\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0")]:
        (VARIANTS / name).write_bytes(bytes([len(metadata)]) + metadata + value)


def main():
    write_variants()
    write("shredded_variant", shredded(), use_dictionary=False)
    write("plain", flat(), use_dictionary=False)
    write("dictionary", flat())
    write("int96", flat().select(["t"]), use_deprecated_int96_timestamps=True)
    write("nested", nested())
    write("nested_v2_pages", nested(), data_page_version="2.0")
    encodings = {"i": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY", "x": "DELTA_LENGTH_BYTE_ARRAY",
                 "d": "BYTE_STREAM_SPLIT"}
    write("encodings", flat().select(list(encodings)), use_dictionary=False, column_encoding=encodings)
    write("row_groups", pa.table({"i": list(range(6))}), row_group_size=2)
    for codec in ("snappy", "zstd", "lz4", "gzip", "brotli"):
        write(codec, pa.table({"s": ["x" * 100] * 20}), compression=codec, use_dictionary=False)


if __name__ == "__main__":
    main()
