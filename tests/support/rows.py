"""Rows as plain, hashable, readable values, and comparison of two tables as multisets.

One rendering serves every side (Spark, Parquet files, delta-rs), so that two tables are equal exactly
if their rendered rows are: timestamps to the microsecond with or without `Z`, floats by `repr`,
decimals with their scale, binary as hex, structs by field, maps as lists of pairs in stored order.
"""

from __future__ import annotations

import collections
import datetime
import json
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.types as pt

Row = tuple[tuple[str, object], ...]

_EPOCH_DAYS = datetime.date(1970, 1, 1).toordinal()


def render_timestamp(micros: int, utc: bool = True) -> str:
    """ISO text of any microsecond count, years outside Python's range included."""
    seconds, fraction = divmod(micros, 1_000_000)
    days, second = divmod(seconds, 86_400)
    return (f"{render_date(days)}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
            f".{fraction:06}{'Z' if utc else ''}")


def render_date(days: int) -> str:
    ordinal = days + _EPOCH_DAYS
    if 1 <= ordinal <= datetime.date.max.toordinal():
        return datetime.date.fromordinal(ordinal).isoformat()
    return f"day {days}"


def render_column(column: pa.Array | pa.ChunkedArray, instants: bool = False) -> list:
    """The values of an Arrow column as JSON-able Python values.

    With `instants`, timestamps without a zone are UTC: INT96 says nothing of zones and means that.
    """
    if isinstance(column, pa.ChunkedArray):
        return [value for chunk in column.chunks for value in render_column(chunk, instants)]
    kind = column.type
    if pt.is_dictionary(kind):
        return render_column(column.dictionary_decode(), instants)
    if pt.is_timestamp(kind):
        scale = {"s": 1_000_000, "ms": 1_000, "us": 1}.get(kind.unit)
        utc = instants or kind.tz is not None
        if scale is None:  # nanoseconds: only INT96 files read without coercion
            return [None if v is None else render_timestamp(v // 1000, utc)
                    for v in column.cast(pa.int64()).to_pylist()]
        return [None if v is None else render_timestamp(v * scale, utc)
                for v in column.cast(pa.int64()).to_pylist()]
    if pt.is_date32(kind):
        return [None if v is None else render_date(v) for v in column.cast(pa.int32()).to_pylist()]
    if pt.is_decimal(kind):
        return [None if v is None else format(v, "f") for v in column.to_pylist()]
    if pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_fixed_size_binary(kind):
        return [None if v is None else v.hex() for v in column.to_pylist()]
    if pt.is_floating(kind):
        return [None if v is None else repr(v) for v in column.to_pylist()]
    if pt.is_struct(kind):
        names = [field.name for field in kind]
        parts = [render_column(part, instants) for part in column.flatten()]
        return [None if not valid else dict(zip(names, values))
                for valid, values in zip(column.is_valid().to_pylist(),
                                         zip(*parts) if parts else [()] * len(column))]
    if pt.is_map(kind):
        pairs = [list(pair) for pair in zip(render_column(column.keys, instants),
                                            render_column(column.items, instants))]
        return _split(column, pairs)
    if pt.is_list(kind) or pt.is_large_list(kind):
        return _split(column, render_column(column.values, instants))
    return column.to_pylist()


def render_table(table: pa.Table, instants: Iterable[str] = ()) -> list[dict]:
    """Rows by column name; `instants` are columns whose timestamps are UTC without saying so."""
    columns = [render_column(column, name in instants)
               for name, column in zip(table.column_names, table.columns)]
    return [dict(zip(table.column_names, values)) for values in zip(*columns)]


def multiset(rows: Iterable[dict], columns: Sequence[str] | None = None) -> collections.Counter:
    """Rows counted by value; `columns` chooses (and orders) what is compared."""
    return collections.Counter(
        json.dumps({c: row[c] for c in columns} if columns else row, ensure_ascii=False)
        for row in rows)


def assert_same_rows(actual: Iterable[dict], expected: Iterable[dict], what: str = "rows") -> None:
    """Fails with the rows that one side has and the other lacks."""
    got, want = multiset(actual), multiset(expected)
    if got == want:
        return
    extra, missing = got - want, want - got
    lines = [f"{what}: {sum(got.values())} rows, expected {sum(want.values())}"]
    for title, rows in (("not expected", extra), ("missing", missing)):
        if rows:
            lines.append(f"  {title}: {sum(rows.values())}")
            lines += [f"    {count} x {row}" for row, count in sorted(rows.items())[:8]]
    raise AssertionError("\n".join(lines))


def _split(column: pa.Array, values: list) -> list:
    offsets = column.offsets.to_pylist()
    return [values[first:last] if valid else None
            for first, last, valid in zip(offsets, offsets[1:], column.is_valid().to_pylist())]
