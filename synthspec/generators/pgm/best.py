"""The most probable row of calibrated beliefs, under evidence: max-product on the junction tree.

Source: Koller & Friedman 2009, ch. 13.3 (max-product message passing and traceback); in logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synthspec.generators.pgm.calibrate import Beliefs
from synthspec.generators.pgm.factor import Table, ratio, spread


def most_probable(beliefs: Beliefs, likelihood: Mapping[int, Table]) -> tuple[dict[int, int], float]:
    """Return the row that maximises its probability times the product of per-code likelihoods.

    Args:
        beliefs: calibrated.
        likelihood: per attribute with evidence, non-negative values per code.

    Returns:
        The code of each attribute, and the log of the maximum: -inf when the evidence is impossible
        (the row is then any).
    """
    tree = beliefs.tree
    used: set[int] = set()
    logs: list[Table] = []
    for index, clique in enumerate(tree.cliques):
        table = beliefs.tables[index]
        if tree.parents[index] >= 0:
            separator = spread(beliefs.separators[index], tree.separators[index], clique)
            table = ratio(table, np.broadcast_to(separator, table.shape))
        for attribute in clique:
            if attribute in likelihood and attribute not in used:
                used.add(attribute)
                table = table * spread(likelihood[attribute], (attribute,), clique)
        logs.append(np.log(table, out=np.full(table.shape, -np.inf), where=table > 0))
    best = 0.0
    for index in range(len(logs) - 1, -1, -1):
        parent = tree.parents[index]
        if parent < 0:
            best += float(logs[index].max())
            continue
        clique, separator_ = tree.cliques[index], tree.separators[index]
        message = logs[index].max(axis=tuple(i for i, a in enumerate(clique) if a not in separator_))
        logs[parent] = logs[parent] + spread(message, separator_, tree.cliques[parent])
    return _traced(beliefs, logs), best


def _traced(beliefs: Beliefs, logs: list[Table]) -> dict[int, int]:
    """Return the codes of a maximum, parents first."""
    row: dict[int, int] = {}
    for clique, table in zip(beliefs.tree.cliques, logs, strict=True):
        held = table[tuple(row[a] if a in row else slice(None) for a in clique)]
        new = [a for a in clique if a not in row]
        place = np.unravel_index(int(np.argmax(held)), held.shape)
        row |= {a: int(code) for a, code in zip(new, place, strict=True)}
    return row
