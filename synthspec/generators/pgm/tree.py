"""Junction trees: built by elimination, parents before children, separators with running intersection.

Works for any set of scopes, connected or not, and can be told which attributes to eliminate last:
those then sit at the roots, so that all others can be sampled given them.

Source: Lauritzen & Spiegelhalter 1988; elimination heuristics: Kjaerulff 1990 (min-fill, min-weight).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.pgm.factor import Scope, cells, union

FULL_SEARCH = 40
"""Up to this many attributes, both elimination heuristics are tried and the smaller tree is kept."""


@dataclass(frozen=True, eq=False)
class JunctionTree:
    """A forest of cliques: `parents[i]` < i, or -1 at a root; `separators[i]` lies in the parent.

    Attributes:
        sizes: the number of codes per attribute.
        cliques: their scopes; every attribute is in at least one.
        parents: index of each clique's parent.
        separators: intersection of each clique with its parent, empty at roots.
        order: attributes as eliminated.
    """

    sizes: tuple[int, ...]
    cliques: tuple[Scope, ...]
    parents: tuple[int, ...]
    separators: tuple[Scope, ...]
    order: tuple[int, ...] = ()
    children: tuple[tuple[int, ...], ...] = field(init=False)
    hosts: tuple[tuple[int, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        children: list[list[int]] = [[] for _ in self.cliques]
        for index, parent in enumerate(self.parents):
            if parent >= index:
                raise ValueError("parents come before their children")
            if parent >= 0:
                children[parent].append(index)
                if not set(self.separators[index]) <= set(self.cliques[parent]):
                    raise ValueError("a separator lies in the parent")
        hosts: list[list[int]] = [[] for _ in self.sizes]
        for index, clique in enumerate(self.cliques):
            for attribute in clique:
                hosts[attribute].append(index)
        object.__setattr__(self, "children", tuple(map(tuple, children)))
        object.__setattr__(self, "hosts", tuple(map(tuple, hosts)))

    @property
    def cells(self) -> int:
        """The number of cells of all cliques together."""
        return sum(cells(clique, self.sizes) for clique in self.cliques)

    def host(self, scope: Iterable[int]) -> int | None:
        """Return the smallest clique that covers `scope`, or None."""
        wanted = set(scope)
        if not wanted:
            return 0 if self.cliques else None
        few = min((self.hosts[a] for a in wanted), key=len)
        found = [i for i in few if wanted.issubset(self.cliques[i])]
        return min(found, key=lambda i: (cells(self.cliques[i], self.sizes), i)) if found else None


def build(sizes: Sequence[int], scopes: Iterable[Scope], last: Iterable[int] = ()) -> JunctionTree:
    """Return a junction tree that covers every scope; the attributes of `last` are eliminated last."""
    graph = neighbours(len(sizes), scopes)
    late = frozenset(last)
    logs = np.log(np.asarray(sizes, dtype=np.float64)).tolist()
    orders = [_eliminate(graph, logs, late, fill=False)]
    if len(sizes) <= FULL_SEARCH:
        orders.append(_eliminate(graph, logs, late, fill=True))
    trees = [_grow(tuple(sizes), graph, order) for order in orders]
    return min(trees, key=lambda tree: tree.cells)


def neighbours(count: int, scopes: Iterable[Scope]) -> list[set[int]]:
    """Return the graph in which the attributes of each scope are joined pairwise."""
    graph: list[set[int]] = [set() for _ in range(count)]
    for scope in scopes:
        for a in scope:
            graph[a].update(scope)
    for a, near in enumerate(graph):
        near.discard(a)
    return graph


def _eliminate(graph: list[set[int]], logs: list[float], late: frozenset[int], *, fill: bool) -> list[int]:
    near = [set(each) for each in graph]
    remaining = set(range(len(graph)))

    def price(a: int) -> tuple[float, float, int]:
        weight = logs[a] + sum(logs[b] for b in near[a])
        missing = 0.0
        if fill:
            around = sorted(near[a])
            for i, b in enumerate(around):
                missing += sum(1 for c in around[i + 1 :] if c not in near[b])
        return (missing, weight, a)

    prices = {a: price(a) for a in remaining}
    order: list[int] = []
    while remaining:
        pool = [a for a in remaining if a not in late] or list(remaining)
        a = min(pool, key=prices.__getitem__)
        order.append(a)
        remaining.discard(a)
        around = near[a]
        for b in around:
            near[b] |= around
            near[b] -= {a, b}
        touched = set(around)
        if fill:
            for b in around:
                touched |= near[b]
        for b in touched:
            prices[b] = price(b)
    return order


def _grow(sizes: tuple[int, ...], graph: list[set[int]], order: list[int]) -> JunctionTree:
    near = [set(each) for each in graph]
    above: dict[int, set[int]] = {}
    for a in order:
        around = near[a]
        above[a] = set(around)
        for b in around:
            near[b] |= around
            near[b] -= {a, b}
    place = {a: i for i, a in enumerate(order)}
    cliques: list[set[int]] = []
    parents: list[int] = []
    separators: list[set[int]] = []
    home: dict[int, int] = {}
    newest: dict[Scope, int] = {}
    for a in reversed(order):
        separator = above[a]
        if separator:
            parent = home[min(separator, key=place.__getitem__)]
            if cliques[parent] == separator:
                cliques[parent].add(a)
                home[a] = parent
                continue
            # Among cliques with the same separator, hang on the newest: chains are cheaper than stars.
            parent = newest.get(tuple(sorted(separator)), parent)
        else:
            parent = -1
        home[a] = len(cliques)
        newest[tuple(sorted(separator))] = len(cliques)
        cliques.append(separator | {a})
        parents.append(parent)
        separators.append(set(separator))
    return JunctionTree(
        sizes=sizes,
        cliques=tuple(union(c) for c in cliques),
        parents=tuple(parents),
        separators=tuple(union(s) for s in separators),
        order=tuple(order),
    )


def growth(tree: JunctionTree) -> NDArray[np.float64]:
    """Return, for each pair of attributes, a bound on the cells added by a clique over the pair.

    Shape (d, d), symmetric; 0 where one clique holds both. The bound is what one gets by carrying one
    of the two along the path to the other: new cliques over each two neighbouring separators.
    """
    count = len(tree.sizes)
    one_way = np.full((count, count), np.inf)
    links: list[list[tuple[int, Scope]]] = [[] for _ in tree.cliques]
    for child, parent in enumerate(tree.parents):
        if parent >= 0:
            links[child].append((parent, tree.separators[child]))
            links[parent].append((child, tree.separators[child]))
    sizes = np.asarray(tree.sizes, dtype=np.float64)
    for a in range(count):
        seen = set(tree.hosts[a])
        for clique in seen:
            one_way[a, list(tree.cliques[clique])] = 0.0
        front: list[tuple[int, Scope, float]] = [(clique, (), 0.0) for clique in sorted(seen)]
        while front:
            clique, behind, spent = front.pop()
            for other, separator in links[clique]:
                if other in seen:
                    continue
                seen.add(other)
                carried = spent
                if behind and behind != separator:
                    carried += sizes[a] * cells(union(behind, separator), tree.sizes)
                landing = carried + sizes[a] * cells(separator, tree.sizes) * sizes[list(tree.cliques[other])]
                reached = list(tree.cliques[other])
                one_way[a, reached] = np.minimum(one_way[a, reached], landing)
                front.append((other, separator, carried))
    apart = np.isinf(one_way)
    one_way[apart] = np.outer(sizes, sizes)[apart]
    both: NDArray[np.float64] = np.minimum(one_way, one_way.T)
    return both
