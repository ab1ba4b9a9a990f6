"""The text of diagnostics, as people read it; `pytest --bless` rewrites the goldens."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthspec.compile.check import check
from synthspec.compile.plan import compile_plan
from synthspec.errors.show import show
from synthspec.plan.explain import explain
from synthspec.spec.parse import parse
from tests.compile.specs import PANEL, PATIENTS, checked

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(folder for folder in GOLDEN.iterdir() if (folder / "spec.yaml").is_file())


def compare(file: Path, text: str, bless: bool) -> None:
    """Compare a text with its golden file, or rewrite the file."""
    if bless:
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_diagnostics_read_as_they_did(folder: Path, bless: bool) -> None:
    text = (folder / "spec.yaml").read_text(encoding="utf-8")
    parsed = parse(text, "spec.yaml")
    found = check(parsed, folder)[1]
    shown = "\n\n".join(show(each, {"spec.yaml": text}) for each in found)
    compare(folder / "diagnostics.txt", shown + "\n", bless)


def test_a_plan_reads_as_it_did(bless: bool) -> None:
    text = PATIENTS + "gates: {holds: violations = 0, one-way: max_tvd_1way <= 0.1}\n"
    compare(GOLDEN / "plan.txt", explain(compile_plan(checked(text))), bless)


def test_a_plan_of_people_reads_as_it_did(bless: bool) -> None:
    compare(GOLDEN / "plan-people.txt", explain(compile_plan(checked(PANEL))), bless)
