"""Laws of rules: what is drawn is the lawful set, spread as the models are once the rules condition them.

Expected distributions come from brute force: every row of a small domain, judged by the plain-Python
evaluator. Chi-square tests alarm falsely with a chance below 1e-9 each (seeds are fixed as well); they
must catch cells that are re-weighted, values that are not spread evenly inside a cell, and rows that a
redraw prefers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synthspec.columns import Decimal, Integer
from synthspec.draw import partition
from synthspec.draw.conditioned import conditioned
from synthspec.draw.mock import stated
from synthspec.draw.rows import draw
from synthspec.draw.shaped import shaped
from synthspec.errors import SynthspecError
from synthspec.plan.cells import listing_of
from synthspec.plan.plan import Plan
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.expr import Column, Compare, Literal_, Logic
from synthspec.terms.types import INT
from tests.draw.laws import ROWS, Row, agrees, counted, lawful, mock, planned

TWO_GROUPS = """\
spec: 1
name: two
columns:
  a: int 0..{a}
  b: [x, y, z]
  n: int? 0..2
  c: int 1..{c}
  d: bool
  m: {{type: category, in: [p, q], missing: modelled}}
  s: {{derive: a + 2 * c}}
  big: {{derive: a >= 2, type: bool}}
  label: {{derive: "CASE WHEN b = 'x' THEN 'one' ELSE 'more' END", type: category, in: [one, more]}}
rules:
{rules}
generate:
  first: {{columns: [a, b, n], using: rules}}
  second: {{columns: [c, d, m], using: rules, given: [{given}]}}
"""

TEMPLATES = (
    "{if: b = 'x', then: a > 1}",
    "{if: d, then: 'a <> c AND b <> ''z'''}",
    "a + c < 6",
    "s <> 5",
    "{if: big, then: m IS NOT NULL}",
    "{if: label = 'one', then: m = 'p'}",
    "{if: m IS NULL, then: n IS NULL}",
    "(n IS NULL) = (d AND a < 2)",
    "n <> c",
    "n < a",
    "CASE WHEN b = 'y' THEN c = 1 WHEN d THEN c < 3 ELSE c <> 2 END",
    "{combos: [b, m], rows: [[x, p], [y, q], [z, p], [z, q]]}",
    "{combos: [a, c], rows: [[0, 1], [0, 2], [1, 1], [2, 2], [2, 3], [1, 3]]}",
    "{check: d OR (a % 2 = c % 2)}",
    "NOT (b = 'x' AND d AND c = 1)",
)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(2, 4), st.integers(2, 4),
    st.lists(st.sampled_from(TEMPLATES), min_size=1, max_size=4, unique=True),
    st.sampled_from(["", "a", "big, b", "label", "a, b, n", "b, n"]),
)  # fmt: skip
def test_rows_of_single_values_are_spread_evenly_over_what_rules_leave_in_each_group(
    a: int, c: int, rules: list[str], given_: str
) -> None:
    lines = "\n".join(f"  r{at}: {rule}" for at, rule in enumerate(rules))
    plan = planned(TWO_GROUPS.format(a=a, c=c, rules=lines, given=given_))
    if plan is None:
        return
    values: dict[str, list[Any]] = {
        "a": list(range(a + 1)), "b": ["x", "y", "z"], "n": [0, 1, 2, None],
        "c": list(range(1, c + 1)), "d": [False, True], "m": ["p", "q", None],
    }  # fmt: skip
    rows = [tuple(row.values()) for row in lawful(plan, values)]
    if not rows:
        with pytest.raises(SynthspecError):
            mock(plan, 10, SampleRng(1))
        return
    starts = Counter(row[:3] for row in rows)
    expected = {row: 1 / (len(starts) * starts[row[:3]]) for row in rows}
    made = mock(plan, ROWS, SampleRng(1))
    assert made.acceptance == 1.0, (made.acceptance, made.accepted)
    assert not any(made.violations.values())
    agrees(counted(made, tuple(values)), expected)


BINS = """\
spec: 1
name: bins
columns:
  a: {{type: int, in: 0..11, bins: {bins}}}
  b: {{type: int, in: 0..9, bins: 3, missing: modelled}}
  c: [u, v]
  s: {{derive: a + b}}
rules:
  only: {rule}
"""

RULES_OF_BINS = (
    "s <= 12",
    "a * b < 40",
    "a % 3 <> 1",
    "{if: c = 'u', then: s >= 6}",
    "{if: a > 7, then: b IS NOT NULL}",
    "{if: c = 'v', then: 'a <> 4 AND b <> 2'}",
    "(c = 'u') = (a + 0 < 6)",
    "{combos: [a, c], rows: [[0, u], [1, v], [2, u], [5, u], [9, v], [10, u], [11, v]]}",
    "abs(a - 5) + coalesce(b, 0) < 9",
)


def cells(values: list[Any], count: int) -> dict[Any, int]:
    """Return the bin of each value: `count` bins of equal width; null has its own."""
    numbers = [value for value in values if value is not None]
    starts = [at * len(numbers) // count for at in range(count)]
    found = {value: sum(start <= at for start in starts) - 1 for at, value in enumerate(numbers)}
    return {**found, **({None: count} if None in values else {})}


def densities(plan: Plan, name: str) -> dict[Any, float]:
    """Return the share of each value within its code, once the model has shaped the column."""
    models = stated(plan)
    column = next(c.column for c in shaped(plan.columns, plan.groups, models) if c.name == name)
    assert isinstance(column, Integer)
    listing, _, shares = listing_of(column)
    values = [*np.asarray(listing.values).tolist(), *([None] if listing.null else [])]
    return dict(zip(values, shares.tolist(), strict=True))


@pytest.mark.parametrize("rule", RULES_OF_BINS)
@pytest.mark.parametrize("bins", [2, 5])
def test_values_inside_a_bin_follow_its_density_on_the_lawful_ones_and_bins_keep_their_shares(
    rule: str, bins: int
) -> None:
    plan = planned(BINS.format(rule=rule, bins=bins))
    assert plan is not None
    values: dict[str, list[Any]] = {"a": list(range(12)), "b": [*range(10), None], "c": ["u", "v"]}
    of_a, of_b = cells(values["a"], bins), cells(values["b"], 3)
    inside: dict[Row, list[Row]] = {}
    for row in lawful(plan, values):
        inside.setdefault((of_a[row["a"]], of_b[row["b"]], row["c"]), []).append(tuple(row.values()))
    a, b = (densities(plan, name) for name in ("a", "b"))
    expected = {}
    for found in inside.values():
        whole = sum(a[row[0]] * b[row[1]] for row in found)
        expected |= {row: a[row[0]] * b[row[1]] / whole / len(inside) for row in found}
    made = mock(plan, ROWS, SampleRng(2))
    assert made.acceptance == 1.0 and not any(made.violations.values())
    agrees(counted(made, tuple(values)), expected)


NEEDLE = """\
spec: 1
name: needle
columns:
  x: {{type: decimal(2), in: 0..999.99, bins: 2}}
  y: {{type: int, in: 0..99_999, bins: 2}}
rules:
  needle: {rule}
"""


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("x * 100 = y + 3", lambda x, y: x == y + 3),
        ("{if: x >= 400, then: 'x < 400.02 AND y < 4'}", lambda x, y: x < 40_000 or (x < 40_002 and y < 4)),
    ],
)
def test_a_cell_with_next_to_nothing_lawful_is_drawn_evenly_all_the_same(
    rule: str, holds: Callable[[int, int], bool]
) -> None:
    plan = planned(NEEDLE.format(rule=rule))
    assert plan is not None
    made = mock(plan, 400, SampleRng(3))
    assert made.acceptance == 1.0 and not any(made.violations.values())
    found = [(int(x * 100), y) for x, y in made.frame.select("x", "y").iter_rows()]
    assert all(holds(x, y) for x, y in found)
    if rule.startswith("{if"):
        return
    # three cells of the model, one of them with three lawful points, share the rows evenly
    corner = sum(x >= 50_000 > y for x, y in found)
    assert abs(corner - 400 / 3) < 6.5 * np.sqrt(400 * 2 / 9)
    assert {x for x, y in found if x >= 50_000 > y} == {50_000, 50_001, 50_002}
    upper = [x for x, y in found if y >= 50_000]
    assert abs(np.mean(upper) - 75_000) < 6.5 * 14_434 / np.sqrt(len(upper))
    assert max(upper) > 95_000 and min(upper) < 55_000


def test_the_lawful_part_of_a_cell_is_proposed_in_proportion_to_its_boxes() -> None:
    plan = planned(NEEDLE.format(rule="y = 70_003 AND x < 300.00"))
    assert plan is not None
    made = mock(plan, 400, SampleRng(9))
    columns = shaped(plan.columns, plan.groups, stated(plan))
    column = next(each.column for each in columns if each.name == "x")
    assert isinstance(column, Decimal)
    _, codes, shares = listing_of(column)
    assert len(set(codes[:30_000])) <= 2 and not any(made.violations.values()) and made.acceptance == 1.0
    # of the cell with more than the value 0: how its density falls on quarters of the lawful part
    inside = np.flatnonzero(codes[:30_000] == codes[29_999])
    edges = np.quantile(inside, [0, 0.05, 0.2, 0.5, 1])
    found = np.array([int(x * 100) for x in made.frame["x"].to_list()])
    found = found[found >= inside[0]]
    seen = np.histogram(found, bins=edges)[0]
    wanted = np.histogram(inside, bins=edges, weights=shares[inside])[0]
    wanted *= len(found) / wanted.sum()
    assert wanted.min() > 5 and float(((seen - wanted) ** 2 / wanted).sum()) < stats.chi2.isf(1e-9, 3)


GUARDED = """\
spec: 1
name: guarded
columns:
  age: {type: int, in: 0..29, bins: 3}
  old: {derive: age >= 15, type: bool}
  x: [p, q]
rules:
  even: age % 2 = 0
  old-are-p: {if: old, then: x = 'p'}
generate:
  first: {columns: [age], using: rules}
  second: {columns: [x], using: rules, given: [old]}
"""


def test_values_are_mended_before_a_group_is_given_what_follows_from_them() -> None:
    """Catches a group conditioned on what unlawful values say."""
    plan = planned(GUARDED)
    assert plan is not None
    made = mock(plan, ROWS, SampleRng(4))
    expected: dict[Row, float] = {}
    for age in range(0, 30, 2):
        for x in ["p"] if age >= 15 else ["p", "q"]:
            expected[(age, x)] = 1 / 15 / (1 if age >= 15 else 2)
    assert made.acceptance == 1.0 and 0.3 < made.mended["even"] < 0.7
    agrees(counted(made, ("age", "x")), expected)


EMPTY_TOGETHER = """\
spec: 1
name: together
columns:
  x: {type: int, in: 0..29, bins: 3}
  y: [p, q]
rules:
  even: x % 2 = 0
  odd-below-ten: x >= 10 OR x % 2 = 1
  q-not-four: y <> 'q' OR x % 5 = 4
generate:
  only: {columns: [x, y], using: rules}
"""


def test_a_code_that_two_rules_leave_no_value_together_gets_no_mass() -> None:
    """Each of `even` and `odd-below-ten` leaves half of the first code; nothing is drawn to be refused."""
    plan = planned(EMPTY_TOGETHER)
    assert plan is not None
    made = mock(plan, ROWS, SampleRng(6))
    expected: dict[Row, float] = {}
    for x in range(10, 30, 2):
        expected[(x, "p")] = 1 / 4 / 5
        if x % 5 == 4:
            expected[(x, "q")] = 1 / 4
    assert made.acceptance == 1.0
    agrees(counted(made, ("x", "y")), expected)


def test_what_a_later_group_was_given_stays_when_values_are_drawn_again() -> None:
    plan = planned(GUARDED.replace("generate:", "  fours: {if: x = 'q', then: age % 4 = 0}\ngenerate:"))
    assert plan is not None
    made = mock(plan, ROWS, SampleRng(5))
    expected: dict[Row, float] = {}
    for age in range(0, 30, 2):
        expected[(age, "p")] = 1 / 15 / (1 if age >= 15 else 2)
    for age, share in ((0, 1 / 3), (4, 1 / 3), (8, 1 / 3), (12, 3 / 5)):
        expected[(age, "q")] = share / 3 / 2
    assert made.acceptance == 1.0 and made.mended["fours"] > 0.05
    agrees(counted(made, ("age", "x")), expected)


def test_rows_are_drawn_given_columns_that_their_group_is_not_given() -> None:
    text = GUARDED.replace("  even: age % 2 = 0\n", "").replace("{if: old,", "{if: age >= 12 AND age < 15,")
    plan = planned(text)
    assert plan is not None
    made = mock(plan, ROWS, SampleRng(5))
    counts = counted(made, ("age", "x"))
    # 12..14 lie inside the bin 10..19, whose code does not tell them apart: met inside the code
    assert not any(counts[age, "q"] for age in (12, 13, 14)) and made.acceptance == 1.0
    fine = text.replace(", bins: 3", "")
    again = planned(fine)
    assert again is not None
    made = mock(again, ROWS, SampleRng(6))
    expected = {
        (age, x): 1 / 30 / (1 if 12 <= age < 15 else 2)
        for age in range(30)
        for x in (["p"] if 12 <= age < 15 else ["p", "q"])
    }
    assert made.acceptance == 1.0 and not made.mended.get("old-are-p")
    agrees(counted(made, ("age", "x")), {(age, x): share for (age, x), share in expected.items()})


def test_a_condition_is_not_met_by_moving_values_inside_a_code() -> None:
    plan = planned(BINS.format(rule="s <= 12", bins=2).replace("rules:\n  only: s <= 12\n", ""))
    assert plan is not None
    where = Compare(op=">=", left=Column(name="a", type=INT), right=Literal_(text="4", type=INT))
    made = draw(plan, plan.columns, stated(plan), ROWS, SampleRng(7), where=where)
    agrees(counted(made, ("a",)), {(a,): 1 / 8 for a in range(4, 12)})


def test_a_condition_that_models_were_told_of_is_met_inside_codes_without_rejection() -> None:
    plan = planned(BINS.format(rule="s <= 12", bins=2).replace("rules:\n  only: s <= 12\n", ""))
    assert plan is not None
    column = Column(name="a", type=INT)
    where = Logic(
        op="and",
        args=(
            Compare(op=">=", left=column, right=Literal_(text="4", type=INT)),
            Compare(op="<=", left=column, right=Literal_(text="10", type=INT)),
            Compare(op="<>", left=column, right=Literal_(text="5", type=INT)),
        ),
    )
    models = stated(plan)
    columns = shaped(plan.columns, plan.groups, models)
    told = conditioned(plan, columns, models, where)
    assert abs(told.probability - 0.5) < 1e-9
    made = draw(plan, plan.columns, told.models, ROWS, SampleRng(7), where, told.told, models)
    assert made.acceptance == 1.0
    agrees(counted(made, ("a",)), {(a,): 1 / 6 for a in (4, 6, 7, 8, 9, 10)})


def test_parts_of_a_table_do_not_depend_on_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(BINS.format(rule="s <= 12", bins=5))
    assert plan is not None
    monkeypatch.setattr(partition, "PART", 128)
    short, long = mock(plan, 256, SampleRng(8)), mock(plan, 512, SampleRng(8))
    assert long.frame.head(256).equals(short.frame) and isinstance(long.frame, pl.DataFrame)
