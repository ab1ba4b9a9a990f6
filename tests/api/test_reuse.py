"""The plan names earlier releases on its ledger that answer it, and the command that costs nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

import synthspec as ss
from synthspec.api import ledgers
from synthspec.api.diff import diff

SPEC = """
spec: 1
name: visits
source: {path: visits.csv, rows: 1000}
privacy: {unit: row, epsilon: 2}
columns:
  age: {type: int, in: 0..39, bins: 10}
  sex: [F, M]
sample: {rows: 100}
output: {folder: out/first}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"age": [i % 40 for i in range(1000)], "sex": ["FM"[i % 2] for i in range(1000)]}).write_csv(
        "visits.csv"
    )
    return tmp_path


def load(text: str) -> ss.Spec:
    Path("visits.yaml").write_text(text)
    return ss.load("visits.yaml")


def test_a_plan_that_a_release_answers_says_so_with_the_command(folder: Path) -> None:
    first = load(SPEC)
    assert "Reuse" not in first.plan().text()
    first.plan().train()
    ledgers.raise_default("visits.csv", epsilon="20", delta=None)
    changed = load(SPEC + "rules: {young: age < 30 OR sex = 'F'}\n")
    text = changed.plan().text()
    assert "Reuse\n" in text
    assert "answers it: saves all of this plan (ε = 2 alone)" in text
    assert "synthspec sample out/first --spec visits.yaml" in text
    assert ss.load_release("out/first").sample(50, spec="visits.yaml").height == 50


def test_a_release_that_lacks_something_is_named_with_what_would_be_bought(folder: Path) -> None:
    load(SPEC).plan().train()
    text = load(SPEC.replace("epsilon: 2", "epsilon: 3")).plan().text()
    assert "it did not buy privacy.epsilon" in text
    assert "synthspec diff out/first visits.yaml" in text
    more = load(SPEC.replace("  sex: [F, M]", "  sex: [F, M]\n  ward: [a, b]")).plan().text()
    assert "Reuse" not in more


def test_a_release_that_is_gone_or_another_is_not_offered(folder: Path) -> None:
    load(SPEC).plan().train()
    shutil.move("out/first", "out/elsewhere")
    text = load(SPEC).plan().text()
    assert "its folder is not where it was written" in text
    assert "synthspec sample" not in text.split("Reuse")[1]
    ledgers.raise_default("visits.csv", epsilon="20", delta=None)
    load(SPEC.replace("epsilon: 2", "epsilon: 1")).plan().train()
    lines = load(SPEC).plan().text().split("Reuse")[1]
    assert lines.count("its folder is not where it was written") == 1


def test_entries_written_before_there_were_columns_keep_their_hash() -> None:
    from synthspec.privacy.cost import Cost
    from synthspec.privacy.entries import Reserve

    facts = {"charge": "a", "release": "r", "plan": "p", "label": "l", "epsilon": "1", "delta": "0"}
    old = Reserve.model_validate({**facts, "day": "2025-01-02", "cost": Cost(mu2=5)})
    assert b"columns" not in old.canonical() and b"folder" not in old.canonical()
    assert Reserve.model_validate_json(old.canonical()) == old
    new = old.model_copy(update={"columns": ("age",), "folder": "/x"})
    assert b'"columns"' in new.canonical()


def test_a_column_that_the_plan_does_not_want_is_not_bought_anew(folder: Path) -> None:
    load(SPEC).plan().train()
    text = load(SPEC.replace("  sex: [F, M]\n", "")).plan().text()
    assert "answers it once sex is dropped: saves all of this plan (ε = 2 alone)" in text
    assert "  synthspec sample out/first\n" in text + "\n" and "did not buy" not in text


def test_what_a_release_lacks_is_named_with_what_it_would_save(folder: Path) -> None:
    load(SPEC).plan().train()
    text = load(SPEC.replace("bins: 10", "bins: 20")).plan().text()
    assert "it did not buy columns.age.in" in text
    assert "with that as it was there, it saves all of this plan (ε = 2 alone)" in text


def test_the_refusal_and_the_plan_name_one_command_and_one_set_of_figures(folder: Path) -> None:
    load(SPEC).plan().train()
    changed = load(SPEC + "rules: {young: age < 30 OR sex = 'F'}\n")
    text = changed.plan().text()
    with pytest.raises(ss.BudgetError) as refused:
        changed.plan().train(out="second")
    (found,) = refused.value.diagnostics
    assert refused.value.code == "B501"
    command = "synthspec sample out/first --spec visits.yaml"
    assert command in text and any(f"`{command}` costs nothing" in each for each in found.helps)
    line = next(line for line in text.splitlines() if line.startswith("Ledger default"))
    spent, after = line.split("ε ")[1].split(" of cap")[0].split(" → ")
    notes = "\n".join(found.notes)
    assert f"spent so far   ε = {spent} " in notes and f"with this plan ε = {after} " in notes
    assert f"spent ε = {spent} " in ledgers.state(None, "visits.csv").text()


def test_a_whole_budget_that_fits_is_offered_whole(folder: Path) -> None:
    ledgers.open_named("ward", unit="row", epsilon="2", delta="1e-9")
    text = load(SPEC.replace("epsilon: 2", "epsilon: 3, ledger: ward")).plan().text()
    assert "the largest `epsilon` that does is 2.00" in text
    ledger = load(SPEC.replace("epsilon: 2", "epsilon: 2.00, ledger: ward")).plan().text()
    assert "does not fit" not in ledger


STAYS = """
spec: 1
name: stays
source: {path: stays.csv, rows: 1000}
privacy: {unit: row, epsilon: 2}
columns:
  admit: int 0..50
  leave: int 0..100
  lab: int 0..9
rules:
  order: leave >= admit
  most: leave - admit <= 50
sample: {rows: 100}
output: {folder: out/stays}
"""


def test_a_tighter_limit_of_a_modelled_difference_is_free_in_plan_diff_and_sample_alike(folder: Path) -> None:
    rows = {"admit": [i % 51 for i in range(1000)], "leave": [i % 51 + i % 30 for i in range(1000)]}
    pl.DataFrame({**rows, "lab": [i % 10 for i in range(1000)]}).write_csv("stays.csv")
    Path("old.yaml").write_text(STAYS)
    ss.load("old.yaml").plan().train()
    ledgers.raise_default("stays.csv", epsilon="20", delta=None)
    Path("new.yaml").write_text(STAYS.replace("<= 50", "<= 20"))
    assert "answers it" in ss.load("new.yaml").plan().text()
    drawn = ss.load_release("out/stays").sample(50, spec="new.yaml")
    assert ((drawn["leave"] - drawn["admit"]) <= 20).all()
    Path("more.yaml").write_text(STAYS.replace("<= 50", "<= 20").replace("lab: int 0..9", "lab: int 0..19"))
    costly = [change.path for change in diff("out/stays", "more.yaml") if not change.is_free]
    assert costly == ["columns.lab.in"], "not a column that nobody wrote"
