"""Whatever a rule may say, a condition may say: rows obey it, and its probability is right or not told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthspec as ss
from synthspec.api.condition import condition
from synthspec.draw.scenario import draw_scenario
from synthspec.plan.plan import Plan
from synthspec.plan.scenario import Scenario
from synthspec.privacy.entropy import SampleRng
from tests.draw.test_conditioned import drawn, models_of

SPEC = """
spec: 1
columns:
  age: {type: int, in: 0..99, bins: 20}
  sex: [F, M]
  born: {type: date, in: 1950-01-01..2009-12-31, bins: 12}
  band:
    derive: CASE WHEN age < 25 THEN 'young' WHEN age < 60 THEN 'adult' ELSE 'old' END
    type: category
    in: [young, adult, old]
  ward: [medicine, surgery, icu]
  days: {type: int, in: 0..59, bins: 6, missing: modelled}
  cost: {type: decimal(2), in: 0..99.99, bins: 10}
  late: {type: bool, derive: days IS NOT NULL AND days > 30}
generate:
  people: {columns: [age, sex, born], using: rules}
  stay: {columns: [ward, days], using: rules, given: [band, sex]}
  money: {columns: [cost], using: rules, given: [ward]}
"""

DAYS, AGE, COST, WARD = pl.col("days"), pl.col("age"), pl.col("cost").cast(pl.Float64), pl.col("ward")
BORN = pl.col("born")

CONDITIONS: dict[str, tuple[pl.Expr, bool]] = {
    "age BETWEEN 17 AND 41": (AGE.is_between(17, 41), True),
    "age = 37": (AGE == 37, True),
    "born >= '1999-05-17' AND born < '2001-01-01'": (
        BORN.is_between(pl.date(1999, 5, 17), pl.date(2000, 12, 31)),
        True,
    ),
    "year(born) = 1977": (BORN.dt.year() == 1977, True),
    "month(born) IN (12, 1, 2)": (BORN.dt.month().is_in([12, 1, 2]), True),
    "days IS NULL": (DAYS.is_null(), True),
    "days IS NOT NULL AND ward <> 'icu'": (DAYS.is_not_null() & (WARD != "icu"), True),
    "ward LIKE '%ic%'": (WARD.str.contains("ic"), True),
    "ward IN ('icu', 'surgery') AND sex = 'F'": ((WARD != "medicine") & (pl.col("sex") == "F"), True),
    "band = 'old' AND ward = 'icu'": ((pl.col("band") == "old") & (WARD == "icu"), True),
    "late": (DAYS > 30, True),
    "NOT late OR cost < 10": (~pl.col("late") | (COST < 10), True),
    "days + 5 > 30 AND ward = 'icu'": ((DAYS + 5 > 30) & (WARD == "icu"), True),
    "cost > 3 * days": (COST > 3 * DAYS, True),
    "cost + age > 150": (COST + AGE > 150, True),
    "age - days BETWEEN 0 AND 5 AND sex = 'M'": (
        (AGE - DAYS).is_between(0, 5) & (pl.col("sex") == "M"),
        False,
    ),
    "CASE WHEN ward = 'icu' THEN cost > 90 ELSE age > 80 END": (
        pl.when(WARD == "icu").then(COST > 90).otherwise(AGE > 80),
        False,
    ),
    "coalesce(days, 0) = 0": (DAYS.fill_null(0) == 0, True),
}  # fmt: skip


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("closure") / "s.yaml"
    Path(path).write_text(SPEC)
    return ss.load(path).plan().value


@pytest.fixture(scope="module")
def plain(plan: Plan) -> pl.DataFrame:
    frame = drawn(plan, models_of(plan), 200_000, 1)
    return frame.with_columns(cost=COST / 100)


@pytest.mark.parametrize("text", list(CONDITIONS))
def test_rows_obey_and_are_those_that_filtering_would_leave(
    text: str, plan: Plan, plain: pl.DataFrame
) -> None:
    # The means of age and ward among 5,000 rows drawn and those of 200,000 that obey: six standard
    # errors of a share (.5 / sqrt(n)), over 3 wards and 18 conditions: false alarm < 1e-6.
    held, exact = CONDITIONS[text]
    scenario = Scenario(name="c", rows=5000, where=condition(text, plan.columns), where_text=text)
    found = draw_scenario(plan, plan.columns, models_of(plan), scenario, SampleRng(5, "closure"))
    frame = found.frame
    assert frame.filter(held.fill_null(value=False)).height == frame.height == 5000
    kept = plain.filter(held.fill_null(value=False))
    error = 6 * 0.5 * np.sqrt(1 / kept.height + 1 / frame.height) + 0.02
    for ward in ("medicine", "surgery", "icu"):
        one, two = ((each["ward"] == ward).mean() for each in (kept, frame))
        assert two == pytest.approx(one, abs=error)
    ages = [each["age"].cast(pl.Float64).mean() for each in (kept, frame)]
    assert ages[1] == pytest.approx(ages[0], abs=60 * error)
    if found.probability is not None:
        assert found.probability == pytest.approx(kept.height / plain.height, abs=0.02)
    assert (found.probability is not None) or not exact


def test_mock_takes_conditions_and_scenarios_at_no_price(tmp_path: Path) -> None:
    more = """
rules:
  short: {if: ward = 'icu', then: days < 50}
  close: {if: sex = 'F', then: cost <= days}
sample:
  scenarios:
    rare: {rows: 40, where: ward = 'icu' AND age > 95, augment: {age: {jitter: 1}}}
    half: {rows: 40, rebalance: {sex: {F: 0.5, M: 0.5}}, weights: w}
"""
    (tmp_path / "s.yaml").write_text(SPEC + more)
    spec = ss.load(tmp_path / "s.yaml")
    rare = spec.mock(scenario="rare")
    assert rare.height == 40
    assert rare.filter((WARD != "icu") | (AGE <= 95) | (DAYS >= 50)).height == 0
    assert rare.filter((pl.col("sex") == "F") & (COST > DAYS)).height == 0
    assert spec.mock(30, scenario="rare", where="sex = 'F'")["sex"].unique().to_list() == ["F"]
    assert (spec.mock(scenario="half")["sex"] == "F").sum() == 20
    assert spec.mock(20, where="cost > 2 * age AND late")["late"].all()
    with pytest.raises(ss.SpecError) as unknown:
        spec.mock(scenario="rrare")
    assert unknown.value.code == "S157"
