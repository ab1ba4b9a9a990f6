"""Scope: the columns that an expression may name, with what the checker knows about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthspec.errors import Span
from synthspec.terms.types import Type


@dataclass(frozen=True)
class ColumnInfo:
    """A column: its type, its values when they are a closed list, and whether it has `.missing`.

    `span` is where it is declared, shown when another name was probably meant for it; `name` is set where
    constants beside the column are looked at.
    """

    type: Type
    values: tuple[str, ...] | None = None
    missing: bool = False
    span: Span | None = None
    name: str = ""


Scope = Mapping[str, Type | ColumnInfo]


def info(scope: Scope, name: str) -> ColumnInfo | None:
    """Return what is known about `name`, or None."""
    found = scope.get(name)
    return ColumnInfo(found) if isinstance(found, Type) else found


def type_name(type_: Type) -> str:
    """Return a type as users write it."""
    if type_.name == "decimal":
        return f"decimal({type_.scale})"
    return type_.name
