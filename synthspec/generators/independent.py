"""Independent columns: noisy one-ways and nothing else; the baseline that all others must beat.

Source: the product of marginals; the split of the budget is ours (PRIVACY 6.1 of the design).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from synthspec.generators.base import Generator, Model, Oracle, Workload
from synthspec.generators.budget import Purse
from synthspec.generators.oneways import OneWays
from synthspec.generators.product_model import product_model
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng


class Independent(Generator):
    """`using: independent`: every column by itself, the budget split in proportion to size^(2/3)."""

    kind: Literal["independent"] = "independent"

    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Return the model; spends all of `cap`'s mu2 and no delta0."""
        purse = Purse(Cost(mu2=min(cap.mu2, oracle.left.mu2)), oracle.protection)
        ones = OneWays(oracle, workload, purse)
        ones.measure(purse.left)
        total = ones.total()
        shares = {a: np.asarray(counts) / total for a, counts in ones.fitted(total).items()}
        return product_model(oracle.domain, workload, shares, total)

    def supports_given(self) -> bool:
        """Return True: the columns do not depend on earlier groups."""
        return True
