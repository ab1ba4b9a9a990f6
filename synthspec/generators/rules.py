"""The rules generator: what the spec states and nothing from the data; costs nothing.

Source: maximum entropy subject to the declared marginals (Jaynes 1957).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from synthspec.generators.base import Generator, Model, Oracle, Workload
from synthspec.generators.oneways import known_ones
from synthspec.generators.product_model import Factor, product_model
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.domain import Domain


def rules_model(domain: Domain, workload: Workload, odds: Sequence[Factor] = ()) -> TreeModel:
    """Return the model of what `workload` states alone, nearest to the product of `odds` over cliques."""
    fixed = tuple(replace(each, strength=None) for each in workload.conditionals)
    workload = replace(workload, conditionals=fixed)  # there is nothing to weigh a table against
    return product_model(domain, workload, known_ones(workload), None, odds)


class Rules(Generator):
    """`using: rules`: uniform over the cells that structural zeros leave, with the `known` tables."""

    kind: Literal["rules"] = "rules"

    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Return the model; spends nothing and asks the oracle for its domain only."""
        return rules_model(oracle.domain, workload)

    def supports_given(self) -> bool:
        """Return True: known tables may be conditioned on earlier groups."""
        return True
