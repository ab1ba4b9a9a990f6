"""Ancestral sampling from a junction tree, exact, vectorised, and conditional on given codes.

Cliques are sampled root first. Inside each group of rows with equal parent codes the new columns are
drawn systematically (counts as even as can be, one random offset per group), evened out over all groups
(see `even`), and dealt to the group's rows in a *fresh* random order: the shuffle is what makes siblings
conditionally independent. Without it, children of one parent move in lockstep.

With given codes, attributes are eliminated one by one, the given ones last, and then drawn in
reverse order, each from its exact conditional.

Source: Koller & Friedman 2009, ch. 12.1 (forward sampling); systematic sampling: Madow 1949.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.pgm.calibrate import Beliefs
from synthspec.generators.pgm.even import even_out
from synthspec.generators.pgm.factor import Scope, Table, collapse, product, ratio, spread, union

BATCH = 1 << 16
"""Rows per batch: shuffling keys have 16 bits, and a batch's columns stay in the processor's cache."""

IntArray = NDArray[np.int64]
AnyInts = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Step:
    """Draw `new` attributes given `old` ones.

    Attributes:
        old: attributes already drawn or given.
        new: the attribute drawn, or several together.
        cumulative: cumulative conditional shares, shape (cells of old, cells of new), last column 1.
        decode: the codes of each new attribute per cell of new.
        sizes: sizes of the old attributes.
        due: shares of the cells of new that a batch should have in all, or None where that is open.
        follows: whether `old` is what the step before knew and drew: its groups are then at hand.
    """

    old: Scope
    new: Scope
    cumulative: Table
    decode: tuple[AnyInts, ...]
    sizes: tuple[int, ...]
    due: Table | None = None
    follows: bool = False


@dataclass(frozen=True, eq=False)
class Dealt:
    """Rows in a random order grouped by the codes of some attributes.

    Attributes:
        order: the rows, shape (rows,).
        groups: the groups that hold rows, increasing; numbered as the rows of a step's shares.
        sizes: how many rows each of them holds.
    """

    order: IntArray
    groups: IntArray
    sizes: IntArray


def plan(beliefs: Beliefs, given: frozenset[int] = frozenset()) -> tuple[Step, ...]:
    """Return the steps that draw every attribute outside `given`."""
    tree = beliefs.tree
    if given:
        return _eliminated(beliefs, given)
    steps = []
    for index, clique in enumerate(tree.cliques):
        old = tree.separators[index] if tree.parents[index] >= 0 else ()
        new = tuple(a for a in clique if a not in old)
        for at, attribute in enumerate(new):  # one by one: only so can each be evened out
            known = (*old, *new[:at])
            scope = union(known, (attribute,))
            table = collapse(beliefs.tables[index], clique, scope)
            step = _step(tree.sizes, table, scope, known, (attribute,), even=bool(known))
            steps.append(replace(step, follows=at > 0))
    return tuple(steps)


def _step(
    sizes: Sequence[int], table: Table, scope: Scope, old: Scope, new: Scope, *, even: bool = False
) -> Step:
    """Return P(new | old) as a step; rows of `old` without mass fall back to the marginal of new."""
    matrix = table.transpose([scope.index(a) for a in (*old, *new)])
    shape = [sizes[a] for a in new]
    matrix = matrix.reshape(-1, int(np.prod(shape, initial=1)))
    total = matrix.sum(axis=1, keepdims=True)
    pooled = matrix.sum(axis=0)
    pooled = pooled / pooled.sum() if pooled.sum() > 0 else np.full(matrix.shape[1], 1.0 / matrix.shape[1])
    shares = np.where(total > 0, ratio(matrix, np.broadcast_to(total, matrix.shape)), pooled)
    cumulative = np.minimum(np.cumsum(shares, axis=1), 1.0)
    # Cells after the last possible one must stay impossible when rounding leaves the sum under 1.
    final = shares.shape[1] - 1 - np.argmax(shares[:, ::-1] > 0, axis=1)
    cumulative[np.arange(shares.shape[1])[None, :] >= final[:, None]] = 1.0
    cells = np.unravel_index(np.arange(matrix.shape[1]), shape)
    decode = tuple(c.astype(_narrow(s)) for c, s in zip(cells, shape))
    return Step(old, new, cumulative, decode, tuple(sizes[a] for a in old), pooled if even else None)


def _narrow(size: int) -> type[np.integer]:
    return np.uint8 if size <= 1 << 8 else np.uint16 if size <= 1 << 16 else np.int64


def _eliminated(beliefs: Beliefs, given: frozenset[int]) -> tuple[Step, ...]:
    """Eliminate the attributes outside `given` in the tree's order; the steps come reversed."""
    tree = beliefs.tree
    live: list[tuple[Table, Scope]] = []
    for index, clique in enumerate(tree.cliques):
        table = beliefs.tables[index]
        if tree.parents[index] >= 0:
            separator = spread(beliefs.separators[index], tree.separators[index], clique)
            table = ratio(table, np.broadcast_to(separator, table.shape))
        live.append((table, clique))
    steps = []
    for attribute in (a for a in tree.order if a not in given):
        touching = [f for f in live if attribute in f[1]]
        live = [f for f in live if attribute not in f[1]]
        scope = union(*(s for _, s in touching))
        table = product(touching, scope)
        old = tuple(a for a in scope if a != attribute)
        steps.append(_step(tree.sizes, table, scope, old, (attribute,)))
        if old:
            message = collapse(table, scope, old)
            live.append((message / max(float(message.max()), 1e-300), old))
    return tuple(reversed(steps))


@dataclass(frozen=True, eq=False)
class Inside:
    """How to draw the codes inside the levels of one attribute.

    Attributes:
        codes: all codes, those of one level together, shape (codes,).
        level: the level of each of them, increasing.
        cumulative: cumulative share within the level; 1 from the last possible code on.
        many: the number of levels.
    """

    codes: AnyInts
    level: IntArray
    cumulative: Table
    many: int


def inside(level: IntArray, density: Table) -> Inside:
    """Return how to draw codes of given `level` with given share within their level."""
    codes = np.argsort(level, kind="stable")
    ordered, shares = level[codes], density[codes]
    running = np.cumsum(shares)
    first = np.searchsorted(ordered, np.arange(ordered[-1] + 1))
    cumulative = np.minimum(running - (running - shares)[first][ordered], 1.0)
    final = np.zeros(len(first), dtype=np.int64)
    np.maximum.at(final, ordered, np.where(shares > 0, np.arange(len(codes)), 0))
    cumulative[np.arange(len(codes)) >= final[ordered]] = 1.0
    return Inside(codes.astype(_narrow(len(codes))), ordered, cumulative, len(first))


def draw(
    steps: Sequence[Step],
    insides: Mapping[int, Inside],
    rows: int,
    rng: np.random.Generator,
    given: Mapping[int, AnyInts],
) -> dict[int, AnyInts]:
    """Return `rows` codes per attribute drawn by `steps`; a function of the generator's state alone.

    Args:
        steps: in the order of `plan`, over levels.
        insides: for attributes whose levels hold several codes.
        rows: how many.
        rng: public randomness.
        given: levels of the given attributes, shape (rows,) each.
    """
    narrow = {a: codes.astype(_narrow(int(codes.max(initial=0)) + 1)) for a, codes in given.items()}
    out: dict[int, AnyInts] = {}
    for step in steps:
        for a, codes in zip(step.new, step.decode):
            out[a] = np.empty(rows, dtype=insides[a].codes.dtype if a in insides else codes.dtype)
    for start in range(0, rows, BATCH):
        stop = min(start + BATCH, rows)
        known: dict[int, AnyInts] = {a: codes[start:stop] for a, codes in narrow.items()}
        dealt: Dealt | None = None
        for step in steps:
            order, cells, dealt = _deal_step(step, known, stop - start, rng, dealt)
            for a, codes in zip(step.new, step.decode):
                column = np.empty(stop - start, codes.dtype) if a in insides else out[a][start:stop]
                column[order] = codes[cells]
                known[a] = column
        for a, held in insides.items():
            order, cells = _deal_inside(held, known[a], rng)
            out[a][start:stop][order] = held.codes[cells]
    return out


def shuffled(rows: int, rng: np.random.Generator) -> IntArray:
    """Return rows in random order; two given rows tie, and keep theirs, with probability 2^-16."""
    return np.argsort(rng.integers(0, 1 << 16, rows, dtype=np.uint16), kind="stable")


def _deal_step(
    step: Step, known: Mapping[int, AnyInts], rows: int, rng: np.random.Generator, last: Dealt | None
) -> tuple[IntArray, IntArray, Dealt]:
    """Return rows in a random order grouped by their old codes, the new cell of each, and the new groups.

    A step that follows another uses its order: inside each of the finer groups that is random still.
    """
    found = last if last is not None and step.follows else _grouped(step, known, rows, rng)
    sizes, width = found.sizes, step.cumulative.shape[1]
    table = step.cumulative if len(sizes) == len(step.cumulative) else step.cumulative[found.groups]
    ends = table * sizes[:, None]
    ends += rng.random(len(sizes))[:, None]
    flat = ends.astype(np.int32)
    flat += (np.cumsum(sizes) - sizes).astype(np.int32)[:, None]
    counts = np.diff(flat.ravel(), prepend=0)
    if step.due is not None:
        even_out(counts.reshape(table.shape), table, sizes, step.due * rows, rng)
    hit = np.flatnonzero(counts)
    many, cells = counts[hit], hit % width
    finer = Dealt(found.order, found.groups[hit // width] * width + cells, many)
    return found.order, np.repeat(cells.astype(np.int32), many), finer


def _grouped(step: Step, known: Mapping[int, AnyInts], rows: int, rng: np.random.Generator) -> Dealt:
    """Return rows in a fresh random order grouped by their old codes."""
    order = shuffled(rows, rng)
    groups = step.cumulative.shape[0]
    if groups == 1:
        return Dealt(order, np.zeros(1, dtype=np.int64), np.array([rows]))
    key = _key(step, known, rows, groups)
    sizes = np.bincount(key, minlength=groups)
    used = np.flatnonzero(sizes)
    return Dealt(_sorted(key, order, groups), used, sizes[used])


def _deal_inside(held: Inside, column: AnyInts, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return rows in a fresh random order grouped by level, and the place of each one's code."""
    order = _sorted(column, shuffled(len(column), rng), held.many)
    sizes = np.bincount(column, minlength=held.many)
    offsets = np.cumsum(sizes) - sizes
    start = rng.random(held.many)
    ends = (held.cumulative * sizes[held.level] + start[held.level]).astype(np.int64) + offsets[held.level]
    return order, np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))


def _key(step: Step, known: Mapping[int, AnyInts], rows: int, groups: int) -> AnyInts:
    kind = np.uint16 if groups <= 1 << 16 else np.int64
    key: AnyInts = np.zeros(rows, dtype=kind)
    for attribute, size in zip(step.old, step.sizes):
        key = key * kind(size) + known[attribute].astype(kind, copy=False)
    return key


def _sorted(key: AnyInts, order: IntArray, groups: int) -> IntArray:
    """Return `order` sorted by `key`, stable, sixteen bits at a time."""
    shift = 0
    while (groups - 1) >> shift:
        digit = (key >> key.dtype.type(shift)).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
        shift += 16
    return order
