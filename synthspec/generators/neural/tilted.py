"""Tilted: a neural model times factors over its codes; conditions are factors of 0 and 1.

The start model tells, exactly, how likely each choice lets the condition come true later; the network's
rows are drawn with that look ahead, so that the condition holds in every row, and are weighted by how
far the two models differ. What is handed out is drawn from these by their weights; the effective share
of a weighted sample says what that costs. However rare the condition is, nothing is rejected.

A model that is given attributes cannot weigh these: the start model's share of them that lets the condition
come true (`message`) is asked of who draws them, and each row has a weight left (`weighed`) by which whole
rows are drawn again.

Source: Koller & Friedman 2009, ch. 9.3 (elimination), 12.2 (importance sampling); Whiteley & Lee 2014
(proposals that look ahead); Rubin 1987 (importance resampling); Kong 1992 (the effective sample).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.neural.backbone import Array, Backbone, Labels, Rung, backbone, chosen, even
from synthspec.generators.neural.forward import Net
from synthspec.generators.neural.neural_model import NeuralModel, drawn_codes, known_levels, lifted
from synthspec.generators.neural.refined import Factor, on_levels, refined
from synthspec.generators.weighted import weighted
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Clique, Domain

MOST_CELLS = 4_000_000
CANDIDATES = 4
"""Weighted rows per row that is handed out."""
LOOK = 1 << 13
"""Rows, drawn with a fixed public seed, in which effective share and probability are measured."""
MARGINALS = 1 << 16
BATCH = 1 << 13
_einsum: Any = np.einsum

Scoped = tuple[tuple[int, ...], Array]


@dataclass(frozen=True, eq=False)
class Tilt:
    """What one step looks ahead to: factors of its attribute and earlier ones, and their mean before it."""

    factors: tuple[Scoped, ...]
    mean: Scoped


@dataclass(frozen=True, eq=False)
class TiltedModel:
    """A neural model given a condition; not saved, since it follows from its base.

    Attributes:
        base: the model.
        bones: its tables on levels that tell the factors' codes apart.
        olds: the base's level of each finer one, where there are finer ones.
        tilts: per attribute.
        constant: the probability of the condition in the start model; given attributes apart.
        factors: the condition.
        message: what is asked of the given attributes, over their codes.
    """

    base: NeuralModel
    bones: Backbone
    olds: Mapping[int, Labels]
    tilts: Mapping[int, Tilt]
    constant: float
    factors: tuple[Factor, ...]
    message: tuple[Factor, ...] = ()

    @property
    def domain(self) -> Domain:
        """All attributes, the given ones included."""
        return self.base.domain

    @property
    def given(self) -> frozenset[str]:
        """The attributes that are conditioned on."""
        return self.base.given

    @cached_property
    def _looked(self) -> Array:
        """Logarithms of weights; the given attributes are drawn from the start model, as it was asked."""
        rng = SampleRng(0, "tilted")
        given = self._asked(LOOK, rng.split("given"))
        if self.given and given is None:
            return np.full(LOOK, -np.inf)
        return self._weighted(LOOK, rng.generator, known_levels(self.bones, LOOK, given))[1]

    def _asked(self, rows: int, rng: SampleRng) -> Codes | None:
        """Return codes of the given attributes as the start model draws them under `message`.

        None without given attributes, and where no codes of them let the condition come true.
        """
        if not self.given:
            return None
        free = weighted(replace(self.base.start, given=frozenset()), self.message)
        if free is None or free[1] == -np.inf:
            return None
        drawn = free[0].sample(rows, rng)
        names = tuple(a for a in self.domain.attributes if a in self.given)
        return Codes(self.domain.project(names), {a: drawn.columns[a] for a in names})

    @property
    def effective(self) -> float:
        """The share of weighted rows that is left of a sample when the weights are evened out."""
        logs = self._looked
        if not np.isfinite(logs.max()):
            return 0.0
        weights = np.exp(logs - logs.max())
        return float(weights.sum() ** 2 / (len(weights) * (weights**2).sum()))

    @property
    def log_probability(self) -> float:
        """The logarithm of the probability of the condition in the model, measured in LOOK rows.

        With given attributes that is what is left when they were drawn as `message` asks.
        """
        top = float(self._looked.max())
        if self.constant <= 0 or not np.isfinite(top):
            return -np.inf
        return log(self.constant) + top + float(np.log(np.exp(self._looked - top).mean()))

    def sample(self, rows: int, rng: SampleRng, given: Codes | None = None) -> Codes:
        """Return `rows` rows over the attributes that are not given; see `Model.sample`."""
        return self.weighed(rows, rng, given)[0]

    def weighed(self, rows: int, rng: SampleRng, given: Codes | None = None) -> tuple[Codes, Array]:
        """Return `sample`'s rows, and the logarithm of the weight that each has left, shape (rows,).

        It is 0 everywhere without given attributes.
        """
        known = known_levels(self.bones, rows, given)
        drawn = {i: np.empty(rows, dtype=np.int64) for i in self.bones.own}
        left = np.zeros(rows)
        generator = np.random.Generator(np.random.SFC64(rng.generator.integers(0, 1 << 63, 4).tolist()))
        for start in range(0, rows, BATCH):
            part = slice(start, min(start + BATCH, rows))
            many = part.stop - start
            often = {i: np.tile(column[part], CANDIDATES) for i, column in known.items()}
            levels, logs = self._weighted(many * CANDIDATES, generator, often)
            if known:
                kept, left[part] = _own(logs, many, generator)
            else:
                kept = resampled(logs, many, generator)
            for index in self.bones.own:
                drawn[index][part] = self.bones.codes(index, levels[index][kept], generator)
        return drawn_codes(self.bones, drawn), left

    def _weighted(
        self, rows: int, generator: np.random.Generator, known: Mapping[int, Labels]
    ) -> tuple[dict[int, Labels], Array]:
        """Return levels that meet the condition, and the logarithms of their weights."""
        levels, plain = dict(known), {i: self._old(i, column) for i, column in known.items()}
        net: Net | None = self.base.net
        hidden = None if net is None else net.begin(rows, plain, generator)
        logs = np.zeros(rows)
        for rung in self.bones.rungs:
            index, key = rung.attribute, rung.key(levels, rows)
            shares = rung.shares[key]
            extra = None if net is None else net.logits(hidden, index, plain)
            if extra is not None:
                shares = lifted(shares, extra if index not in self.olds else extra[:, self.olds[index]])
            if index in self.tilts:
                shares, gain = _tilted(shares, self.tilts[index], index, levels)
                logs += gain
            levels[index] = chosen(shares, even(key, generator))
            plain[index] = self._old(index, levels[index])
        return levels, logs

    def _old(self, index: int, levels: Labels) -> Labels:
        return self.olds[index][levels] if index in self.olds else levels

    def marginal(self, clique: Clique) -> Array:
        """Return the marginal over attributes, counted in drawn rows; given ones as the start has them.

        Where the condition cannot come true it is the base's.
        """
        if self._rows is None:
            return self.base.marginal(clique)
        counts = self._rows.count(clique).astype(np.float64)
        return np.asarray(counts.reshape([self.domain.size(a) for a in clique]) / counts.sum())

    @cached_property
    def _rows(self) -> Codes | None:
        rng = SampleRng(0, "tilted marginals")
        if not self.given:
            return self.sample(MARGINALS, rng)
        given = self._asked(MARGINALS, rng.split("given"))
        if given is None:
            return None
        own, logs = self.weighed(MARGINALS, rng, given)
        kept = resampled(logs, MARGINALS, rng.split("kept").generator)
        every = {**given.columns, **own.columns}
        return Codes(self.domain, {a: np.asarray(every[a])[kept] for a in self.domain.attributes})

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Refuse: what is saved is the base."""
        raise ValueError("a tilted model is not saved")

    def facts(self) -> Mapping[str, object]:
        """Refuse: what is saved is the base."""
        raise ValueError("a tilted model is not saved")


def tilted(model: NeuralModel, factors: Sequence[Factor]) -> TiltedModel | None:
    """Return the model in proportion to `model` times the factors; None where a table grows too large."""
    bones, olds = refined(model.bones, factors)
    live = [on_levels(bones, factor) for factor in factors]
    tilts: dict[int, Tilt] = {}
    ahead = refined(backbone(model.start), factors)[0]
    for rung in reversed(ahead.rungs):
        mine = [each for each in live if rung.attribute in each[0]]
        if not mine:
            continue
        live = [each for each in live if rung.attribute not in each[0]]
        mean = _mean(rung, mine, bones.sizes)
        if mean is None:
            return None
        tilts[rung.attribute] = Tilt(tuple(mine), mean)
        live.append(mean)
    constant = prod(float(table) for scope, table in live if not scope)
    message = tuple(_on_codes(bones, scope, table) for scope, table in live if scope)
    return TiltedModel(model, bones, olds, tilts, constant, tuple(factors), message)


def _on_codes(bones: Backbone, scope: tuple[int, ...], table: Array) -> Factor:
    """Return a factor over levels as one over codes."""
    cells = table[np.ix_(*(bones.levels[index] for index in scope))]
    return tuple(bones.domain.attributes[index] for index in scope), np.asarray(cells)


def _mean(rung: Rung, factors: Sequence[Scoped], sizes: Sequence[int]) -> Scoped | None:
    """Return the mean of the factors' product over the rung's attribute, given all others."""
    scope = tuple(dict.fromkeys([*rung.old, *(a for each, _ in factors for a in each)]))
    rest = tuple(a for a in scope if a != rung.attribute)
    if prod(float(sizes[a]) for a in (*rest, rung.attribute)) > MOST_CELLS:
        return None
    letters = {a: at for at, a in enumerate((*rest, rung.attribute))}
    parts: list[object] = [
        rung.shares.reshape(*rung.sizes, rung.shares.shape[1]),
        [letters[a] for a in (*rung.old, rung.attribute)],
    ]
    for each, table in factors:
        parts += [table, [letters[a] for a in each]]
    return rest, np.asarray(_einsum(*parts, [letters[a] for a in rest]), dtype=np.float64)


def _tilted(shares: Array, tilt: Tilt, index: int, levels: Mapping[int, Labels]) -> tuple[Array, Array]:
    """Return shares times the step's factors, and the logarithm of what the weight gains."""
    total = shares.sum(axis=1)
    factor = np.ones_like(shares)
    for scope, table in tilt.factors:
        turned = np.moveaxis(table, scope.index(index), -1)
        factor *= turned[tuple(levels[a] for a in scope if a != index)]
    found = shares * factor
    scope, table = tilt.mean
    mean = table[tuple(levels[a] for a in scope)] if scope else table
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.log(found.sum(axis=1) / total) - np.log(mean)
    lost = ~np.isfinite(gain)
    found = np.where(lost[:, None], np.where(factor.sum(axis=1, keepdims=True) > 0, factor, shares), found)
    return found, np.where(lost, -np.inf, gain)


def _own(logs: Array, rows: int, generator: np.random.Generator) -> tuple[Labels, Array]:
    """Return for each row one of its own candidates by their weights, and the log of their mean weight."""
    mine = logs.reshape(CANDIDATES, rows).T
    top = mine.max(axis=1)
    held = np.isfinite(top)
    weights = np.exp(np.where(held[:, None], mine - np.where(held, top, 0.0)[:, None], 0.0))
    left = np.where(held, top + np.log(weights.mean(axis=1)), -np.inf)
    return chosen(weights, generator.random(rows)) * rows + np.arange(rows), left


def resampled(logs: Array, rows: int, generator: np.random.Generator) -> Labels:
    """Return `rows` places in `logs`, drawn in proportion to the weights whose logarithms these are."""
    top = float(logs.max())
    weights = np.exp(logs - top) if np.isfinite(top) else np.ones(len(logs))
    order = generator.permutation(len(logs))
    running = np.cumsum(weights[order])
    ticks = (np.arange(rows) + generator.random()) / rows * running[-1]
    found = order[np.minimum(np.searchsorted(running, ticks, side="right"), len(logs) - 1)]
    return generator.permutation(found).astype(np.int64)
