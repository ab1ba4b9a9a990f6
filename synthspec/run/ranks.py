"""Ranks: the processes that share one private training, each with units of its own.

Rank 0 alone holds the ledger, the source, the counts, the batches and the noise, and takes the steps. It
deals the coded rows to all ranks (`Ranks.dealt`), unit by unit, so that all rows of a unit lie on one rank:
its norm is computed once, and it is clipped once. The others (`run.companion`) know neither plan nor source;
they add up the clipped gradients of their units. What passes between ranks is private.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, final

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.base import Rows
from synthspec.run.batches import Units

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from synthspec.generators.base import Learner


class Ranks(Protocol):
    """How the processes of one training speak; private between them."""

    @property
    def first(self) -> bool:
        """Whether this process draws."""

    def check(self, learner: Learner) -> None:
        """Refuse a learner that these ranks cannot train; before anything is charged."""

    def begin(self, learner: Learner, clip: float) -> None:
        """Hand the others what they need to compute the same losses, on rank 0."""

    def dealt(self, rows: Rows, attributes: Sequence[str]) -> Units:
        """Deal all rows to the ranks by unit, on rank 0; return its own part."""

    def block(self, steps: int) -> int:
        """Return how many steps rank 0 takes next, 0 when it is done; `steps` is what rank 0 says."""

    def same(self, module: Module) -> None:
        """Bring every rank's private parameters to those of rank 0."""

    def units(self, mine: int) -> int:
        """Return the number of units over all ranks, given this rank's."""

    def mine(self, joined: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Return which of this rank's units are in the batch that rank 0 drew (None elsewhere)."""

    def total(self, part: Tensor) -> Tensor:
        """Return the sum of the ranks' parts on rank 0; anything elsewhere."""


@final
class Alone:
    """One process."""

    first = True

    def check(self, learner: Learner) -> None:
        """See `Ranks.check`."""

    def begin(self, learner: Learner, clip: float) -> None:
        """See `Ranks.begin`."""

    def dealt(self, rows: Rows, attributes: Sequence[str]) -> Units:
        """See `Ranks.dealt`."""
        return Units.of(rows.held(), attributes)

    def block(self, steps: int) -> int:
        """See `Ranks.block`."""
        return steps

    def same(self, module: Module) -> None:
        """See `Ranks.same`."""

    def units(self, mine: int) -> int:
        """See `Ranks.units`."""
        return mine

    def mine(self, joined: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """See `Ranks.mine`."""
        assert joined is not None
        return joined

    def total(self, part: Tensor) -> Tensor:
        """See `Ranks.total`."""
        return part
