"""Small learners over coded rows, and the per-unit loop that clipping is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

SIZES = (3, 5, 2)


class Masked(nn.Linear):
    """A Linear layer with a mask on its weight."""

    def __init__(self, wide: int, high: int) -> None:
        super().__init__(wide, high)
        self.register_buffer("mask", (torch.arange(wide * high).reshape(high, wide) % 3 > 0).float())

    def forward(self, taken: Tensor) -> Tensor:
        """Return the masked product."""
        return functional.linear(taken, self.weight * self.mask, self.bias)


class Net(nn.Module):
    """All known layers: an embedding per column, a masked layer, a norm, a head."""

    def __init__(self, sizes: Sequence[int] = SIZES, wide: int = 6) -> None:
        super().__init__()
        self.inside = nn.ModuleList(nn.Embedding(size, 4) for size in sizes)
        self.first = Masked(4 * len(sizes), wide)
        self.norm = nn.LayerNorm(wide)
        self.last = nn.Linear(wide, 1)

    def forward(self, codes: Tensor) -> Tensor:
        """Return a number per row."""
        taken = torch.cat([layer(codes[:, i]) for i, layer in enumerate(self.inside)], dim=1)
        return self.last(torch.tanh(self.norm(self.first(taken)))).squeeze(1)


class Plain(nn.Module):
    """An embedding and two Linear layers."""

    def __init__(self, sizes: Sequence[int] = SIZES) -> None:
        super().__init__()
        self.inside = nn.Embedding(max(sizes), 4)
        self.first = nn.Linear(4 * len(sizes), 5)
        self.last = nn.Linear(5, 1)

    def forward(self, codes: Tensor) -> Tensor:
        """Return a number per row."""
        return self.last(torch.tanh(self.first(self.inside(codes).flatten(1)))).squeeze(1)


class Sequential(nn.Module):
    """Layers over a row's columns as positions, one layer used twice."""

    def __init__(self, sizes: Sequence[int] = SIZES, wide: int = 4) -> None:
        super().__init__()
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self.register_buffer("starts", torch.from_numpy(starts))
        self.inside = nn.Embedding(int(sum(sizes)), wide)
        self.twice = nn.Linear(wide, wide)
        self.norm = nn.LayerNorm(wide)
        self.last = nn.Linear(wide, 2, bias=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Return a number per row."""
        taken = torch.tanh(self.twice(self.inside(codes + self.starts)))
        taken = torch.tanh(self.twice(self.norm(taken)))
        return self.last(taken).square().sum((1, 2))


class Convolved(nn.Module):
    """A layer that only opacus knows."""

    def __init__(self, sizes: Sequence[int] = SIZES) -> None:
        super().__init__()
        self.inside = nn.Embedding(max(sizes), 4)
        self.across = nn.Conv1d(4, 3, 2)
        self.last = nn.Linear(3, 1)

    def forward(self, codes: Tensor) -> Tensor:
        """Return a number per row."""
        return self.last(torch.tanh(self.across(self.inside(codes).mT)).mean(2)).squeeze(1)


class Small:
    """A learner: squared error of `module`'s output against a number drawn per row; plain descent.

    `broken` is a code of the first column whose rows have a loss that is not a number.
    """

    def __init__(self, module: nn.Module | None = None, seed: int = 0, broken: int | None = None) -> None:
        self.module = Net() if module is None else module
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in self.module.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
        self.broken = broken
        self.given: list[Tensor] = []
        self.drawn = False

    def losses(self, codes: Tensor, draws: Any) -> Tensor:
        """Return a loss per row."""
        out = self.module(codes)
        wanted = codes.sum(1) + (draws.normal(len(codes), 1).squeeze(1) if self.drawn else 0.0)
        found = (out * 3 - wanted).square()
        if self.broken is not None:
            found = found / (codes[:, 0] != self.broken)
        return found

    def step(self, gradient: Sequence[Tensor]) -> None:
        """Descend, and remember."""
        mine = [p for p in self.module.parameters() if p.requires_grad]
        self.given.append(torch.cat([each.reshape(-1) for each in gradient]).double())
        with torch.no_grad():
            for parameter, each in zip(mine, gradient, strict=True):
                parameter -= 0.01 * each

    def public_loss(self) -> float | None:
        """Return the loss of one made-up row."""
        with torch.no_grad():
            return float(self.losses(torch.zeros(1, len(SIZES), dtype=torch.int64), _Zero())[0])

    def state(self) -> Mapping[str, Tensor]:
        """Return the parameters."""
        return dict(self.module.state_dict())

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take them up."""
        self.module.load_state_dict(dict(state))


class _Zero:
    def normal(self, rows: int, *shape: int) -> Tensor:
        return torch.zeros(rows, *shape)

    uniform = normal


def codes_of(rows: int, seed: int = 0, sizes: Sequence[int] = SIZES) -> NDArray[np.int64]:
    """Return made-up codes, shape (rows, columns)."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, size, rows) for size in sizes], axis=1)


def loop(learner: Small, codes: NDArray[np.int64], counts: Sequence[int], clip: float) -> Tensor:
    """Return the sum of clipped unit gradients, one unit at a time, in float64 throughout."""
    mine = [p for p in learner.module.parameters() if p.requires_grad]
    total = torch.zeros(sum(p.numel() for p in mine), dtype=torch.float64)
    start = 0
    for count in counts:
        found = learner.losses(torch.from_numpy(codes[start : start + count]), None).sum()
        parts = torch.autograd.grad(found, mine, allow_unused=True)
        flat = torch.cat(
            [(torch.zeros_like(p) if g is None else g).reshape(-1) for p, g in zip(mine, parts, strict=True)]
        ).double()
        if bool(flat.isfinite().all()) and bool(found.isfinite()):
            total += flat * min(1.0, clip / float(flat.norm()))
        start += count
    return total
