"""Questions of a spec: which coded columns they rest on, and what they weigh in the models' workload."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import combinations

import numpy as np

from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.terms.domain import Clique
from synthspec.terms.query import Axis
from synthspec.terms.walk import columns_of

WEIGHT = 4
"""What a pair of a question's columns weighs in selections where others weigh 1."""

MOST_LEVELS = 32


def sources(plan: Plan, names: Iterable[str]) -> tuple[str, ...]:
    """Return the modelled columns that `names` are, or are computed from, in the plan's order."""
    planned = {column.name: column for column in plan.columns}
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in planned:
            continue
        seen.add(name)
        column = planned[name]
        if column.role == "modelled":
            found.add(name)
        elif column.value is not None:
            waiting += columns_of(column.value)
    return tuple(name for name in planned if name in found)


def weights_of(plan: Plan, mine: Collection[str]) -> dict[Clique, int]:
    """Return the workload's weights among the columns `mine` of one group: the spec's and the questions'."""
    found = {clique: weight for clique, weight in plan.workload if set(clique) <= set(mine)}
    for question in plan.questions:
        held = [c for c in sources(plan, (*columns_of(question.count), *question.by)) if c in mine]
        for pair in combinations(held, 2):
            found[pair] = max(found.get(pair, 1), WEIGHT)
    return found


def public_axis(planned: PlannedColumn) -> Axis:
    """Return the axis of a coded column, grouped to at most 32 levels by its public codes only.

    Neighbouring codes share a level; a missing code keeps a level of its own.
    """
    column = planned.column
    assert column is not None
    if column.size <= MOST_LEVELS:
        return Axis(attribute=planned.name, size=column.size)
    known = column.size - column.missing
    most = MOST_LEVELS - column.missing
    levels = np.arange(column.size, dtype=np.int64) * most // known
    if column.missing:
        levels[-1] = most
    return Axis(attribute=planned.name, size=MOST_LEVELS, levels=levels)
