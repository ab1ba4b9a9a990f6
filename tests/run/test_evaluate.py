"""What the report's share buys: the figures are those of the rows, and units held out teach nothing.

A source that is declared public is counted without noise, so there every figure is checked to be exact.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import synthspec.privacy.inside as inside_module
from synthspec.engines.polars import PolarsEngine
from synthspec.engines.side import unit_held
from synthspec.plan.plan import Plan
from synthspec.plan.view import build_view
from synthspec.privacy.answers import AnswerLog
from synthspec.release.bundle import read_release
from synthspec.release.release import Release
from synthspec.report.gates import judge
from synthspec.report.usefulness import by_group, labels
from synthspec.run.engine import engine
from synthspec.run.execute import execute
from tests.run.stand_ins import CountedNoise, charged, plan_for
from tests.run.test_execute import Crash, OneKey, answers

SPEC = """\
spec: 1
name: visits
source: {path: SOURCE}
privacy: {unit: patient, max_rows: 2, epsilon: EPSILON, UNIT_NULL}
columns:
  patient: id
  age: int 20..79
  sex: [F, M]
  ward: [icu, er, med]
  late: [no, sometimes, often]
rules:
  icu-is-old: ward <> 'icu' OR age >= 25
sample: {rows: 600, seed: 3HOLDOUT}
subgroups: [sex]
gates: {useful: auc_gap(late) <= 0.2, tails: 'tail_ratio(age, 0.9) BETWEEN 0.2 AND 5'}
"""
KEY = bytes(range(32))


def people(rows: int, seed: int = 0) -> list[tuple[str, int, str, str, str]]:
    """Return visits of patients: who is old, and in the icu, is often late."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(rows):
        who, age = f"p{rng.integers(rows // 2)}", int(rng.integers(20, 80))
        sex, ward = "FM"[rng.integers(2)], ("icu", "er", "med")[rng.integers(3)]
        odds = (age - 50) / 8 + 2 * (ward == "icu") - 1 + rng.logistic()
        found.append((who, age, sex, ward, "often" if odds > 1 else "sometimes" if odds > -1 else "no"))
    return found


def write(path: Path, rows: list[tuple[str, int, str, str, str]]) -> None:
    """Write a table of visits."""
    path.write_text("patient,age,sex,ward,late\n" + "".join(f"{','.join(map(str, row))}\n" for row in rows))


def made(source: Path, epsilon: float = 8, holdout: str = "", public: bool = False) -> Plan:
    """Return the plan of the visits in `source`."""
    text = SPEC.replace("EPSILON", str(epsilon)).replace("HOLDOUT", holdout)
    if public:
        lines = [line for line in text.splitlines() if not line.startswith("privacy:")]
        text = (
            "\n".join(lines).replace("{path: SOURCE}", "{path: SOURCE, public: true, basis: made up}") + "\n"
        )
    return plan_for(source, spec=text)


def ran(plan: Plan, folder: Path, noise: object | None = None) -> Release:
    """Return the release of a plan, with the ledger it needs."""
    journal, charge = (None, None) if plan.source_public else charged(plan)
    return read_release(execute(plan, journal, charge, engine(), noise or CountedNoise([]), folder))  # type: ignore[arg-type]


@pytest.fixture
def one_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every charge the same keys."""
    monkeypatch.setattr(inside_module.secrets, "token_bytes", lambda count: KEY[:count])


def test_without_noise_every_figure_is_that_of_the_rows(tmp_path: Path) -> None:
    """Counted again here from the file, in plain Python, by the points and levels in the release."""
    source = tmp_path / "visits.csv"
    write(source, people(900))
    release = ran(made(source, public=True), tmp_path / "out")
    kept = [row for row in people(900) if row[3] != "icu" or row[1] >= 25]
    (scores,) = release.scores
    columns = {column.name: column.column for column in release.columns}
    codes = {name: {v: i for i, v in enumerate(columns[name].labels())} for name in ("sex", "ward", "late")}  # type: ignore[union-attr]
    points = {each.attribute: each.points for each in scores.points}
    assert set(points) == {"age", "sex", "ward"}, "the label itself teaches nothing"
    cells = np.zeros((len(scores.edges) + 1, 2, 2), dtype=np.int64)
    ranked: list[tuple[int, bool]] = []
    for _, age, sex, ward, late in kept:
        total = (
            points["age"][age - 20] + points["sex"][codes["sex"][sex]] + points["ward"][codes["ward"][ward]]
        )
        bin_ = sum(edge <= total for edge in scores.edges)
        cells[bin_, int(late == scores.positive), codes["sex"][sex]] += 1
        ranked.append((bin_, late == scores.positive))
    assert np.array_equal(np.array(scores.values).reshape(cells.shape), cells)
    assert scores.part == "all"
    assert [(each.part, each.value) for each in release.evaluation.rows] == [("all", len(kept))]
    (label,) = labels(release)
    yes, no = [b for b, y in ranked if y], [b for b, y in ranked if not y]
    pairs = np.mean([(a > b) + (a == b) / 2 for a in yes for b in no])
    auc = label.private.auc()
    assert auc is not None
    assert auc.value == pytest.approx(pairs, abs=1e-9)
    assert auc.value > 0.75, "an additive score follows what the rows say"
    (tail,) = release.evaluation.tails
    beyond = sum(tail.levels.levels[row[1] - 20] == 1 for row in kept)
    ratio = tail.ratio()
    assert ratio is not None
    assert ratio.value == pytest.approx(beyond / len(kept) / tail.nominal)
    assert 0.05 < tail.nominal < 0.15
    assert {result.gate.name: result.outcome for result in judge(release)} == {
        "useful": "pass",
        "tails": "pass",
    }


def test_paid_figures_lie_in_intervals_around_the_noiseless_ones(tmp_path: Path) -> None:
    """At epsilon 200 the noise is about 1 row: off by more than 0.03 would be another question, not noise."""
    source = tmp_path / "visits.csv"
    write(source, people(1500))
    plan = made(source, epsilon=200)
    release = ran(plan, tmp_path / "out")
    (scores,) = release.scores
    with PolarsEngine().open(build_view(plan, release.columns), OneKey()) as rows:
        (exact,) = rows.scored([scores.query()])
    off = np.array(scores.values) - exact
    assert 0.3 < scores.stddev < 6
    assert np.abs(off).max() < 8 * scores.stddev
    assert np.abs(off).max() > 0, "some noise was drawn"
    (label,) = labels(release)
    gap, auc = label.gap(), label.private.auc()
    assert gap is not None
    assert auc is not None
    assert auc.low < auc.high < auc.low + 0.2
    assert {each.name for each in by_group(release, label, scores)} == {"F", "M"}
    paid = {event.id: event for event in release.events}
    for answer in release.evaluation.answers:
        event = paid[answer.event]
        assert event.stage == "report"
        assert event.query == answer.query().digest()
        assert event.sensitivity_l2_squared == answer.query().sensitivity(plan.protection).l2_squared == 4  # type: ignore[arg-type]
        assert event.stddev == answer.stddev


@pytest.mark.usefixtures("one_split")
def test_rows_of_units_that_are_held_out_teach_nothing_and_alone_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other rows for the units held out: no learned answer, model or row changes; the scores do."""
    source = tmp_path / "visits.csv"
    one = people(600)
    held = {row[0] for row in one if unit_held(row[0], 0.3, KEY)}
    assert 60 < len(held) < 120
    two = [(who, 79, "M", "icu", "no") if who in held else (who, *rest) for who, *rest in one]
    found = []
    for at, rows in enumerate((one, two)):
        write(source, rows)  # type: ignore[arg-type]
        monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / f"home{at}"))
        found.append(ran(made(source, holdout=", holdout: 0.3"), tmp_path / f"out{at}", OneKey()))
    for name in ("measurements.npz", "models.npz", "models.json", "synthetic.parquet", "evaluation.json"):
        assert (tmp_path / "out0" / name).read_bytes() == (tmp_path / "out1" / name).read_bytes(), name
    a, b = (release.evaluation for release in found)
    assert a.tails == b.tails
    assert a.rows[0] == b.rows[0]
    assert a.scores[0].points == b.scores[0].points
    assert a.scores[0].released == b.scores[0].released
    assert a.scores[0].values != b.scores[0].values
    assert (a.rows[0].part, a.rows[1].part, a.scores[0].part) == ("learned from", "held out", "held out")
    learned = [row for row in one if row[0] not in held]
    three = [(who, 20, "F", "er", "often") if who not in held else (who, *rest) for who, *rest in one]
    assert len(learned) > len(one) / 2
    write(source, three)  # type: ignore[arg-type]
    monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / "home3"))
    third = ran(made(source, holdout=", holdout: 0.3"), tmp_path / "out3", OneKey())
    assert third.evaluation.rows[1].value == a.rows[1].value, (
        "nor are learned rows counted among those held out"
    )
    write(source, one)
    (exact,) = _scored(made(source, holdout=", holdout: 0.3"), a.scores[0].query(), found[0])
    noise = set((np.array(a.scores[0].values) - exact).tolist())
    assert len(noise) == 1, "what is scored: the rows held out, under one constant noise"


def _scored(plan: Plan, query: object, release: Release) -> list[np.ndarray]:
    view = build_view(plan, release.columns, held=True)
    with PolarsEngine().open(view, OneKey(), KEY) as rows:
        return rows.scored([query])  # type: ignore[list-item]


@pytest.mark.usefixtures("one_split")
def test_a_crash_and_a_resume_hold_the_same_units_out_and_replay_what_was_bought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "visits.csv"
    write(source, people(200))
    plan = made(source, holdout=", holdout: 0.3")
    monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / "whole"))
    journal, charge = charged(plan)
    execute(plan, journal, charge, engine(), OneKey(), tmp_path / "wanted")
    wanted, whole = (tmp_path / "wanted" / "scores.json").read_bytes(), answers("visits-0", plan.digest())
    recorded = AnswerLog.record
    for stop in (len(whole) - 4, len(whole) - 1):
        monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / f"home{stop}"))
        journal, charge = charged(plan)

        def dies(self: AnswerLog, answer: object, stop: int = stop) -> object:
            if len(self) == stop:
                raise Crash
            return recorded(self, answer)  # type: ignore[arg-type]

        monkeypatch.setattr(AnswerLog, "record", dies)
        with pytest.raises(Crash):
            execute(plan, journal, charge, engine(), OneKey(), tmp_path / f"out{stop}")
        monkeypatch.setattr(AnswerLog, "record", recorded)
        execute(plan, journal, charge, engine(), OneKey(), tmp_path / f"out{stop}", resume=True)
        assert (tmp_path / f"out{stop}" / "scores.json").read_bytes() == wanted
        assert answers("visits-0", plan.digest()) == whole


def test_the_key_of_the_split_is_made_once_and_is_in_no_release(tmp_path: Path) -> None:
    source = tmp_path / "visits.csv"
    write(source, people(200))
    ran(made(source, holdout=", holdout: 0.3"), tmp_path / "out")
    (kept,) = (inside_module.home() / "inside").glob("*.json")
    key = json.loads(kept.read_text())["holdout"]
    for path in (tmp_path / "out").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert key.encode() not in content
        assert bytes.fromhex(key) not in content


@pytest.mark.parametrize("empty", [True, False])
def test_tables_with_no_rows_or_one_outcome_end_in_too_few_rows(tmp_path: Path, empty: bool) -> None:
    source = tmp_path / "visits.csv"
    write(source, [] if empty else [(f"p{i}", 30, "F", "er", "no") for i in range(40)])
    release = ran(made(source, epsilon=1, holdout=", holdout: 0.2"), tmp_path / "out")
    assert {result.outcome for result in judge(release)} == {"unknown"}
    (label,) = labels(release)
    assert label.private.auc() is None
