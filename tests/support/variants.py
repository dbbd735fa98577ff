"""Random VARIANT values and shredding schemas, as SQL, and what variants are in files."""

from __future__ import annotations

import json
import random

NAMES = ["a", "b", "c", "Größe", "a b", "long name of a field"]
SCALARS = {
    "TINYINT": ["1Y", "-128Y"], "SMALLINT": ["300S", "1S"], "INT": ["70000", "5"],
    "BIGINT": ["5000000000", "0L", "-9223372036854775808L"], "FLOAT": ["FLOAT('1.5')", "FLOAT('NaN')"],
    "DOUBLE": ["2.5D", "DOUBLE('-Infinity')", "DOUBLE('NaN')", "-0.0D"], "BOOLEAN": ["true", "false"],
    "STRING": ["'x'", "''", f"'{'text of more than 63 bytes ' * 4}'", "'naïve 😀'"],
    "BINARY": ["X'00FF'", "X''"], "DATE": ["DATE'2020-02-29'", "DATE'0001-01-01'", "DATE'1969-12-31'"],
    "TIMESTAMP": ["TIMESTAMP'2020-01-01T00:00:00.123456Z'", "TIMESTAMP'0001-01-01T00:00:00Z'"],
    "TIMESTAMP_NTZ": ["TIMESTAMP_NTZ'2020-01-01 12:00:00'", "TIMESTAMP_NTZ'1500-06-01 00:00:00.000001'"],
    "DECIMAL(5,2)": ["1.25BD", "-999.99BD", "2.00BD"], "DECIMAL(18,9)": ["123456789.987654321BD", "1.5BD"],
    "DECIMAL(38,10)": ["1234567890123456789012345678.0123456789BD", "0.1BD", "7BD"],
}
_JSON_SCALARS = [None, True, 1, -70000, 5_000_000_000, 1.5, 1e300, "x", "", "2020-01-01", 12.340, 0.1]


def _json(random_: random.Random, depth: int) -> object:
    kind = random_.random()
    if depth > 0 and kind < 0.45:
        names = random_.sample(NAMES, random_.randint(0, 4))
        return {name: _json(random_, depth - 1) for name in names}
    if depth > 0 and kind < 0.6:
        return [_json(random_, depth - 1) for _ in range(random_.randint(0, 3))]
    return random_.choice(_JSON_SCALARS)


def _typed(random_: random.Random, depth: int) -> str:
    """SQL of a value with types that JSON does not have."""
    kind = random_.random()
    if depth > 0 and kind < 0.45:
        fields = [f"'{name}', {_typed(random_, depth - 1)}" for name in random_.sample(NAMES, random_.randint(1, 4))]
        return f"named_struct({', '.join(fields)})"
    if depth > 0 and kind < 0.55:
        return f"array({', '.join([_typed(random_, 0)] * random_.randint(1, 3))})"
    if kind < 0.6:
        return "CAST(NULL AS INT)"
    return random_.choice(SCALARS[random_.choice(list(SCALARS))])


def random_variant(random_: random.Random) -> str:
    """SQL of a variant, NULL now and then."""
    kind = random_.random()
    if kind < 0.05:
        return "NULL"
    if kind < 0.5:
        text = json.dumps(_json(random_, 3), ensure_ascii=False).replace("\\", "\\\\").replace("'", "\\'")
        return f"parse_json('{text}')"
    typed = _typed(random_, 3)
    return f"to_variant_object({typed})" if typed.startswith(("named", "array")) else f"CAST({typed} AS VARIANT)"


def random_shredding(random_: random.Random, depth: int = 3) -> str:
    """A type as which variants are shredded."""
    kind = random_.random()
    if depth > 0 and (kind < 0.6 or depth == 3 and kind < 0.85):
        fields = [f"`{name}`: {random_shredding(random_, depth - 1)}"
                  for name in random_.sample(NAMES, random_.randint(1, 4))]
        return f"STRUCT<{', '.join(fields)}>"
    if depth > 0 and kind < 0.75:
        return f"ARRAY<{random_shredding(random_, depth - 1)}>"
    return "VARIANT" if depth < 3 and kind > 0.95 else random_.choice(list(SCALARS))


def bytes_of(value: object) -> object:
    """What Spark collects, with each variant as its two binaries, as pyarrow reads them."""
    if hasattr(value, "metadata") and hasattr(value, "value"):
        return {"value": bytes(value.value), "metadata": bytes(value.metadata)}
    if hasattr(value, "asDict"):
        return {name: bytes_of(part) for name, part in value.asDict().items()}
    if isinstance(value, list):
        return [bytes_of(part) for part in value]
    if isinstance(value, dict):
        return [(key, bytes_of(part)) for key, part in value.items()]
    return value
