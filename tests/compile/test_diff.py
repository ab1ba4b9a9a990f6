"""Differences by consequence: free, to be bought again, weaker."""

from __future__ import annotations

import pytest

from synthspec.compile.diff import diff, diff_text
from tests.compile.specs import PATIENTS, plan

GATED = PATIENTS + "gates: {one-way: max_tvd_1way <= 0.05}\n"


def changes(before: str, after: str) -> list[tuple[str, str, tuple[str, ...], str]]:
    """Return path, effect, groups and flag of every change between two specs."""
    return [(c.path, c.effect, c.groups, c.flag) for c in diff(plan(before), plan(after))]


def test_a_plan_does_not_differ_from_itself() -> None:
    assert changes(PATIENTS, PATIENTS + "# a comment\n") == []
    assert diff_text(()) == "no changes\n"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "gates: {one-way: max_tvd_1way <= 0.05}",
            "gates: {one-way: max_tvd_1way <= 0.08}",
            ("gates.one-way", "free", (), "WEAKER GATE"),
        ),
        (
            "gates: {one-way: max_tvd_1way <= 0.05}",
            "gates: {one-way: max_tvd_1way <= 0.01}",
            ("gates.one-way", "free", (), ""),
        ),
        ("then: stay < 100", "then: stay < 90", ("rules.young-stay", "free: resample", (), "")),
        ("age: int 0..120", "age: int 0..110", ("columns.age.in", "costs: re-measure", ("who",), "")),
        ("int, in: 0..365", "int, in: 0..99", ("columns.stay.in", "costs: re-measure", ("what",), "")),
        ("epsilon: 2", "epsilon: 3", ("privacy.epsilon", "costs: everything", (), "WEAKER PRIVACY")),
        ("epsilon: 2", "epsilon: 1", ("privacy.epsilon", "costs: everything", (), "")),
        ("max_rows: 4", "max_rows: 2", ("privacy.max_rows", "costs: everything", (), "WEAKER PRIVACY")),
        ("who: 0.5", "who: 0.4", ("privacy.split.who", "costs: re-measure", ("who",), "")),
        ("a.csv", "b.csv", ("source", "costs: everything", (), "")),
    ],
)
def test_a_change_has_its_consequence(old: str, new: str, expected: tuple[object, ...]) -> None:
    found = changes(GATED, GATED.replace(old, new))
    assert expected in found, found


def test_more_rows_are_free() -> None:
    assert changes(PATIENTS, PATIENTS + "sample: {rows: 99}\n") == [("sample.rows", "free: resample", (), "")]


def test_a_gate_that_is_gone_is_weaker() -> None:
    assert ("gates.one-way", "free", (), "WEAKER GATE") in changes(GATED, PATIENTS)


def test_the_text_counts_what_is_free_and_what_costs() -> None:
    found = diff_text(diff(plan(GATED), plan(GATED.replace("0..120", "0..110").replace("0.05}", "0.5}"))))
    assert found.endswith("2 changes: 1 free, 1 cost budget\n")
    assert "re-measure `who`" in found and "WEAKER GATE" in found


def test_a_rule_says_what_it_does_to_models_and_why() -> None:
    tight = PATIENTS.replace("then: stay < 100", "then: stay < 90")
    (crossed,) = diff(plan(PATIENTS), plan(tight))  # age is not given to the group of stay: row by row
    assert crossed.why == "met as rows are drawn; no model changes"
    ruled = PATIENTS.replace("rules:", "rules:\n  old-women: {if: sex = 'F', then: age < 90}", 1)
    (zeros,) = diff(plan(PATIENTS), plan(ruled))
    assert (zeros.effect, zeros.why) == ("free: re-infer", "impossible cells of `who` change")
    (large,) = diff(plan(PATIENTS), plan(ruled), {"who": "conditioned", "what": "kept"})
    assert large.effect == "free: condition" and large.is_free
    assert "condition the learned model (impossible cells of `who`" in diff_text((large,))


def test_units_to_hold_out_and_figures_to_pay_for_cost_a_new_release() -> None:
    gated = PATIENTS + "gates: {useful: auc_gap(sex) <= 0.1}\n"
    (bought,) = [change for change in diff(plan(PATIENTS), plan(gated)) if change.path == "report"]
    assert (bought.before, bought.after, bought.effect) == ("none", "scores of sex", "costs: everything")
    assert all(change.path != "report" for change in diff(plan(gated), plan(PATIENTS)))
    (held,) = diff(plan(gated), plan(gated + "sample: {holdout: 0.1}\n"))
    assert (held.path, held.before, held.after, held.is_free) == ("sample.holdout", "0", "0.1", False)


def test_what_is_counted_once_per_unit_is_said() -> None:
    one = PATIENTS.replace("age: int 0..120", "age: {type: int, in: 0..120, per: unit}")
    found = {change.path: change for change in diff(plan(PATIENTS), plan(one))}
    assert (found["columns.age.per"].before, found["columns.age.per"].after) == ("row", "unit")
    assert "once per unit" in found["generate.who.units"].after
    weights = PATIENTS.replace("epsilon: 2", "epsilon: 2, contribution: weights")
    found = {change.path: change for change in diff(plan(PATIENTS), plan(weights))}
    assert found["privacy.contribution"].effect == "costs: everything"
