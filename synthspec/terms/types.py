"""Type: what a value of the language can be."""

from __future__ import annotations

from typing import Literal

from synthspec.terms.frozen import Frozen

TypeName = Literal["bool", "int", "float", "decimal", "text", "date", "datetime", "null"]


class Type(Frozen):
    """A value type; `scale` is the number of decimals of a decimal, else 0.

    Categories and ids are `text`. Physical form, used wherever values meet arrays: bool 0/1, int as is,
    decimal as integer times 10**scale, float as float64, date as days since 1970-01-01, datetime
    (naive wall-clock) as seconds since 1970-01-01T00:00:00, text as str.
    """

    name: TypeName
    scale: int = 0


BOOL = Type(name="bool")
INT = Type(name="int")
FLOAT = Type(name="float")
TEXT = Type(name="text")
DATE = Type(name="date")
DATETIME = Type(name="datetime")
NULL = Type(name="null")


def decimal(scale: int) -> Type:
    """Return the decimal type with `scale` digits after the point."""
    return Type(name="decimal", scale=scale)
