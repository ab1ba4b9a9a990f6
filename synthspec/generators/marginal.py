"""The marginal generator: noisy one-ways and privately chosen pairs, fitted as one graphical model.

Source: ours; PRIVACY 6 of the design, and the works named in `rounds`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synthspec.generators.base import Generator, Model, Oracle, Workload
from synthspec.generators.budget import Purse
from synthspec.generators.links import links
from synthspec.generators.recipe import RECIPE, Recipe
from synthspec.generators.rounds import Engine
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng


class Marginal(Generator):
    """`using: marginal`: one-ways, a tree of pairs, then rounds of selected pairs.

    Attributes:
        max_cells: the most cells that the model's tables may have together (8 bytes each).
    """

    kind: Literal["marginal"] = "marginal"
    max_cells: int = Field(default=1_000_000, ge=1_000, le=100_000_000)

    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Return the model; spends all of `cap`'s mu2 but what cannot be divided, and no delta0."""
        return fit_marginal(oracle, workload, cap, rng, self.max_cells)

    def supports_given(self) -> bool:
        """Return True: sampling given earlier groups is exact."""
        return True


def fit_marginal(
    oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng, max_cells: int, recipe: Recipe = RECIPE
) -> TreeModel:
    """Do what `Marginal.fit` says; other recipes than the one are for benchmarks."""
    purse = Purse(Cost(mu2=min(cap.mu2, oracle.left.mu2)), oracle.protection)
    engine = Engine(oracle, workload, purse, max_cells, rng.split("structure").generator, recipe)
    coding, beliefs = engine.run()
    given = workload.given.intersection(oracle.domain.attributes)
    densities = tuple(coding.densities())
    levels = tuple(coding.levels)
    joined = links(workload, oracle.domain.attributes, engine.estimator.evidence)
    return TreeModel(oracle.domain, given, levels, densities, beliefs, engine.total, joined)
