"""Conditions and rules always compose: under any condition rows are those that filtering would leave.

Expected shares come from brute force: the law of the rules alone (test_laws_of_rules), then the rows in
which the condition is true. Chi-square tests alarm falsely with a chance below 1e-9 each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.api.condition import condition
from synthspec.draw import narrow
from synthspec.draw.given import completed
from synthspec.draw.mock import stated
from synthspec.draw.scenario import DrawnScenario, draw_scenario
from synthspec.draw.shaped import shaped
from synthspec.errors import SamplingError
from synthspec.plan.cells import listing_of
from synthspec.plan.clauses import substituted
from synthspec.plan.plan import Plan
from synthspec.plan.scenario import Scenario
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.evaluate import evaluate
from tests.draw.laws import Row, agrees, counted, lawful, planned
from tests.draw.test_laws_of_rules import TEMPLATES, TWO_GROUPS

ROWS = 8_000
Values = dict[str, list[Any]]

WHERES = (
    "b = 'x'",
    "d",
    "a + c < 6",
    "s <> 5",
    "big",
    "m IS NULL",
    "n < c",
    "label = 'one' AND d",
    "m = 'q' AND a > 1",
    "a = c OR d",
    "s = 4 AND n IS NOT NULL",
    "coalesce(n, 0) = 0",
    "a BETWEEN 1 AND 2 AND c >= 2",
    "n <> c OR m = 'p'",
    "NOT big AND b IN ('x', 'z')",
    "CASE WHEN d THEN a = 1 ELSE c = 1 END",
    "b = 'y' AND c = 1 AND d AND a = 2",
)


def drawn(plan: Plan, where: str | None, rows: int = ROWS) -> DrawnScenario:
    """Return mock rows under a condition."""
    held = None if where is None else condition(where, plan.columns)
    scenario = Scenario(name="c", rows=rows, where=held, where_text=where or "")
    return draw_scenario(plan, plan.columns, stated(plan), scenario, SampleRng(3, "compose"))


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(2, 3), st.integers(2, 3)),
    st.lists(st.sampled_from(TEMPLATES), min_size=1, max_size=3, unique=True),
    st.sampled_from(["", "a", "big, b", "label", "a, b, n", "b, n"]),
    st.lists(st.sampled_from(WHERES), min_size=1, max_size=2, unique=True),
)
def test_any_condition_composes_with_any_rules_across_groups_and_nothing_is_rejected(
    sizes: tuple[int, int], rules: list[str], given_: str, wheres: list[str]
) -> None:
    """Catches rows before weighed by a model without the rules of the rows that follow them."""
    a, c = sizes
    lines = "\n".join(f"  r{at}: {rule}" for at, rule in enumerate(rules))
    plan = planned(TWO_GROUPS.format(a=a, c=c, rules=lines, given=given_))
    if plan is None:
        return
    values: Values = {
        "a": list(range(a + 1)), "b": ["x", "y", "z"], "n": [0, 1, 2, None],
        "c": list(range(1, c + 1)), "d": [False, True], "m": ["p", "q", None],
    }  # fmt: skip
    where = " AND ".join(f"({each})" for each in wheres)
    test = substituted(condition(where, plan.columns), {column.name: column for column in plan.columns})
    rows = [tuple(row.values()) for row in lawful(plan, values)]
    starts = Counter(row[:3] for row in rows)
    base = {row: 1 / (len(starts) * starts[row[:3]]) for row in rows}
    kept = {row: share for row, share in base.items() if evaluate(test, dict(zip(values, row))) is True}
    whole = sum(kept.values())
    if not kept:
        with pytest.raises(SamplingError):
            drawn(plan, where, 10)
        return
    found = drawn(plan, where)
    assert found.probability == pytest.approx(whole)
    assert found.drawn.acceptance == 1.0 and not any(found.drawn.violations.values())
    agrees(counted(found.drawn, tuple(values)), {row: share / whole for row, share in kept.items()})


def shares_inside(plan: Plan, name: str) -> tuple[dict[Any, int], dict[Any, float]]:
    """Return the code of each value of a column, and its share within the code."""
    made = shaped(plan.columns, plan.groups, stated(plan))
    column = next(each.column for each in made if each.name == name)
    assert column is not None
    listing, codes, shares = listing_of(column)  # type: ignore[arg-type]
    values = list(np.asarray(listing.values).tolist())
    if column.type.name == "decimal":
        values = [Decimal(value).scaleb(-2) for value in values]
    return dict(zip(values, codes.tolist())), dict(zip(values, shares.tolist()))


def law(
    plan: Plan, names: list[str], good: Callable[..., bool], follow: Callable[..., dict[str, Any]], where: str
) -> tuple[dict[Row, float], tuple[str, ...], float]:
    """Return the shares of all rows under a condition, their columns, and the condition's probability.

    Cells of codes with lawful values are even; inside them values follow the densities on the lawful ones.
    """
    test = condition(where, plan.columns)
    inside = {name: shares_inside(plan, name) for name in names}
    cells: dict[Row, list[tuple[dict[str, Any], float]]] = {}
    for chosen in product(*(inside[name][0] for name in names)):
        row = dict(zip(names, chosen, strict=True))
        if good(**row):
            share = float(np.prod([inside[name][1][value] for name, value in row.items()]))
            cells.setdefault(tuple(inside[n][0][v] for n, v in row.items()), []).append((row, share))
    found: dict[Row, float] = {}
    for rows in cells.values():
        mass = sum(share for _, share in rows) * len(cells)
        for row, share in rows:
            whole = {**row, **follow(**row)}
            if evaluate(test, whole) is True:
                found[tuple(whole.values())] = share / mass
    total = sum(found.values())
    return {row: share / total for row, share in found.items()}, (*names, *follow(**row)), total


AMOUNTS = """\
spec: 1
name: amounts
columns:
  fee: {type: decimal(2), in: 0..0.99, bins: 5}
  net: {type: decimal(2), in: 0..1.99, bins: 8}
  total: decimal(2) 0..2.50
rules:
  adds-up: total = net + fee
"""


@pytest.mark.parametrize(
    "where",
    [
        "total = 1",
        "total = 1 AND fee > 0.37",
        "fee > 0.37 AND net < 0.6",
        "total > 2.2",
        "fee > 0.9",
        "net = fee",
        "total = 3 * fee OR net = 0.11",
    ],
)
def test_conditions_that_cut_into_codes_together_with_a_rule_are_exact(where: str) -> None:
    """Catches shares of a code multiplied though the parts of a condition read the same values."""
    plan = planned(AMOUNTS)
    assert plan is not None
    wanted, names, share = law(
        plan,
        ["fee", "net"],
        lambda fee, net: net + fee <= Decimal("2.5"),
        lambda fee, net: {"total": net + fee},
        where,
    )
    found = drawn(plan, where, 4_000)
    assert found.drawn.acceptance == 1.0 and not any(found.drawn.violations.values())
    assert found.probability == pytest.approx(share, rel=1e-6)
    agrees(counted(found.drawn, names), wanted)


def test_cells_of_few_rows_keep_their_share_though_not_all_are_looked_into(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Catches rows lost because the cells looked into at once were those of more rows."""
    monkeypatch.setattr(narrow, "MOST_SEARCHES", 2)
    plan = planned(AMOUNTS)
    assert plan is not None
    names, where = ["fee", "net"], "total * 100 % 10 = 3"
    good, follow = (
        lambda fee, net: net + fee <= Decimal("2.5"),
        lambda fee, net: {"total": net + fee},
    )
    wanted, every, _ = law(plan, names, good, follow, where)
    found = drawn(plan, where, 4_000)
    assert found.drawn.acceptance > 0.998
    agrees(counted(found.drawn, tuple(every)), wanted)


BANDED = """\
spec: 1
name: banded
columns:
  age: {type: int, in: 0..39, bins: 4}
  old: {derive: age >= 25, type: bool}
  x: [p, q, r]
  n: int 0..3
rules:
  r: {RULE}
generate:
  first: {columns: [age], using: rules}
  second: {columns: [x], using: rules, given: [old]}
  third: {columns: [n], using: rules}
"""


@pytest.mark.parametrize("rule", ["{if: old, then: x <> 'r'}", "n <> 3"])
@pytest.mark.parametrize(
    "where",
    ["age < 27", "age < 27 AND x = 'p'", "age + n < 28", "age > 22 AND age <= 33", "old AND age % 3 = n"],
)
def test_what_follows_from_values_inside_a_code_is_given_to_later_groups_as_the_condition_leaves_it(
    where: str, rule: str
) -> None:
    """Catches a condition met after a group was already given what unconditioned values say."""
    plan = planned(BANDED.replace("{RULE}", rule))
    assert plan is not None
    test = substituted(condition(where, plan.columns), {c.name: c for c in plan.columns})
    codes, inside = shares_inside(plan, "age")
    by_age = rule.startswith("{if: old")
    found: dict[Row, float] = {}
    for age, x, n in product(codes, "pqr", range(4)):
        good = (x != "r" or age < 25) if by_age else n < 3
        share = 1 / 4 / (2 if age >= 25 else 3) if by_age else 1 / 9
        if good and evaluate(test, {"age": age, "x": x, "n": n}) is True:
            found[(age, x, n)] = inside[age] / 4 * share
    whole = sum(found.values())
    made = drawn(plan, where)
    agrees(counted(made.drawn, ("age", "x", "n")), {row: share / whole for row, share in found.items()})
    assert made.probability is None or made.probability == pytest.approx(whole)


@pytest.mark.parametrize("where", ["b > 7", "a + b < 20", "b % 7 = 2 AND c = 'u'"])
def test_given_rows_under_a_condition_are_those_that_filtering_would_leave(where: str) -> None:
    """Catches a condition counted twice: by its share of a code, and by the rows that are refused."""
    text = "spec: 1\nname: g\ncolumns:\n  a: {type: int, in: 0..19, bins: 4}\n"
    plan = planned(text + "  b: {type: int, in: 0..19, bins: 2}\n  c: [u, v]\n")
    assert plan is not None
    partial = pl.DataFrame({"a": [7] * 6_000})
    models = stated(plan)
    rows = completed(plan, plan.columns, models, partial, SampleRng(4), condition(where, plan.columns)).frame
    codes, inside = shares_inside(plan, "b")
    test = condition(where, plan.columns)
    wanted = {
        (b, c): inside[b] for b, c in product(codes, "uv") if evaluate(test, {"a": 7, "b": b, "c": c}) is True
    }
    whole = sum(wanted.values())
    agrees(Counter(rows.select("b", "c").iter_rows()), {row: share / whole for row, share in wanted.items()})
