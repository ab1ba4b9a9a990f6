"""Rules that cannot be met once the models are learned cost the rows, never what was paid for."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import synthspec as ss
from synthspec.api.ledgers import ledger_of
from synthspec.errors import SamplingError

# Every private row has one and the same key, which no check can know: at a large epsilon the model holds
# no other, and fifty rows with different keys cannot be drawn.
SPEC = """
spec: 1
name: flat
source: {path: flat.csv, rows: 2000}
privacy: {unit: row, epsilon: 500, split: {report: 0.01, fit: 0}}
columns:
  key: {type: int, in: 0..99, bins: 100}
  sex: [F, M]
rules:
  one-each: {unique: [key]}
sample: {rows: 50}
generate:
  all: {columns: [key, sex], using: independent}
"""


def test_what_was_paid_for_becomes_a_release_without_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"key": [7] * 2000, "sex": ["F", "M"] * 1000}).write_csv("flat.csv")
    plan = ss.Spec.of(SPEC, "flat.yaml").plan()
    with pytest.raises(SamplingError) as caught:
        plan.train(out="out/flat")
    assert caught.value.code == "G450"
    (said,) = caught.value.diagnostics
    assert any("release without rows" in note for note in said.notes)
    assert any("sample flat --spec" in each for each in said.helps)
    release = ss.load_release("out/flat")
    assert release.value.rows == 0
    assert release.value.certificate.problem == caught.value.message
    assert release.value.spent.mu2 > 0
    states = [charge.state for charge in ledger_of(plan.value).standing().charges.values()]
    assert states == ["committed"]
    assert "There are no rows" in release.report().html().decode()
    without = SPEC.replace("rules:\n  one-each: {unique: [key]}\n", "")
    sampled = release.sampled(200, spec=ss.Spec.of(without, "flat.yaml"))
    assert sampled.frame.height == 200
    assert sampled.frame["key"].mode().to_list() == [7]
