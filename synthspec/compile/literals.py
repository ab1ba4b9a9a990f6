"""Literals: values of the spec's lists and public files as canonical literal texts of a type."""

from __future__ import annotations

from synthspec.columns.literal import day, day_text, number, scaled, scaled_text, second, second_text
from synthspec.spec.model import ColumnKind
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, Type, decimal

_TYPES = {"id": TEXT, "bool": BOOL, "int": INT, "float": FLOAT, "category": TEXT, "date": DATE,
          "datetime": DATETIME}  # fmt: skip


def value_type(kind: ColumnKind, scale: int) -> Type:
    """Return the value type of a declared column type."""
    return decimal(scale) if kind == "decimal" else _TYPES[kind]


def canonical(type_: Type, text: str) -> str | None:
    """Return the canonical literal text (terms/expr.py) of a value written as `text`, or None.

    >>> from synthspec.terms.types import decimal
    >>> canonical(decimal(2), "1_000.5")
    '1000.50'
    """
    plain = text.strip()
    match type_.name:
        case "text":
            return text
        case "bool":
            return plain.lower() if plain.lower() in ("true", "false") else None
        case "date":
            days = day(plain)
            return None if days is None else day_text(days)
        case "datetime":
            seconds = second(plain)
            return None if seconds is None else second_text(seconds)
        case "null":
            return None
        case "int" | "decimal":
            value = number(plain)
            grid = None if value is None else scaled(value, type_.scale)
            return None if grid is None else scaled_text(grid, type_.scale)
        case "float":
            value = number(plain)
            return None if value is None else repr(float(value))
