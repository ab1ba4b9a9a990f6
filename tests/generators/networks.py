"""Small true networks for tests: their joints by enumeration, and tables drawn from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.bayes import Node, joint
from synthspec.terms.domain import Domain

Array = NDArray[np.float64]

SHAPES = {
    "chain": (("a", ()), ("b", ("a",)), ("c", ("b",)), ("d", ("c",))),
    "collider": (("a", ()), ("b", ()), ("c", ("a", "b")), ("d", ("c",))),
    "diamond": (("a", ()), ("b", ("a",)), ("c", ("a",)), ("d", ("b", "c"))),
    "apart": (("a", ()), ("b", ("a",)), ("c", ()), ("d", ("c",))),
}
SIZES = {"a": 3, "b": 2, "c": 4, "d": 3}


def network(shape: str, seed: int) -> tuple[Node, ...]:
    """Return a network of that shape with random tables."""
    rng = np.random.default_rng(seed)
    return tuple(
        Node(
            name,
            tuple(f"{name}{code}" for code in range(SIZES[name])),
            parents,
            rng.dirichlet(np.ones(SIZES[name]), size=[SIZES[parent] for parent in parents]),
        )
        for name, parents in SHAPES[shape]
    )


def domain_of(nodes: tuple[Node, ...]) -> Domain:
    """Return its domain."""
    return Domain(attributes=tuple(n.name for n in nodes), sizes=tuple(len(n.labels) for n in nodes))


def exact_rows(nodes: tuple[Node, ...], many: int) -> tuple[Mapping[str, NDArray[np.int64]], Array]:
    """Return a table of about `many` rows in which every cell has its expected number, and its shares."""
    counts = np.rint(joint(nodes) * many).astype(np.int64)
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    codes = np.unravel_index(cells, counts.shape)
    table = {node.name: column.astype(np.int64) for node, column in zip(nodes, codes, strict=True)}
    return table, counts / counts.sum()
