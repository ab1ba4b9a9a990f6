"""Clipping: the sum over units of clipped gradients of one piece of a batch, in one backward pass.

A unit's gradient g is that of the sum of its rows' losses; it enters as g * min(1, C / |g|). A unit with
a loss or a norm that is not finite enters as nothing, decided unit by unit, here. A unit whose
rows' gradients cancel to less than a thousandth of their size is clipped by a thousandth of that size,
since float32 could not hold the difference.

Private: for `run.steps` only.

Source: Abadi et al. 2016, arXiv:1607.00133 (clipping); `run.layers` for the norms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from synthspec.run.layers import Bucket, Call, norms, products, supported

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, Parameter
    from torch.utils.hooks import RemovableHandle

    from synthspec.generators.base import Draws
    from synthspec.run.batches import Piece
    from synthspec.run.secret_draws import RowDraws

Losses: TypeAlias = "Callable[[Tensor, Draws], Tensor]"

CANCELLED = 2.0**-20
"""The square of the least part of its examples' size that a unit's gradient counts as."""


def parameters(module: Module) -> list[Parameter]:
    """Return the private parameters, in the order in which gradients are handed back."""
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def device_of(module: Module) -> str:
    """Return where the module's parameters are."""
    return str(next(module.parameters()).device)


def covered(module: Module) -> bool:
    """Return whether every private parameter lies in a layer whose norms are known (run/layers)."""
    mine = {
        id(parameter)
        for layer in module.modules()
        if supported(layer)
        for parameter in layer.parameters(recurse=False)
    }
    return all(id(parameter) in mine for parameter in parameters(module))


class Clipper:
    """Sums clipped gradients; the sum is float64, one flat vector over all private parameters."""

    def __init__(self, module: Module, clip: float) -> None:
        self._module = module
        self._clip = clip
        self._device = next(module.parameters()).device
        self._places: dict[int, slice] = {}
        size = 0
        for parameter in parameters(module):
            self._places[id(parameter)] = slice(size, size + parameter.numel())
            size += parameter.numel()
        self.size = size

    def zeros(self) -> Tensor:
        """Return an empty sum, on the processor."""
        import torch

        return torch.zeros(self.size, dtype=torch.float64)

    def add(self, total: Tensor, piece: Piece, losses: Losses, draws: RowDraws) -> None:
        """Add the clipped gradients of a piece's units to `total`.

        Args:
            total: float64, shape (size,), on the processor; changed in place.
            piece: private rows.
            losses: as `Learner.losses`.
            draws: fresh; its draws belong to the rows of this piece.
        """
        import torch

        codes = torch.from_numpy(piece.codes).to(self._device)
        with _recorded(self._module) as tape, _fast(self._device.type):
            found = losses(codes, draws)
        with exact():
            calls = _backward(found, tape)
            weights = self._weights(found.detach(), calls, piece)
            if not bool(weights.isfinite().all()) or bool((weights == 0).any()):
                calls = [_without(each, weights) for each in calls]
            for group in calls:
                for parameter, product in products(group, weights):
                    self._collect(total, parameter, product)

    def _collect(self, total: Tensor, parameter: Tensor, product: Tensor) -> None:
        total[self._places[id(parameter)]] += product.detach().reshape(-1).double().to("cpu")

    def _weights(self, losses: Tensor, calls: Sequence[Sequence[Call]], piece: Piece) -> Tensor:
        """Return what each row's gradient is multiplied by, float32, shape (rows,)."""
        import torch

        factors = []
        for bucket in buckets(piece):
            square = torch.zeros(bucket.units, dtype=torch.float64, device=losses.device)
            size = torch.zeros_like(square)
            for group in calls:
                more, larger = norms(group, bucket)
                square += more
                size += larger
            fine = losses[bucket.start : bucket.stop].reshape(bucket.units, -1).isfinite().all(1)
            length = torch.maximum(square, size * CANCELLED).sqrt()
            fine &= length.isfinite() & size.isfinite()
            factor = (self._clip / length.clamp(min=1e-300)).clamp(max=1.0)
            factor = torch.where(fine, factor, torch.zeros_like(factor))
            factors.append(factor.repeat_interleave(bucket.each))
        return torch.cat(factors).float()


def buckets(piece: Piece) -> Iterator[Bucket]:
    """Yield the runs of units with equally many rows."""
    each, units = np.unique(piece.counts, return_counts=True)
    start = 0
    for rows, number in zip(each.tolist(), units.tolist(), strict=True):
        yield Bucket(start, start + rows * number, rows)
        start += rows * number


def _backward(losses: Tensor, tape: Sequence[tuple[Module, Tensor, Tensor]]) -> list[list[Call]]:
    """Return the calls of each layer, from one backward pass of the summed losses."""
    import torch

    outputs = [output for _, _, output in tape]
    backs = torch.autograd.grad(losses.sum(), outputs, allow_unused=True)
    found: dict[int, list[Call]] = {}
    for (layer, taken, _), back in zip(tape, backs, strict=True):
        if back is not None:
            taken = taken if not taken.is_floating_point() else taken.float()
            found.setdefault(id(layer), []).append(Call(layer, taken, back.float()))
    return list(found.values())


def _without(calls: Sequence[Call], weights: Tensor) -> list[Call]:
    """Return the calls with rows of no weight set to nothing: nothing times NaN would be NaN."""
    import torch

    def kept(part: Tensor) -> Tensor:
        keep = (weights != 0).view(-1, *(1 for _ in part.shape[1:]))
        return torch.where(keep, part, torch.zeros_like(part))

    return [
        Call(each.layer, kept(each.taken) if each.taken.is_floating_point() else each.taken, kept(each.back))
        for each in calls
    ]


@contextmanager
def _recorded(module: Module) -> Iterator[list[tuple[Module, Tensor, Tensor]]]:
    """Yield a list that fills with (layer, input, output) of each call of a layer with private parameters."""
    tape: list[tuple[Module, Tensor, Tensor]] = []
    handles: list[RemovableHandle] = []

    def note(layer: Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        tape.append((layer, inputs[0].detach(), output))

    for layer in module.modules():
        if supported(layer) and any(p.requires_grad for p in layer.parameters(recurse=False)):
            handles.append(layer.register_forward_hook(note))
    try:
        yield tape
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _fast(device: str) -> Iterator[None]:
    """Let the forward pass round its products to TF32, on a GPU only."""
    with _precision("high" if device == "cuda" else "highest"):
        yield


@contextmanager
def exact() -> Iterator[None]:
    """Round nothing: backward pass, norms and sums are float32 or wider."""
    with _precision("highest"):
        yield


@contextmanager
def _precision(name: str) -> Iterator[None]:
    """Set how products are rounded, and convolutions on a GPU, which have a switch of their own."""
    import torch

    before, convolved = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision(name)
    torch.backends.cudnn.allow_tf32 = name == "high"
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        torch.backends.cudnn.allow_tf32 = convolved
