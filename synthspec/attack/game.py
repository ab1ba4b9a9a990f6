"""A distinguishing game: guess from a score whether one unit was there, and what the guesses prove.

A world is played many times with the unit and many times without. A threshold on the attacker's score is
chosen on one half of the plays and tested on the other, so that the choice costs no confidence. Of the
second half, the share of right guesses has an exact lower bound and that of wrong ones an exact upper bound,
each wrong with probability `alarm` at most; from both follow bounds below mu and below epsilon, whatever the
score was. A score that is bad proves little; it never proves too much.

With slack: an output that is anything at all with probability delta0 has, at false rate a, a true rate of
delta0 + (1 - delta0) Phi(mu + Phi^-1(a / (1 - delta0))) at most; `mu_proved` inverts that.

Source: Jagielski, Ullman & Oprea 2020, arXiv:2006.07709 (the game); Nasr et al. 2023, arXiv:2302.07956 (mu
from both rates); Clopper & Pearson 1934 (the bounds); the slack and the halves: ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.metrics.binomial import lower_bound, upper_bound

Array = NDArray[np.float64]

ALARM = 1e-6
"""How often each of the two bounds may be wrong."""
SMOOTH = 4
"""A cut is judged with its neighbours, a quarter of all."""


@dataclass(frozen=True)
class Proof:
    """What a game proved.

    Attributes:
        tested: plays of each world in the half that was tested.
        right: how often "it is there" was said where it was.
        wrong: how often it was said where it was not.
        true_rate: a lower bound on the share of right ones.
        false_rate: an upper bound on the share of wrong ones.
        mu: mu is at least so much.
        epsilon: epsilon at the game's delta is at least so much.
        guess: the mu that the plain shares point to; no bound.
    """

    tested: int
    right: int
    wrong: int
    true_rate: float
    false_rate: float
    mu: float
    epsilon: float
    guess: float


def proof(
    there: Array, away: Array, *, delta0: float = 0.0, delta: float = 1e-6, alarm: float = ALARM
) -> Proof:
    """Return what scores of plays with the unit and of plays without it prove.

    Args:
        there: the scores of plays with the unit, at least 2, in the order that they were played.
        away: as many of plays without it.
        delta0: the slack of the claim.
        delta: where epsilon is bounded.
        alarm: how often each of the two bounds may be wrong.
    """
    if there.shape != away.shape or len(there) < 2:
        raise ValueError("a game needs two plays or more of each world, as many of one as of the other")
    half = len(there) // 2
    cut = best_cut(there[:half], away[:half], alarm)
    tested = len(there) - half
    right, wrong = int((there[half:] >= cut).sum()), int((away[half:] >= cut).sum())
    true_rate, false_rate = _low(right, tested, alarm), _high(wrong, tested, alarm)
    return Proof(
        tested=tested,
        right=right,
        wrong=wrong,
        true_rate=true_rate,
        false_rate=false_rate,
        mu=max(0.0, mu_proved(true_rate, false_rate, delta0)),
        epsilon=max(0.0, epsilon_proved(true_rate, false_rate, delta)),
        guess=max(0.0, mu_proved((right + 0.5) / (tested + 1), (wrong + 0.5) / (tested + 1), delta0)),
    )


def best_cut(there: Array, away: Array, alarm: float) -> float:
    """Return the least score at which "it is there" is said: the one that proves most on these plays."""
    from scipy.special import ndtri

    cuts = np.unique(np.concatenate([there, away]))
    rights = len(there) - np.searchsorted(np.sort(there), cuts, side="left")
    wrongs = len(away) - np.searchsorted(np.sort(away), cuts, side="left")
    low, high = _tables(len(there), alarm)
    with np.errstate(invalid="ignore"):
        found = ndtri(low[rights]) - ndtri(high[wrongs])
    found = np.where(np.isfinite(found), found, -10.0)
    wide = len(cuts) // SMOOTH  # where there are many, no cut is chosen for the luck of its own few plays
    if wide > 1:
        smooth = np.convolve(np.pad(found, wide, mode="edge"), np.ones(wide) / wide, mode="same")
        found = smooth[wide : wide + len(cuts)]
    return float(cuts[int(np.argmax(found))])


def mu_proved(true_rate: float, false_rate: float, delta0: float = 0.0) -> float:
    """Return the least mu at which such rates are possible; the two ways to name the worlds both count."""
    from scipy.special import ndtri

    def one(true: float, false: float) -> float:
        power, size = (true - delta0) / (1 - delta0), false / (1 - delta0)
        return -math.inf if power <= 0 or size >= 1 else float(ndtri(min(power, 1.0)) - ndtri(size))

    return max(one(true_rate, false_rate), one(1 - false_rate, 1 - true_rate))


def epsilon_proved(true_rate: float, false_rate: float, delta: float) -> float:
    """Return the least epsilon at which such rates are possible at `delta`; -inf where any is."""

    def one(true: float, false: float) -> float:
        if true <= delta:
            return -math.inf
        return math.log((true - delta) / false) if false > 0 else math.inf

    return max(one(true_rate, false_rate), one(1 - false_rate, 1 - true_rate))


def provable(runs: int, delta0: float = 0.0, alarm: float = ALARM) -> float:
    """Return the most that `runs` plays of each world can prove of mu: every guess right."""
    tested = runs - runs // 2
    return max(0.0, mu_proved(_low(tested, tested, alarm), _high(0, tested, alarm), delta0))


def chance_of_proof(
    true_mu: float, claim: float, runs: int, delta0: float = 0.0, alarm: float = ALARM
) -> float:
    """Return how likely `runs` plays of each world prove more than `claim` where `true_mu` is true.

    The attack is taken to reach the curve of `true_mu` exactly, and the cut to be the best one of a grid.
    """
    from scipy.special import bdtr, bdtrc, ndtr

    tested = runs - runs // 2
    rights, wrongs = _needed(tested, claim, delta0, alarm)
    best = 0.0
    for cut in np.linspace(0.0, true_mu, 41):
        cells = bdtr(np.arange(tested + 1), tested, float(ndtr(-cut)))
        mass = np.diff(cells, prepend=0.0)
        caught = np.where(rights <= 0, 1.0, bdtrc(rights - 1, tested, float(ndtr(true_mu - cut))))
        best = max(best, float((mass * np.where(rights > tested, 0.0, caught))[wrongs].sum()))
    return min(1.0, best)


def _needed(
    tested: int, claim: float, delta0: float, alarm: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the fewest right guesses that prove more than `claim`, for every number of wrong ones."""
    low, high = _tables(tested, alarm)
    wrongs = np.arange(tested + 1)
    proved = np.array([_most(low, float(size), claim, delta0) for size in high])
    return proved, wrongs


def _most(low: Array, size: float, claim: float, delta0: float) -> int:
    from scipy.special import ndtr, ndtri

    if size >= 1 - delta0:
        return len(low)
    need = delta0 + (1 - delta0) * float(ndtr(claim + ndtri(size / (1 - delta0))))
    return int(np.searchsorted(low, need, side="right"))


def _tables(tested: int, alarm: float) -> tuple[Array, Array]:
    """Return the lower bounds of a share by its hits, and the upper ones; shape (tested + 1,) each."""
    from scipy.special import betaincinv

    hits = np.arange(tested + 1)
    low = np.zeros(tested + 1)
    low[1:] = betaincinv(hits[1:], tested - hits[1:] + 1, alarm)
    return low, 1.0 - low[::-1]


def _low(hits: int, tested: int, alarm: float) -> float:
    return lower_bound(hits, tested, 1 - alarm, alarm)


def _high(hits: int, tested: int, alarm: float) -> float:
    return upper_bound(hits, tested, 1 - alarm, alarm)
