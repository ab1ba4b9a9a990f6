"""Held: which impossible cells a group's model can hold, by public sizes alone.

The compiler and the learner ask the same question of the same sizes, so that they decide alike.

Source: ours; the cells of a junction tree: Koller & Friedman 2009, ch. 10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn
from synthspec.generators.levels import MOST_LEVELS
from synthspec.generators.pgm.tree import build
from synthspec.plan.plan import Group, Plan
from synthspec.terms.domain import Clique

Mask = NDArray[np.bool_]

MASK_SHARE = 0.5
"""Of a model's cells, the part that masks alone may need; the rest is for what is learned."""
MOST_DRAWN = 3_000_000
"""Cells that masks may need when rows are drawn: no noise is spent on them, a model is conditioned once."""


def declared(plan: Plan, group: Group) -> tuple[Clique, ...]:
    """Return the cliques that the spec's network makes the model of `group` hold anyway."""
    known = {*group.given, *group.columns}
    found = [(*table.parents, table.child) for table in plan.known_tables]
    found += [(*edge.parents, edge.child) for edge in plan.network.require]
    named = [tuple(dict.fromkeys(name.removesuffix(".missing") for name in clique)) for clique in found]
    return tuple(clique for clique in named if set(clique) <= known and set(clique) & set(group.columns))


def held(
    group: Group,
    masks: Sequence[tuple[Clique, Mask]],
    coded: Mapping[str, AnyColumn],
    beside: Sequence[Clique] = (),
) -> bool:
    """Return whether the model of `group` can hold all of `masks`: a function of public sizes only.

    Their junction tree must fit into a part of the model's cells (more when cliques `beside` them are
    declared, which then count too), and they must not tell more codes of a column apart than a model
    that merges codes has levels.
    """
    generator = group.generator
    if not generator.supports_zeros() and any(len(clique) > 1 for clique, _ in masks):
        return False
    names, sizes = group.attributes, sizes_of(group, coded)
    cap = getattr(generator, "max_cells", 600_000)
    most = MASK_SHARE * cap
    scopes = [tuple(sorted(names.index(name) for name in clique)) for clique, _ in masks]
    others = [tuple(sorted(names.index(name) for name in clique)) for clique in beside]
    if any(prod(sizes[at] for at in scope) > most for scope in scopes):
        return False
    last = range(len(group.given) + len(group.lagged))
    spare = build(sizes, others, last).cells if others else sum(sizes)
    if build(sizes, (*others, *scopes), last).cells > min(most + spare, cap + sum(sizes)):
        return False
    return all(told_apart(name, masks) <= MOST_LEVELS for name in names)


def drawn(group: Group, cliques: Sequence[Clique], coded: Mapping[str, AnyColumn]) -> bool:
    """Return whether the model of `group` can be conditioned on tables over `cliques` as rows are drawn."""
    if any(len(clique) > 1 for clique in cliques) and not group.generator.supports_zeros():
        return False
    names, sizes = group.attributes, sizes_of(group, coded)
    scopes = [tuple(sorted(names.index(name) for name in clique)) for clique in cliques]
    return build(sizes, scopes, range(len(group.given) + len(group.lagged))).cells <= MOST_DRAWN


def sizes_of(group: Group, coded: Mapping[str, AnyColumn]) -> list[int]:
    """Return the number of codes of each of the group's attributes; one more for those of the row before."""

    def size(name: str) -> int:
        return coded[name].size if name in coded else 1

    return [
        *(size(name) for name in group.given),
        *(size(name) + 1 for name in group.columns if group.lagged),
        *(size(name) for name in group.columns),
    ]


def told_apart(name: str, masks: Sequence[tuple[Clique, Mask]]) -> int:
    """Return how many classes of codes of one column `masks` tell apart."""
    rows = [
        np.moveaxis(mask, clique.index(name), 0).reshape(mask.shape[clique.index(name)], -1)
        for clique, mask in masks
        if name in clique
    ]
    return len(np.unique(np.concatenate(rows, axis=1), axis=0)) if rows else 1
