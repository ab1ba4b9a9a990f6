"""Random networks over small models, and their joint distribution, cell by cell."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.neural.backbone import Backbone, backbone
from synthspec.generators.neural.forward import Prefix
from synthspec.generators.neural.neural_model import NeuralModel, lifted
from tests.generators.test_weighted import model_of


def prefix_of(bones: Backbone, seed: int, strength: float = 1.0) -> Prefix:
    """Return an autoregressive network with random weights."""
    rng = np.random.default_rng(seed)
    order, width, size = (*bones.known, *bones.own), 6, 3
    weights: dict[str, NDArray[np.float32]] = {}

    def layer(name: str, outputs: int, inputs: int, scale: float) -> None:
        weights[f"{name}.weight"] = (rng.normal(size=(outputs, inputs)) * scale).astype(np.float32)
        weights[f"{name}.bias"] = (rng.normal(size=outputs) * scale).astype(np.float32)

    for at, index in enumerate(order):
        if at < len(order) - 1:
            weights[f"embed.{index}.weight"] = rng.normal(size=(bones.sizes[index], size)).astype(np.float32)
        if index in bones.own and at:
            layer(f"one.{index}", width, at * size, 0.7)
            layer(f"two.{index}", width, width, 0.4)
            layer(f"out.{index}", bones.sizes[index], width, 0.5 * strength)
    return Prefix(order, weights)


def neural_of(seed: int, given: tuple[str, ...] = (), strength: float = 1.0) -> NeuralModel:
    """Return a random tree model with a random network over it."""
    start = model_of(seed, given)
    bones = backbone(start)
    return NeuralModel(start, bones, prefix_of(bones, seed + 1, strength), {"kind": "test"})


def enumerated(model: NeuralModel) -> NDArray[np.float64]:
    """Return the probability of every cell of codes; of a conditional model given each given cell."""
    bones, sizes = model.bones, model.domain.sizes
    cells = np.array(list(product(*(range(size) for size in sizes))))
    levels = {i: bones.levels[i][cells[:, i]] for i in range(len(sizes))}
    chance = np.ones(len(cells))
    rows = np.arange(len(cells))
    for rung in bones.rungs:
        shares = rung.shares[rung.key(levels, len(cells))]
        extra = None if model.net is None else model.net.logits(None, rung.attribute, levels)
        if extra is not None:
            shares = lifted(shares, extra)
        index = rung.attribute
        inside = bones.densities[index][cells[:, index]]
        chance *= (shares / shares.sum(1, keepdims=True))[rows, levels[index]] * inside
    return chance.reshape(sizes)
