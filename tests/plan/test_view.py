"""The view's recipe, run row by row in plain Python: flags, policies, rules and codes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.resolve import resolve_discovery, resolve_tightening
from synthspec.plan.view import build_view, column_flag, flags_of, rule_flag
from synthspec.terms.evaluate import evaluate
from synthspec.terms.view import Drop, Flag, Let, View
from tests.compile.specs import PATIENTS, SMALL, plan

Row = dict[str, object]


def run(view: View, row: Row) -> tuple[Row | None, set[str]]:
    """Return the row after all steps (None when dropped) and the labels that it raised."""
    row = {**{f"{field.name}.bad": False for field in view.fields}, **row}
    raised: set[str] = set()
    for step in view.steps:
        match step:
            case Let():
                row[step.name] = evaluate(step.value, row)
            case Flag():
                if evaluate(step.when, row) is True:
                    raised.add(step.label)
            case Drop():
                if evaluate(step.when, row) is True:
                    return None, raised
    return row, raised


def coded(view: View, row: Row) -> dict[str, int]:
    """Return the codes of a row that is kept."""
    kept, _ = run(view, row)
    assert kept is not None
    return {each.attribute: evaluate(each.code, kept) for each in view.codes}


def resolved(source: Plan) -> tuple[PlannedColumn, ...]:
    """Return the columns with their bought domains."""
    found = []
    for column in source.columns:
        if column.discovery is not None:
            column = resolve_discovery(column, ("north", "south"))
        if column.tightening is not None and column.column is not None:
            counts = np.zeros(column.column.size, dtype=np.int64)
            counts[:10] = 100
            column = resolve_tightening(column, counts)
        found.append(column)
    return tuple(found)


GOOD: Row = {"patient": "p", "age": 40, "sex": "F", "area": "north", "paid": None, "stay": 3}


def patient(**changes: object) -> Row:
    """Return a good row of PATIENTS with some values changed."""
    from decimal import Decimal

    return {**GOOD, "paid": Decimal("12.50"), **changes}


def test_a_good_row_is_kept_without_flags_and_coded() -> None:
    view = build_view(plan(SMALL), plan(SMALL).columns)
    row = {"age": 40, "sex": "X", "ward": "icu", "stay": 365}
    assert run(view, row)[1] == set()
    codes = coded(view, row)
    assert (codes["age"], codes["sex"], codes["ward"]) == (40, 2, 3)
    assert all(0 <= codes[each.attribute] < each.size for each in view.codes)


def test_an_ordered_value_outside_is_clipped_and_flagged() -> None:
    source = plan(PATIENTS)
    view = build_view(source, resolved(source))
    kept, raised = run(view, patient(age=999))
    assert kept is not None and kept["age"] == 120
    assert raised == {column_flag("age")}


def test_outside_drop_drops_the_row_and_other_takes_the_declared_value() -> None:
    source = plan(PATIENTS)
    view = build_view(source, resolved(source))
    assert run(view, patient(stay=999))[0] is None
    kept, raised = run(view, patient(sex="unknown"))
    assert kept is not None and kept["sex"] == "X" and raised == {column_flag("sex")}


def test_a_null_drops_the_row_only_where_gaps_are_not_declared() -> None:
    source = plan(PATIENTS)
    view = build_view(source, resolved(source))
    dropped, raised = run(view, patient(age=None))
    assert dropped is None and raised == {column_flag("age")}
    kept, raised = run(view, patient(stay=None))
    assert kept is not None and raised == set()
    assert coded(view, patient(stay=None))["stay"] == source.column("stay").column.size - 1  # type: ignore[union-attr]


def test_a_value_that_cannot_be_read_follows_the_policy_of_its_column() -> None:
    source = plan(PATIENTS)
    view = build_view(source, resolved(source))
    kept, raised = run(view, patient(sex=None, **{"sex.bad": True}))
    assert kept is not None and kept["sex"] == "X" and column_flag("sex") in raised
    assert run(view, patient(age=None, **{"age.bad": True}))[0] is None


def test_a_row_that_breaks_a_rule_is_flagged_and_dropped() -> None:
    source = plan(PATIENTS)
    view = build_view(source, resolved(source))
    dropped, raised = run(view, patient(age=5, stay=200))
    assert dropped is None and raised == {rule_flag("young-stay")}
    assert run(view, patient(age=5, stay=None))[0] is not None, "unknown is not broken"


def test_derived_columns_are_computed_after_clipping_and_coded() -> None:
    source = plan(PATIENTS)
    view = build_view(source, resolved(source))
    assert coded(view, patient(age=999))["old"] == 1
    assert coded(view, patient(age=64))["old"] == 0


def test_a_list_still_to_be_bought_is_kept_as_read_and_has_no_code() -> None:
    source = plan(PATIENTS)
    view = build_view(source, source.columns)
    kept, raised = run(view, patient(area="nowhere"))
    assert kept is not None and kept["area"] == "nowhere" and raised == set()
    assert "area" not in view.domain.attributes


def test_a_bought_list_sends_the_rest_to_its_else() -> None:
    source = plan(PATIENTS)
    view = build_view(source, resolved(source))
    assert coded(view, patient(area="nowhere"))["area"] == 2
    assert coded(view, patient(area="south"))["area"] == 1


def test_buying_a_range_changes_codes_and_never_which_rows_are_kept() -> None:
    from decimal import Decimal

    source = plan(PATIENTS)
    before, after = build_view(source, source.columns), build_view(source, resolved(source))
    for paid in ("0.00", "12.50", "99999.99", "300000.00", "400000.00"):
        row = patient(paid=Decimal(paid), area="north")
        (kept, raised), (kept_after, raised_after) = run(before, dict(row)), run(after, dict(row))
        assert (kept is None) == (kept_after is None)
        assert raised == raised_after
        if kept is not None and kept_after is not None:
            assert kept["paid"] == kept_after["paid"]
    top = coded(after, patient(paid=Decimal("300000.00")))["paid"]
    assert top == after.domain.size("paid") - 1


def test_ids_that_nothing_needs_are_not_even_read() -> None:
    view = build_view(plan(PATIENTS), plan(PATIENTS).columns)
    assert [field.name for field in view.fields if field.name in ("patient", "visit")] == ["patient"]
    assert view.bound.unit == "patient" and view.bound.max_rows == 4


def test_the_fit_counters_are_the_flags_then_rows_kept_and_cut() -> None:
    flags = flags_of(plan(PATIENTS))
    assert flags[-2:] == ("rows kept", "cut to max_rows")
    assert rule_flag("young-stay") in flags and column_flag("paid") in flags
    assert flags_of(plan(SMALL))[-1] == "rows kept"


def test_rules_that_do_not_filter_are_neither_flagged_nor_dropped() -> None:
    text = SMALL.replace(
        "no-men: ward <> 'obstetrics' OR sex <> 'M'", "r: {check: age > 50, enforce: report}"
    )
    view = build_view(plan(text), plan(text).columns)
    assert run(view, {"age": 5, "sex": "F", "ward": "icu", "stay": 1})[0] is not None
    assert rule_flag("r") not in flags_of(plan(text))


@pytest.mark.parametrize("text", ["1970-01-01", "1999-12-31"])
def test_dates_outside_are_clipped_to_the_ends(text: str) -> None:
    spec = SMALL.replace("stay: int 0..365", "seen: date 2000-01-01..2020-12-31")
    view = build_view(plan(spec), plan(spec).columns)
    row = {"age": 5, "sex": "F", "ward": "icu", "seen": date.fromisoformat(text)}
    kept, _ = run(view, row)
    assert kept is not None and kept["seen"] == date(2000, 1, 1)
