"""The fitted Gaussian copula: one-way shares, an order of codes per attribute, one correlation matrix.

A row is a draw of a multivariate normal, each coordinate cut into codes at the normal quantiles of the
cumulative one-way shares. One- and two-way marginals are exact; larger ones are counted in
MONTE_CARLO rows drawn with a fixed public seed.

Source: Sklar 1959; Nelsen 2006, ch. 2; Li, Xiong & Jiang 2014 (DPCopula) for the private setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.dyadic import shares_of, whole
from synthspec.generators.gaussian.bivariate import cells
from synthspec.generators.gaussian.truncated import inside
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Clique, Domain

BATCH = 1 << 16
MONTE_CARLO = 1 << 20
EVEN_FROM = 1 << 12
"""Draws of at least this many rows are cut by rank, so that shares come out even; fewer by value."""
FAR = 5.0
"""Where a given code without mass in the model is taken to lie [latent deviations]."""

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CopulaModel:
    """A joint distribution over codes: given one-ways, joined by a Gaussian copula.

    Attributes:
        domain: all attributes, the given ones included.
        given: attributes that are conditioned on.
        shares: one-way share of each code, shape (codes,) per attribute, summing to 1.
        orders: codes in latent order, shape (codes,) per attribute, a permutation.
        matrix: correlations of the latent normal, shape (attributes, attributes), positive definite.
        total: the noisy number of rows that was learned, or None.
    """

    domain: Domain
    given: frozenset[str]
    shares: tuple[Array, ...]
    orders: tuple[Labels, ...]
    matrix: Array
    total: float | None = None

    @cached_property
    def _cuts(self) -> tuple[Array, ...]:
        return tuple(cuts(share[order]) for share, order in zip(self.shares, self.orders))

    @cached_property
    def _given(self) -> list[int]:
        return [i for i, a in enumerate(self.domain.attributes) if a in self.given]

    @cached_property
    def _own(self) -> list[int]:
        return [i for i, a in enumerate(self.domain.attributes) if a not in self.given]

    @cached_property
    def _ranks(self) -> dict[int, Labels]:
        """The latent place of each code of the given attributes."""
        return {i: np.argsort(self.orders[i]) for i in self._given}

    @cached_property
    def _conditional(self) -> tuple[Array, Array]:
        """Regression of own on given attributes, and the factor of what is left."""
        own, given = self._own, self._given
        rest: Array = self.matrix[np.ix_(own, own)]
        if not given:
            return np.zeros((len(own), 0)), factor(rest)
        across = self.matrix[np.ix_(own, given)]
        inner = self.matrix[np.ix_(given, given)]
        slope = np.asarray(np.linalg.solve(inner, across.T).T, dtype=np.float64)
        return slope, factor(rest - slope @ across.T)

    def sample(self, rows: int, rng: SampleRng, given: Codes | None = None) -> Codes:
        """Return `rows` rows over the attributes that are not given; see `Model.sample`.

        The latent values of given codes are drawn inside their cells (`gaussian.truncated`), the others
        from the normal conditional on these.
        """
        known = {i: self._known(given, i, rows) for i in self._given}
        drawn = {i: np.empty(rows, dtype=np.int64) for i in self._own}
        for start in range(0, rows, BATCH):
            part = slice(start, min(start + BATCH, rows))
            codes = self._batch(part.stop - start, rng.generator, {i: k[part] for i, k in known.items()})
            for i in self._own:
                drawn[i][part] = codes[i]
        names = [self.domain.attributes[i] for i in self._own]
        return Codes(self.domain.project(names), {self.domain.attributes[i]: drawn[i] for i in self._own})

    def _known(self, given: Codes | None, index: int, rows: int) -> Labels:
        """Return the latent places of the given codes of one attribute."""
        if given is None:
            raise ValueError("a conditional model was sampled without codes to condition on")
        column = given.columns[self.domain.attributes[index]]
        if len(column) != rows:
            raise ValueError("a conditional model was sampled with too few codes to condition on")
        out: Labels = self._ranks[index][column]
        return out

    def _batch(
        self, rows: int, generator: np.random.Generator, known: Mapping[int, Labels]
    ) -> dict[int, Labels]:
        slope, root = self._conditional
        latent = generator.standard_normal((rows, len(self._own))) @ root.T
        if not known and rows >= EVEN_FROM:
            return {i: self._even(i, latent[:, at], generator.random()) for at, i in enumerate(self._own)}
        if known:
            edges = [np.concatenate([[-np.inf], np.clip(self._cuts[i], -FAR, FAR), [np.inf]]) for i in known]
            low = np.stack([e[places] for e, places in zip(edges, known.values())], axis=1)
            high = np.stack([e[places + 1] for e, places in zip(edges, known.values())], axis=1)
            matrix = self.matrix[np.ix_(self._given, self._given)]
            latent += inside(matrix, low, high, generator) @ slope.T
        return {i: self._codes(i, latent[:, at]) for at, i in enumerate(self._own)}

    def _codes(self, index: int, latent: Array) -> Labels:
        return self.orders[index][np.searchsorted(self._cuts[index], latent, side="right")]

    def _even(self, index: int, latent: Array, offset: float) -> Labels:
        """Return codes by the rank of each latent value: one-way shares to within one row, joint kept.

        A rank lies about 1 / sqrt(rows) from its quantile, which moves correlations by O(1 / rows).
        """
        from scipy.special import ndtr

        at = (np.arange(len(latent)) + offset) / len(latent)
        out = np.empty(len(latent), dtype=np.int64)
        out[np.argsort(latent)] = self.orders[index][
            np.searchsorted(ndtr(self._cuts[index]), at, side="right")
        ]
        return out

    def marginal(self, clique: Clique) -> Array:
        """Return the marginal over `clique`: exact up to two attributes, counted beyond."""
        places = [self.domain.attributes.index(a) for a in clique]
        shape = tuple(self.domain.sizes[i] for i in places)
        match places:
            case []:
                return np.ones(())
            case [one]:
                return self.shares[one].copy()
            case [one, two]:
                table = cells(self._cuts[one], self._cuts[two], np.asarray(self.matrix[one, two]))
                out = np.empty(shape)
                out[np.ix_(self.orders[one], self.orders[two])] = table
                return out
            case _:
                return self._counted(places).reshape(shape)

    def _counted(self, places: list[int]) -> Array:
        generator = SampleRng(0, "copula", "marginal").generator
        root = factor(self.matrix[np.ix_(places, places)])
        size = int(np.prod([self.domain.sizes[i] for i in places]))
        counts = np.zeros(size, dtype=np.int64)
        for _ in range(0, MONTE_CARLO, BATCH):
            latent = generator.standard_normal((BATCH, len(places))) @ root.T
            key = np.zeros(BATCH, dtype=np.int64)
            for at, i in enumerate(places):
                key = key * self.domain.sizes[i] + self._codes(i, latent[:, at])
            counts += np.bincount(key, minlength=size)
        out: Array = counts / counts.sum()
        return out

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Return shares and orders by attribute number, and the matrix."""
        out: dict[str, NDArray[np.generic]] = {"matrix": self.matrix}
        for i, (share, order) in enumerate(zip(self.shares, self.orders)):
            out[f"share/{i}"] = whole(share)
            out[f"order/{i}"] = order
        return out

    def facts(self) -> Mapping[str, object]:
        """Return the domain and what is given; with `arrays` it rebuilds the model."""
        return {
            "kind": "copula",
            "attributes": list(self.domain.attributes),
            "sizes": list(self.domain.sizes),
            "given": sorted(self.given),
            "total": self.total,
        }


def factor(matrix: Array) -> Array:
    """Return the Cholesky factor."""
    return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)


def cuts(share: Array) -> Array:
    """Return the normal quantiles between codes, shape (codes - 1,); a code without mass gets none."""
    from scipy.special import ndtri

    heaped = np.minimum(np.cumsum(share), 1.0)
    last = int(np.flatnonzero(share > 0)[-1])
    heaped[last:] = 1.0
    out: Array = ndtri(heaped[:-1])
    return out


def load_copula(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> CopulaModel:
    """Return the model saved as `facts` and `arrays`.

    Raises:
        ValueError: arrays that do not fit the facts.
    """
    domain = Domain(attributes=tuple(facts["attributes"]), sizes=tuple(facts["sizes"]))
    matrix = np.asarray(arrays["matrix"], dtype=np.float64)
    shares = tuple(shares_of(arrays[f"share/{i}"]) for i in range(len(domain.sizes)))
    orders = tuple(np.asarray(arrays[f"order/{i}"], dtype=np.int64) for i in range(len(domain.sizes)))
    if matrix.shape != (len(domain.sizes),) * 2:
        raise ValueError("the matrix of a copula does not fit its attributes")
    for size, share, order in zip(domain.sizes, shares, orders):
        if share.shape != (size,) or not np.array_equal(np.sort(order), np.arange(size)):
            raise ValueError("a column of a copula does not fit its number of codes")
    return CopulaModel(domain, frozenset(facts["given"]), shares, orders, matrix, facts["total"])
