"""A law for each kind of rule: the rows that come out are the lawful set, spread as the kind says.

Every spec has one group of columns with a code per value, so that a mock is even over the lawful rows
of what is drawn; what is solved, derived or looked up follows. Each law is put to the test without a
condition and under several: then it is the same law, given the condition. Expected shares come from
brute force with the plain-Python evaluator. Chi-square tests alarm falsely with a chance below 1e-9
each (seeds are fixed as well) and see shares that are off by a tenth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from synthspec.api.condition import condition
from synthspec.draw.mock import stated
from synthspec.draw.scenario import DrawnScenario, draw_scenario
from synthspec.plan.plan import Plan
from synthspec.plan.scenario import Scenario
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.evaluate import evaluate
from tests.draw.laws import Row, agrees, counted, planned

ROWS = 10_000
FILES = {"rates.csv": "kind,size,rate\np,1,0.50\np,2,0.75\nq,1,1.50\nq,2,2.25\nr,1,4.00\nr,2,0.25\n"}


@dataclass(frozen=True)
class Kind:
    """A spec with one kind of rule.

    columns, rules: of the spec. values: of the columns whose rows are even over what is lawful.
    lawful: the rule again, in Python. follow: the other columns of a row. wheres: conditions.
    """

    columns: str
    rules: str
    values: dict[str, list[Any]]
    lawful: Callable[..., bool]
    wheres: tuple[str, ...]
    follow: Callable[..., dict[str, Any]] = lambda **row: {}


def money(low: int, high: int) -> list[Decimal]:
    """Return amounts of whole cents."""
    return [Decimal(cents).scaleb(-2) for cents in range(low, high + 1)]


def days(count: int) -> list[date]:
    """Return days from the start of March 2024."""
    return [date(2024, 3, 1) + timedelta(days=n) for n in range(count)]


RATE = {
    (kind, int(size)): Decimal(rate)
    for kind, size, rate in (line.split(",") for line in FILES["rates.csv"].split()[1:])
}
SMALL = list(range(6))
CHAIN = "a: int 0..5\n  b: int 0..5\n  c: int 0..5"
CENTS = "fee: decimal(2) 0..0.05\n  net: decimal(2) 0..0.09\n  total: decimal(2) 0.02..0.11"
KINDS = {
    "a coded predicate": Kind(
        "a: int 0..5\n  s: [x, y, z]\n  p: bool", "  r: a * 2 <> 4 AND (p OR s <> 'z')",
        {"a": SMALL, "s": ["x", "y", "z"], "p": [False, True]},
        lambda a, s, p: a != 2 and (p or s != "z"),
        ("s = 'x'", "p AND a > 3", "NOT p", "a BETWEEN 1 AND 4 OR s = 'y'"),
    ),
    "if and then": Kind(
        "a: int? 0..5\n  s: {type: category, in: [x, y], missing: modelled}\n  p: bool",
        "  r: {if: p, then: a < 3}\n  t: {if: s = 'x', then: a IS NOT NULL}",
        {"a": [*SMALL, None], "s": ["x", "y", None], "p": [False, True]},
        lambda a, s, p: not (p and a is not None and a >= 3) and not (s == "x" and a is None),
        ("a IS NULL", "s IS NULL AND a IS NOT NULL", "a = 2 OR s = 'x'", "coalesce(a, 5) = 5"),
    ),
    "combos": Kind(
        "s: [x, y, z]\n  a: int 0..3\n  p: bool",
        "  r: {combos: [s, a], rows: [[x, 0], [x, 3], [y, 1], [y, 2], [y, 3], [z, 2]]}",
        {"s": ["x", "y", "z"], "a": [0, 1, 2, 3], "p": [False, True]},
        lambda s, a, p: (s, a) in {("x", 0), ("x", 3), ("y", 1), ("y", 2), ("y", 3), ("z", 2)},
        ("a = 3", "s <> 'x' AND p", "a % 2 = 0"),
    ),
    "an order": Kind(
        "a: int 0..5\n  b: int 0..5\n  p: bool", "  r: a <= b", {"a": SMALL, "b": SMALL, "p": [False, True]},
        lambda a, b, p: a <= b,
        ("b = 3", "a >= 2 AND b < 5", "a = b", "b - a = 2 AND p", "a + b = 5"),
    ),
    "a difference between bounds": Kind(
        "a: date 2024-03-01..2024-03-08\n  b: date 2024-03-01..2024-03-08",
        "  r: date_diff('day', a, b) BETWEEN 1 AND 4", {"a": days(8), "b": days(8)},
        lambda a, b: 1 <= (b - a).days <= 4,
        ("date_diff('day', a, b) = 3", "date_diff('day', a, b) = 3 AND day(a) > 2", "b >= '2024-03-05'",
         "weekday(b) = 2", "a = '2024-03-02' OR b = '2024-03-08'"),
    ),
    "a chain": Kind(
        CHAIN, "  r: a <= b\n  s: b < c", {"a": SMALL, "b": SMALL, "c": SMALL},
        lambda a, b, c: a <= b < c,
        ("b = 2", "c - a <= 2", "a = 0 AND c = 5", "a + c = 2 * b"),
    ),
    "an equation": Kind(
        CENTS, "  r: total = net + fee", {"fee": money(0, 5), "net": money(0, 9)},
        lambda fee, net: 2 <= (net + fee) * 100 <= 11,
        ("total = 0.07", "total > 0.05 AND fee < 0.03", "net = 0.04", "total = 2 * net", "fee > net"),
        lambda fee, net: {"total": net + fee},
    ),
    "a derived column": Kind(
        "a: int 0..5\n  b: int 0..5\n  s: {derive: a * b}\n  big: {derive: s > 9, type: bool}",
        "  r: s <> 4\n  t: {if: big, then: a <> 5}", {"a": SMALL, "b": SMALL},
        lambda a, b: a * b != 4 and not (a * b > 9 and a == 5),
        ("s = 6", "big", "NOT big AND b = 3", "s BETWEEN 3 AND 8 AND a > 1"),
        lambda a, b: {"s": a * b, "big": a * b > 9},
    ),
    "a lookup": Kind(
        "kind: [p, q, r]\n  size: int 1..2\n  n: int 0..4\n"
        "  rate: {lookup: rates.csv, by: {kind: kind, size: size}, take: rate, type: decimal(2)}\n"
        "  cost: {derive: n * rate, type: decimal(2)}",
        "  r: rate < 4\n  s: cost <= 5", {"kind": ["p", "q", "r"], "size": [1, 2], "n": list(range(5))},
        lambda kind, size, n: RATE[kind, size] < 4 and n * RATE[kind, size] <= 5,
        ("rate = 1.50", "cost = 1.5", "rate < 1 AND n > 2", "cost > 2 OR kind = 'r'"),
        lambda kind, size, n: {"rate": RATE[kind, size], "cost": n * RATE[kind, size]},
    ),
    "a window": Kind(
        "who: id\n  a: int 0..5\n  b: int 0..5\n"
        "  run: {derive: sum(a) OVER (PARTITION BY who ORDER BY b)}",
        "  r: run + b <= 7\n  s: a <> b", {"a": SMALL, "b": SMALL},
        lambda a, b: a + b <= 7 and a != b,
        ("run = 3", "b > 2", "run >= 2 AND a < 4"),
        lambda a, b: {"run": a},
    ),
}  # fmt: skip


def plan_of(kind: Kind, folder: Path) -> Plan:
    """Return the plan that mocks the spec of a kind."""
    for name, text in FILES.items():
        (folder / name).write_text(text)
    private = (
        "source: t.csv\nprivacy: {unit: who, max_rows: 2, epsilon: 1}\n" if "who: id" in kind.columns else ""
    )
    text = f"spec: 1\nname: law\n{private}columns:\n  {kind.columns}\nrules:\n{kind.rules}\n"
    plan = planned(text, folder)
    assert plan is not None
    return plan


def drawn(plan: Plan, where: str | None, rows: int = ROWS) -> DrawnScenario:
    """Return mock rows under a condition."""
    held = None if where is None else condition(where, plan.columns)
    scenario = Scenario(name="c", rows=rows, where=held, where_text=where or "")
    return draw_scenario(plan, plan.columns, stated(plan), scenario, SampleRng(3, "kinds"))


def expected(kind: Kind, plan: Plan, where: str | None) -> tuple[dict[Row, float], tuple[str, ...], float]:
    """Return the shares of all rows, their columns, and the probability of the condition."""
    held = None if where is None else condition(where, plan.columns)
    every, kept = 0, list[dict[str, Any]]()
    todo = [dict[str, Any]()]
    for name, values in kind.values.items():
        todo = [{**row, name: value} for row in todo for value in values]
    for row in todo:
        if not kind.lawful(**row):
            continue
        every += 1
        whole = {**row, **kind.follow(**row)}
        if held is None or evaluate(held, {**whole, "who": "u"}) is True:
            kept.append(whole)
    names = tuple(kept[0])
    return {tuple(row.values()): 1 / len(kept) for row in kept}, names, len(kept) / every


CASES = [(name, where) for name, kind in KINDS.items() for where in (None, *kind.wheres)]


@pytest.mark.parametrize(("name", "where"), CASES)
def test_each_kind_of_rule_alone_and_under_conditions(name: str, where: str | None, tmp_path: Path) -> None:
    kind = KINDS[name]
    plan = plan_of(kind, tmp_path)
    wanted, names, share = expected(kind, plan, where)
    found = drawn(plan, where)
    assert not any(found.drawn.violations.values())
    agrees(counted(found.drawn, names), wanted)
    if name != "a window":
        assert found.drawn.acceptance == 1.0
        assert found.probability is None or found.probability == pytest.approx(share)
