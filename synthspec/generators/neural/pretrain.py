"""Pretrain: a network learns from rows of the start model, which are paid for; imports torch.

Source: Kingma & Ba 2015 (Adam); Loshchilov & Hutter 2017 (the cosine of the step size).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, pi

import torch
from torch import Tensor

from synthspec.generators.neural.tuner import PublicDraws, Tuner

BATCH = 500
RATE = 2e-3


def pretrained(tuner: Tuner, codes: Tensor, steps: int, generator: torch.Generator) -> None:
    """Train all of the tuner's module on public rows; its averages start from the result."""
    parameters = [p for p in tuner.module.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    draws = PublicDraws(generator, tuner.device)
    for rate, batch in zip(rates(steps), batches(codes.to(tuner.device), steps, generator), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        tuner.losses(batch, draws).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    tuner.average = {n: v.detach().clone() for n, v in tuner.module.state_dict().items()}


def rates(steps: int, rate: float = RATE) -> Iterator[float]:
    """Yield step sizes that fall from `rate` to a twentieth of it along a cosine."""
    for at in range(steps):
        yield rate * (0.05 + 0.95 * (1 + cos(pi * at / max(steps, 1))) / 2)


def batches(codes: Tensor, steps: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield BATCH rows at a time, in random order, as often as wanted."""
    size = min(BATCH, len(codes))
    order, place = torch.randperm(len(codes), generator=generator), 0
    for _ in range(steps):
        if place + size > len(codes):
            order, place = torch.randperm(len(codes), generator=generator), 0
        yield codes[order[place : place + size]]
        place += size
