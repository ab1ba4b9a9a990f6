"""The Gaussian copula: noisy one-ways joined by correlations from noisy coarse tables of all pairs.

1. A first look at the one-ways gives the number of rows; when the pairs' share of the budget would leave
   correlations of more than GIVE_UP standard error, none is bought and the columns are independent.
2. One-ways are topped up to ONE_WAYS of the budget, denoised and projected as everywhere.
3. Codes are grouped from the noisy one-ways to at most MOST levels, as many as keep the error of a
   correlation under FINE; all pairs not forbidden are counted on these levels, in one pass, at noise by
   weight^(-1/3) (equal without weights).
4. Nominal levels and "missing" are put in an order by association (`gaussian.ordering`), correlations
   are read from the tables (`gaussian.polychoric`), shrunk by their noise, and made a correlation matrix.

What a copula cannot follow: dependence that is not monotone in the order of the codes, and that of
three columns. Zeros over several attributes are left to redrawing; known tables over several are
refused. Declared edges need no place of their own, since every pair is bought.

Source: Li, Xiong & Jiang 2014 (DPCopula); Olsson 1979 (polychoric correlation); the budget's split,
the levels and the orders are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthspec.errors import SpecError
from synthspec.generators.base import Generator, Model, Oracle, Workload
from synthspec.generators.budget import Purse, portions
from synthspec.generators.copula_model import CopulaModel, cuts
from synthspec.generators.gaussian.nearest import nearest
from synthspec.generators.gaussian.ordering import orders
from synthspec.generators.gaussian.polychoric import correlations, information, shrink
from synthspec.generators.levels import merge
from synthspec.generators.oneways import OneWays
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.domain import Domain
from synthspec.terms.query import Axis, Marginal

FIRST_LOOK = 0.1
ONE_WAYS = 0.8
GIVE_UP = 0.2
FINE = 0.1
MOST = 8
STANDS_OUT = 8.0
"""A level holds at least this many deviations of the noise, or a quarter of the rows."""

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
Pair = tuple[int, int]


class Copula(Generator):
    """`using: copula`: one-ways and a Gaussian copula; for many numeric columns."""

    kind: Literal["copula"] = "copula"

    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Return the model; spends all of `cap`'s mu2 and no delta0.

        Raises:
            SpecError: G440, known tables over several attributes; before anything is bought.
        """
        if any(len(clique) > 1 for clique, _ in workload.known):
            raise SpecError(
                "G440",
                "`copula` cannot meet a known table of several columns",
                helps=("write `using: marginal`",),
            )
        purse = Purse(Cost(mu2=min(cap.mu2, oracle.left.mu2)), oracle.protection)
        ones = OneWays(oracle, workload, purse)
        wanted = _weights(oracle.domain, workload)
        if wanted:
            ones.measure(purse.part(FIRST_LOOK))
            if _error(purse, 1 - ONE_WAYS, len(wanted), ones.total(), 2) > GIVE_UP:
                wanted = {}
        ones.measure(purse.part((ONE_WAYS - FIRST_LOOK) / (1 - FIRST_LOOK)) if wanted else purse.left)
        total = ones.total()
        shares = [np.asarray(c) / total for c in ones.fitted(total).values()]
        levels = _Levels(oracle.domain, workload, ones, shares, total)
        tables = levels.measure(oracle, purse, wanted) if wanted else {}
        if purse.left:  # no pair of columns has two levels each
            ones.measure(purse.left)
            total = ones.total()
            shares = [np.asarray(c) / total for c in ones.fitted(total).values()]
        given = workload.given.intersection(oracle.domain.attributes)
        order, matrix = levels.joined(tables, total)
        return CopulaModel(oracle.domain, given, tuple(shares), tuple(order), matrix, total)

    def supports_given(self) -> bool:
        """Return True: a normal is conditioned on the cells of given codes."""
        return True

    def supports_zeros(self) -> bool:
        """Return False: a normal has mass everywhere; zeros of one attribute are those of its one-way."""
        return False


def _weights(domain: Domain, workload: Workload) -> dict[Pair, int]:
    """Return the pairs to buy and the largest weight that the spec gives them."""
    place = {a: i for i, a in enumerate(domain.attributes)}
    several = [i for i, size in enumerate(domain.sizes) if size > 1]
    out = dict.fromkeys(combinations(several, 2), 1)
    for clique, weight in workload.weights.items():
        for a, b in combinations(sorted(place[c] for c in clique if c in place), 2):
            if (a, b) in out:
                out[a, b] = max(out[a, b], weight)
    for one, two in workload.forbidden:
        if one in place and two in place and workload.barred(one, two):
            out.pop((min(place[one], place[two]), max(place[one], place[two])), None)
    return out


def _error(purse: Purse, fraction: float, pairs: int, total: float, levels: int) -> float:
    """Return the standard error of a correlation near 0 when `fraction` of the whole purse buys `pairs`."""
    deviation = purse.deviation(fraction * purse.total / pairs)
    return deviation / (total * sqrt(information(levels)))


class _Levels:
    """Codes grouped to a few levels per attribute, and what is learned on them."""

    def __init__(
        self, domain: Domain, workload: Workload, ones: OneWays, shares: list[Array], total: float
    ) -> None:
        self._domain = domain
        self._workload = workload
        self._ones = ones
        self._total = total
        self._codes = shares
        self._deviations: dict[Pair, float] = {}
        self._levels: list[Labels] = [np.zeros(size, dtype=np.int64) for size in domain.sizes]

    def measure(self, oracle: Oracle, purse: Purse, wanted: Mapping[Pair, int]) -> dict[Pair, Array]:
        """Spend all that is left on the pairs; return noisy shares of pairs with two levels each."""
        many = len(wanted)
        fine = [k for k in range(MOST, 2, -1) if _error(purse, 1 - ONE_WAYS, many, self._total, k) < FINE]
        self._group(fine[0] if fine else 2, purse.deviation(purse.left / many))
        axes = [
            Axis(name, int(level.max()) + 1, level)
            for name, level in zip(self._domain.attributes, self._levels)
        ]
        pairs = [(a, b) for a, b in wanted if axes[a].size > 1 and axes[b].size > 1]
        prices = portions(purse.left, [wanted[pair] ** (2 / 3) for pair in pairs])
        bought = [(pair, price) for pair, price in zip(pairs, prices) if price > 0]
        asked = [(Marginal(axes=(axes[a], axes[b])), purse.take(price)) for (a, b), price in bought]
        out = {}
        for (pair, _), answer in zip(bought, oracle.measure(asked) if asked else ()):
            shape = (axes[pair[0]].size, axes[pair[1]].size)
            out[pair] = np.asarray(answer.values, dtype=np.float64).reshape(shape) / self._total
            self._deviations[pair] = answer.stddev / self._total
        return out

    def _group(self, most: int, deviation: float) -> None:
        for index, name in enumerate(self._domain.attributes):
            self._levels[index] = merge(
                self._codes[index] * self._total,
                threshold=min(STANDS_OUT * max(deviation, self._ones.deviation(name)), self._total / 4),
                most=most,
                ordinal=name in self._workload.ordinal,
                missing=name in self._workload.missing,
            )

    def joined(self, tables: Mapping[Pair, Array], total: float) -> tuple[list[Labels], Array]:
        """Return codes in latent order and the correlation matrix."""
        masses = [_masses(level, share) for level, share in zip(self._levels, self._codes)]
        names = self._domain.attributes
        ordinal = [a in self._workload.ordinal for a in names]
        apart = [
            a in self._workload.missing and len(level) > 1 and bool(np.all(level[:-1] != level[-1]))
            for a, level in zip(names, self._levels)
        ]
        ranked = orders(tables, masses, ordinal, apart)
        codes = [
            _codes(level, rank, share, o)
            for level, rank, share, o in zip(self._levels, ranked, self._codes, ordinal)
        ]
        return codes, self._matrix(tables, masses, ranked)

    def _matrix(self, tables: Mapping[Pair, Array], masses: list[Array], ranked: list[Labels]) -> Array:
        matrix = np.eye(len(masses))
        if not tables:
            return matrix
        pairs = list(tables)
        most = max(len(mass) for mass in masses)
        edges = [np.append(cuts(m[r]), np.full(most - len(m), np.inf)) for m, r in zip(masses, ranked)]
        padded = np.zeros((len(pairs), most, most))
        for at, (a, b) in enumerate(pairs):
            table = tables[a, b][np.ix_(ranked[a], ranked[b])]
            padded[at, : table.shape[0], : table.shape[1]] = table
        left, right = (np.stack([edges[pair[side]] for pair in pairs]) for side in (0, 1))
        rho, held = correlations(padded, left, right)
        noise = np.array([self._deviations[pair] for pair in pairs])
        rho = shrink(rho, noise**2 / np.maximum(held, 1e-9))
        for (a, b), value in zip(pairs, rho):
            matrix[a, b] = matrix[b, a] = value
        return nearest(matrix)


def _masses(level: Labels, share: Array) -> Array:
    return np.asarray(np.bincount(level, weights=share), dtype=np.float64)


def _codes(level: Labels, rank: Labels, share: Array, ordinal: bool) -> Labels:
    """Return codes by the latent place of their level; inside one by code, or by share when nominal."""
    place = np.argsort(rank)[level]
    inner = np.arange(len(level)) if ordinal else -share
    return np.lexsort((inner, place))
