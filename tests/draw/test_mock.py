"""Mocks: how often values are missing where the spec does not say."""

from __future__ import annotations

import polars as pl
import pytest

from synthspec.compile.check import check
from synthspec.compile.plan import mock_plan
from synthspec.draw.gaps import MISSING
from synthspec.draw.mock import mock
from synthspec.privacy.entropy import SampleRng
from synthspec.spec.parse import parse

ROWS = 20_000
TEXT = """\
spec: 1
name: visits
columns:
  sex: [F, M]
  age: {type: int, in: 0..39, bins: 4, missing: modelled}
  smoker: {type: bool, missing: modelled}
  pregnant: {type: bool, missing: modelled}
  ward: {type: category, in: [a, b, c], missing: modelled}
RULES
"""


def shares(rules: str, more: str = "") -> tuple[pl.DataFrame, dict[str, float]]:
    checked, found = check(parse(TEXT.replace("RULES", rules) + more, "visits.yaml"))
    assert checked is not None, found
    made = mock(mock_plan(checked), ROWS, SampleRng(1))
    assert not any(made.violations.values()) and made.acceptance == 1.0
    return made.frame, {name: made.frame[name].null_count() / ROWS for name in made.frame.columns}


def near(share: float, wanted: float) -> bool:
    """Seven deviations: a false alarm in fewer than one run of 10**11."""
    return abs(share - wanted) < 7 * (wanted * (1 - wanted) / ROWS) ** 0.5


def test_a_value_is_missing_in_a_small_constant_share_of_rows() -> None:
    frame, missing = shares("")
    assert missing["sex"] == 0.0
    assert all(near(missing[name], MISSING) for name in ("age", "smoker", "pregnant", "ward"))
    held = frame["smoker"].drop_nulls().mean()
    assert isinstance(held, float) and abs(held - 0.5) < 0.03


def test_rules_that_force_a_gap_do_not_make_what_forces_it_rare() -> None:
    frame, missing = shares("rules: {r: {if: sex = 'M', then: pregnant IS NULL}}")
    assert near(frame.filter(pl.col("sex") == "M").height / ROWS, 0.5)
    women = frame.filter(pl.col("sex") == "F")
    assert near(women["pregnant"].null_count() / women.height, MISSING)
    assert missing["pregnant"] == pytest.approx(0.5 + MISSING / 2, abs=0.03)


def test_rules_that_forbid_a_gap_are_met() -> None:
    frame, missing = shares("rules: {r: {if: ward = 'a', then: smoker IS NOT NULL}}")
    assert frame.filter(pl.col("ward") == "a")["smoker"].null_count() == 0
    assert near(missing["ward"], MISSING) or missing["ward"] < MISSING


def test_a_known_table_of_gaps_is_obeyed() -> None:
    table = "network: {known: {ward.missing: {cite: a yearbook, cases: [{else: {true: 0.4}}]}}}\n"
    assert near(shares("", table)[1]["ward"], 0.4)
