"""The contract of a mechanism: what is charged is what draws the noise.

Source: ours; what a price means: Dong, Roth & Su 2022, "Gaussian Differential Privacy".
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from synthspec.privacy.cost import Cost
from synthspec.terms.frozen import Frozen
from synthspec.terms.query import Sensitivity


class Mechanism(Frozen, ABC):
    """A frozen value that knows its price and its noise, so that they cannot disagree.

    Each entry of the shelf adds its own release verb (`release` for counts, `choose` for scores,
    `keep` for partitions); all take the `NoiseSource` and none holds state.
    """

    @abstractmethod
    def cost(self) -> Cost:
        """Return the price of one release; exact, and never below what the noise gives."""

    @abstractmethod
    def stddev(self, sensitivity: Sensitivity) -> float:
        """Return the standard deviation of the noise for a query of this sensitivity [query's unit]."""

    @property
    @abstractmethod
    def property_used(self) -> str:
        """The formula behind the price, for the ledger's event."""
