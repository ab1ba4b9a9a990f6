"""Predictions use public facts only, and follow the noise."""

from __future__ import annotations

import re

import pytest

from synthspec.compile.advice import advice
from synthspec.compile.choices import choices, choices_text
from synthspec.compile.plan import compile_plan
from synthspec.compile.predict import table_error
from synthspec.errors import SpecError
from synthspec.generators.size import WIDE
from synthspec.plan.explain import explain
from tests.compile.specs import PATIENTS, SMALL, checked, plan
from tests.compile.test_plan import BARE, PUBLIC


def test_large_cells_follow_the_formula_of_the_plan() -> None:
    assert table_error(10**9, 100, 137.0) == pytest.approx(100 * 137 * 0.8 / (2 * 10**9))


def test_more_budget_and_more_rows_mean_less_error() -> None:
    one = plan(SMALL).forecast.max_tvd_1way
    assert one is not None
    more = compile_plan(checked(SMALL), epsilon=4.0).forecast.max_tvd_1way
    larger = plan(SMALL.replace("50000", "500000")).forecast.max_tvd_1way
    assert more is not None and more < one
    assert larger is not None and larger < one


def test_without_public_rows_no_error_is_predicted() -> None:
    found = plan(SMALL.replace(", rows: 50000", ""))
    assert all(each.error is None for each in found.predictions)
    assert found.forecast.max_tvd_1way is None
    assert "add a public round number" in explain(found)


def test_each_step_alone_costs_less_than_the_whole() -> None:
    found = plan(PATIENTS)
    assert {each.step for each in found.predictions} == {"domains", "bounds", "fit", "who", "what", "report"}
    assert all(0 < each.epsilon_alone < found.epsilon for each in found.predictions)
    assert sum(each.share for each in found.predictions) == pytest.approx(1)


def test_budgets_side_by_side_trade_error_for_attack() -> None:
    low, high = choices(checked(SMALL), [0.5, 4])
    assert low.attack < high.attack and low.advantage < high.advantage
    assert low.max_tvd_1way is not None and high.max_tvd_1way is not None
    assert low.max_tvd_1way > high.max_tvd_1way
    assert "best attack" in choices_text((low, high))


def test_a_gate_that_noise_alone_breaks_is_said_to_fail() -> None:
    text = (
        SMALL
        + "gates: {tight: max_tvd_1way <= 0.0001, loose: max_tvd_1way <= 0.9, other: mean_tvd_3way <= 0.5}\n"
    )
    lines = explain(plan(text)).splitlines()
    assert "likely to fail" in next(line for line in lines if "tight" in line)
    assert "likely to fail" not in next(line for line in lines if "loose" in line)
    assert "not predicted" in next(line for line in lines if "other" in line)


def test_without_a_budget_there_is_nothing_to_compare() -> None:
    with pytest.raises(SpecError, match="P440"):
        choices(checked(BARE), [1])


@pytest.mark.parametrize("text", [SMALL, PATIENTS, BARE, PUBLIC], ids=["small", "patients", "bare", "public"])
def test_a_plan_says_that_nothing_was_read(text: str) -> None:
    found = explain(plan(text), full=True, ledger="Ledger x: ε 1.00 → 1.44 of cap 3.00")
    assert found.endswith("Nothing was read and nothing was charged.\n")
    assert "Ledger x" in found
    assert all(line == line.rstrip() for line in found.splitlines())


def test_a_pair_is_predicted_no_better_than_its_columns_and_worse_with_less_budget() -> None:
    budgets = (4, 2, 1, 0.5, 0.1)
    tables = [plan(SMALL.replace("epsilon: 1", f"epsilon: {budget}")) for budget in budgets]
    errors = [table.forecast for table in tables]
    worst = [(each.max_tvd_1way or 0, each.max_tvd_2way or 0, each.mean_tvd_2way or 0) for each in errors]
    assert all(one <= two and mean <= two for one, two, mean in worst)
    assert worst == sorted(worst)


def test_a_needlessly_high_bound_on_rows_is_advised_against_with_figures() -> None:
    wide = PATIENTS.replace("max_rows: 4", "max_rows: 64")
    (found,) = advice(checked(wide), plan(wide))
    assert found.code == "P410" and found.level == "warning" and "64 times" in found.message
    assert re.match(r"`max_rows: (4|8|16|32)` would bring the worst error in `\w+` from", found.helps[0])
    assert advice(checked(SMALL), plan(SMALL)) == ()
    tight = PATIENTS.replace("max_rows: 4", "max_rows: 3")
    assert advice(checked(tight), plan(tight)) == ()
    allowed = wide.replace("privacy:", "# synthspec: allow P410 because chronic patients\nprivacy:")
    assert advice(checked(allowed), plan(allowed)) == ()


def test_a_very_wide_group_is_said_to_learn_one_tree_only() -> None:
    wide = SMALL[: SMALL.index("columns:")] + "columns:\n"
    few = wide + "".join(f"  c{i}: int 0..9\n" for i in range(20))
    many = wide + "".join(f"  c{i}: int 0..9\n" for i in range(WIDE + 10))
    assert "one tree" not in explain(plan(few))
    assert f"one tree of about {2 * (WIDE + 10) - 1} tables" in explain(plan(many))
    nearly = wide + "".join(f"  c{i}: int 0..9\n" for i in range(WIDE))
    assert plan(many).forecast.seconds < plan(nearly).forecast.seconds / 2  # pairs are scored once
