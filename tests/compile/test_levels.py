"""What is per unit is learned once per unit, rows given their unit and the row before; both are priced so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from synthspec.compile.plan import compile_plan
from synthspec.compile.weights import kept, shared_weight
from synthspec.draw.learn import domain_of, workload_of
from synthspec.plan.explain import explain
from synthspec.plan.level import level_of_group, protection_of
from synthspec.plan.ops import Determine, Discover, Fit, Split, Tighten, Units, Weigh
from synthspec.plan.plan import Group, Plan, before
from synthspec.plan.zeros import all_zeros
from tests.compile.specs import PANEL, checked, codes, plan


def group(found: Plan, name: str) -> Group:
    return next(each for each in found.groups if each.name == name)


def views(found: Plan) -> dict[str, str]:
    """Return the level that each purchase of a domain, and each group, reads."""
    seen = {}
    for op in found.ops:
        if isinstance(op, Discover | Tighten | Determine):
            seen[op.column] = protection_of(found, op.view).max_rows
        elif isinstance(op, Fit) and op.view is not None:
            seen[op.group] = protection_of(found, op.view).max_rows
    return {name: str(most) for name, most in seen.items()}


def test_units_come_first_and_are_priced_as_one_row() -> None:
    found = plan(PANEL)
    assert [each.name for each in found.groups] == ["rows_per_unit", "who", "visits"]
    assert views(found) == {"area": "1", "paid": "5", "rows_per_unit": "1", "who": "1", "visits": "5"}
    assert [each.unit for each in found.groups] == [True, True, False]
    assert dict(found.split)["rows_per_unit"] == 0.02


def test_the_number_of_rows_is_a_hidden_column_of_the_unit_that_its_other_columns_go_with() -> None:
    found = plan(PANEL)
    counter = found.counter
    assert counter is not None and counter.hidden and counter.field is None
    assert counter.column is not None and counter.column.size == 5
    assert (found.persons, found.unit, found.units, counter.name) == (True, "person", 500, "person.rows")
    assert group(found, "rows_per_unit").columns == ("person.rows",)
    assert "person.rows" in group(found, "who").given and "person.rows" not in group(found, "visits").given


def test_what_follows_from_a_unit_alone_is_per_unit_and_nothing_else_is() -> None:
    text = PANEL.replace(
        "young: {derive: born > 1980}",
        "young: {derive: born > 1980}\n  age: {derive: year - born, in: 0..100}",
    )
    per = {column.name: column.per for column in plan(text).columns}
    assert (per["young"], per["age"], per["person"], per["year"]) == ("unit", "row", "unit", "row")


def test_a_group_of_both_levels_is_learned_in_two_steps_that_share_its_budget() -> None:
    text = PANEL.replace(
        "epsilon: 2}", "epsilon: 2, split: {all: 0.6, report: 0, fit: 0, rows_per_unit: 0.1}}"
    )
    text = (
        text[: text.index("generate:")]
        + "generate:\n  all: {columns: [sex, year, born, area, state, paid]}\n"
    )
    found = plan(text)
    first, second = group(found, "all.units"), group(found, "all.rows")
    assert (first.columns, second.columns) == (("sex", "born", "area"), ("year", "state", "paid"))
    assert set(second.given) == {"sex", "born", "area"} and first.given == ("person.rows",)
    shares = dict(found.split)
    assert shares["all.units"] == pytest.approx(0.3) and shares["all.rows"] == pytest.approx(0.3)


def test_without_groups_the_one_group_is_divided_too() -> None:
    text = PANEL[: PANEL.index("generate:")]
    assert [each.name for each in plan(text).groups] == ["rows_per_unit", "all.units", "all.rows"]


def test_no_word_of_units_leaves_a_plan_as_it_was() -> None:
    text = (
        PANEL.replace(", per: unit", "")
        .replace(", sequence: {by: year}", "")
        .replace("sample: {units: 500}\n", "")
    )
    found = plan(text)
    assert not found.persons and not any(isinstance(op, Units | Weigh) for op in found.ops)
    assert not any(c.per == "unit" for c in found.columns if c.name != "person")


@pytest.mark.parametrize("asked", ["sample: {units: 9}\n", "sample: {rows: 9, scenarios: {s: {units: 4}}}\n"])
def test_whole_units_can_be_asked_for_without_a_column_per_unit(asked: str) -> None:
    text = PANEL[: PANEL.index("generate:")].replace(", per: unit", "") + asked
    found = plan(text)
    assert found.persons and [each.name for each in found.groups] == ["rows_per_unit", "all"]
    assert [each.units for each in found.scenarios] in ([], [4])


def test_the_units_of_the_sample_are_those_of_a_scenario_that_does_not_say() -> None:
    text = PANEL.replace(
        "{units: 500}", "{units: 500, scenarios: {ill: {where: \"state = 'ill'\"}, few: {rows: 7}}}"
    )
    assert [(each.name, each.units) for each in plan(text).scenarios] == [("ill", 500), ("few", None)]


def test_the_units_held_out_are_held_out_at_both_levels() -> None:
    found = plan(PANEL.replace("{units: 500}", "{units: 500, holdout: 0.2}"))
    (once,) = [op for op in found.ops if isinstance(op, Units)]
    base = found.ops[once.view]
    assert isinstance(base, Split) and not base.held
    assert all(level_of_group(found, each.name).held is False for each in found.groups)


def test_an_equation_never_computes_what_is_per_unit_from_rows() -> None:
    text = PANEL.replace("  young:", "  total: {type: int, in: 0..9, per: unit}\n  part: int 0..9\n  young:")
    text = text.replace("[sex, born, area]", "[sex, born, area, total]").replace("[year,", "[part, year,")
    text = text.replace("generate:", "rules:\n  same: total = part\ngenerate:")
    found = plan(text)
    assert found.column("total").role == "modelled" and found.column("part").value is not None


def test_a_difference_is_never_taken_between_a_unit_and_its_rows() -> None:
    text = PANEL.replace("generate:", "rules:\n  after: year >= born + 5\ngenerate:")
    found = plan(text)
    assert {column.name for column in found.columns if column.hidden} == {"person.rows"}


def test_each_row_is_learned_given_the_row_before_it_and_none_comes_before_it() -> None:
    found = plan(PANEL)
    visits = group(found, "visits")
    domain = domain_of(visits, found.columns)
    names = [before(name) for name in ("year", "state", "paid")]
    assert domain.attributes == (*visits.given, *names, *visits.columns)
    assert [domain.size(name) - domain.size(name.removesuffix(".before")) for name in names] == [1, 1, 1]
    workload = workload_of(found, visits, found.columns)
    assert set(names) <= workload.given and ("state.before", "state") in workload.edges
    zeros = dict(all_zeros(found, found.columns).masks["visits"])[("year.before", "year")]
    size = domain.size("year")
    earlier, now = np.nonzero(~zeros)
    assert set(zip(earlier.tolist(), now.tolist(), strict=True)) == {
        (a, b) for a in range(size + 1) for b in range(size) if a == size or a <= b
    }


def test_rows_and_units_of_a_group_are_counted_at_its_level() -> None:
    found = plan(PANEL)
    by = {each.name: workload_of(found, each, found.columns) for each in found.groups}
    assert (by["who"].rows, by["visits"].rows, by["visits"].units) == (20000, 60000, 20000)
    weighed = plan(PANEL.replace("epsilon: 2", "epsilon: 2, contribution: weights"))
    weight = next(op.weight for op in weighed.ops if isinstance(op, Weigh))
    assert workload_of(weighed, group(weighed, "visits"), weighed.columns).rows == 20000 * weight


def test_weights_are_for_rows_alone_and_leave_almost_nothing_to_rounding() -> None:
    found = plan(PANEL.replace("epsilon: 2", "epsilon: 2, contribution: weights"))
    weight = next(op.weight for op in found.ops if isinstance(op, Weigh))
    assert views(found) == {
        "area": "1", "paid": str(weight), "rows_per_unit": "1", "who": "1", "visits": str(weight),
    }  # fmt: skip
    assert kept(weight, 5) == 1.0
    assert all(most <= shared_weight(most) <= 10_000 for most in (2, 9, 13, 365, 10_000))
    assert all(kept(shared_weight(most), most) > 0.99 for most in (2, 8, 12, 50, 100))


def test_a_plan_says_what_either_way_of_bounding_costs_and_means() -> None:
    found = plan(PANEL)
    rows, weights = found.contributions
    assert rows.used and not weights.used
    assert weights.share == pytest.approx(rows.share * (60000 / (20000 * 5)))
    text = explain(found)
    assert "one row of each person   1 row" in text and "every row kept           5 rows" in text
    assert "every unit counts the same, however many rows it has" in text
    assert "500 whole units (person)" in text
    few = plan(PANEL.replace("max_rows: 5", "max_rows: 2"))
    assert "at least 20000 of 60000 rows are lost" in explain(few)
    assert plan(PANEL.replace(", units: 20000", "")).contributions == ()


def test_the_rows_of_whole_units_are_foreseen() -> None:
    assert plan(PANEL).drawn_rows == 1500
    assert plan(PANEL.replace("rows: 60000, units: 20000", "rows: 60000")).drawn_rows == 2500
    assert plan(PANEL.replace("{units: 500}", "{rows: 70}")).drawn_rows == 70


def test_noise_is_predicted_for_what_is_counted() -> None:
    noise = {each.step: each.noise for each in plan(PANEL).predictions}
    more = {each.step: each.noise for each in plan(PANEL.replace("max_rows: 5", "max_rows: 10")).predictions}
    assert noise["who"] == more["who"] and noise["rows_per_unit"] == more["rows_per_unit"]
    assert noise["visits"] != more["visits"]


def test_a_sequence_is_ordered_by_something_that_is_drawn_by_then() -> None:
    text = PANEL.replace("visits: {columns: [year, state, paid]", "visits: {columns: [state, paid]")
    late = text.replace("sample:", "  late: {columns: [year], given: [visits]}\nsample:")
    assert codes(late) == ["G427"]
    early = text.replace("given: [who, young]", "given: [who, young, early]")
    early = early.replace("sample:", "  early: {columns: [year]}\nsample:")
    assert codes(early) == [] and group(plan(early), "visits").sequence is not None


@pytest.mark.slow
def test_the_hospital_of_the_design_checks_and_plans() -> None:
    """LANGUAGE 2.5, as specs/ has it."""
    folder = Path(__file__).parents[2] / "specs"
    found = compile_plan(checked((folder / "hospital.yaml").read_text(encoding="utf-8"), folder))
    assert (found.unit, found.units, found.public_rows) == ("patient_id", 100_000, 400_000)
    assert views(found)["patients"] == "1" and views(found)["stay.3"] == "8"
