"""Exposed: how scores of people of the table lie among scores of others, person by person; class I.

An attack that finds nothing on average may still be right about a few: so the members are sorted into
bands by where their scores fall among those of the control, and the 1 % it is surest of are looked at
alone. Nobody is named: all that leaves are numbers of people.

Source: Carlini et al. 2022, arXiv:2112.03570 (low false-positive rates); Meeus et al. 2023,
arXiv:2306.10308 (risk of single records); the posterior: Bayes' rule at even odds.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from synthspec.attack.outcome import Amount, Band, Exposed, Point, Share, Worst
from synthspec.attack.table import FloatArray

EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0)
"""Ends of the bands: the share of others with a lower score."""

WORST = 0.01
"""The share of the members who are looked at alone."""

GRID = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""False-positive rates of the curve."""

LEAST = 20
"""Others on each half below which no band is told."""


def exposed(
    members: FloatArray, others: FloatArray, bound: Callable[[float], float] | None = None
) -> Exposed | None:
    """Return where members lie among others; None without either.

    Args:
        members: scores of people in the table, shape (members,); higher means "member".
        others: scores of people who are not, shape (others,).
        bound: the most members any attack can find at a false-positive rate.
    """
    if not len(members) or not len(others):
        return None
    points = tuple(
        Point(rate=rate, members=float((members >= _line(others, rate)).mean()))
        for rate in GRID
        if rate * len(others) >= 1
    )
    return Exposed(bands=_bands(members, others), worst=_worst(members, others, bound), curve=points)


def _line(others: FloatArray, rate: float) -> float:
    """Return the lowest score that at most `rate` of the others reach; above all where ties forbid it."""
    order = np.sort(others)[::-1]
    allowed = math.floor(rate * len(order) + 1e-9)
    if allowed >= len(order):
        return -math.inf
    return float(np.nextafter(order[allowed], math.inf))


def _bands(members: FloatArray, others: FloatArray) -> tuple[Band, ...]:
    """Return the bands: their ends are found on one half of the others, counted on the other half."""
    marks, counted = others[0::2], others[1::2]
    if min(len(marks), len(counted)) < LEAST:
        return ()
    inner = np.quantile(marks, EDGES[1:-1])
    mine, theirs = (
        np.bincount(np.searchsorted(inner, each, side="left"), minlength=len(EDGES) - 1)
        for each in (members, counted)
    )
    return tuple(
        Band(
            low=low, high=high, members=Share.of(int(a), len(members)), others=Share.of(int(b), len(counted))
        )
        for low, high, a, b in zip(EDGES[:-1], EDGES[1:], mine, theirs, strict=True)
    )


def _worst(members: FloatArray, others: FloatArray, bound: Callable[[float], float] | None) -> Worst:
    line = np.sort(members)[::-1][max(1, math.ceil(WORST * len(members))) - 1]
    hit = Share.of(int((members >= line).sum()), len(members))
    false = Share.of(int((others >= line).sum()), len(others))
    right = Amount(
        value=_right(hit.value, false.value),
        low=_right(hit.low, false.high),
        high=_right(hit.high, false.low),
    )
    if bound is None:
        return Worst(members=hit, others=false, right=right)
    # the curve holds for the two questions swapped, too: 1 - rate <= bound(1 - found)
    least = max(0.0, 1 - bound(max(0.0, 1 - hit.value)))
    return Worst(members=hit, others=false, right=right, bound=_right(hit.value, least))


def _right(found: float, rate: float) -> float:
    return found / (found + rate) if found + rate > 0 else 0.5
