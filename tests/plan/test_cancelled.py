"""Cancelled: what a sum adds and takes away again is gone, unless its absence would be told from a gap."""

from __future__ import annotations

from synthspec.plan.cancelled import cancelled
from synthspec.spec.expression import parse_expression
from synthspec.spec.scope import ColumnInfo
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Expr
from synthspec.terms.types import BOOL, DATE, INT, decimal
from synthspec.terms.walk import columns_of

SCOPE = {name: ColumnInfo(INT, values=None, missing=False) for name in "axyz"} | {
    "d": ColumnInfo(DATE, values=None, missing=False),
    "m": ColumnInfo(decimal(2), values=None, missing=False),
}


def read(text: str) -> Expr:
    found = parse_expression(text, SCOPE, what="it", wants=BOOL)
    assert not isinstance(found, list), found
    return found


def test_a_column_that_cancels_out_is_gone_and_the_verdict_stays() -> None:
    for text, left in (
        ("a + x + y - a <= 60", {"x", "y"}),
        ("a + x <= a + y + 3", {"x", "y"}),
        ("a - x - a < -2", {"x"}),
        ("a + m = a + 1.50", {"m"}),
        ("date_diff('day', d, date_add('day', y, date_add('day', x, d))) <= 4", {"x", "y"}),
    ):
        short = cancelled(read(text), set(SCOPE))
        assert set(columns_of(short)) == left
        import datetime
        from decimal import Decimal

        for x in range(4):
            for y in range(4):
                row = {"a": 7, "x": x, "y": y, "z": 0, "d": datetime.date(2024, 1, 1), "m": Decimal("1.50")}
                assert evaluate(short, row) == evaluate(read(text), row), text


def test_what_may_be_missing_stays_since_the_sum_is_then_unknown() -> None:
    whole = read("a + x - a <= 60")
    assert cancelled(whole, {"x"}) == whole
    assert cancelled(read("a + x <= z"), set(SCOPE)) == read("a + x <= z")
