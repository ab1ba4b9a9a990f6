"""A plan's models given a condition draw what rows that meet it would be, whatever its probability."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthspec as ss
from synthspec.api.condition import condition
from synthspec.draw import leaning
from synthspec.draw.candidates import Candidates
from synthspec.draw.conditioned import Conditioned, conditioned
from synthspec.draw.learn import domain_of
from synthspec.draw.rows import draw
from synthspec.draw.shaped import shaped
from synthspec.generators.base import Model
from synthspec.generators.pgm.calibrate import calibrate
from synthspec.generators.pgm.tree import build
from synthspec.generators.tree_model import TreeModel
from synthspec.plan.plan import Plan
from synthspec.privacy.entropy import SampleRng

SPEC = """
spec: 1
columns:
  age: {type: int, in: 0..99, bins: 20}
  sex: [F, M]
  band:
    derive: CASE WHEN age < 25 THEN 'young' WHEN age < 60 THEN 'adult' ELSE 'old' END
    type: category
    in: [young, adult, old]
  ward: [medicine, surgery, icu]
  days: {type: int, in: 0..59, bins: 6, missing: modelled}
  cost: {type: int, in: 0..9}
generate:
  people: {columns: [age, sex], using: rules}
  stay: {columns: [ward, days], using: rules, given: [band, sex]}
  money: {columns: [cost], using: rules, given: [ward]}
"""


def planned(tmp_path: Path) -> Plan:
    (tmp_path / "s.yaml").write_text(SPEC)
    return ss.load(tmp_path / "s.yaml").plan().value


def models_of(plan: Plan, seed: int = 0) -> dict[str, Model]:
    """Return models in which everything depends on everything inside a group."""
    rng = np.random.default_rng(seed)
    found: dict[str, Model] = {}
    for group in plan.groups:
        domain = domain_of(group, plan.columns)
        given = tuple(range(len(group.given)))
        tree = build(domain.sizes, [tuple(range(len(domain.sizes)))], given)
        table = rng.random(domain.sizes) ** 4
        levels = tuple(np.arange(size) for size in domain.sizes)
        densities = tuple(np.ones(size) for size in domain.sizes)
        found[group.name] = TreeModel(
            domain, frozenset(group.given), levels, densities, calibrate(tree, [table])
        )
    return found


def drawn(plan: Plan, models: dict[str, Model], rows: int, seed: int) -> pl.DataFrame:
    return Candidates(plan.columns, plan.groups, models).draw(rows, SampleRng(seed, "test"))


def given(plan: Plan, models: dict[str, Model], text: str) -> Conditioned:
    return conditioned(plan, plan.columns, models, condition(text, plan.columns))


CONDITIONS = {
    "ward = 'icu'": pl.col("ward") == "icu",
    "sex = 'F' AND cost IN (3, 7)": (pl.col("sex") == "F") & pl.col("cost").is_in([3, 7]),
    "cost = 2 AND band = 'old'": (pl.col("cost") == 2) & (pl.col("band") == "old"),
    "days IS NULL": pl.col("days").is_null(),
    "ward <> 'icu' OR cost < 4": (pl.col("ward") != "icu") | (pl.col("cost") < 4),
    "age BETWEEN 20 AND 39 AND ward = 'surgery'": pl.col("age").is_between(20, 39)
    & (pl.col("ward") == "surgery"),
}


@pytest.mark.parametrize("text", list(CONDITIONS))
def test_rows_drawn_under_a_condition_are_distributed_as_rows_that_meet_it(text: str, tmp_path: Path) -> None:
    # 400,000 plain rows against 40,000 conditioned ones: per cell of (band, sex, ward) the standard error
    # of a share is at most .5 / sqrt(6,000) < .007; 6 of them over fewer than 20 cells: false alarm < 1e-7.
    # Forgetting the message to the groups before moves shares by more than .1 here.
    plan = planned(tmp_path)
    models = models_of(plan)
    plain = drawn(plan, models, 400_000, 1)
    kept = plain.filter(CONDITIONS[text])
    found = given(plan, models, text)
    assert found.exact
    share = kept.height / plain.height
    assert found.probability == pytest.approx(share, abs=6 * np.sqrt(share * (1 - share) / plain.height))
    direct = drawn(plan, dict(found.models), 40_000, 2)
    assert direct.filter(CONDITIONS[text]).height == direct.height
    keys = ["band", "sex", "ward"]
    one = {row[:3]: row[3] / kept.height for row in kept.group_by(keys).len().iter_rows()}
    two = {row[:3]: row[3] / direct.height for row in direct.group_by(keys).len().iter_rows()}
    error = 6 * 0.5 / np.sqrt(min(kept.height, direct.height))
    for key in {*one, *two}:
        assert two.get(key, 0.0) == pytest.approx(one.get(key, 0.0), abs=error)


def test_a_condition_inside_the_codes_weighs_them_by_the_share_of_values_that_meet_it(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    models = models_of(plan)
    plain = drawn(plan, models, 400_000, 1)
    found = given(plan, models, "age < 13 AND ward = 'icu'")
    share = plain.filter((pl.col("age") < 13) & (pl.col("ward") == "icu")).height / plain.height
    assert found.exact
    assert found.probability == pytest.approx(share, rel=0.1)


def test_an_impossible_condition_has_probability_zero(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    assert given(plan, models_of(plan), "age < 10 AND band = 'old'").probability == 0.0


@pytest.mark.parametrize(
    "text", ["cost > age", "days < age AND ward = 'icu'", "cost = days % 7 AND age < 50"]
)
def test_a_condition_on_columns_that_a_group_is_not_given_is_exact_as_well(text: str, tmp_path: Path) -> None:
    # As above: six standard errors. Without the mean over the rows outside shares of `sex` move by .1.
    plan = planned(tmp_path)
    models = models_of(plan)
    plain = drawn(plan, models, 400_000, 1).filter(pl.sql_expr(text))
    where = condition(text, plan.columns)
    found = conditioned(plan, shaped(plan.columns, plan.groups, models), models, where)
    assert found.exact and found.told
    assert found.probability == pytest.approx(plain.height / 400_000, abs=6 * 0.5 / np.sqrt(400_000))
    asked = (where, found.told, models, found.leanings)
    direct = draw(plan, plan.columns, found.models, 20_000, SampleRng(2), *asked)
    assert direct.acceptance == 1.0
    keys = ["band", "sex", "ward"]
    one = {row[:3]: row[3] / plain.height for row in plain.group_by(keys).len().iter_rows()}
    two = {row[:3]: row[3] / 20_000 for row in direct.frame.group_by(keys).len().iter_rows()}
    for key in {*one, *two}:
        error = 6 * 0.5 / np.sqrt(min(plain.height, 20_000))
        assert two.get(key, 0.0) == pytest.approx(one.get(key, 0.0), abs=error)


def test_what_no_table_of_codes_can_say_is_left_to_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaning, "MOST_CLASSES", 2)
    plan = planned(tmp_path)
    found = given(plan, models_of(plan), "cost > age")
    assert not found.exact
    assert found.probability == 1.0
