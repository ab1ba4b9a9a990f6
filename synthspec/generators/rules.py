"""The rules generator: what the spec states and nothing from the data; costs nothing.

Source: maximum entropy subject to the declared marginals (Jaynes 1957).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from synthspec.generators.base import Generator, Model, Oracle, Workload
from synthspec.generators.oneways import known_ones
from synthspec.generators.product_model import product_model
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng


class Rules(Generator):
    """`using: rules`: uniform over the domain with the `known` marginals and structural zeros."""

    kind: Literal["rules"] = "rules"

    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Return the model; spends nothing and asks the oracle for its domain only."""
        shares, known = {}, known_ones(workload)
        for attribute, size in zip(oracle.domain.attributes, oracle.domain.sizes):
            shares[attribute] = known.get(attribute, np.full(size, 1.0 / size))
        return product_model(oracle.domain, workload, shares, None)

    def supports_given(self) -> bool:
        """Return True: known tables may be conditioned on earlier groups."""
        return True
