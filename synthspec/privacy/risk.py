"""Risk: what the best possible attacker reaches against a claim (mu, delta0), in figures for people.

Pure functions of the claim: nothing here knows a release, its rows or an attack. Every figure is an
upper bound and rounded up. Two sides are told apart: whether one unit, or a group of `size` units, is
in the data or not, by an attacker who knows everything else.

With T(x) = Phi(mu + Phi^-1(x)) + delta0 the most members found at false-alarm rate x, a group of k units
has T applied k times: each step changes one unit. Without slack that is the curve of k mu. With slack,
T^k(x) <= Phi(k mu + Phi^-1(x)) + T^k(0), since a concave curve through 0 is subadditive.

Source: Dong, Roth & Su 2022 (trade-off curves; groups: Thm 2.14, the step with slack is ours); Kulynych
et al. 2025, arXiv:2507.06969 (one curve bounds membership, attribute inference and reconstruction).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from synthspec.privacy import accountant
from synthspec.privacy.cost import DELTA0_UNIT, Cost

FALSE_ALARMS = (0.1, 0.01, 0.001)
"""The false-alarm rates at which attacks are quoted."""

PRIORS = (0.01, 0.1, 0.5)
"""What an attacker may have believed beforehand."""


@dataclass(frozen=True)
class Risk:
    """The best possible attack on a group of `size` units, by anything made under (mu, delta0).

    `found` has the highest true-positive rate at each of `FALSE_ALARMS`, `right` the share of right best
    guesses at each of `PRIORS`, `advantage` the largest difference of the two rates.
    """

    mu: float
    delta0: float
    size: int
    found: tuple[float, ...]
    right: tuple[float, ...]
    advantage: float


def risk(mu: float, delta0: float = 0.0, size: int = 1) -> Risk:
    """Return the figures for a group of `size` units."""
    return Risk(
        mu=mu,
        delta0=delta0,
        size=size,
        found=tuple(tradeoff(mu, delta0, rate, size) for rate in FALSE_ALARMS),
        right=tuple(best_guess(mu, delta0, prior, size) for prior in PRIORS),
        advantage=advantage(mu, delta0, size),
    )


def tradeoff(mu: float, delta0: float, fpr: float, size: int = 1) -> float:
    """Return the highest true-positive rate of any attack at false-positive rate `fpr`."""
    if size < 1:
        raise ValueError("a group has at least one unit")
    if delta0 == 0:
        return accountant.tpr_at(fpr, accountant.group_mu(mu, size))
    rate = fpr
    for _ in range(size):
        rate = accountant.tpr_at(rate, mu, delta0)
        if rate >= 1:
            break
    return rate


def advantage(mu: float, delta0: float = 0.0, size: int = 1) -> float:
    """Return the largest TPR - FPR of any attack."""
    return accountant.advantage(*group(mu, size, delta0))


def best_guess(mu: float, delta0: float, prior: float, size: int = 1) -> float:
    """Return how often the best guess is right, for an attacker whose belief beforehand was `prior`.

    sup over attacks of prior TPR + (1 - prior) (1 - FPR) = (1 - p) + p delta(log((1 - p) / p)), with p the
    smaller of the prior and its complement: both hypotheses may be exchanged.

    Args:
        mu: of the claim.
        delta0: of the claim.
        prior: strictly between 0 and 1.
        size: of the group.
    """
    rare = min(_prior(prior), 1 - prior)
    joint, slack = group(mu, size, delta0)
    odds = max(0.0, math.log((1 - rare) / rare) * (1 - 1e-12))
    told = accountant.delta_of(joint, odds) + slack
    return min(1.0, (1 - rare + rare * told) * (1 + 1e-12))


def posterior(mu: float, delta0: float, prior: float, fpr: float = 0.01, size: int = 1) -> float:
    """Return how likely a person is in the data whom the best attack at `fpr` points at: Bayes' rule.

    Args:
        mu: of the claim.
        delta0: of the claim.
        prior: how likely it was beforehand, strictly between 0 and 1.
        fpr: false-alarm rate of the attack, above 0.
        size: of the group.
    """
    if not 0 < fpr <= 1:
        raise ValueError("a false-alarm rate above 0 is needed")
    hits = _prior(prior) * tradeoff(mu, delta0, fpr, size)
    return min(1.0, hits / (hits + (1 - prior) * fpr) * (1 + 1e-12))


def group(mu: float, size: int, delta0: float = 0.0) -> tuple[float, float]:
    """Return a claim (mu, delta0) that holds for a group of `size` units jointly: size mu, and T^size(0)."""
    return accountant.group_mu(mu, size), tradeoff(mu, delta0, 0.0, size) if delta0 else 0.0


def of_cost(cost: Cost) -> tuple[float, float]:
    """Return the (mu, delta0) of a cost, or of a sum of costs: several releases taken together."""
    return accountant.mu_in(cost), float(cost.delta0 * DELTA0_UNIT)


def _prior(prior: float) -> float:
    if not 0 < prior < 1:
        raise ValueError("a belief lies strictly between 0 and 1")
    return prior
