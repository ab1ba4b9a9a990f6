"""A release under a changed spec: what is free holds in the rows, what is not is refused with its price."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthspec as ss
from synthspec.api.respec import changes_of, respecified
from synthspec.draw.reinfer import reinferred, resolved_again

SPEC = """
spec: 1
name: visits
source: {path: visits.csv, rows: 4000}
privacy: {unit: row, epsilon: 20, split: {report: 0, fit: 0}}
columns:
  age: {type: int, in: 0..39, bins: 10}
  sex: [F, M]
  ward: [a, b, c]
  days: {type: int, in: 0..9}
rules:
  short: RULE
sample: {rows: 4000, seed: 2}
generate:
  all: {columns: [age, sex, ward, days], using: USING}
"""


def spec(rule: str, *, using: str = "marginal", more: str = "") -> ss.Spec:
    return ss.Spec.of(SPEC.replace("RULE", rule).replace("USING", using) + more, "visits.yaml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    ward = rng.integers(0, 3, 4000)
    pl.DataFrame(
        {
            "age": rng.integers(0, 40, 4000),
            "sex": np.where(rng.random(4000) < 0.3, "F", "M"),
            "ward": np.array(["a", "b", "c"])[ward],
            "days": np.minimum(rng.integers(0, 4, 4000) + 3 * ward, 9),
        }
    ).write_csv("visits.csv")
    return tmp_path


def wards(frame: pl.DataFrame) -> dict[tuple[object, ...], float]:
    return {row[:2]: row[2] / frame.height for row in frame.group_by("ward", "days").len().iter_rows()}


@pytest.mark.parametrize("using", ["marginal", "bn", "independent"])
def test_a_tighter_rule_holds_and_the_rest_keeps_its_odds(folder: Path, using: str) -> None:
    release = spec("days <= 9", using=using).plan().train(out="out/r")
    plain = release.sample(20_000, seed=1)
    found = respecified(release.value, spec("ward <> 'c' OR days < 8", using=using))
    assert found.how == {"all": "re-inferred"}
    mass = found.models["all"].marginal(("ward", "days"))
    assert mass[2, 8:].max() == 0  # no mass in the model: nothing is turned away for the rule
    assert mass.sum() == pytest.approx(1)
    sampled = release.sampled(20_000, seed=1, spec=spec("ward <> 'c' OR days < 8", using=using))
    assert sampled.certificate.violations == 0
    lawful = plain.filter((pl.col("ward") != "c") | (pl.col("days") < 8))
    one, two = wards(lawful), wards(sampled.frame)
    assert {key for key in two if key[0] == "c" and int(str(key[1])) >= 8} == set()
    assert {key for key, share in one.items() if share > 0.002} <= set(two)
    if using != "independent":  # a maximum-entropy fit moves other cells a little; cutting moves none
        for key in set(one) | set(two):
            assert two.get(key, 0.0) == pytest.approx(one.get(key, 0.0), abs=0.06)


def test_a_loosened_rule_gets_back_what_the_tables_hold(folder: Path) -> None:
    release = spec("ward <> 'c' OR days < 8").plan().train(out="out/r")
    assert release.data().filter((pl.col("ward") == "c") & (pl.col("days") >= 8)).height == 0
    sampled = release.sampled(20_000, spec=spec("days <= 9"))
    # Such rows were dropped before counting: what comes back is little, and the notes say so.
    back = sampled.frame.filter((pl.col("ward") == "c") & (pl.col("days") >= 8)).height
    assert 0 <= back < 1000
    assert any("only as far as the noisy tables hold it" in note for note in sampled.notes)
    assert sampled.certificate.violations == 0


def test_fitting_again_under_the_same_rules_gives_the_same_model(folder: Path) -> None:
    release = spec("ward <> 'c' OR days < 9").plan().train(out="out/r")
    other = spec("ward <> 'c' OR days <= 8").plan().value  # the same cells, another text
    columns = resolved_again(release.value, other)
    models, how = reinferred(release.value, other, columns)
    assert how == {"all": "kept"}
    wider = spec("days <= 9").plan().value
    again, _ = reinferred(release.value, wider, columns)
    zeros, _ = reinferred(release.value, other, columns)
    for name in ("age", "sex", "ward", "days"):
        old = models["all"].marginal((name,))
        np.testing.assert_allclose(zeros["all"].marginal((name,)), old, atol=1e-9)
        np.testing.assert_allclose(again["all"].marginal((name,)), old, atol=0.02)


def test_scenarios_rows_and_seed_change_at_no_cost_and_open_no_private_data(folder: Path) -> None:
    release = spec("days <= 9").plan().train(out="out/r")
    (folder / "visits.csv").unlink()
    new = spec("days <= 9").text.replace(
        "sample: {rows: 4000, seed: 2}",
        "sample:\n  rows: 50\n  seed: 9\n  scenarios:\n"
        "    old: {where: age > 30, rows: 70, augment: {age: {jitter: 2}}}",
    )
    changed = ss.Spec.of(new, "visits.yaml")
    assert release.sample(spec=changed).height == 50
    found = release.sample(spec=changed, scenario="old")
    assert found.height == 70
    assert found["age"].min() > 30  # type: ignore[operator]


def test_a_rule_on_a_new_derived_column_is_free(folder: Path) -> None:
    release = spec("days <= 9").plan().train(out="out/r")
    text = spec("days <= 9").text.replace(
        "rules:", "  long: {type: bool, derive: days > 5}\nrules:\n  r: NOT long OR age > 10"
    )
    found = release.sample(500, spec=ss.Spec.of(text, "visits.yaml"))  # fmt: skip
    assert found.filter(pl.col("long") & (pl.col("age") <= 10)).height == 0
    assert (found["long"] == (found["days"] > 5)).all()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("in: 0..39", "in: 0..49", "columns.age.in"),
        ("epsilon: 20", "epsilon: 25", "privacy.epsilon"),
        ("[F, M]", "[F, M, X]", "columns.sex.in"),
        ("path: visits.csv", "path: other.csv", "source"),
    ],
)
def test_what_costs_is_refused_with_its_price(folder: Path, old: str, new: str, said: str) -> None:
    release = spec("days <= 9").plan().train(out="out/r")
    with pytest.raises(ss.BudgetError) as refused:
        release.sample(spec=ss.Spec.of(spec("days <= 9").text.replace(old, new), "visits.yaml"))
    assert refused.value.code == "B553"
    notes = " ".join(refused.value.diagnostics[0].notes)
    assert said in notes
    if said.startswith("columns"):
        assert "re-measure `all` (ε " in notes


def test_a_rule_between_two_learned_columns_is_added_after_training_at_no_cost(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `from <= to` is met through the difference when it is there from the start; added later, the columns
    # stay as they were learned, and the rule is met by zeros and inside the codes.
    text = (
        "spec: 1\nname: stays\nsource: {path: stays.csv, rows: 4000}\n"
        "privacy: {unit: row, epsilon: 20, split: {report: 0, fit: 0}}\n"
        "columns:\n  from: date 2024-01-01..2024-12-31\n  to: date 2024-01-01..2025-06-30\n"
        "sample: {rows: 3000}\n"
    )
    rng = np.random.default_rng(1)
    start = np.datetime64("2024-01-01") + rng.integers(0, 300, 4000)
    end = start + rng.integers(-20, 60, 4000)
    pl.DataFrame({"from": start, "to": np.maximum(end, np.datetime64("2024-01-01"))}).write_csv("stays.csv")
    release = ss.Spec.of(text, "stays.yaml").plan().train(out="out/stays")
    assert release.data().filter(pl.col("from") > pl.col("to")).height > 100
    ruled = ss.Spec.of(text + "rules: {order: to >= from}\n", "stays.yaml")
    _, changes = changes_of(release.value.plan, ruled.plan().value, release.value)
    assert [(each.path, each.effect) for each in changes] == [("rules.order", "free: re-infer")]
    assert any(column.hidden for column in ruled.plan().value.columns)
    sampled = release.sampled(3000, spec=ruled)
    assert sampled.frame.height == 3000
    assert sampled.frame.filter(pl.col("from") > pl.col("to")).height == 0
    assert sampled.certificate.violations == 0
    monkeypatch.setenv("SYNTHSPEC_HOME", str(folder / "another home"))
    back = ss.Spec.of(text + "rules: {order: to >= from}\n", "stays.yaml").plan().train(out="out/ruled")
    looser = back.sampled(1000, spec=ss.Spec.of(text, "stays.yaml"))
    assert looser.frame.height == 1000


SHELF = {
    "ward <> 'c' OR days < 8": "free: re-infer",
    "days <= 8": "free: re-infer",
    "age % 2 = 0": "free: resample",  # inside the codes of `age`
    "{if: age < 20, then: 'sex = ''F'' OR days > 3'}": "free: re-infer",
}


@pytest.mark.parametrize("using", ["marginal", "independent", "rules"])
def test_what_diff_says_of_a_rule_is_what_sampling_under_it_does(folder: Path, using: str) -> None:
    from synthspec.api.diff import diff

    release = spec("days <= 9", using=using).plan().train(out="out/r")
    done = {"kept": "free: resample", "stated": "free: resample", "re-inferred": "free: re-infer"}
    for at, rule in enumerate(SHELF):
        new = spec(rule, using=using)
        Path(f"new{at}.yaml").write_text(new.text, encoding="utf-8")
        said = {change.effect for change in diff("out/r", f"new{at}.yaml") if change.path == "rules.short"}
        assert said == {done[respecified(release.value, new).how["all"]]}, rule
        if using == "marginal":
            assert said == {SHELF[rule]}, rule
