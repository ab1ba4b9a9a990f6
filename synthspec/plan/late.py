"""Late: columns over windows, and what is computed from them, exist once all rows of a table do.

A window looks at the other rows of its unit. It never filters source rows and is no part of the view.

Source: SQL:2003, window functions; the order of work is ours.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from synthspec.plan.plan import PlannedColumn
from synthspec.terms.expr import Expr, Window
from synthspec.terms.walk import columns_of, has_window, walk


def late_columns(columns: Sequence[PlannedColumn]) -> tuple[PlannedColumn, ...]:
    """Return the computed columns that need the whole table, each after those it reads."""
    found: list[PlannedColumn] = []
    names: set[str] = set()
    waiting = [column for column in columns if column.value is not None]
    while True:
        ready = [c for c in waiting if c.value is not None and _is_late(c.value, names)]
        if not ready:
            return _ordered(found)
        found += ready
        names |= {column.name for column in ready}
        waiting = [column for column in waiting if column.name not in names]


def early_computed(columns: Sequence[PlannedColumn]) -> tuple[PlannedColumn, ...]:
    """Return the columns computed from their own row, each after those it reads."""
    late = {column.name for column in late_columns(columns)}
    return _ordered([c for c in columns if c.value is not None and c.name not in late])


def windows_behind(names: Collection[str], late: Sequence[PlannedColumn]) -> tuple[Window, ...]:
    """Return the windows that the columns `names` are computed over, directly or through others."""
    wanted, found = set(names), list[Window]()
    for column in reversed(late):
        if column.name in wanted and column.value is not None:
            found += [node for node in walk(column.value) if isinstance(node, Window)]
            wanted |= set(columns_of(column.value))
    return tuple(found)


def _is_late(value: Expr, names: set[str]) -> bool:
    return has_window(value) or bool(set(columns_of(value)) & names)


def _ordered(columns: Sequence[PlannedColumn]) -> tuple[PlannedColumn, ...]:
    waiting = list(columns)
    order: list[PlannedColumn] = []
    while waiting:
        names = {column.name for column in waiting}
        ready = [c for c in waiting if c.value is None or not set(columns_of(c.value)) & (names - {c.name})]
        if not ready:
            return (*order, *waiting)
        order += ready
        waiting = [column for column in waiting if column not in ready]
    return tuple(order)
