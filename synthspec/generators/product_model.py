"""One-way shares, declared joint tables and structural zeros as a tree model, without measurements.

Source: maximum entropy subject to marginals, by iterative fitting (Darroch & Ratcliff 1972).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Workload
from synthspec.generators.pgm.estimate import Estimator, Evidence
from synthspec.generators.pgm.factor import Scope
from synthspec.generators.pgm.tree import build
from synthspec.generators.tree_model import TreeModel
from synthspec.terms.domain import Clique, Domain

MOST_CELLS = 600_000
SWEEPS = 200


def product_model(
    domain: Domain, workload: Workload, shares: Mapping[str, NDArray[np.float64]], total: float | None
) -> TreeModel:
    """Return the model with these one-ways that meets `known` tables and zeros where it can hold them."""
    sizes = domain.sizes
    given = frozenset(i for i, a in enumerate(domain.attributes) if a in workload.given)
    estimator = Estimator(sizes)
    for index, name in enumerate(domain.attributes):
        estimator.add([Evidence((index,), (None,), shares[name], np.zeros(()))])
    for clique, table in workload.known:
        scope, order = ordered(domain, clique)
        if len(scope) > 1 and _fits(sizes, estimator, scope, given):
            target = np.transpose(np.asarray(table, dtype=np.float64), order)
            estimator.add([Evidence(scope, (None,) * len(scope), target / target.sum(), np.zeros(()))])
    for clique, mask in workload.zeros:
        scope, order = ordered(domain, clique)
        if _fits(sizes, estimator, scope, given):
            estimator.masks.append((scope, np.transpose(~np.asarray(mask, dtype=bool), order)))
    estimator.plant(build(sizes, estimator.scopes, given))
    estimator.fit(SWEEPS)
    levels = tuple(np.arange(size) for size in sizes)
    densities = tuple(np.ones(size) for size in sizes)
    names = frozenset(domain.attributes[i] for i in given)
    return TreeModel(domain, names, levels, densities, estimator.beliefs, total)


def ordered(domain: Domain, clique: Clique) -> tuple[Scope, list[int]]:
    """Return the scope of `clique` and the axes that put a table over it in that order."""
    places = [domain.attributes.index(a) for a in clique]
    order = sorted(range(len(places)), key=places.__getitem__)
    return tuple(places[i] for i in order), order


def _fits(sizes: tuple[int, ...], estimator: Estimator, scope: Scope, given: frozenset[int]) -> bool:
    if prod(sizes[a] for a in scope) > MOST_CELLS:
        return False
    return build(sizes, (*estimator.scopes, scope), given).cells <= MOST_CELLS + sum(sizes)
