"""Layers: the norm of each unit's gradient, and the weighted sum of them, from one backward pass.

The gradient of a Linear layer for one example is the outer product of what went in (a) and what came
back (b), so its norm is |a| |b| and no gradient per example is ever made. The examples of a unit (its
rows, and positions inside a row) form a short sequence: the norm of their summed gradient is the sum
over pairs of (a_r . a_s)(b_r . b_s).

Private: for `run.clipping` only. Everything here is exact arithmetic of float32 or wider.

Source: Goodfellow 2015, arXiv:1510.01799 (norms without gradients); Li et al. 2022, arXiv:2110.05679
(ghost norms of sequences); Bu et al. 2023, arXiv:2210.00038 (one backward pass).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

TINY = 1e-34
"""More than the squares of a row of small float32 numbers can lose by underflow."""

MOST = 1 << 22
"""Numbers of a unit-by-unit gradient that are held at once where it cannot be avoided."""


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer in one forward.

    Attributes:
        layer: which.
        taken: its input, detached; first axis rows.
        back: the gradient of the summed losses by its output; first axis rows.
    """

    layer: Module
    taken: Tensor
    back: Tensor


@dataclass(frozen=True, eq=False)
class Bucket:
    """Units of one piece with equally many rows: rows `start` up to `stop`, `each` rows per unit."""

    start: int
    stop: int
    each: int

    @property
    def units(self) -> int:
        """How many units there are."""
        return (self.stop - self.start) // self.each


def supported(layer: Module) -> bool:
    """Return whether the layer is of a kind known here."""
    from torch.nn import Embedding, LayerNorm, Linear

    match layer:
        case Linear():
            return True
        case Embedding():
            plain = layer.padding_idx is None and layer.max_norm is None
            return plain and not layer.sparse and not layer.scale_grad_by_freq
        case LayerNorm():
            return len(layer.normalized_shape) == 1
    return False


def norms(calls: Sequence[Call], bucket: Bucket) -> tuple[Tensor, Tensor]:
    """Return what one layer adds to the squared norms of a bucket's units, float64, shape (units,) each.

    Args:
        calls: all calls of the layer in this forward.
        bucket: which rows.

    Returns:
        The squared norm of the unit's summed gradient, and the square of the sum of its examples'
        norms: an upper bound, far above it only where examples cancel.
    """
    from torch.nn import Embedding, LayerNorm, Linear

    layer = calls[0].layer
    back = _sequence([call.back for call in calls], bucket)
    match layer:
        case Linear():
            return _linear(layer, _sequence([call.taken for call in calls], bucket), back)
        case Embedding():
            taken = _sequence([call.taken.unsqueeze(-1) for call in calls], bucket).squeeze(-1)
            return _embedding(taken, back)
        case LayerNorm():
            return _scales(layer, _sequence([_unit_scale(call) for call in calls], bucket), back)
    raise TypeError("a layer of another kind")


def products(calls: Sequence[Call], weights: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return the weighted sum over rows of each parameter's gradient, for one layer.

    Args:
        calls: all calls of the layer in this forward.
        weights: one per row, float32, shape (rows,).
    """
    import torch
    from torch.nn import Embedding, LayerNorm, Linear

    layer = calls[0].layer
    backs = [_weighted(call.back, weights) for call in calls]
    found: list[tuple[Tensor, Tensor]] = []
    match layer:
        case Linear():
            if layer.weight.requires_grad:
                parts = [_flat(b).T @ _flat(call.taken) for call, b in zip(calls, backs, strict=True)]
                total = _added(parts)
                mask = getattr(layer, "mask", None)
                found.append((layer.weight, total if mask is None else total * mask))
            if layer.bias is not None and layer.bias.requires_grad:
                found.append((layer.bias, _added([_flat(b).sum(0) for b in backs])))
        case Embedding():
            total = torch.zeros_like(layer.weight, dtype=torch.float32)
            for call, b in zip(calls, backs, strict=True):
                total.index_add_(0, call.taken.reshape(-1), _flat(b))
            found.append((layer.weight, total))
        case LayerNorm():
            if layer.weight is not None and layer.weight.requires_grad:
                parts = [_flat(b * _unit_scale(call)).sum(0) for call, b in zip(calls, backs, strict=True)]
                found.append((layer.weight, _added(parts)))
            if layer.bias is not None and layer.bias.requires_grad:
                found.append((layer.bias, _added([_flat(b).sum(0) for b in backs])))
    return found


def _linear(layer: Module, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the two squares of a Linear layer, inputs (units, examples, in) and (units, examples, out)."""
    import torch

    weight, bias, mask = layer.weight, layer.bias, getattr(layer, "mask", None)
    has_weight = bool(weight.requires_grad)
    has_bias = bias is not None and bool(bias.requires_grad)
    a2, b2 = _squares(a), _squares(b)
    each = torch.zeros_like(b2)
    if has_weight:
        each += a2 * b2 if mask is None else _masked(a, b, mask)
    if has_bias:
        each += b2
    if a.shape[1] == 1:
        return each[:, 0], each[:, 0]
    square = torch.zeros(len(a), dtype=torch.float64, device=a.device)
    if has_weight:
        square += _pairs(a, b) if mask is None and _short(a, b) else _made(a, b, mask)
    if has_bias:
        square += b.sum(1, dtype=torch.float64).square().sum(1)
    return square, each.sqrt().sum(1).square()


def _masked(a: Tensor, b: Tensor, mask: Tensor) -> Tensor:
    """Return the squared norms of masked outer products, shape (units, examples)."""
    import torch

    through = a.square() @ mask.to(a.dtype).square().T
    return ((through + TINY) * (b.square() + TINY)).sum(2, dtype=torch.float64)


def _squares(part: Tensor) -> Tensor:
    """Return the squared lengths along the last axis, float64, never short by what float32 lost below."""
    import torch

    found: Tensor = torch.linalg.vector_norm(part, dim=-1).double().square() + TINY
    return found


def _short(a: Tensor, b: Tensor) -> bool:
    """Return whether comparing examples in pairs is cheaper than making each unit's gradient."""
    examples, wide, high = a.shape[1], a.shape[2], b.shape[2]
    return examples * (wide + high) <= 2 * wide * high


def _pairs(a: Tensor, b: Tensor) -> Tensor:
    """Return |sum_r b_r a_r'|^2 per unit from the inner products of all pairs, shape (units,)."""
    a, b = a.double(), b.double()
    return ((a @ a.mT) * (b @ b.mT)).sum((1, 2)).clamp(min=0.0)


def _made(a: Tensor, b: Tensor, mask: Tensor | None) -> Tensor:
    """Return |mask * sum_r b_r a_r'|^2 per unit from the units' gradients, a few at a time."""
    import torch

    some = max(1, MOST // (a.shape[2] * b.shape[2]))
    found = []
    for start in range(0, len(a), some):
        made = b[start : start + some].mT @ a[start : start + some]
        made = made if mask is None else made * mask
        found.append(made.square().sum((1, 2), dtype=torch.float64))
    return torch.cat(found)


def _embedding(codes: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the two squares of an Embedding: examples of one code add up, others are orthogonal."""
    import torch

    b2 = b.square().sum(2, dtype=torch.float64)
    if b.shape[1] == 1:
        return b2[:, 0], b2[:, 0]
    same = codes.unsqueeze(2) == codes.unsqueeze(1)
    wide = b.double()
    square = ((wide @ wide.mT) * same).sum((1, 2)).clamp(min=0.0)
    return square, b2.sqrt().sum(1).square()


def _scales(layer: Module, scaled: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the two squares of a LayerNorm; `scaled` is its input at mean 0 and variance 1."""
    import torch

    square = torch.zeros(len(b), dtype=torch.float64, device=b.device)
    each = torch.zeros(b.shape[:2], dtype=torch.float64, device=b.device)
    if layer.weight is not None and layer.weight.requires_grad:
        gradient = b * scaled
        square += gradient.sum(1, dtype=torch.float64).square().sum(1)
        each += gradient.square().sum(2, dtype=torch.float64)
    if layer.bias is not None and layer.bias.requires_grad:
        square += b.sum(1, dtype=torch.float64).square().sum(1)
        each += b.square().sum(2, dtype=torch.float64)
    return square, each.sqrt().sum(1).square()


def _unit_scale(call: Call) -> Tensor:
    """Return the input of a LayerNorm at mean 0 and variance 1."""
    from torch.nn import LayerNorm, functional

    layer = call.layer
    assert isinstance(layer, LayerNorm)
    scaled: Tensor = functional.layer_norm(call.taken.float(), list(layer.normalized_shape), eps=layer.eps)
    return scaled


def _sequence(parts: Sequence[Tensor], bucket: Bucket) -> Tensor:
    """Return the parts' rows of a bucket as (units, examples, width), parts one after the other."""
    import torch

    shaped = [part[bucket.start : bucket.stop].reshape(bucket.units, -1, part.shape[-1]) for part in parts]
    return shaped[0] if len(shaped) == 1 else torch.cat(shaped, dim=1)


def _weighted(back: Tensor, weights: Tensor) -> Tensor:
    return back * weights.view(-1, *(1 for _ in back.shape[1:]))


def _flat(part: Tensor) -> Tensor:
    return part.reshape(-1, part.shape[-1])


def _added(parts: Sequence[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
