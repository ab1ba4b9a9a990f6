"""Ranks: the processes that share one private training, each with units of its own.

Rank 0 holds the ledger, counts the steps, draws the batches and the noise, once. The others follow it
(`run.gradient.follow`): they add up the clipped gradients of their units. All rows of a unit must lie on
one rank, so that its norm is computed once, and it is clipped once.

Source: ours; transport: torch.distributed (gloo).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, final

import numpy as np
from numpy.typing import NDArray

from synthspec.run.counter import packed

if TYPE_CHECKING:
    from torch import Tensor

    from synthspec.generators.base import Learner


class Ranks(Protocol):
    """How the processes of one training speak; private between them."""

    @property
    def first(self) -> bool:
        """Whether this process draws."""

    def block(self, steps: int) -> int:
        """Return how many steps rank 0 takes next, 0 when it is done; `steps` is what rank 0 says."""

    def same(self, learner: Learner) -> None:
        """Bring every rank's learner to the state of rank 0's."""

    def units(self, mine: int) -> int:
        """Return the number of units over all ranks, given this rank's."""

    def mine(self, joined: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Return which of this rank's units are in the batch that rank 0 drew (None elsewhere)."""

    def total(self, part: Tensor) -> Tensor:
        """Return the sum of the ranks' parts on rank 0; anything elsewhere."""

    def shared(self, value: Tensor) -> Tensor:
        """Return rank 0's value everywhere."""


@final
class Alone:
    """One process."""

    first = True

    def block(self, steps: int) -> int:
        """See `Ranks.block`."""
        return steps

    def same(self, learner: Learner) -> None:
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

    def shared(self, value: Tensor) -> Tensor:
        """See `Ranks.shared`."""
        return value


@final
class Group:
    """The default process group of torch.distributed, which must be there; every rank calls in step."""

    def __init__(self) -> None:
        import torch.distributed as ranks

        self._rank = ranks.get_rank()
        self._starts: NDArray[np.int64] = np.zeros(ranks.get_world_size() + 1, dtype=np.int64)

    @property
    def first(self) -> bool:
        """See `Ranks.first`."""
        return self._rank == 0

    def block(self, steps: int) -> int:
        """See `Ranks.block`."""
        import torch
        import torch.distributed as ranks

        said = torch.tensor([steps])
        ranks.broadcast(said, src=0)
        return int(said)

    def same(self, learner: Learner) -> None:
        """See `Ranks.same`."""
        import torch
        import torch.distributed as ranks
        from safetensors.torch import load

        data = bytearray(packed(learner.state()) if self.first else b"")
        size = self.block(len(data))
        state = torch.frombuffer(data or bytearray(size), dtype=torch.uint8)
        ranks.broadcast(state, src=0)
        if not self.first:
            learner.restore(load(state.numpy().tobytes()))

    def units(self, mine: int) -> int:
        """See `Ranks.units`; the units of rank 0 come first, then those of rank 1, and so on."""
        import torch
        import torch.distributed as ranks

        sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(ranks.get_world_size())]
        ranks.all_gather(sizes, torch.tensor([mine]))
        self._starts = np.concatenate([[0], np.cumsum([int(size) for size in sizes])]).astype(np.int64)
        return int(self._starts[-1])

    def mine(self, joined: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """See `Ranks.mine`."""
        import torch
        import torch.distributed as ranks

        size = torch.tensor([0 if joined is None else len(joined)])
        ranks.broadcast(size, src=0)
        units = torch.empty(int(size), dtype=torch.int64) if joined is None else torch.from_numpy(joined)
        ranks.broadcast(units, src=0)
        start, stop = self._starts[self._rank : self._rank + 2]
        found = np.asarray(units.numpy() - start, dtype=np.int64)
        return np.asarray(found[(found >= 0) & (found < stop - start)])

    def total(self, part: Tensor) -> Tensor:
        """See `Ranks.total`."""
        import torch.distributed as ranks

        ranks.reduce(part, dst=0)
        return part

    def shared(self, value: Tensor) -> Tensor:
        """See `Ranks.shared`."""
        import torch.distributed as ranks

        ranks.broadcast(value, src=0)
        return value
