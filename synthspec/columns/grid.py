"""Grid: what all ordered column types share: a public grid lo..hi by step, cut into codes.

Grid points are integers (see columns/literal.py); point k is lo + k * step. Code c holds the points
from cuts[c] up to the next cut; without cuts every point is a code. An off-grid value belongs to the
point at or below it (whole types) or to the nearest one (float).
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from synthspec.columns.base import ColumnType
from synthspec.columns.density import Density, interpolated, within
from synthspec.columns.spread import MOST_CODES, MOST_POINTS, Scale, even_cuts, log_cuts, wide
from synthspec.terms.expr import Bin, Case, Compare, Expr, IsNull, Literal_, Logic
from synthspec.terms.types import INT


def or_missing(value: Expr, code: Expr, size: int, missing: bool) -> Expr:
    """Return `code`, or when `missing` the last code where `value` is null."""
    if not missing:
        return code
    last = Literal_(text=str(size - 1), type=INT)
    return Case(branches=((IsNull(arg=value), last),), otherwise=code, type=INT)


class Ordered(ColumnType, ABC):
    """An ordered column on a grid; `lo`, `hi`, `step` are grid integers, ends included.

    `cuts` are the first grid index of each code, None for one code per point. `bins` is how many
    codes were asked for, None when the edges were written out: `narrowed` needs to know which.
    `density` says how rows spread over the points inside a code, None for evenly.
    """

    lo: int
    hi: int
    step: int = 1
    cuts: tuple[int, ...] | None = None
    bins: int | None = MOST_CODES
    density: Density | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.step < 1 or self.hi < self.lo:
            raise ValueError("the domain is empty or its step is not positive")
        if self.points > MOST_POINTS:
            raise ValueError("the grid has more than 2**53 points")
        cuts = self.cuts
        if cuts is not None and (
            not cuts
            or cuts[0] != 0
            or cuts[-1] >= self.points
            or any(a >= b for a, b in itertools.pairwise(cuts))
        ):
            raise ValueError("cuts start at 0, increase and stay on the grid")
        if self.density is not None and self.density.starts[-1] >= self.points:
            raise ValueError("the cells of a density stay on the grid")
        return self

    @abstractmethod
    def grid_text(self, grid: int) -> str:
        """Return the canonical literal text of a grid integer."""

    @abstractmethod
    def physical(self, grid: NDArray[np.int64]) -> NDArray[np.generic]:
        """Return the physical values of grid integers, same shape."""

    @abstractmethod
    def edges(self) -> tuple[int, ...] | tuple[float, ...]:
        """Return the physical edges of the codes, one more than there are, increasing."""

    @property
    @abstractmethod
    def unit(self) -> int:
        """How many grid integers make 1 of what a person writes; 0 where 0 means nothing (dates)."""

    @property
    def points(self) -> int:
        """The number of grid points."""
        return (self.hi - self.lo) // self.step + 1

    @property
    def codes(self) -> int:
        """The number of codes, without the missing one."""
        return self.points if self.cuts is None else len(self.cuts)

    @property
    def size(self) -> int:
        """See `ColumnType.size`."""
        return self.codes + self.missing

    @property
    def ordinal(self) -> bool:
        """See `ColumnType.ordinal`."""
        return True

    def starts(self) -> NDArray[np.int64]:
        """Return the first grid index of each code and, last, the number of points; shape (codes + 1,)."""
        inner = range(self.points) if self.cuts is None else self.cuts
        return np.array([*inner, self.points], dtype=np.int64)

    def cut_points(self) -> tuple[int, ...]:
        """Return the grid integers at which codes start and, last, the one after the end."""
        return tuple((self.lo + self.starts() * self.step).tolist())

    def default_cuts(self, bins: int) -> tuple[int, ...] | None:
        """Return public cuts for at most `bins` codes; None when every point can be a code."""
        if self.points <= bins:
            return None
        scale = self.scale_of_bins()
        if scale.unit and bins >= 3:
            return log_cuts(self.lo, self.hi, self.step, scale.unit, bins)
        return even_cuts(self.points, bins)

    def scale_of_bins(self) -> Scale:
        """Return the scale on which bins are spread: signed-log over two decades and more, else linear."""
        long = bool(self.unit) and wide(self.lo, self.hi, self.step)
        return Scale(self.lo, self.step, max(self.step, self.unit) if long else 0)

    def spread(self, bins: int = MOST_CODES) -> Self:
        """Return the column with public default bins, at most `bins`."""
        return self.model_copy(update={"cuts": self.default_cuts(bins), "bins": bins})

    def narrowed(self, lo: int, hi: int) -> Self:
        """Return the column on the part of its grid that covers lo..hi (grid integers).

        Bins are spread anew over the smaller range, or kept where edges were written out.
        """
        first = (min(max(lo, self.lo), self.hi) - self.lo) // self.step
        last = -((self.lo - max(min(hi, self.hi), self.lo)) // self.step)
        first, last = min(first, self.points - 1), min(max(last, first), self.points - 1)
        ends = {"lo": self.lo + first * self.step, "hi": self.lo + last * self.step}
        smaller = self.model_copy(update={**ends, "cuts": None, "density": None})
        if self.bins is not None:
            return smaller.spread(self.bins)
        kept = sorted({0, *(cut - first for cut in self.cuts or () if first < cut <= last)})
        return smaller.model_copy(update={"cuts": tuple(kept)})

    def shaped(self, masses: NDArray[np.float64]) -> Self:
        """Return the column with the density that follows from the shares of its codes, between them.

        A density that the column has already (measured on finer cells) decides how each code's share
        falls on its cells; inside these the density is interpolated.

        Args:
            masses: public shares of the codes, the missing code's ignored, shape (size,).
        """
        if self.cuts is None:
            return self
        edges = self.starts()
        codes = np.maximum(np.asarray(masses, dtype=np.float64)[: self.codes], 0.0)
        cells, shares = edges, np.ones(len(codes))
        if self.density is not None:
            cells, shares = self.density.on(edges)
        mass = codes[np.searchsorted(edges, cells[:-1], side="right") - 1] * shares
        parts, finer = interpolated(cells, self.scale_of_bins(), mass)
        inside = within(parts, finer, edges)
        density = Density(starts=tuple(parts[:-1].tolist()), shares=tuple(inside.tolist()))
        return self.model_copy(update={"density": density})

    def inside(self, value: Expr) -> Expr:
        """See `ColumnType.inside`."""
        low = Compare(op=">=", left=value, right=self._literal(self.lo))
        high = Compare(op="<=", left=value, right=self._literal(self.hi))
        return Logic(op="and", args=(low, high))

    def clamp(self, value: Expr) -> Expr:
        """See `ColumnType.clamp`."""
        low, high = self._literal(self.lo), self._literal(self.hi)
        below = (Compare(op="<", left=value, right=low), low)
        above = (Compare(op=">", left=value, right=high), high)
        return Case(branches=(below, above), otherwise=value, type=self.type)

    def encode(self, value: Expr) -> Expr:
        """See `ColumnType.encode`."""
        return or_missing(value, Bin(arg=value, edges=self.edges()), self.size, self.missing)

    def decode(
        self, codes: NDArray[np.integer], rng: np.random.Generator
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """See `ColumnType.decode`: by `density` over the grid points of each code, evenly without."""
        starts = self.starts()
        null = np.asarray(codes) == self.codes if self.missing else np.zeros(len(codes), dtype=np.bool_)
        at = np.where(null, 0, codes).astype(np.int64)
        index = starts[:-1][at]
        if self.cuts is not None and self.density is not None:
            index = self.density.places(at, starts, rng)
        elif self.cuts is not None:
            width = np.diff(starts)[at]
            index = index + np.minimum((rng.random(len(at)) * width).astype(np.int64), width - 1)
        return self.physical(self.lo + index * self.step), null

    def encode_physical(self, values: NDArray[np.generic], null: NDArray[np.bool_]) -> NDArray[np.int64]:
        """See `ColumnType.encode_physical`."""
        inner = np.asarray(self.edges())[1:-1]
        codes = np.searchsorted(inner, values, side="right").astype(np.int64)
        return np.where(null, self.codes if self.missing else 0, codes)

    def labels(self) -> tuple[str, ...]:
        """See `ColumnType.labels`: a point, or `first..last`."""
        points = self.cut_points()
        firsts = [self.grid_text(first) for first in points[:-1]]
        lasts = [self.grid_text(following - self.step) for following in points[1:]]
        texts = [a if a == b else f"{a}..{b}" for a, b in zip(firsts, lasts, strict=True)]
        return (*texts, "missing") if self.missing else tuple(texts)

    def domain_text(self) -> str:
        """See `ColumnType.domain_text`."""
        return f"{self.grid_text(self.lo)}..{self.grid_text(self.hi)}"

    def _literal(self, grid: int) -> Literal_:
        return Literal_(text=self.grid_text(grid), type=self.type)


class Whole(Ordered, ABC):
    """An ordered column whose physical values are the grid integers themselves."""

    def physical(self, grid: NDArray[np.int64]) -> NDArray[np.generic]:
        """See `Ordered.physical`."""
        return grid

    def edges(self) -> tuple[int, ...]:
        """See `Ordered.edges`."""
        return self.cut_points()
