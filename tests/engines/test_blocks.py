"""Counting in blocks: the same tables as one by one, out of fewer and small ones."""

from __future__ import annotations

from itertools import combinations
from math import prod

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.engines import blocks
from synthspec.engines.blocks import cover, summed
from synthspec.engines.matrix import count, narrowest
from synthspec.terms.query import Axis

SIZES = (2, 3, 5, 1, 7, 4)


@st.composite
def questions(draw: st.DrawFn) -> list[tuple[Axis, ...]]:
    """Return cliques of any size, of any order, with grouped codes and axes that are there twice."""
    axes = [Axis(f"a{at}", size) for at, size in enumerate(SIZES)]
    axes.append(Axis("a4", 2, np.array([0, 1, 1, 0, 1, 0, 0])))
    return draw(st.lists(st.lists(st.sampled_from(axes), max_size=4).map(tuple), max_size=12))


def one_by_one(codes: dict[str, np.ndarray], clique: tuple[Axis, ...], rows: int) -> list[int]:
    """Count row by row."""
    table = np.zeros([axis.size for axis in clique], dtype=np.int64)
    for row in range(rows):
        levels = [
            codes[a.attribute][row] if a.levels is None else a.levels[codes[a.attribute][row]] for a in clique
        ]
        table[tuple(int(level) for level in levels)] += 1
    return [int(each) for each in table.reshape(-1)]


@settings(max_examples=60, deadline=None)
@given(cliques=questions(), rows=st.integers(0, 60), cut=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_tables_are_the_same_as_counted_one_by_one(
    cliques: list[tuple[Axis, ...]], rows: int, cut: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = {f"a{at}": rng.integers(0, n, rows).astype(narrowest(n)) for at, n in enumerate(SIZES)}
    chunks = [
        (min(cut, rows - start), {name: each[start : start + cut] for name, each in codes.items()})
        for start in range(0, rows, cut)
    ]
    for found, clique in zip(count(chunks, cliques), cliques, strict=True):
        assert found.tolist() == one_by_one(codes, clique, rows)
        assert found.dtype == np.int64


def test_no_two_answers_share_memory_and_a_large_table_is_not_copied() -> None:
    axes = (Axis("a", 3), Axis("b", 4))
    codes = {"a": np.array([0, 2, 2], dtype=np.uint8), "b": np.array([1, 3, 3], dtype=np.uint8)}
    first, second, turned = count([(3, codes)], [axes, axes, axes[::-1]])
    assert not np.shares_memory(first, second) and not np.shares_memory(first, turned)
    table = np.arange(12)
    assert np.shares_memory(summed(table, (0, 1), (3, 4), (0, 1)), table)


def test_all_pairs_of_twenty_columns_lie_in_a_quarter_as_many_tables() -> None:
    pairs = [(a, b) for a, b in combinations(range(20), 2)]
    found = cover([*pairs, *((a,) for a in range(20))], [16] * 20)
    held = {tuple(sorted(pair)) for block in found for pair in combinations(block, 2)}
    assert held == set(pairs)
    assert len(found) <= 48, "190 tables one by one"
    assert max(prod(16 for _ in block) for block in found) <= blocks.CELLS


def test_blocks_together_take_no_more_room_than_they_may() -> None:
    pairs = [(a, b) for a, b in combinations(range(300), 2)]
    found = cover(pairs, [20] * 300)
    merged = [block for block in found if len(block) > 2]
    assert merged
    assert sum(20 ** len(block) for block in merged) <= blocks.ROOM + blocks.CELLS


def test_large_tables_and_wide_codes_are_counted_right() -> None:
    rng = np.random.default_rng(0)
    sizes, rows = {"a": 70_000, "b": 16, "c": 65_536}, 20_000
    codes = {name: rng.integers(0, size, rows).astype(narrowest(size)) for name, size in sizes.items()}
    axes = [Axis(name, size) for name, size in sizes.items()]
    cliques = [(axes[0],), (axes[1], axes[0]), (axes[2], axes[1]), (axes[2],)]
    for found, clique in zip(count([(rows, codes)], cliques), cliques, strict=True):
        cells = np.ravel_multi_index(
            [codes[axis.attribute].astype(np.int64) for axis in clique], [axis.size for axis in clique]
        )
        assert np.array_equal(found, np.bincount(cells, minlength=found.size))


def test_no_block_grows_beyond_the_cells_it_may_have() -> None:
    """Else a table of 200 rows would fill 65,536 cells per block."""
    found = cover([(a, b) for a, b in combinations(range(9), 2)], [4] * 9, cells=70)
    assert {len(block) for block in found} <= {2, 3}
    assert cover([(0, 1), (1, 2)], [10, 10, 10], cells=50) == [(0, 1), (1, 2)]
