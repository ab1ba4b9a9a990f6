"""Secret draws: the randomness of a private forward, row by row, from the noise source.

Source: ours; PRIVACY 4. Normal draws: Box & Muller 1958.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import numpy as np

from synthspec.privacy.entropy import NoiseSource

if TYPE_CHECKING:
    from torch import Tensor

    from synthspec.generators.base import Draws


class RowDraws(Protocol):
    """See `generators.base.Draws`; with a way back to the draws of some rows alone."""

    def normal(self, rows: int, *shape: int) -> Tensor:
        """See `Draws.normal`."""

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """See `Draws.uniform`."""

    def again(self, start: int, stop: int) -> Draws:
        """Return the draws made so far, in their order, for rows `start` up to `stop`."""


class SecretDraws:
    """See `RowDraws`."""

    def __init__(self, noise: NoiseSource, device: str) -> None:
        self._noise = noise
        self._device = device
        self._drawn: list[Tensor] = []

    def __repr__(self) -> str:
        return "SecretDraws(...)"

    def normal(self, rows: int, *shape: int) -> Tensor:
        """See `Draws.normal`."""
        import torch

        radius = torch.sqrt(-2 * torch.log(self._uniform(rows, *shape)))
        angle = 2 * math.pi * self._uniform(rows, *shape)
        return self._kept(radius * torch.cos(angle))

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """See `Draws.uniform`."""
        return self._kept(self._uniform(rows, *shape))

    def again(self, start: int, stop: int) -> DrawnAgain:
        """See `RowDraws.again`."""
        return DrawnAgain(tuple(drawn[start:stop] for drawn in self._drawn))

    def _uniform(self, *shape: int) -> Tensor:
        import torch

        bits = np.frombuffer(self._noise.bytes(4 * math.prod(shape)), dtype=np.uint32) >> 8
        values = (bits.astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-24)
        return torch.from_numpy(np.minimum(values, np.float32(1 - 2.0**-24)).reshape(shape)).to(self._device)

    def _kept(self, drawn: Tensor) -> Tensor:
        self._drawn.append(drawn)
        return drawn


class DrawnAgain:
    """Draws that were made before, for some of their rows."""

    def __init__(self, drawn: tuple[Tensor, ...]) -> None:
        self._drawn = iter(drawn)

    def normal(self, rows: int, *shape: int) -> Tensor:
        """See `Draws.normal`."""
        return next(self._drawn)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """See `Draws.uniform`."""
        return next(self._drawn)


@contextmanager
def sealed(noise: NoiseSource) -> Iterator[None]:
    """Keep torch's own generator out of a private forward: fresh inside, untouched outside.

    Were it used there after all, its public state would afterwards tell how many rows there were.
    """
    import torch

    cuda = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(int.from_bytes(noise.bytes(7), "little"))
        yield
