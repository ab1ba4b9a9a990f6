"""Trial: a learner on public rows, before anything is paid: does clipping hold what it promises?

A network whose layers the clip cannot see, or whose rows look at each other, would break the bound; both
show on made-up rows. Public: codes drawn from a fixed seed.

Source: ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synthspec.errors import InternalError
from synthspec.run.batches import Piece
from synthspec.run.clipping import Clipper, device_of, parameters
from synthspec.terms.domain import Domain

if TYPE_CHECKING:
    from torch import Tensor

    from synthspec.generators.base import Learner

_COUNTS = (1, 1, 2, 3)
_CLOSE = 1e-3


class _Same:
    """Draws that are the same for every row."""

    def __init__(self, device: str) -> None:
        self._device = device

    def normal(self, rows: int, *shape: int) -> Tensor:
        """Return a few fixed numbers."""
        import torch

        return torch.linspace(-1, 1, int(np.prod(shape, dtype=int)), device=self._device).reshape(
            1, *shape
        ) * torch.ones(rows, *(1 for _ in shape), device=self._device)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """Return halves."""
        import torch

        return torch.full((rows, *shape), 0.5, device=self._device)

    def again(self, start: int, stop: int) -> _Same:
        """Return itself."""
        return self


def try_out(learner: Learner, clipper: Clipper, domain: Domain) -> None:
    """Check the learner on public rows.

    Raises:
        InternalError: I328, when the clip would not hold.
    """
    import torch

    rng = np.random.Generator(np.random.Philox(key=np.array([1, 2], dtype=np.uint64)))
    codes = np.stack([rng.integers(0, size, sum(_COUNTS)) for size in domain.sizes], axis=1)
    mine = parameters(learner.module)
    before = [each.clone() for each in learner.module.buffers()]
    device = device_of(learner.module)
    draws = _Same(device)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        total = clipper.zeros()
        clipper.add(total, Piece(codes, np.array(_COUNTS)), learner.losses, draws)
        together = learner.losses(torch.from_numpy(codes).to(device), draws)
        if together.shape != (len(codes),) or any(each.dtype != torch.float32 for each in mine):
            raise _refused("it does not give one loss per row of float32 parameters")
        rows = torch.split(torch.from_numpy(codes).to(device), 1)
        alone = torch.cat([learner.losses(row, draws) for row in rows])
        if not _close(together.detach(), alone.detach()):
            raise _refused("the loss of a row depends on other rows")
        whole = torch.autograd.grad(together.sum(), mine, allow_unused=True)
        flat = [torch.zeros_like(p) if g is None else g for p, g in zip(mine, whole, strict=True)]
        if not _close(total, torch.cat([g.detach().reshape(-1).double().cpu() for g in flat])):
            raise _refused("its gradient does not pass through its layers alone")
    after = list(learner.module.buffers())
    if any(not torch.equal(a, b) for a, b in zip(before, after, strict=True)):
        raise _refused("a forward changes what the network holds")


def _close(found: Tensor, wanted: Tensor) -> bool:
    """Return whether two vectors agree, against the size of the second."""
    if not bool(wanted.isfinite().all()):
        return True  # public rows on which it cannot be told
    return bool((found - wanted).abs().max() <= _CLOSE * (wanted.abs().max() + 1e-12))


def _refused(why: str) -> InternalError:
    return InternalError("I328", f"this network cannot be trained on private rows: {why}")
