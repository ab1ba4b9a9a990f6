"""The seven diagnostics that the design shows, out of specs like those that it shows them for."""

from __future__ import annotations

from pathlib import Path

import pytest

import synthspec.privacy.journal as journals
from synthspec.api.spec import load
from synthspec.compile.check import check
from synthspec.errors import BudgetError
from synthspec.errors.show import show
from synthspec.privacy.accountant import budget_cost
from synthspec.privacy.cost import Cost
from synthspec.privacy.journal import Journal
from synthspec.spec.parse import parse
from tests.compile.test_golden import GOLDEN, compare

MOCKUPS = GOLDEN / "mockups"
CODES = {
    "bad-domain": "C104",
    "contradiction": "R201",
    "cycle": "N301",
    "copied-bounds": "P402",
    "unknown-column": "C101",
    "comma": "S105",
}


@pytest.mark.parametrize("name", CODES)
def test_a_finding_of_the_design_comes_out_of_its_spec(name: str, bless: bool) -> None:
    (spec,) = (MOCKUPS / name).glob("*.yaml")
    text = spec.read_text(encoding="utf-8")
    found = [each for each in check(parse(text, spec.name), spec.parent)[1] if each.code == CODES[name]]
    assert len(found) == 1
    compare(MOCKUPS / name / "diagnostics.txt", show(found[0], {spec.name: text}) + "\n", bless)


def test_an_overspent_ledger_is_refused_as_the_design_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bless: bool
) -> None:
    text = (MOCKUPS / "overspent" / "hospital.yaml").read_text(encoding="utf-8")
    (tmp_path / "hospital.yaml").write_text(text, encoding="utf-8")
    rows = "".join(
        f"p{i % 200},{('medicine', 'icu')[i % 2]},{'true' if i % 3 else 'false'}\n" for i in range(400)
    )
    (tmp_path / "encounters.csv").write_text("patient_id,ward,readmitted_30d\n" + rows)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(journals, "_today", lambda: "2025-01-14")  # the dates are part of the text
    journal, _ = Journal.open_named(
        "hospital",
        unit="patient_id",
        neighbours="add-remove",
        epsilon_cap="2.50",
        delta_cap="1e-9",
        owner="d.okafor",
        max_rows=8,
    )
    for day in ("2025-02-03", "2025-06-11"):
        monkeypatch.setattr(journals, "_today", lambda day=day: day)
        cost = Cost(mu2=budget_cost(1, 1e-9).mu2)
        made = journal.reserve(
            cost,
            unit="patient_id",
            neighbours="add-remove",
            release=f"rel-{day[:7]}",
            plan="p",
            label="earlier",
            epsilon=1,
            delta=1e-9,
        )
        journal.open(made)
        journal.commit(made)
    before = journal.entries()
    with pytest.raises(BudgetError) as refused:
        load("hospital.yaml").plan().train(out="rel")
    assert refused.value.code == "B501"
    assert journal.entries() == before
    shown = show(refused.value.diagnostics[0], {"hospital.yaml": text})
    compare(MOCKUPS / "overspent" / "diagnostics.txt", shown + "\n", bless)
