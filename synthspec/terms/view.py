"""View: a recipe for private rows; public, and without any method that runs it.

An engine runs the recipe inside `run/`. In order: read the fields, then the steps one after the
other, then the bound, then the codes. Everything depends on one unit's own rows only, so adding or
removing a unit changes nothing for the others (stability).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key

from synthspec.terms.domain import Domain
from synthspec.terms.expr import Expr
from synthspec.terms.frozen import Frozen
from synthspec.terms.protection import Protection
from synthspec.terms.types import Type


class Source(Frozen):
    """Where rows lie and how text becomes values; the path is not opened before `run`."""

    path: str
    format: Literal["csv", "parquet", "duckdb", "postgres", "spark"] = "csv"
    nulls: tuple[str, ...] = ("",)
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    duplicates: Literal["keep", "drop"] = "keep"


class Field(Frozen):
    """One column as it is read: its name here and in the source, type, and how text is decoded.

    Reading yields two columns: `name` (typed; null where the text is null, or cannot be decoded) and
    `name.bad` (bool; true where a non-null text cannot be decoded). `labels` maps source codes to
    values before typing. Bool reads true/false, t/f, yes/no, y/n, 1/0 in any case. Parquet columns
    are read through their text form where their type differs.
    """

    name: str
    origin: str
    type: Type
    nulls: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    format: str | None = None


class Let(Frozen):
    """Set (or replace) a column by an expression over the columns so far."""

    step: Literal["let"] = "let"
    name: str
    value: Expr


class Flag(Frozen):
    """Mark rows where `when` is true; units with a marked row can be counted under `label`."""

    step: Literal["flag"] = "flag"
    label: str
    when: Expr


class Drop(Frozen):
    """Drop the rows where `when` is true (unknown keeps the row)."""

    step: Literal["drop"] = "drop"
    when: Expr


Step = Annotated[Let | Flag | Drop, Key(discriminator="step")]


class Bound(Frozen):
    """Keep at most `max_rows` rows of each unit, chosen by a keyed hash of their own content.

    `unit` None: every row is its own unit. Rows whose unit is null: `own` (each is its own unit) or
    `drop`. `over` and `kept` are labels under which units cut, and units with a row kept, are counted.
    """

    unit: str | None
    max_rows: int
    unit_null: Literal["own", "drop"] = "own"
    over: str = "cut to max_rows"
    kept: str = "rows kept"


class Coded(Frozen):
    """One attribute: `code` gives 0..size-1 for every row that is left; null or outside counts as 0."""

    attribute: str
    size: int
    code: Expr


class Side(Frozen):
    """One side of a random split of the units: those `held` out, `share` of them on average, or the others.

    A unit's side is a function of the unit itself and of a secret key that is drawn without looking at
    any row: of the unit's value, or, for a row without one, of its content and of how many equal rows came
    before it. So whoever comes or goes, no other unit changes sides (equal rows are interchangeable), and
    under each key a query on a side moves by no more than the same query on all rows.
    """

    share: float = Key(gt=0, lt=1)
    held: bool


class View(Frozen):
    """The whole recipe; `protection` says which guarantee the bound serves.

    With a `side` the recipe is run as if the source held the rows of that side's units only: flags and
    lists of values are theirs, too.
    """

    source: Source
    fields: tuple[Field, ...]
    steps: tuple[Step, ...] = ()
    bound: Bound
    codes: tuple[Coded, ...] = ()
    protection: Protection
    side: Side | None = None

    @property
    def domain(self) -> Domain:
        """The coded domain that the recipe ends in."""
        return Domain(
            attributes=tuple(coded.attribute for coded in self.codes),
            sizes=tuple(coded.size for coded in self.codes),
        )
