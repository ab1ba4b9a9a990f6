"""A condition on columns of a network holds in every row drawn; what that costs in rows is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthspec.api.condition import condition
from synthspec.draw.crossed import Crossed
from synthspec.draw.rows import draw
from synthspec.draw.scenario import DrawnScenario
from synthspec.draw.scenarios import effective_share
from synthspec.generators.base import Model
from synthspec.generators.neural.backbone import backbone
from synthspec.generators.neural.neural_model import NeuralModel
from synthspec.generators.neural.tilted import TiltedModel
from synthspec.generators.tree_model import TreeModel
from synthspec.plan.plan import Plan
from synthspec.plan.zeros import Cross
from synthspec.privacy.entropy import SampleRng
from tests.draw.test_conditioned import drawn, given, models_of, planned
from tests.generators.neural.nets_of import prefix_of


def neural(plan: Plan, *groups: str) -> dict[str, Model]:
    """Return models of the plan, those of `groups` with random networks over them."""
    found = models_of(plan)
    for at, name in enumerate(groups):
        start = found[name]
        assert isinstance(start, TreeModel)
        bones = backbone(start)
        found[name] = NeuralModel(start, bones, prefix_of(bones, at, 2.0), {})
    return found


CONDITIONS = {
    "age >= 63": pl.col("age") >= 63,
    "sex = 'F' AND age < 40": (pl.col("sex") == "F") & (pl.col("age") < 40),
    "age >= 63 AND ward = 'icu'": (pl.col("age") >= 63) & (pl.col("ward") == "icu"),
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditioned_rows_are_those_that_meet_the_condition(text: str, tmp_path: Path) -> None:
    plan = planned(tmp_path)
    models = neural(plan, "people")
    free = drawn(plan, models, 200_000, 1)
    held = free.filter(CONDITIONS[text])
    found = given(plan, models, text)
    assert found.exact
    # measured in 8192 weighted rows: some per cent
    assert found.probability == pytest.approx(held.height / free.height, rel=0.15)
    assert isinstance(found.models["people"], TiltedModel)
    where = condition(text, plan.columns)
    rows = draw(plan, plan.columns, found.models, 20_000, SampleRng(3), where, found.told, models).frame
    assert rows.filter(CONDITIONS[text]).height == rows.height
    for name in ("sex", "ward", "cost"):
        one, two = (dict(f[name].value_counts(normalize=True).iter_rows()) for f in (held, rows))
        gap = sum(abs(one.get(value, 0) - two.get(value, 0)) for value in {*one, *two}) / 2
        assert gap < 0.05, name


def test_a_network_that_is_given_columns_meets_the_condition_but_does_not_know_how_likely_it_was(
    tmp_path: Path,
) -> None:
    plan = planned(tmp_path)
    found = given(plan, neural(plan, "money"), "cost = 3")
    assert not found.exact
    rows = drawn(plan, dict(found.models), 500, 3)
    assert set(rows["cost"]) == {3}


def test_rules_across_groups_condition_a_network_row_by_row(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    model = neural(plan, "people")["people"]
    masks = np.zeros((2, 2), dtype=np.bool_)
    masks[1, 0] = True
    cross = Cross(("x",), ("sex",), np.array([0, 1]), masks)
    outer = np.arange(4000) % 2
    rows = Crossed(model, [cross]).sample(4000, SampleRng(0), None, {"x": outer})
    assert not (rows.columns["sex"][outer == 1] == 0).any()
    assert (rows.columns["sex"][outer == 0] == 0).any()


def test_the_effective_share_of_importance_resampling_is_said(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    models = neural(plan, "people")
    rows = draw(plan, plan.columns, models, 10, SampleRng(3))
    assert effective_share(DrawnScenario(rows, None, 1.0)) is None
    assert effective_share(DrawnScenario(rows, None, 1.0, effective=0.4)) == 0.4
