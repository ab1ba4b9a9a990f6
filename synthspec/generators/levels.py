"""Levels: codes merged until a level holds enough rows to stand out from the noise.

Source: ours; PRIVACY 6.2 of the design.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush, heapreplace

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
    kin: Labels | None = None,
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
        kin: cells of one kind (a chapter of diagnoses, a district) are merged before those of several;
            for nominal cells.
    """
    if kin is not None and not ordinal:
        return _by_kin(mass, threshold, most, missing, classes, kin)
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


def _by_kin(
    mass: Array, threshold: float, most: int, missing: bool, classes: Labels | None, kin: Labels
) -> Labels:
    """Merge inside each kind as far as that goes, then what is still small across kinds."""
    classes = np.zeros(len(mass), dtype=np.int64) if classes is None else classes
    inside = merge(
        mass, threshold=threshold, most=most, missing=missing, classes=classes * (int(kin.max()) + 1) + kin
    )
    held = np.asarray(np.bincount(inside, weights=mass), dtype=np.float64)
    _, first = np.unique(inside, return_index=True)
    alone = missing and int((inside == inside[-1]).sum()) == 1
    across = merge(held, threshold=threshold, most=most, missing=alone, classes=classes[first])
    return _number(across[inside])


def _merge(mass: Array, threshold: float, most: int, classes: Labels, *, ordinal: bool) -> Labels:
    order = np.arange(len(mass)) if ordinal else np.lexsort((np.arange(len(mass)), mass, classes))
    held = [float(mass[i]) for i in order]
    kinds = [int(classes[i]) for i in order]
    joins = (_neighbours if ordinal else _smallest)(held, kinds, threshold, most)
    root = np.arange(len(mass))
    for keep, drop in reversed(joins):
        root[drop] = root[keep]
    labels = np.empty(len(mass), dtype=np.int64)
    labels[order] = root
    return labels


def _neighbours(held: list[float], kinds: list[int], threshold: float, most: int) -> list[tuple[int, int]]:
    """Return which group joined which, in order: the smallest its smaller neighbour, always leftwards."""
    count = len(held)
    before, after = list(range(-1, count - 1)), [*range(1, count), -1]
    gone = [False] * count
    heap = [(mass, i) for i, mass in enumerate(held)]
    heapify(heap)
    joins: list[tuple[int, int]] = []
    while heap:
        mass, low = heappop(heap)
        if gone[low] or mass != held[low]:
            continue
        if mass >= threshold and count - len(joins) <= most:
            break
        near = [i for i in (before[low], after[low]) if i >= 0 and kinds[i] == kinds[low]]
        if not near:
            continue  # nobody of its class is left beside it
        with_ = min(near, key=held.__getitem__)
        keep, drop = min(low, with_), max(low, with_)
        held[keep] += held[drop]
        gone[drop], after[keep] = True, after[drop]
        if after[drop] >= 0:
            before[after[drop]] = keep
        joins.append((keep, drop))
        heappush(heap, (held[keep], keep))
    return joins


def _smallest(held: list[float], kinds: list[int], threshold: float, most: int) -> list[tuple[int, int]]:
    """Return which group joined which, in order: always the two smallest of a class (as Huffman does)."""
    heaps: dict[int, list[tuple[float, int]]] = {}
    for i, (mass, kind) in enumerate(zip(held, kinds)):
        heaps.setdefault(kind, []).append((mass, i))
    for each in heaps.values():
        heapify(each)
    fronts = [(each[0], kind) for kind, each in heaps.items()]
    heapify(fronts)
    joins: list[tuple[int, int]] = []
    while fronts:
        (mass, low), kind = heappop(fronts)
        if mass >= threshold and len(held) - len(joins) <= most:
            break
        heap = heaps[kind]
        if len(heap) < 2:
            continue  # alone in its class
        heappop(heap)
        other, with_ = heap[0]
        keep, drop = min(low, with_), max(low, with_)
        heapreplace(heap, (mass + other, keep))
        joins.append((keep, drop))
        heappush(fronts, (heap[0], kind))
    return joins


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
