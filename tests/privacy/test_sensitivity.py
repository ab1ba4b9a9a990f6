"""The sensitivity of every query, by brute force: all neighbours of random small tables.

A table is a list of units, each with at most m rows; a row is a cell of a 2 x 3 domain. Under
add-remove every unit is taken away; under replace every unit is exchanged for every multiset of at
most m rows. Each bound must hold on all of them, and must be reached by some where it is stated tight.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.terms.protection import Neighbours, Protection
from synthspec.terms.query import Affected, Axis, Distances, Gap, Marginal, Query, Touched

SHAPE = (2, 3)
CELLS = tuple((a, b) for a in range(2) for b in range(3))
A = Axis("a", 2)
B = Axis("b", 3)
GROUPED = Axis("b", 2, np.array([0, 1, 1]))
FLAGS = ("even", "corner")
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


def _answer(query: Query, table: Table) -> NDArray[np.int64]:
    match query:
        case Marginal():
            return _count(table, query.axes)
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
@pytest.mark.parametrize("which", range(10))
def test_no_neighbour_moves_an_answer_by_more_than_its_bound(
    which: int, m: int, relation: Neighbours
) -> None:
    query = _queries(np.random.default_rng(which))[which]
    stated = query.sensitivity(Protection(unit="u", max_rows=m, neighbours=relation))
    l1, l2 = _most(query, m, relation)
    assert l1 <= stated.l1
    assert l2 <= stated.l2_squared


@pytest.mark.parametrize("relation", ["add-remove", "replace"])
@pytest.mark.parametrize("which", [0, 1, 4, 6, 8, 9])
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


def test_every_query_is_in_this_test() -> None:
    assert {type(query) for query in _queries(np.random.default_rng(0))} == set(get_args(Query))


def test_digests_tell_questions_apart() -> None:
    queries = _queries(np.random.default_rng(1))
    assert len({query.digest() for query in queries}) == len(queries)
    assert Marginal((A, B)).digest() != Marginal((B, A)).digest()
    assert Affected(("ab", "c")).digest() != Affected(("a", "bc")).digest()
