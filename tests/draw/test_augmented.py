"""Augmentation varies synthetic rows: labels, rules, domains and shares stay as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthspec as ss
from synthspec.draw.scenario import DrawnScenario, draw_scenario
from synthspec.plan.plan import Plan
from synthspec.plan.scenario import Interpolate, Jitter, Rebalance, Scenario
from synthspec.privacy.entropy import SampleRng
from tests.draw.test_conditioned import SPEC, condition, models_of

RULES = "rules: {stay: days IS NULL OR days <= age, cheap: ward <> 'icu' OR cost < 6}\n"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "s.yaml").write_text(SPEC + RULES)
    return ss.load(tmp_path / "s.yaml").plan().value


def drawn(plan: Plan, scenario: Scenario, seed: int = 3) -> DrawnScenario:
    return draw_scenario(plan, plan.columns, models_of(plan), scenario, SampleRng(seed, "scenario"))


def lawful(frame: pl.DataFrame) -> bool:
    band = pl.when(pl.col("age") < 25).then(pl.lit("young")).when(pl.col("age") < 60).then(pl.lit("adult"))
    rows = frame.filter(
        (pl.col("days").is_null() | (pl.col("days") <= pl.col("age")))
        & ((pl.col("ward") != "icu") | (pl.col("cost") < 6))
        & pl.col("age").is_between(0, 99)
        & pl.col("days").is_between(0, 59).fill_null(value=True)
        & pl.col("cost").is_between(0, 9)
        & (pl.col("band") == band.otherwise(pl.lit("old")))
    )
    return rows.height == frame.height


def test_jitter_moves_values_by_at_most_its_step_and_keeps_gaps_and_rules(plan: Plan) -> None:
    plain = drawn(plan, Scenario(name="a", rows=3000)).frame
    steps = (Jitter(column="age", points=2), Jitter(column="days", points=3))
    found = drawn(plan, Scenario(name="a", rows=3000, augment=steps))
    assert lawful(found.frame)
    assert found.frame["days"].is_null().equals(plain["days"].is_null())
    moved = (found.frame["age"] - plain["age"]).to_numpy()
    assert set(np.unique(moved)) == {-2, -1, 0, 1, 2}
    assert (found.frame["days"] - plain["days"]).abs().max() == 3
    same = ["sex", "ward", "cost"]
    assert found.frame.select(same).equals(plain.select(same))
    assert found.augmented is not None and found.augmented > 2000


def test_interpolated_rows_keep_their_labels_and_lie_between_rows_of_their_class(plan: Plan) -> None:
    scenario = Scenario(name="a", rows=2000)
    plain = drawn(plan, scenario).frame
    step = Interpolate(classes=("ward", "sex"), k=5)
    found = drawn(plan, scenario.model_copy(update={"augment": (step,)}))
    assert lawful(found.frame)
    assert found.frame.select("ward", "sex").equals(plain.select("ward", "sex"))
    assert found.augmented is not None and found.augmented > 500
    for (ward, sex), part in plain.group_by("ward", "sex"):
        mine = found.frame.filter((pl.col("ward") == ward) & (pl.col("sex") == sex))
        for name in ("age", "days", "cost"):
            low, high = part[name].min(), part[name].max()
            assert mine[name].is_between(low, high).fill_null(value=True).all()
    # Neighbours are near: most rows move less than a tenth of the domain.
    assert (found.frame["age"] - plain["age"]).abs().median() < 10


def test_shares_conditions_and_weights_outlive_augmentation(plan: Plan) -> None:
    shares = (Rebalance(column="band", shares=(("young", 0.5), ("adult", 0.25), ("old", 0.25))),)
    where = {"where": condition("ward <> 'surgery'", plan.columns), "where_text": "ward <> 'surgery'"}
    steps = (Interpolate(classes=("sex",), k=3), Jitter(column="age", points=9))
    scenario = Scenario(name="a", rows=2000, rebalance=shares, weights="w", augment=steps, **where)
    found = drawn(plan, scenario)
    assert lawful(found.frame)
    assert found.frame.filter(pl.col("ward") == "surgery").height == 0
    assert found.frame["band"].value_counts().sort("band")["count"].to_list() == [500, 500, 1000]
    assert found.weights is not None and found.weights.mean() == pytest.approx(1)


def test_a_class_of_one_row_stays_as_it_is(plan: Plan) -> None:
    step = Interpolate(classes=("age", "sex", "ward", "cost", "days"), k=5)
    plain = drawn(plan, Scenario(name="a", rows=50)).frame
    found = drawn(plan, Scenario(name="a", rows=50, augment=(step,)))
    assert found.frame.equals(plain)
    assert found.augmented == 0
