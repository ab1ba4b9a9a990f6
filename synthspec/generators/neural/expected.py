"""Expected: whether private fine-tuning can be expected to help; from public facts only.

Source: Bassily, Smith & Thakurta 2014 (the error of private learning grows with sqrt(parameters) /
(units * mu)); the threshold is measured (`benchmarks/neural.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from synthspec.privacy.cost import MU2_UNIT, Cost

ENOUGH = 40.0
"""Fine-tuning is worth its share from this signal on: units * mu / sqrt(parameters).

Measured for the autoregressive network: on adult it pays at 90 (epsilon 10)."""


@dataclass(frozen=True)
class Expectation:
    """What fine-tuning would be.

    Attributes:
        signal: units * mu of the fine-tuning's share / sqrt(parameters).
        helps: whether that is enough.
        needs: the signal from which it is.
    """

    signal: float
    helps: bool
    needs: float = ENOUGH

    def text(self) -> str:
        """Return it in words, for the plan."""
        can = "can" if self.helps else "cannot"
        return f"fine-tuning {can} be expected to help (signal {self.signal:.3g}, needs {self.needs:g})"


def expected(share: Cost, units: float, parameters: int, needs: float = ENOUGH) -> Expectation:
    """Return what can be expected of a fine-tuning that may cost `share`.

    Args:
        share: what fine-tuning may spend.
        units: the public or noisy number of units: a unit's gradient is clipped once, however many rows.
        parameters: numbers that are trained.
        needs: the signal from which it helps.
    """
    if share.mu2 <= 0 or parameters <= 0:
        return Expectation(0.0, False, needs)
    signal = units * sqrt(float(share.mu2 * MU2_UNIT)) / sqrt(parameters)
    return Expectation(signal, signal >= needs, needs)
