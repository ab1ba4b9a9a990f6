"""Inference from calibrated beliefs: marginals of any attributes, of all pairs at once, and evidence.

Source: Koller & Friedman 2009, ch. 10 (out-of-clique queries by elimination on the smallest subtree);
all pairs from one upward pass is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

import numpy as np

from synthspec.generators.pgm.calibrate import Beliefs, collect
from synthspec.generators.pgm.factor import Scope, Table, collapse, product, ratio, spread, union

PairSink = Callable[[int, int, Table], None]


def marginal(beliefs: Beliefs, scope: Scope) -> Table:
    """Return the marginal over `scope` (increasing), shape = its sizes, summing to 1.

    Only the smallest subtree that covers `scope` is contracted; components multiply.
    """
    if not scope:
        return np.ones(())
    host = beliefs.tree.host(scope)
    if host is not None:
        return collapse(beliefs.tables[host], beliefs.tree.cliques[host], scope)
    parts: dict[int, list[int]] = {}
    for index in subtree(beliefs, scope):
        parts.setdefault(_root(beliefs, index), []).append(index)
    found = [_contract(beliefs, scope, part) for part in parts.values()]
    return product(found, scope) if len(found) > 1 else found[0][0]


def _root(beliefs: Beliefs, index: int) -> int:
    while beliefs.tree.parents[index] >= 0:
        index = beliefs.tree.parents[index]
    return index


def subtree(beliefs: Beliefs, scope: Scope) -> list[int]:
    """Return the cliques left when leaves that add nothing to `scope` are cut, in tree order."""
    tree = beliefs.tree
    wanted = frozenset(scope)
    alive = [True] * len(tree.cliques)
    kids = [len(c) for c in tree.children]
    stack = list(range(len(tree.cliques)))
    while stack:
        index = stack.pop()
        if not alive[index]:
            continue
        parent = tree.parents[index]
        living = [c for c in tree.children[index] if alive[c]]
        held = wanted.intersection(tree.cliques[index])
        above = parent >= 0 and alive[parent]
        if above and not living and held <= set(tree.separators[index]):
            alive[index] = False
            kids[parent] -= 1
            stack.append(parent)
        elif not above and len(living) == 1 and held <= set(tree.separators[living[0]]):
            alive[index] = False
            stack.append(living[0])
        elif not above and not living and not held:
            alive[index] = False
    return [i for i, on in enumerate(alive) if on]


def _contract(beliefs: Beliefs, scope: Scope, part: list[int]) -> tuple[Table, Scope]:
    """Eliminate all but `scope` from the cliques of one connected `part`, leaves first."""
    tree = beliefs.tree
    inside = set(part)
    wanted = frozenset(scope)
    waiting: dict[int, list[tuple[Table, Scope]]] = {index: [] for index in part}
    for index in reversed(part):
        parent = tree.parents[index] if tree.parents[index] in inside else -1
        clique = tree.cliques[index]
        table = beliefs.tables[index]
        if parent >= 0:
            separator = spread(beliefs.separators[index], tree.separators[index], clique)
            table = ratio(table, np.broadcast_to(separator, table.shape))
        factors = [(table, clique), *waiting[index]]
        rest = tree.separators[index] if parent >= 0 else ()
        keep = union(rest, wanted.intersection(union(*(s for _, s in factors))))
        out = (product(factors, keep), keep)
        if parent < 0:
            return out
        waiting[parent].append(out)
    raise AssertionError("a part has a top")


def probability(beliefs: Beliefs, likelihood: Mapping[int, Table]) -> float:
    """Return the probability of evidence: the mean of the product of per-code likelihoods in [0, 1]."""
    tree = beliefs.tree
    potentials = []
    used: set[int] = set()
    for index, clique in enumerate(tree.cliques):
        table = beliefs.tables[index]
        if tree.parents[index] >= 0:
            separator = spread(beliefs.separators[index], tree.separators[index], clique)
            table = ratio(table, np.broadcast_to(separator, table.shape))
        for attribute in clique:
            if attribute in likelihood and attribute not in used:
                used.add(attribute)
                table = table * spread(likelihood[attribute], (attribute,), clique)
        potentials.append(table)
    return float(np.exp(collect(tree, potentials)[2]))


def all_pairs(beliefs: Beliefs, sink: PairSink) -> None:
    """Call `sink(a, b, table)` with the marginal of every pair a < b, each exactly once.

    One upward pass: every clique gets from each child the conditionals P(attributes below | separator)
    stacked in one matrix, and joins them through its own table.
    """
    tree = beliefs.tree
    done: set[tuple[int, int]] = set()
    tops: list[tuple[int, list[int]]] = []
    below: list[dict[int, Table]] = [{} for _ in tree.cliques]  # attribute -> P(attribute | separator)

    def emit(a: int, b: int, table: Table) -> None:
        pair = (a, b) if a < b else (b, a)
        if pair not in done:
            done.add(pair)
            sink(*pair, np.ascontiguousarray(table if a < b else table.T))

    for index in range(len(tree.cliques) - 1, -1, -1):
        clique = tree.cliques[index]
        table = beliefs.tables[index]
        for a, b in combinations(clique, 2):
            if (a, b) not in done:
                emit(a, b, collapse(table, clique, (a, b)))
        for child in tree.children[index]:
            _join_own(beliefs, index, child, below[child], emit)
        for one, two in combinations(tree.children[index], 2):
            _join_children(beliefs, index, (one, two), (below[one], below[two]), emit)
        if tree.parents[index] >= 0:
            below[index] = _lift(beliefs, index, below)
        else:
            tops.append((index, sorted({*clique, *(a for c in tree.children[index] for a in below[c])})))
        for child in tree.children[index]:
            below[child] = {}
    singles = {a: collapse(beliefs.tables[h[0]], tree.cliques[h[0]], (a,)) for a, h in enumerate(tree.hosts)}
    for (_, one_side), (_, other_side) in combinations(tops, 2):
        for a in one_side:
            for b in other_side:
                emit(a, b, np.outer(singles[a], singles[b]))


def _stack(parts: Mapping[int, Table]) -> tuple[Table, list[tuple[int, int, int]]]:
    """Return all conditionals as one matrix (codes, separator cells) and where each attribute lies."""
    spans, at = [], 0
    for attribute, part in parts.items():
        spans.append((attribute, at, at + part.shape[0]))
        at += part.shape[0]
    return np.concatenate(list(parts.values())), spans


def _join_own(beliefs: Beliefs, index: int, child: int, parts: Mapping[int, Table], emit: PairSink) -> None:
    """Pairs of one attribute below `child` and one of the clique outside the separator."""
    tree = beliefs.tree
    clique, separator = tree.cliques[index], tree.separators[child]
    matrix, spans = _stack(parts)
    for b in clique:
        if b in separator:
            continue
        scope = union(separator, (b,))
        joint = collapse(beliefs.tables[index], clique, scope)
        joint = np.moveaxis(joint, scope.index(b), -1).reshape(matrix.shape[1], -1)
        rows = matrix @ joint
        for a, start, stop in spans:
            emit(a, b, rows[start:stop])


def _join_children(
    beliefs: Beliefs,
    index: int,
    children: tuple[int, int],
    parts: tuple[Mapping[int, Table], Mapping[int, Table]],
    emit: PairSink,
) -> None:
    """Pairs of attributes below two children, batched over what the separators share."""
    tree = beliefs.tree
    one, two = tree.separators[children[0]], tree.separators[children[1]]
    shared = tuple(a for a in one if a in two)
    left, left_spans = _stack(parts[0])
    right, right_spans = _stack(parts[1])
    left = _grouped(left, one, shared, tree.sizes)
    right = _grouped(right, two, shared, tree.sizes)
    scope = union(one, two)
    joint = collapse(beliefs.tables[index], tree.cliques[index], scope)
    order = [*shared, *(a for a in one if a not in shared), *(a for a in two if a not in shared)]
    joint = joint.transpose([scope.index(a) for a in order])
    joint = joint.reshape(left.shape[0], left.shape[2], right.shape[2])
    pairs = np.einsum("iar,ibr->ab", left @ joint, right, optimize=True)
    for a, start, stop in left_spans:
        for b, begin, end in right_spans:
            emit(a, b, pairs[start:stop, begin:end])


def _grouped(matrix: Table, separator: Scope, shared: Scope, sizes: tuple[int, ...]) -> Table:
    """Return (codes, separator) as (shared cells, codes, other cells)."""
    table = matrix.reshape(-1, *(sizes[a] for a in separator))
    order = [1 + separator.index(a) for a in shared]
    rest = [1 + i for i, a in enumerate(separator) if a not in shared]
    width = int(np.prod([sizes[a] for a in shared], initial=1))
    return np.ascontiguousarray(table.transpose([*order, 0, *rest])).reshape(width, matrix.shape[0], -1)


def _lift(beliefs: Beliefs, index: int, below: list[dict[int, Table]]) -> dict[int, Table]:
    """Return P(a | separator to the parent) for every attribute in or under the clique, outside it."""
    tree = beliefs.tree
    clique, separator = tree.cliques[index], tree.separators[index]
    sizes = tree.sizes
    base = collapse(beliefs.tables[index], clique, separator)
    lifted: dict[int, Table] = {}
    for a in clique:
        if a not in separator:
            scope = union(separator, (a,))
            conditional = ratio(
                collapse(beliefs.tables[index], clique, scope),
                np.broadcast_to(spread(base, separator, scope), [sizes[b] for b in scope]),
            )
            lifted[a] = np.moveaxis(conditional, scope.index(a), 0).reshape(sizes[a], -1)
    for child in tree.children[index]:
        if not below[child]:
            continue
        inner = tree.separators[child]
        matrix, spans = _stack(below[child])
        if inner != separator:
            shared = tuple(a for a in inner if a in separator)
            scope = union(inner, separator)
            joint = collapse(beliefs.tables[index], clique, scope)
            joint = ratio(joint, np.broadcast_to(spread(base, separator, scope), joint.shape))
            outer = [*shared, *(a for a in separator if a not in shared)]
            order = [*shared, *(a for a in inner if a not in shared), *outer[len(shared) :]]
            grouped = _grouped(matrix, inner, shared, sizes)
            joint = joint.transpose([scope.index(a) for a in order])
            joint = joint.reshape(grouped.shape[0], grouped.shape[2], -1)
            moved = np.moveaxis(grouped @ joint, 1, 0)
            moved = moved.reshape(matrix.shape[0], *(sizes[a] for a in outer))
            back = [0, *(1 + outer.index(a) for a in separator)]
            matrix = moved.transpose(back).reshape(matrix.shape[0], -1)
        for a, start, stop in spans:
            lifted.setdefault(a, matrix[start:stop])
    return lifted
