"""Published conditionals of a workload: as evidence on levels, and what they imply for one-ways.

Source: ours; PRIVACY 7 of the design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Conditional, Workload
from synthspec.generators.pgm.estimate import coarsen
from synthspec.generators.pgm.published import Published
from synthspec.terms.domain import Clique, Domain

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

PLIANT = 1e-9
"""Least variance of the one-way of a column of which a fixed table says how often it is missing."""


def settled(workload: Workload) -> frozenset[str]:
    """Return the attributes whose one-way follows from a fixed table and the one-ways of its parents."""
    return frozenset(
        each.child for each in workload.conditionals if each.fixes and each.child not in workload.missing
    )


def spoken_of(workload: Workload) -> frozenset[str]:
    """Return the children of fixed tables: their own one-way says at most how often they are missing."""
    return frozenset(each.child for each in workload.conditionals if each.fixes)


def gap_told(workload: Workload) -> frozenset[str]:
    """Return the attributes of which a fixed table says how often they are missing.

    Their own one-way says how their values go, and must not be exact about the rest.
    """
    return frozenset(each.child for each in workload.conditionals if each.gap and each.strength is None)


def joints(workload: Workload) -> list[Clique]:
    """Return, per fixed table, the parents whose joint is to be measured.

    Two parents with fixed tables of their own are not measured together: those tables decide it.
    """
    found = []
    gap_parents = [each.parents for each in workload.conditionals if each.gap and each.strength is None]
    for parents in (*workload.closed.values(), *gap_parents):
        free = tuple(name for name in parents if name not in workload.closed)
        found.append(parents if len(parents) - len(free) < 2 else free)
    return found


def imply(workload: Workload, counts: dict[str, Array], total: float) -> None:
    """Replace, in place, the counts of fixed children by what tables and parents imply.

    Parents are taken as independent of each other: the counts only choose levels and densities.
    """
    waiting = [each for each in workload.conditionals if each.strength is None]
    while waiting:
        children = {each.child for each in waiting}
        ready = [c for c in waiting if not set(c.parents) & (children - {c.child})] or waiting[:1]
        for each in sorted(ready, key=lambda each: each.gap):
            shares = each.table
            for parent in each.parents:
                weights = counts[parent] / max(float(counts[parent].sum()), 1e-300)
                shares = np.tensordot(weights, shares, axes=(0, 0))
            waiting.remove(each)
            if each.gap:
                counts[each.child] = _lacking(counts[each.child], total * shares[1] / shares.sum(), total)
                continue
            lost = counts[each.child][-1] if each.child in workload.missing else 0.0
            new = shares * (total - lost) / max(float(shares.sum()), 1e-300)
            if each.child in workload.missing:
                new[-1] = lost
            counts[each.child] = new


def _lacking(counts: Array, missing: float, total: float) -> Array:
    """Return `counts` with `missing` rows in the last place, the others in proportion."""
    have = float(counts[:-1].sum())
    even = np.full(len(counts) - 1, (total - missing) / max(len(counts) - 1, 1))
    return np.append(counts[:-1] * ((total - missing) / have) if have > 0 else even, missing)


def published(
    domain: Domain,
    workload: Workload,
    levels: Sequence[Labels],
    counts: Sequence[Array],
    *,
    rows: float = inf,
    kappa: float = 0.15,
    fixed: bool = False,
) -> list[Published]:
    """Return the tables as evidence over levels.

    Args:
        domain: the attributes.
        workload: holds the tables.
        levels: per attribute the level of each code.
        counts: per attribute the one-way rows per code, which weigh codes inside a level.
        rows: how many rows the measured counts are of.
        kappa: see `Recipe.kappa`.
        fixed: take every table as exact, whatever its strength (there is no data to weigh it against).
    """
    found = []
    for each in workload.conditionals:
        places = [domain.attributes.index(name) for name in (*each.parents, each.child)]
        table = on_levels(each, [levels[place] for place in places], [counts[place] for place in places])
        order = sorted(range(len(places)), key=places.__getitem__)
        scope = tuple(places[at] for at in order)
        exact = fixed or each.strength is None
        found.append(
            Published(
                scope,
                (None,) * len(scope),
                np.ascontiguousarray(np.transpose(table, order)),
                np.zeros(()),
                axis=scope.index(places[-1]),
                free=each.child in workload.missing and not each.gap,
                gap=each.gap,
                draws=inf if exact else float(each.strength or 0.0),
                rows=max(rows * each.units, 1.0),
                kappa=kappa,
            )
        )
    return found


def on_levels(each: Conditional, levels: Sequence[Labels], counts: Sequence[Array]) -> Array:
    """Return the table over levels; codes of one level of a parent are weighed by their counts.

    Args:
        each: the table over codes.
        levels: per parent, then for the child, the level of each code.
        counts: rows per code, likewise.
    """
    table = np.asarray(each.table, dtype=np.float64)
    for axis, (labels, rows) in enumerate(zip(levels[:-1], counts[:-1], strict=True)):
        many = int(labels.max()) + 1
        weights = np.maximum(rows, 0.0) + 1e-12 * max(float(rows.sum()), 1.0)
        weights = weights / np.bincount(labels, weights=weights, minlength=many)[labels]
        spread = np.zeros((len(labels), many))
        spread[np.arange(len(labels)), labels] = weights
        table = np.moveaxis(np.tensordot(table, spread, axes=(axis, 0)), -1, axis)
    none: list[Labels | None] = [None] * (len(levels) - 1)
    many = int(levels[-1].max()) + 1
    if each.gap:
        return np.concatenate([np.repeat(table[..., :1] / (many - 1), many - 1, axis=-1), table[..., 1:]], -1)
    shape = [*table.shape[:-1], many]
    return coarsen(table, (*none, levels[-1]), shape)


def patterns(workload: Workload, name: str) -> list[list[bytes]]:
    """Return, per published table that `name` is a parent of, bytes of its slice for each code."""
    found = []
    for each in workload.conditionals:
        if name in each.parents:
            table = np.moveaxis(np.asarray(each.table), each.parents.index(name), 0)
            found.append([np.ascontiguousarray(part).tobytes() for part in table])
    return found


def unmerged(workload: Workload) -> frozenset[str]:
    """Return the children of published tables: each of their codes is a level of its own."""
    return frozenset(each.child for each in workload.conditionals if not each.gap)


def gaps(workload: Workload) -> Mapping[str, None]:
    """Return the attributes that count as present or missing in a declared edge or a published table."""
    found = dict.fromkeys(name for _, names in workload.missing_edges for name in names)
    return found | dict.fromkeys(each.child for each in workload.conditionals if each.gap)
