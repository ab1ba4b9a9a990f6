"""One-way shares, declared joint tables and structural zeros as a tree model, without measurements.

Source: maximum entropy subject to marginals, by iterative fitting (Darroch & Ratcliff 1972).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Workload
from synthspec.generators.conditionals import PLIANT, gap_told, published, settled, spoken_of
from synthspec.generators.links import links
from synthspec.generators.pgm.estimate import Estimator, Evidence, coarsen
from synthspec.generators.pgm.factor import Scope
from synthspec.generators.pgm.tree import build
from synthspec.generators.tree_model import TreeModel
from synthspec.terms.domain import Clique, Domain

MOST_CELLS = 600_000
SWEEPS = 200

Factor = tuple[Clique, NDArray[np.float64]]


def product_model(
    domain: Domain,
    workload: Workload,
    shares: Mapping[str, NDArray[np.float64]],
    total: float | None,
    odds: Sequence[Factor] = (),
) -> TreeModel:
    """Return the model with these one-ways that meets `known` tables and zeros where it can hold them.

    It is the one nearest to the product of `odds` over cliques; without them, to even shares.
    Attributes without `shares` are spread evenly over the cells that zeros leave. A code of a given
    attribute always keeps some mass: earlier groups may draw it, and what follows it must be lawful.
    """
    sizes = domain.sizes
    given = frozenset(i for i, a in enumerate(domain.attributes) if a in workload.given)
    estimator = Estimator(sizes)
    idle, spoken = settled(workload), spoken_of(workload)
    for index, name in enumerate(domain.attributes):
        if name not in shares:
            continue
        own = kept_open(shares[name]) if index in given else shares[name]
        tau = np.full((), PLIANT if name in gap_told(workload) else 0.0)
        one = Evidence((index,), (None,), own, tau, idle=name in idle)
        if name in spoken - idle:
            gap = (np.arange(len(own)) == len(own) - 1).astype(np.int64)
            one = Evidence((index,), (gap,), coarsen(own, (gap,), (2,)), np.zeros(()))
        estimator.add([one])
    for clique, mask in workload.zeros:
        scope, order = ordered(domain, clique)
        if _fits(sizes, estimator, scope, given):
            estimator.masks.append((scope, np.transpose(~np.asarray(mask, dtype=bool), order)))
    levels = tuple(np.arange(size) for size in sizes)
    rows = [np.asarray(shares.get(a, np.full(s, 1.0 / s))) for a, s in zip(domain.attributes, sizes)]
    for clique, weights in odds:
        scope, order = ordered(domain, clique)
        if _fits(sizes, estimator, scope, given):
            estimator.add([_odds(scope, np.transpose(weights, order))])
    tables = published(domain, workload, levels, rows, fixed=True)
    estimator.add(tables)  # the compiler refuses those that do not fit
    for clique, table in workload.known:
        scope, order = ordered(domain, clique)
        if len(scope) > 1 and _fits(sizes, estimator, scope, given):
            target = np.transpose(np.asarray(table, dtype=np.float64), order)
            estimator.add([Evidence(scope, (None,) * len(scope), target / target.sum(), np.zeros(()))])
    estimator.plant(build(sizes, estimator.scopes, given))
    estimator.fit(SWEEPS)
    estimator.fasten()
    densities = tuple(np.ones(size) for size in sizes)
    names = frozenset(domain.attributes[i] for i in given)
    joined = links(workload, domain.attributes, tables)
    return TreeModel(domain, names, levels, densities, estimator.beliefs, total, joined)


def _odds(scope: Scope, weights: NDArray[np.float64]) -> Evidence:
    """Return weights as a factor that is never fitted; impossible cells are those of the zeros alone."""
    made = Evidence(scope, (None,) * len(scope), weights, np.ones(()), idle=True)
    made.theta = np.log(np.where(weights > 0, weights, 1.0))
    return made


def kept_open(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shares of which none is 0, nearly the same: what follows from any code stays defined."""
    raised = shares + 1e-9 / len(shares)
    out: NDArray[np.float64] = raised / raised.sum()
    return out


def ordered(domain: Domain, clique: Clique) -> tuple[Scope, list[int]]:
    """Return the scope of `clique` and the axes that put a table over it in that order."""
    places = [domain.attributes.index(a) for a in clique]
    order = sorted(range(len(places)), key=places.__getitem__)
    return tuple(places[i] for i in order), order


def _fits(sizes: tuple[int, ...], estimator: Estimator, scope: Scope, given: frozenset[int]) -> bool:
    if prod(sizes[a] for a in scope) > MOST_CELLS:
        return False
    return build(sizes, (*estimator.scopes, scope), given).cells <= MOST_CELLS + sum(sizes)
