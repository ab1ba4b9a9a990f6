"""Literal text and Python values: the canonical text of a constant of each type, both ways."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from synthspec.terms.expr import Literal_, Scalar
from synthspec.terms.types import Type


def text_of(value: Scalar) -> str | None:
    """Return the canonical text of a value (see Literal_); None for null.

    >>> text_of(True), text_of(Decimal("12.30")), text_of(date(2024, 1, 2))
    ('true', '12.30', '2024-01-02')
    """
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case int() | str():
            return str(value)


def value_of(text: str | None, type_: Type) -> Scalar:
    """Return the value of canonical text. A bad text is a ValueError.

    >>> value_of("12.3", Type(name="decimal", scale=2))
    Decimal('12.30')
    """
    if text is None:
        return None
    match type_.name:
        case "bool":
            return text == "true"
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "decimal":
            return Decimal(text).quantize(Decimal(1).scaleb(-type_.scale))
        case "date":
            return date.fromisoformat(text)
        case "datetime":
            return datetime.fromisoformat(text)
        case _:
            return text


def literal(value: Scalar, type_: Type) -> Literal_:
    """Return the constant `value` as a node of type `type_`."""
    return Literal_(text=text_of(value), type=type_)


def constant(node: Literal_) -> Scalar:
    """Return the value of a constant node."""
    return value_of(node.text, node.type)
