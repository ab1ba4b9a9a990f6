"""Sampled: what is said beside rows that were drawn under a condition."""

from __future__ import annotations

from synthspec.api.sampled import asked_of, sampled
from synthspec.draw.mock import stated
from synthspec.privacy.entropy import SampleRng
from tests.draw.laws import planned

TEXT = """\
spec: 1
name: wide
columns:
  a: {type: int, in: 0..99_999}
  b: {type: int, in: 0..99_999}
rules: {low: a + b < 199_000}
"""


def said(where: str) -> str:
    plan = planned(TEXT)
    assert plan is not None
    asked = asked_of(plan, plan.columns, None, where)
    return "; ".join(sampled(plan, plan.columns, stated(plan), asked, SampleRng(1), 200).lines())


def test_a_probability_that_codes_do_not_tell_is_not_passed_over_in_silence() -> None:
    assert "do not tell the probability of the condition: " in said("a + b > 100_000")
    exact = said("a < 50_000")
    assert "probability of the condition: 0" in exact and "do not tell" not in exact
