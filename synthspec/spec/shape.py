"""Shape: what a node of the spec may look like; declared as data, read by spec/read.py, printed by schema.

A value has one shape. Where several forms are allowed, `Forms.choose` looks at the node and names one
form, so that one misspelt key gives one finding and not one for each form that it fails to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from synthspec.spec.source import Node


@dataclass(frozen=True)
class Text:
    """Any scalar, as its source text. `what` names it in messages; `pattern` must match whole.

    `kind` marks texts with a language of their own: an expression, a path, a column's name.
    """

    what: str = "text"
    pattern: str | None = None
    hint: str = ""
    kind: Literal["text", "expression", "path", "column", "unit", "group"] = "text"
    lines: bool = True


@dataclass(frozen=True)
class Integer:
    """A whole number in lo..hi; digits may be grouped by underscores."""

    lo: int
    hi: int


@dataclass(frozen=True)
class Number:
    """A finite number between lo and hi; an open end is excluded."""

    lo: float
    hi: float
    lo_open: bool = False
    hi_open: bool = False


@dataclass(frozen=True)
class Flag:
    """true or false."""


@dataclass(frozen=True)
class Choice:
    """One of the words."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Many:
    """A list of `of`; a lone value counts as a list of one when `lone`."""

    of: Shape
    at_least: int = 1
    at_most: int = 1_000_000
    lone: bool = False
    distinct: bool = False


@dataclass(frozen=True)
class Named:
    """A mapping whose keys the author chooses: names that match `pattern`, values of shape `of`."""

    of: Shape
    what: str = "name"
    pattern: str | None = None
    hint: str = ""
    at_least: int = 0
    keys: Literal["name", "column", "group", "value"] = "name"


@dataclass(frozen=True)
class Record:
    """A mapping with known keys; `needs` must be present."""

    name: str
    keys: Mapping[str, Shape]
    needs: tuple[str, ...] = ()
    open: str | None = None
    """Keys with this prefix are ignored."""


@dataclass(frozen=True)
class Forms:
    """One of several shapes; `choose` names the form that the node means to be."""

    what: str
    forms: Mapping[str, Shape]
    choose: Callable[[Node], str] = field(compare=False)


@dataclass(frozen=True)
class Free:
    """Plain data, typed by YAML 1.2; validated where it is used."""


Shape = Text | Integer | Number | Flag | Choice | Many | Named | Record | Forms | Free
