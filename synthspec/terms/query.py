"""Queries: all that may be asked of private rows, each with its sensitivity.

Not a shelf, and meant to stay hard to extend: each query needs a sensitivity argument in its
docstring and a brute-force neighbour test (tests/privacy/test_sensitivity.py).

Notation: one unit has at most m rows; "add-remove" neighbours differ by one unit's rows,
"replace" neighbours by one unit's rows exchanged for others (bounds in brackets below).
Source: Dwork & Roth 2014, Def. 3.1 and 3.8; the arguments are ours.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, prod

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.protection import Protection


@dataclass(frozen=True)
class Sensitivity:
    """Bounds on the change of an answer between neighbours: L1, and the square of L2; exact integers."""

    l1: int
    l2_squared: int


@dataclass(frozen=True, eq=False)
class Axis:
    """One attribute of a query, with public grouping of its codes.

    `levels` maps each code to its level, shape (codes,), values in 0..size-1; None keeps the codes.
    """

    attribute: str
    size: int
    levels: NDArray[np.int64] | None = None

    def identity(self) -> bytes:
        """Return bytes that differ when the axis differs."""
        grouped = b"" if self.levels is None else np.ascontiguousarray(self.levels, dtype=np.int64).tobytes()
        return f"{self.attribute!r}/{self.size}/".encode() + grouped


def _digest(*parts: bytes) -> str:
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        state.update(len(part).to_bytes(8, "big") + part)
    return state.hexdigest()


@dataclass(frozen=True, eq=False)
class Marginal:
    """Counts of rows over the product of the axes' levels; flat, C order, shape (cells,) [rows].

    Sensitivity: a unit's m rows raise non-negative cells by m in total, so L1 <= m and L2 <= m;
    under replace, two non-negative vectors of L1 norm m differ by at most 2m in L1 and m*sqrt(2) in L2.
    """

    axes: tuple[Axis, ...]

    @property
    def cells(self) -> int:
        """The number of cells."""
        return prod(axis.size for axis in self.axes)

    def sensitivity(self, protection: Protection) -> Sensitivity:
        """Return the bounds, see the class."""
        m = protection.max_rows
        if protection.neighbours == "replace":
            return Sensitivity(l1=2 * m, l2_squared=2 * m * m)
        return Sensitivity(l1=m, l2_squared=m * m)

    def digest(self) -> str:
        """Return a digest of the question (public)."""
        return _digest(b"marginal", *(axis.identity() for axis in self.axes))


@dataclass(frozen=True, eq=False)
class Scored:
    """Counts of rows over (bin of a public score x levels of the axes); flat, C order, shape (cells,) [rows].

    The score of a row is the sum over `attributes` of what its code has in that attribute's public integer
    table, shape (codes,); its bin is the number of `cuts` (integers, ascending) at or under the score.

    Sensitivity: tables, cuts and levels are public, made without looking at private rows, so the cell of a
    row is a function of that row's codes alone, and every row adds 1 to exactly one cell. The counts are
    those of a marginal of one more (computed) column: a unit's m rows raise non-negative cells by m in
    total, so L1 <= m and L2 <= m (all m rows in one cell); under replace two non-negative vectors of L1
    norm at most m differ by at most 2m in L1 and m*sqrt(2) in L2.
    """

    attributes: tuple[str, ...]
    tables: tuple[NDArray[np.int64], ...]
    cuts: NDArray[np.int64]
    axes: tuple[Axis, ...] = ()

    @property
    def bins(self) -> int:
        """The number of score bins."""
        return len(self.cuts) + 1

    @property
    def cells(self) -> int:
        """The number of cells."""
        return self.bins * prod(axis.size for axis in self.axes)

    def sensitivity(self, protection: Protection) -> Sensitivity:
        """Return the bounds, see the class."""
        return Marginal(self.axes).sensitivity(protection)

    def digest(self) -> str:
        """Return a digest of the question (public)."""
        names = repr((self.attributes, len(self.axes))).encode()
        tables = (np.ascontiguousarray(table, dtype=np.int64).tobytes() for table in self.tables)
        cuts = np.ascontiguousarray(self.cuts, dtype=np.int64).tobytes()
        return _digest(b"scored", names, cuts, *tables, *(axis.identity() for axis in self.axes))


@dataclass(frozen=True, eq=False)
class Gap:
    """An integer score: weight * (sum over cells |grid * count - table| - offset).

    `table` is public, shape (cells,) [1/grid rows]; `offset` is public; `weight` >= 1.
    Sensitivity: one row moves one cell by `grid`, so a unit moves the sum by at most grid * m
    [replace: 2 * grid * m], times `weight`. The offset cancels.
    """

    axes: tuple[Axis, ...]
    table: NDArray[np.int64]
    grid: int
    offset: int = 0
    weight: int = 1

    def sensitivity(self, protection: Protection) -> Sensitivity:
        """Return the bounds, see the class."""
        step = (
            self.weight * self.grid * protection.max_rows * (2 if protection.neighbours == "replace" else 1)
        )
        return Sensitivity(l1=step, l2_squared=step * step)

    def digest(self) -> str:
        """Return a digest of the question (public)."""
        scale = f"{self.grid}/{self.offset}/{self.weight}".encode()
        return _digest(b"gap", scale, self.table.tobytes(), *(axis.identity() for axis in self.axes))


@dataclass(frozen=True, eq=False)
class Distances:
    """Sum, or maximum, over K public cliques of sum |grid * count - table|; one integer [1/grid rows].

    `tables[i]` is public, shape (cells of cliques[i],) [1/grid rows].
    Sensitivity: each of the K distances moves by at most grid * m [replace: 2 * grid * m]; the sum
    by K times that, the maximum by once that.
    """

    cliques: tuple[tuple[Axis, ...], ...]
    tables: tuple[NDArray[np.int64], ...]
    grid: int
    worst: bool

    def sensitivity(self, protection: Protection) -> Sensitivity:
        """Return the bounds, see the class."""
        once = self.grid * protection.max_rows * (2 if protection.neighbours == "replace" else 1)
        step = once if self.worst else once * len(self.cliques)
        return Sensitivity(l1=step, l2_squared=step * step)

    def digest(self) -> str:
        """Return a digest of the question (public)."""
        axes = (axis.identity() for clique in self.cliques for axis in clique)
        return _digest(
            b"distances", f"{self.grid}/{self.worst}".encode(), *(t.tobytes() for t in self.tables), *axes
        )


@dataclass(frozen=True, eq=False)
class Affected:
    """For each named flag of the view, the number of *units* with at least one flagged row; shape (k,).

    The last flag may be the view's own "cut to max_rows" counter. Flags are counted before a unit is
    cut to max_rows, and a unit adds 0 or 1 to each of k counters, so L1 <= k and L2 <= sqrt(k) under
    both relations (under replace a counter moves by at most 1, since one unit leaves and one comes).
    """

    flags: tuple[str, ...]

    def sensitivity(self, protection: Protection) -> Sensitivity:
        """Return the bounds, see the class."""
        return Sensitivity(l1=len(self.flags), l2_squared=len(self.flags))

    def digest(self) -> str:
        """Return a digest of the question (public)."""
        return _digest(b"affected", *(flag.encode() for flag in self.flags))


@dataclass(frozen=True)
class Touched:
    """For each value of a text column, the number of distinct *units* with a kept row of that value.

    Sensitivity: a unit's m rows touch at most m values and add 0 or 1 to each, so L1 <= m and
    L2 <= sqrt(m); under replace one unit leaves and one comes: L1 <= 2m, L2 <= sqrt(2m).
    """

    column: str

    def sensitivity(self, protection: Protection) -> Sensitivity:
        """Return the bounds, see the class."""
        m = protection.max_rows * (2 if protection.neighbours == "replace" else 1)
        return Sensitivity(l1=m, l2_squared=m)

    def digest(self) -> str:
        """Return a digest of the question (public)."""
        return _digest(b"touched", self.column.encode())


@dataclass(frozen=True)
class Gradient:
    """The sum over the units of a batch of their clipped gradients [the clip], at each of many steps.

    Attributes:
        attributes: of the coded rows, with `sizes` codes each.
        sizes: see there.
        rate: the probability that a unit joins the batch of a step.
        steps: how many steps.
        clip: the L2 norm that a unit's gradient has at most.
        expected: what the noisy sum is divided by.
        parameters: how many numbers a gradient has.

    Sensitivity: one unit adds a vector of norm at most 1 clip, so L2 <= 1 and, in d dimensions,
    L1 <= sqrt(d). These are stated under both relations: that under replace one such vector goes and
    another comes is in the price of a `SubsampledGaussian`, which takes what one unit adds.
    """

    attributes: tuple[str, ...]
    sizes: tuple[int, ...]
    rate: Fraction
    steps: int
    clip: float
    expected: float
    parameters: int

    def sensitivity(self, protection: Protection) -> Sensitivity:
        """Return the bounds of what one unit adds, see the class."""
        return Sensitivity(l1=isqrt(max(0, self.parameters - 1)) + 1, l2_squared=1)

    def digest(self) -> str:
        """Return a digest of the question (public).

        Without `clip` and `expected`: they may differ in the last digits where a resumed run finds them
        on another machine, and each step's noise is of its own clip.
        """
        scale = f"{self.rate}/{self.steps}/{self.parameters}"
        return _digest(b"gradient", scale.encode(), repr((self.attributes, self.sizes)).encode())


Query = Marginal | Scored | Gap | Distances | Affected | Touched | Gradient
"""Everything that can be measured; `Touched` only through partition selection (`discover`), `Gradient` only
through a subsampled Gaussian."""
