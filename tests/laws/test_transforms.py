"""Laws of equations and differences: the sampled support is the lawful set, the law is the gap's own.

Statistical tests use fixed public seeds, so that they pass or fail for good.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from synthspec.compile.passes import differences as passed
from synthspec.compile.passes.differences import transformed
from tests.draw.tables import drawn, lawful, planned, rows_of


def ints(lo: int, hi: int) -> list[object]:
    return list(range(lo, hi + 1))


def days(start: date, count: int) -> list[object]:
    return [start + timedelta(days=i) for i in range(count)]


def hours(start: datetime, count: int, step: int = 1) -> list[object]:
    return [start + timedelta(hours=i * step) for i in range(count)]


JAN = date(2024, 1, 1)
NOON = datetime(2024, 1, 1, 12)

PAIRS = {
    "ints": (
        "columns: {a: int 0..40, b: int 0..60}\nrules: {r: a <= b}\n",
        {"a": ints(0, 40), "b": ints(0, 60)},
    ),
    "strict": (
        "columns: {a: int -20..40, b: int 0..60}\nrules: {r: b > a}\n",
        {"a": ints(-20, 40), "b": ints(0, 60)},
    ),
    "bounded": (
        "columns: {a: int 0..40, b: int 0..60}\nrules: {r: b - a BETWEEN -2 AND 7}\n",
        {"a": ints(0, 40), "b": ints(0, 60)},
    ),
    "shifted": (
        "columns: {a: int 0..40, b: int 0..60}\nrules: {r: b >= a + 5}\n",
        {"a": ints(0, 40), "b": ints(0, 60)},
    ),
    "steps": (
        "columns: {a: {type: int, in: 0..90, step: 10}, b: {type: int, in: 0..600, step: 5}}\n"
        "rules: {r: a <= b, s: b <= a + 200}\n",
        {"a": list(range(0, 91, 10)), "b": list(range(0, 601, 5))},
    ),
    "decimals": (
        "columns: {a: int -9..3, b: decimal(1) 0..9}\nrules: {r: a < b}\n",
        {"a": ints(-9, 3), "b": [Decimal(i).scaleb(-1) for i in range(91)]},
    ),
    "dates": (
        "columns: {a: date 2024-01-01..2024-02-10, b: date 2024-01-01..2024-02-29}\n"
        "rules:\n  r: a <= b\n  s: date_diff('day', a, b) <= 5\n",
        {"a": days(JAN, 41), "b": days(JAN, 60)},
    ),
    "times": (
        "columns:\n  a: {type: datetime, in: 2024-01-01T12:00:00..2024-01-03T11:00:00, step: 1h}\n"
        "  b: {type: datetime, in: 2024-01-01T12:00:00..2024-01-04T11:00:00, step: 1h}\n"
        "rules:\n  r: b >= a\n  s: date_diff('day', a, b) <= 1\n",
        {"a": hours(NOON, 48), "b": hours(NOON, 72)},
    ),
    "day of a time": (
        "columns:\n  a: {type: datetime, in: 2024-01-01T12:00:00..2024-01-09T11:00:00, step: 6h}\n"
        "  b: date 2023-12-20..2024-02-10\n"
        "rules:\n  r: b >= CAST(a AS DATE)\n  s: date_diff('day', CAST(a AS DATE), b) <= 5\n",
        {"a": hours(NOON, 32, 6), "b": days(date(2023, 12, 20), 53)},
    ),
    "time after a day": (
        "columns:\n  a: date 2023-12-01..2024-01-15\n"
        "  b: {type: datetime, in: 2024-01-01T12:00:00..2024-01-09T11:00:00, step: 6h}\n"
        "rules: {r: a <= CAST(b AS DATE)}\n",
        {"a": days(date(2023, 12, 1), 46), "b": hours(NOON, 32, 6)},
    ),
    "chain": (
        "columns: {a: int 0..30, b: int 0..40, c: int 0..34}\nrules: {r: a <= b AND b < c, s: c <= a + 9}\n",
        {"a": ints(0, 30), "b": ints(0, 40), "c": ints(0, 34)},
    ),
    "the earlier may be missing": (
        "columns: {a: int? 0..40, b: int 0..40}\nrules: {r: a <= b}\n",
        {"a": [*ints(0, 40), None], "b": ints(0, 40)},
    ),
    "may be missing": (
        "columns: {a: int 0..40, b: int? 0..40}\nrules: {r: a <= b}\n",
        {"a": ints(0, 40), "b": [*ints(0, 40), None]},
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_support_of_a_difference_is_the_lawful_set(name: str) -> None:
    text, domains = PAIRS[name]
    plan = planned(text, 60_000)
    assert any(column.hidden for column in plan.columns)
    found = drawn(plan)
    allowed = {tuple(row.values()) for row in lawful(plan, domains)}
    seen = rows_of(found, tuple(domains))
    assert seen <= allowed
    # a cell of one in N equally likely would be missed with probability exp(-60000 / N)
    assert len(seen) > 0.95 * len(allowed)
    assert not any(found.violations.values())


def test_what_is_drawn_is_the_difference_pushed_forward() -> None:
    plan = planned("columns: {a: int 0..40, b: int 0..200}\nrules: {r: b - a BETWEEN 0 AND 60}\n", 40_000)
    assert [rule.name for rule in plan.rules] == ["r"]  # 40 + 60 lies inside 0..200
    frame = drawn(plan).frame
    gaps = Counter((frame["b"] - frame["a"]).to_list())
    expected = 40_000 / 61
    # a chi-square over 61 cells, seeded; 60 + 8 * sqrt(120) is beyond 1e-9
    assert sum((gaps[i] - expected) ** 2 / expected for i in range(61)) < 60 + 8 * np.sqrt(120)
    starts = Counter(frame["a"].to_list())
    expected = 40_000 / 41
    assert sum((starts[i] - expected) ** 2 / expected for i in range(41)) < 40 + 8 * np.sqrt(80)


def test_a_transform_says_which_rules_follow_from_it() -> None:
    plan = planned(PAIRS["chain"][0])
    said = {rule.name: transformed(plan, rule) for rule in plan.rules}
    assert said["r"] == "the differences `b - a` and `c - b` are modelled"
    assert said["s"] is None and said["domain of c"] is None
    open_ = planned("columns: {a: int 0..40, b: int 0..60}\nrules: {r: b - a < 5, s: b - a > -3}\n")
    gap = open_.column("b - a").column
    assert gap is not None and gap.domain_text() == "-2..4"
    assert all(transformed(open_, rule) for rule in open_.rules if rule.name in ("r", "s"))
    times = planned(PAIRS["times"][0])
    said = {rule.name: transformed(times, rule) for rule in times.rules}
    assert said["r"] == "the difference `b - a` is modelled"
    assert said["s"] is None, "calendar days of two times of day follow only in part"


@pytest.mark.parametrize(
    "text",
    [
        "columns: {a: int 0..9, b: int 0..9}\nrules: {r: a <= b}\n",  # few cells: zeros are exact
        "columns: {a: float 0..40, b: float 0..60}\nrules: {r: a <= b}\n",  # not exact
        "columns: {a: int? 0..40, b: int? 0..60}\nrules: {r: a <= b}\n",  # both may be missing
        "columns: {a: int 0..40, b: {type: int, in: 0..60, bins: [0, 9, 30]}}\nrules: {r: a <= b}\n",
        "columns: {a: {type: int, in: 0..99, step: 3}, b: {type: int, in: 0..99, step: 2}}\n"
        "rules: {r: a <= b}\n",  # grids that do not fit
        "columns: {a: int 0..40, b: int 0..60}\nrules: {r: {check: a <= b, enforce: report}}\n",
        "columns: {a: int 0..40, b: int 0..60, c: int 0..5}\nrules: {r: a <= b OR c = 1}\n",
        "columns: {a: int 0..40, b: int 0..60, c: int 0..60}\nrules: {r: a + b <= c}\n",
    ],
)
def test_where_it_would_not_be_exact_columns_stay_as_they_are(text: str) -> None:
    if "bins: [0, 9, 30]" in text:
        text = text.replace("a: int 0..40", "a: {type: int, in: 0..40, bins: [0, 20]}")
    plan = planned(text)
    assert not any(column.hidden for column in plan.columns)
    assert passed(plan) == plan


def test_a_column_of_a_later_group_follows_one_of_an_earlier_group_and_never_the_other_way() -> None:
    text = (
        "columns: {a: int 0..40, b: int 0..60, x: int 0..3}\nrules: {r: a <= b}\n"
        "generate: {one: {columns: [a, x], using: rules}, two: {columns: [b], using: rules}}\n"
    )
    plan = planned(text)
    assert plan.groups[1].columns == ("b - a",)
    turned = planned(text.replace("[a, x]", "[b, x]").replace("two: {columns: [b]", "two: {columns: [a]"))
    assert turned.groups[1].columns == ("b - a",) and turned.column("a").value is not None
    assert not any(drawn(turned).violations.values())


EQUATIONS = {
    "total": "total = a + b",
    "turned": "a + b = total",
    "moved": "total - a = b",
    "both sides": "total - 2.0 = a + b - 2",
    "cast": "CAST(total AS decimal(2)) = a + b + 0.00",
}


@pytest.mark.parametrize("rule", EQUATIONS.values(), ids=EQUATIONS)
def test_an_equation_is_solved_exactly_for_the_column_that_no_group_generates(rule: str) -> None:
    plan = planned(
        "columns: {a: decimal(2) 0..9, b: int 0..9, total: decimal(2) 0..18}\n"
        f"rules: {{sum: '{rule}'}}\ngenerate: {{all: {{columns: [a, b], using: rules}}}}\n"
    )
    frame = drawn(plan).frame
    assert (frame["total"] == frame["a"] + frame["b"]).all()
    said = {each.name: transformed(plan, each) for each in plan.rules}
    assert said["sum"] == "`total` is computed from the equation"


def test_a_column_alone_on_a_side_leaves_its_group() -> None:
    plan = planned("columns: {a: int 0..9, b: int 0..9, area: int 0..60}\nrules: {r: area = a * b}\n")
    assert plan.groups[0].columns == ("a", "b")
    frame = drawn(plan).frame
    assert (frame["area"] == frame["a"] * frame["b"]).all() and frame["area"].max() <= 60


@pytest.mark.parametrize(
    "rule",
    [
        "total = a * a + 0.005",  # would round
        "total = a + b + total",
        "total * 2 = a",
        "total = a + c",  # c may be missing, total never
    ],
)
def test_an_equation_that_is_not_exact_solves_nothing(rule: str) -> None:
    from synthspec.compile.check import check
    from synthspec.spec.parse import parse

    text = (
        "spec: 1\ncolumns: {a: decimal(2) 0..9, b: int 0..9, c: 'int? 0..9', total: decimal(2) 0..180}\n"
        f"rules: {{sum: '{rule}'}}\ngenerate: {{all: {{columns: [a, b, c], using: rules}}}}\n"
    )
    assert "G411" in {found.code for found in check(parse(text, "t.yaml"))[1]}
