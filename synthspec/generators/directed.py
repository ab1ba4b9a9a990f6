"""Which directed edges a network may still take: forbidden ones, order, parents, size of its tree.

Every attribute that is generated has a set of parents; attributes of earlier groups have none. A scope
of the tree is a family: an attribute with all its parents. Everything here is public.

Source: ours; PRIVACY 7 of the design. Compare Zhang et al. 2017 (PrivBayes, TODS 42).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from synthspec.generators.base import Workload
from synthspec.generators.pgm.factor import Scope, cells, union
from synthspec.generators.pgm.tree import JunctionTree, build, growth
from synthspec.generators.structure import Pair, Structure
from synthspec.terms.domain import Domain

SEARCHED = 24
"""Up to this many attributes, the tree of each candidate is built; beyond it a bound decides."""

Arc = tuple[int, int]


class Directed(Structure):
    """The parents chosen so far, declared ones first, and the tree over all families."""

    def __init__(self, domain: Domain, workload: Workload, rng: np.random.Generator) -> None:
        super().__init__(domain, workload, rng)
        self._workload = workload
        self._names = domain.attributes
        self._plain: list[Scope] = []
        place = {a: i for i, a in enumerate(domain.attributes)}
        self.parents: dict[int, dict[int, str]] = {
            i: {} for i in range(len(domain.attributes)) if i not in self.given
        }
        self._closed = {place[child] for child in workload.closed}
        families = [(edge[:-1], edge[-1]) for edge in workload.edges]
        families += [(edge[:-1], edge[-1]) for edge, _ in workload.missing_edges]
        families += [(c.parents, c.child) for c in workload.conditionals]
        for parents, child in families:
            for parent in parents:
                self.parents[place[child]].setdefault(place[parent], "declared")
        self._refresh()

    def take(self, scope: Scope) -> None:
        """Add a scope that is no edge: of a public table, of structural zeros, of a declared family."""
        if scope not in self._plain:
            self._plain.append(scope)
        self._refresh()

    def choose(self, pair: Scope) -> None:
        """Add the edge of a selected pair; two given attributes are joined without a direction."""
        arcs = self.arcs(pair)
        if not arcs:
            self.take(pair)
            return
        parent, child = arcs[0]
        self.parents[child][parent] = "learned"
        self._refresh()

    def allows(self, pair: Scope) -> bool:
        """Return whether some direction of `pair` may still be taken."""
        return self.given.issuperset(pair) or bool(self.arcs(pair))

    def arcs(self, pair: Scope) -> list[Arc]:
        """Return the directions that `pair` may still take as (parent, child), the smaller family first."""
        a, b = pair
        if self._joined(a, b):
            return []
        found = [arc for arc in ((a, b), (b, a)) if self._may(*arc)]
        return sorted(found, key=lambda arc: (cells(self._family(arc[1], arc[0]), self.sizes), arc))

    def _may(self, parent: int, child: int) -> bool:
        if child in self.given or child in self._closed:
            return False
        return (
            self._workload.may(self._names[parent], self._names[child])
            and len(self.parents[child]) < self._workload.max_parents
            and not self._above(child, parent)
        )

    def _joined(self, a: int, b: int) -> bool:
        return a in self.parents.get(b, {}) or b in self.parents.get(a, {})

    def _above(self, one: int, other: int) -> bool:
        """Return whether `one` is `other` or an ancestor of it."""
        stack, seen = [other], {other}
        while stack:
            here = stack.pop()
            if here == one:
                return True
            new = set(self.parents.get(here, {})) - seen
            seen |= new
            stack += sorted(new)
        return False

    def _family(self, child: int, *more: int) -> Scope:
        return union((child,), self.parents[child], more)

    def _refresh(self) -> None:
        families = [self._family(child) for child, above in self.parents.items() if above]
        self.scopes = list(dict.fromkeys((*self._plain, *families)))

    def families(self) -> list[Scope]:
        """Return every attribute with two parents or more together with them, those of fixed tables aside."""
        return [
            self._family(child)
            for child, above in self.parents.items()
            if len(above) > 1 and child not in self._closed
        ]

    def edges(self) -> list[tuple[int, int, str]]:
        """Return (parent, child, "declared" or "learned")."""
        return [(p, child, how) for child, above in self.parents.items() for p, how in above.items()]

    def tree(self, more: Iterable[Scope] = ()) -> JunctionTree:
        """Return the tree for all families, with each pair of `more` as an edge of its first direction."""
        grown = [self._grown(scope) for scope in more]
        return build(self.sizes, (*self.scopes, *grown), self.given)

    def _grown(self, scope: Scope) -> Scope:
        arcs = self.arcs((scope[0], scope[1])) if len(scope) == 2 else []
        return self._family(arcs[0][1], arcs[0][0]) if arcs else scope

    def candidates(self) -> list[Pair]:
        """Return the pairs that may be learned; see `Structure.candidates`."""
        return [pair for pair in super().candidates() if self.allows(pair)]

    def feasible(self, tree: JunctionTree, pairs: Sequence[Pair], cap: float) -> set[Pair]:
        """Return those of `pairs` whose family keeps the tree within `cap` cells."""
        if len(self.sizes) <= SEARCHED:
            return {pair for pair in pairs if self.tree([pair]).cells <= cap}
        now, bound = tree.cells, growth(tree)
        out = set()
        for pair in pairs:
            family = cells(self._grown(pair), self.sizes)
            if max(family, float(bound[pair])) * 4 + now <= cap:
                out.add(pair)
        return out
