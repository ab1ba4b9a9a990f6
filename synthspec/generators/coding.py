"""The model's view of the codes: levels per attribute, densities inside levels, groupings of levels.

Source: ours; PRIVACY 6.2 and 6.4 of the design.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Workload
from synthspec.generators.conditionals import gaps, patterns, unmerged
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
        self._axes: dict[tuple[int, bytes], Axis] = {}

    def merge(self, thresholds: Mapping[str, float]) -> None:
        """Merge codes into levels of at least `thresholds[attribute]` rows where that is possible."""
        alone = unmerged(self.workload)
        for index, name in enumerate(self.domain.attributes):
            if name in alone:
                continue
            classes = told_apart(self.workload, name, self.domain.size(name))
            self.levels[index] = merge(
                self.counts[index],
                threshold=thresholds[name],
                ordinal=name in self.workload.ordinal,
                missing=name in self.workload.missing,
                classes=classes,
                kin=self.workload.kin.get(name),
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

    def groups(
        self, scope: tuple[int, ...], cells: float, gaps: frozenset[int] = frozenset()
    ) -> tuple[Labels | None, ...]:
        """Return groups of levels for a table over `scope` with about `cells` cells.

        Attributes in `gaps` have two groups, present and missing: their last level is "missing" alone.
        """
        sizes = [min(self.sizes[i], 2) if i in gaps else self.sizes[i] for i in scope]
        kept = resolutions(sizes, cells)
        return tuple(self._gap(i) if i in gaps else self._group(i, most) for i, most in zip(scope, kept))

    def _gap(self, index: int) -> Labels | None:
        many = self.sizes[index]
        return None if many <= 2 else (np.arange(many) == many - 1).astype(np.int64)

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
                    kin=self._kin(index),
                )
        return self._groups[key]

    def _kin(self, index: int) -> Labels | None:
        """Return the kind of each level: that of its largest code."""
        kin = self.workload.kin.get(self.domain.attributes[index])
        if kin is None:
            return None
        out = np.zeros(self.sizes[index], dtype=np.int64)
        rising = np.argsort(self.counts[index], kind="stable")
        out[self.levels[index][rising]] = kin[rising]
        return out

    def axis(self, index: int, group: Labels | None) -> Axis:
        """Return the axis of a query on groups of levels; equal groups give the same object."""
        size = self.sizes[index] if group is None else int(group.max()) + 1
        name = self.domain.attributes[index]
        labels = self.levels[index] if group is None else group[self.levels[index]]
        key = (index, labels.tobytes())
        found = self._axes.get(key)
        if found is None:
            whole = size == len(labels)
            found = Axis(name, size, None if whole else labels)
            self._axes[key] = found
        return found

    def coarsen(self, scope: tuple[int, ...], table: Array) -> Array:
        """Return a table over codes of `scope` summed to levels."""
        shape = [self.sizes[index] for index in scope]
        return coarsen(table, tuple(self.levels[index] for index in scope), shape)


def told_apart(workload: Workload, name: str, size: int) -> Labels | None:
    """Return the classes of `_classes`, split by published tables and declared edges of `x.missing`."""
    always = patterns(workload, name)
    if name in gaps(workload) and name in workload.missing:
        always.append([b"present"] * (size - 1) + [b"missing"])
    zeros = _classes(workload, name, size)
    if not always:
        return zeros
    if zeros is not None:
        both = _numbered([*always, [b"%d" % label for label in zeros]])
        if both.max() < MOST_LEVELS:
            return both
    labels = _numbered(always)
    return None if labels.max() == 0 else labels


def _classes(workload: Workload, name: str, size: int) -> Labels | None:
    """Return classes of codes that no structural zero tells apart; None when there is one class.

    Where the classes are too many for a model, zeros are left to rejection and nothing is told apart.
    """
    marks: list[list[bytes]] = []
    for clique, mask in workload.zeros:
        if name in clique:
            table = np.moveaxis(np.asarray(mask, dtype=bool), clique.index(name), 0)
            marks.append([np.ascontiguousarray(table[code]).tobytes() for code in range(size)])
    if not marks:
        return None
    labels = _numbered(marks)
    return None if labels.max() == 0 or labels.max() >= MOST_LEVELS else labels


def _numbered(marks: list[list[bytes]]) -> Labels:
    """Return the class of each code: codes with equal marks have one."""
    _, inverse = np.unique([b"/".join(row) + b"." for row in zip(*marks)], return_inverse=True)
    return inverse.reshape(-1).astype(np.int64)


def _classes_of_levels(workload: Workload, name: str, levels: Labels) -> Labels | None:
    classes = _classes(workload, name, len(levels))
    if classes is None:
        return None
    out = np.zeros(int(levels.max()) + 1, dtype=np.int64)
    out[levels] = classes
    return out
