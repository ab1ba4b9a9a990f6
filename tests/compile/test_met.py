"""How each rule is met, as the plan says before anything is spent."""

from __future__ import annotations

import pytest

from synthspec.compile.advice import advice
from synthspec.compile.passes.met import TRIAL_ROWS
from synthspec.compile.plan import compile_plan
from synthspec.plan.explain import explain
from synthspec.plan.plan import Met, Plan
from tests.compile.specs import HEAD, checked, plan

SPEC = (
    HEAD
    + """\
columns:
  visit: id
  age: int 0..120
  sex: [F, M]
  ward: [medicine, obstetrics, icu]
  pay: decimal(2) 0..90_000
  cost: decimal(2) 0..90_000
  minutes: {type: int, in: 100..599, bins: 5}
  total: {derive: pay + cost}
rules:
  sexes: {if: ward = 'obstetrics', then: sex = 'F'}
  ages: {if: ward = 'obstetrics', then: age BETWEEN 10 AND 58}
  wards: {combos: [ward, sex], rows: [[medicine, F], [medicine, M], [obstetrics, F], [icu, F], [icu, M]]}
  costly: {if: ward = 'icu', then: cost > 10}
  enough: total >= 500
  loud: {check: age < 100, enforce: report}
  key: {unique: [visit]}
  true-anyway: age >= 0
  odd: minutes % 2 = 1
generate:
  people: {columns: [age, sex]}
  stay: {columns: [ward], given: [sex]}
  money: {columns: [pay, cost, minutes], given: [ward], using: USING}
"""
)


def met(using: str = "marginal") -> tuple[Plan, dict[str, Met]]:
    """Return the plan and what it says of each rule."""
    found = plan(SPEC.replace("USING", using))
    return found, {each.rule: each for each in found.met}


def test_each_rule_has_its_class_and_one_line() -> None:
    found, said = met()
    assert [each.rule for each in found.met] == [rule.name for rule in found.rules]
    assert {name: each.by for name, each in said.items()} == {
        "sexes": "construction", "ages": "construction", "wards": "construction", "costly": "within",
        "enough": "within", "loud": "unchecked", "key": "construction", "true-anyway": "construction",
        "odd": "within", "domain of total": "construction",
    }  # fmt: skip
    assert said["sexes"].how == "structural zeros in `stay`"
    assert said["ages"].how == "`stay` conditioned on it row by row"
    assert said["wards"].how == "5 pairs, zeros in `stay`"
    assert said["true-anyway"].how == "true for every value of the domains"
    assert said["costly"].how == "structural zeros in `money`, then values drawn again inside their codes"
    assert said["enough"].how == said["costly"].how, "small amounts have bins of their own"
    assert said["odd"].how == "values drawn again inside their codes"


def test_what_is_by_construction_keeps_every_row_and_the_rest_is_estimated_without_data() -> None:
    _, said = met()
    for each in said.values():
        assert each.acceptance == (None if each.by == "unchecked" else 1.0), each


def test_a_generator_that_keeps_no_zeros_leaves_its_rules_to_drawing_again() -> None:
    found, said = met("copula")
    assert said["costly"].by == "rejection" and said["costly"].how == "rows are drawn again until it holds"
    assert said["costly"].acceptance is not None and 0.6 < said["costly"].acceptance < 1.0
    assert said["sexes"].by == "construction" and found.met == met("copula")[0].met, "the same every time"


def test_the_plan_shows_every_rule_on_a_line_with_class_share_kept_and_all_of_how_it_is_met() -> None:
    found = met()[0]
    block = explain(found).split("Rules: ")[1].split("\n\n")[0].splitlines()
    for each in found.met:
        (line,) = [line for line in block if line.startswith(f"  {each.rule}  ")]
        assert line.endswith(each.how), line
    ages = next(line for line in block if line.strip().startswith("ages"))
    assert "by construction" in ages and " all " in ages and ages.endswith("conditioned on it row by row")
    loud = next(line for line in block if line.strip().startswith("loud"))
    assert "reported only" in loud and " all " not in loud


def test_twenty_five_rules_are_all_listed_without_full() -> None:
    rules = "".join(f"  limit-{n}: a <= {n + 100}\n" for n in range(25))
    text = explain(compile_plan(checked(HARD[: HARD.index("  rare")] + rules)))
    assert all(f"  limit-{n} " in text for n in range(25)) and "Rules: 25 enforced" in text


HARD = (
    HEAD
    + """\
columns:
  a: int 0..100_000
  b: int 0..100_000
  c: int 0..100_000
rules:
  rare: (a * 3 + b * 7) % 500_009 = 1234 AND c % 5_000 = 3 AND (a + c) % 97 = 5    #
generate:
  one: {columns: [a, b, c], using: copula}
"""
)


@pytest.mark.parametrize("allowed", [False, True])
def test_a_rule_that_hardly_any_row_meets_is_a_warning_that_can_be_allowed(allowed: bool) -> None:
    reason = "# synthspec: allow R218 because the test wants it"
    spec = checked(HARD.replace("#", reason if allowed else ""))
    found = compile_plan(spec)
    (rare,) = found.met
    assert rare.by in ("within", "rejection") and rare.acceptance is not None and rare.acceptance < 0.01
    warned = [each for each in advice(spec, found) if each.code == "R218"]
    assert bool(warned) is not allowed
    if warned:
        assert warned[0].path == ("rules", "rare") and warned[0].level == "warning"
        assert str(TRIAL_ROWS) in warned[0].notes[0]
