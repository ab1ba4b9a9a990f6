"""Known: a published one-way distribution as the probability of each code of its column."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Listed, Ordered
from synthspec.spec.model import KnownCase

Array = NDArray[np.float64]


def code_probabilities(column: AnyColumn, case: KnownCase) -> tuple[float, ...]:
    """Return the probability of each code; a gap has none, a distribution is cut to the domain.

    Args:
        column: a listed or ordered column.
        case: checked already: its table sums to 1 and its values are in the domain.
    """
    if isinstance(column, Listed):
        table = _table(column, case.values or {})
    elif isinstance(column, Ordered):
        table = _values(column, case.values) if case.values else _cells(column, case.distribution or "")
    else:
        raise ValueError("an id has no distribution")
    total = float(table.sum())
    shares = table / total if total > 0 else np.full(len(table), 1.0 / len(table))
    return (*(float(share) for share in shares), *((0.0,) if column.missing else ()))


def reaches(column: Ordered, text: str) -> bool:
    """Return whether a named distribution, with its numbers in order, gives the domain any mass."""
    name, numbers = _parts(text)
    unit, half = column.unit or 1, column.step / 2
    low, high = ((column.lo - half) / unit, (column.hi + half) / unit)
    return _below(name, numbers, high) - _below(name, numbers, low) > 1e-9


def _parts(text: str) -> tuple[str, list[float]]:
    name, _, rest = text.partition("(")
    return name.strip(), [float(part) for part in re.split(r"\s*,\s*", rest.rstrip(") ").strip())]


def _table(column: Listed, values: dict[str, float]) -> Array:
    given = dict(values)
    if column.listed() == ("false", "true") and len(given) == 1:
        ((side, share),) = given.items()
        given["false" if side == "true" else "true"] = 1 - share
    return np.array([given.get(text, 0.0) for text in column.listed()])


def _values(column: Ordered, values: dict[str, float]) -> Array:
    """Return the shares of values of an ordered column, each in the code that holds it."""
    found = np.zeros(column.codes)
    starts = column.starts()
    for text, share in values.items():
        grid = round(float(text) * (column.unit or 1))
        index = min(max((grid - column.lo) // column.step, 0), column.points - 1)
        found[int(np.searchsorted(starts, index, side="right")) - 1] += share
    return found


def _cells(column: Ordered, text: str) -> Array:
    """Return the mass of a named distribution between the edges of each code."""
    name, numbers = _parts(text)
    points = np.array(column.cut_points(), dtype=np.float64)
    edges = (points - column.step / 2) / (column.unit or 1)
    edges[0], edges[-1] = -math.inf, math.inf
    inner = np.array([_below(name, numbers, edge) for edge in edges])
    return np.maximum(np.diff(inner), 0.0)


def _below(name: str, given: list[float], edge: float) -> float:
    """Return the mass at or below `edge`; arguments in Stan's order."""
    from scipy import special

    if edge == -math.inf:
        return 0.0
    if edge == math.inf:
        return 1.0
    match name:
        case "normal":
            return float(special.ndtr((edge - given[0]) / given[1]))
        case "lognormal":
            return float(special.ndtr((math.log(edge) - given[0]) / given[1])) if edge > 0 else 0.0
        case "gamma":
            return float(special.gammainc(given[0], given[1] * edge)) if edge > 0 else 0.0
        case "beta":
            return float(special.betainc(given[0], given[1], min(max(edge, 0.0), 1.0)))
        case "poisson":
            return float(special.pdtr(math.floor(edge), given[0])) if edge >= 0 else 0.0
        case "uniform":
            return min(max((edge - given[0]) / (given[1] - given[0]), 0.0), 1.0)
    raise ValueError(f"unknown distribution {name}")
