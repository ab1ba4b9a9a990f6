"""Level: what one unit can add to the tables of a step; it follows from the step's view, from nothing else.

A view of units has one row of each, so a unit moves a table by 1; a weighed view has its rows share one
weight, so it moves a table by that; any other view has up to max_rows of its rows. The kernel, the verifiers
and the explainer ask here.

Source: PRIVACY 3 of the design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from synthspec.errors import InternalError
from synthspec.plan.ops import Bound, Determine, Discover, Fit, Ref, Split, Tighten, Units, Weigh
from synthspec.plan.plan import Plan
from synthspec.terms.protection import Protection


@dataclass(frozen=True)
class Level:
    """Which private rows a view gives, and how they count.

    Attributes:
        held: of the units that are held out (True), of the others, or of all (None).
        once: one row of each unit, with the number of its rows.
        weight: the total that a unit's rows share; None where each counts once.
    """

    held: bool | None = None
    once: bool = False
    weight: int | None = None

    @property
    def name(self) -> Literal["rows", "units", "weights"]:
        """The level in one word."""
        return "units" if self.once else "rows" if self.weight is None else "weights"


def level_of(plan: Plan, view: Ref) -> Level:
    """Return what the op at `view` gives.

    Raises:
        InternalError: I302, for an op that gives no bounded view.
    """
    op = plan.ops[view]
    match op:
        case Bound():
            return Level()
        case Split():
            return Level(held=op.held)
        case Units():
            return Level(held=level_of(plan, op.view).held, once=True)
        case Weigh():
            return Level(held=level_of(plan, op.view).held, weight=op.weight)
        case _:
            raise InternalError("I302", "a step reads rows from a step that gives none")


def protection_of(plan: Plan, view: Ref) -> Protection:
    """Return the guarantee that queries over the op at `view` are priced by: at most so many rows per unit.

    Raises:
        InternalError: I302, for an op that gives no bounded view; I310, without a protection.
    """
    if plan.protection is None:
        raise InternalError("I310", "a view was asked of a plan without a source")
    return leveled(plan.protection, level_of(plan, view))


def leveled(protection: Protection, level: Level) -> Protection:
    """Return `protection` with what a unit can add at a level as its `max_rows`."""
    if level.once:
        return protection.model_copy(update={"max_rows": 1})
    return protection if level.weight is None else protection.model_copy(update={"max_rows": level.weight})


def level_of_group(plan: Plan, group: str) -> Level:
    """Return at which level a group is learned; that of rows where nothing private is read for it."""
    op = next((op for op in plan.ops if isinstance(op, Fit) and op.group == group), None)
    if op is not None and op.view is not None:
        return level_of(plan, op.view)
    return Level(once=next((each.unit for each in plan.groups if each.name == group), False))


def counted_rows(plan: Plan, level: Level) -> int | None:
    """Return the public number of what is counted at a level: rows, units, or units times their weight."""
    if level.weight is None and not level.once:
        return plan.learned_rows
    units = plan.learned_units
    return None if units is None else max(1, round(units * (level.weight or 1)))


def units_per_row(plan: Plan, level: Level) -> float:
    """Return how many units stand behind a row that is counted: 1, unless it is known to be less."""
    if level.once:
        return 1.0
    if level.weight is not None:
        return 1.0 / level.weight
    if not plan.public_rows or not plan.public_units:
        return 1.0
    return min(plan.public_units / plan.public_rows, 1.0)


def step_of(plan: Plan, stage: str, group: str | None, target: Sequence[str]) -> Level:
    """Return the level of the step that bought something, as the plan has it.

    Nothing that was bought says at which level it is: whoever changes a name cannot make noise that hides
    `max_rows` rows into noise that hides one.

    Args:
        plan: what was planned.
        stage: what was bought (`release.Stage`).
        group: the group that was learned, where it was a model.
        target: the column, where it was its domain.
    """
    for op in plan.ops:
        match op:
            case Fit() if stage == "learn" and op.group == group and op.view is not None:
                return level_of(plan, op.view)
            case Discover() | Tighten() | Determine() if stage == op.op and tuple(target) == (op.column,):
                return level_of(plan, op.view)
            case _:
                pass
    return Level()
