"""The fitted model of the neural backends: a backbone of tables, and what a network adds to their logarithms.

Source: ours; sampling is ancestral (Koller & Friedman 2009, ch. 12.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.neural.backbone import Array, Backbone, Labels, backbone, chosen, even
from synthspec.generators.neural.forward import Net, Prefix, load_net
from synthspec.generators.tree_model import TreeModel, load_tree
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Clique, Domain

BATCH = 1 << 15
MONTE_CARLO = 1 << 18
"""Rows, drawn with a fixed public seed, in which marginals are counted."""


@dataclass(frozen=True, eq=False)
class NeuralModel:
    """A joint distribution over codes.

    Attributes:
        start: the marginal model that was paid for.
        bones: its tables, corrected (`rake`).
        net: what is added; None where nothing was learned beyond the start.
        notes: what was done, for reports: JSON values.
    """

    start: TreeModel
    bones: Backbone
    net: Net | None
    notes: Mapping[str, Any]

    @property
    def domain(self) -> Domain:
        """All attributes, the given ones included."""
        return self.start.domain

    @property
    def given(self) -> frozenset[str]:
        """The attributes that are conditioned on."""
        return self.start.given

    @property
    def total(self) -> float | None:
        """The noisy number of rows that was learned, or None."""
        return self.start.total

    def sample(self, rows: int, rng: SampleRng, given: Codes | None = None) -> Codes:
        """Return `rows` rows over the attributes that are not given; see `Model.sample`."""
        if self.net is None:  # the start itself, whose sampler keeps every column's counts even as well
            return self.start.sample(rows, rng, given)
        known = known_levels(self.bones, rows, given)
        drawn = {i: np.empty(rows, dtype=np.int64) for i in self.bones.own}
        generator = np.random.Generator(np.random.SFC64(rng.generator.integers(0, 1 << 63, 4).tolist()))
        for start in range(0, rows, BATCH):
            part = slice(start, min(start + BATCH, rows))
            many = part.stop - start
            levels = self._levels(many, generator, {i: column[part] for i, column in known.items()})
            for index in self.bones.own:
                drawn[index][part] = self.bones.codes(index, levels[index], generator)
        return drawn_codes(self.bones, drawn)

    def _levels(
        self, rows: int, generator: np.random.Generator, known: Mapping[int, Labels]
    ) -> dict[int, Labels]:
        levels = dict(known)
        hidden = None if self.net is None else self.net.begin(rows, known, generator)
        for rung in self.bones.rungs:
            key = rung.key(levels, rows)
            shares = rung.shares[key]
            extra = None if self.net is None else self.net.logits(hidden, rung.attribute, levels)
            if extra is not None:
                shares = lifted(shares, extra)
            levels[rung.attribute] = chosen(shares, even(key, generator))
        return levels

    @cached_property
    def _codes(self) -> Codes:
        """MONTE_CARLO rows over all attributes; the given ones are those of the start model."""
        rng = SampleRng(0, "marginals")
        if not self.given:
            return self.sample(MONTE_CARLO, rng)
        free = replace(self.start, given=frozenset()).sample(MONTE_CARLO, rng.split("given"))
        names = tuple(a for a in self.domain.attributes if a in self.given)
        known = Codes(self.domain.project(names), {a: free.columns[a] for a in names})
        own = self.sample(MONTE_CARLO, rng, known)
        return Codes(self.domain, {a: {**known.columns, **own.columns}[a] for a in self.domain.attributes})

    def log_likelihood(self, codes: Codes) -> Array:
        """Return the logarithm of each row's probability, exactly, shape (rows,).

        Of the attributes that are not given, given the others.

        Args:
            codes: of all attributes, the given ones included.

        Raises:
            ValueError: for a network with latent variables, whose likelihood is no finite sum.
        """
        if self.net is not None and not isinstance(self.net, Prefix):
            raise ValueError("a network with latent variables has no exact likelihood")
        columns = [np.asarray(codes.columns[a], dtype=np.int64) for a in self.domain.attributes]
        levels = {i: self.bones.levels[i][column] for i, column in enumerate(columns)}
        total, rows = np.zeros(len(columns[0])), np.arange(len(columns[0]))
        for rung in self.bones.rungs:
            index = rung.attribute
            shares = rung.shares[rung.key(levels, len(rows))]
            extra = None if self.net is None else self.net.logits(None, index, levels)
            shares = shares if extra is None else lifted(shares, extra)
            chance = shares[rows, levels[index]] / shares.sum(axis=1)
            with np.errstate(divide="ignore"):
                total += np.log(chance) + np.log(self.bones.inside(index)[columns[index]])
        return total

    def marginal(self, clique: Clique) -> Array:
        """Return the marginal over the codes of `clique`, counted in MONTE_CARLO rows."""
        shape = [self.domain.size(a) for a in clique]
        counts = self._codes.count(clique).astype(np.float64)
        return np.asarray(counts.reshape(shape) / counts.sum(), dtype=np.float64)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the start model's arrays, the corrected tables, and the network's weights."""
        out: dict[str, NDArray[np.generic]] = {f"start/{k}": v for k, v in self.start.arrays().items()}
        for at, rung in enumerate(self.bones.rungs):
            out[f"rung/{at}"] = rung.shares
        if self.net is not None:
            out |= {f"net/{name}": array for name, array in self.net.weights.items()}
            masses = getattr(self.net, "masses", None)
            if masses is not None and len(masses):
                out["net/masses"] = masses
        return out

    def facts(self) -> Mapping[str, object]:
        """Return the structure; with `arrays` it rebuilds the model."""
        return {
            "kind": "neural",
            "start": dict(self.start.facts()),
            "net": None if self.net is None else self.net.facts(),
            "notes": dict(self.notes),
        }


def load_neural(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> NeuralModel:
    """Return the model saved as `facts` and `arrays`.

    Raises:
        ValueError: arrays that do not fit the facts.
        KeyError: arrays that are missing.
    """
    start = load_tree(facts["start"], {k[6:]: v for k, v in arrays.items() if k.startswith("start/")})
    bones = backbone(start)
    rungs = []
    for at, rung in enumerate(bones.rungs):
        shares = np.asarray(arrays[f"rung/{at}"], dtype=np.float64)
        if shares.shape != rung.shares.shape:
            raise ValueError(f"the table of step {at} has another shape than its model")
        rungs.append(replace(rung, shares=shares))
    net = load_net(facts["net"] or {}, arrays)
    if net is not None:
        shapes = net.shapes(bones.sizes, bones.known, bones.own)
        if {name: array.shape for name, array in net.weights.items()} != dict(shapes):
            raise ValueError("the weights do not fit the network that they are said to be of")
    return NeuralModel(start, replace(bones, rungs=tuple(rungs)), net, dict(facts["notes"]))


def lifted(shares: Array, extra: NDArray[np.float32]) -> Array:
    """Return shares times e^extra, row by row to any scale; where that underflows, the shares."""
    top = np.where(shares > 0, extra, -np.inf).max(axis=1, keepdims=True)
    out: Array = shares * np.exp(np.where(np.isfinite(top), extra - top, 0.0))
    lost = ~(out.sum(axis=1) > 0)
    if lost.any():
        out[lost] = shares[lost]
    return out


def known_levels(bones: Backbone, rows: int, given: Codes | None) -> dict[int, Labels]:
    """Return the levels of the given codes per attribute.

    Raises:
        ValueError: no codes, or another number of them than rows.
    """
    if bones.known and given is None:
        raise ValueError("a conditional model was sampled without codes to condition on")
    found = {}
    for index in bones.known:
        assert given is not None
        column = given.columns[bones.domain.attributes[index]]
        if len(column) != rows:
            raise ValueError("a conditional model was sampled with too few codes to condition on")
        found[index] = bones.levels[index][column]
    return found


def drawn_codes(bones: Backbone, drawn: Mapping[int, Labels]) -> Codes:
    """Return the drawn columns in the order of the domain."""
    names = [(i, a) for i, a in enumerate(bones.domain.attributes) if a not in bones.given]
    return Codes(bones.domain.project([a for _, a in names]), {a: drawn[i] for i, a in names})
