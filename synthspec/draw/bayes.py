"""A fitted model as a Bayesian network: tables P(child | parents) whose product is the model, exactly.

Nodes come in an order; the parents of a node are those before it that it can reach through nodes after
it, in the graph of the model's cliques: given them it is independent of all others before it. With an
order that follows the model's own edges, these are the parents that were declared or learned, and where
the joint fit ties two of them together, an edge between them ("filled in"). Such an edge is left out
where the table does not change with it.

Source: Pearl 1988, "Probabilistic Reasoning in Intelligent Systems", ch. 3 (minimal maps).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import Id
from synthspec.errors import SpecError
from synthspec.generators.base import Model
from synthspec.generators.pgm.tree import neighbours
from synthspec.generators.tree_model import TreeModel
from synthspec.plan.plan import Group, PlannedColumn
from synthspec.terms.bayes import Node

MOST_CELLS = 1_000_000
SAME = 1e-9
"""In L1 of the joint: what leaving out a parent may change."""
FILLED = "filled in"
FIRST = "no row before"


def nodes_of(
    columns: Sequence[PlannedColumn], groups: Sequence[Group], models: Mapping[str, Model]
) -> tuple[Node, ...]:
    """Return the network of all groups, parents first.

    A computed column that a group is given stands as a variable without parents; so does a column of the row
    before.

    Raises:
        SpecError: N322, a model that is no network, or a table too large to write out.
    """
    labels = {
        column.name: column.column.labels()
        for column in columns
        if column.column is not None and not isinstance(column.column, Id)
    }
    for group in groups:  # what the row before has, or that there is none
        for lagged, name in zip(group.lagged, group.columns, strict=False):
            labels[lagged] = (*labels[name], FIRST)
    gaps = {c.name for c in columns if c.column is not None and c.column.missing}
    nodes: dict[str, Node] = {}
    for group in groups:
        model = models[group.name]
        if not isinstance(model, TreeModel):
            raise SpecError(
                "N322",
                f"the model of the group `{group.name}` is no network",
                helps=("`marginal`, `bn`, `independent` and `rules` can be written as one",),
            )
        for name, parents in parent_sets(model).items():
            if name not in nodes and (name not in model.given or not _later(name, groups)):
                node = _node(model, name, parents, labels[name])
                nodes[name] = replace(node, missing=name in gaps)
    return tuple(nodes.values())


def _later(name: str, groups: Sequence[Group]) -> bool:
    return any(name in group.columns for group in groups)


def _node(model: TreeModel, name: str, parents: tuple[str, ...], labels: tuple[str, ...]) -> Node:
    if name in model.given:
        parents = ()
    cells = prod(model.domain.size(each) for each in (*parents, name))
    if cells > MOST_CELLS:
        largest = max((*parents, name), key=model.domain.size)
        raise SpecError(
            "N322",
            f"the table of `{name}` given {', '.join(f'`{each}`' for each in parents)} has {cells:,} cells",
            notes=(f"at most {MOST_CELLS:,} are written out",),
            helps=(f"give `{largest}` coarser `bins:`",),
        )
    how = {(a, b): kind for a, b, kind in model.edges}
    if not model.directed:
        how |= {(b, a): kind for (a, b), kind in how.items()}
    said = {parent: how.get((parent, name), FILLED) for parent in parents}
    alone = model.marginal((name,))
    kept = list(parents)
    table = model.marginal((*parents, name))
    for parent in [each for each in parents if said[each] == FILLED]:
        axis = kept.index(parent)
        less = table.sum(axis=axis)
        fewer = np.expand_dims(_shares(less, alone), axis)
        if float(np.abs(table - table.sum(axis=-1, keepdims=True) * fewer).sum()) <= SAME:
            kept.remove(parent)
            table = less
    return Node(name, labels, tuple(kept), _shares(table, alone), tuple(said[each] for each in kept))


def _shares(table: NDArray[np.float64], alone: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the table's rows as shares; `alone` where it has no mass."""
    above = table.sum(axis=-1, keepdims=True)
    shares = np.where(above > 0, table / np.where(above > 0, above, 1.0), alone)
    found: NDArray[np.float64] = shares / shares.sum(axis=-1, keepdims=True)
    return found


def parent_sets(model: TreeModel) -> dict[str, tuple[str, ...]]:
    """Return the parents of each attribute in an order of the model, given ones first."""
    names = model.domain.attributes
    graph = neighbours(len(names), model.beliefs.tree.cliques)
    order = _order(model)
    rank = {attribute: at for at, attribute in enumerate(order)}
    found: dict[str, tuple[str, ...]] = {}
    for attribute in order:
        above: set[int] = set()
        seen, stack = {attribute}, [attribute]
        while stack:
            for other in graph[stack.pop()] - seen:
                seen.add(other)
                if rank[other] < rank[attribute]:
                    above.add(other)
                else:
                    stack.append(other)
        found[names[attribute]] = tuple(names[each] for each in sorted(above, key=rank.__getitem__))
    return found


def _order(model: TreeModel) -> list[int]:
    """Return the attributes, given ones first: directed edges point forward, ties as the tree was built."""
    names = model.domain.attributes
    waiting = list(reversed(model.beliefs.tree.order))
    waiting.sort(key=lambda at: names[at] not in model.given)
    above: dict[int, set[int]] = {at: set() for at in waiting}
    for parent, child, how in model.edges:
        if (model.directed or how == "declared") and child not in model.given:
            above[names.index(child)].add(names.index(parent))
    order: list[int] = []
    while waiting:
        ready = [at for at in waiting if above[at] <= set(order)] or waiting
        order.append(ready[0])
        waiting.remove(ready[0])
    return order
