"""Leaning: what a condition asks of a group, row by row, and what the group then says of columns before it.

A group may be drawn under rules that tie it to columns drawn earlier and not given (plan/zeros), each
row normalised by itself. A condition then weighs an earlier row by the mean of the condition under the
model *of that row*: for each class of outer codes, the model with the rules of the class. A condition
that ties the group to outer columns itself becomes weights of the same form.

Source: Koller & Friedman 2009, ch. 9.3.2 (messages), per class of outer codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.tree_model import TreeModel
from synthspec.generators.weighted import Factor, alike, evidence, weighted
from synthspec.plan.cells import MOST_CELLS
from synthspec.plan.zeros import MOST_CLASSES, Cross

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Leaning:
    """Weights of a group's codes that depend on columns drawn earlier and not given.

    classes: for each combination of outer codes, which of `weights` applies, shape = outer sizes.
    weights: over `inner`, shape (classes, *inner sizes).
    """

    outer: tuple[str, ...]
    inner: tuple[str, ...]
    classes: NDArray[np.int64]
    weights: Array

    def factor(self, kind: int) -> Array:
        """Return the weights of one class."""
        return np.asarray(self.weights[kind], dtype=np.float64)


Tie = Cross | Leaning


def leaning(factor: Factor, known: Sequence[str]) -> Leaning | None:
    """Return a factor as weights of the columns in `known`, by class of all others; None with too many."""
    clique, table = factor
    outer = tuple(name for name in clique if name not in known)
    inner = tuple(name for name in clique if name in known)
    moved = np.transpose(table, [clique.index(name) for name in (*outer, *inner)])
    shape = moved.shape[: len(outer)]
    rows = moved.reshape(prod(shape), -1)
    first, classes = alike(rows)
    if len(first) > MOST_CLASSES:
        return None
    weights = rows[first].reshape(len(first), *moved.shape[len(outer) :])
    return Leaning(outer, inner, classes.reshape(shape), weights)


def tied(model: TreeModel, ties: Sequence[Tie], kind: Sequence[int]) -> tuple[TreeModel, float] | None:
    """Return the model under one class of each tie, and the log of its mean; None when it is too large."""
    factors = [(tie.inner, tie.factor(at)) for tie, at in zip(ties, kind, strict=True)]
    factors = [(inner, table) for inner, table in factors if bool((table != 1).any())]
    return weighted(model, factors) if factors else (model, 0.0)


def message(
    model: TreeModel, ties: Sequence[Tie], asked: Sequence[Leaning]
) -> tuple[tuple[Factor, ...], float] | None:
    """Return E[product of `asked` | given, outer] as factors over those columns, and the log of a constant.

    Args:
        model: of a group.
        ties: under which it is drawn.
        asked: what else is.

    Returns:
        None when a table would have too many cells or classes. Without given and outer columns the log
        is all there is; -inf when what is asked is impossible.
    """
    every = [*ties, *asked]
    sizes = {name: size for tie in every for name, size in zip(tie.outer, tie.classes.shape, strict=True)}
    if prod(sizes.values()) > MOST_CELLS:
        return None
    kinds, place = _kinds(every, sizes)
    if len(kinds) > MOST_CLASSES:
        return None
    found: list[tuple[Factor, ...]] = []
    for kind in kinds:
        base = tied(model, ties, kind[: len(ties)])
        if base is None:
            return None
        mine = [(each.inner, each.factor(at)) for each, at in zip(asked, kind[len(ties) :], strict=True)]
        said = evidence(base[0], mine)
        if said is None:
            return None
        if not said:
            changed = weighted(base[0], mine)
            if changed is None:
                return None
            said = (((), np.exp(np.asarray(changed[1], dtype=np.float64))),)
        if base[1] == -np.inf:
            said = (((), np.zeros(())),)
        found.append(said)
    if not sizes:
        (said,) = found
        scale = prod(float(table) for clique, table in said if not clique)
        left = tuple(each for each in said if each[0])
        return left, float(np.log(scale)) if scale > 0 else -np.inf
    whole = _whole(found, place, sizes)
    return None if whole is None else ((whole,), 0.0)


def _kinds(ties: Sequence[Tie], sizes: dict[str, int]) -> tuple[list[list[int]], NDArray[np.int64]]:
    """Return the classes that occur together, and which of these each combination of outer codes has."""
    shape = tuple(sizes.values())
    names = list(sizes)
    places = []
    for tie in ties:
        turned = np.transpose(tie.classes, [tie.outer.index(name) for name in names if name in tie.outer])
        full = [sizes[name] if name in tie.outer else 1 for name in names]
        places.append(np.broadcast_to(turned.reshape(full), shape).reshape(-1))
    kinds, place = np.unique(np.stack(places), axis=1, return_inverse=True)
    return kinds.T.tolist(), place.reshape(shape).astype(np.int64)


def _whole(
    found: Sequence[tuple[Factor, ...]], place: NDArray[np.int64], sizes: dict[str, int]
) -> Factor | None:
    """Return the factors of all classes as one table over the outer and the given columns."""
    inner = {
        name: size
        for said in found
        for clique, table in said
        for name, size in zip(clique, table.shape, strict=True)
    }
    columns = list(inner)
    shape = tuple(inner.values())
    if prod(sizes.values()) * prod(shape) > MOST_CELLS:
        return None
    tables = np.ones((len(found), *shape))
    for at, said in enumerate(found):
        for clique, table in said:
            turned = np.transpose(table, [clique.index(name) for name in columns if name in clique])
            tables[at] *= turned.reshape([inner[name] if name in clique else 1 for name in columns])
    return (*sizes, *columns), tables[place]
