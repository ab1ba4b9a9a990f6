"""Policies side by side: each change alone, with the figures of the report."""

from __future__ import annotations

import pytest

from synthspec.api.compare import compare, simulate, table
from synthspec.api.spec import Spec
from synthspec.errors import SpecError
from synthspec.privacy import risk

TEXT = """spec: 1
name: visits
source: {path: visits.csv, rows: 20000}
privacy: {unit: patient, max_rows: 2, epsilon: 1, delta: 1e-9}
columns:
  patient: id
  ward: {type: category, in: [a, b, c]}
  age: {type: int, in: 0..99}
"""


def spec() -> Spec:
    return Spec.of(TEXT, "visits.yaml")


def test_a_simulation_shows_the_spec_and_each_change_alone() -> None:
    found = simulate(spec(), [("epsilon", "2"), ("max_rows", "5"), ("sample.rows", "77")])
    assert [each.label for each in found] == ["as it is", "epsilon 2", "max_rows 5", "sample.rows 77"]
    assert [each.epsilon for each in found] == [1, 2, 1, 1]
    assert [each.max_rows for each in found] == [2, 2, 5, 2]
    assert found[1].attack > found[0].attack == found[2].attack
    few, many = found[0].max_tvd_1way, found[2].max_tvd_1way
    assert few is not None and many is not None and many > few


def test_the_figures_are_those_of_the_claim() -> None:
    plan = spec().plan().value
    mu, slack = risk.of_cost(plan.most_it_can_spend)
    (found,) = compare(spec(), [1])
    assert found.attack == risk.tradeoff(mu, slack, 0.01)
    assert found.family == risk.tradeoff(mu, slack, 0.01, 4)
    assert found.guess == risk.best_guess(mu, slack, 0.5)
    text = table([found])
    assert "the same on a family of 4" in text and "guessing finds 1 %" in text


def test_a_place_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(SpecError, match="S102"):
        simulate(spec(), [("privacy.nowhere.at.all", "1")])
