"""Conjoined: cells in which each clause leaves some values, and all of them together leave none.

Only where the values of a cell can be tried one by one: boxes say nothing of clauses together.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from synthspec.columns import AnyColumn
from synthspec.plan.cells import MOST_VALUES, cells_of, values_of
from synthspec.plan.clauses import Clause
from synthspec.plan.relations import Never
from synthspec.terms.expr import Logic


def conjoined(clauses: Sequence[Clause], coded: Mapping[str, AnyColumn]) -> list[Never]:
    """Return what clauses rule out together with those that read no further column.

    Args:
        clauses: each lawful in part of some cell.
        coded: their columns, resolved.
    """
    found: list[Never] = []
    seen: set[frozenset[str]] = set()
    for clause in clauses:
        names = frozenset(clause.columns)
        if names in seen:
            continue
        seen.add(names)
        mine = [each for each in clauses if set(each.columns) <= names]
        columns = [coded[name] for name in clause.columns]
        if len(mine) < 2 or prod(values_of(column) for column in columns) > MOST_VALUES:
            continue
        whole = Logic(op="and", args=tuple(each.expression for each in mine))
        cells = cells_of(whole, columns)
        if cells is not None and cells.never.any() and not cells.never.all():
            rules = tuple(dict.fromkeys(each.rule for each in mine))
            found.append(Never(cells.columns, cells.never, rules))
    return found
