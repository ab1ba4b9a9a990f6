"""The marginal engine with one idea taken out at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from synthspec.generators import Marginal, Model, Oracle, Workload
from synthspec.generators.marginal import fit_marginal
from synthspec.generators.recipe import RECIPE, Recipe
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng

ABLATIONS = {
    "the recipe": RECIPE,
    "no merging of levels": replace(RECIPE, merging=False),
    "no tree round": replace(RECIPE, tree=False),
    "no wavelets": replace(RECIPE, haar_from=10**9),
    "uniform one-way budget": replace(RECIPE, power=0.0),
    "selection 5 % of a round": replace(RECIPE, selection=0.05),
    "selection 20 % of a round": replace(RECIPE, selection=0.2),
    'no "none" option': replace(RECIPE, none=False),
    "no halving of rounds": replace(RECIPE, halving=False),
    "near least squares": replace(RECIPE, kappa=(0.02, 0.02, 0.02)),
    "score for noise alone": replace(RECIPE, noise_aware=False),
    "no price of a pair in its score": replace(RECIPE, exchange=0.0),
    "no hurdle for the best of many": replace(RECIPE, hurdle=0.0),
    "cap on cells from the start": replace(RECIPE, start_cap=1.0),
    "one-ways' share from 8 %": replace(RECIPE, least=0.08),
    "one-ways from their own answers": replace(RECIPE, pooling=False),
    "final one-ways not exact": replace(RECIPE, rake=False),
    "no shrinking of nominal one-ways": replace(RECIPE, shrink_from=10**9),
    "final fit of 20 sweeps": replace(RECIPE, last_sweeps=20),
    "triples as candidates": replace(RECIPE, triples=True),
}


@dataclass(frozen=True)
class Variant:
    """A generator with another recipe; the benchmark's own, in no spec's reach."""

    recipe: Recipe

    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """See `Marginal.fit`."""
        return fit_marginal(oracle, workload, cap, rng, Marginal().max_cells, self.recipe)
