"""Whole: the rules of a table, parted into those that single rows meet and those that need all rows.

Source: ours; LANGUAGE 2.3 and 2.7 of the design. All of it looks at synthetic rows only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.broken import broken_rows, copies, overlapping, row_conditions, true_rows
from synthspec.draw.late import recomputed, with_late
from synthspec.plan.late import early_computed, late_columns, windows_behind
from synthspec.plan.plan import ROWS, PlannedColumn
from synthspec.privacy.entropy import SampleRng
from synthspec.rules import AnyRule, Check, NoOverlap, Unique
from synthspec.terms.expr import Case, Expr, Literal_
from synthspec.terms.types import BOOL
from synthspec.terms.walk import columns_of

Mask = NDArray[np.bool_]


class Redraw(Protocol):
    """Gives fresh rows that meet every condition of `Whole.early`, one in the place of each row."""

    def __call__(self, rows: pl.DataFrame, rng: SampleRng, *, anew: bool = False) -> pl.DataFrame:
        """Return as many rows as `rows`, ids aside; of the same persons, or of others when `anew`.

        Args:
            rows: those to be replaced, in their order; with `anew`, all rows of each unit.
            rng: public randomness.
            anew: whether columns of the unit change, too.
        """


WHERE = "where"


@dataclass(frozen=True, eq=False)
class Whole:
    """The rules of a table, parted into those that its rows meet one by one and all others."""

    columns: tuple[PlannedColumn, ...]
    rules: tuple[AnyRule, ...]
    where: Expr | None = None
    by: str | None = None
    """The column in whose order the rows of a unit are put out, each drawn given the one before."""
    computed: tuple[PlannedColumn, ...] = field(init=False)
    late: tuple[PlannedColumn, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "computed", early_computed(self.columns))
        object.__setattr__(self, "late", late_columns(self.columns))

    @property
    def late_names(self) -> frozenset[str]:
        """The columns that need the whole table."""
        return frozenset(column.name for column in self.late)

    def early(self) -> dict[str, Expr]:
        """Return the conditions that every drawn row meets before the table is whole."""
        free = {rule.name for rule in self.rules if isinstance(rule, Check) and rule.repair}
        found = row_conditions(self.rules, enforced_only=True)
        return {
            name: condition
            for name, condition in found.items()
            if name not in free and not self.late_names & set(columns_of(condition))
        }

    def early_where(self) -> Expr | None:
        """Return `where` when single rows can meet it."""
        if self.where is None or self.late_names & set(columns_of(self.where)):
            return None
        return self.where

    @property
    def ids(self) -> frozenset[str]:
        """The columns of fresh surrogates."""
        return frozenset(column.name for column in self.columns if column.role == "id")

    @property
    def unit(self) -> str | None:
        """The id that the rows of a person share; None where each row is a unit of its own."""
        return unit_among(self.columns)

    @property
    def fresh(self) -> frozenset[str]:
        """The ids that are distinct in every row."""
        return self.ids if self.unit is None else self.ids - per_unit(self.columns)

    @property
    def per_unit(self) -> frozenset[str]:
        """The columns that all rows of a person share; none where each row is a unit of its own."""
        return frozenset() if self.unit is None else per_unit(self.columns)

    @property
    def apart(self) -> bool:
        """Whether no rule compares rows of different persons, nor any row is a person of its own."""
        keys = [each for each in self.rules if isinstance(each, Unique) and each.enforce == "always"]
        return self.unit is not None and all(set(each.over) & self.ids for each in keys)

    def arranged(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with the rows of each unit in the order of `by`, ids where they were.

        The rows of a unit lie together; late columns are computed anew where anything moved.
        """
        if self.by is None or self.unit is None:
            return frame
        keys = frame.select(pl.col(self.unit).rle_id().alias("\x00unit"), pl.col(self.by).alias("\x00by"))
        order = keys.with_row_index("\x00at").sort("\x00unit", "\x00by", "\x00at", nulls_last=False)["\x00at"]
        if bool((order.diff().drop_nulls() == 1).all()):
            return frame
        ids = frame.select(name for name in frame.columns if name in self.ids)
        rest = frame.select(name for name in frame.columns if name not in {*self.ids, *self.late_names})
        return self.with_late(
            rest[order.to_numpy()]
            .hstack(ids.get_columns())
            .select(name for name in frame.columns if name not in self.late_names)
        )

    def row_rules(self) -> dict[str, Expr]:
        """Return every enforced condition on a row that its own columns decide, `repair` or not."""
        found = row_conditions(self.rules, enforced_only=True)
        found = {n: c for n, c in found.items() if not self.late_names & set(columns_of(c))}
        where = self.early_where()
        return found if where is None else {**found, WHERE: certain(where)}

    def lawful(self, frame: pl.DataFrame) -> Mask:
        """Return the rows that meet every row rule; shape (rows,)."""
        masks = broken_rows(frame, self.row_rules())
        good = np.ones(frame.height, dtype=np.bool_)
        for mask in masks.values():
            good &= ~mask
        return good

    def broken(self, frame: pl.DataFrame, *, drawn: bool = False) -> dict[str, Mask]:
        """Return the rows that break each enforced rule, and `where`; only those with any.

        drawn: rows are as they were drawn, each meeting `early`, but for their ids: that is not asked again.
        """
        asked = row_conditions(self.rules, enforced_only=True)
        if drawn:
            sure = {name for name, each in self.early().items() if not self.ids & set(columns_of(each))}
            asked = {name: condition for name, condition in asked.items() if name not in sure}
        found = broken_rows(frame, asked)
        for rule in self.rules:
            if rule.enforce != "always":
                continue
            if isinstance(rule, NoOverlap):
                found[rule.name] = overlapping(frame, rule)
            elif isinstance(rule, Unique) and not set(rule.over) & self.fresh:
                found[rule.name] = copies(frame, rule)
        where = self.early_where()
        early = drawn and where is not None and not self.ids & set(columns_of(where))
        if self.where is not None and not early:
            found[WHERE] = ~true_rows(frame, self.where)
        return {name: mask for name, mask in found.items() if mask.any()}

    def recomputed(self, frame: pl.DataFrame, changed: Sequence[str]) -> pl.DataFrame:
        """Return the frame with what follows from `changed` columns computed anew, windows aside."""
        return recomputed(frame, self.computed, changed)

    def with_late(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with the columns over windows."""
        return with_late(frame, self.late)

    def unit_of(self, rule: AnyRule | None) -> str | None:
        """Return the id whose rows a rule looks at together; None for rules about single rows."""
        if isinstance(rule, NoOverlap):
            return rule.per
        if rule is None or not set(rule.columns) & self.late_names:
            return None
        windows = windows_behind(rule.columns, self.late)
        return windows[0].partition if windows else None


def unit_among(columns: Sequence[PlannedColumn]) -> str | None:
    """Return the id of the persons that are drawn with all their rows; None without any."""
    return next((c.name.removesuffix(ROWS) for c in columns if is_counter(c)), None)


def is_counter(column: PlannedColumn) -> bool:
    """Return whether a column says how many rows a unit has."""
    return column.hidden and column.per == "unit" and column.name.endswith(ROWS)


def per_unit(columns: Sequence[PlannedColumn]) -> frozenset[str]:
    """Return the columns that all rows of a unit share, its id among them."""
    unit = unit_among(columns)
    return frozenset(c.name for c in columns if c.per == "unit" or c.name == unit)


def whole_units(frame: pl.DataFrame, mask: Mask, unit: str | None) -> Mask:
    """Return all rows of the units that have a row in `mask`; the rows themselves without a unit."""
    if unit is None:
        return mask
    names = frame[unit].filter(pl.Series(mask)).unique()
    return frame[unit].is_in(names.implode()).fill_null(value=False).to_numpy() | mask


def replaced(frame: pl.DataFrame, where: Mask, rows: pl.DataFrame, whole: Whole) -> pl.DataFrame:
    """Return the frame with `rows` in the place of those in `where`, ids kept, columns over windows gone."""
    place = np.flatnonzero(where)
    index = np.arange(frame.height)
    index[place] = frame.height + np.arange(len(place))
    kept = frame.filter(pl.Series(where)).select(sorted(whole.ids))
    names = [name for name in frame.columns if name not in whole.late_names]
    fresh = rows.drop([name for name in rows.columns if name in whole.ids]).hstack(kept.get_columns())
    return pl.concat([frame.select(names), fresh.select(names)])[index]


def certain(condition: Expr) -> Expr:
    """Return a condition that is false where `condition` is not true."""
    yes, no = (Literal_(text=text, type=BOOL) for text in ("true", "false"))
    return Case(branches=((condition, yes),), otherwise=no, type=BOOL)
