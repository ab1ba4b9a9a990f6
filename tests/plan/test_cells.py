"""Cells of codes, and what groups are told of them: against brute force, and within public sizes."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.columns import AnyColumn, Boolean, Category, Date, Decimal, Float, Integer
from synthspec.plan.cells import Cells, _judged, _tried, cells_of, listing_of
from synthspec.plan.clauses import clauses
from synthspec.plan.held import held, told_apart
from synthspec.plan.plan import Plan
from synthspec.plan.zeros import all_zeros, zeros_of
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Arithmetic, Case, Column, Compare, Expr, In, IsNull, Logic, Lookup, Not
from synthspec.terms.literal import literal, value_of
from synthspec.terms.types import BOOL, INT, TEXT
from tests.compile.specs import HEAD
from tests.compile.specs import plan as compiled

COLUMNS: dict[str, AnyColumn] = {
    "i": Integer(name="i", lo=-3, hi=9, cuts=(0, 4, 5, 10), missing=True),
    "j": Integer(name="j", lo=0, hi=6, step=2),
    "c": Category(name="c", values=("x", "y", "z"), missing=True),
    "b": Boolean(name="b"),
}


def _atoms() -> list[Expr]:
    i, j = Column(name="i", type=INT), Column(name="j", type=INT)
    c, b = Column(name="c", type=TEXT), Column(name="b", type=BOOL)
    table = ((("x", "0"), "1"), (("y", "2"), "1"), (("y", "4"), "3"), (("z", "6"), None))
    atoms: list[Expr] = [Compare(op=op, left=i, right=j) for op in ("=", "<", ">=")]  # type: ignore[arg-type]
    atoms += [Compare(op="<", left=i, right=literal(n, INT)) for n in (-3, 1, 5)]
    atoms += [Compare(op="=", left=c, right=literal(v, TEXT)) for v in ("x", "z")]
    atoms += [IsNull(arg=i), IsNull(arg=c), b, In(arg=j, values=(literal(2, INT), literal(6, INT)))]
    added = Arithmetic(op="+", left=i, right=j, type=INT)
    atoms += [
        Compare(op=">", left=added, right=literal(6, INT)),
        Compare(op="=", left=b, right=IsNull(arg=i)),
    ]
    chosen = Case(branches=((b, i),), otherwise=j, type=INT)
    atoms.append(Compare(op="<=", left=chosen, right=literal(3, INT)))
    atoms.append(Not(arg=IsNull(arg=Lookup(keys=(c, j), table=table, type=INT))))
    return atoms


def conditions() -> st.SearchStrategy[Expr]:
    """Return random conditions over the four columns."""
    return st.recursive(
        st.sampled_from(_atoms()),
        lambda inner: st.builds(lambda a: Not(arg=a), inner)
        | st.builds(
            lambda op, args: Logic(op=op, args=tuple(args)),
            st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3),
        ),
        max_leaves=6,
    )  # fmt: skip


def values(column: AnyColumn) -> list[tuple[Any, int]]:
    """Return every value of a column with its code."""
    listing, codes, _ = listing_of(column)
    texts = [str(v) for v in listing.values]
    if column.type == BOOL:
        texts = ["false", "true"]
    held_ = [value_of(text, column.type) for text in texts] + ([None] if listing.null else [])
    return list(zip(held_, codes.tolist(), strict=True))


def brute(expr: Expr) -> dict[tuple[int, ...], tuple[int, int]]:
    """Return, per cell, how many combinations of values are lawful, and of how many."""
    found: dict[tuple[int, ...], tuple[int, int]] = {}
    for chosen in product(*(values(column) for column in COLUMNS.values())):
        row = {name: value for name, (value, _) in zip(COLUMNS, chosen, strict=True)}
        cell = tuple(code for _, code in chosen)
        good, whole = found.get(cell, (0, 0))
        found[cell] = (good + (evaluate(expr, row) is not False), whole + 1)
    return found


@settings(max_examples=40, deadline=None)
@given(conditions())
def test_verdicts_are_exact_when_tried_and_sound_when_judged_as_boxes(expr: Expr) -> None:
    columns = list(COLUMNS.values())
    tried, judged = _tried(expr, columns), _judged(expr, columns)
    for cell, (good, whole) in brute(expr).items():
        assert tried.never[cell] == (good == 0) and tried.some[cell] == (0 < good < whole)
        assert tried.lawful is not None and abs(tried.lawful[cell] - good / whole) < 1e-9
        assert not judged.never[cell] or good == 0, "what boxes rule out is out"
        assert judged.never[cell] or judged.some[cell] or good == whole, "what they pass holds"


@settings(max_examples=40, deadline=None)
@given(conditions())
def test_clauses_are_false_together_exactly_where_the_rule_is(expr: Expr) -> None:
    parts = clauses("r", expr, {})
    for chosen in product(*(values(column) for column in COLUMNS.values())):
        row = {name: value for name, (value, _) in zip(COLUMNS, chosen, strict=True)}
        broken = any(evaluate(part.expression, row) is False for part in parts)
        assert broken == (evaluate(expr, row) is False)


def test_ends_of_codes_are_those_of_the_values_for_every_ordered_type() -> None:
    columns: list[AnyColumn] = [
        Decimal(name="a", lo=0, hi=999, scale=2, cuts=(0, 10, 500)),
        Float(name="a", lo=5, hi=95, step=5, scale=1, cuts=(0, 7)),
        Date(name="a", lo=18_000, hi=18_100, cuts=(0, 50), missing=True),
    ]
    for column in columns:
        name = Column(name="a", type=column.type)
        held_ = [(value, code) for value, code in values_of_physical(column) if value is not None]
        for limit, _ in held_[:: max(len(held_) // 7, 1)]:
            below = Compare(op="<=", left=name, right=literal(limit, column.type))
            tried, judged = _tried(below, [column]), _judged(below, [column])
            assert np.array_equal(tried.never, judged.never) and np.array_equal(tried.some, judged.some)


def values_of_physical(column: AnyColumn) -> list[tuple[Any, int]]:
    """Return typed values with their codes, by the column's own literals."""
    listing, codes, _ = listing_of(column)
    assert not isinstance(listing.values, tuple)
    grid = [getattr(column, "lo") + at * getattr(column, "step") for at in range(len(listing.values))]  # noqa: B009
    typed = [value_of(column.grid_text(point), column.type) for point in grid]  # type: ignore[union-attr]
    return list(zip([*typed, *([None] if listing.null else [])], codes.tolist(), strict=True))


def test_too_many_cells_are_left_alone_and_too_many_values_judged_as_boxes() -> None:
    wide = [Integer(name=n, lo=0, hi=10**6, cuts=tuple(range(0, 10**6, 10**4))) for n in "ab"]
    less = Compare(op="<", left=Column(name="a", type=INT), right=Column(name="b", type=INT))
    found = cells_of(less, wide)
    assert isinstance(found, Cells) and found.lawful is None
    assert found.never[50, 49] and not found.never[49, 49] and found.some[49, 49] and not found.some[0, 50]
    fine = [column.model_copy(update={"cuts": tuple(range(0, 10**6, 500))}) for column in wide]
    assert cells_of(less, fine) is None


SPEC = """\
columns:
  a: int 0..9
  x: [p, q, r]
  y: {{type: category, in: [{many}]}}
  z: {{type: category, in: [{many}]}}
  high: {{derive: a >= 5, type: bool}}
rules:
{rules}
generate:
  first: {{columns: [a, y], using: {using}}}
  second: {{columns: [x, z], using: {using}, given: [{given}]}}
"""


def plan(rules: str, given: str = "high", using: str = "marginal", many: int = 3) -> Plan:
    """Return the plan of a small spec with two groups."""
    listed = ", ".join(f"v{at}" for at in range(many))
    lines = "\n".join(f"  {line}" for line in rules.splitlines())
    return compiled(HEAD + SPEC.format(rules=lines, given=given, using=using, many=listed))


def test_what_no_later_group_can_complete_is_impossible_for_the_earlier_one() -> None:
    found = plan("one: {if: a > 6, then: x = 'p'}\ntwo: {if: y = 'v1', then: x = 'q'}")
    zeros = all_zeros(found, found.columns)
    ((clique, mask),) = zeros.masks["first"]
    place = {name: at for at, name in enumerate(clique)}
    assert set(clique) == {"a", "y"}
    turned = np.transpose(mask, [place["a"], place["y"]])
    assert np.array_equal(turned, np.outer(np.arange(10) > 6, np.arange(3) == 1))
    ((again, same),) = zeros_of(found, found.groups[0], found.columns)
    assert again == clique and np.array_equal(same, mask)


def test_a_rule_over_columns_outside_is_a_cross_and_what_given_columns_tell_of_it_a_mask() -> None:
    found = plan("one: {if: a > 6, then: x = 'p'}\ntwo: {if: a < 5, then: x <> 'r'}")
    zeros = all_zeros(found, found.columns)
    (cross,) = zeros.crosses["second"]
    assert cross.outer == ("a",) and cross.inner == ("x",) and cross.rules == ("one",)
    assert cross.classes.tolist() == [0] * 7 + [1] * 3
    ((clique, mask),) = zeros.masks["second"]
    assert set(clique) == {"x", "high"} and mask.sum() == 1, "rows under 5 are told by `high` alone"
    assert {part.clause.rule: part.how for part in zeros.parts} | {} == {
        "one": "cross", "two": "mask", "domain of high": "idle",
    }  # fmt: skip


def test_a_copula_takes_zeros_of_single_columns_only() -> None:
    found = plan("one: {if: a > 6, then: x = 'p'}\ntwo: z <> 'v1'", given="a", using="copula")
    zeros = all_zeros(found, found.columns)
    assert [clique for clique, _ in zeros.masks["second"]] == [("z",)]
    assert {part.clause.rule: part.how for part in zeros.parts}["one"] == "lost"


@pytest.mark.parametrize(("many", "how"), [(100, "mask"), (140, "cross")])
def test_masks_that_tell_more_codes_apart_than_a_model_has_levels_are_left(many: int, how: str) -> None:
    rows = ", ".join(f"[v{at}, v{at}]" for at in range(many))
    found = plan(f"same: {{combos: [y, z], rows: [{rows}]}}", given="y", many=many)
    zeros = all_zeros(found, found.columns)
    assert {part.clause.rule: part.how for part in zeros.parts}["same"] == how
    mask = np.eye(many, dtype=np.bool_)
    assert told_apart("z", [(("y", "z"), mask)]) == many


def test_the_cap_on_cells_counts_the_tree_of_all_masks_and_of_what_is_declared_beside() -> None:
    found = plan("one: {if: a > 6, then: x = 'p'}", given="a, y", many=100)
    group = found.groups[1]
    group = group.model_copy(update={"generator": group.generator.model_copy(update={"max_cells": 30_000})})
    coded = {c.name: c.column for c in found.columns if c.column is not None}
    small = (("x", "y"), np.zeros((3, 100), dtype=np.bool_))
    large = (("y", "z"), np.zeros((100, 100), dtype=np.bool_))
    assert held(group, [small, large], coded)
    assert not held(group, [small, large, (("x", "z"), np.zeros((3, 100), dtype=np.bool_))], coded)
    assert not held(group, [large], coded, beside=(("a", "y", "z"),))
