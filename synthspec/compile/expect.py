"""Expect: how far the answers to a plan's questions may be off from noise alone, from public facts only."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import prod, sqrt

from synthspec.generators.intervals import half_width
from synthspec.plan.plan import Plan, Question
from synthspec.plan.questions import MOST_LEVELS, sources
from synthspec.terms.walk import columns_of

One = Mapping[str, float]
Two = Mapping[tuple[str, str], float]


def with_expected(plan: Plan, tables: Mapping[str, tuple[One, Two]]) -> tuple[Question, ...]:
    """Return the questions with half the width of an answer's 90 % interval, as a share of all rows.

    The formula is the report's (generators/intervals.py), with rows spread evenly: an answer holds half of
    its group, groups are equal. Nothing is known for columns of several groups or more than three.

    Args:
        plan: the plan.
        tables: per group, the predicted total variation of its columns and pairs.
    """
    return tuple(
        question.model_copy(update={"expected": _expected(plan, question, tables)})
        for question in plan.questions
    )


def _expected(plan: Plan, question: Question, tables: Mapping[str, tuple[One, Two]]) -> float | None:
    names = sources(plan, (*columns_of(question.count), *question.by))
    if not 1 <= len(names) <= 3:
        return None
    for one, two in tables.values():
        error = _error(names, one, two)
        if error is not None:
            cells = prod(min(_size(plan, name), MOST_LEVELS) for name in names)
            groups = prod(_size(plan, name) for name in question.by)
            return half_width(min(error, 1.0), 0.5 / groups, sqrt(cells))
    return None


def _error(names: tuple[str, ...], one: One, two: Two) -> float | None:
    if len(names) == 1:
        return one.get(names[0])
    pairs = [two.get((a, b), two.get((b, a))) for a, b in combinations(names, 2)]
    known = [error for error in pairs if error is not None]
    return sqrt(sum(error**2 for error in known)) if len(known) == len(pairs) else None


def _size(plan: Plan, name: str) -> int:
    planned = plan.column(name)
    if planned.discovery is not None:
        return planned.discovery.limit + 1
    return planned.column.size if planned.column is not None else 2
