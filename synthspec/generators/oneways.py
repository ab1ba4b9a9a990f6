"""One-way marginals: measuring, pooling, denoising and projecting them.

Source: ours; PRIVACY 6.1 of the design. Simplex projection: Held, Wolfe & Crowder 1974.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Oracle, Workload
from synthspec.generators.budget import Purse, portions
from synthspec.generators.conditionals import imply, settled
from synthspec.generators.haar import denoise, reach
from synthspec.generators.pooling import Sums, pooled
from synthspec.generators.recipe import RECIPE, Recipe
from synthspec.generators.shrink import shrink
from synthspec.terms.query import Axis, Marginal

GIVEN_WEIGHT = 0.25
"""Share of the one-way budget per column of an earlier group, which has better marginals already."""

Array = NDArray[np.float64]


def residual(counts: Array, stddev: float) -> float:
    """Return the L1 error [rows] that a measurement of `counts` leaves after projection."""
    if stddev <= 0:
        return 0.0
    if not np.isfinite(stddev):
        return float(2 * np.abs(counts).sum())
    return float(stddev * np.minimum(0.8, 0.8 * np.maximum(counts, 0.0) / stddev + 0.08).sum())


def project(counts: Array, total: float) -> Array:
    """Return the nearest non-negative array with sum `total` > 0."""
    flat = np.sort(counts, axis=None)[::-1]
    excess = (np.cumsum(flat) - total) / np.arange(1, len(flat) + 1)
    keep = int(np.flatnonzero(flat > excess)[-1]) if np.any(flat > excess) else 0
    out: Array = np.maximum(counts - excess[keep], 0.0)
    mass = float(out.sum())
    return out * (total / mass) if mass > 0 else np.full_like(out, total / out.size)


class OneWays:
    """Noisy one-way counts per attribute, pooled by precision over repeated measurements."""

    def __init__(self, oracle: Oracle, workload: Workload, purse: Purse, recipe: Recipe = RECIPE) -> None:
        self.domain = oracle.domain
        self.workload = workload
        self._oracle = oracle
        self._recipe = recipe
        self._purse = purse
        self._known = known_ones(workload)
        self._sums: dict[str, Array] = {}
        self._precision: dict[str, float] = {}
        sizes = zip(self.domain.attributes, self.domain.sizes)
        given = workload.given
        self._weights = {a: s**recipe.power * (GIVEN_WEIGHT if a in given else 1.0) for a, s in sizes}
        for attribute in (*self._known, *settled(workload)):
            self._weights[attribute] = 0.0
        if self._weights and not any(self._weights.values()):
            fewest = min(zip(self.domain.sizes, self.domain.attributes))[1]
            self._weights[fewest] = 1.0  # the number of rows is still to be learnt

    def measure(self, amount: int) -> None:
        """Spend `amount` on all attributes, in proportion to size^(2/3); pool with earlier answers."""
        names = [a for a in self.domain.attributes if self._weights[a] > 0]
        shares = portions(amount, [self._weights[a] for a in names])
        bought = [(a, share) for a, share in zip(names, shares) if share > 0]
        if not bought:
            return
        asked = [
            (Marginal(axes=(Axis(a, self.domain.size(a)),)), self._purse.take(share)) for a, share in bought
        ]
        for (a, _), answer in zip(bought, self._oracle.measure(asked)):
            precision = 1.0 / max(answer.stddev, 1e-9) ** 2
            values = np.asarray(answer.values, dtype=np.float64)
            self._sums[a] = self._sums.get(a, 0.0) + values * precision
            self._precision[a] = self._precision.get(a, 0.0) + precision

    def deviation(self, attribute: str) -> float:
        """Return the deviation [rows] of each noisy cell of `attribute`; 0 where it is known."""
        if attribute in self._known:
            return 0.0
        precision = self._precision.get(attribute, 0.0)
        return precision**-0.5 if precision > 0 else np.inf

    def known(self, attribute: str) -> bool:
        """Return whether the one-way marginal is public."""
        return attribute in self._known

    def total(self) -> float:
        """Return the noisy number of rows, at least 1."""
        above = below = 0.0
        for a, precision in self._precision.items():
            weight = precision / self.domain.size(a)
            above += float(self._sums[a].sum()) / precision * weight
            below += weight
        return max(1.0, above / below) if below > 0 else float(max(self.workload.rows or 1, 1))

    def fitted(self, total: float, sums: Mapping[str, Sequence[Sums]] | None = None) -> dict[str, Array]:
        """Return denoised counts per attribute on the simplex of `total` rows.

        Args:
            total: the number of rows that each attribute's counts add up to.
            sums: what larger tables say of an attribute's counts, to be pooled with its own answer.
        """
        impossible = _impossible(self.workload)
        out: dict[str, Array] = {}
        for a in self.domain.attributes:
            if a in self._known:
                counts = self._known[a] * (total / max(float(self._known[a].sum()), 1e-300))
            elif a in self._sums:
                allowed = ~impossible[a] if a in impossible else np.ones(self.domain.size(a), dtype=bool)
                allowed = allowed if allowed.any() else np.ones(len(allowed), dtype=bool)
                counts = self._denoised(a, self._sums[a] / self._precision[a], allowed, total)
                if sums and sums.get(a):
                    closed = ~allowed | (self._haar(a) & (counts == 0.0))
                    counts = pooled(counts, self.deviation(a), sums[a], closed)
                    counts[~closed] = project(counts[~closed], total)
            else:
                counts = np.full(self.domain.size(a), total / self.domain.size(a))
            out[a] = counts
        imply(self.workload, out, total)
        return out

    def _denoised(self, attribute: str, counts: Array, allowed: NDArray[np.bool_], total: float) -> Array:
        """Return non-negative counts that add up to `total` rows, none where nothing is allowed."""
        out = np.zeros(len(counts))
        deviation, ordinal = self.deviation(attribute), attribute in self.workload.ordinal
        ordered = len(counts) - (attribute in self.workload.missing)
        if not ordinal and len(counts) >= self._recipe.shrink_from:
            out[allowed] = shrink(counts[allowed], deviation, total)
        elif self._haar(attribute):
            smooth = np.append(denoise(counts[:ordered], deviation), counts[ordered:])
            out[allowed] = project(smooth[allowed], total)
            beyond = np.ones(len(counts), dtype=bool)
            beyond[reach(counts[:ordered], deviation)] = False
            beyond[ordered:] = False
            kept = np.where(beyond, 0.0, out)
            if self._recipe.reach and kept.sum() > 0:
                out = kept * (total / kept.sum())
        else:
            out[allowed] = project(counts[allowed], total)
        return out

    def _haar(self, attribute: str) -> bool:
        ordered = self.domain.size(attribute) - (attribute in self.workload.missing)
        return attribute in self.workload.ordinal and ordered >= self._recipe.haar_from

    def gain(self, counts: Mapping[str, Array], amount: int) -> float:
        """Return the sum over attributes of the L1 error [rows] that `amount` more would take away."""
        names = [a for a in self.domain.attributes if self._weights[a] > 0]
        out = 0.0
        for a, share in zip(names, portions(amount, [self._weights[a] for a in names])):
            now, more = self.deviation(a), self._purse.deviation(share)
            pooled = 1.0 / np.sqrt(1.0 / now**2 + 1.0 / more**2)
            out += residual(counts[a], now) - residual(counts[a], pooled)
        return out

    def exchange(self, counts: Mapping[str, Array], total: float) -> float:
        """Return how much of a one-way's error shows in a pair that holds the attribute, in [0, 1].

        Two errors of a pair add up like independent ones: what the noise of its one-ways brings, and
        the dependence that a model may miss. That is unknown before it is paid for; there is less of
        it where columns say little, at most about what the more even of the two leaves (1 - sum p^2).
        """
        names = list(self.domain.attributes)
        if len(names) < 2:
            return 1.0
        noise = 2 * float(np.mean([residual(counts[a], self.deviation(a)) for a in names])) / (2 * total)
        spread = np.sort([1.0 - float(((counts[a] / total) ** 2).sum()) for a in names])
        pairs = len(names) * (len(names) - 1) / 2
        least = float((spread * np.arange(len(names) - 1, -1, -1)).sum()) / pairs  # mean of the minima
        missed = self._recipe.dependence * least
        return self._recipe.exchange * noise / max(float(np.hypot(noise, missed)), 1e-12)

    def error(self, counts: Mapping[str, Array], total: float, amount: int) -> float:
        """Return the mean total variation that `amount`, all spent on one-ways, would leave."""
        names = [a for a in self.domain.attributes if self._weights[a] > 0]
        shares = portions(amount, [self._weights[a] for a in names])
        errors = [residual(counts[a], self._purse.deviation(share)) for a, share in zip(names, shares)]
        return float(np.mean(errors)) / (2 * total) if errors else 0.0


def known_ones(workload: Workload) -> dict[str, Array]:
    """Return the public one-way shares: those stated first, then those implied by larger tables."""
    out: dict[str, Array] = {}
    for clique, table in sorted(workload.known, key=lambda each: len(each[0])):
        for axis, attribute in enumerate(clique):
            rest = tuple(i for i in range(len(clique)) if i != axis)
            shares = np.asarray(table, dtype=np.float64).sum(axis=rest)
            out.setdefault(attribute, shares / shares.sum())
    return out


def _impossible(workload: Workload) -> dict[str, NDArray[np.bool_]]:
    out: dict[str, NDArray[np.bool_]] = {}
    for clique, mask in workload.zeros:
        if len(clique) == 1:
            out[clique[0]] = out.get(clique[0], np.zeros(mask.size, dtype=bool)) | np.ravel(mask)
    return out
