"""Expr: the closed algebra of row expressions, with SQL CHECK null semantics; engines translate it.

Adding a node makes every `match` over Expr (evaluate, to_polars, to_sql, print) a type error until
it answers for the node. Each node carries the `type` of its value; the type checker
(spec/typecheck.py) is the only builder that parses text.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StrictInt

from synthspec.terms.frozen import Frozen
from synthspec.terms.types import BOOL, INT, Type

Scalar = bool | int | float | Decimal | str | date | datetime | None


class Column(Frozen):
    """The value of a column (or of an earlier `let`) in this row."""

    node: Literal["column"] = "column"
    name: str
    type: Type


class Literal_(Frozen):
    """A constant, as canonical source text (`text`), typed; `text` None is NULL.

    Text forms: bool "true"/"false", int "12", float repr, decimal "12.30", date ISO, datetime ISO with
    a "T", text as is.
    """

    node: Literal["literal"] = "literal"
    text: str | None
    type: Type


class Not(Frozen):
    """Three-valued negation."""

    node: Literal["not"] = "not"
    arg: Expr
    type: Type = BOOL


class Logic(Frozen):
    """Three-valued AND / OR over one or more arguments."""

    node: Literal["logic"] = "logic"
    op: Literal["and", "or"]
    args: tuple[Expr, ...]
    type: Type = BOOL


class Compare(Frozen):
    """A comparison; unknown when a side is null. Sides have comparable types."""

    node: Literal["compare"] = "compare"
    op: Literal["=", "<>", "<", "<=", ">", ">="]
    left: Expr
    right: Expr
    type: Type = BOOL


class In(Frozen):
    """Membership among constants; unknown when the argument is null."""

    node: Literal["in"] = "in"
    arg: Expr
    values: tuple[Literal_, ...]
    type: Type = BOOL


class Like(Frozen):
    """SQL LIKE with % and _ (no escape)."""

    node: Literal["like"] = "like"
    arg: Expr
    pattern: str
    type: Type = BOOL


class IsNull(Frozen):
    """True when the argument is null, else false; never unknown."""

    node: Literal["isnull"] = "isnull"
    arg: Expr
    type: Type = BOOL


class Case(Frozen):
    """The value of the first branch whose condition is true; `otherwise` (or null) when none is."""

    node: Literal["case"] = "case"
    branches: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr
    type: Type


class Cast(Frozen):
    """A conversion to `type` (int<->float<->decimal, datetime->date, date->datetime, any->text)."""

    node: Literal["cast"] = "cast"
    arg: Expr
    type: Type


class Arithmetic(Frozen):
    """Numbers only. int and decimal are exact; `/` gives float; division by zero is null."""

    node: Literal["arithmetic"] = "arithmetic"
    op: Literal["+", "-", "*", "/", "%"]
    left: Expr
    right: Expr
    type: Type


class Call(Frozen):
    """A deterministic function of the closed list in terms/functions.py."""

    node: Literal["call"] = "call"
    function: str
    args: tuple[Expr, ...]
    type: Type


class Window(Frozen):
    """sum/min/max/count/lag(arg) OVER (PARTITION BY the unit ORDER BY ...); in `derive` only."""

    node: Literal["window"] = "window"
    function: Literal["sum", "min", "max", "count", "lag"]
    args: tuple[Expr, ...]
    partition: str
    order: tuple[str, ...]
    type: Type


class Index(Frozen):
    """The position of a text or bool value in `values`; null when it is null or not among them."""

    node: Literal["index"] = "index"
    arg: Expr
    values: tuple[str, ...]
    type: Type = INT


class Bin(Frozen):
    """The bin of an ordered value in its physical form (see Type).

    Bin i holds edges[i] <= value < edges[i+1], the last one its upper edge too; below the first edge
    gives 0 and above the last gives the last bin; null stays null. `edges` are physical values as
    numbers (int for int, decimal, date, datetime; float for float), strictly increasing.
    """

    node: Literal["bin"] = "bin"
    arg: Expr
    edges: tuple[StrictInt, ...] | tuple[float, ...] = Field(union_mode="left_to_right")
    type: Type = INT


class Lookup(Frozen):
    """The value that a public table gives for the key; null when a key part is null or absent.

    `table` maps canonical literal texts of the key parts to a literal text (or None).
    """

    node: Literal["lookup"] = "lookup"
    keys: tuple[Expr, ...]
    table: tuple[tuple[tuple[str, ...], str | None], ...]
    type: Type


Expr = Annotated[
    Column
    | Literal_
    | Not
    | Logic
    | Compare
    | In
    | Like
    | IsNull
    | Case
    | Cast
    | Arithmetic
    | Call
    | Window
    | Index
    | Bin
    | Lookup,
    Field(discriminator="node"),
]
