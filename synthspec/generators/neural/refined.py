"""Refined: a backbone on finer levels, where a factor tells codes of one level apart.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.neural.backbone import Array, Backbone, Labels, Rung
from synthspec.terms.domain import Clique

Factor = tuple[Clique, NDArray[np.float64]]
"""Non-negative values over the codes of a clique, one axis per attribute in its order."""


def refined(bones: Backbone, factors: Sequence[Factor]) -> tuple[Backbone, dict[int, Labels]]:
    """Return the same distribution on levels that every factor is constant on, and each one's old level."""
    finer = _finer(bones, factors)
    levels, densities = list(bones.levels), list(bones.densities)
    olds: dict[int, Labels] = {}
    shares: dict[int, Array] = {}
    for index, labels in finer.items():
        many = int(labels.max()) + 1
        old = np.zeros(many, dtype=np.int64)
        old[labels] = bones.levels[index]
        held = np.bincount(labels, weights=bones.densities[index], minlength=many)
        whole = np.bincount(old, weights=held)[old]
        even = np.bincount(labels, minlength=many) / np.bincount(bones.levels[index])[old]
        olds[index] = old
        shares[index] = np.where(whole > 0, held / np.where(whole > 0, whole, 1.0), even)
        levels[index] = labels
    rungs = tuple(_rung(rung, olds, shares) for rung in bones.rungs)
    return replace(bones, levels=tuple(levels), densities=tuple(densities), rungs=rungs), olds


def _rung(rung: Rung, olds: Mapping[int, Labels], shares: Mapping[int, Array]) -> Rung:
    table = rung.shares.reshape(*rung.sizes, rung.shares.shape[1])
    sizes = list(rung.sizes)
    for axis, index in enumerate(rung.old):
        if index in olds:
            table = np.take(table, olds[index], axis=axis)
            sizes[axis] = len(olds[index])
    if rung.attribute in olds:
        table = np.take(table, olds[rung.attribute], axis=-1) * shares[rung.attribute]
    return replace(rung, sizes=tuple(sizes), shares=table.reshape(-1, table.shape[-1]))


def _finer(bones: Backbone, factors: Sequence[Factor]) -> dict[int, Labels]:
    """Return new levels, shape (codes,), of attributes whose levels some factor tells apart."""
    kinds: dict[int, list[Labels]] = {}
    for clique, table in factors:
        for axis, name in enumerate(clique):
            index = bones.domain.attributes.index(name)
            rows = np.moveaxis(table, axis, 0).reshape(table.shape[axis], -1)
            _, kind = np.unique(rows, axis=0, return_inverse=True)
            kinds.setdefault(index, [bones.levels[index]]).append(kind.reshape(-1))
    found = {}
    for index, parts in kinds.items():
        _, labels = np.unique(np.stack(parts, 1), axis=0, return_inverse=True)
        labels = labels.reshape(-1).astype(np.int64)
        if int(labels.max()) + 1 != bones.sizes[index]:
            found[index] = labels
    return found


def on_levels(bones: Backbone, factor: Factor) -> tuple[tuple[int, ...], Array]:
    """Return a factor over levels, which it is constant on, with the places of its attributes."""
    clique, table = factor
    places = tuple(bones.domain.attributes.index(name) for name in clique)
    firsts = [np.unique(bones.levels[place], return_index=True)[1] for place in places]
    return places, np.asarray(table[np.ix_(*firsts)], dtype=np.float64)
