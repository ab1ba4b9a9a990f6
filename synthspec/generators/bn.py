"""The Bayesian network: declared families, further edges chosen privately, one joint estimate.

The edges that the spec declares are public: their families are measured without selection. Further
edges are selected as the marginal engine selects pairs, among those that keep the graph acyclic and
that `forbid`, the order of the groups and `max_parents` allow. At last every family of two parents or
more is measured as a whole. All noisy tables are fitted together, so that families agree on what they
share; P(child | parents) is then read off the fitted joint. With exact answers for every family the
fit is the network itself: its joint is the one of maximum entropy with these family marginals.

Source: ours; PRIVACY 7 of the design. Compare Zhang et al. 2017 (PrivBayes, TODS 42), which normalises
each noisy family by itself.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from synthspec.generators.base import Generator, Model, Oracle, Workload
from synthspec.generators.budget import Purse
from synthspec.generators.coding import Coding
from synthspec.generators.directed import Directed
from synthspec.generators.pgm.calibrate import Beliefs
from synthspec.generators.recipe import RECIPE, Recipe
from synthspec.generators.rounds import Engine
from synthspec.generators.scoring import Scores
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng

FAMILIES = 0.2
"""Share of what is left after the first round that measures whole families of several parents."""


class Bn(Generator):
    """`using: bn`: a network of declared and learned edges.

    Attributes:
        max_cells: the most cells that the model's tables may have together (8 bytes each).
        learn: whether edges are selected beside those that the spec declares.
    """

    kind: Literal["bn"] = "bn"
    max_cells: int = Field(default=600_000, ge=1_000, le=100_000_000)
    learn: bool = True

    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Return the model; spends all of `cap`'s mu2 but what cannot be divided, and no delta0."""
        purse = Purse(Cost(mu2=min(cap.mu2, oracle.left.mu2)), oracle.protection)
        engine = NetworkEngine(
            oracle, workload, purse, self.max_cells, rng.split("structure").generator, learn=self.learn
        )
        coding, beliefs = engine.run()
        return TreeModel(
            oracle.domain,
            workload.given.intersection(oracle.domain.attributes),
            tuple(coding.levels),
            tuple(coding.densities()),
            beliefs,
            engine.total,
            edges=engine.edges(),
            directed=True,
        )

    def supports_given(self) -> bool:
        """Return True: columns of earlier groups are parents without parents."""
        return True


class NetworkEngine(Engine):
    """The marginal engine on a directed structure."""

    def __init__(
        self,
        oracle: Oracle,
        workload: Workload,
        purse: Purse,
        max_cells: int,
        rng: np.random.Generator,
        recipe: Recipe = RECIPE,
        *,
        learn: bool = True,
    ) -> None:
        super().__init__(oracle, workload, purse, max_cells, rng, recipe)
        self.directed = Directed(oracle.domain, workload, rng)
        self.structure = self.directed
        self.learn = learn

    def run(self) -> tuple[Coding, Beliefs]:
        """Spend the purse and return the fitted model."""
        self.pairs = self.start()
        self.only_declared = self.only_declared or not self.learn
        self.code()
        self.scores = Scores(self.coding, self.workload, self.total, self.recipe)
        if self.pairs:
            self.tree_round()
            kept = self.purse.part(FAMILIES if self.workload.max_parents > 1 else 0.0)
            self.purse.left -= kept
            self.rounds()
            self.purse.left += kept
            self.whole_families()
        self.ones.measure(self.purse.left)
        return self.finish()

    def whole_families(self) -> None:
        """Measure every family of two parents or more; where there is none, the one-ways get the rest."""
        declared = {scope for scope, gaps in self.declared() if not gaps}
        learned = [scope for scope in self.directed.families() if scope not in declared]
        scopes = learned or [scope for scope in self.directed.families() if scope in declared]
        if scopes:
            self.measure(scopes, self.purse.left)
            self.replant(8)

    def edges(self) -> tuple[tuple[str, str, str], ...]:
        """Return (parent, child, "declared" or "learned") by name, in the order of the columns."""
        names = self.oracle.domain.attributes
        return tuple((names[p], names[c], how) for p, c, how in sorted(self.directed.edges()))
