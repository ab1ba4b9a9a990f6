"""No password of an address is left in a text, and what was JSON stays JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.errors.masked import masked

WORDS = st.text(
    st.characters(exclude_characters="\n\r\x85\u2028\u2029\v\f\x1c\x1d\x1e", exclude_categories=["Cs"])
)


@settings(max_examples=150)
@given(password=WORDS.filter(lambda text: len(text) > 2), before=WORDS, after=WORDS)
def test_a_password_of_any_signs_is_gone(password: str, before: str, after: str) -> None:
    text = f"{before} postgres://olga:<{password}>@db.example/x {after}"
    assert f"<{password}>" not in masked(text) or f"<{password}>" in before + after


@settings(max_examples=150)
@given(st.lists(WORDS, max_size=3), WORDS)
def test_json_stays_json(others: list[str], password: str) -> None:
    tree = {"others": others, "address": f"postgres://olga:{password}@db.example/x#y", "last": [1, "a@b"]}
    text = masked(json.dumps(tree, ensure_ascii=False, indent=2))
    assert json.loads(text).keys() == tree.keys()


@pytest.mark.parametrize(
    "text",
    [
        "see https://example.org/a:b and write to x@example.org",
        "postgres://olga@db.example:5432/ledgers#hospital",
        "ratio 3:4 @ noon",
    ],
)
def test_text_without_a_password_is_left_alone(text: str) -> None:
    assert masked(text) == text
