"""The sensitivity of every query, by brute force: all neighbours of random small tables.

A table is a list of units, each with at most m rows; a row is a cell of a 2 x 3 domain. Under
add-remove every unit is taken away; under replace every unit is exchanged for every multiset of at
most m rows. Each bound must hold on all of them, and must be reached by some where it is stated tight.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.terms.protection import Neighbours, Protection
from synthspec.terms.query import (
    Affected,
    Axis,
    Distances,
    Gap,
    Gradient,
    Marginal,
    Query,
    Scored,
    Touched,
)

if TYPE_CHECKING:
    from torch import Tensor

    from tests.run.nets import Small

SHAPE = (2, 3)
CELLS = tuple((a, b) for a in range(2) for b in range(3))
A = Axis("a", 2)
B = Axis("b", 3)
GROUPED = Axis("b", 2, np.array([0, 1, 1]))
FLAGS = ("even", "corner")
CLIP = 0.7
Unit = tuple[tuple[int, int], ...]
Table = tuple[Unit, ...]


def _count(table: Table, axes: tuple[Axis, ...]) -> NDArray[np.int64]:
    counts = np.zeros(tuple(axis.size for axis in axes), dtype=np.int64)
    for unit in table:
        for a, b in unit:
            code = {"a": a, "b": b}
            place = tuple(
                code[x.attribute] if x.levels is None else int(x.levels[code[x.attribute]]) for x in axes
            )
            counts[place] += 1
    return counts.ravel()


def _scored(query: Scored, table: Table) -> NDArray[np.int64]:
    counts = np.zeros((query.bins, *(axis.size for axis in query.axes)), dtype=np.int64)
    for unit in table:
        for a, b in unit:
            code = {"a": a, "b": b}
            points = sum(int(t[code[name]]) for name, t in zip(query.attributes, query.tables, strict=True))
            levels = (
                code[x.attribute] if x.levels is None else int(x.levels[code[x.attribute]])
                for x in query.axes
            )
            counts[(int((query.cuts <= points).sum()), *levels)] += 1
    return counts.ravel()


def _answer(query: Query, table: Table) -> NDArray[np.int64]:
    match query:
        case Marginal():
            return _count(table, query.axes)
        case Scored():
            return _scored(query, table)
        case Gap():
            gap = np.abs(query.grid * _count(table, query.axes) - query.table).sum()
            return np.array([query.weight * (gap - query.offset)])
        case Distances():
            each = [
                np.abs(query.grid * _count(table, axes) - public).sum()
                for axes, public in zip(query.cliques, query.tables, strict=True)
            ]
            return np.array([max(each) if query.worst else sum(each)])
        case Affected():
            # before a unit is cut: the two flags of a unit are any of its rows'
            flags = [
                (any((a + b) % 2 == 0 for a, b in unit), any((a, b) == (0, 0) for a, b in unit))
                for unit in table
            ]
            return np.array(flags, dtype=np.int64).reshape(-1, 2).sum(axis=0)
        case Touched():
            return np.array([sum(any(b == value for _, b in unit) for unit in table) for value in range(3)])
        case Gradient():
            raise TypeError("a sum of gradients has no table of counts: see the tests of clipped sums")


def _queries(rng: np.random.Generator) -> tuple[Query, ...]:
    # high and low public tables: the distance then moves by its whole bound
    six, far = rng.integers(0, 40, 6), np.full(6, 1000)
    return (
        Marginal((A,)),
        Marginal((A, B)),
        Marginal((A, GROUPED)),
        Gap((A, B), six, 5, offset=7, weight=3),
        Gap((A, B), far, 5, weight=2),
        Distances(((A, B), (A, GROUPED)), (six, rng.integers(0, 40, 4)), 4, worst=False),
        Distances(((A, B), (A, GROUPED)), (far, np.full(4, 1000)), 4, worst=False),
        Distances(((A, B), (A, GROUPED)), (six, np.full(4, 1000)), 4, worst=True),
        Affected(FLAGS),
        Touched("b"),
        Scored(("b", "a"), (np.array([0, 3, 9]), np.array([-2, 5])), np.array([0, 4, 9]), (A,)),
        Scored(("b",), (rng.integers(-9, 9, 3),), np.array([-3, 2]), (A, GROUPED)),
        Gradient(("a", "b"), SHAPE, Fraction(1, 10), 5, CLIP, 4.0, 16),
    )


def _tables(rng: np.random.Generator, m: int, count: int) -> Iterator[Table]:
    for _ in range(count):
        units = rng.integers(1, 4)
        yield tuple(tuple(CELLS[i] for i in rng.integers(0, 6, rng.integers(1, m + 1))) for _ in range(units))


def _neighbours(table: Table, m: int, relation: Neighbours) -> Iterator[Table]:
    for i in range(len(table)):
        rest = table[:i] + table[i + 1 :]
        if relation == "add-remove":
            yield rest
        else:
            for rows in range(m + 1):
                for unit in combinations_with_replacement(CELLS, rows):
                    yield (*rest, unit)
    if relation == "add-remove":
        for rows in range(1, m + 1):
            for unit in combinations_with_replacement(CELLS, rows):
                yield (*table, unit)


def _most(query: Query, m: int, relation: Neighbours) -> tuple[int, int]:
    l1 = l2 = 0
    for table in _tables(np.random.default_rng(m), m, 6):
        here = _answer(query, table)
        for other in _neighbours(table, m, relation):
            moved = _answer(query, other) - here
            l1 = max(l1, int(np.abs(moved).sum()))
            l2 = max(l2, int((moved**2).sum()))
    return l1, l2


@pytest.mark.parametrize("relation", ["add-remove", "replace"])
@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("which", range(12))
def test_no_neighbour_moves_an_answer_by_more_than_its_bound(
    which: int, m: int, relation: Neighbours
) -> None:
    query = _queries(np.random.default_rng(which))[which]
    stated = query.sensitivity(Protection(unit="u", max_rows=m, neighbours=relation))
    l1, l2 = _most(query, m, relation)
    assert l1 <= stated.l1
    assert l2 <= stated.l2_squared


@pytest.mark.parametrize("relation", ["add-remove", "replace"])
@pytest.mark.parametrize("which", [0, 1, 4, 6, 8, 9, 10, 11])
def test_the_bounds_are_reached_so_that_the_test_above_can_fail(which: int, relation: Neighbours) -> None:
    """A bound stated one too low, for max_rows, for sqrt(2) or for K cliques, would be caught."""
    query = _queries(np.random.default_rng(which))[which]
    stated = query.sensitivity(Protection(unit="u", max_rows=2, neighbours=relation))
    l1, l2 = _most(query, 2, relation)
    if isinstance(query, (Gap, Distances)) and relation == "replace":
        # a far public table: a unit of no rows against one of m rows is half of the bound
        assert 2 * l1 == stated.l1
    elif isinstance(query, Touched) and relation == "replace":
        assert l1 >= stated.l1 - 1  # three values only
    else:
        assert (l1, l2) == (stated.l1, stated.l2_squared)


def _all_tables(units: int, m: int) -> Iterator[Table]:
    """Yield every table of up to `units` units with at most m rows each, up to the units' order."""
    kinds = [u for rows in range(1, m + 1) for u in combinations_with_replacement(CELLS, rows)]
    for count in range(units + 1):
        yield from combinations_with_replacement(kinds, count)


@pytest.mark.parametrize("relation", ["add-remove", "replace"])
@pytest.mark.parametrize("m", [1, 2])
def test_a_score_histogram_never_moves_by_more_on_any_table_at_all(m: int, relation: Neighbours) -> None:
    """Every table of up to two units, every neighbour: it must catch a bound short by max_rows or sqrt 2."""
    query = Scored(("a", "b"), (np.array([1, -1]), np.array([0, 2, 4])), np.array([1, 3]), (A,))
    stated = query.sensitivity(Protection(unit="u", max_rows=m, neighbours=relation))
    l1 = l2 = 0
    for table in _all_tables(2, m):
        here = _answer(query, table)
        for other in _neighbours(table, m, relation):
            moved = _answer(query, other) - here
            l1, l2 = max(l1, int(np.abs(moved).sum())), max(l2, int((moved**2).sum()))
    assert (l1, l2) == (stated.l1, stated.l2_squared), "the bounds hold, and are reached"


def _clipped(learner: Small, table: Table) -> Tensor:
    """Return the clipped sum of a table's units as a training computes it, in units of the clip."""
    from synthspec.engines.base import Held
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.run.batches import Units
    from synthspec.run.secret_draws import SecretDraws
    from synthspec.run.steps import clipper_of, threads_for

    codes = np.array([row for unit in table for row in unit], dtype=np.uint8).reshape(-1, 2)
    names = np.array([i for i, unit in enumerate(table) for _ in unit], dtype=np.int64)
    units = Units.of(Held({"a": codes[:, 0], "b": codes[:, 1]}, names), ("a", "b"))
    clipper = clipper_of(learner.module, CLIP)
    total = clipper.zeros()
    with threads_for(clipper.size):
        for piece in units.pieces(np.arange(len(units))):
            clipper.add(total, piece, learner.losses, SecretDraws(SystemNoise(), "cpu"))
    return total / CLIP


def _learners(m: int) -> Iterator[Small]:
    """Yield small networks: gradients above the clip, far below it, and rows that pull opposite ways."""
    import torch
    from torch import nn

    from tests.run.nets import Net, Small

    class Opposite(Small):
        def losses(self, codes: Tensor, draws: object) -> Tensor:
            out: Tensor = self.module(codes[:, 1:].float()).squeeze(1)
            return out * (5.0 - 10.0 * codes[:, 0])

    for scale in (1.0, 1e-3):
        learner = Small(Net(SHAPE, 2), seed=m)
        with torch.no_grad():
            for parameter in learner.module.parameters():
                parameter *= scale
        yield learner
    yield Opposite(nn.Linear(1, 1))


def _moves(learner: Small, m: int, relation: Neighbours) -> Iterator[float]:
    """Yield how far the clipped sum moves, for some tables and all their neighbours."""
    for table in _tables(np.random.default_rng(m), m, 2):
        here = _clipped(learner, table)
        for other in _neighbours(table, m, relation):
            yield float((_clipped(learner, other) - here).norm())


@pytest.mark.parametrize("relation", ["add-remove", "replace"])
@pytest.mark.parametrize("m", [1, 2, 3])
def test_no_neighbour_moves_a_clipped_sum_by_more_than_its_bound_and_some_do(
    m: int, relation: Neighbours
) -> None:
    """By one clip where a unit comes or goes, by two where it becomes another; noise covers the rounding.

    It must catch sums that are not clipped, or clipped row by row (m clips), and losses of rows that look
    at each other.
    """
    pytest.importorskip("torch", reason="the extra `neural` is not installed")
    from synthspec.run.steps import ROUNDING

    query = Gradient(("a", "b"), SHAPE, Fraction(1, 10), 5, CLIP, 4.0, 16)
    stated = query.sensitivity(Protection(unit="u", max_rows=m, neighbours=relation))
    assert (stated.l1, stated.l2_squared) == (4, 1), "what one unit adds; under replace the price takes two"
    vectors = 1 if relation == "add-remove" else 2
    most = max(max(_moves(learner, m, relation)) for learner in _learners(m))
    assert 0.999 * vectors < most <= vectors * (1 + ROUNDING)


def test_a_replaced_unit_is_priced_as_two_vectors() -> None:
    from synthspec.mechanisms import SubsampledGaussian
    from synthspec.privacy.accountant import budget_cost

    cost = budget_cost(1, Fraction(1, 10**9))
    made = [
        SubsampledGaussian.costing(cost, rate=1, steps=5, neighbours=relation).multiplier
        for relation in ("add-remove", "replace")
    ]
    assert made[1] == pytest.approx(2 * made[0], rel=1e-3)


def test_every_query_is_in_this_test() -> None:
    assert {type(query) for query in _queries(np.random.default_rng(0))} == set(get_args(Query))


def test_digests_tell_questions_apart() -> None:
    queries = _queries(np.random.default_rng(1))
    assert len({query.digest() for query in queries}) == len(queries)
    assert Marginal((A, B)).digest() != Marginal((B, A)).digest()
    assert Affected(("ab", "c")).digest() != Affected(("a", "bc")).digest()
