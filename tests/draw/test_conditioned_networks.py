"""Networks under a condition draw what rows that meet it would be, whichever group draws its columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthspec.generators.base import Model
from synthspec.generators.neural.backbone import backbone
from synthspec.generators.neural.neural_model import NeuralModel
from synthspec.generators.tree_model import TreeModel
from tests.draw.test_conditioned import drawn, given, models_of, planned
from tests.generators.neural.nets_of import prefix_of

CONDITIONS = {
    "cost IN (3, 7)": pl.col("cost").is_in([3, 7]),
    "cost = 2 AND band = 'old'": (pl.col("cost") == 2) & (pl.col("band") == "old"),
    "ward = 'icu'": pl.col("ward") == "icu",
    "days IS NULL AND cost < 4": pl.col("days").is_null() & (pl.col("cost") < 4),
    "ward <> 'icu' OR cost < 4": (pl.col("ward") != "icu") | (pl.col("cost") < 4),
}


def networks_of(models: dict[str, Model], *names: str) -> dict[str, Model]:
    """Return the models with random networks over those named."""
    found = dict(models)
    for name in names:
        start = models[name]
        assert isinstance(start, TreeModel)
        bones = backbone(start)
        found[name] = NeuralModel(start, bones, prefix_of(bones, 3, strength=1.5), {})
    return found


ALL = ("people", "stay", "money")


@pytest.mark.parametrize(
    "names",
    [pytest.param(ALL[2:], marks=pytest.mark.slow), pytest.param(ALL[1:], marks=pytest.mark.slow), ALL],
    ids=len,
)
@pytest.mark.parametrize("text", list(CONDITIONS))
def test_rows_are_distributed_as_rows_that_meet_the_condition(
    text: str, names: tuple[str, ...], tmp_path: Path
) -> None:
    # 200,000 plain rows against 30,000 conditioned ones, which importance resampling makes worth a fifth:
    # six standard errors. Leaving the weights out moves shares by .04 and more in most of these.
    plan = planned(tmp_path)
    models = networks_of(models_of(plan), *names)
    kept = drawn(plan, models, 200_000, 1).filter(CONDITIONS[text])
    found = given(plan, models, text)
    direct = drawn(plan, dict(found.models), 30_000, 2)
    assert direct.filter(CONDITIONS[text]).height == direct.height
    keys = ["band", "sex", "ward"]
    one = {row[:3]: row[3] / kept.height for row in kept.group_by(keys).len().iter_rows()}
    two = {row[:3]: row[3] / direct.height for row in direct.group_by(keys).len().iter_rows()}
    for key in {*one, *two}:
        share = one.get(key, 0.0)
        error = 6 * np.sqrt(max(share * (1 - share), 0.002) * (1 / kept.height + 5 / direct.height))
        assert two.get(key, 0.0) == pytest.approx(share, abs=error), key
