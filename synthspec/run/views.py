"""Views: the kernels over a plan's private rows: all units, those learned from, those held out; by row, one
row of each unit, or by weight.

One is open at a time, since each may hold its rows in memory. What a unit can add to a table is that of the
view's op (`plan.level`); the view itself refuses a bound that lets a unit add more.

Source: ours; the split: `engines.side`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from synthspec.engines.base import Engine
from synthspec.errors import InternalError
from synthspec.plan.level import Level, level_of
from synthspec.plan.ops import Ref
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.view import build_view
from synthspec.privacy.entropy import NoiseSource
from synthspec.privacy.ledger import Ledger
from synthspec.release.scored import Part
from synthspec.run.gradient import Workplace
from synthspec.run.kernel import Answers, Kernel, Witness
from synthspec.run.quiet import quietly


def part_of(plan: Plan, view: Ref) -> Part:
    """Return of which units the op at `view` gives rows."""
    held = level_of(plan, view).held
    return "all" if held is None else "held out" if held else "learned from"


class Views:
    """Opens the source, one view at a time."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        noise: NoiseSource,
        answers: Answers | None,
        stack: ExitStack,
        ledger: Ledger,
        workplace: Workplace | None,
        split: bytes,
    ) -> None:
        self._plan = plan
        self._engine = engine
        self._noise = noise
        self._answers = answers
        self._ledger = ledger
        self._workplace = workplace
        self._split = split
        self._open = stack.enter_context(ExitStack())
        self._kernel: Kernel | None = None
        self._level = Level()
        self._stale = False

    def __repr__(self) -> str:
        return "Views(...)"

    def resolved(self) -> None:
        """Take note that a column's codes changed."""
        self._stale = True

    def kernel(
        self, view: Ref, columns: Sequence[PlannedColumn], witness: Witness, *, coded: bool = True
    ) -> Kernel:
        """Return the kernel over the private rows of a view, coded by `columns`.

        Args:
            view: the place of its op in the plan.
            columns: as resolved so far.
            witness: takes note of purchases.
            coded: whether the codes matter that bought lists and ranges give. Without them, rows that
                are open already serve: which rows are kept, and what a column is bought from, depends
                on declared domains only.
        """
        level = level_of(self._plan, view)
        if self._kernel is not None and (level != self._level or (self._stale and coded)):
            self._open.close()  # one view at a time holds its rows
            self._kernel = None
        if self._kernel is None:
            if self._answers is None or self._plan.protection is None:
                raise InternalError("I323", "a plan over private rows was run without a charge")
            recipe = build_view(self._plan, columns, level=level)
            key = () if recipe.side is None else (self._split,)
            rows = quietly(
                lambda: self._open.enter_context(self._engine.open(recipe, self._noise, *key)),
                "opening the source",
            )
            self._kernel = Kernel(
                rows,
                recipe.domain,
                recipe.protection,  # that the view itself was checked against
                self._ledger,
                self._noise,
                self._answers,
                witness,
                workplace=self._workplace,
            )
            self._level, self._stale = level, False
        return self._kernel
