"""Laws of every column type; a new entry needs an example in tests/columns/examples.py, and is tested."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy.stats import chi2

from synthspec.columns import COLUMNS, AnyColumn, Density, Id, Integer, Ordered
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


BINNED = tuple(c for c in EXAMPLES if isinstance(c, Ordered) and c.cuts is not None)
SHAPED = pytest.mark.parametrize("column", BINNED, ids=lambda c: f"{c.kind}-{c.size}")


def shaped(column: Ordered, seed: int) -> Ordered:
    """Return the column with the density that follows from random shares, many of them zero."""
    rng = np.random.default_rng(seed)
    return column.shaped(rng.gamma(0.3, size=column.size) * (rng.random(column.size) < 0.8))


def measured(column: Ordered, seed: int) -> Ordered:
    """Return the column with a random density on cells that are not those of its codes."""
    rng = np.random.default_rng(seed)
    starts = np.unique(np.append(0, rng.integers(0, column.points, 40)))
    shares = rng.gamma(0.3, size=len(starts)) * (rng.random(len(starts)) < 0.8)
    density = Density(starts=tuple(starts.tolist()), shares=tuple(shares.tolist()))
    return column.model_copy(update={"density": density})


MADE = pytest.mark.parametrize("make", [shaped, measured])


def pieces_of(column: Ordered, code: int) -> list[tuple[int, int, float]]:
    """Return (first index, end, probability within the code) of each half of a cell of the density."""
    assert column.density is not None
    low, high = column.starts()[code : code + 2].tolist()
    cells = [*column.density.starts, column.points]
    found = []
    for start, end, share in zip(cells, cells[1:], column.density.shares, strict=False):
        a, b = max(start, low), min(end, high)
        middle = (a + b) // 2
        found += [(x, y, share * (y - x) / (end - start)) for x, y in ((a, middle), (middle, b)) if x < y]
    whole = sum(mass for *_, mass in found)
    if whole > 0:
        return [(a, b, mass / whole) for a, b, mass in found]
    return [(a, b, (b - a) / (high - low)) for a, b, _ in found]


@SHAPED
@MADE
def test_a_column_with_a_density_keeps_codes_nulls_and_its_json(
    column: Ordered, make: Callable[[Ordered, int], Ordered]
) -> None:
    made = make(column, 5)
    codes = np.repeat(np.arange(made.size), 200)
    values, null = made.decode(codes, np.random.default_rng(0))
    np.testing.assert_array_equal(made.encode_physical(values, null), codes)
    np.testing.assert_array_equal(null, codes == made.codes)
    assert ADAPTER.validate_json(made.model_dump_json()) == made


@SHAPED
@MADE
def test_values_inside_a_code_follow_the_density(
    column: Ordered, make: Callable[[Ordered, int], Ordered]
) -> None:
    """Chi-square over halves of cells, 4,000 draws a code, those with less than 5 expected pooled.

    Seeded; a right law passes 1 - 1e-9 of seeds. Even draws, or cells shifted by one, must fail.
    """
    made, draws = make(column, 9), 4_000
    values, _ = made.decode(np.repeat(np.arange(made.codes), draws), np.random.default_rng(3))
    grid = values * 10**made.scale if made.kind == "float" else values  # type: ignore[attr-defined]
    index = ((np.rint(grid).astype(np.int64) - made.lo) // made.step).reshape(made.codes, draws)
    total, freedom = 0.0, 0
    for code in range(made.codes):
        found, wanted = [0.0], [0.0]
        for a, b, share in pieces_of(made, code):
            seen = int(((index[code] >= a) & (index[code] < b)).sum())
            place = -1 if share * draws >= 5 else 0
            if place:
                found.append(0.0)
                wanted.append(0.0)
            found[place] += seen
            wanted[place] += share * draws
        assert sum(found) == draws
        keep = [i for i, each in enumerate(wanted) if each >= 5]
        total += sum((found[i] - wanted[i]) ** 2 / wanted[i] for i in keep)
        freedom += max(len(keep) - 1, 0)
        assert found[0] <= 60 or 0 in keep
    assert chi2.sf(total, freedom) > 1e-9


def test_a_code_of_one_point_and_a_grid_of_one_point_need_no_density() -> None:
    one = Integer(name="i", lo=7, hi=7, cuts=(0,), bins=None, missing=True).shaped(np.array([0.4, 0.6]))
    values, null = one.decode(np.array([0, 1, 0]), np.random.default_rng(0))
    assert values[~null].tolist() == [7, 7] and null.tolist() == [False, True, False]
