"""Given rows come out verbatim, and the rest of each is distributed as in rows that happen to agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthspec as ss
from synthspec.draw.given import completed
from synthspec.draw.scenario import draw_scenario
from synthspec.errors import SamplingError
from synthspec.plan.plan import Plan
from synthspec.privacy.entropy import SampleRng
from tests.draw.test_conditioned import SPEC, drawn, models_of, planned

KEYS = ["band", "sex", "ward"]


def whole(plan: Plan, partial: pl.DataFrame, seed: int = 0) -> pl.DataFrame:
    return completed(plan, plan.columns, models_of(plan), partial, SampleRng(seed, "given")).frame


@pytest.mark.parametrize(
    "values",
    [
        {"age": 37},
        {"age": 37, "sex": "F"},
        {"sex": "M", "age": 62, "ward": "icu"},
        {"ward": "icu"},
        {"cost": 3},
        {"age": 22, "cost": 3},
        {"band": "old"},
        {"days": None, "sex": "F"},
    ],
)
def test_the_rest_of_a_given_row_is_drawn_as_in_rows_that_agree_with_it(
    values: dict[str, object], tmp_path: Path
) -> None:
    # Of 400,000 plain rows those that agree (by code: inside a code of age, values are drawn evenly) are
    # compared with 20,000 completed ones, per cell of (band, sex, ward): shares within 6 standard errors,
    # over fewer than 20 cells: false alarm < 1e-7. Not passing back what a later column says of an
    # earlier one moves shares by more than .1 for `ward` and `cost`.
    plan = planned(tmp_path)
    plain = drawn(plan, models_of(plan), 400_000, 1)
    agree = pl.lit(value=True)
    for name, value in values.items():
        held = pl.col(name) // 5 == int(str(value)) // 5 if name == "age" else pl.col(name).eq_missing(value)
        agree &= held
    band = "young" if values.get("age") == 22 else None
    kept = plain.filter(agree if band is None else agree & (pl.col("band") == band))
    dtypes = {name: plain.schema[name] for name in values}
    partial = pl.DataFrame({name: [value] * 20_000 for name, value in values.items()}, schema=dtypes)
    found = whole(plan, partial)
    assert found.select(list(values)).equals(partial)
    one = {row[:3]: row[3] / kept.height for row in kept.group_by(KEYS).len().iter_rows()}
    two = {row[:3]: row[3] / found.height for row in found.group_by(KEYS).len().iter_rows()}
    error = 6 * 0.5 / np.sqrt(min(kept.height, found.height))
    for key in {*one, *two}:
        assert two.get(key, 0.0) == pytest.approx(one.get(key, 0.0), abs=error)


def test_every_value_finer_than_codes_stays_and_rules_hold(tmp_path: Path) -> None:
    text = SPEC + "rules: {stay: days IS NULL OR days <= age, short: cost <= 8}\n"
    (tmp_path / "s.yaml").write_text(text)
    plan = ss.load(tmp_path / "s.yaml").plan().value
    ages = pl.DataFrame({"age": np.arange(2000) % 100, "sex": ["F", "M"] * 1000})
    found = whole(plan, ages.with_columns(pl.col("age").cast(pl.Int64)))
    assert found["age"].to_list() == ages["age"].to_list()
    assert found.filter(pl.col("days") > pl.col("age")).height == 0
    assert found.filter(pl.col("cost") > 8).height == 0
    assert found["ward"].n_unique() == 3


def test_a_given_row_that_no_lawful_row_continues_is_named_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SPEC + "rules: {r: cost < 5}\n")
    plan = ss.load(tmp_path / "s.yaml").plan().value
    with pytest.raises(SamplingError, match="given rows 2 are impossible") as caught:
        whole(plan, pl.DataFrame({"cost": [1, 7, 2]}))
    assert caught.value.code == "G451"
    with pytest.raises(SamplingError, match="1, 3") as caught:
        whole(plan, pl.DataFrame({"age": [20, 20, 70], "band": ["old", "young", "adult"]}))
    assert caught.value.code == "G451"


def scenario_plan(tmp_path: Path, scenario: str, rows: str = "age,sex\n7,F\n44,M\n44,M\n") -> ss.Spec:
    (tmp_path / "people.csv").write_text(rows)
    (tmp_path / "s.yaml").write_text(SPEC + f"sample: {{scenarios: {{g: {scenario}}}}}\n")
    return ss.load(tmp_path / "s.yaml")


def test_a_file_declared_public_is_completed_row_by_row(tmp_path: Path) -> None:
    plan = scenario_plan(tmp_path, "{given: people.csv, basis: census}").plan().value
    assert [file.path for file in plan.files] == ["people.csv"]
    (scenario,) = plan.scenarios
    found = draw_scenario(plan, plan.columns, models_of(plan), scenario, SampleRng(1)).frame
    assert found["age"].to_list() == [7, 44, 44]
    assert found["sex"].to_list() == ["F", "M", "M"]
    more = draw_scenario(plan, plan.columns, models_of(plan), scenario, SampleRng(1), 5).frame
    assert more["age"].to_list() == [7, 44, 44, 7, 44]
    (tmp_path / "people.csv").write_text("age,sex\n8,F\n")
    with pytest.raises(SamplingError) as caught:
        draw_scenario(plan, plan.columns, models_of(plan), scenario, SampleRng(1))
    assert caught.value.code == "G453"


@pytest.mark.parametrize(
    ("scenario", "rows", "code"),
    [
        ("{given: people.csv}", "age\n7\n", "P450"),
        ("{given: people.csv, basis: OBSERVED}", "age\n7\n", "P450"),
        ("{given: other.csv, basis: census}", "age\n7\n", "C120"),
        ("{given: people.csv, basis: census}", "aged\n7\n", "C101"),
        ("{given: people.csv, basis: census}", "age\n7\n700\n", "G452"),
        ("{given: people.csv, basis: census}", "age\n7.5\n", "G452"),
        ("{given: people.csv, basis: census}", "age,sex\n7,\n", "G452"),
        ("{given: people.csv, basis: census, augment: {age: {jitter: 1}}}", "age\n7\n", "G454"),
        ("{augment: {age: {jitter: 0.5}}}", "age\n7\n", "G456"),
        ("{augment: {band: {jitter: 1}}}", "age\n7\n", "G456"),
        ("{augment: {agee: {jitter: 1}}}", "age\n7\n", "C101"),
        ("{augment: {age: {class: [sex]}}}", "age\n7\n", "G456"),
        ("{augment: {interpolate: {class: [sexx]}}}", "age\n7\n", "C101"),
        ("{rebalance: {age: {'7': 1}}, augment: {age: {jitter: 1}}}", "age\n7\n", "G456"),
        ("{mix: [{public: people.csv, share: 1}]}", "age\n7\n", "P450"),
        ("{mix: [{public: people.csv, share: 1, basis: census}]}", "age\n7\n", "C122"),
        ("{mix: [{release: out, share: 1}]}", "age\n7\n", "C120"),
        ("{mix: [{release: out, share: 0.5}]}", "age\n7\n", "G432"),
        ("{provenance: age, rows: 3}", "age\n7\n", "G454"),
    ],
)
def test_bad_scenarios_have_their_codes_and_places(
    scenario: str, rows: str, code: str, tmp_path: Path
) -> None:
    found = scenario_plan(tmp_path, scenario, rows).check()
    assert code in [each.code for each in found if each.level == "error"], found
    assert all(each.spans and each.helps for each in found if each.code == code)


def test_the_private_source_is_never_given_whatever_its_basis(tmp_path: Path) -> None:
    spec = scenario_plan(tmp_path, "{given: people.csv, basis: I say so}")
    text = spec.text + "source: {path: people.csv}\nprivacy: {unit: row, epsilon: 1}\n"
    found = ss.Spec.of(text, str(tmp_path / "s.yaml")).check()
    assert "P450" in [each.code for each in found]
