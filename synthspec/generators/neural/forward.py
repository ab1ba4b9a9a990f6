"""Forward: the networks as products of NumPy arrays; a release is sampled without torch.

Source: Germain et al. 2015 (autoregressive networks); Kingma & Welling 2014 (decoders).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]
"""Arrays by the names that torch gives them, like `out.3.weight`, shape (outputs, inputs)."""
Labels = NDArray[np.int64]
Array = NDArray[np.float32]
Shapes = Mapping[str, tuple[int, ...]]


class Net(Protocol):
    """What a network adds to the logarithms of a backbone's tables."""

    @property
    def weights(self) -> Weights:
        """What is saved."""

    def begin(self, rows: int, known: Mapping[int, Labels], generator: np.random.Generator) -> Array | None:
        """Return what is drawn once per row: None, or a hidden layer, shape (rows, width).

        Args:
            rows: how many.
            known: levels of the given attributes, shape (rows,) each.
            generator: public randomness.
        """

    def logits(self, hidden: Array | None, index: int, levels: Mapping[int, Labels]) -> Array | None:
        """Return what is added for attribute `index`, shape (rows, levels); None for nothing.

        Args:
            hidden: what `begin` returned.
            index: of the attribute that is drawn next.
            levels: of the given attributes and of those drawn before.
        """

    def shapes(self, sizes: Sequence[int], known: Sequence[int], own: Sequence[int]) -> Shapes:
        """Return what shape each weight must have over attributes of so many levels.

        Args:
            sizes: numbers of levels.
            known: the given attributes.
            own: the drawn ones, in order.

        Raises:
            ValueError: other attributes than the network's.
        """

    def facts(self) -> dict[str, object]:
        """Return the shape, as JSON; with `weights` it rebuilds the network."""


@dataclass(frozen=True, eq=False)
class Prefix:
    """One small network per attribute over the embedded codes of all attributes before it.

    Attributes:
        order: the given attributes, then the drawn ones in order.
        weights: of `embed.i`, `one.i`, `two.i`, `out.i`.
    """

    order: tuple[int, ...]
    weights: Weights

    def begin(self, rows: int, known: Mapping[int, Labels], generator: np.random.Generator) -> None:
        """Return None: everything follows from the codes before."""

    def logits(self, hidden: Array | None, index: int, levels: Mapping[int, Labels]) -> Array | None:
        """See `Net.logits`."""
        if f"out.{index}.weight" not in self.weights:
            return None
        before = self.order[: self.order.index(index)]
        first = self.weights[f"one.{index}.weight"]
        size = first.shape[1] // len(before)
        total = np.broadcast_to(
            self.weights[f"one.{index}.bias"], (len(levels[before[0]]), len(first))
        ).copy()
        for at, other in enumerate(before):  # small tables of products: a code's share of the first layer
            table = self.weights[f"embed.{other}.weight"] @ first[:, at * size : (at + 1) * size].T
            total += table[levels[other]]
        inner = np.maximum(total, 0)
        inner += np.maximum(affine(self.weights, f"two.{index}", inner), 0)
        return affine(self.weights, f"out.{index}", inner)

    def shapes(self, sizes: Sequence[int], known: Sequence[int], own: Sequence[int]) -> Shapes:
        """See `Net.shapes`; the width of layers and of embeddings is read off the first of them."""
        if self.order != (*known, *own):
            raise ValueError("the network is one over other attributes")
        found: dict[str, tuple[int, ...]] = {}
        embedding = self.weights[f"embed.{self.order[0]}.weight"].shape[-1] if len(self.order) > 1 else 0
        found |= {f"embed.{i}.weight": (sizes[i], embedding) for i in self.order[:-1]}
        for at, index in enumerate(self.order):
            if at and index in own:
                width = len(self.weights[f"one.{self.order[-1]}.bias"])
                found |= _linear(f"one.{index}", at * embedding, width)
                found |= _linear(f"two.{index}", width, width)
                found |= _linear(f"out.{index}", width, sizes[index])
        return found

    def facts(self) -> dict[str, object]:
        """See `Net.facts`."""
        return {"net": "prefix", "order": list(self.order)}


@dataclass(frozen=True, eq=False)
class Decoder:
    """Heads over a hidden layer of a latent normal, of the given codes, and of one code asked for.

    Attributes:
        known: the given attributes.
        starts: where each attribute's block of the head begins.
        sizes: numbers of levels of all attributes.
        latent: the number of latent normals.
        layers: the number of hidden layers, `body.0`, `body.1`, ...; then comes `head`.
        asked: the drawn attributes of which one code is asked for, or () for none (`masses`: how often).
        masses: shares of the levels of each attribute in `asked`, side by side.
        weights: of the layers.
    """

    known: tuple[int, ...]
    starts: Mapping[int, int]
    sizes: tuple[int, ...]
    latent: int
    layers: int
    weights: Weights
    asked: tuple[int, ...] = ()
    masses: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def begin(self, rows: int, known: Mapping[int, Labels], generator: np.random.Generator) -> Array:
        """Return the last hidden layer."""
        first = self.weights["body.0.weight"]
        normal = generator.standard_normal((rows, self.latent), dtype=np.float32)
        total = normal @ first[:, : self.latent].T + self.weights["body.0.bias"]
        place = self.latent
        for index in self.known:
            total += first[:, place + known[index]].T
            place += self.sizes[index]
        if self.asked:
            total += first[:, place + asked_for(rows, self.masses, generator)].T
        hidden: Array = np.maximum(total, 0)
        for at in range(1, self.layers):
            hidden = np.maximum(affine(self.weights, f"body.{at}", hidden), 0)
        return hidden

    def logits(self, hidden: Array | None, index: int, levels: Mapping[int, Labels]) -> Array | None:
        """See `Net.logits`."""
        assert hidden is not None
        start = self.starts[index]
        part = slice(start, start + self.sizes[index])
        out: Array = hidden @ self.weights["head.weight"][part].T + self.weights["head.bias"][part]
        return out

    def shapes(self, sizes: Sequence[int], known: Sequence[int], own: Sequence[int]) -> Shapes:
        """See `Net.shapes`; the width of layers is read off the first of them."""
        if (self.sizes, self.known, tuple(self.starts)) != (tuple(sizes), tuple(known), tuple(own)):
            raise ValueError("the network is one over other attributes")
        asks = sum(sizes[i] for i in self.asked)
        if self.asked not in ((), tuple(own)) or len(self.masses) != asks:
            raise ValueError("the shares of what is asked for do not fit the network")
        width = len(self.weights["body.0.bias"])
        inputs = self.latent + sum(sizes[i] for i in known) + asks
        found = _linear("body.0", inputs, width)
        for at in range(1, self.layers):
            found |= _linear(f"body.{at}", width, width)
        return found | _linear("head", width, sum(sizes[i] for i in own))

    def facts(self) -> dict[str, object]:
        """See `Net.facts`."""
        return {
            "net": "decoder",
            "known": list(self.known),
            "own": list(self.starts),
            "sizes": list(self.sizes),
            "latent": self.latent,
            "layers": self.layers,
            "asked": list(self.asked),
        }


def asked_for(rows: int, masses: NDArray[np.float64], generator: np.random.Generator) -> Labels:
    """Return places in `masses` (the shares of several attributes side by side), one per row.

    Each attribute is asked for equally often, each of its levels by its share.
    """
    running = np.cumsum(masses)
    found = np.searchsorted(running, generator.random(rows) * running[-1], side="right")
    out: Labels = np.minimum(found, len(masses) - 1).astype(np.int64)
    return out


def affine(weights: Weights, name: str, taken: Array) -> Array:
    """Return one linear layer's output."""
    out: Array = taken @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return out


def load_net(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Net | None:
    """Return the network saved as `Net.facts` and arrays named `net/...`; None where there is none."""
    weights = {name[4:]: np.asarray(a) for name, a in arrays.items() if name.startswith("net/")}
    masses = np.asarray(weights.pop("masses", np.zeros(0)), dtype=np.float64)
    weights = {name: np.asarray(a, dtype=np.float32) for name, a in weights.items()}
    match facts.get("net"):
        case None:
            return None
        case "prefix":
            return Prefix(tuple(facts["order"]), weights)
        case "decoder":
            sizes = tuple(facts["sizes"])
            return Decoder(
                known=tuple(facts["known"]),
                starts=blocks(facts["own"], sizes),
                sizes=sizes,
                latent=int(facts["latent"]),
                layers=int(facts["layers"]),
                weights=weights,
                asked=tuple(facts["asked"]),
                masses=masses,
            )
        case kind:
            raise ValueError(f"unknown kind of network {kind!r}")


def _linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def blocks(own: Sequence[int], sizes: Sequence[int]) -> dict[int, int]:
    """Return where the levels of each attribute begin when the blocks of `own` lie side by side."""
    found, place = {}, 0
    for index in own:
        found[index] = place
        place += sizes[index]
    return found
