"""Density: how the rows of a code spread over the grid points inside it, from public shares.

Two sources, both free: a finer histogram that was bought to find a range, and the shares of the codes
themselves, between which the density is interpolated. On the scale of the bins (linear, or asinh for
ranges of two decades and more) the logarithm of the density is linear inside each cell, with the
smaller of the slopes towards its neighbours and none at a local extreme: a spike keeps its neighbours
flat, and the upper cells of an amount fall off as a power of it (a Pareto tail), however wide they are.
Every cell keeps its mass.

Source: ours. Limited slopes: van Leer 1979, J. Comput. Phys. 32; power laws inside income brackets:
Parker & Fenwick 1983, Social Forces 61.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from synthspec.columns.spread import Scale
from synthspec.terms.frozen import Frozen

PARTS = 16
"""An interpolated cell is cut into at most this many parts; inside one all grid points are alike."""

_FLAT = 1e-9

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


class Density(Frozen):
    """Relative masses of cells of a grid; inside a cell all grid points are equally likely.

    `starts` are the first grid index of each cell, the first one 0; the last cell ends with the grid.
    The cells need not be those of the column's codes.
    """

    starts: tuple[int, ...]
    shares: tuple[float, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        starts, shares = np.array(self.starts), np.array(self.shares)
        if len(starts) != len(shares) or not len(starts) or starts[0] != 0 or (np.diff(starts) <= 0).any():
            raise ValueError("the cells of a density start at 0 and increase, one share each")
        if not np.isfinite(shares).all() or (shares < 0).any():
            raise ValueError("the shares of a density are finite and not negative")
        return self

    def on(self, edges: Indices) -> tuple[Indices, Array]:
        """Return cells that respect `edges` as well, and the share of each within its code.

        Args:
            edges: first grid index of each code and, last, the number of points, shape (codes + 1,).

        Returns:
            First index of each cell and, last, the number of points, shape (cells + 1,); shares that
            sum to 1 inside each code, shape (cells,). A code without mass is uniform.
        """
        own = np.array(self.starts, dtype=np.int64)
        cells = np.union1d(edges, own[own < edges[-1]])
        ends = np.append(own[1:], max(int(edges[-1]), int(own[-1]) + 1))
        home = np.searchsorted(own, cells[:-1], side="right") - 1
        width = np.diff(cells).astype(np.float64)
        mass = np.array(self.shares)[home] * (width / (ends - own)[home])
        return cells, within(cells, mass, edges)

    def places(self, codes: Indices, edges: Indices, rng: np.random.Generator) -> Indices:
        """Return a grid index for each of `codes`, drawn from the density inside the code."""
        cells, shares = self.on(edges)
        first = np.searchsorted(cells, edges[:-1])
        running = np.append(0.0, np.cumsum(shares))
        owner = np.searchsorted(edges, cells[:-1], side="right") - 1
        inside = running[1:] - running[first][owner]
        # Knots: the code plus the share of it that lies below each cell's end; exact at code ends.
        last = np.append(first[1:], len(cells) - 1) - 1
        inside[last] = 1.0
        knots = np.append(0.0, owner + np.minimum(inside, 1.0))
        drawn = np.interp(codes + rng.random(len(codes)), knots, cells.astype(np.float64))
        low, high = edges[:-1][codes], edges[1:][codes] - 1
        return np.clip(drawn.astype(np.int64), low, high)


def within(cells: Indices, mass: Array, edges: Indices) -> Array:
    """Return `mass` of `cells` as shares of the code each lies in; uniform where a code holds none."""
    owner = np.searchsorted(edges, cells[:-1], side="right") - 1
    width = np.diff(cells).astype(np.float64)
    held = np.bincount(owner, weights=mass, minlength=len(edges) - 1)
    points = np.diff(edges).astype(np.float64)
    filled = held[owner] > 0
    return np.where(filled, mass / np.where(filled, held[owner], 1.0), width / points[owner])


def interpolated(cells: Indices, scale: Scale, mass: Array) -> tuple[Indices, Array]:
    """Return finer cells over which the logarithm of the density is linear inside each given cell.

    Args:
        cells: first index of each cell and, last, the number of points, shape (cells + 1,).
        scale: the scale of the bins.
        mass: of each cell, shape (cells,).

    Returns:
        First index of each part and, last, the number of points; the mass of each part. The masses of
        a cell's parts sum to the cell's.
    """
    place = scale.place(cells)
    slope = slopes(np.diff(place), mass)
    inner = place[:-1, None] + np.diff(place)[:, None] * (np.arange(1, PARTS) / PARTS)
    ends = np.clip(scale.index(inner), cells[:-1, None], cells[1:, None])
    parts = np.union1d(cells, ends)
    owner = np.searchsorted(cells, parts[:-1], side="right") - 1
    at = scale.place(parts)
    # exp(slope * distance from the cell's higher end) never overflows; its integral over each part:
    rate = slope[owner]
    peak = np.where(rate > 0, place[owner + 1], place[owner])
    low, high = rate * (at[:-1] - peak), rate * (at[1:] - peak)
    flat = np.abs(high - low) < _FLAT
    width = np.diff(at)
    bent = np.exp(low) * np.expm1(high - low) / np.where(flat, 1.0, rate)
    weight = np.where(flat, np.exp((low + high) / 2) * width, bent)
    whole = np.bincount(owner, weights=weight, minlength=len(mass))
    return parts, mass[owner] * weight / whole[owner]


def slopes(width: Array, mass: Array) -> Array:
    """Return the limited slope of log(mass / width) in each cell, per unit of the scale."""
    if len(mass) < 2:
        return np.zeros(len(mass))
    with np.errstate(divide="ignore", invalid="ignore"):
        height = np.log(mass / width)
        rise = np.diff(height) / ((width[1:] + width[:-1]) / 2)
    rise = np.where(np.isnan(rise), 0.0, rise)
    ends = np.where(np.isfinite(rise[[0, -1]]), rise[[0, -1]], 0.0)
    left, right = np.append(ends[0], rise), np.append(rise, ends[1])
    same = np.sign(left) == np.sign(right)
    out = np.where(same, np.where(np.abs(left) < np.abs(right), left, right), 0.0)
    return np.where(np.isfinite(out) & (mass > 0), out, 0.0)
