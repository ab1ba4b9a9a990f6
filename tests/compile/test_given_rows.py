"""Rows of a public file that break a rule are refused by `check`, with their numbers and the rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthspec.compile.check import check
from synthspec.errors import Diagnostic
from synthspec.spec.parse import parse

SPEC = """\
spec: 1
columns:
  sex: [F, M]
  ward: [icu, obst]
  x: int 0..5
  y: {type: int, in: 0..5, missing: modelled}
  z: {derive: x + y, missing: derived, in: 0..8}
rules:
  no-men: ward <> 'obst' OR sex <> 'M'
  more: y > x + 1
sample:
  scenarios:
    s: {given: rows.csv, basis: made up by hand%s}
"""


def found_in(folder: Path, rows: str, more: str = "") -> list[Diagnostic]:
    (folder / "rows.csv").write_text(rows, encoding="utf-8")
    return list(check(parse(SPEC % more, "spec.yaml"), folder)[1])


def test_rows_that_break_a_rule_are_named(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, "sex,ward\nF,obst\nM,obst\nM,icu\nM,obst\n")
    assert (found.code, found.level) == ("R207", "error")
    assert found.message == "rows 2, 4 of `rows.csv` break rule `no-men`"
    assert found.helps == ("correct them in the file, or leave rows 2, 4 out",)
    assert {span.line for span in found.spans} == {9, 13}


def test_a_row_that_nothing_completes_is_named(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, "x,z\n1,6\n2,5\n")  # y = 3 is not above 3
    assert found.message == "row 2 of `rows.csv` breaks rule `more`"


def test_the_condition_of_the_scenario_counts(tmp_path: Path) -> None:
    assert found_in(tmp_path, "x\n1\n", ", where: y > 3") == []
    found = found_in(tmp_path, "x\n1\n4\n", ", where: y IS NOT NULL")
    assert [each.message for each in found] == ["row 2 of `rows.csv` breaks rule `more`"]


@pytest.mark.parametrize("value", [*range(6), ""])
def test_exactly_the_rows_without_a_lawful_completion_are_refused(tmp_path: Path, value: object) -> None:
    y = None if value == "" else value
    for x in (0, 3, 4):
        lawful = [1 for z in range(9) if y is not None and z == x + int(str(y)) and int(str(y)) > x + 1]
        lawful += [1] if y is None else []
        assert bool(found_in(tmp_path, f"x,y\n{x},{value}\n")) == (not lawful), (x, value)
