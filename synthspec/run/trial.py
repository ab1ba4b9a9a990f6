"""Trial: a learner on public rows, before anything is paid: does the clip hold what it promises?

A network with layers that the clip cannot see, or whose rows look at each other, would break the bound;
both show on made-up rows, where the clipped sum is held against a loop over units; at weights beside
those it has, so that no layer is still when it is looked at.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from synthspec.errors import InternalError
from synthspec.run.batches import Piece
from synthspec.run.clipping import Clipper, device_of, parameters
from synthspec.run.memory import out_of_memory
from synthspec.terms.domain import Domain

if TYPE_CHECKING:
    from torch import Tensor

    from synthspec.generators.base import Learner

COUNTS = (1, 1, 2, 3)
CLOSE = 1e-3
STIR = 0.1


class Same:
    """Draws that are the same for every row."""

    def __init__(self, device: str) -> None:
        self._device = device

    def normal(self, rows: int, *shape: int) -> Tensor:
        """Return a few fixed numbers."""
        import torch

        row = torch.linspace(-1, 1, int(np.prod(shape, dtype=int)), device=self._device)
        return row.reshape(1, *shape).expand(rows, *shape)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """Return halves."""
        import torch

        return torch.full((rows, *shape), 0.5, device=self._device)

    def again(self, start: int, stop: int) -> Same:
        """Return itself."""
        return self


def try_out(learner: Learner, clipper: Callable[[float], Clipper], domain: Domain) -> None:
    """Check the learner on public rows.

    Args:
        learner: what shall be trained; left as it is.
        clipper: makes what clips, for a clip.
        domain: of the rows.

    Raises:
        InternalError: I328, when the clip would not hold, or the learner fails on them.
    """
    import torch

    before = [each.clone() for each in learner.module.buffers()]
    with torch.random.fork_rng(), _stirred(learner):
        failed: str | None = "it fails on made-up rows"
        try:
            failed = _fault(learner, clipper, domain)
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError, NotImplementedError) as error:
            if out_of_memory(error):
                raise
            failed = f"it fails on made-up rows ({type(error).__name__}: {error})"
    if failed is None and any(
        not torch.equal(a, b) for a, b in zip(before, learner.module.buffers(), strict=True)
    ):
        failed = "a forward changes what the network holds"
    if failed is not None:
        raise InternalError("I328", f"this network cannot be trained on private rows: {failed}")


@contextmanager
def _stirred(learner: Learner) -> Iterator[None]:
    """Seed the draws and move every parameter a little; put each back as it was, bit by bit.

    Layers that start at zero hide what lies before them: no gradient would get there.
    """
    import torch

    torch.manual_seed(0)
    mine = parameters(learner.module)
    before = [each.detach().clone() for each in mine]
    with torch.no_grad():
        for each in mine:
            each.add_(STIR * torch.randn_like(each))
    try:
        yield
    finally:
        with torch.no_grad():
            for each, held in zip(mine, before, strict=True):
                each.copy_(held)


def _fault(learner: Learner, clipper: Callable[[float], Clipper], domain: Domain) -> str | None:
    """Return what is wrong with the learner, None when nothing is."""
    import torch

    rng = np.random.Generator(np.random.Philox(key=np.array([1, 2], dtype=np.uint64)))
    codes = np.stack([rng.integers(0, size, sum(COUNTS)) for size in domain.sizes], axis=1)
    draws = Same(device_of(learner.module))
    rows = torch.from_numpy(codes).to(device_of(learner.module))
    together = learner.losses(rows, draws)
    if together.shape != (len(codes),):
        return "it does not give one loss per row"
    if any(each.dtype != torch.float32 for each in parameters(learner.module)):
        return "its parameters are not float32"
    alone = torch.cat([learner.losses(row, draws) for row in torch.split(rows, 1)])
    if not _close(together.detach(), alone.detach()):
        return "the loss of a row depends on other rows"
    gradients = [_gradient(learner, part, draws) for part in torch.split(rows, list(COUNTS))]
    clip = max(float(each.norm()) for each in gradients) / 2
    if not 0 < clip < float("inf"):
        return None  # flat on made-up rows: nothing to hold it against
    wanted = torch.stack([each * min(1.0, clip / max(float(each.norm()), 1e-300)) for each in gradients])
    made = clipper(clip)
    total = made.zeros()
    made.add(total, Piece(codes, np.array(COUNTS)), learner.losses, draws)
    if not _close(total, wanted.sum(0)):
        return "its gradient does not pass through its layers alone"
    return None


def _gradient(learner: Learner, rows: Tensor, draws: Same) -> Tensor:
    """Return the gradient of one unit, flat, float64, by plain differentiation."""
    import torch

    mine = parameters(learner.module)
    found = torch.autograd.grad(learner.losses(rows, draws).sum(), mine, allow_unused=True)
    parts = [torch.zeros_like(p) if g is None else g for p, g in zip(mine, found, strict=True)]
    return torch.cat([part.detach().reshape(-1).double().cpu() for part in parts])


def _close(found: Tensor, wanted: Tensor) -> bool:
    """Return whether two vectors agree, against the size of the second; true where it is not finite."""
    if not bool(wanted.isfinite().all()):
        return True
    return bool((found - wanted).abs().max() <= CLOSE * (wanted.abs().max() + 1e-12))
