"""fmt keeps comments and meaning, and a second run changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.errors import SpecError
from synthspec.spec.fmt import expand_text, format_text, upgrade_text
from synthspec.spec.parse import parse

HERE = Path(__file__).parent
SPECS = sorted([*(HERE / "examples").glob("*.yaml"), *(HERE.parents[1] / "specs").glob("*.yaml")])
MESSY = (
    "\ufeffspec: 1\r\ncolumns:\r\n      age:   int 0..5   # x\r\n      # note\r\n"
    "      b: {type:  int,in: 0..5}\r\n\r\n\r\n\r\nrules:\r\n  x: |\r\n      age > 3\r\n        AND b < 2\r\n"
    "network:\r\n  require:\r\n  - age -> b\r\n  -   b -> age\r\n"
    "  known:\r\n    b:\r\n      cite: x\r\n      cases:\r\n"
    "      -   if: age > 3\r\n          is: {1: 0.5,\r\n               2: 0.5}\r\n"
    "      - else: {1: 1}   \r\n\r\n"
)
TIDY = """\
spec: 1
columns:
  age: int 0..5   # x
  # note
  b: {type: int, in: 0..5}

rules:
  x: |
      age > 3
        AND b < 2
network:
  require:
    - age -> b
    - b -> age
  known:
    b:
      cite: x
      cases:
        - if: age > 3
          is: {1: 0.5,
               2: 0.5}
        - else: {1: 1}
"""


def comments(text: str) -> list[str]:
    return [line[line.index("#") :].strip() for line in text.split("\n") if "#" in line]


def test_a_messy_spec_gets_the_canonical_layout() -> None:
    assert format_text(MESSY, "x") == TIDY


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_formatting_keeps_meaning_and_comments_and_is_idempotent(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SPECS)).read_text()
    lines = text.split("\n")
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                lines.insert(at, data.draw(st.sampled_from(["", "   ", "# note", "      # deep note"])))
            case 1:
                lines[at] = lines[at].rstrip() + "   "
            case 2:
                lines[at] = lines[at].replace(": ", ":   ", 1)
            case 3:
                lines[at] = lines[at].replace(", ", ",  ")
    text = "\n".join(lines)
    before = parse(text, "x")
    once = format_text(text, "x")
    assert format_text(once, "x") == once
    if before.spec is not None:
        assert parse(once, "x").spec == before.spec
    assert comments(once) == comments(text)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_long_form_says_what_the_short_form_says(path: Path) -> None:
    text = path.read_text()
    assert parse(expand_text(text, "x"), "x").spec == parse(text, "x").spec


def test_a_text_that_is_no_yaml_is_left_alone() -> None:
    assert format_text("a: [", "x") == "a: ["


def test_an_unknown_version_is_not_upgraded() -> None:
    assert upgrade_text("spec: 1\n", "x") == "spec: 1\n"
    with pytest.raises(SpecError) as caught:
        upgrade_text("spec: 7\n", "x")
    assert caught.value.code == "S118"
