"""Partition: a table as parts that are drawn apart, each lawful by itself.

Part number `at` is a function of the release, the seed, `at` and its size alone: one process, many
processes and a cluster draw the same rows. Persons lie whole in one part, so that windows, intervals
and orders do not look beyond it. Only keys that are no ids (`unique`) do: a table that has to keep one
is drawn by one process.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from types import MappingProxyType
from typing import Protocol

import polars as pl

from synthspec.draw.drawn import Drawn, Said, Tally, together, violations
from synthspec.draw.finish import finished
from synthspec.draw.frame import released
from synthspec.draw.leaning import Leaning
from synthspec.draw.persons import Persons
from synthspec.draw.single import Single
from synthspec.draw.source import TOLD
from synthspec.draw.whole import Whole
from synthspec.errors import SamplingError
from synthspec.generators.base import Model
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.privacy.entropy import SampleRng
from synthspec.rules import Unique
from synthspec.terms.expr import Expr

PART = 100_000
"""Rows of a part."""
PART_UNITS = 20_000
"""Persons of a part, where whole persons are asked for."""
MENDINGS = 50


class Maker(Protocol):
    """Draws the rows of parts, one by one or person by person."""

    def part(
        self, at: int, size: int, full: int, rng: SampleRng, beside: SampleRng, tally: Tally
    ) -> tuple[pl.DataFrame, dict[str, int]]:
        """Return a part that meets every rule, ids and all, and the rows that were changed by each rule.

        Args:
            at: its number.
            size: so many rows, or so many persons.
            full: the size of all parts but the last.
            rng: public randomness.
            beside: public randomness for what is drawn again.
            tally: takes note.
        """

    def again(self, rows: pl.DataFrame, rng: SampleRng, *, tally: Tally, anew: bool = False) -> pl.DataFrame:
        """Return rows in the place of `rows`; see `whole.Redraw`."""


class Partitioner:
    """Draws the parts of a table; what all parts need is found once."""

    def __init__(
        self,
        plan: Plan,
        columns: Sequence[PlannedColumn],
        models: Mapping[str, Model],
        rng: SampleRng,
        *,
        rows: int | None = None,
        units: int | None = None,
        where: Expr | None = None,
        told: Sequence[Expr] = (),
        shapes: Mapping[str, Model] | None = None,
        leanings: Mapping[str, Sequence[Leaning]] = MappingProxyType({}),
    ) -> None:
        """Take what `draw` takes, and how many rows or units the whole table has; the plan's without either.

        Raises:
            SamplingError: G458, for units of a table that is drawn row by row.
        """
        self.columns = tuple(columns)
        self._plan = plan
        self._rng = rng
        self._total = units if units is not None else plan.rows if rows is None else rows
        self.whole = Whole(self.columns, plan.rules, where, _order(plan))
        self._conditions = tuple(self.whole.early())
        self._maker: Maker
        if plan.persons:
            self._maker = Persons(self.whole, plan, models, told, shapes, leanings, units=units is not None)
        elif units is not None:
            raise not_persons()
        else:
            self._maker = Single(self.whole, plan, models, told, shapes, leanings)
        self._size = PART if units is None else PART_UNITS

    @property
    def count(self) -> int:
        """The number of parts, at least 1."""
        return max(1, -(-self._total // self._size))

    def size(self, at: int) -> int:
        """Return the rows of part number `at`, or its persons where these are asked for."""
        return min(self._size, self._total - at * self._size)

    def part(self, at: int) -> Drawn:
        """Return part number `at`, from 0, in its released form.

        Raises:
            SamplingError: G450, when a condition cannot be met within the tries allowed.
        """
        frame, said = self.typed(at)
        return said.of(released(frame, self.columns))

    def typed(self, at: int) -> tuple[pl.DataFrame, Said]:
        """Return part number `at` as expressions read it, hidden columns and all, and what it says."""
        own = self._rng if at == 0 else self._rng.split("beside part", at)
        tally = Tally()
        stream = self._rng.split("part", at)
        frame, repaired = self._maker.part(at, self.size(at), self._size, stream, own, tally)
        return frame, self._said(frame, tally, repaired)

    def all(self) -> Drawn:
        """Return the whole table: its parts in order, and keys mended across them."""
        parts = [self.typed(at) for at in range(self.count)]
        frame = parts[0][0] if len(parts) == 1 else pl.concat([part for part, _ in parts])
        said = together([each for _, each in parts])
        if len(parts) > 1 and across(self._plan, self.columns):
            if isinstance(self._maker, Persons) and self._maker.filters:
                check_parts(self._plan, self.columns)
            tally = Tally()
            redraw = partial(self._maker.again, tally=tally)
            stream = self._rng.split("across")
            frame, repaired = finished(frame, self.whole, redraw, stream, drawn=True, turns=MENDINGS)
            more = self._said(frame, tally, repaired)
            said = together([said.model_copy(update={"rows": 0, "violations": {}}), more])
        return said.of(released(frame, self.columns))

    def _said(self, frame: pl.DataFrame, tally: Tally, repaired: Mapping[str, int]) -> Said:
        return Said(
            rows=frame.height,
            conditions=tuple(name for name in self._conditions if not name.startswith(TOLD)),
            repaired=dict(repaired),
            violations=violations(frame, self._plan.rules),
            **asdict(tally),
        )


def across(plan: Plan, columns: Sequence[PlannedColumn]) -> tuple[str, ...]:
    """Return the enforced rules that look across parts: keys without an id that is made up for each row."""
    whole = Whole(tuple(columns), plan.rules)
    held = whole.ids if whole.unit is not None else whole.fresh
    return tuple(
        rule.name
        for rule in plan.rules
        if isinstance(rule, Unique) and rule.enforce == "always" and not set(rule.over) & held
    )


def check_parts(plan: Plan, columns: Sequence[PlannedColumn]) -> None:
    """Refuse a table whose parts cannot be drawn apart.

    Raises:
        SamplingError: G458, naming the rule that looks across parts.
    """
    rules = across(plan, columns)
    if rules:
        raise SamplingError(
            "G458",
            f"rule `{rules[0]}` compares rows of all parts, so they cannot be drawn apart",
            helps=("draw the table into one file", "add an id to the key"),
        )


def not_persons() -> SamplingError:
    """Return the refusal of units where rows are drawn one by one."""
    return SamplingError(
        "G458",
        "this table is drawn row by row: it has no units",
        helps=("ask for rows with `-n`", "mark a column `per: unit` in the spec, and train again"),
    )


def _order(plan: Plan) -> str | None:
    return next((group.sequence.by for group in plan.groups if group.sequence is not None), None)
