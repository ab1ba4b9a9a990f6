"""Steps: exactly so many noisy gradient steps on Poisson batches of private units.

One step: every unit joins with the rate's probability; each unit's gradient is clipped; the sum gets
noise once, in float64, on rank 0, also when nobody joined; it is divided by the expected batch, never by
the one that was drawn. Rank 0 takes the step; the others get the parameters. Nothing about a batch leaves.

Private: for `run.gradient` only.

Source: Abadi et al. 2016, arXiv:1607.00133; PRIVACY 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from synthspec.privacy.entropy import NoiseSource
from synthspec.run.batches import PIECE, Units
from synthspec.run.clipping import Clipper, covered, device_of, parameters
from synthspec.run.ranks import Ranks
from synthspec.run.secret_draws import SecretDraws, sealed

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from synthspec.generators.base import Learner

ROUNDING = 2.0**-10
"""By how much the noise is wider than for norms of exactly the clip.

A piece's sum of up to PIECE = 2^12 clips is rounded at 2^-24 of its size, that is, at 2^-12 clips. This
is the size that such errors have, not a bound on the worst: like the noise's own law, a stated limit.
"""


SMALL = 2_000_000
"""Parameters below which one thread computes."""


class StepNoise(Protocol):
    """What one step draws; the mechanism that was bought."""

    def joins(self, units: int, noise: NoiseSource) -> NDArray[np.int64]:
        """Return the units that join one Poisson batch."""

    def gaussian(self, size: int, noise: NoiseSource) -> NDArray[np.float64]:
        """Return the noise of one step for a clip of 1."""


@dataclass(frozen=True, eq=False)
class Stepper:
    """Takes steps.

    Attributes:
        learner: what is trained.
        units: this rank's private rows.
        clip: the L2 norm of a unit's gradient at most.
        expected: the public number of units expected in a batch.
        ranks: who else takes part.
        piece: rows that go through the network at once.
    """

    learner: Learner
    units: Units
    clip: float
    expected: float
    ranks: Ranks
    piece: int = PIECE

    def run(self, steps: int, bought: StepNoise, noise: NoiseSource) -> None:
        """Take `steps` steps; the other ranks take them too."""
        self._take(self.ranks.block(steps), bought if self.ranks.first else None, noise)

    def follow(self, noise: NoiseSource) -> None:
        """Take the steps of rank 0, on another rank, until it is done; `noise` is for the forward's draws."""
        while steps := self.ranks.block(0):
            self._take(steps, None, noise)

    def _take(self, steps: int, bought: StepNoise | None, noise: NoiseSource) -> None:
        self.ranks.same(self.learner.module)
        clipper = clipper_of(self.learner.module, self.clip)
        everyone = self.ranks.units(len(self.units))
        with threads_for(clipper.size):
            for _ in range(steps):
                joined = bought.joins(everyone, noise) if bought is not None else None
                total = self.ranks.total(self._clipped(clipper, self.ranks.mine(joined), noise))
                if bought is not None:
                    total += self._noise(clipper.size, bought, noise)
                    self.learner.step(self._gradient(total / self.expected))
                self.ranks.same(self.learner.module)

    def _clipped(self, clipper: Clipper, joined: NDArray[np.int64], noise: NoiseSource) -> Tensor:
        """Return the sum of the units' clipped gradients, flat."""
        total = clipper.zeros()
        with sealed(noise):
            for piece in self.units.pieces(joined, self.piece):
                draws = SecretDraws(noise, device_of(self.learner.module))
                clipper.add(total, piece, self.learner.losses, draws)
        return total

    def _noise(self, size: int, bought: StepNoise, noise: NoiseSource) -> Tensor:
        import torch

        return torch.from_numpy(bought.gaussian(size, noise)) * (self.clip * (1 + ROUNDING))

    def _gradient(self, flat: Tensor) -> list[Tensor]:
        """Return the noisy gradient parameter by parameter, in their types and on their device."""
        import torch

        mine = parameters(self.learner.module)
        parts = torch.split(flat, [parameter.numel() for parameter in mine])
        return [part.view_as(p).to(p.device, p.dtype) for p, part in zip(mine, parts, strict=True)]


@contextmanager
def threads_for(size: int) -> Iterator[None]:
    """Let a small network be computed by one thread: several only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1 if size < SMALL else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def clipper_of(module: Module, clip: float) -> Clipper:
    """Return what clips the gradients of `module`: our own products, or opacus for other layers."""
    if covered(module):
        return Clipper(module, clip)
    from synthspec.run.ghost import GhostClipper

    return GhostClipper(module, clip)
