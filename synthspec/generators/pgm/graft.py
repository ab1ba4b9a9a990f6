"""Grafting: the same joint on another junction tree, without starting from the factors.

Calibrated tables are marginals of the joint. A clique that the old tree has, or covers, keeps its table;
only where a new scope has landed, on the path between the cliques that held its attributes, are tables
made by contracting that part of the old tree.

Source: ours; out-of-clique marginals as in Koller & Friedman 2009, ch. 10.
"""

from __future__ import annotations

import numpy as np

from synthspec.generators.pgm.calibrate import Beliefs
from synthspec.generators.pgm.factor import Table, cells, collapse, union
from synthspec.generators.pgm.infer import marginal, subtree
from synthspec.generators.pgm.tree import JunctionTree

MOST_CELLS = 1 << 22
"""No table larger than this is made on the way; the caller then starts from the factors."""


def graft(beliefs: Beliefs, tree: JunctionTree) -> Beliefs | None:
    """Return calibrated tables of the joint of `beliefs` on `tree`, or None where that would be dear.

    Args:
        beliefs: calibrated; its tables are reused, not copied.
        tree: over the same attributes, and it must be able to hold the joint.
    """
    old = beliefs.tree
    place = {clique: index for index, clique in enumerate(old.cliques)}
    tables: list[Table] = []
    for clique in tree.cliques:
        same = place.get(clique)
        if same is not None:
            tables.append(beliefs.tables[same])
            continue
        if old.host(clique) is None and _dearest(beliefs, clique) > MOST_CELLS:
            return None
        tables.append(marginal(beliefs, clique))
    separators: list[Table] = [
        collapse(table, clique, separator) if parent >= 0 else np.ones(())
        for table, clique, separator, parent in zip(tables, tree.cliques, tree.separators, tree.parents)
    ]
    return Beliefs(tree, tables, separators)


def _dearest(beliefs: Beliefs, clique: tuple[int, ...]) -> int:
    """Return a bound on the cells of any table on the way to the marginal over `clique`."""
    part = subtree(beliefs, clique)
    return max(cells(union(clique, beliefs.tree.cliques[index]), beliefs.tree.sizes) for index in part)
