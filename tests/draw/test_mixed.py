"""A mix has exact shares, says where each row is from, and repeats no row."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import synthspec as ss
from synthspec.errors import SamplingError

SPEC = """
spec: 1
name: {name}
columns:
  key: id
  age: {{type: int, in: 0..99, bins: 20}}
  cost: {{type: decimal(2), in: 0..100, missing: modelled}}
  sex: [F, M]
rules: {{r: cost IS NULL OR age > 10}}
source: {{path: a.csv, public: true, basis: made up}}
sample: {{rows: 400, scenarios: {scenarios}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"key": i, "age": i % 100, "cost": None if i % 100 <= 10 else i % 7, "sex": "FM"[i % 2]}
            for i in range(1000)]  # fmt: skip
    pl.DataFrame(rows).write_csv("a.csv")
    text = "age,cost,sex,more\n" + "".join(f"{i},{i}.25,F,x\n" for i in range(100)) + "5,,M,x\n"
    (tmp_path / "b.csv").write_text(text)
    (tmp_path / "s.yaml").write_text(SPEC.format(name="first", scenarios="{}"))
    ss.load("s.yaml").plan().train(out="out/first")
    return tmp_path


def mix(folder: Path, rows: int, name: str = "origin", second: str = "b.csv") -> ss.Spec:
    parts = f"[{{release: out/first, share: 0.3}}, {{public: {second}, share: 0.7, basis: census}}]"
    scenarios = f"{{m: {{rows: {rows}, mix: {parts}, provenance: {name}}}}}"
    (folder / "t.yaml").write_text(SPEC.format(name="second", scenarios=scenarios))
    return ss.load("t.yaml")


def test_shares_are_exact_rows_are_verbatim_and_say_where_they_are_from(folder: Path) -> None:
    plan = mix(folder, 100).plan()
    assert "scenario m 100 rows (blending first, b.csv)" in plan.text()
    assert {file.path for file in plan.value.files} == {"b.csv", "out/first/manifest.json"}
    release = plan.train(out="out/second")
    found = release.sample(scenario="m")
    assert dict(found["origin"].value_counts().iter_rows()) == {"first": 30, "b.csv": 70}
    assert found.columns == ["key", "age", "cost", "sex", "origin"]
    public = found.filter(pl.col("origin") == "b.csv")
    # Rows 0..10 of the public file break the rule and are left out; no row comes twice.
    assert public["age"].n_unique() == public.filter(pl.col("cost").is_not_null()).height
    assert (public["cost"].cast(pl.Float64) == public["age"] + 0.25).all()
    assert found["key"].n_unique() == 100
    (table,) = release.value.scenarios
    assert table.file == "scenario-1-m.parquet"
    assert table.certificate.rows == 100
    assert table.certificate.violations == 0
    assert table.certificate.engine is not None
    held = ss.load_release("out/first").data().select("age", "cost", "sex")
    mine = found.filter(pl.col("origin") == "first").select("age", "cost", "sex")
    assert mine.join(held.unique(), on=["age", "cost", "sex"], nulls_equal=True).height == 30


def test_a_table_with_too_few_rows_is_named(folder: Path) -> None:
    release = mix(folder, 100).plan().train(out="out/second")
    with pytest.raises(SamplingError) as caught:
        release.sample(200, scenario="m")
    assert caught.value.code == "G455"
    assert "b.csv" in caught.value.message


def test_a_mix_that_cannot_be_made_costs_no_release(folder: Path) -> None:
    release = mix(folder, 1000).plan().train(out="out/second")
    (table,) = release.value.scenarios
    assert table.file is None and table.problem is not None
    assert release.data().height == 400


def test_the_column_of_origins_has_a_name_of_its_own(folder: Path) -> None:
    assert [each.code for each in mix(folder, 10, "age").check() if each.level == "error"] == ["G434"]
