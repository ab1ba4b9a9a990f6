"""Noisy: a released answer stapled to the receipt that paid for it.

Source: ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.privacy.ledger import Receipt


@dataclass(frozen=True, eq=False)
class Noisy:
    """A noisy answer: `values` with noise of standard deviation `stddev` [query's unit] in each cell.

    `query` is the digest of the question; `receipt` proves that it was paid for. Cannot be built
    without a `Receipt`, and only `Ledger.charge` makes those.
    """

    query: str
    values: NDArray[np.int64]
    stddev: float
    receipt: Receipt

    def __post_init__(self) -> None:
        if not isinstance(self.receipt, Receipt):
            raise TypeError("a noisy answer needs a receipt")
