from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.report.words import about, count, listed, named, near, percent, percent_up, quoted, up, visible


@given(st.floats(min_value=1e-30, max_value=1e12, allow_nan=False))
@settings(max_examples=200)
def test_a_claim_is_never_rounded_down_and_hardly_up(amount: float) -> None:
    text = up(amount)
    assert Fraction(text) >= Fraction(repr(amount))
    assert Fraction(text) <= Fraction(repr(amount)) * Fraction(102, 100)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0"),
        (2, "2"),
        (1.99973, "2"),
        (0.3507, "0.351"),
        (1e-9, "1e-9"),
        (1.0001e-9, "1.01e-9"),
        (123456, "124000"),
    ],
)
def test_claims_read_like_numbers(amount: float, text: str) -> None:
    assert up(amount) == text


def test_an_infinite_claim_says_so() -> None:
    assert up(math.inf) == "∞"
    assert percent_up(1.0) == "100 %" and percent_up(0.99999) == "100 %"
    assert percent_up(0.02402) == "2.41 %"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1, "100 %"), (0.98, "98 %"), (0.024, "2.4 %"), (1e-5, "< 0.1 %"), (0.9999, "100 %")],
)
def test_shares_read_like_percents(share: float, text: str) -> None:
    assert percent(share) == text


def test_numbers_are_rounded_by_their_uncertainty() -> None:
    assert near(0.123456, 0.01) == "0.123"
    assert near(0.123456, 0) == "0.1235"
    assert about(9011.3, 40) == "9,010"
    assert about(1234567, 5000) == "1,235,000"
    assert about(3, 2) == "3"
    assert count(1234.4) == "1,234"


def test_line_breaks_of_free_text_become_blanks() -> None:
    assert quoted("One row\n  per stay.\n\nSince 2018.\n").text == "One row per stay. Since 2018."
    assert quoted("a\x1bb").text == "a\\u001bb"


def test_characters_that_deceive_are_made_visible() -> None:
    assert visible("a\u202eb\x00\u2028\x1b") == "a\\u202eb\\u0000\\u2028\\u001b"
    assert visible("größe 年齢") == "größe 年齢"


def test_a_shortened_name_keeps_its_whole_text() -> None:
    value = named("y" * 500)
    assert len(value.text) < 100 and value.full == "y" * 500
    assert named("age").full is None
    assert listed(["a", "y" * 500]).full == "a × " + "y" * 500
