"""Small plans for tests of rules: mock rows of a spec, and the enumerated rows that its rules allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import polars as pl

from synthspec.compile.check import check
from synthspec.compile.plan import mock_plan
from synthspec.draw.frame import typed
from synthspec.draw.mock import mock
from synthspec.draw.rows import Drawn
from synthspec.plan.plan import Plan
from synthspec.privacy.entropy import SampleRng
from synthspec.spec.parse import parse
from synthspec.terms.evaluate import evaluate

Values = dict[str, object]


def planned(text: str, rows: int = 1000) -> Plan:
    """Return the mock plan of a spec without errors."""
    checked, found = check(parse("spec: 1\n" + text, "spec.yaml"))
    assert checked is not None, [(each.code, each.message) for each in found]
    return mock_plan(checked, rows)


def drawn(plan: Plan, seed: int = 0) -> Drawn:
    """Return mock rows."""
    return mock(plan, plan.rows, SampleRng(seed))


def frame_of(plan: Plan, found: Drawn) -> pl.DataFrame:
    """Return drawn rows as expressions read them."""
    return typed(found.frame, plan.columns)


def rows_of(found: Drawn, names: tuple[str, ...]) -> set[tuple[object, ...]]:
    """Return the distinct rows over some columns."""
    return set(found.frame.select(names).unique().iter_rows())


def lawful(plan: Plan, domains: Mapping[str, list[object]]) -> Iterator[Values]:
    """Yield every row of the domains in which no row rule of the plan is false."""
    for values in product(*domains.values()):
        row = dict(zip(domains, values, strict=True))
        conditions = (rule.row_expression() for rule in plan.rules)
        if all(each is None or evaluate(each, row) is not False for each in conditions):
            yield row
