"""Which pairs a model may still take: forbidden ones, given ones, and the size of its junction tree.

Everything here is public. Source: ours; PRIVACY 6.5-6.6 of the design.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from synthspec.generators.base import Workload
from synthspec.generators.pgm.factor import Scope, union
from synthspec.generators.pgm.tree import FULL_SEARCH, JunctionTree, build, growth
from synthspec.terms.domain import Domain

MOST_PAIRS = 20_000
"""With more pairs than this, a public random part of them are candidates."""

Pair = tuple[int, int]


class Structure:
    """The scopes taken so far and the tree that covers them."""

    def __init__(self, domain: Domain, workload: Workload, rng: np.random.Generator) -> None:
        names = domain.attributes
        self.given = frozenset(i for i, name in enumerate(names) if name in workload.given)
        pairs = [
            (a, b) for a, b in combinations(range(len(names)), 2) if not workload.barred(names[a], names[b])
        ]
        self._between_given = {p for p in pairs if self.given.issuperset(p)}
        free = [p for p in pairs if p not in self._between_given]
        if len(free) > MOST_PAIRS:
            chosen = np.sort(rng.choice(len(free), size=MOST_PAIRS, replace=False))
            free = [free[int(i)] for i in chosen]
        self.pairs = free
        self.scopes: list[Scope] = []
        self.sizes: tuple[int, ...] = domain.sizes

    def tree(self, more: Iterable[Scope] = ()) -> JunctionTree:
        """Return the tree for the scopes taken and `more`."""
        return build(self.sizes, (*self.scopes, *more), self.given)

    def take(self, scope: Scope) -> None:
        """Add a scope."""
        if scope not in self.scopes:
            self.scopes.append(scope)

    def choose(self, pair: Scope) -> None:
        """Add a pair that was selected."""
        self.take(pair)

    def allows(self, pair: Scope) -> bool:
        """Return whether `pair` may still be selected, after what was selected in the same round."""
        return True

    def candidates(self) -> list[Pair]:
        """Return the pairs that may be learned, those of given attributes with a common child included.

        Two given attributes are of interest only where both explain one attribute of this group, or two that
        a scope links: the model must then know how they go together, or it would count what they share twice
        (a ward stays too long where both the ward and the stay before tell of it).
        """
        near: dict[int, set[int]] = {}
        for scope in self.scopes:
            for a in scope:
                if a not in self.given:
                    near.setdefault(a, set()).update(self.given.intersection(scope))
        linked = [set[int]().union(*(near.get(a, ()) for a in scope)) for scope in self.scopes]
        shared = {p for held in (*near.values(), *linked) for p in combinations(sorted(held), 2)}
        return self.pairs + sorted(shared & self._between_given)

    def feasible(self, tree: JunctionTree, pairs: Sequence[Pair], cap: float) -> set[Pair]:
        """Return those of `pairs` whose measurement keeps the tree within `cap` cells.

        A cheap bound decides most; on few attributes (or with given ones, whose place in the order the
        bound ignores) the rest is decided by building the tree.
        """
        now = tree.cells
        bound = growth(tree)
        out: set[Pair] = set()
        for pair in pairs:
            grown = bound[pair]
            if grown == 0 or (not self.given and now + grown <= cap):
                out.add(pair)
            elif len(self.sizes) <= FULL_SEARCH:
                if self.tree([pair]).cells <= cap:
                    out.add(pair)
            elif self.given and now + grown <= cap / 4:
                out.add(pair)
        return out


def joined(scopes: Iterable[Scope], count: int) -> list[int]:
    """Return the component of each attribute, for the graph in which each scope is connected."""
    label = list(range(count))

    def root(a: int) -> int:
        while label[a] != a:
            label[a] = label[label[a]]
            a = label[a]
        return a

    for scope in scopes:
        for a in scope[1:]:
            label[root(a)] = root(scope[0])
    return [root(a) for a in range(count)]


def scope_of(domain: Domain, clique: Iterable[str]) -> Scope:
    """Return the indices of `clique`, increasing."""
    return union(domain.attributes.index(a) for a in clique)
