"""Completed: the most probable rows of a fitted model that agree with given codes, all rows at once.

Max-product on the junction tree, one array axis for the rows that differ in what they are given: each
clique's table is first cut to the given codes, so that what is left is small. Inside a level, codes
are independent of everything else: the densest one is the most probable.

Source: Koller & Friedman 2009, ch. 13.3 (max-product message passing and traceback); in logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.pgm.factor import Scope, Table, ratio, spread
from synthspec.generators.tree_model import TreeModel
from synthspec.terms.codes import Codes

AT_ONCE = 1 << 22
"""Rows are taken in parts, so that no array has more entries than about this."""

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


def completed(model: TreeModel, given: Codes) -> tuple[Codes, Array]:
    """Return each row of `given` with its most probable other codes, and the log of the probability.

    Args:
        model: any tree model.
        given: codes of some of its attributes, one row or more.

    Returns:
        Codes of all attributes of the model, and log P(row) by row, shape (rows,). For a row that the
        model gives no probability the log is -inf and its other codes are any.
    """
    names = model.domain.attributes
    held = {names.index(name): np.asarray(given.columns[name], np.int64) for name in given.domain.attributes}
    best = [_best(level, density) for level, density in zip(model.levels, model.densities)]
    logs = [_log(density) for density in model.densities]
    tables = _tables(
        model, {i: _log(d[codes]) for i, (d, codes) in enumerate(zip(model.densities, best))}, held
    )
    columns, value = _solved(
        model, tables, {i: model.levels[i][codes] for i, codes in held.items()}, given.rows
    )
    for i, codes in held.items():
        value = value + logs[i][codes]
    out = {name: held[i] if i in held else best[i][columns[i]] for i, name in enumerate(names)}
    return Codes(model.domain, out), value


def _best(level: Rows, density: Array) -> Rows:
    """Return the densest code of each level, the first of equals."""
    order = np.lexsort((np.arange(len(level)), -density, level))
    _, first = np.unique(level[order], return_index=True)
    return np.asarray(order[first], dtype=np.int64)


def _log(values: Array) -> Array:
    return np.log(values, out=np.full(np.shape(values), -np.inf), where=values > 0)


def _tables(model: TreeModel, inside: Mapping[int, Array], held: Mapping[int, Rows]) -> list[Table]:
    """Return log P(clique | separator), with what the best code of each free level adds, once."""
    beliefs, used = model.beliefs, set(held)
    found = []
    for index, clique in enumerate(beliefs.tree.cliques):
        table = beliefs.tables[index]
        if beliefs.tree.parents[index] >= 0:
            separator = spread(beliefs.separators[index], beliefs.tree.separators[index], clique)
            table = ratio(table, np.broadcast_to(separator, table.shape))
        logs = _log(table)
        for a in clique:
            if a not in used:
                used.add(a)
                logs = logs + spread(inside[a], (a,), clique)
        found.append(logs)
    return found


def _solved(
    model: TreeModel, tables: list[Table], held: Mapping[int, Rows], rows: int
) -> tuple[dict[int, Rows], Array]:
    """Return the level of every attribute in every row, in parts of rows that fit into memory."""
    tree = model.beliefs.tree
    free = [
        int(np.prod([tree.sizes[a] for a in clique if a not in held], initial=1)) for clique in tree.cliques
    ]
    step = max(AT_ONCE // max(free, default=1), 1)
    parts = [
        _part(model, tables, {a: codes[at : at + step] for a, codes in held.items()}, min(step, rows - at))
        for at in range(0, rows, step)
    ]
    columns = {a: np.concatenate([part[0][a] for part in parts] or [np.zeros(0, np.int64)])
               for a in range(len(tree.sizes))}  # fmt: skip
    return columns, np.concatenate([part[1] for part in parts] or [np.zeros(0)])


def _part(
    model: TreeModel, tables: list[Table], held: Mapping[int, Rows], rows: int
) -> tuple[dict[int, Rows], Array]:
    tree = model.beliefs.tree
    cut = [_cut(table, clique, held, rows) for table, clique in zip(tables, tree.cliques)]
    value = np.zeros(rows)
    for index in range(len(cut) - 1, -1, -1):
        table, scope = cut[index]
        if tree.parents[index] < 0:
            value = value + table.reshape(rows, -1).max(axis=1)
            continue
        kept = tuple(a for a in scope if a in tree.separators[index])
        message = table.max(axis=tuple(1 + i for i, a in enumerate(scope) if a not in kept))
        above, wide = cut[tree.parents[index]]
        cut[tree.parents[index]] = (above + _onto(message, kept, wide), wide)
    found: dict[int, Rows] = dict(held)
    for table, scope in cut:
        known = tuple(a for a in scope if a in found)
        left, new = _cut(table, scope, {a: found[a] for a in known}, rows, batched=True)
        if new:
            place = np.unravel_index(left.reshape(rows, -1).argmax(axis=1), left.shape[1:])
            found |= {a: np.asarray(codes, dtype=np.int64) for a, codes in zip(new, place)}
    return found, value


def _cut(
    table: Table, scope: Scope, held: Mapping[int, Rows], rows: int, *, batched: bool = False
) -> tuple[Table, Scope]:
    """Return `table` at the held codes of each row, shape (rows, sizes of the rest), and the rest."""
    rest = tuple(a for a in scope if a not in held)
    front = [a for a in scope if a in held]
    shift = int(batched)
    order = [*range(shift), *(shift + scope.index(a) for a in (*front, *rest))]
    turned = np.transpose(table, order)
    first = (np.arange(rows),) if batched else ()
    where = (*first, *(held[a] for a in front))
    if not where:
        return np.broadcast_to(turned, (rows, *turned.shape)), rest
    return turned[where], rest


def _onto(message: Table, scope: Scope, onto: Scope) -> Table:
    sizes = dict(zip(scope, message.shape[1:]))
    return message.reshape(len(message), *(sizes.get(a, 1) for a in onto))
