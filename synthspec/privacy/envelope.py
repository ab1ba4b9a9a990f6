"""The Gaussian envelope of a loss distribution: the least mu whose claim covers it.

A purchase costs (mu, delta0) when, in both orders of each pair of neighbours and for every epsilon >= 0,

    delta_run(epsilon) <= delta0 + (1 - delta0) delta_mu(epsilon).                              (*)

*Enough.* The right side is the profile of the pair "with probability delta0 all is told, else N(0,1)
against N(mu,1)". Where a = e^epsilon < 1, H_a(P, Q) = 1 - a + a H_(1/a)(Q, P), and the same identity holds
for the right side, which is symmetric: (*) for the swapped pair at 1/a is (*) for the pair at a. So (*) holds
at every real epsilon, and by Blackwell's theorem the run is a post-processing of that pair (Dong, Roth & Su
2022, Thm 2.10; Zhu, Dong & Wang 2022): what `Cost` promises.

*For all epsilon, not only on a grid.* As functions of a = e^epsilon, the left side's bound (`losses`) is
linear between two neighbouring losses, and delta_mu is convex, so above its tangent at the middle. It is
enough that the tangent lies above the left side at both ends of each such interval. Beyond the largest loss
the left side is m, its infinite mass, and the right side at least delta0: m <= delta0 is required.

*In floating point.* delta_mu(epsilon) = phi(v) (M(v) - M(v + mu)), v = epsilon/mu - mu/2, M the Mills ratio;
its tangent in a replaces M(v + mu) by e^(epsilon - middle) M(v + mu). Each M and Phi is moved by MARGIN to
the unfavourable side (`scipy.special.erfcx` states 1e-13), the left side up by the same.

Source: Dong, Roth & Su 2022, "Gaussian Differential Privacy"; the argument between grid points is ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synthspec.privacy.losses import Losses, Masses

MARGIN = 1e-12
LARGEST = 64.0
"""No mu above this is priced: it protects nobody."""

CLOSE = 1e-9
"""Relative width at which the search for mu stops."""


@dataclass(frozen=True, eq=False)
class Profile:
    """delta_run at the ends of intervals on which it is linear in e^epsilon, rounded up; shape (ends,).

    `epsilon[0]` is 0; `infinite` is its value beyond the last end.
    """

    epsilon: Masses
    delta: Masses
    infinite: float

    @classmethod
    def of(cls, losses: Losses) -> Profile:
        """Return the profile of `losses` for epsilon >= 0.

        From the largest loss down, all terms positive: with A = sum p_j e^(epsilon - l_j) over the losses
        above, one step down by d adds A (1 - e^-d) to delta and multiplies A by e^-d.
        """
        places, masses = losses.flat()
        above = places > 0
        ends = np.concatenate([[0.0], places[above]])
        mass = np.concatenate([[0.0], masses[above]])
        fade, gain = np.exp(-np.diff(ends)), -np.expm1(-np.diff(ends))
        delta, held, total = [0.0], 0.0, 0.0
        for p, f, g in zip(mass[:0:-1].tolist(), fade[::-1].tolist(), gain[::-1].tolist()):
            held += p
            total += held * g
            held *= f
            delta.append(total)
        raised = (np.array(delta[::-1]) + losses.infinite) * (1 + MARGIN + len(ends) * 1e-15)
        return cls(ends, raised, losses.infinite * (1 + MARGIN))

    def under(self, mu: float, delta0: float) -> bool:
        """Return whether (*) holds: certain when true."""
        if not self.infinite <= delta0:
            return False
        if len(self.epsilon) == 1:
            return True
        if not 0 < mu <= LARGEST:
            return False
        low, high = self.epsilon[:-1], self.epsilon[1:]
        middle = (low + high) / 2
        at_low, at_high = _tangent(mu, middle, low), _tangent(mu, middle, high)
        claimed, claimed_after = ((delta0 + (1 - delta0) * part) * (1 - 1e-15) for part in (at_low, at_high))
        return bool(np.all(self.delta[:-1] <= claimed) and np.all(self.delta[1:] <= claimed_after))

    def mu(self, delta0: float) -> float:
        """Return the least mu, to CLOSE, for which `under` holds; infinite when none up to LARGEST does."""
        if not self.under(LARGEST, delta0):
            return math.inf
        low, high = 0.0, LARGEST
        step = 2.0
        while high > 1e-12 and self.under(high / step, delta0):
            high /= step
            step = min(step * step, 1e3)
        low = high / step
        while high - low > CLOSE * high:
            middle = math.sqrt(low * high) if high > 2 * low else (low + high) / 2
            if self.under(middle, delta0):
                high = middle
            else:
                low = middle
        return high


def _tangent(mu: float, middle: Masses, epsilon: Masses) -> Masses:
    """Return, from below, the tangent at `middle` of delta_mu as a function of e^epsilon, at `epsilon`."""
    from scipy.special import erfcx, ndtr  # 0.3 s to import; most runs price no steps

    v = middle / mu - mu / 2
    with np.errstate(all="ignore"):
        density = np.exp(-(v**2) / 2) / math.sqrt(2 * math.pi)
        tilt = np.exp(epsilon - middle)
        upper = _mills(erfcx, np.maximum(v, 0.0)) * (1 - MARGIN)
        lower = _mills(erfcx, np.maximum(v + mu, 0.0)) * tilt * (1 + 2 * MARGIN)
        near = ndtr(-v) * (1 - MARGIN) - density * lower * (1 + MARGIN)
        far = density * (upper - lower) * (1 - MARGIN * (1 + v**2 / 1e3))
    found = np.where(v < 0, near, far)
    return np.where(found > 0, found, 0.0)  # a profile is never below 0; so is what overflowed


def _mills(erfcx: np.ufunc, x: Masses) -> Masses:
    """Return Phi(-x) / phi(x) for x >= 0."""
    ratio: Masses = math.sqrt(math.pi / 2) * erfcx(x / math.sqrt(2))
    return ratio
