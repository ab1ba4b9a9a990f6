"""Weighted: a tree model times factors over its codes, exactly; conditions are factors of 0 and 1.

Conditioning costs one calibration whatever the probability of the condition, and sampling from the
result costs what sampling always costs: nothing is rejected.

Source: Koller & Friedman 2009, ch. 9.3.2 (conditioning as factor reduction) and 10.3 (adding a factor
to a calibrated tree).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.pgm.calibrate import Beliefs, calibrate, collect
from synthspec.generators.pgm.factor import Scope, Table, collapse, product, ratio, spread, union
from synthspec.generators.pgm.tree import JunctionTree, build
from synthspec.generators.tree_model import Labels, TreeModel
from synthspec.terms.domain import Clique

MOST_CELLS = 4_000_000
"""The most cells that a weighted model may have (8 bytes each)."""

Factor = tuple[Clique, NDArray[np.float64]]
"""Non-negative values over the codes of a clique, one axis per attribute in its order."""


def weighted(model: TreeModel, factors: Sequence[Factor]) -> tuple[TreeModel, float] | None:
    """Return the model in proportion to `model` times the factors, and log of the factors' mean.

    For factors of 0 and 1 the mean is the probability of the condition. A model that is given
    attributes is weighted as the conditional that it is: each given row keeps its own normalisation
    (see `evidence` for what that normalisation was).

    Args:
        model: any tree model.
        factors: over the model's attributes, the given ones included.

    Returns:
        None when the weighted model would have more than MOST_CELLS cells. The log is -inf when the
        condition is impossible; the model is then uniform over the codes that the factors leave.
    """
    fine = _split(model, _finer(model, factors))
    multiplied = _potentials(fine, factors)
    if multiplied is None:
        return None
    tree, potentials = multiplied
    log_mean = collect(tree, potentials)[2]
    if log_mean == -np.inf:
        again = _potentials(fine, factors, flat=True)
        assert again is not None
        tree, potentials = again
    return replace(fine, beliefs=calibrate(tree, potentials)), log_mean


def conditional(model: TreeModel, names: Sequence[str]) -> TreeModel | None:
    """Return the same joint distribution, sampled given the attributes `names` as well.

    Returns:
        None when the tree that this needs would have more than MOST_CELLS cells.
    """
    given = model.given | set(names)
    places = tuple(i for i, name in enumerate(model.domain.attributes) if name in given)
    old = model.beliefs.tree
    tree = build(old.sizes, old.cliques, places)
    if tree.cells > MOST_CELLS:
        return None
    potentials = [np.ones([tree.sizes[a] for a in clique]) for clique in tree.cliques]
    for table, scope in _conditionals(model):
        host = tree.host(scope)
        assert host is not None
        potentials[host] *= spread(table, scope, tree.cliques[host])
    return replace(model, given=frozenset(given), beliefs=calibrate(tree, potentials))


def evidence(model: TreeModel, factors: Sequence[Factor]) -> tuple[Factor, ...] | None:
    """Return E[product of factors | given] as factors over the given attributes; () when it is one number.

    An earlier model multiplied by these is conditioned on what is asked of this one (backward message).
    A given row without mass in the model gets 0.

    Returns:
        None when a table would have more than MOST_CELLS cells.
    """
    fine = _split(model, _finer(model, factors))
    given = frozenset(i for i, a in enumerate(model.domain.attributes) if a in model.given)
    if not given:
        return ()
    plain, multiplied = _potentials(fine, ()), _potentials(fine, factors)
    if plain is None or multiplied is None:
        return None
    above = _reduced(multiplied[0], multiplied[1], given)
    below = _reduced(plain[0], plain[1], given)
    if above is None or below is None:
        return None
    inverse = [(ratio(np.ones_like(table), table), scope) for table, scope in below]
    every = [*above, *inverse]
    constant = float(np.prod([float(table) for table, scope in every if not scope]))
    scoped = [(table, scope) for table, scope in every if scope]
    if scoped:
        scoped[0] = (scoped[0][0] * constant, scoped[0][1])
    return tuple(_on_codes(fine, table, scope) for table, scope in scoped)


def alike(rows: NDArray[np.float64]) -> tuple[Labels, Labels]:
    """Return the first of each kind of row, and the kind of each row; rows may be very long.

    >>> alike(np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]))
    (array([0, 1]), array([0, 1, 0]))
    """
    kinds: dict[bytes, int] = {}
    first: list[int] = []
    labels = np.zeros(len(rows), dtype=np.int64)
    for at, row in enumerate(np.ascontiguousarray(rows)):
        labels[at] = kinds.setdefault(row.tobytes(), len(kinds))
        if len(kinds) > len(first):
            first.append(at)
    return np.array(first, dtype=np.int64), labels


def _finer(model: TreeModel, factors: Sequence[Factor]) -> dict[int, Labels]:
    """Return new levels of the attributes whose levels some factor tells apart, shape (codes,) each."""
    found: dict[int, list[Labels]] = {}
    for clique, table in factors:
        for axis, name in enumerate(clique):
            index = model.domain.attributes.index(name)
            rows = np.moveaxis(table, axis, 0).reshape(table.shape[axis], -1)
            found.setdefault(index, [model.levels[index]]).append(alike(rows)[1])
    out = {}
    for index, kinds in found.items():
        _, labels = np.unique(np.stack(kinds, 1), axis=0, return_inverse=True)
        labels = labels.reshape(-1).astype(np.int64)
        if int(labels.max()) != int(model.levels[index].max()):
            out[index] = labels
    return out


def _split(model: TreeModel, finer: Mapping[int, Labels]) -> TreeModel:
    """Return the same distribution on finer levels."""
    if not finer:
        return model
    levels, densities = list(model.levels), list(model.densities)
    takes: dict[int, tuple[Labels, NDArray[np.float64]]] = {}
    for index, labels in finer.items():
        many = int(labels.max()) + 1
        old = np.zeros(many, dtype=np.int64)
        old[labels] = model.levels[index]
        whole: Table = np.bincount(model.levels[index], weights=model.densities[index]).astype(np.float64)
        share: Table = np.bincount(labels, model.densities[index], many).astype(np.float64)
        takes[index] = (old, ratio(share, whole[old]))
        inside = share[labels]
        even = 1.0 / np.bincount(labels, minlength=many)[labels].astype(np.float64)
        densities[index] = np.where(inside > 0, ratio(model.densities[index], inside), even)
        levels[index] = labels
    tree = model.beliefs.tree
    sizes = tuple(len(takes[i][0]) if i in takes else size for i, size in enumerate(tree.sizes))
    split = JunctionTree(sizes, tree.cliques, tree.parents, tree.separators, tree.order)
    beliefs = Beliefs(
        split,
        [_taken(table, clique, takes) for table, clique in zip(model.beliefs.tables, tree.cliques)],
        [_taken(table, scope, takes) for table, scope in zip(model.beliefs.separators, tree.separators)],
    )
    return replace(model, levels=tuple(levels), densities=tuple(densities), beliefs=beliefs)


def _taken(table: Table, scope: Scope, takes: Mapping[int, tuple[Labels, NDArray[np.float64]]]) -> Table:
    for axis, attribute in enumerate(scope):
        if attribute in takes:
            old, share = takes[attribute]
            shape = [1] * len(scope)
            shape[axis] = -1
            table = np.take(table, old, axis=axis) * share.reshape(shape)
    return np.ascontiguousarray(table)


def _potentials(
    model: TreeModel, factors: Sequence[Factor], *, flat: bool = False
) -> tuple[JunctionTree, list[Table]] | None:
    """Return a tree that covers model and factors, and potentials whose product is theirs.

    With `flat` the model counts as uniform.
    """
    old, names = model.beliefs.tree, model.domain.attributes
    given = tuple(i for i, name in enumerate(names) if name in model.given)
    on_levels: list[tuple[Table, Scope]] = []
    for clique, table in factors:
        places = [names.index(a) for a in clique]
        scope = union(places)
        turned = np.transpose(table, [places.index(a) for a in scope])
        on_levels.append((turned[np.ix_(*(_firsts(model.levels[a]) for a in scope))], scope))
    tree = old
    if any(old.host(scope) is None for _, scope in on_levels):
        tree = build(old.sizes, (*old.cliques, *(scope for _, scope in on_levels)), given)
        if tree.cells > MOST_CELLS:
            return None
    potentials = [np.ones([tree.sizes[a] for a in clique]) for clique in tree.cliques]
    if not flat:
        on_levels += _conditionals(model)
    for table, scope in on_levels:
        host = tree.host(scope)
        assert host is not None
        potentials[host] *= spread(table, scope, tree.cliques[host])
    return tree, potentials


def _conditionals(model: TreeModel) -> list[tuple[Table, Scope]]:
    """Return the factors whose product is the model: each clique given its separator."""
    tree = model.beliefs.tree
    found = []
    for table, held, parent, scope, separator in zip(
        model.beliefs.tables, tree.cliques, tree.parents, tree.separators, model.beliefs.separators
    ):
        if parent >= 0:
            table = ratio(table, np.broadcast_to(spread(separator, scope, held), table.shape))
        found.append((table, held))
    return found


def _firsts(levels: Labels) -> Labels:
    """Return one code of each level; a factor is equal on all of them."""
    _, first = np.unique(levels, return_index=True)
    return first.astype(np.int64)


def _reduced(
    tree: JunctionTree, potentials: Sequence[Table], keep: frozenset[int]
) -> list[tuple[Table, Scope]] | None:
    """Return the potentials with every attribute outside `keep` summed out, as factors over `keep`."""
    live: list[tuple[Table, Scope]] = list(zip(potentials, tree.cliques))
    order = [*tree.order, *(a for a in range(len(tree.sizes)) if a not in tree.order)]
    for attribute in (a for a in order if a not in keep):
        touching = [each for each in live if attribute in each[1]]
        if not touching:
            continue
        live = [each for each in live if attribute not in each[1]]
        scope = union(*(s for _, s in touching))
        rest = tuple(a for a in scope if a != attribute)
        if int(np.prod([float(tree.sizes[a]) for a in scope])) > MOST_CELLS:
            return None
        if len(touching) == 1:
            live.append((collapse(touching[0][0], scope, rest), rest))
        else:
            live.append((product(touching, rest), rest))
    return live


def _on_codes(model: TreeModel, table: Table, scope: Scope) -> Factor:
    """Return a table over levels as a factor over codes."""
    clique = tuple(model.domain.attributes[a] for a in scope)
    return clique, table[np.ix_(*(model.levels[a] for a in scope))]
