"""What laws of drawing share: plans of texts, every lawful row by brute force, and a chi-square test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from synthspec.compile.check import check
from synthspec.compile.plan import mock_plan
from synthspec.draw.mock import mock as mocked
from synthspec.draw.rows import Drawn
from synthspec.plan.clauses import substituted
from synthspec.plan.plan import Plan
from synthspec.privacy.entropy import SampleRng
from synthspec.spec.parse import parse
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Expr
from synthspec.terms.walk import columns_of

ROWS = 12_000
Row = tuple[Any, ...]


def mock(plan: Plan, rows: int, rng: SampleRng) -> Drawn:
    """Return a mock in which every code of a column is as likely as any other."""
    return mocked(plan, rows, rng, missing=None)


def planned(text: str, folder: Path | None = None) -> Plan | None:
    """Return the plan that mocks a spec; None when its rules exclude every row or value."""
    checked, found = check(parse(text, "spec.yaml"), folder)
    if checked is None:
        assert {each.code for each in found if each.level == "error"} <= {"R201", "R212"}, found
        return None
    return mock_plan(checked)


def lawful(plan: Plan, values: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield every row of base columns that breaks no rule."""
    columns = {column.name: column for column in plan.columns}
    rules = [rule.row_expression() for rule in plan.rules]
    broken = [substituted(expression, columns) for expression in rules if expression is not None]
    names = list(values)
    asked: list[list[Expr]] = [[] for _ in names]
    for expression in broken:  # as soon as all of its columns have a value
        asked[max((names.index(name) for name in columns_of(expression)), default=0)].append(expression)
    rows: Iterator[dict[str, Any]] = iter([{}])
    for name, tests in zip(names, asked, strict=True):
        rows = _with(rows, name, values[name], tests)
    yield from rows


def _with(
    rows: Iterator[dict[str, Any]], name: str, values: list[Any], tests: list[Expr]
) -> Iterator[dict[str, Any]]:
    for row in rows:
        for value in values:
            more = {**row, name: value}
            if all(evaluate(expression, more) is not False for expression in tests):
                yield more


def agrees(counts: Counter[Row], expected: dict[Row, float]) -> None:
    """Assert that counts have the support of `expected` and its shares (chi-square)."""
    total = sum(counts.values())
    assert set(counts) <= set(expected), "a row that no rule allows, or that the model cannot draw"
    wanted = np.array(list(expected.values())) * total
    seen = np.array([counts[row] for row in expected])
    rare = wanted < 5
    if rare.any():
        wanted = np.append(wanted[~rare], wanted[rare].sum())
        seen = np.append(seen[~rare], seen[rare].sum())
    keep = wanted > 0
    statistic = float(((seen - wanted)[keep] ** 2 / wanted[keep]).sum())
    assert statistic < stats.chi2.isf(1e-9, max(int(keep.sum()) - 1, 1)), (statistic, int(keep.sum()))


def counted(made: Drawn, names: tuple[str, ...]) -> Counter[Row]:
    """Return how often each row occurs."""
    return Counter(made.frame.select(names).iter_rows())
