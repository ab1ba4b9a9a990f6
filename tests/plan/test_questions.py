"""What questions rest on, what they weigh, and what the plan says of them."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.draw.learn import workload_of
from synthspec.generators.intervals import half_width
from synthspec.plan.explain import explain
from synthspec.plan.questions import WEIGHT, public_axis, sources, weights_of
from tests.compile.specs import HEAD, SMALL, codes, plan

BANDS = (
    HEAD
    + """\
columns:
  age: int 0..120
  sex: [F, M]
  ward: [medicine, surgery, icu]
  band: {derive: "CASE WHEN age < 40 THEN 'young' ELSE 'old' END", type: category, in: [young, old]}
  grey: {derive: band = 'old' AND sex = 'M'}
"""
)
ASKED = BANDS + "must_answer: {q: {count: grey, by: [ward]}, alone: {count: age > 3}}\nsubgroups: [band]\n"


def test_a_question_rests_on_the_modelled_columns_behind_its_computed_ones() -> None:
    made = plan(ASKED)
    assert sources(made, ["grey", "ward"]) == ("age", "sex", "ward")
    assert sources(made, ["band"]) == ("age",)
    assert made.subgroups == ("band",)


def test_its_pairs_weigh_more_in_the_workload_of_the_group_that_holds_them() -> None:
    made = plan(ASKED)
    (group,) = made.groups
    pairs = {("age", "sex"): WEIGHT, ("age", "ward"): WEIGHT, ("sex", "ward"): WEIGHT}
    assert weights_of(made, ["age", "sex", "ward"]) == pairs
    assert workload_of(made, group, made.columns).weights == pairs
    assert weights_of(made, ["sex", "ward"]) == {("sex", "ward"): WEIGHT}


def test_the_spec_s_own_weights_stand_beside_and_the_larger_one_wins() -> None:
    made = plan(
        ASKED + "workload: [{columns: [age, sex, ward], weight: 3}, {columns: [age, sex], weight: 9}]\n"
    )
    found = weights_of(made, ["age", "sex", "ward"])
    assert found["age", "sex", "ward"] == 3
    assert found["age", "sex"] == 9


def test_the_plan_predicts_the_interval_of_an_answer_by_the_report_s_formula() -> None:
    made = plan(ASKED)
    alone = made.questions[1]
    predicted = made.model_copy(update={"questions": ()})
    assert predicted.forecast == made.forecast
    assert alone.expected is not None
    assert "alone" in explain(made) and "rows" in explain(made)
    more = plan(ASKED.replace("epsilon: 1", "epsilon: 4")).questions[1].expected
    assert more is not None and more < alone.expected
    assert plan(ASKED.replace(", rows: 50000", "")).questions[1].expected is None
    assert half_width(0.01, 0.5, np.sqrt(32)) > 0


def test_an_axis_of_many_codes_has_32_levels_and_one_for_what_is_missing() -> None:
    made = plan(SMALL.replace("stay: int 0..365", "stay: {type: int, in: 0..365, missing: modelled}"))
    axis = public_axis(made.column("stay"))
    assert axis.size == 32 and axis.levels is not None
    assert np.bincount(axis.levels, minlength=32)[-1] == 1
    assert public_axis(made.column("sex")).levels is None


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ("must_answer: {q: {count: age > 3, by: [seen]}}\n", "G424"),
        ("must_answer: {q: {count: age > 3, by: [income]}}\n", "G424"),
        ("subgroups: [income]\n", "G424"),
        ("must_answer: {q: {count: age > 3, by: [age, ward, sex, band]}}\n", "G425"),
        ("must_answer: {q: {count: age + 3}}\n", "R"),
    ],
)
def test_groups_that_cannot_be_counted_are_refused(extra: str, code: str) -> None:
    more = "columns:\n  seen: date 2020-01-01..2020-12-31\n  income: int 0..1_000_000\n"
    text = ASKED.split("must_answer")[0].replace("columns:\n", more).replace("0..120", "0..90")
    assert any(found.startswith(code) for found in codes(text + extra))


def test_groups_of_a_boolean_a_category_and_a_small_number_are_counted() -> None:
    text = BANDS.replace("0..120", "0..90")
    assert not codes(text + "must_answer: {q: {count: sex = 'F', by: [age]}}\n")
    assert not codes(
        text + "must_answer: {q: {count: age > 3, by: [grey, band, ward]}}\nsubgroups: [sex, grey]\n"
    )
