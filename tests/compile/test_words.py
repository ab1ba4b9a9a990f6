"""Words of other languages, of word processors and of spreadsheets: each is told what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthspec.compile.check import check
from synthspec.compile.diagnose.decide import Decider
from synthspec.errors import Diagnostic
from synthspec.spec.parse import parse
from tests.compile.test_bad_input import under_the_carets
from tests.compile.test_contradictions import prepared

BASE = """\
spec: 1
columns:
  age: int 0..120
  ward: [medicine, surgery, icu]
  up: bool
  born: date 1905-01-01..2024-12-31
rules:
  r: "%s"
"""


def found_in(text: str) -> list[Diagnostic]:
    return list(check(parse(text, "spec.yaml"), Path())[1])


@pytest.mark.parametrize(
    ("text", "code", "marked", "help_"),
    [
        ("age > 3 || age < 1", "R103", "||", "write OR"),
        ("up || up", "R103", "||", "write OR"),
        ("age => 3", "R101", "=>", "write `>=`"),
        ("age ≥ 3", "R101", "≥", "write `>=`"),
        ("ward = ‘icu’", "R107", "‘icu’", "write `'icu'`"),
        ("ward = zzz", "C101", "zzz",
         "write a value of `ward` in single quotes: `'medicine'`, `'surgery'`, `'icu'`"),
        ("up = yes", "C101", "yes", "write `true` or `false`, or the column alone"),
        ("age > '4,5'", "R111", "'4,5'", "write `4.5`: numbers have a point and no quotes"),
        ("age > 4,5", "R101", ",", "numbers have a point: write `4.5`"),
        ("age > 18 years", "R106", "years", "write the number without a unit"),
        ("born > 2000-01-01", "R111", "2000-01-01", "write `'2000-01-01'`: dates have quotes"),
        ("born > 01.01.2000", "R101", ".2000", "write dates in quotes, year first: `'2024-12-31'`"),
        ("ward LIKE 'ic*'", "R115", "'ic*'", "write `'ic%'`"),
        ("ward IN ['icu']", "R101", "[", "write lists in parentheses: `IN ('a', 'b')`"),
        ("ward IN 'icu'", "R101", "'icu'", "write the list in parentheses: `IN ('icu', ...)`"),
        ("age IS missing", "R101", "missing", "write `IS NULL`"),
        ("if age > 3 then up", "R106", "age", "write the rule as `{if: ..., then: ...}`"),
        ("age > 3 -> up", "R101", "->", "write the rule as `{if: ..., then: ...}`"),
        ("ward contains 'ic'", "R106", "contains", "write `contains(text, text)`"),
    ],
)  # fmt: skip
def test_what_to_write_instead_is_said(text: str, code: str, marked: str, help_: str) -> None:
    whole = BASE % text
    (found,) = found_in(whole)
    assert found.code == code
    assert under_the_carets(found, whole) == marked
    assert found.helps[0].partition("  (safe fix")[0] == help_
    for fix in found.fixes:
        (edit,) = fix.edits
        fixed = text.replace(marked, edit.text, 1)
        assert [each.code for each in found_in(BASE % fixed) if each.level == "error"] == [], fixed


def test_joining_texts_is_left_alone() -> None:
    assert [each.code for each in found_in(BASE % "ward || 'x' <> 'icux'") if each.level == "error"] == []


def test_the_caret_of_an_excluded_cell_stands_at_its_case() -> None:
    text = (
        "spec: 1\ncolumns: {sex: [F, M], pregnant: bool}\n"
        "rules: {no: {if: pregnant, then: sex <> 'M'}}\n"
        "network:\n  known:\n    pregnant:\n      cite: x\n      cases:\n"
        "        - {if: sex = 'F', is: {true: 0.2}}\n        - else: {true: 0.04}\n"
    )
    (found,) = found_in(text)
    assert (found.code, under_the_carets(found, text)) == ("N305", "{true: 0.04}")


def test_a_loop_of_one_column_is_not_to_be_turned_round() -> None:
    (found,) = found_in("spec: 1\ncolumns: {a: bool, b: bool}\nnetwork: {require: [a -> a]}\n")
    assert found.code == "N301"
    assert found.helps == ("drop `a -> a`: no column depends on itself",)


def test_what_lies_behind_an_unreadable_line_is_told_too() -> None:
    text = "spec: 1\ncolumns: {a: [x, y]}\nrules:\n  p: {if: a = 'x', then: a IN ('x', 'y')}\n  q: a = 'z'\n"
    assert [each.code for each in found_in(text)] == ["S105", "R115"]


WIDE = "spec: 1\ncolumns: {a: int 0..100000, b: int 0..100000, w: [p, q]}\n"


@pytest.mark.parametrize(
    "rules",
    [
        "rules: {r: a + b > 5, s: a + b > 4}\n",
        "rules: {t: \"w = 'p' OR a + b > 300000\"}\n",
        "rules: {t: \"w = 'p' OR a * 2 - b > 300000\", r: a - b < 200000}\n",
    ],
)
def test_without_z3_it_is_said_which_values_and_rules_are_left_open(rules: str) -> None:
    from synthspec.compile.diagnose.contradictions import Contradictions

    spec = prepared(WIDE + rules)
    Contradictions(
        spec.findings, spec.spec, spec.columns, spec.rules, decider=Decider(spec.columns, z3=False)
    ).check()
    (found,) = [each for each in spec.findings.found if each.code == "R209"]
    assert "`solve`" in found.notes[-1] and "synthspec[solve]" in found.helps[0]
