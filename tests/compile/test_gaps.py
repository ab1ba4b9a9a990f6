"""Computed columns that can be null without saying so: told exactly when rows are kept out, and which."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.compile.check import check
from synthspec.errors import Diagnostic
from synthspec.spec.parse import parse
from synthspec.terms.evaluate import evaluate

COLUMNS = """\
spec: 1
columns:
  x: int -4..4
  y: {type: int, in: 0..3, missing: modelled}
  kind: [p, q, r]
  z: {derive: "%s"%s}
"""


def told(text: str, folder: Path = Path()) -> list[Diagnostic]:
    """Return the findings about rows kept out; the spec has no errors."""
    found, diagnostics = check(parse(text, "spec.yaml"), folder)
    assert found is not None, [each.message for each in diagnostics]
    return [each for each in diagnostics if each.code == "C128"]


def label(found: Diagnostic) -> str:
    return next(span.label for span in found.spans if span.primary)


@pytest.mark.parametrize(
    ("derive", "where"),
    [
        ("sqrt(x)", "`x < 0`"),
        ("ln(x)", "`x <= 0`"),
        ("10 / x", "`x = 0`"),
        ("7 % x", "`x = 0`"),
        ("nullif(x, 3)", "`x = 3`"),
        ("y + 1", "`y IS NULL`"),
        ("y > 1", "`y IS NULL`"),
        ("coalesce(sqrt(x), 1) + sqrt(y - 1)", "`y - 1 < 0` or `y IS NULL`"),
        ("CASE WHEN x > 0 THEN 1 END", "no WHEN of the CASE applies"),
        ("CASE WHEN x > 0 THEN NULL ELSE 1 END", "`x > 0`"),
        ("CASE WHEN kind = 'p' THEN 1 / x ELSE 2 END", "`x = 0`"),
    ],
)
def test_the_rows_that_are_kept_out_are_named(derive: str, where: str) -> None:
    (found,) = told(COLUMNS % (derive, ""))
    assert label(found) == f"null where {where}"
    assert "never appear" in found.notes[0]
    assert found.helps[0] == "write `missing: derived` under `z`, and rows may have them"
    assert told(COLUMNS % (derive, ", missing: derived")) == []


def test_a_key_that_the_file_lacks_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("kind,rate\np,1\nr,\n", encoding="utf-8")
    text = "spec: 1\ncolumns:\n  kind: [p, q, r]\n  z: {lookup: rates.csv, by: {kind: kind}, take: rate%s}\n"
    found = check(parse(text % "", "spec.yaml"), tmp_path)[1]
    assert [each.code for each in found] == ["C128"]  # and no R202 for the same values
    assert label(found[0]) == "null where `kind IN ('q', 'r')`"
    assert check(parse(text % ", missing: derived", "spec.yaml"), tmp_path)[1] == ()


def test_a_rule_that_says_it_ends_the_warning_and_is_not_called_needless() -> None:
    text = COLUMNS % ("sqrt(x)", "") + "rules: {z-known: x >= 0}\n"
    assert check(parse(text, "spec.yaml"), Path())[1] == ()


def test_the_warning_can_be_accepted_with_a_reason() -> None:
    text = COLUMNS % ("sqrt(x)", "")
    assert told(text.replace("  z:", "  # synthspec: allow C128 because roots are real here\n  z:")) == []


PARTS = st.sampled_from(
    ["x", "y", "sqrt(x)", "y - x", "nullif(x, 2)", "coalesce(y, x)", "12 % y", "CASE WHEN y > x THEN x END"]
)
VALUES = st.tuples(PARTS, st.sampled_from(["+", "*", "/"]), PARTS).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})")
RULES = st.sampled_from(["x >= 0", "y IS NOT NULL", "x <> 0 AND y > 0", "y IS NOT NULL AND x > 1", "x < y"])


@settings(max_examples=30, derandomize=True, deadline=None)
@given(derive=VALUES, rule=RULES)
def test_it_is_told_exactly_when_a_lawful_row_is_null(derive: str, rule: str) -> None:
    text = COLUMNS % (derive, "") + f'rules: {{r: "{rule}"}}\n'
    free, found = check(parse(COLUMNS % (derive, ", missing: derived") + f'rules: {{r: "{rule}"}}\n', "s"))
    assert free is not None, found
    value = next(each.value for each in free.columns if each.name == "z")
    law = next(each.row_expression() for each in free.rules if each.name == "r")
    assert value is not None and law is not None
    rows = [{"x": x, "y": y} for x, y in product(range(-4, 5), [0, 1, 2, 3, None])]
    lawful = [row for row in rows if evaluate(law, row) is not False]
    nulls = [row for row in lawful if evaluate(value, row) is None]
    diagnostics = check(parse(text, "s"))[1]
    codes = {each.code for each in diagnostics}
    assert ("R201" in codes) == (len(nulls) == len(lawful))
    assert ("C128" in codes) == (0 < len(nulls) < len(lawful))
