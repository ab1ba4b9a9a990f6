"""The model's view of the codes: levels per attribute, densities inside levels, groupings of levels.

Source: ours; PRIVACY 6.2 and 6.4 of the design.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Workload
from synthspec.generators.levels import MOST_LEVELS, merge, resolutions
from synthspec.generators.pgm.estimate import coarsen
from synthspec.terms.domain import Domain
from synthspec.terms.query import Axis

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


class Coding:
    """Levels of every attribute and their one-way counts; attributes are indices in domain order.

    `sizes` holds the number of levels per attribute."""

    def __init__(self, domain: Domain, workload: Workload, counts: Mapping[str, Array]) -> None:
        self.domain = domain
        self.workload = workload
        self.counts = [counts[a] for a in domain.attributes]
        self.levels: list[Labels] = [np.arange(s) for s in domain.sizes]
        self.sizes: tuple[int, ...] = domain.sizes
        self._groups: dict[tuple[int, int], Labels | None] = {}
        self._axes: dict[tuple[int, int], Axis] = {}

    def merge(self, thresholds: Mapping[str, float]) -> None:
        """Merge codes into levels of at least `thresholds[attribute]` rows where that is possible."""
        for index, name in enumerate(self.domain.attributes):
            classes = _classes(self.workload, name, self.domain.size(name))
            self.levels[index] = merge(
                self.counts[index],
                threshold=thresholds[name],
                ordinal=name in self.workload.ordinal,
                missing=name in self.workload.missing,
                classes=classes,
            )
        self.sizes = tuple(int(level.max()) + 1 for level in self.levels)
        self._groups.clear()
        self._axes.clear()

    def masses(self, index: int) -> Array:
        """Return the one-way rows per level."""
        mass = np.bincount(self.levels[index], weights=self.counts[index])
        return np.asarray(mass, dtype=np.float64)

    def densities(self) -> list[Array]:
        """Return, per attribute, the share of each code within its level."""
        out = []
        for level, counts in zip(self.levels, self.counts):
            mass = np.bincount(level, weights=counts)
            many = np.bincount(level)
            inside = mass[level] > 0
            out.append(np.where(inside, counts / np.where(inside, mass[level], 1.0), 1.0 / many[level]))
        return out

    def groups(self, scope: tuple[int, ...], cells: float) -> tuple[Labels | None, ...]:
        """Return groups of levels for a table over `scope` with about `cells` cells."""
        sizes = [self.sizes[i] for i in scope]
        return tuple(self._group(i, kept) for i, kept in zip(scope, resolutions(sizes, cells)))

    def _group(self, index: int, kept: int) -> Labels | None:
        key = (index, kept)
        if key not in self._groups:
            mass = self.masses(index)
            if kept >= len(mass):
                self._groups[key] = None
            else:
                name = self.domain.attributes[index]
                apart = int((self.levels[index] == self.levels[index][-1]).sum()) == 1
                self._groups[key] = merge(
                    mass,
                    most=kept,
                    ordinal=name in self.workload.ordinal,
                    missing=apart and name in self.workload.missing,
                    classes=_classes_of_levels(self.workload, name, self.levels[index]),
                )
        return self._groups[key]

    def axis(self, index: int, group: Labels | None) -> Axis:
        """Return the axis of a query on groups of levels; equal groups give the same object."""
        size = self.sizes[index] if group is None else int(group.max()) + 1
        key = (index, size)
        found = self._axes.get(key)
        if found is None:
            name = self.domain.attributes[index]
            labels = self.levels[index] if group is None else group[self.levels[index]]
            whole = size == len(labels)
            found = Axis(name, size, None if whole else labels)
            self._axes[key] = found
        return found

    def coarsen(self, scope: tuple[int, ...], table: Array) -> Array:
        """Return a table over codes of `scope` summed to levels."""
        shape = [self.sizes[index] for index in scope]
        return coarsen(table, tuple(self.levels[index] for index in scope), shape)


def _classes(workload: Workload, name: str, size: int) -> Labels | None:
    """Return classes of codes that no structural zero tells apart; None when there is one class.

    Where the classes are too many for a model, zeros are left to rejection and nothing is told apart.
    """
    rows: list[list[bytes]] = [[] for _ in range(size)]
    for clique, mask in workload.zeros:
        if name in clique:
            table = np.moveaxis(np.asarray(mask, dtype=bool), clique.index(name), 0)
            for code in range(size):
                rows[code].append(np.ascontiguousarray(table[code]).tobytes())
    _, inverse = np.unique([b"/".join(r) + b"." for r in rows], return_inverse=True)
    labels: Labels = inverse.reshape(-1).astype(np.int64)
    return None if labels.max() == 0 or labels.max() >= MOST_LEVELS else labels


def _classes_of_levels(workload: Workload, name: str, levels: Labels) -> Labels | None:
    classes = _classes(workload, name, len(levels))
    if classes is None:
        return None
    out = np.zeros(int(levels.max()) + 1, dtype=np.int64)
    out[levels] = classes
    return out
