"""Levels: what of a table belongs to its persons and what to their rows.

Source: ours; LANGUAGE 2.3 of the design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthspec.columns import Id
from synthspec.draw.whole import Whole
from synthspec.plan.plan import Group, Plan, PlannedColumn
from synthspec.rules import Check
from synthspec.terms.expr import Expr, Logic
from synthspec.terms.walk import columns_of


@dataclass(frozen=True, eq=False)
class Levels:
    """The columns, groups and conditions of persons, and the conditions of their rows.

    counter: says how many rows a person has; `counting` draws it, before all else.
    unit_columns: what all rows of a person share, the counter among it; no ids.
    """

    counter: PlannedColumn
    counting: Group
    unit_groups: tuple[Group, ...]
    row_groups: tuple[Group, ...]
    unit_columns: tuple[PlannedColumn, ...]
    unit_conditions: Mapping[str, Expr]
    row_conditions: Mapping[str, Expr]
    unit_where: Expr | None = None
    row_where: Expr | None = None

    @property
    def unit_names(self) -> tuple[str, ...]:
        """The names of `unit_columns`."""
        return tuple(column.name for column in self.unit_columns)

    @property
    def coded(self) -> tuple[PlannedColumn, ...]:
        """The columns that persons have a code in."""
        return tuple(c for c in self.unit_columns if c.column is not None and not isinstance(c.column, Id))

    @property
    def most(self) -> int:
        """The largest number of rows of a person."""
        return 1 if self.counter.column is None else self.counter.column.size


def levels_of(whole: Whole, plan: Plan) -> Levels:
    """Return the levels of a plan that draws persons (`Plan.persons`)."""
    counter = plan.counter
    assert counter is not None, "rows are drawn one by one"
    counting = next(group for group in plan.groups if counter.name in group.columns)
    late = whole.late_names
    shared = tuple(c for c in whole.columns if c.per == "unit" and c.role != "id" and c.name not in late)
    names = {column.name for column in shared}
    asked = whole.early()
    for rule in whole.rules:  # what all rows share is not repaired row by row
        if isinstance(rule, Check) and rule.repair and rule.enforce == "always":
            condition = rule.row_expression()
            if condition is not None and set(columns_of(condition)) <= names:
                asked[rule.name] = condition
    unit = {name: each for name, each in asked.items() if set(columns_of(each)) <= names}
    rows = {n: each for n, each in asked.items() if n not in unit and not set(columns_of(each)) & whole.ids}
    unit_where, row_where = parted(whole.where, names)
    return Levels(
        counter=counter,
        counting=counting,
        unit_groups=tuple(g for g in plan.groups if g.unit and g is not counting),
        row_groups=tuple(g for g in plan.groups if not g.unit and g is not counting),
        unit_columns=shared,
        unit_conditions=unit,
        row_conditions=rows,
        unit_where=unit_where,
        row_where=row_where,
    )


def parted(where: Expr | None, names: set[str]) -> tuple[Expr | None, Expr | None]:
    """Return what a condition asks of the columns in `names` alone, and everything else it asks."""
    if where is None:
        return None, None
    parts = list(_conjuncts(where))
    inner = [part for part in parts if set(columns_of(part)) <= names]
    outer = [part for part in parts if not set(columns_of(part)) <= names]
    return _all(inner), _all(outer)


def _conjuncts(where: Expr) -> tuple[Expr, ...]:
    if isinstance(where, Logic) and where.op == "and":
        return tuple(each for part in where.args for each in _conjuncts(part))
    return (where,)


def _all(parts: list[Expr]) -> Expr | None:
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Logic(op="and", args=tuple(parts))
