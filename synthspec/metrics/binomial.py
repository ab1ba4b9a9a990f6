"""Intervals of a share that was counted in trials: exact (Clopper-Pearson) and short (Wilson).

Clopper-Pearson covers the true share at least as often as it says, for every share and number of
trials: what a verdict may rest on. Wilson's is shorter, centred better and covers about as often as
it says: what a figure is drawn with.

Source: Clopper & Pearson 1934, Biometrika 26; Wilson 1927, JASA 22; Brown, Cai & DasGupta 2001.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Interval(NamedTuple):
    """The two ends of a share's interval, inside 0..1."""

    low: float
    high: float


def clopper_pearson(hits: int, trials: int, confidence: float) -> Interval:
    """Return the exact two-sided interval: each end is missed with probability (1 - confidence)/2 at most.

    Args:
        hits: how many trials were hits, 0..trials.
        trials: 0 says nothing: the interval is 0..1.
        confidence: strictly between 0 and 1.
    """
    tail = _tail(hits, trials, confidence) / 2
    return Interval(lower_bound(hits, trials, 1 - tail, tail), upper_bound(hits, trials, 1 - tail, tail))


def lower_bound(hits: int, trials: int, confidence: float, tail: float | None = None) -> float:
    """Return the exact one-sided bound that the share exceeds, wrong with 1 - confidence at most.

    Args:
        hits: how many trials were hits, 0..trials.
        trials: how many there were.
        confidence: strictly between 0 and 1.
        tail: 1 - confidence, where that is too small to be told from 0 beside 1.
    """
    from scipy.special import betaincinv

    alpha = _tail(hits, trials, confidence) if tail is None else tail
    return float(betaincinv(hits, trials - hits + 1, alpha)) if hits else 0.0


def upper_bound(hits: int, trials: int, confidence: float, tail: float | None = None) -> float:
    """Return the exact one-sided bound that the share stays below, wrong with 1 - confidence at most.

    The mirror of `lower_bound`: by misses instead of hits, so that no small tail is taken from 1.
    """
    return 1.0 - lower_bound(trials - hits, trials, confidence, tail)


def wilson(hits: int, trials: int, confidence: float) -> Interval:
    """Return Wilson's score interval.

    Args:
        hits: how many trials were hits, 0..trials.
        trials: 0 says nothing: the interval is 0..1.
        confidence: strictly between 0 and 1.
    """
    from scipy.special import ndtri

    tail = _tail(hits, trials, confidence)
    if trials == 0:
        return Interval(0.0, 1.0)
    z2 = float(ndtri(tail / 2)) ** 2
    share = hits / trials
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(z2 * (share * (1 - share) + z2 / (4 * trials)) / trials) / (1 + z2 / trials)
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return Interval(low, 1.0 if hits == trials else min(1.0, middle + half))


def _tail(hits: int, trials: int, confidence: float) -> float:
    if not 0 <= hits <= trials:
        raise ValueError("hits lie in 0..trials")
    if not 0 < confidence < 1:
        raise ValueError("a confidence lies strictly between 0 and 1")
    return 1.0 - confidence
