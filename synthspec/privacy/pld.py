"""The privacy loss of the Poisson-subsampled Gaussian, one step and T steps, bounded from above.

A step adds noise N(0, s^2) to a sum to which one unit contributes a vector of norm at most 1 with
probability q. The pairs of laws, in one dimension:

    remove    P = (1 - q) N(0) + q N(1)     Q = N(0)
    add       P = N(0)                      Q = (1 - q) N(0) + q N(-1)    (mirrored: its loss rises with x)
    replace   P = (1 - q) N(0) + q N(1)     Q = (1 - q) N(0) + q N(-1)

*Why they dominate.* The other units' share is a common shift of both laws, mixed in the same way, and
hockey-stick divergences are jointly convex: one fixed shift is worst. add-remove: under N(0), the
likelihood ratio is 1 - q + q X, X = exp(<g, z> / s^2 - |g|^2 / (2 s^2)) a lognormal martingale that
grows in convex order with |g|; a divergence is the mean of a convex function of it, so |g| = 1 is
worst, at every epsilon, in both directions. replace: by Balle, Barthe & Gaboardi 2018, Thm 2, for
epsilon >= 0 the divergence is q times that of N(g) against (1 - b) N(0) + b N(g') at another epsilon;
seen from N(g) the ratio is (1 - b) X + b Y with X, Y lognormal in -g and g' - g. For given lengths the
sum is largest in convex order when X and Y rise together, that is, when g and g' are opposite, and
it grows with both lengths (Dhaene et al. 2002, sec. 4): g = -g' of norm 1 is worst. Negative epsilon
follow by H_a(P, Q) = 1 - a + a H_(1/a)(Q, P), as the pair's mirror image is the pair swapped. T adaptive
steps are dominated by the product of T such pairs (Zhu, Dong & Wang 2022, Thm 10).

*One step.* On each interval [a, b] of the grid of losses, the mass to b is the integral of P times
the weight (1 - e^(a-l)) / (1 - e^(a-b)) of `losses`' third move, that is, of a difference of Gaussians,
an entire function. Cells are at most s/32 wide; Gauss-Legendre nodes integrate with the error of
`_quadrature_error` (Trefethen 2020, ATAP Thm 19.3, ellipse of radius RHO). Each node becomes an atom at its
own loss, rounded up by `LOSS_ERROR`, spread on the grid by its own weights; nothing cancels. Masses
are raised by `MASS_ERROR`, which covers the exponentials (800 * 2^-52 at 40 standard deviations), the nodes'
rounding, and cells whose ends miss a grid point by up to 1e-6 of the interval (checked), which
misplaces at most 1e-6 of the mass by 1e-6 of the interval. What lies beyond the range of x goes to
infinity on the right, and to the range's first loss on the left.

Source: Zhu, Dong & Wang 2022, "Optimal Accounting of Differential Privacy via Characteristic Function"
(dominating pairs); Doroshenko et al. 2022 (the spread); the quadrature and its margins are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthspec.errors import InternalError
from synthspec.privacy.losses import EPS, LOST, Level, Losses, Masses, power, settle

Direction = Literal["remove", "add", "replace"]

RESOLUTION = 64
"""Points of the grid per standard deviation of the loss; more is dearer and tighter, all are bounds."""

MASS_ERROR = 1e-11
LOSS_ERROR = 1e-14
"""Relative error of a loss log(1 - q + q e^t), per 1 + |t|: 45 units in the last place."""

NODES = 10
WIDTH = 1 / 32
RHO = 128.0
MISS = 1e-6
"""How far the ends of cells may miss the grid, in intervals of the grid."""

TRUNCATED = 1e-3
"""The part of delta0 that may be spent on moving far atoms."""

NARROWEST, WIDEST = 0.099, 1e9
"""Noise multipliers between which nothing under- or overflows."""


@dataclass(frozen=True)
class Step:
    """One step's pair of laws: noise `scale` s (the multiplier), rate q in (0, 1), a direction."""

    rate: float
    scale: float
    direction: Direction

    def loss(self, x: Masses) -> tuple[Masses, Masses]:
        """Return the loss at `x` and a bound of its error; both in the shape of `x`."""
        value, error = np.zeros_like(x), np.zeros_like(x)
        for sign, used in ((1.0, self.direction != "add"), (-1.0, self.direction != "remove")):
            if used:
                t = (sign * 2 * x - 1) / (2 * self.scale**2)
                ratio = _log_ratio(self.rate, t)
                value += sign * ratio
                error += np.abs(ratio) * (1 + np.abs(t)) * LOSS_ERROR
        return value, error

    def density(self, x: Masses) -> Masses:
        """Return the density of P at `x`, times s."""
        with np.errstate(under="ignore"):
            base = np.exp(-((x / self.scale) ** 2) / 2) / math.sqrt(2 * math.pi)
            if self.direction == "add":
                return base
            moved = np.exp(-(((x - 1) / self.scale) ** 2) / 2) / math.sqrt(2 * math.pi)
            return (1 - self.rate) * base + self.rate * moved

    def place(self, losses: Masses) -> Masses:
        """Return x with the given `losses`; -inf or inf where there is none. Checked by its user."""
        q, square = self.rate, self.scale**2
        with np.errstate(all="ignore"):
            match self.direction:
                case "remove":
                    t = np.log1p(np.maximum(np.expm1(losses) / q, -1.0))
                    return square * t + 0.5
                case "add":
                    t = np.log1p(np.maximum(np.expm1(-losses) / q, -1.0))
                    return -(square * t + 0.5)
                case _:
                    up = np.abs(losses)
                    half = (1 - q) / q * np.sinh(up / 2) * math.exp(1 / (2 * square))
                    return np.sign(losses) * square * (up / 2 + np.arcsinh(half))


def run_losses(
    rate: float,
    steps: int,
    scale: float,
    direction: Direction,
    tolerance: float,
    resolution: int = RESOLUTION,
) -> Losses:
    """Return a bound of `steps` steps.

    Args:
        rate: q, strictly between 0 and 1.
        steps: T.
        scale: s, noise over the norm bound, within NARROWEST..WIDEST.
        direction: which pair.
        tolerance: mass that may be moved to infinity in all.
        resolution: points per standard deviation; any value gives a bound.
    """
    if not (0 < rate < 1 and steps >= 1 and NARROWEST <= scale <= WIDEST and tolerance > 0):
        raise ValueError("a run outside what can be priced")
    one = step_losses(Step(rate, scale, direction), tolerance / (4 * steps), resolution)
    return power(one, steps, resolution, tolerance / 2)


def step_losses(step: Step, tolerance: float, resolution: int) -> Losses:
    """Return a bound of one step, with at most `tolerance` moved to infinity and as much to the left end."""
    from scipy.special import ndtr, ndtri  # 0.3 s to import; most runs price no steps

    reach = 16 * resolution
    z = -float(ndtri(min(tolerance, 0.1))) + 0.01
    low = -step.scale * z - (1.0 if step.direction == "replace" else 0.0)
    high = step.scale * z + (0.0 if step.direction == "add" else 1.0)
    spacing = _spacing(step, low, high, resolution)
    tail = float(ndtr(-z)) * (1 + MASS_ERROR) + LOST
    grid, levels, indices = _grid(step, low, high, spacing, reach)
    x, width = _nodes(step, low, high, grid)
    error = MASS_ERROR + _quadrature_error(step, z, spacing)
    loss, slip = step.loss(x)
    first, first_slip = step.loss(np.array([low]))
    loss = np.concatenate([first + first_slip, loss + slip])
    mass = np.concatenate([[tail], step.density(x) * width / step.scale])
    masses = _spread(loss, mass, grid, error)
    return settle(Losses(spacing, reach, _levels(masses, levels, indices), tail))


def _spread(loss: Masses, mass: Masses, grid: Masses, error: float) -> Masses:
    """Return the atoms' masses on the `grid`, raised by `error` of what falls in each interval."""
    b = np.clip(np.searchsorted(grid, loss, side="left"), 1, len(grid) - 1)
    if loss.min() < grid[0] or loss.max() > grid[-1]:
        raise InternalError("I340", "a loss lies outside its grid")
    lower, upper = grid[b - 1], grid[b]
    up = np.expm1(lower - loss) / np.expm1(lower - upper)
    down = np.expm1(upper - loss) / np.expm1(upper - lower)
    margin = 2 * error
    masses: Masses = np.bincount(b, mass * (up + margin), len(grid)).astype(np.float64)
    masses += np.bincount(b - 1, mass * (down + margin), len(grid))
    return masses * (1 + (len(loss) + 16) * EPS)


def _log_ratio(q: float, t: Masses) -> Masses:
    """Return log(1 - q + q e^t), to a relative error of LOSS_ERROR per 1 + |t|."""
    with np.errstate(all="ignore"):
        u = q * np.expm1(t)
        small = np.log1p(u)
        large = np.log((1 - q) + q * np.exp(t))
    return np.where(np.abs(u) <= 0.5, small, large)


def _spacing(step: Step, low: float, high: float, resolution: int) -> float:
    """Return the power of two just below the loss's standard deviation over `resolution`."""
    x = np.linspace(low, high, 4001)
    loss, _ = step.loss(x)
    weight = step.density(x)
    weight /= weight.sum()
    mean = float(loss @ weight)
    scatter = math.sqrt(float((loss - mean) ** 2 @ weight))
    return 2.0 ** math.floor(math.log2(scatter / resolution))


def _grid(
    step: Step, low: float, high: float, spacing: float, reach: int
) -> tuple[Masses, NDArray[np.int64], NDArray[np.int64]]:
    """Return the nested grids' points over the losses from x = low to high, their levels and indices."""
    ends, slips = step.loss(np.array([low, high]))
    least, most = float(ends[0] - 2 * slips[0]), float(ends[1] + 2 * slips[1])
    far = max(abs(least), abs(most))
    parts, levels, indices = [], [], []
    level = 0
    while True:
        index = np.arange(-reach, reach + 1)
        if level:
            index = index[np.abs(index) > reach // 2]
        point = np.ldexp(index * spacing, level)
        parts.append(point)
        levels.append(np.full(len(index), level))
        indices.append(index)
        if float(point[-1]) > far:
            break
        level += 1
    points = np.concatenate(parts)
    order = np.argsort(points)
    points = points[order]
    begin = int(np.searchsorted(points, least, side="right")) - 1
    end = int(np.searchsorted(points, most, side="left")) + 1
    kept = order[begin:end]
    return points[begin:end], np.concatenate(levels)[kept], np.concatenate(indices)[kept]


def _nodes(step: Step, low: float, high: float, grid: Masses) -> tuple[Masses, Masses]:
    """Return the nodes and weights of all cells, each of shape (cells * NODES,)."""
    even = np.linspace(low, high, math.ceil((high - low) / (WIDTH * step.scale)) + 1)
    breaks = step.place(grid)
    inside = np.isfinite(breaks) & (breaks > low) & (breaks < high)
    found, slip = step.loss(breaks[inside])
    gap = np.minimum(np.diff(grid, prepend=-np.inf), np.diff(grid, append=np.inf))[inside]
    outside = grid[~inside]
    ends, _ = step.loss(np.array([low, high]))
    reached = (outside > ends[0] + 1e-6 * gap.max(initial=0)) & (
        outside < ends[1] - 1e-6 * gap.max(initial=0)
    )
    if np.any(np.abs(found - grid[inside]) + slip > 1e-6 * gap) or np.any(reached):
        raise InternalError("I340", "the ends of a cell of losses were not found")
    cuts = np.unique(np.concatenate([even, breaks[inside]]))
    node, weight = np.polynomial.legendre.leggauss(NODES)
    middle, half = (cuts[1:] + cuts[:-1]) / 2, (cuts[1:] - cuts[:-1]) / 2
    x = middle[:, None] + half[:, None] * node
    return x.ravel(), (half[:, None] * weight).ravel()


def _quadrature_error(step: Step, z: float, spacing: float) -> float:
    """Return a bound on a cell's quadrature error over the cell's mass.

    In units of s, a cell has half-width r <= 1/64, and the ellipse reaches r (RHO + 1/RHO) / 2 <= 1.01
    along both axes. There a Gaussian at distance d <= z + 2/s is at most exp(1.01 d + 1.02) times its least
    value in the cell up to exp(2 r d); P and e^a Q <= P add up to 2 P, over 1 - e^-spacing.
    """
    d = z + 2 / step.scale + 1
    growth = math.exp(1.1 * d + 1.1) * 2 / -math.expm1(-spacing)
    return 64 / 15 * RHO ** (-2 * (NODES - 1)) / (RHO**2 - 1) * growth


def _levels(masses: Masses, levels: NDArray[np.int64], indices: NDArray[np.int64]) -> tuple[Level, ...]:
    """Return the masses level by level."""
    made = []
    for level in range(int(levels.max()) + 1):
        here = levels == level
        if not here.any():
            made.append(Level(0, np.zeros(0)))
            continue
        start = int(indices[here].min())
        mass = np.zeros(int(indices[here].max()) - start + 1)
        mass[indices[here] - start] = masses[here]
        made.append(Level(start, mass))
    return tuple(made)
