"""Calibration: potentials on a junction tree to clique marginals, one pass up and one down.

Linear space, scaled on the way so that nothing overflows; zeros stay zeros.
Source: Jensen, Lauritzen & Olesen 1990 (Hugin); Koller & Friedman 2009, ch. 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthspec.generators.pgm.factor import Table, collapse, ratio, spread
from synthspec.generators.pgm.tree import JunctionTree


@dataclass(frozen=True, eq=False)
class Beliefs:
    """Tables on a junction tree whose product over separators is the joint.

    Attributes:
        tree: the tree.
        tables: one per clique, summing to 1.
        separators: one per clique, shared with its parent; a scalar 1 at roots.
    """

    tree: JunctionTree
    tables: list[Table]
    separators: list[Table]


def collect(tree: JunctionTree, potentials: Sequence[Table]) -> tuple[list[Table], list[Table], float]:
    """Return potentials with all messages from children, those messages, and the log of the total mass.

    The total is -inf when every joint cell is impossible.
    """
    tables = [np.array(p, dtype=np.float64) for p in potentials]
    messages: list[Table] = [np.ones(()) for _ in tables]
    log_total = 0.0
    for index in range(len(tables) - 1, -1, -1):
        parent = tree.parents[index]
        if parent < 0:
            total = float(tables[index].sum())
            log_total += float(np.log(total)) if total > 0 else -np.inf
            continue
        message = collapse(tables[index], tree.cliques[index], tree.separators[index])
        scale = float(message.max())
        if scale > 0:
            message = message / scale
            tables[index] /= scale
            log_total += float(np.log(scale))
        else:
            log_total = -np.inf
        messages[index] = message
        tables[parent] *= spread(message, tree.separators[index], tree.cliques[parent])
    return tables, messages, log_total


def calibrate(tree: JunctionTree, potentials: Sequence[Table]) -> Beliefs:
    """Return the clique marginals of the normalised product of `potentials` (one per clique).

    A component without any mass gets the uniform distribution.
    """
    tables, messages, _ = collect(tree, potentials)
    separators: list[Table] = [np.ones(()) for _ in tables]
    for index, table in enumerate(tables):
        parent = tree.parents[index]
        if parent < 0:
            total = float(table.sum())
            tables[index] = table / total if total > 0 else np.full(table.shape, 1.0 / table.size)
            continue
        separator = collapse(tables[parent], tree.cliques[parent], tree.separators[index])
        separators[index] = separator
        incoming = spread(ratio(separator, messages[index]), tree.separators[index], tree.cliques[index])
        tables[index] = table * incoming
    return Beliefs(tree, tables, separators)


def settle(beliefs: Beliefs) -> None:
    """Make all tables agree on their separators without changing the joint, in place."""
    tree = beliefs.tree
    for index in range(len(beliefs.tables) - 1, -1, -1):
        if tree.parents[index] >= 0:
            send(beliefs, index, up=True)
    for index in range(len(beliefs.tables)):
        if tree.parents[index] >= 0:
            send(beliefs, index, up=False)
        else:
            beliefs.tables[index] /= max(float(beliefs.tables[index].sum()), 1e-300)


def send(beliefs: Beliefs, index: int, *, up: bool) -> float:
    """Pass the separator of clique `index` to its parent (`up`) or from it; return its change in L1."""
    tree = beliefs.tree
    parent = tree.parents[index]
    source, sink = (index, parent) if up else (parent, index)
    new = collapse(beliefs.tables[source], tree.cliques[source], tree.separators[index])
    old = beliefs.separators[index]
    moved = float(np.abs(new - old).sum())
    if moved > 0:
        beliefs.tables[sink] *= spread(ratio(new, old), tree.separators[index], tree.cliques[sink])
        beliefs.separators[index] = new
    return moved
