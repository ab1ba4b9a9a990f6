"""Verification refuses every plan that could let private rows out, overspend, or refer forwards."""

from __future__ import annotations

from typing import Any

import pytest

from synthspec.errors import InternalError
from synthspec.plan.ops import (
    Assess,
    Bound,
    CountFit,
    CountRows,
    CountTail,
    Discover,
    Fit,
    Op,
    Sample,
    Scan,
    Score,
    Split,
    Tighten,
    Units,
    Weigh,
)
from synthspec.plan.plan import Plan
from synthspec.plan.verify import verify
from synthspec.privacy.cost import FREE, Cost
from tests.compile.specs import PATIENTS, SMALL, plan

ONE = Cost(mu2=1000)


def refused(broken: Plan) -> str:
    """Return the code with which a plan is refused."""
    with pytest.raises(InternalError) as error:
        verify(broken)
    return error.value.code


def with_ops(*ops: Op) -> Plan:
    """Return a plan with these ops."""
    return plan(SMALL).model_copy(update={"ops": ops})


def test_compiled_plans_are_sound() -> None:
    assert verify(plan(SMALL)) == plan(SMALL)
    assert verify(plan(PATIENTS)).most_it_can_spend.fits(plan(PATIENTS).budget)


def unit_plan() -> Plan:
    """Return a plan with one column per unit."""
    text = PATIENTS.replace("age: int 0..120", "age: {type: int, in: 0..120, per: unit}")
    return plan(text.replace("  old: {derive: age >= 65}\n", "").replace("[old, sex]", "[sex]"))


def test_what_is_per_unit_is_learned_from_one_row_of_each_and_rows_are_not() -> None:
    found = unit_plan()
    assert verify(found) == found
    (once,) = [at for at, op in enumerate(found.ops) if isinstance(op, Units)]
    for turned in ("who.units", "who.rows"):
        ops = tuple(
            op.model_copy(update={"view": 1 if op.view == once else once})
            if isinstance(op, Fit) and op.group == turned
            else op
            for op in found.ops
        )
        assert refused(found.model_copy(update={"ops": ops})) == "I313"


def test_a_list_of_rows_is_not_bought_once_per_unit() -> None:
    found = unit_plan()
    (once,) = [at for at, op in enumerate(found.ops) if isinstance(op, Units)]
    ops = tuple(
        op.model_copy(update={"view": once}) if isinstance(op, Discover | Tighten) else op for op in found.ops
    )
    assert refused(found.model_copy(update={"ops": ops})) == "I313"


def test_units_and_weights_are_of_bounded_rows_only() -> None:
    assert refused(with_ops(Scan(), Units(view=0))) == "I305"
    assert refused(with_ops(Scan(), Bound(view=0), Units(view=1), Units(view=2))) == "I305"
    assert refused(with_ops(Scan(), Bound(view=0), Weigh(view=1, weight=6), Units(view=2))) == "I305"
    assert refused(with_ops(Scan(), Bound(view=0), Units(view=1), Split(view=2, held=True))) == "I305"


def test_rows_never_share_less_weight_than_there_may_be_rows() -> None:
    found = plan(PATIENTS.replace("epsilon: 2", "epsilon: 2, contribution: weights"))
    assert verify(found) == found
    ops = tuple(op.model_copy(update={"weight": 3}) if isinstance(op, Weigh) else op for op in found.ops)
    assert refused(found.model_copy(update={"ops": ops})) == "I313"


def test_a_group_of_both_levels_is_refused() -> None:
    found = unit_plan()
    groups = tuple(
        group.model_copy(update={"given": ("sex",)}) if group.unit and group.name == "who.units" else group
        for group in found.groups
    )
    assert refused(found.model_copy(update={"groups": groups})) == "I313"


def test_the_report_counts_rows_and_no_units() -> None:
    found = unit_plan()
    (once,) = [at for at, op in enumerate(found.ops) if isinstance(op, Units)]
    ops = tuple(op.model_copy(update={"view": once}) if isinstance(op, Assess) else op for op in found.ops)
    assert refused(found.model_copy(update={"ops": ops})) == "I313"


def test_a_sample_of_private_rows_is_refused() -> None:
    assert refused(with_ops(Scan(), Bound(view=0), Sample(models=(1,)))) == "I301"


def test_a_report_whose_rows_are_private_is_refused() -> None:
    assert refused(with_ops(Scan(), Bound(view=0), Assess(view=1, rows=1, cost=ONE))) == "I301"


@pytest.mark.parametrize("ref", [2, 3, -1])
def test_a_step_cannot_refer_to_itself_or_a_later_one(ref: int) -> None:
    assert refused(with_ops(Scan(), Bound(view=0), CountFit(view=ref, cost=ONE))) == "I302"


def test_the_wrong_sort_is_refused() -> None:
    fit = Fit(view=1, group="all", cost=ONE, domains=(2,))
    assert refused(with_ops(Scan(), Bound(view=0), CountFit(view=1, cost=ONE), fit)) == "I302"


def test_a_plan_that_may_overspend_is_refused() -> None:
    sound = plan(SMALL)
    assert refused(sound.model_copy(update={"budget": sound.budget.share(0.5)})) == "I303"


def test_slack_is_part_of_the_price() -> None:
    sound = plan(PATIENTS)
    assert sound.most_it_can_spend.delta0 > 0
    assert refused(sound.model_copy(update={"budget": Cost(mu2=sound.budget.mu2)})) == "I303"


def test_rows_that_were_not_bounded_are_not_counted() -> None:
    assert refused(with_ops(Scan(), CountFit(view=0, cost=ONE))) == "I305"
    assert refused(with_ops(Scan(), Bound(view=0), Bound(view=1))) == "I305"


def test_private_rows_are_never_read_at_no_price() -> None:
    assert refused(with_ops(Scan(), Bound(view=0), CountFit(view=1, cost=FREE))) == "I306"
    assert refused(with_ops(Scan(), Bound(view=0), Fit(view=1, group="all", cost=FREE))) == "I306"


def test_an_unknown_group_is_refused() -> None:
    assert refused(with_ops(Scan(), Bound(view=0), Fit(view=1, group="nobody", cost=ONE))) == "I304"


def test_an_open_domain_that_nobody_buys_is_refused() -> None:
    sound = plan(PATIENTS)
    ops = [op for op in sound.ops if op.op not in ("discover", "tighten")]
    moved: list[Any] = [op.model_copy(update={"domains": ()}) if isinstance(op, Fit) else op for op in ops]
    moved = [op.model_copy(update={"models": (3, 4)}) if isinstance(op, Sample) else op for op in moved]
    moved = [op.model_copy(update={"rows": 5}) if isinstance(op, Assess) else op for op in moved]
    assert refused(sound.model_copy(update={"ops": tuple(moved)})) == "I307"


SPLIT = (Scan(), Bound(view=0), Split(view=1, held=False), Split(view=1, held=True))
ROWS_DRAWN = (Fit(view=2, group="all", cost=ONE), Sample(models=(4,)))


def with_holdout(*ops: Op) -> Plan:
    """Return a plan with these ops that holds units out."""
    return with_ops(*ops).model_copy(update={"holdout": 0.1})


def test_nothing_is_learned_from_units_that_are_held_out() -> None:
    sound = with_holdout(*SPLIT, *ROWS_DRAWN, Score(view=3, rows=5, label="sex", cost=ONE))
    assert verify(sound) == sound
    for view in (1, 3):
        assert refused(with_holdout(*SPLIT, Fit(view=view, group="all", cost=ONE))) == "I309"


def test_with_a_holdout_nothing_else_is_scored() -> None:
    for view in (1, 2):
        score = Score(view=view, rows=5, label="sex", cost=ONE)
        assert refused(with_holdout(*SPLIT, *ROWS_DRAWN, score)) == "I309"


def test_a_split_and_its_share_come_together() -> None:
    assert refused(with_ops(*SPLIT, *ROWS_DRAWN)) == "I309"
    assert refused(plan(SMALL).model_copy(update={"holdout": 0.1})) == "I309"


def test_rows_are_bounded_before_they_are_split() -> None:
    assert refused(with_holdout(Scan(), Split(view=0, held=False))) == "I305"
    assert refused(with_holdout(*SPLIT, Split(view=2, held=False))) == "I305"


def test_scores_and_tails_are_of_columns_with_codes() -> None:
    rows = (*SPLIT[:2], Fit(view=1, group="all", cost=ONE), Sample(models=(2,)))
    for op in (
        Score(view=1, rows=3, label="nobody", cost=ONE),
        Score(view=1, rows=3, label="sex", group="nobody", cost=ONE),
        CountTail(view=1, rows=3, column="nobody", quantile=0.9, cost=ONE),
    ):
        assert refused(with_ops(*rows, op)) == "I304"


def test_nothing_of_a_report_is_free_or_of_unbounded_rows() -> None:
    rows = (*SPLIT[:2], Fit(view=1, group="all", cost=ONE), Sample(models=(2,)))
    for op in (
        Score(view=1, rows=3, label="sex", cost=FREE),
        CountRows(view=1, cost=FREE),
        CountTail(view=1, rows=3, column="stay", quantile=0.9, cost=FREE),
    ):
        assert refused(with_ops(*rows, op)) == "I306"
        assert refused(with_ops(*rows, op.model_copy(update={"view": 0, "cost": ONE}))) == "I305"
