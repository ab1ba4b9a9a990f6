"""One-run audits: many canaries, each put in by its own coin, and guesses at the coins after one run.

The attacker gives every canary a score, guesses at the coins of the surest ones and abstains from the rest.

* If the run is (epsilon, delta)-DP, so many of his guesses are right only with the probability of `chance`.
* If it is mu-GDP with slack, let p_i be the probability of exactly i right guesses out of g, m the canaries,
  and F(x) the most that an event of probability x without a canary can have with it (and the reverse). To
  flip a canary's coin turns "i right, this one among them" into "i - 1 right, this one not among them", so
  that, summed over canaries and by the concavity of F, for every i:
  sum_(j > i) p_j j / m <= F(sum_(j >= i) p_j (g - j) / m). `possible` gives the p_j the least total that
  these allow when P[right or more] is the alarm: greedily from above, since every bound on the total from i
  up rises with those before it. A total above 1 excludes mu.

Both are weaker than a game of many runs. `chance_of_proof` says how likely they are to prove anything, which
is printed beside each result.

Source: Steinke, Nasr & Jagielski 2023, arXiv:2305.08846, Thm 5.2 (`chance`); Mahloujifar, Melis & Chaudhuri
2024, arXiv:2410.22235, Thm 3.2 and Alg. 3 (`possible`); the argument above, with slack: ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PARTS = (1.0, 0.5, 0.25, 0.1)
"""Parts of the canaries that are guessed at, the surest first; each reading has its share of the alarm."""

MOST = 16.0
"""The largest mu that is looked for."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Guessed:
    """Guesses at the coins of the surest canaries.

    Attributes:
        canaries: how many there were.
        guesses: how many coins were guessed at.
        right: how many of the guesses were right.
        mu: mu is at least so much.
        epsilon: epsilon at the audit's delta is at least so much.
    """

    canaries: int
    guesses: int
    right: int
    mu: float
    epsilon: float


def chance(canaries: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """Return a bound on the probability of `right` right guesses or more under (epsilon, delta)-DP.

    With W ~ Binomial(guesses, 1 / (1 + e^-epsilon)): P[W >= right] + 2 canaries delta a, a the largest over
    i of P[right - i <= W < right] / i.
    """
    if not 0 <= right <= guesses <= canaries:
        raise ValueError("right guesses are guesses, and guesses are at canaries")
    from scipy.special import bdtr, bdtrc

    share = 1 / (1 + math.exp(-epsilon))
    tail = 1.0 if right == 0 else float(bdtrc(right - 1, guesses, share))
    if right == 0 or delta <= 0:
        return min(1.0, tail)
    below = bdtr(np.arange(right), guesses, share)  # P[W <= k], k < right
    mass = below[-1] - np.concatenate([below[-2::-1], [0.0]])  # P[right - i <= W < right], i = 1..right
    return float(min(1.0, tail + 2 * canaries * delta * max(mass / np.arange(1, right + 1))))


def possible(
    canaries: int, guesses: int, right: int, mu: Array, delta0: float, alarm: float
) -> NDArray[np.bool_]:
    """Return for each mu whether `right` right guesses or more can have the probability `alarm`.

    Args:
        canaries: how many there were.
        guesses: how many coins were guessed at.
        right: how many were right.
        mu: claims, in any shape.
        delta0: the slack of the claims.
        alarm: the probability.
    """
    from scipy.special import ndtr, ndtri

    hit = np.full(mu.shape, alarm * right / canaries)
    miss = np.full(mu.shape, alarm * (guesses - right) / canaries)
    for i in range(right - 1, -1, -1):
        power = np.clip((hit - delta0) / (1 - delta0), 0.0, 1.0)
        before, miss = miss, np.maximum(miss, (1 - delta0) * ndtr(ndtri(power) - mu))
        hit = hit + i / (guesses - i) * (miss - before)
    return np.asarray(hit + miss <= guesses / canaries)


def epsilon_proved(canaries: int, guesses: int, right: int, delta: float, alarm: float) -> float:
    """Return the largest epsilon that so many right guesses exclude at `delta`, 0.0 where none is."""
    return _largest(lambda e: chance(canaries, guesses, right, e, delta) <= alarm, 20.0)


def mu_proved(canaries: int, guesses: int, right: int, alarm: float, delta0: float = 0.0) -> float:
    """Return the largest mu that so many right guesses exclude, 0.0 where none is."""
    low, high = 0.0, MOST
    for _ in range(3):  # a grid of 32 a time
        mus = np.linspace(low, high, 33)
        excluded = ~possible(canaries, guesses, right, mus, delta0, alarm)
        if not excluded[0]:
            return 0.0
        last = int(np.argmin(excluded)) - 1 if not excluded.all() else 31
        low, high = float(mus[last]), float(mus[last + 1])
    return low


def read(coins: NDArray[np.bool_], scores: Array, delta: float, alarm: float, delta0: float = 0.0) -> Guessed:
    """Return the strongest of the readings of one run.

    Args:
        coins: whether each canary was put in.
        scores: positive where the attacker believes that it was, the surer the larger.
        delta: where epsilon is bounded.
        alarm: how often any of the readings may be wrong.
        delta0: the slack of the claim.
    """
    order = np.argsort(-np.abs(scores), kind="stable")
    hits = np.cumsum((scores[order] > 0) == coins[order])
    found = []
    for part in PARTS:
        guesses = max(1, round(part * len(coins)))
        right = int(hits[guesses - 1])
        each = alarm / len(PARTS)
        found.append(
            Guessed(
                len(coins),
                guesses,
                right,
                mu_proved(len(coins), guesses, right, each, delta0),
                epsilon_proved(len(coins), guesses, right, delta, each),
            )
        )
    return max(found, key=lambda each: (each.mu, each.epsilon))


def provable(canaries: int, alarm: float) -> float:
    """Return the most that one run can prove of mu: every guess right."""
    guesses = [max(1, round(part * canaries)) for part in PARTS]
    return max(mu_proved(canaries, each, each, alarm / len(PARTS)) for each in guesses)


def chance_of_proof(strengths: Array, claim: float, alarm: float, plays: int = 200) -> float:
    """Return how likely one run proves more than `claim`, by plays of the guesses alone.

    Args:
        strengths: how many standard deviations apart a canary's score is with it and without it.
        claim: the claimed mu.
        alarm: as of the audit.
        plays: how many.
    """
    canaries = len(strengths)
    need = {
        round(part * canaries): _fewest(canaries, max(1, round(part * canaries)), claim, alarm / len(PARTS))
        for part in PARTS
    }
    rng, caught = np.random.Generator(np.random.Philox(7)), 0
    for _ in range(plays):
        coins = rng.random(canaries) < 0.5
        scores = strengths * ((coins - 0.5) * strengths + rng.standard_normal(canaries))
        order = np.argsort(-np.abs(scores))
        hits = np.cumsum((scores[order] > 0) == coins[order])
        caught += any(hits[max(1, guesses) - 1] >= least for guesses, least in need.items())
    return caught / plays


def normals(rows: Sequence[Array], answers: Sequence[Array], canaries: int) -> tuple[Array, Array]:
    """Return X'X and X'y of linear answers y = X b + N(0, 1) at the coins b.

    Args:
        rows: what each canary adds, shape (numbers of the answer, canaries), one per answer.
        answers: what was answered, less what all others add, in standard deviations of its noise.
        canaries: how many.
    """
    normal, seen = np.zeros((canaries, canaries)), np.zeros(canaries)
    for x, y in zip(rows, answers, strict=True):
        normal += x.T @ x
        seen += x.T @ y
    return normal, seen


def decoded(normal: Array, seen: Array) -> Array:
    """Return the best linear guesses at independent coins of mean 1/2 and variance 1/4, less 1/2."""
    found: Array = np.linalg.solve(normal + 4 * np.eye(len(seen)), seen - normal.sum(1) / 2)
    return found


def strengths(normal: Array, factor: float = 1.0) -> Array:
    """Return how many deviations apart each canary's score is with it and without, at noise 1 / factor."""
    left = np.diag(np.linalg.inv(factor**2 * normal + 4 * np.eye(len(normal))))
    held = np.clip(1 - 4 * left, 0.0, 1 - 1e-12)  # the part of a coin's variance that is explained
    return np.asarray(np.sqrt(4 * held / (1 - held)))


def _fewest(canaries: int, guesses: int, claim: float, alarm: float) -> int:
    """Return the fewest right guesses that exclude `claim`; more than all where none do."""
    low, high, one = 0, guesses + 1, np.array([claim])
    while low < high:
        middle = (low + high) // 2
        if middle <= guesses and possible(canaries, guesses, middle, one, 0.0, alarm)[0]:
            low = middle + 1
        else:
            high = middle
    return low


def _largest(excluded: object, most: float) -> float:
    """Return the largest value that is excluded, rounded down; what is excluded ends somewhere."""
    assert callable(excluded)
    if not excluded(0.0):
        return 0.0
    low, high = 0.0, most
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if excluded(middle) else (low, middle)
    return low
