"""The fitted model of all marginal generators: levels, densities inside them, tables on a junction tree.

Source: ours; PRIVACY 6.2 and 6.7 of the design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.dyadic import INSIDE, shares_of, whole, whole_inside
from synthspec.generators.pgm.calibrate import Beliefs
from synthspec.generators.pgm.factor import Scope, Table, collapse, union
from synthspec.generators.pgm.infer import marginal
from synthspec.generators.pgm.sample import Inside, Step, draw, inside, plan
from synthspec.generators.pgm.tree import JunctionTree
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Clique, Domain

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TreeModel:
    """A joint distribution over codes: a junction tree over levels, independent codes inside levels.

    Attributes:
        domain: all attributes, the given ones included.
        given: attributes that are conditioned on.
        levels: per attribute the level of each code, shape (codes,).
        densities: per attribute the share of each code within its level, shape (codes,).
        beliefs: calibrated tables over levels.
        total: the noisy number of rows that was learned, or None.
        edges: what was declared or selected, as (parent, child, "declared" or "learned").
        directed: whether the edges have a direction; else "parent" is just the first of the two.
    """

    domain: Domain
    given: frozenset[str]
    levels: tuple[Labels, ...]
    densities: tuple[Array, ...]
    beliefs: Beliefs
    total: float | None = None
    edges: tuple[tuple[str, str, str], ...] = ()
    directed: bool = False

    @cached_property
    def _given(self) -> tuple[int, ...]:
        return tuple(i for i, a in enumerate(self.domain.attributes) if a in self.given)

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        return plan(self.beliefs, frozenset(self._given))

    @cached_property
    def _inside(self) -> dict[int, Inside]:
        return {
            index: inside(level, density)
            for index, (level, density) in enumerate(zip(self.levels, self.densities))
            if index not in self._given and int(level.max()) + 1 < len(level)
        }

    def sample(self, rows: int, rng: SampleRng, given: Codes | None = None) -> Codes:
        """Return `rows` rows over the attributes that are not given; see `Model.sample`."""
        if self._given and given is None:
            raise ValueError("a conditional model was sampled without codes to condition on")
        known = {i: self.levels[i][_column(given, self.domain.attributes[i], rows)] for i in self._given}
        generator = np.random.Generator(np.random.SFC64(rng.generator.integers(0, 1 << 63, 4).tolist()))
        drawn = draw(self._steps, self._inside, rows, generator, known)
        own = [i for i in range(len(self.domain.attributes)) if i not in self._given]
        names = [self.domain.attributes[i] for i in own]
        return Codes(self.domain.project(names), {self.domain.attributes[i]: drawn[i] for i in own})

    def marginal(self, clique: Clique) -> Array:
        """Return the marginal over the codes of `clique`; see `Model.marginal`."""
        places = [self.domain.attributes.index(a) for a in clique]
        scope = union(places)
        table = np.transpose(marginal(self.beliefs, scope), [scope.index(p) for p in places])
        for axis, place in enumerate(places):
            shape = [1] * len(places)
            shape[axis] = -1
            table = np.take(table, self.levels[place], axis=axis) * self.densities[place].reshape(shape)
        return np.ascontiguousarray(table)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Return levels, densities and clique tables, named by attribute or clique number.

        Shares are integers (`dyadic`): a model that was loaded is saved as it was.
        """
        out: dict[str, NDArray[np.generic]] = {}
        for i, (level, density) in enumerate(zip(self.levels, self.densities)):
            out[f"levels/{i}"] = level
            out[f"density/{i}"] = whole_inside(level, density)
        for i, table in enumerate(self.beliefs.tables):
            out[f"table/{i}"] = whole(table)
        return out

    def facts(self) -> Mapping[str, object]:
        """Return the structure; with `arrays` it rebuilds the model."""
        tree = self.beliefs.tree
        return {
            "kind": "tree",
            "attributes": list(self.domain.attributes),
            "sizes": list(self.domain.sizes),
            "given": sorted(self.given),
            "cliques": [list(c) for c in tree.cliques],
            "parents": list(tree.parents),
            "order": list(tree.order),
            "total": self.total,
            "edges": [list(edge) for edge in self.edges],
            "directed": self.directed,
        }


def load_tree(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> TreeModel:
    """Return the model saved as `facts` and `arrays`."""
    domain = Domain(attributes=tuple(facts["attributes"]), sizes=tuple(facts["sizes"]))
    levels = tuple(np.asarray(arrays[f"levels/{i}"], dtype=np.int64) for i in range(len(domain.sizes)))
    densities = tuple(shares_of(arrays[f"density/{i}"], INSIDE) for i in range(len(domain.sizes)))
    cliques: list[Scope] = [tuple(c) for c in facts["cliques"]]
    parents = tuple(facts["parents"])
    tree = JunctionTree(
        sizes=tuple(int(level.max()) + 1 for level in levels),
        cliques=tuple(cliques),
        parents=parents,
        separators=tuple(tuple(a for a in c if p >= 0 and a in cliques[p]) for c, p in zip(cliques, parents)),
        order=tuple(facts["order"]),
    )
    tables = [shares_of(arrays[f"table/{i}"]) for i in range(len(cliques))]
    separators: list[Table] = [
        collapse(t, c, s) if p >= 0 else np.ones(())
        for t, c, s, p in zip(tables, tree.cliques, tree.separators, parents)
    ]
    beliefs = Beliefs(tree, tables, separators)
    edges = tuple((str(a), str(b), str(how)) for a, b, how in facts.get("edges", ()))
    given = frozenset(facts["given"])
    directed = bool(facts.get("directed", False))
    return TreeModel(domain, given, levels, densities, beliefs, facts["total"], edges, directed)


def _column(given: Codes | None, name: str, rows: int) -> NDArray[np.integer]:
    assert given is not None
    column = given.columns[name]
    if len(column) != rows:
        raise ValueError("a conditional model was sampled with too few codes to condition on")
    return column
