"""A column that no group generates must be the one unknown of an equation among the rules."""

from __future__ import annotations

import pytest

from synthspec.compile.check import check
from synthspec.spec.parse import parse

SPEC = """\
spec: 1
source: t.csv
privacy: {{unit: row, epsilon: 1}}
columns: {{a: int 0..9, b: int 0..9, total: int 0..18}}
rules:
  sum: "{rule}"
generate:
  parts: {{columns: [a, b]}}
"""


def codes(rule: str) -> set[str]:
    return {found.code for found in check(parse(SPEC.format(rule=rule), "t.yaml"))[1]}


@pytest.mark.parametrize("rule", ["total = a + b", "a + b = total", "total - a = b"])
def test_an_equation_with_the_column_once_and_exactly_solves_it(rule: str) -> None:
    assert "G411" not in codes(rule)


@pytest.mark.parametrize("rule", ["total >= a + b", "total = a + b - total", "total * 2 = a"])
def test_no_other_rule_does(rule: str) -> None:
    assert "G411" in codes(rule)
