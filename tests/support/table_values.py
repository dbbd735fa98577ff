"""Random column types, and SQL literals of any type: the ends of each range, NULLs, odd text."""

from __future__ import annotations

import random

PRIMITIVES = ["BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "STRING", "BINARY", "DATE",
              "TIMESTAMP", "TIMESTAMP_NTZ", "DECIMAL(5,2)", "DECIMAL(18,0)", "DECIMAL(38,10)", "VARCHAR(9)", "CHAR(4)"]
PARTITIONING = ["STRING", "STRING", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "INT", "BOOLEAN", "DECIMAL(7,3)", "DOUBLE",
                "BIGINT", "TINYINT", "VARCHAR(9)"]
# What a column of a type may be widened to.
WIDER = {"tinyint": ["SMALLINT", "INT", "BIGINT", "DOUBLE", "DECIMAL(12,2)"], "smallint": ["INT", "BIGINT", "DOUBLE"],
         "int": ["BIGINT", "DOUBLE", "DECIMAL(20,4)"], "bigint": ["DECIMAL(22,1)"], "float": ["DOUBLE"],
         "date": ["TIMESTAMP_NTZ"], "decimal(5,2)": ["DECIMAL(9,4)"], "decimal(18,0)": ["DECIMAL(38,2)"]}
NAMES = ["name", "UPPER", "mixedCase", "a.b", "ünï", "日本", "select", "_x", "1st", "a-b", "a%41b", "quo'te", "dq\"s", "$d", "back\\slash", "a/b", "😀", "İ", "value", "key", "element", "dt", "x" * 120]
MAPPED_NAMES = ["a b", "x,y", "p=q", "semi;{}()", "tab\tbed", "new\nline", " "]

_INTEGERS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
_TEXTS = ["", " ", "a", "b", "é", "日本", "x=/ %y", "it's", "a\\b", "%25", "line\nline", "tab\t", "quote\"", "😀", "a:b",
          "trailing ", "NULL", "null", ".", "..", "{}", "#?&+", "ﬀ\U0001f680" * 20, "z" * 300, "\u007f", "1.0", "e\u0301"]
_DATES = ["0001-01-01", "1582-10-04", "1582-10-15", "1899-12-31", "1969-12-31", "1970-01-01", "2024-02-29", "2025-01-01",
          "9999-12-31"]
_TIMES = ["00:00:00", "12:34:56.789", "23:59:59.999999", "02:30:00.000001"]


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def text_literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return f"'{escaped}'"


def ddl(kind) -> str:
    """A pyspark type as SQL writes it, with every name quoted."""
    name = kind.typeName()
    if name == "struct":
        return "STRUCT<" + ", ".join(f"{quoted(f.name)}: {ddl(f.dataType)}" for f in kind) + ">"
    if name == "array":
        return f"ARRAY<{ddl(kind.elementType)}>"
    if name == "map":
        return f"MAP<{ddl(kind.keyType)}, {ddl(kind.valueType)}>"
    return kind.simpleString()


def random_type(choose: random.Random, mapped: bool, depth: int = 2) -> str:
    shape = choose.random()
    if depth == 0 or shape < 0.65:
        return choose.choice(PRIMITIVES[:-2] if depth < 2 else PRIMITIVES)
    if shape < 0.85:
        names = random_names(choose, choose.randint(1, 3), mapped)
        return "STRUCT<" + ", ".join(f"{quoted(n)}: {random_type(choose, mapped, depth - 1)}" for n in names) + ">"
    if shape < 0.93:
        return f"ARRAY<{random_type(choose, mapped, depth - 1)}>"
    key = choose.choice(["STRING", "INT", "DATE", "DECIMAL(5,2)", "BINARY"])
    return f"MAP<{key}, {random_type(choose, mapped, depth - 1)}>"


def random_names(choose: random.Random, count: int, mapped: bool, taken=()) -> list[str]:
    taken = {name.lower() for name in taken} | {"id", "at"}
    free = [name for name in NAMES + (MAPPED_NAMES if mapped else []) if name.lower() not in taken]
    return choose.sample(free, min(count, len(free)))


def literal(choose: random.Random, kind, nulls: float = 0.15) -> str:
    """A value of a pyspark type."""
    name = kind.typeName()
    if choose.random() < nulls:
        return f"CAST(NULL AS {ddl(kind)})"
    if name == "struct":
        parts = ", ".join(f"{text_literal(f.name)}, {literal(choose, f.dataType, nulls if f.nullable else 0)}"
                          for f in kind)
        return f"CAST(named_struct({parts}) AS {ddl(kind)})"
    if name == "array":
        parts = ", ".join(literal(choose, kind.elementType) for _ in range(choose.choice([0, 1, 2, 5])))
        return f"CAST(array({parts}) AS {ddl(kind)})"
    if name == "map":
        keys = {literal(choose, kind.keyType, 0) for _ in range(choose.choice([0, 1, 3]))}
        parts = ", ".join(f"{key}, {literal(choose, kind.valueType)}" for key in sorted(keys))
        return f"CAST(map({parts}) AS {ddl(kind)})"
    return f"CAST({_primitive(choose, kind, name)} AS {ddl(kind)})"


def _primitive(choose: random.Random, kind, name: str) -> str:
    simple = kind.simpleString()
    if simple in _INTEGERS:
        bits = _INTEGERS[simple]
        return f"'{choose.choice([0, 1, -1, 7, 2 ** (bits - 1) - 1, -2 ** (bits - 1)])}'"
    if name in ("float", "double"):
        return "'" + choose.choice(["NaN", "Infinity", "-Infinity", "0.0", "-0.0", "1.5", "-2.25", "1e-45", "3.4028235e38",
                                    "0.1"]) + "'"
    if name == "decimal":
        digits = choose.choice([1, kind.precision])
        number = str(choose.randrange(10 ** digits)).rjust(kind.scale + 1, "0")
        split = len(number) - kind.scale
        return f"'{choose.choice(['', '-'])}{number[:split]}{'.' if kind.scale else ''}{number[split:]}'"
    if name == "boolean":
        return choose.choice(["true", "false"])
    if name == "binary":
        return choose.choice(["X''", "X'00'", "X'FF00FF'", "X'C328'", "X'" + "AB" * 50 + "'"])
    if name in ("char", "varchar"):
        return text_literal(choose.choice(["", "a", "é", "ab ", "日本"]))
    if name == "string":
        return text_literal(choose.choice(_TEXTS))
    day = choose.choice(_DATES)
    return f"'{day}'" if name == "date" else f"'{day} {choose.choice(_TIMES)}'"
