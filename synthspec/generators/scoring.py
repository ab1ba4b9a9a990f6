"""Scores of pairs: how far the model's pair lies from the data's, less what noise would leave.

The score is computed by the oracle: this module makes the public side, a table and an offset on an
integer grid, per pair and on groups of its cells.

Source: ours; PRIVACY 6.4 of the design. Compare McKenna et al. 2022, arXiv:2201.12677 (AIM).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations
from math import log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Workload
from synthspec.generators.coding import Coding
from synthspec.generators.oneways import residual
from synthspec.generators.pgm.calibrate import Beliefs
from synthspec.generators.pgm.estimate import coarsen, shape_of
from synthspec.generators.pgm.factor import Scope
from synthspec.generators.pgm.infer import all_pairs, marginal
from synthspec.generators.recipe import RECIPE, Recipe
from synthspec.terms.query import Gap

GRID = 16
"""Scores are in units of 1/GRID rows: whole rows would bias sparse cells."""

STILL = 0.02
"""A pair is scored anew once its table moved by this share of a selection's scatter."""

Pair = tuple[int, int]


class Scores:
    """The candidates' gaps, kept from round to round while their tables stand still."""

    def __init__(self, coding: Coding, workload: Workload, total: float, recipe: Recipe = RECIPE) -> None:
        self._coding = coding
        self._total = total
        self._recipe = recipe
        self._weights = _pair_weights(workload, coding)
        self._gaps: dict[Scope, Gap] = {}
        self._tables: dict[Scope, NDArray[np.float64]] = {}
        self._key: tuple[float, float] = (0.0, 0.0)
        self._hurdle = 0.0

    def weight(self, scope: Scope) -> int:
        """Return the largest weight of a pair inside `scope`."""
        return max((self._weights.get(pair, 1) for pair in combinations(scope, 2)), default=1)

    def update(
        self, beliefs: Beliefs, pairs: Collection[Scope], *, stddev: float, scatter: float, toll: float
    ) -> Mapping[Scope, Gap]:
        """Return the gap of each of `pairs` for measurements of deviation `stddev` [rows].

        Args:
            beliefs: the current model.
            pairs: the candidates; larger scopes lie inside cliques of the model's tree.
            stddev: of the cells of a measurement of this round.
            scatter: of this round's selections [rows].
            toll: what the price of one pair would gain elsewhere [rows].
        """
        if not np.isclose(stddev, self._key[0], rtol=0.02):
            self._gaps.clear()
            self._tables.clear()
            self._key = (stddev, scatter)
            # Lifts "none" to the weight of all candidates together, or it would drown among them.
            self._hurdle = self._recipe.hurdle * scatter * log(max(len(pairs), 1)) + toll

        def sink(a: int, b: int, table: NDArray[np.float64]) -> None:
            if (a, b) in pairs:
                self._refresh((a, b), table, self._key[0], scatter)

        all_pairs(beliefs, sink)
        for scope in pairs:
            if len(scope) > 2:
                self._refresh(scope, marginal(beliefs, scope), self._key[0], scatter)
        return {pair: self._gaps[pair] for pair in sorted(pairs)}

    def _refresh(self, pair: Scope, table: NDArray[np.float64], stddev: float, scatter: float) -> None:
        groups = self._coding.groups(pair, self._total / stddev)
        shape = shape_of(self._coding.sizes, groups, pair)
        rows = coarsen(table, groups, shape) * self._total
        old = self._tables.get(pair)
        if old is not None and float(np.abs(rows - old).sum()) <= STILL * scatter:
            return
        self._tables[pair] = rows
        # A weight lowers what a pair must gain to be bought. It does not multiply the score: that would
        # raise the sensitivity, and so the noise, of every pair's selection.
        weight = self.weight(pair)
        self._gaps[pair] = Gap(
            axes=tuple(self._coding.axis(i, g) for i, g in zip(pair, groups)),
            table=np.rint(rows.ravel() * GRID).astype(np.int64),
            grid=GRID,
            offset=round(GRID * (self._allowance(rows, stddev) + self._hurdle / weight)),
        )

    def _allowance(self, rows: NDArray[np.float64], stddev: float) -> float:
        """Return the error that a measurement would leave; without awareness, that of its noise alone."""
        return residual(rows, stddev) if self._recipe.noise_aware else sqrt(2 / pi) * stddev * rows.size


def _pair_weights(workload: Workload, coding: Coding) -> dict[Pair, int]:
    """Return the weight of each pair: the largest among the spec's cliques that hold it."""
    place = {a: i for i, a in enumerate(coding.domain.attributes)}
    out: dict[Pair, int] = {}
    for clique, weight in workload.weights.items():
        held = sorted(place[a] for a in clique if a in place)
        for i, a in enumerate(held):
            for b in held[i + 1 :]:
                out[a, b] = max(out.get((a, b), 1), weight)
    return out
