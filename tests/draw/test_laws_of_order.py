"""Laws of columns in order: every lawful row is drawn, none is refused, and each as often as any other.

Differences of columns in a chain are modelled, so that a row is a middle value and steps away from it;
with even codes every lawful row is equally likely. Chi-square tests alarm falsely with a chance below 1e-9.
"""

from __future__ import annotations

import pytest

from synthspec.plan.plan import Plan
from synthspec.privacy.entropy import SampleRng
from tests.draw.laws import agrees, counted, lawful, mock, planned

INTS = "type: int, in: 0..33"
DAYS = "type: date, in: 2024-01-01..2024-02-15"


def spec(columns: str, kind: str, rules: list[str]) -> str:
    lines = [f"  {name}: {{{kind}}}" for name in columns]
    kept = [f"  r{i}: {rule}" for i, rule in enumerate(rules)]
    return "\n".join(["spec: 1", "name: chain", "columns:", *lines, "rules:", *kept])


CHAINS = [
    ("abc", ["a <= b", "b <= c"], 70_000),
    ("abc", ["a <= b", "b < c", "c - a <= 5"], 20_000),
    ("abc", ["c - a BETWEEN 3 AND 6", "a <= b", "b <= c"], 20_000),
    ("abcd", ["a <= b", "b <= c", "c <= d", "d - a <= 3"], 20_000),
    ("abcd", ["a <= b", "b <= c", "b <= d", "d - a <= 4", "c - b <= 2"], 20_000),
]


@pytest.mark.parametrize(("columns", "rules", "rows"), CHAINS)
def test_chains_of_numbers_are_drawn_evenly_and_none_is_refused(
    columns: str, rules: list[str], rows: int
) -> None:
    plan = planned(spec(columns, INTS, rules))
    assert plan is not None and sum(column.hidden for column in plan.columns) == len(columns) - 1
    every = [tuple(row.values()) for row in lawful(_shown(plan), {name: list(range(34)) for name in columns})]
    made = mock(plan, rows, SampleRng(1))
    assert made.acceptance == 1.0 and not any(made.violations.values())
    agrees(counted(made, tuple(columns)), dict.fromkeys(every, 1 / len(every)))


def test_bins_of_a_wide_chain_are_lawful_without_rejection() -> None:
    for kind in ("type: int, in: 0..100_000", "type: date, in: 2000-01-01..2024-12-31"):
        for rules in (["a <= b", "b <= c"], ["a <= b", "b <= c", "c <= d"]):
            plan = planned(spec("abcd"[: len(rules) + 1], kind, rules))
            assert plan is not None
            made = mock(plan, 5_000, SampleRng(2))
            assert made.acceptance == 1.0 and not any(made.violations.values())


def test_days_between_the_ends_of_a_chain_bound_its_links() -> None:
    rules = ["a <= b", "b <= c", "date_diff('day', a, c) <= 4"]
    plan = planned(spec("abc", DAYS, ["\n    " + rule for rule in rules]))
    assert plan is not None
    hidden = [column.column for column in plan.columns if column.hidden]
    assert [column.size for column in hidden if column is not None] == [5, 5]
    assert {each.rule: each.by for each in plan.met}["r2"] == "construction"
    made = mock(plan, 20_000, SampleRng(3))
    assert made.acceptance == 1.0 and not any(made.violations.values())
    days = [[(row[i] - row[0]).days for i in (1, 2)] for row in made.frame.iter_rows()]
    assert {tuple(pair) for pair in days} == {(x, y) for x in range(5) for y in range(x, 5)}


def _shown(plan: Plan) -> Plan:
    """Return the plan with its hidden differences gone: brute force runs over the columns themselves."""
    columns = tuple(
        column.model_copy(update={"role": "modelled", "value": None}) if column.value is not None else column
        for column in plan.columns
        if not column.hidden
    )
    return plan.model_copy(update={"columns": columns})
