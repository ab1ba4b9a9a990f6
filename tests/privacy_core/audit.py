"""A neighbour game: guess the table from the answer, and bound mu from below by the guesses.

The lower bound is Phi^-1(TPR) - Phi^-1(FPR) at Clopper-Pearson bounds that both hold with
probability 1 - 2e-10, so a right mechanism fails with probability under 1e-9.
"""

from __future__ import annotations

from collections.abc import Callable

from scipy import stats

ALARM = 1e-10


def at_least(hits: int, runs: int) -> float:
    """Return a lower confidence bound on the rate behind `hits` of `runs`."""
    return float(stats.beta.ppf(ALARM, hits, runs - hits + 1)) if hits else 0.0


def at_most(hits: int, runs: int) -> float:
    """Return an upper confidence bound on the rate behind `hits` of `runs`."""
    return float(stats.beta.ppf(1 - ALARM, hits + 1, runs - hits)) if hits < runs else 1.0


def mu_at_least(with_unit: Callable[[], bool], without: Callable[[], bool], runs: int) -> float:
    """Return a lower bound on mu from an attack that says "with" on each neighbour `runs` times."""
    right = sum(with_unit() for _ in range(runs))
    wrong = sum(without() for _ in range(runs))
    return bound(right, wrong, runs)


def bound(right: int, wrong: int, runs: int) -> float:
    """Return the lower bound on mu from `right` and `wrong` claims of "with" out of `runs` each."""
    return float(stats.norm.ppf(at_least(right, runs)) - stats.norm.ppf(at_most(wrong, runs)))
