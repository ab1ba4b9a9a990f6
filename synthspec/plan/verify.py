"""Verify: information flow, order and price of a plan; run after every pass and before every run.

VIEW is the only private sort. Only ops with a price take a VIEW and give something public; a public
op that takes a VIEW is I301, whatever else it may be.
"""

from __future__ import annotations

from typing import Literal, assert_never

from synthspec.errors import InternalError
from synthspec.plan.level import level_of
from synthspec.plan.ops import (
    Assess,
    Bound,
    CountFit,
    CountRows,
    CountTail,
    Determine,
    Discover,
    Fit,
    Op,
    Ref,
    Sample,
    Scan,
    Score,
    Split,
    Tighten,
    Units,
    Weigh,
)
from synthspec.plan.plan import Plan
from synthspec.plan.view import computed_in_order
from synthspec.privacy.cost import Cost

Sort = Literal["view", "domain", "answer", "model", "rows"]


def signature(op: Op) -> tuple[tuple[tuple[Ref, Sort], ...], Sort]:
    """Return the sort each reference of `op` must have, and the sort that `op` gives."""
    match op:
        case Scan():
            return (), "view"
        case Bound() | Split() | Units() | Weigh():
            return ((op.view, "view"),), "view"
        case Discover() | Tighten():
            return ((op.view, "view"),), "domain"
        case Determine():
            return ((op.view, "view"), *((ref, "domain") for ref in op.domains)), "domain"
        case CountFit() | CountRows():
            return ((op.view, "view"),), "answer"
        case Fit():
            view: tuple[tuple[Ref, Sort], ...] = () if op.view is None else ((op.view, "view"),)
            return (*view, *((ref, "domain") for ref in op.domains)), "model"
        case Sample():
            return tuple((ref, "model") for ref in op.models), "rows"
        case Assess() | Score() | CountTail():
            return ((op.view, "view"), (op.rows, "rows")), "answer"
    assert_never(op)


def price(op: Op) -> Cost | None:
    """Return the price of `op`; None for an op that must not see private rows, or keeps them private."""
    match op:
        case Scan() | Bound() | Split() | Units() | Weigh() | Sample():
            return None
        case Discover() | Tighten() | Determine() | CountFit() | Fit():
            return op.cost
        case Assess() | CountRows() | Score() | CountTail():
            return op.cost
    assert_never(op)


def verify(plan: Plan) -> Plan:
    """Return `plan` when it is sound.

    Raises:
        InternalError: I301 private rows reach a public op; I302 a reference to a later op or of the
            wrong sort; I303 it may spend more than its budget; I304 it names an unknown group or
            column; I305 rows are counted that were not bounded; I306 something private without a
            price; I307 a bought domain that nothing waits for, or is not used; I308 a declared edge or a
            published table that no group can act on; I309 something is learned from units that are held
            out, or scored on others; I313 what is per unit is counted by row, or the other way round.
    """
    sorts: list[Sort] = []
    for at, op in enumerate(plan.ops):
        inputs, output = signature(op)
        for ref, wanted in inputs:
            _reference(sorts, at, ref, wanted)
        _door(plan, op, [ref for ref, wanted in inputs if wanted == "view"])
        _names(plan, op)
        _level(plan, op)
        sorts.append(output)
    if not plan.most_it_can_spend.fits(plan.budget):
        raise InternalError("I303", "the steps of this plan may spend more than its budget")
    _bought(plan)
    _network(plan)
    _split(plan)
    _groups(plan)
    return plan


def _reference(sorts: list[Sort], at: int, ref: Ref, wanted: Sort) -> None:
    if not 0 <= ref < at:
        raise InternalError("I302", f"step {at} refers to step {ref}, which is not an earlier one")
    found = sorts[ref]
    if found == "view" and wanted != "view":
        raise InternalError("I301", f"step {at} would let private rows out of step {ref}")
    if found != wanted:
        raise InternalError("I302", f"step {at} needs a {wanted} from step {ref}, which gives a {found}")


def _door(plan: Plan, op: Op, views: list[Ref]) -> None:
    """Refuse a priced op over an unbounded view, and a private reading without a price."""
    if isinstance(op, Bound):
        if not isinstance(plan.ops[op.view], Scan):
            raise InternalError("I305", "rows are bounded twice")
        return
    if isinstance(op, Split):
        if not isinstance(plan.ops[op.view], Bound):
            raise InternalError("I305", "rows are split that are not bounded per unit")
        return
    if isinstance(op, Units | Weigh):
        if not isinstance(plan.ops[op.view], Bound | Split):
            raise InternalError("I305", "one row of each unit is kept of rows that are not bounded per unit")
        if isinstance(op, Weigh) and (plan.protection is None or op.weight < plan.protection.max_rows):
            raise InternalError("I313", "the rows of a unit share a weight that is too small for them")
        return
    if any(not isinstance(plan.ops[ref], Bound | Split | Units | Weigh) for ref in views):
        raise InternalError("I305", "private rows are counted before they are bounded per unit")
    cost = price(op)
    if views and (cost is None or cost.mu2 == 0):
        raise InternalError("I306", "private rows are read at no price")
    if views and (plan.source is None or plan.protection is None):
        raise InternalError("I304", "a step reads a source that the plan does not have")


def _level(plan: Plan, op: Op) -> None:
    """What is per unit is learned from one row of each unit, everything else from rows."""
    match op:
        case Discover() | Tighten() | Determine():
            unit = plan.column(op.column).per == "unit"
        case Fit():
            unit = next(group.unit for group in plan.groups if group.name == op.group)
        case CountFit() | Assess() | CountRows() | Score() | CountTail():
            unit = False
        case Scan() | Bound() | Split() | Units() | Weigh() | Sample():
            return
        case _:
            assert_never(op)
    if op.view is None:
        return
    level = level_of(plan, op.view)
    if level.once is not unit:
        what = "per unit is counted by row" if unit else "about rows is counted once per unit"
        raise InternalError("I313", f"something that is {what}")
    if level.weight is not None and not isinstance(op, Fit | Tighten | Determine):
        raise InternalError("I313", "something is counted by weight that counts rows or units")


def _groups(plan: Plan) -> None:
    """A group's columns are of one level; a unit's columns follow from nothing that its rows differ in."""
    per = {column.name: column.per for column in plan.columns}
    for group in plan.groups:
        if not {*group.columns, *group.given} <= set(per):
            raise InternalError("I304", f"the group `{group.name}` is about columns that there are not")
        names = (*group.columns, *group.given) if group.unit else group.columns
        if any((per.get(name, "row") == "unit") is not group.unit for name in names):
            raise InternalError("I313", f"the group `{group.name}` mixes what is per unit and what is not")
        if group.sequence is not None and (group.unit or not plan.persons):
            raise InternalError("I313", f"the group `{group.name}` is in an order that no unit's rows have")


def _names(plan: Plan, op: Op) -> None:
    columns = {column.name: column for column in plan.columns}
    match op:
        case Discover():
            known = op.column in columns and columns[op.column].discovery is not None
        case Tighten():
            known = op.column in columns and columns[op.column].tightening is not None
        case Determine():
            known = op.column in columns and bool(columns[op.column].determined_by)
        case Fit():
            known = op.group in {group.name for group in plan.groups}
        case Score():
            known = all(_coded(plan, name) for name in (op.label, op.group or op.label))
        case CountTail():
            known = _coded(plan, op.column)
        case Scan() | Bound() | Split() | Units() | Weigh() | CountFit() | CountRows() | Sample() | Assess():
            known = True
        case _:
            assert_never(op)
    if not known:
        raise InternalError("I304", "a step names a group or a column that the plan does not have")


def _coded(plan: Plan, name: str) -> bool:
    """Return whether private rows are coded by the column `name`."""
    column = next((column for column in plan.columns if column.name == name), None)
    if column is None or column.column is None or column.role == "id" or column.hidden:
        return False
    return column.field is not None or column in computed_in_order(plan.columns)


def _split(plan: Plan) -> None:
    """With a holdout everything is learned from the other units, and scored on those held out."""
    held = any(isinstance(op, Split) for op in plan.ops)
    if (plan.holdout is None) != (not held):
        raise InternalError("I309", "units are held out without a share, or a share without a split")
    for op in plan.ops:
        if isinstance(op, Discover | Tighten | Determine | Fit) and op.view is not None:
            wanted = False
        elif isinstance(op, Score):
            wanted = True
        else:
            continue
        if held and (op.view is None or level_of(plan, op.view).held is not wanted):
            what = "scored on units that are not held out" if wanted else "learned from units held out"
            raise InternalError("I309", f"something is {what}")


def _network(plan: Plan) -> None:
    """Every declared edge and published table is about columns that one group knows; none is lost."""
    known = {name: {*group.given, *group.columns} for group in plan.groups for name in group.columns}
    families = [(table.child, table.parents) for table in plan.known_tables]
    families += [(edge.child, edge.parents) for edge in plan.network.require]
    families += [(name, ()) for name, _ in plan.known]
    for child, parents in families:
        own = known.get(child.removesuffix(".missing"))
        if own is None or not {parent.removesuffix(".missing") for parent in parents} <= own:
            raise InternalError("I308", f"no group can act on what the network says of `{child}`")


def _bought(plan: Plan) -> None:
    """Every open domain is bought exactly once, before every fit."""
    ranges = {at: op.column for at, op in enumerate(plan.ops) if isinstance(op, Discover | Tighten)}
    tables = {at: op for at, op in enumerate(plan.ops) if isinstance(op, Determine)}
    bought = {**ranges, **{at: op.column for at, op in tables.items()}}
    if any(set(op.domains) != set(ranges) for op in tables.values()):
        raise InternalError("I307", "a bought table does not wait for every bought domain")
    open_ = sorted(
        c.name for c in plan.columns if c.discovery is not None or c.tightening is not None or c.determined_by
    )
    if sorted(bought.values()) != open_:
        raise InternalError("I307", "an open domain is not bought exactly once")
    for op in plan.ops:
        if isinstance(op, Fit) and op.view is not None and set(op.domains) != set(bought):
            raise InternalError("I307", f"group `{op.group}` does not wait for every bought domain")
