"""View of a plan: the recipe that turns source rows into codes, for an engine to run inside `run/`.

Order: read; flag what cannot be read or lies outside; apply the declared policies; compute hidden, derived
and looked-up columns; flag, then drop, rows that break a rule; bound; code. Every step looks at one row, so
that no transform changes a sensitivity: a unit's rows still add at most max_rows to any table.

A computed column with a field is read as it is: its `value` is for rows that are drawn, and a rule says
that the source's rows agree with it. A hidden column is made of columns that are read.
"""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.errors import InternalError
from synthspec.plan.level import Level, leveled
from synthspec.plan.plan import Plan, PlannedColumn, before
from synthspec.terms.expr import Case, Column, Expr, IsNull, Literal_, Logic, Not
from synthspec.terms.types import BOOL
from synthspec.terms.view import Bound, Coded, Drop, Flag, Let, Side, Step, View
from synthspec.terms.walk import columns_of, has_window


def column_flag(name: str) -> str:
    """Return the label under which units with an unreadable or outside value of `name` are counted."""
    return f"{name}: not readable or outside its domain"


def rule_flag(name: str) -> str:
    """Return the label under which units with a row that breaks rule `name` are counted."""
    return f"rule {name}"


def domain_rule(name: str) -> str:
    """Return the name of the rule that a computed column lies in its domain."""
    return f"domain of {name}"


def build_view(
    plan: Plan, columns: Sequence[PlannedColumn], held: bool | None = None, level: Level | None = None
) -> View:
    """Return the recipe of `plan`, with `columns` as resolved so far.

    With `held`, of the units that the plan's holdout keeps apart, or of the others only; None for all.
    With a `level` (which then says that, too) one row of each unit, coded by what is per unit and by how
    many rows it has; or rows that share a weight (`plan.level`). The guarantee is that of the level.

    Policies for out-of-domain values follow the *declared* public domain (a bought, tighter range
    only moves the codes), so that buying a range never changes which rows are kept. A column whose
    list is still to be bought is read and kept as it is, and has no code yet.

    Raises:
        InternalError: I310, if the plan has no source.
    """
    if plan.source is None or plan.protection is None:
        raise InternalError("I310", "a view was asked of a plan without a source")
    read = [column for column in columns if column.field is not None]
    declared = {column.name: column for column in plan.columns}
    steps: list[Step] = []
    for column in read:
        steps += _flags(column, declared[column.name])
    for column in read:
        steps += _policy(column, declared[column.name])
    hidden = [column for column in columns if column.from_source is not None]
    for column in hidden:
        if column.from_source is not None:
            steps.append(Let(name=column.name, value=column.from_source))
    computed = computed_in_order(columns)
    for column in computed:
        if column.value is not None:
            steps.append(Let(name=column.name, value=column.value))
    known = {column.name for column in (*read, *hidden, *computed)}
    steps += _rules(plan, known)
    unit = None if plan.protection.unit == "row" else plan.protection.unit
    level = Level(held=held) if level is None else level
    coded = [
        column for column in columns if column.name in known and (column.per == "unit" or not level.once)
    ]
    codes = [each for column in coded for each in _codes(column)]
    return View(
        source=plan.source,
        fields=tuple(column.field for column in read if column.field is not None),
        steps=tuple(steps),
        bound=Bound(
            unit=unit,
            max_rows=plan.protection.max_rows,
            unit_null=plan.unit_null,
            once=_counter(plan) if level.once else None,
            weight=level.weight,
        ),
        codes=(*codes, *(() if level.once else _before(plan, codes))),
        protection=leveled(plan.protection, level),
        side=None
        if level.held is None or plan.holdout is None
        else Side(share=plan.holdout, held=level.held),
    )


def _counter(plan: Plan) -> str:
    if plan.counter is None:
        raise InternalError("I313", "one row of each unit is counted, and nothing says how many it has")
    return plan.counter.name


def _before(plan: Plan, codes: Sequence[Coded]) -> list[Coded]:
    """Return the codes of the row before, for the groups whose rows come in an order."""
    known = {coded.attribute: coded for coded in codes}
    return [
        Coded(
            attribute=before(name),
            size=known[name].size + 1,
            code=known[name].code,
            by=_value(plan.column(group.sequence.by)),
        )
        for group in plan.groups
        if group.sequence is not None
        for name in group.columns
        if name in known
    ]


def flags_of(plan: Plan) -> tuple[str, ...]:
    """Return every label that `fit` counts: columns, then rules, then rows kept and cut."""
    view = build_view(plan, plan.columns)
    labels = [step.label for step in view.steps if isinstance(step, Flag)]
    extra = [view.bound.kept] if view.bound.unit is None else [view.bound.kept, view.bound.over]
    return (*labels, *extra)


def computed_in_order(columns: Sequence[PlannedColumn]) -> tuple[PlannedColumn, ...]:
    """Return the computed columns that are not read, each after those it reads.

    Those over windows, and what is computed from them, are left out.
    """
    waiting = [c for c in columns if c.value is not None and c.field is None and not has_window(c.value)]
    done = {c.name for c in columns if c.value is None or c.field is not None}
    order: list[PlannedColumn] = []
    while waiting:
        ready = [c for c in waiting if c.value is not None and set(columns_of(c.value)) <= done]
        if not ready:
            break
        order += ready
        done |= {c.name for c in ready}
        waiting = [c for c in waiting if c.name not in done]
    return tuple(order)


def _value(column: PlannedColumn) -> Column:
    return Column(name=column.name, type=column.type)


def _bad(column: PlannedColumn) -> Expr:
    return Column(name=f"{column.name}.bad", type=BOOL)


def _outside(column: PlannedColumn, declared: PlannedColumn) -> Expr | None:
    """Return "cannot be read or lies outside the declared domain", or None where every value is inside."""
    if column.role == "id" or declared.column is None:
        return None
    if declared.discovery is not None:
        return _bad(column)
    return Logic(op="or", args=(_bad(column), Not(arg=declared.column.inside(_value(column)))))


def _flags(column: PlannedColumn, declared: PlannedColumn) -> list[Step]:
    outside = _outside(column, declared)
    if outside is None:
        return []
    if declared.column is not None and not declared.column.missing:
        outside = Logic(op="or", args=(outside, IsNull(arg=_value(column))))
    return [Flag(label=column_flag(column.name), when=outside)]


def _policy(column: PlannedColumn, declared: PlannedColumn) -> list[Step]:
    outside = _outside(column, declared)
    if outside is None or declared.column is None:
        return []
    value = _value(column)
    steps: list[Step] = []
    match declared.outside:
        case "clip":
            steps.append(Let(name=column.name, value=declared.column.clamp(value)))
        case "missing":
            steps.append(_replace(column, outside, None))
        case "other":
            steps += _other(column, declared, outside)
        case "drop":
            steps.append(Drop(when=outside))
    if not declared.column.missing:
        steps.append(Drop(when=IsNull(arg=value)))
    return steps


def _other(column: PlannedColumn, declared: PlannedColumn, outside: Expr) -> list[Step]:
    """Return the steps that send values outside to `other`; with a list not bought yet, only bad ones."""
    if declared.discovery is not None and column.discovery is None and column.column is not None:
        outside = Logic(op="or", args=(outside, Not(arg=column.column.inside(_value(column)))))
    return [_replace(column, outside, column.other)]


def _replace(column: PlannedColumn, when: Expr, text: str | None) -> Let:
    branch = (when, Literal_(text=text, type=column.type))
    return Let(name=column.name, value=Case(branches=(branch,), otherwise=_value(column), type=column.type))


def _rules(plan: Plan, known: set[str]) -> list[Step]:
    read = {domain_rule(column.name) for column in plan.columns if column.field is not None}
    broken = [
        (rule.name, Not(arg=expression))
        for rule in plan.rules
        if rule.filters_source and (expression := rule.row_expression()) is not None
        if set(rule.columns) <= known and rule.name not in read
    ]
    flags: list[Step] = [Flag(label=rule_flag(name), when=when) for name, when in broken]
    return [*flags, *(Drop(when=when) for _, when in broken)]


def _codes(column: PlannedColumn) -> tuple[Coded, ...]:
    if column.column is None or column.role == "id" or column.discovery is not None:
        return ()
    coded = column.column
    return (Coded(attribute=column.name, size=coded.size, code=coded.encode(_value(column))),)
