"""Gaps: how often a mock's value is missing where nothing says so: a constant share, not one code in many.

A table of even codes would leave a yes/no column empty in a third of its rows. Where rules leave a row
the choice between a value and none, none gets a small public share; where they force either, they decide.

Source: ours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthspec.generators import Workload
from synthspec.generators.conditionals import gap_told
from synthspec.generators.oneways import known_ones
from synthspec.terms.domain import Clique, Domain

MISSING = 0.05
"""The share of missing values in a mock, in a column of which nothing says how often one is missing."""

Array = NDArray[np.float64]


def gap_weights(domain: Domain, workload: Workload, share: float) -> tuple[tuple[Clique, Array], ...]:
    """Return factors that give "missing", the last code, the odds of `share` wherever it is a choice.

    A column that rules leave nothing but "missing" in some cells gets its factor beside the columns that
    decide it, so that those keep their odds. Columns whose gaps a known table tells get none.
    """
    told = gap_told(workload) | set(known_ones(workload))
    found = []
    for name, size in zip(domain.attributes, domain.sizes, strict=True):
        if name in workload.missing and name not in told and name not in workload.given and size > 1:
            found.append(_forcing(workload, name, share) or ((name,), _odds(np.ones(size), share)))
    return tuple(found)


def _forcing(workload: Workload, name: str, share: float) -> tuple[Clique, Array] | None:
    """Return the factor over the first impossible cells that leave `name` nothing but "missing"."""
    for clique, mask in workload.zeros:
        if name not in clique or len(clique) < 2:
            continue
        at = clique.index(name)
        possible = np.moveaxis(1.0 - np.asarray(mask, dtype=np.float64), at, -1)
        if ((possible[..., :-1].sum(axis=-1) == 0) & (possible[..., -1] > 0)).any():
            return clique, np.ascontiguousarray(np.moveaxis(_odds(possible, share), -1, at))
    return None


def _odds(possible: Array, share: float) -> Array:
    """Return P(code | cell), the last code "missing", even over the values that are possible."""
    values = possible[..., :-1].sum(axis=-1, keepdims=True)
    gap = possible[..., -1:] * np.where(values > 0, share, 1.0)
    rest = np.where(values > 0, possible[..., :-1] * (1.0 - gap) / np.maximum(values, 1.0), 0.0)
    return np.concatenate([rest, gap], axis=-1)
