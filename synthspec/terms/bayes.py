"""Node: one variable of a discrete Bayesian network: its values, its parents and its table.

Source: Pearl 1988, "Probabilistic Reasoning in Intelligent Systems".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Node:
    """One variable.

    Attributes:
        name: of the variable.
        labels: its values, each once.
        parents: names of variables that come before it.
        table: P(variable | parents), shape (*numbers of the parents' values, number of values).
        how: "declared", "learned", "filled in" (the joint fit ties the two), or nothing where nobody
            said; per parent, in order.
        missing: whether the last value stands for "missing".
    """

    name: str
    labels: tuple[str, ...]
    parents: tuple[str, ...]
    table: NDArray[np.float64]
    how: tuple[str, ...] = ()
    missing: bool = False


def joint(nodes: Sequence[Node]) -> NDArray[np.float64]:
    """Return the joint distribution, one axis per node in order; for small networks only.

    >>> a = Node("a", ("x", "y"), (), np.array([0.5, 0.5]))
    >>> b = Node("b", ("x", "y"), ("a",), np.array([[1.0, 0.0], [0.25, 0.75]]))
    >>> joint([a, b]).tolist()
    [[0.5, 0.0], [0.125, 0.375]]
    """
    place = {node.name: at for at, node in enumerate(nodes)}
    out = np.ones([len(node.labels) for node in nodes])
    for node in nodes:
        axes = [place[name] for name in (*node.parents, node.name)]
        order = sorted(range(len(axes)), key=axes.__getitem__)
        shape = [1] * len(nodes)
        for at in axes:
            shape[at] = len(nodes[at].labels)
        out = out * np.transpose(node.table, order).reshape(shape)
    return out
