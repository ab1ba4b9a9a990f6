"""Levels: codes merged until a level holds enough rows to stand out from the noise.

Source: ours; PRIVACY 6.2 of the design.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST_LEVELS = 128

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def merge(
    mass: Array,
    *,
    threshold: float = 0.0,
    most: int = MOST_LEVELS,
    ordinal: bool = False,
    missing: bool = False,
    classes: Labels | None = None,
) -> Labels:
    """Return the level of each cell of `mass`, numbered in the order of their first cells.

    Args:
        mass: rows per cell.
        threshold: levels below it are merged with others.
        most: at most this many levels, if `classes` allow.
        ordinal: only neighbours are merged; otherwise the smallest ones.
        missing: the last cell means "missing": never merged when it reaches the threshold (or there
            are only ordinals beside it and it holds anything), otherwise joined to the smallest level.
        classes: cells of different classes are never merged (structural zeros tell them apart).
    """
    classes = np.zeros(len(mass), dtype=np.int64) if classes is None else classes
    if not missing or len(mass) < 2:
        return _number(_merge(mass, threshold, most, classes, ordinal=ordinal))
    front = _merge(mass[:-1], threshold, max(most - 1, 1), classes[:-1], ordinal=ordinal)
    alone = int(front.max()) + 1
    if (mass[-1] >= threshold and mass[-1] > 0 and most > 1) or not np.any(classes[:-1] == classes[-1]):
        return _number(np.append(front, alone))
    held = np.bincount(front, weights=mass[:-1], minlength=alone)
    allowed = [int(front[i]) for i in np.flatnonzero(classes[:-1] == classes[-1])]
    return _number(np.append(front, min(allowed, key=lambda level: (held[level], level))))


def _merge(mass: Array, threshold: float, most: int, classes: Labels, *, ordinal: bool) -> Labels:
    groups = [[i] for i in range(len(mass))]
    held = [float(m) for m in mass]
    kinds = [int(c) for c in classes]
    if not ordinal:
        order = sorted(range(len(mass)), key=lambda i: (kinds[i], held[i], i))
        groups, held, kinds = [groups[i] for i in order], [held[i] for i in order], [kinds[i] for i in order]
    stuck: set[int] = set()  # by the first cell of a group that has no partner
    while len(groups) > 1:
        free = [i for i in range(len(groups)) if groups[i][0] not in stuck]
        if not free:
            break
        low = min(free, key=held.__getitem__)
        if held[low] >= threshold and len(groups) <= most:
            break
        near = [i for i in _partners(low, len(groups), ordinal=ordinal) if kinds[i] == kinds[low]]
        if not near:
            stuck.add(groups[low][0])
            continue
        with_ = min(near, key=held.__getitem__)
        keep, drop = min(low, with_), max(low, with_)
        groups[keep] = groups[keep] + groups[drop]
        held[keep] += held[drop]
        del groups[drop], held[drop], kinds[drop]
    labels = np.empty(len(mass), dtype=np.int64)
    for level, members in enumerate(groups):
        labels[members] = level
    return labels


def _partners(index: int, count: int, *, ordinal: bool) -> list[int]:
    if ordinal:
        return [i for i in (index - 1, index + 1) if 0 <= i < count]
    return [i for i in range(count) if i != index]


def _number(labels: Labels) -> Labels:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.reshape(-1)]


def resolutions(sizes: Sequence[int], cells: float) -> list[int]:
    """Return how many groups each axis of a table may keep so that their product is about `cells`.

    The shorter axes keep their levels first; none gets fewer than two.
    """
    out = list(sizes)
    budget = max(cells, 1.0)
    order = sorted(range(len(sizes)), key=lambda i: (sizes[i], i))
    for place, i in enumerate(order):
        fair = budget ** (1 / (len(order) - place))
        out[i] = sizes[i] if sizes[i] <= fair else max(2, int(fair))
        budget = max(budget / out[i], 1.0)
    return [min(size, kept) for size, kept in zip(sizes, out)]
