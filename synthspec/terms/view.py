"""View: a recipe for private rows; public, and without any method that runs it.

An engine runs the recipe inside `run/`. In order: read the fields, then the steps one after the
other, then the bound, then the codes. Everything depends on one unit's own rows only, so adding or
removing a unit changes nothing for the others (stability).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field as Key
from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from synthspec.terms.domain import Domain
from synthspec.terms.expr import Expr
from synthspec.terms.frozen import Frozen
from synthspec.terms.protection import Protection
from synthspec.terms.types import Type


class _Grown(Frozen):
    """What has gained keys since plans were first written: a new key is written where it is used only.

    So the digest of an older plan stays what it was.
    """

    @model_serializer(mode="wrap")
    def _as_before(self, rest: SerializerFunctionWrapHandler) -> dict[str, object]:
        tree: dict[str, object] = rest(self)
        fields = type(self).model_fields
        return {
            key: value for key, value in tree.items() if key not in _LATER or value != fields[key].default
        }


_LATER = frozenset(("units", "table", "once", "weight", "by"))


class UnitTable(Frozen):
    """A second file with one row per unit, read as the source is (its nulls, delimiter, encoding, decimal).

    `key` is the name, in that file, of the column of unit ids. It is read as the unit's own field is, and a
    unit's row is joined to the rows whose unit has the same exact text. Of several rows of one unit the one
    with the smallest keyed hash is taken; where none is, the fields are null; units without rows take no
    part. So what is joined to a row is a function of that row and of what the two files say about its own
    unit: a neighbouring pair of tables differs by one unit's rows in both files, and the join changes no
    sensitivity.
    """

    path: str
    format: Literal["csv", "parquet", "duckdb", "postgres", "spark"] = "csv"
    key: str


class Source(_Grown):
    """Where rows lie and how text becomes values; the path is not opened before `run`.

    `units`: where the fields lie that are declared of the table `units`, if there is such a table.
    """

    path: str
    format: Literal["csv", "parquet", "duckdb", "postgres", "spark"] = "csv"
    nulls: tuple[str, ...] = ("",)
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    duplicates: Literal["keep", "drop"] = "keep"
    units: UnitTable | None = None

    @property
    def of_units(self) -> Source | None:
        """The table of units as a source by itself, None where there is none."""
        if self.units is None:
            return None
        given = {"path": self.units.path, "format": self.units.format, "units": None, "duplicates": "keep"}
        return self.model_copy(update=given)


class Field(_Grown):
    """One column as it is read: its name here and in the source, type, and how text is decoded.

    Reading yields two columns: `name` (typed; null where the text is null, or cannot be decoded) and
    `name.bad` (bool; true where a non-null text cannot be decoded). `labels` maps source codes to
    values before typing. Bool reads true/false, t/f, yes/no, y/n, 1/0 in any case. Parquet columns
    are read through their text form where their type differs. `table`: which file has it, see `UnitTable`.
    """

    name: str
    origin: str
    type: Type
    nulls: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    format: str | None = None
    table: Literal["rows", "units"] = "rows"


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


class Bound(_Grown):
    """Keep at most `max_rows` rows of each unit, chosen by a keyed hash of their own content.

    `unit` None: every row is its own unit. Rows whose unit is null: `own` (each is its own unit) or
    `drop`. `over` and `kept` are labels under which units cut, and units with a row kept, are counted.

    With `once`, of the rows so kept of a unit only one stays: the one with the smallest keyed hash. It has
    one more attribute, of this name and of size `max_rows`: the number of rows kept of its unit, less 1.
    Sensitivity: which row stays, and that number, depend on the unit's own rows and the key only, and a unit
    has one row, so it adds 1 to one cell of any table: the bounds of every query hold with max_rows 1.

    With `weight`, every row so kept counts floor(weight / k) times in counts (`count`, `scored`), where k is
    the number of rows kept of its unit; `affected`, `partitions`, `held` and `parts` do not weigh. `weight`
    is at least `max_rows`, so that every row counts. Sensitivity: a unit's k rows add k * floor(weight / k)
    <= weight to the non-negative cells of any table, whatever k is, and k depends on its own rows only: the
    bounds of counts, and of distances made of them, hold with max_rows replaced by `weight`.
    """

    unit: str | None
    max_rows: int = Key(ge=1)
    unit_null: Literal["own", "drop"] = "own"
    over: str = "cut to max_rows"
    kept: str = "rows kept"
    once: str | None = None
    weight: int | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.once is not None and self.weight is not None:
            raise ValueError("one row of each unit has nothing to be weighed against")
        if self.weight is not None and self.weight < self.max_rows:
            raise ValueError("`weight` below `max_rows` would leave rows of large units out")
        return self

    @property
    def most(self) -> int:
        """How much one unit adds to any table of counts at most."""
        if self.once is not None:
            return 1
        if self.weight is not None:
            return self.weight
        return 1 if self.unit is None else self.max_rows


class Coded(_Grown):
    """One attribute: `code` gives 0..size-1 for every row that is left; null or outside counts as 0.

    With `by`, the attribute of a row is about the row before it: of the rows that the bound keeps of the
    same unit, in ascending order of `by`, nulls first, ties in the order of the keyed hashes of their
    contents. `code` is evaluated on that earlier row and gives 0..size-2; the first row of a unit, and a row
    without a unit, have the code size - 1. Rows with equal hashes are equal in every field, so their order
    changes no table.
    Sensitivity: the attribute is a function of a row and of the rows kept of its own unit, and each row still
    lies in one cell of any table: a unit's k rows add k to it. The bounds of every query are what they are
    without.
    """

    attribute: str
    size: int
    code: Expr
    by: Expr | None = None


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

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.protection.max_rows < self.bound.most:
            raise ValueError("a unit adds more to a table than the protection says")
        joined = {field.name for field in self.fields if field.table == "units"}
        if joined and (self.source.units is None or self.bound.unit is None or self.bound.unit in joined):
            raise ValueError("fields of the table of units need that table, and a unit among the rows")
        return self

    @property
    def fields_of_rows(self) -> tuple[Field, ...]:
        """What is read of the rows' own file."""
        return tuple(field for field in self.fields if field.table == "rows")

    @property
    def fields_of_units(self) -> tuple[Field, ...]:
        """What is read of the table of units: the unit, by that table's key, then what is joined."""
        if self.source.units is None:
            return ()
        unit = next(field for field in self.fields if field.name == self.bound.unit)
        joined = (field for field in self.fields if field.table == "units")
        return (unit.model_copy(update={"origin": self.source.units.key}), *joined)

    @property
    def domain(self) -> Domain:
        """The coded domain that the recipe ends in; the attribute of `bound.once`, if any, is the last."""
        once = () if self.bound.once is None else (self.bound.once,)
        return Domain(
            attributes=(*(coded.attribute for coded in self.codes), *once),
            sizes=(*(coded.size for coded in self.codes), *(self.bound.max_rows for _ in once)),
        )
