"""What the report share buys: by a public rule, within the share, predicted, nothing else than asked."""

from __future__ import annotations

import pytest

from synthspec.plan.explain import explain
from synthspec.plan.ops import Assess, CountFit, CountRows, CountTail, Discover, Fit, Score, Split
from synthspec.plan.plan import Plan
from synthspec.privacy.cost import FREE
from tests.compile.specs import PATIENTS, SMALL, codes, plan

GATES = "gates: {useful: auc_gap(sex) <= 0.1, tails: 'tail_ratio(stay, 0.99) BETWEEN 0.5 AND 2'}\n"
HOLDOUT = "sample: {holdout: 0.2}\n"


def _bought(made: Plan) -> dict[str, int]:
    ops = (op for op in made.ops if isinstance(op, CountRows | Assess | Score | CountTail))
    found: dict[str, int] = {}
    for op in ops:
        found[op.op] = found.get(op.op, 0) + op.cost.mu2
    return found


def test_without_a_label_distances_and_the_number_of_rows_are_bought() -> None:
    found = _bought(plan(SMALL))
    assert set(found) == {"count_rows", "assess"}
    assert found["assess"] == pytest.approx(6 * found["count_rows"], rel=1e-6)


def test_gates_name_what_is_scored_and_which_tails_are_counted() -> None:
    made = plan(SMALL + GATES)
    (score,) = [op for op in made.ops if isinstance(op, Score)]
    (tail,) = [op for op in made.ops if isinstance(op, CountTail)]
    assert (score.label, score.group, tail.column, tail.quantile) == ("sex", None, "stay", 0.99)
    found = _bought(made)
    assert [
        round(16 * found[op] / sum(found.values())) for op in ("assess", "count_rows", "score", "count_tail")
    ] == [
        6,
        1,
        8,
        1,
    ]


def test_the_share_pays_for_everything_and_is_not_exceeded() -> None:
    for text in (SMALL, SMALL + GATES, SMALL + GATES + HOLDOUT + "subgroups: [ward, sex]\n", PATIENTS):
        made = plan(text)
        spent = FREE
        for op in made.ops:
            if isinstance(op, CountRows | Assess | Score | CountTail):
                assert op.cost.mu2 > 0
                spent = spent + op.cost
        share = dict(made.split)["report"]
        assert spent.fits(made.budget.share(share))
        assert spent.mu2 > made.budget.share(share).mu2 - 30


def test_a_question_names_the_label_where_no_gate_does() -> None:
    made = plan(SMALL + "must_answer: {many: {count: stay > 10}, icu: {count: ward = 'icu', by: [sex]}}\n")
    assert [op.label for op in made.ops if isinstance(op, Score)] == ["ward"]
    assert not any(
        isinstance(op, Score) for op in plan(SMALL + "must_answer: {many: {count: stay > 10}}\n").ops
    )


def test_each_subgroup_has_a_histogram_but_not_the_label_itself() -> None:
    made = plan(SMALL + GATES + "subgroups: [ward, sex]\n")
    assert [(op.label, op.group) for op in made.ops if isinstance(op, Score)] == [("sex", "ward")]


def test_a_holdout_splits_the_views_and_only_scores_and_a_count_see_its_units() -> None:
    made = plan(PATIENTS + "gates: {useful: auc_gap(sex) <= 0.1}\n" + HOLDOUT)
    assert made.holdout == 0.2
    held = {at: op.held for at, op in enumerate(made.ops) if isinstance(op, Split)}
    assert held == {2: False, 3: True}
    for op in made.ops:
        if isinstance(op, Fit | Discover) and op.view is not None:
            assert held[op.view] is False
        if isinstance(op, Score):
            assert held[op.view] is True
        if isinstance(op, CountFit):
            assert op.view == 1
    assert [held[op.view] for op in made.ops if isinstance(op, CountRows)] == [False, True]


@pytest.mark.parametrize("share", ["", ", split: {report: 0}"])
def test_units_are_held_out_for_the_internal_edition_alone_where_nothing_is_scored(share: str) -> None:
    made = plan(SMALL.replace("epsilon: 1", f"epsilon: 1{share}") + HOLDOUT)
    held = {at: op.held for at, op in enumerate(made.ops) if isinstance(op, Split)}
    assert made.holdout == 0.2 and set(held.values()) >= {False}
    fits = [op for op in made.ops if isinstance(op, Fit)]
    assert fits and all(op.view is not None and held[op.view] is False for op in fits)
    assert not [op for op in made.ops if isinstance(op, Score)]
    assert "nothing is learned from them, and the report scores nothing on them" in explain(made)


def test_predictions_know_that_a_holdout_leaves_fewer_rows() -> None:
    whole, part = plan(SMALL + GATES), plan(SMALL + GATES + HOLDOUT)
    assert (part.learned_rows, part.scored_rows) == (40_000, 10_000)
    assert (whole.learned_rows, whole.scored_rows) == (50_000, 50_000)
    assert part.forecast.mean_tvd_1way is not None
    assert whole.forecast.mean_tvd_1way is not None
    assert part.forecast.mean_tvd_1way > whole.forecast.mean_tvd_1way
    widths = []
    for made in (whole, part):
        (width,) = [each.width for each in made.bought_for_report if each.what.startswith("scores of sex")]
        assert width is not None
        widths.append(float(width.removeprefix("AUC ± ")))
    assert widths[1] == pytest.approx(5 * widths[0], rel=0.05)


def test_the_plan_shows_what_the_share_buys_and_how_wide_the_intervals_are() -> None:
    text = explain(plan(SMALL + GATES + HOLDOUT))
    for words in (
        "The report's share buys",
        "6 total variation distances",
        "number of rows, learned from",
        "scores of sex, rows held out",
        "AUC ± ",
        "rows beyond the 0.99 quantile of stay",
        "20 % of the units are held out: nothing is learned from them",
    ):
        assert words in text
    assert "not predicted" in explain(plan(SMALL.replace(", rows: 50000", "") + GATES))


def test_the_datasheet_is_in_the_plan() -> None:
    made = plan(
        SMALL + "about: {text: Visits., purpose: Teaching, owner: Ward 7, contact: a@b, retention: 2 years}\n"
    )
    assert made.about == "Visits."
    sheet = made.datasheet
    assert (sheet.purpose, sheet.owner, sheet.contact, sheet.retention) == (
        "Teaching",
        "Ward 7",
        "a@b",
        "2 years",
    )


def test_the_plan_predicts_an_area_only_where_the_report_will_show_one() -> None:
    """The plan's line is the report's: the same noise and rows, on counts as the plan supposes them."""
    from math import sqrt

    import numpy as np

    from synthspec.compile.purchases import POSITIVE
    from synthspec.metrics.histogram import Histogram
    from synthspec.metrics.scorecard import BINS

    told = {True: 0, False: 0}
    for epsilon in (0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2):
        made = plan(SMALL.replace("epsilon: 1", f"epsilon: {epsilon}") + GATES + HOLDOUT)
        (bought,) = [each for each in made.bought_for_report if each.what.startswith("scores of sex")]
        rows = (made.scored_rows or 0) / BINS
        cells = np.tile([rows * (1 - POSITIVE), rows * POSITIVE], (BINS, 1))
        groups = sqrt(sum(1 for op in made.ops if isinstance(op, Score)))
        shown = Histogram(cells, bought.stddev * groups).auc() is not None
        assert (bought.width != "too few rows for an AUC") == shown, epsilon
        told[shown] += 1
    assert min(told.values()) > 0


def test_a_source_that_cannot_be_read_is_not_held_against_the_columns_of_gates() -> None:
    broken = (SMALL + GATES).replace("path:", "file:")
    assert broken != SMALL + GATES and not {"Q612", "Q613"} & set(codes(broken))


def test_a_budget_that_tells_nothing_is_said_in_words_not_in_numbers_over_one() -> None:
    text = explain(plan(SMALL.replace("epsilon: 1", "epsilon: 0.0001") + GATES))
    for words in ("no distance can be told", "too few rows for a ratio", "too few rows for an AUC"):
        assert words in text
