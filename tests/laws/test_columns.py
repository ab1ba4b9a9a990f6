"""Laws of every column type; a new entry needs an example in tests/columns/examples.py, and is tested."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter

from synthspec.columns import COLUMNS, AnyColumn, Id, Ordered
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Column
from synthspec.terms.literal import value_of
from tests.columns.examples import EXAMPLES

ADAPTER: TypeAdapter[AnyColumn] = TypeAdapter(AnyColumn)
EVERY = pytest.mark.parametrize("column", EXAMPLES, ids=lambda c: f"{c.kind}-{c.size}")


def value(column: AnyColumn, physical: object, null: bool) -> object:
    """Return the language's value of a physical one."""
    if null:
        return None
    if isinstance(column, Ordered):
        grid = round(float(physical) * 10**column.scale) if column.kind == "float" else int(physical)  # type: ignore[call-overload]
        return value_of(column.grid_text(grid), column.type)
    if isinstance(column, Id):
        return str(physical)
    return value_of(column.listed()[int(physical)], column.type)  # type: ignore[union-attr,call-overload]


def reference(column: AnyColumn) -> Column:
    """Return the column as an expression."""
    return Column(name=column.name, type=column.type)


def test_every_kind_has_an_example() -> None:
    assert {column.kind for column in EXAMPLES} == set(COLUMNS)


@EVERY
def test_json_gives_the_same_column_back(column: AnyColumn) -> None:
    assert ADAPTER.validate_json(column.model_dump_json()) == column


@EVERY
def test_codes_decode_to_values_that_encode_to_the_same_codes(column: AnyColumn) -> None:
    codes = np.repeat(np.arange(column.size), 50)
    values, null = column.decode(codes, np.random.default_rng(0))
    assert len(values) == len(null) == len(codes)
    again = column.encode_physical(values, null)
    assert again.dtype == np.int64
    np.testing.assert_array_equal(again, codes)


@EVERY
def test_only_the_last_code_of_a_column_with_gaps_is_null(column: AnyColumn) -> None:
    codes = np.arange(column.size)
    _, null = column.decode(codes, np.random.default_rng(1))
    expected = np.zeros(column.size, dtype=bool)
    if column.missing:
        expected[-1] = True
    np.testing.assert_array_equal(null, expected)


@EVERY
def test_the_expression_encodes_like_the_arrays_do(column: AnyColumn) -> None:
    codes = np.repeat(np.arange(column.size), 3)
    values, null = column.decode(codes, np.random.default_rng(2))
    expression = column.encode(reference(column))
    for code, physical, gap in zip(codes, values, null, strict=True):
        assert evaluate(expression, {column.name: value(column, physical, bool(gap))}) == code


@EVERY
def test_decoded_values_lie_inside_the_domain(column: AnyColumn) -> None:
    codes = np.repeat(np.arange(column.size), 5)
    values, null = column.decode(codes, np.random.default_rng(3))
    inside = column.inside(reference(column))
    for physical, gap in zip(values, null, strict=True):
        if not gap:
            assert evaluate(inside, {column.name: value(column, physical, False)}) is True


@EVERY
def test_a_null_is_neither_inside_nor_outside(column: AnyColumn) -> None:
    expected = False if isinstance(column, Id) else None
    assert evaluate(column.inside(reference(column)), {column.name: None}) is expected


@EVERY
def test_there_is_one_label_per_code(column: AnyColumn) -> None:
    labels = column.labels()
    assert len(labels) == len(set(labels)) == column.size
    assert (labels[-1] == "missing") == column.missing


@pytest.mark.parametrize(
    "column", [c for c in EXAMPLES if isinstance(c, Ordered)], ids=lambda c: f"{c.kind}-{c.size}"
)
def test_clamping_brings_any_value_inside_and_moves_no_inner_one(column: Ordered) -> None:
    clamp, inside = column.clamp(reference(column)), column.inside(reference(column))
    for grid in (column.lo - 3 * column.step, column.lo, column.hi, column.hi + 5 * column.step):
        plain = value_of(column.grid_text(grid), column.type)
        clamped = evaluate(clamp, {column.name: plain})
        assert evaluate(inside, {column.name: clamped}) is True
        if column.lo <= grid <= column.hi:
            assert clamped == plain
