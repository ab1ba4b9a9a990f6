"""A scenario has exactly the shares it asks for, keeps the rest of the dependence, and can be undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.draw.scenario import apportioned, draw_scenario, raked
from synthspec.errors import SamplingError
from synthspec.plan.plan import Plan
from synthspec.plan.scenario import Rebalance, Scenario
from synthspec.privacy.entropy import SampleRng
from tests.draw.test_conditioned import condition, models_of, planned


def drawn(plan: Plan, scenario: Scenario, seed: int = 0) -> tuple[pl.DataFrame, pl.Series | None]:
    found = draw_scenario(plan, plan.columns, models_of(plan), scenario, SampleRng(seed, "scenario"))
    return found.drawn.frame, found.weights


def where(plan: Plan, text: str) -> dict[str, object]:
    return {"where": condition(text, plan.columns), "where_text": text}


def test_shares_come_out_exactly_and_the_condition_holds_in_every_row(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    shares = (
        Rebalance(column="sex", shares=(("F", 0.3), ("M", 0.7))),
        Rebalance(column="band", shares=(("young", 0.5), ("adult", 0.25), ("old", 0.25))),
    )
    scenario = Scenario(name="s", rows=4000, rebalance=shares, **where(plan, "ward <> 'icu'"))
    frame, weights = drawn(plan, scenario)
    assert frame.height == 4000
    assert weights is None
    assert frame.filter(pl.col("ward") == "icu").height == 0
    assert frame.filter(pl.col("sex") == "F").height == pytest.approx(1200, abs=6)
    assert frame.filter(pl.col("band") == "young").height == pytest.approx(2000, abs=6)


def test_weights_undo_the_rebalancing(tmp_path: Path) -> None:
    # The weighted share of each ward equals the unbalanced one: 40,000 rows with weights at most 4 give a
    # standard error under .01; 6 of them. Without the weights the shares differ by more than .1 here.
    plan = planned(tmp_path)
    plain, _ = drawn(plan, Scenario(name="p", rows=40_000))
    rebalance = (
        Rebalance(column="cost", shares=tuple((str(v), 0.91 if v == 0 else 0.01) for v in range(10))),
    )
    frame, weights = drawn(plan, Scenario(name="b", rows=40_000, rebalance=rebalance, weights="w"), 1)
    assert weights is not None
    assert weights.mean() == pytest.approx(1.0)
    moved = 0.0
    for ward in ("medicine", "surgery", "icu"):
        wanted = (plain["ward"] == ward).mean()
        held = (frame["ward"] == ward).to_numpy()
        assert float((weights.to_numpy() * held).mean()) == pytest.approx(wanted, abs=0.06)
        moved = max(moved, abs(float(held.mean()) - float(wanted or 0)))
    assert moved > 0.1


def test_what_the_model_rules_out_is_refused_with_a_code(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    with pytest.raises(SamplingError, match="no probability") as caught:
        drawn(plan, Scenario(name="n", rows=10, **where(plan, "age < 10 AND band = 'old'")))
    assert caught.value.code == "G451"
    assert "condition of scenario `n`" in caught.value.message
    with pytest.raises(SamplingError) as caught:  # typed: it has no name
        drawn(plan, Scenario(name="", rows=10, **where(plan, "age < 10 AND band = 'old'")))
    assert caught.value.message == "the model gives the condition that was typed no probability"
    young = (Rebalance(column="band", shares=(("young", 0.5), ("old", 0.5))),)
    with pytest.raises(SamplingError) as caught:
        drawn(plan, Scenario(name="n", rows=10, rebalance=young, **where(plan, "age >= 60")))
    assert caught.value.code == "G451"


def test_ids_stay_distinct_over_strata(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    named = plan.columns[0].model_copy(update={"name": "key", "role": "id", "column": None, "field": None})
    plan = plan.model_copy(update={"columns": (named, *plan.columns)})
    rebalance = (Rebalance(column="sex", shares=(("F", 0.5), ("M", 0.5))),)
    frame, _ = drawn(plan, Scenario(name="i", rows=100, rebalance=rebalance))
    assert frame["key"].n_unique() == 100


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6).filter(lambda v: sum(v) > 0.1), st.integers(0, 999)
)
def test_rows_are_apportioned_to_the_last_one(shares: list[float], rows: int) -> None:
    found = apportioned(shares, rows)
    assert sum(found) == rows
    for share, many in zip(shares, found, strict=True):
        assert abs(many - share / sum(shares) * rows) < 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_raking_meets_the_margins_and_keeps_the_odds_ratios(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mass = rng.random((2, 3)) + 0.05
    rows, columns = rng.random(2) + 0.1, rng.random(3) + 0.1
    targets = [
        Rebalance(column="a", shares=tuple((str(i), float(v)) for i, v in enumerate(rows / rows.sum()))),
        Rebalance(
            column="b", shares=tuple((str(i), float(v)) for i, v in enumerate(columns / columns.sum()))
        ),
    ]
    table = raked(mass, targets, "s")
    np.testing.assert_allclose(table.sum(axis=1), rows / rows.sum(), atol=1e-6)
    np.testing.assert_allclose(table.sum(axis=0), columns / columns.sum(), atol=1e-6)
    ratio = table[0, 0] * table[1, 2] / (table[0, 2] * table[1, 0])
    assert ratio == pytest.approx(mass[0, 0] * mass[1, 2] / (mass[0, 2] * mass[1, 0]), rel=1e-6)
