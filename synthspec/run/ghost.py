"""Ghost: clipped sums for networks with layers that `run.layers` does not know, by opacus.

Opacus gives each example's norm; the clipped sum is a second backward pass. Units of several rows, and
pieces with a gradient that is not finite, go unit by unit.

Private: for `run.steps` only; the one import of opacus.

Source: Li et al. 2022, arXiv:2110.05679; opacus' ghost clipping (DECISIONS 13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from synthspec.run.clipping import Clipper, Losses, exact, parameters
from synthspec.run.secret_draws import RowDraws

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, Parameter

    from synthspec.run.batches import Piece


class GhostClipper(Clipper):
    """See `Clipper`; any layers that opacus can take, one row per unit at its fastest."""

    def add(self, total: Tensor, piece: Piece, losses: Losses, draws: RowDraws) -> None:
        """See `Clipper.add`."""
        import torch

        codes = torch.from_numpy(piece.codes).to(self._device)
        alone = int(piece.counts[-1]) == 1
        if alone and self._together(total, codes, losses, draws):
            return
        if not alone:
            with torch.no_grad():
                losses(codes, draws)  # makes the draws of all rows, so that no unit's depend on another
        self._one_by_one(total, piece, losses, draws)

    def _together(self, total: Tensor, codes: Tensor, losses: Losses, draws: RowDraws) -> bool:
        """Add the clipped sum of rows that are units; return False when one is not finite, nothing added."""
        import torch

        with exact(), _hooked(self._module) as lengths:
            found = losses(codes, draws)
            torch.autograd.backward(found.sum(), retain_graph=True)
            length = lengths()
        if not bool((length.isfinite() & found.detach().isfinite()).all()):
            return False
        with exact():
            factors = (self._clip / length.double().clamp(min=1e-300)).clamp(max=1.0).float()
            mine = parameters(self._module)
            for parameter, gradient in zip(mine, _gradients((found * factors).sum(), mine), strict=True):
                self._collect(total, parameter, gradient)
        return True

    def _one_by_one(self, total: Tensor, piece: Piece, losses: Losses, draws: RowDraws) -> None:
        import torch

        mine = parameters(self._module)
        codes = torch.from_numpy(piece.codes).to(self._device)
        start = 0
        for count in piece.counts.tolist():
            with exact():
                found = losses(codes[start : start + count], draws.again(start, start + count))
                gradients = [each.double() for each in _gradients(found.sum(), mine)]
                length = torch.stack([each.square().sum() for each in gradients]).sum().sqrt()
                if bool(length.isfinite()) and bool(found.isfinite().all()):
                    factor = min(1.0, self._clip / max(float(length), 1e-300))
                    for parameter, gradient in zip(mine, gradients, strict=True):
                        self._collect(total, parameter, gradient * factor)
            start += count


def _gradients(loss: Tensor, mine: list[Parameter]) -> list[Tensor]:
    import torch

    found = torch.autograd.grad(loss, mine, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(mine, found, strict=True)]


@contextmanager
def _hooked(module: Module) -> Iterator[Callable[[], Tensor]]:
    """Yield what returns each example's norm, shape (examples,), after a backward pass inside."""
    from opacus.grad_sample.grad_sample_module_fast_gradient_clipping import (
        GradSampleHooksFastGradientClipping,
    )

    modes = [(each, each.training) for each in module.modules()]
    kept = [(each, each.grad) for each in module.parameters()]
    module.train()
    hooks = GradSampleHooksFastGradientClipping(module, loss_reduction="sum", strict=False)
    try:
        yield hooks.get_norm_sample
    finally:
        hooks.cleanup()
        for layer, training in modes:
            layer.training = training
        for parameter, gradient in kept:
            parameter.grad = gradient
            for name in ("_norm_sample", "_forward_counter", "grad_sample", "_current_grad_sample"):
                if hasattr(parameter, name):
                    delattr(parameter, name)
