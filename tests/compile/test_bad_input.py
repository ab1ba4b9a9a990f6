"""Bad input: each kind has its code, the exact place it points at, and what to type instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from synthspec.errors import CODES, Diagnostic
from tests.compile.specs import HEAD, diagnose

BASE = (
    HEAD
    + """\
columns:
  age: int 0..120
  sex: [F, M, X]
  ward: [medicine, surgery, icu]
  ccy: [EUR, USD]
  floor: int 1..3
"""
)
FILES = {
    "twice.csv": "ccy,rate\nEUR,1\nEUR,2\n",
    "rates.csv": "ccy,rate\nEUR,1\nUSD,0.9\n",
    "pairs.csv": "ward,floor\nicu,1\nsurgery,2\n",
}


@dataclass(frozen=True)
class Bad:
    """What is written, and what is said: the text under the carets, the first help, the safe fix."""

    text: str
    code: str
    marked: str
    label: str
    help: str
    fix: str | None = None
    level: str = "error"


def rule(text: str) -> str:
    return f"rules:\n  r: {text}\n"


FIXED = "  (safe fix, `synthspec check --fix`)"
CASES = {
    "a rule on an unknown column": Bad(
        rule("agee >= 18"), "C101", "agee", "there is no column `agee`", f"did you mean `age`?{FIXED}", "age"
    ),
    "a rule on a column like no other": Bad(
        rule("income >= 18"), "C101", "income", "there is no column `income`", "declare it under `columns:`"
    ),
    "a type mismatch": Bad(
        rule("age >= '18'"), "R111", "'18'", "this is a value of type text",
        f"write `18` without quotes{FIXED}", "18",
    ),
    "a chained comparison": Bad(
        rule("18 <= age <= 65"), "R102", "18 <= age <= 65", "two comparisons in a row",
        "write `age BETWEEN 18 AND 65`",
    ),
    "a chained comparison of another kind": Bad(
        rule("18 < age <= floor * 30"), "R102", "18 < age <= floor * 30", "two comparisons in a row",
        "write `18 < age AND age <= floor * 30`",
    ),
    "the operators of C": Bad(
        rule("age >= 18 && sex = 'F'"), "R103", "&&", "write AND", f"write AND{FIXED}", "AND"
    ),
    "a double-quoted string": Bad(
        rule('sex = "F"'), "R107", '"F"', "double quotes", f"write `'F'`{FIXED}", "'F'"
    ),
    "a bare category value": Bad(
        rule("ward = icu"), "R108", "icu", "there is no column `icu`",
        f"did you mean `'icu'`, a value of `ward`?{FIXED}", "'icu'",
    ),
    "an aggregate in a row rule": Bad(
        rule("sum(age) < 100"), "R113", "sum(age)", "not in a single row",
        "derive a column: `sum(x) OVER (PARTITION BY unit ORDER BY day)`, and use it here",
    ),
    "a lookup file with duplicate keys": Bad(
        "  x: {lookup: twice.csv, by: {ccy: ccy}, take: rate}\n", "C124", "twice.csv",
        "row 3 of the file repeats a key with another `rate`",
        "name more columns under `by:`, or keep one row per key",
    ),
    "a lookup file without the column that is taken": Bad(
        "  x: {lookup: rates.csv, by: {ccy: ccy}, take: rates}\n", "C122", "rates",
        "not in the file's header", "did you mean `rate`?",
    ),
    "a lookup file without the column that is joined on": Bad(
        "  x: {lookup: rates.csv, by: {ccy: currency}, take: rate}\n", "C122", "currency",
        "not in the file's header", "name one of its columns, or correct the file",
    ),
    "a combos file that does not cover the declared values": Bad(
        rule("{combos: [ward, floor], file: pairs.csv}"), "R202", "pairs.csv", "no tuple holds `medicine`",
        "add tuples with it, or drop it from the domain", level="warning",
    ),
    "a cycle through derive": Bad(
        "  a: {derive: b + 1}\n  b: {derive: a * 2}\n", "N301", "a", "closes the loop",
        "compute `b` from other columns",
    ),
    "a table that sums to more than 1": Bad(
        "network: {known: {sex: {cite: x, cases: [{else: {F: 0.509, M: 0.4, X: 0.1}}]}}}\n", "N311",
        "{F: 0.509, M: 0.4, X: 0.1}", "they sum to 1.009", "that is 0.009 too much: lower one of them",
    ),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with small public files."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def under_the_carets(found: Diagnostic, text: str) -> str:
    """Return the text that the primary span covers."""
    span = next(each for each in found.spans if each.primary)
    assert span.line == span.end_line
    return text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize("bad", CASES.values(), ids=CASES)
def test_bad_input_is_one_finding_with_its_place_and_a_way_out(bad: Bad, folder: Path) -> None:
    text = BASE + bad.text
    (found,) = diagnose(text, folder)
    assert (found.code, found.level) == (bad.code, bad.level)
    assert under_the_carets(found, text) == bad.marked
    assert next(span.label for span in found.spans if span.primary) == bad.label
    assert found.helps[0] == bad.help
    assert [fix.edits[0].text for fix in found.fixes if fix.safe] == ([] if bad.fix is None else [bad.fix])
    assert bad.code in CODES


@pytest.mark.parametrize(
    "bad", [b for b in CASES.values() if b.fix], ids=[n for n, b in CASES.items() if b.fix]
)
def test_what_the_safe_fix_writes_is_right(bad: Bad, folder: Path) -> None:
    text = BASE + bad.text
    (found,) = diagnose(text, folder)
    (edit,) = found.fixes[0].edits
    lines = text.split("\n")
    line = lines[edit.span.line - 1]
    lines[edit.span.line - 1] = line[: edit.span.column - 1] + edit.text + line[edit.span.end_column - 1 :]
    assert [each for each in diagnose("\n".join(lines), folder) if each.level == "error"] == []
