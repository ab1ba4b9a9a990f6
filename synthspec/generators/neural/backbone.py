"""Backbone: the start model as one conditional table per attribute, in the order of drawing.

A junction tree, drawn attribute by attribute in the reverse of its elimination order, is a product of
tables P(attribute | few earlier ones). A network adds to the logarithm of each table what it learned;
where a table has 0, nothing can be drawn, and since the tables are those of a calibrated tree, every
choice that they leave open has a lawful continuation: structural zeros cost no rejection.

Source: Koller & Friedman 2009, ch. 9 and 12.1 (elimination orders, forward sampling).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.pgm.factor import Scope
from synthspec.generators.pgm.sample import plan
from synthspec.generators.tree_model import TreeModel
from synthspec.terms.domain import Domain

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rung:
    """One attribute and its table.

    Attributes:
        attribute: its index in the domain.
        old: the earlier attributes that its table depends on.
        sizes: their numbers of levels.
        shares: P(level | levels of old), shape (cells of old, levels); rows sum to 1.
    """

    attribute: int
    old: Scope
    sizes: tuple[int, ...]
    shares: Array

    def key(self, levels: Mapping[int, Labels], rows: int) -> Labels:
        """Return the row of `shares` that holds for each row of data."""
        key = np.zeros(rows, dtype=np.int64)
        for attribute, size in zip(self.old, self.sizes):
            key = key * size + levels[attribute]
        return key


@dataclass(frozen=True, eq=False)
class Backbone:
    """The tables of all attributes that are drawn, in order, and the codes inside levels.

    Attributes:
        domain: all attributes, the given ones included.
        given: attributes that are conditioned on.
        levels: per attribute the level of each code, shape (codes,).
        densities: per attribute the share of each code within its level.
        rungs: the tables, in the order of drawing.
    """

    domain: Domain
    given: frozenset[str]
    levels: tuple[Labels, ...]
    densities: tuple[Array, ...]
    rungs: tuple[Rung, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The number of levels per attribute."""
        return tuple(int(level.max()) + 1 for level in self.levels)

    @property
    def own(self) -> tuple[int, ...]:
        """The attributes that are drawn, in the order of drawing."""
        return tuple(rung.attribute for rung in self.rungs)

    @cached_property
    def known(self) -> tuple[int, ...]:
        """The given attributes, in the domain's order."""
        return tuple(i for i, a in enumerate(self.domain.attributes) if a in self.given)

    @cached_property
    def _inside(self) -> dict[int, tuple[Labels, Array, Labels, Labels]]:
        """Per attribute with merged codes: codes by level, running shares, first and last places."""
        found = {}
        for index in self.own:
            level, density = self.levels[index], self.densities[index]
            many = self.sizes[index]
            if not np.array_equal(level, np.arange(len(level))):
                total = np.bincount(level, weights=density)
                share = np.where(total[level] > 0, density, 1.0)
                share = share / np.bincount(level, weights=share)[level]
                order = np.lexsort((np.arange(len(level)), share <= 0, level)).astype(np.int64)
                positive = np.bincount(level[share > 0], minlength=many)
                first = np.searchsorted(level[order], np.arange(many)).astype(np.int64)
                found[index] = (order, np.cumsum(share[order]), first, first + positive - 1)
        return found

    def inside(self, index: int) -> Array:
        """Return the share of each code of an attribute within its level, shape (codes,)."""
        level, density = self.levels[index], self.densities[index]
        whole = np.bincount(level, weights=density)[level]
        even_ = 1.0 / np.bincount(level)[level]
        return np.where(whole > 0, density / np.where(whole > 0, whole, 1.0), even_)

    def codes(self, index: int, levels: Labels, generator: np.random.Generator) -> Labels:
        """Return codes of one attribute drawn inside the given levels, evenly over rows of a level."""
        if index not in self._inside:
            return levels  # a level is its one code
        order, running, first, last = self._inside[index]
        place = np.searchsorted(running, levels + even(levels, generator), side="right")
        return order[np.clip(place, first[levels], last[levels])]


def backbone(model: TreeModel) -> Backbone:
    """Return the tables of a fitted tree model."""
    known = frozenset(i for i, a in enumerate(model.domain.attributes) if a in model.given)
    rungs = []
    for step in plan(model.beliefs, known):
        (attribute,) = step.new
        shares = np.diff(step.cumulative, axis=1, prepend=0.0)
        rungs.append(Rung(attribute, step.old, step.sizes, np.maximum(shares, 0.0)))
    return Backbone(model.domain, model.given, model.levels, model.densities, tuple(rungs))


def even(groups: Labels, generator: np.random.Generator) -> Array:
    """Return numbers uniform in [0, 1), spread evenly over the rows of each group, shape (rows,).

    Rows lie in random order, those of a group together, groups in random order too, so that two calls
    with the same groups are independent; along that order the numbers are a sequence of low discrepancy.

    Source: Weyl 1916 (equidistribution of multiples of the golden ratio); Cranley & Patterson 1976.
    """
    rows = len(groups)
    if rows == 0:
        return np.zeros(0)
    many = int(groups.max()) + 1
    label = generator.permutation(many).astype(np.int64)[groups]
    order = np.argsort((label << 20) + generator.integers(0, 1 << 20, rows), kind="stable")
    out = np.empty(rows)
    out[order] = (np.arange(rows) * 0.6180339887498949 + generator.random()) % 1.0
    return out


def chosen(shares: Array, uniform: Array) -> Labels:
    """Return a column per row in proportion to `shares` (any scale); one of share 0 is never chosen."""
    running = np.cumsum(shares, axis=1)
    target = uniform * running[:, -1]
    found = (running <= target[:, None]).sum(axis=1)
    last = shares.shape[1] - 1 - np.argmax(shares[:, ::-1] > 0, axis=1)
    out: Labels = np.minimum(found, last).astype(np.int64)
    return out
