"""Overheard: an oracle whose answers an attacker listens to, who knows both worlds; simulated rows only.

It hands every question on to a real kernel and adds up how much more likely each answer is with the unit
than without it.

Source: ours; the laws in attack/transcript.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synthspec.attack.transcript import choice_rate, of_batch, of_choice, of_counts
from synthspec.generators.base import Draws, Learner
from synthspec.mechanisms import SubsampledGaussian
from synthspec.privacy.cost import MU2_UNIT, Cost
from synthspec.privacy.noisy import Noisy
from synthspec.run.batches import Units
from synthspec.run.clipping import parameters
from synthspec.run.counts import Counts
from synthspec.run.kernel import Kernel
from synthspec.run.scores import gap_score
from synthspec.run.simulated import Simulated
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis, Gap, Marginal

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

LOOKS = 4
"""How often the unit's gradient is worked out where the forward draws something: the mean is used."""


@dataclass(frozen=True, eq=False)
class World:
    """One simulated table, with its counts kept."""

    rows: Simulated
    counts: Counts

    @classmethod
    def of(cls, rows: Simulated) -> World:
        """Return the world of a table."""
        return cls(rows, Counts(rows))

    def count(self, axes: tuple[Axis, ...]) -> NDArray[np.int64]:
        """Return the exact counts."""
        return self.counts.fold([axes], lambda _, count: count)[0]

    def scores(self, candidates: Sequence[Gap], *, none: bool) -> NDArray[np.int64]:
        """Return the exact scores of candidates."""
        found = [gap_score(self.count(gap.axes), gap) for gap in candidates]
        return np.array([*found, 0] if none else found, dtype=np.int64)


class Overheard:
    """See `generators.base.Oracle`; `score` is what the attacker has added up so far."""

    def __init__(self, kernel: Kernel, there: World, away: World) -> None:
        self._kernel = kernel
        self._there = there
        self._away = away
        self.score = 0.0

    @property
    def domain(self) -> Domain:
        """See `Oracle.domain`."""
        return self._kernel.domain

    @property
    def protection(self) -> Protection:
        """See `Oracle.protection`."""
        return self._kernel.protection

    @property
    def left(self) -> Cost:
        """See `Oracle.left`."""
        return self._kernel.left

    @property
    def device(self) -> str:
        """See `Oracle.device`."""
        return "cpu"

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        """See `Oracle.measure`."""
        answers = self._kernel.measure(purchases)
        for (query, _), noisy in zip(purchases, answers, strict=True):
            there, away = self._there.count(query.axes), self._away.count(query.axes)
            self.score += of_counts(noisy.values, there, away, noisy.stddev)
        return answers

    def select(self, candidates: Sequence[Gap], cost: Cost) -> int:
        """See `Oracle.select`."""
        chosen = self._kernel.select(candidates, cost)
        self._chose(candidates, cost, chosen, none=False)
        return chosen

    def select_or_none(self, candidates: Sequence[Gap], cost: Cost) -> int | None:
        """See `Oracle.select_or_none`."""
        chosen = self._kernel.select_or_none(candidates, cost)
        self._chose(candidates, cost, len(candidates) if chosen is None else chosen, none=True)
        return chosen

    def _chose(self, candidates: Sequence[Gap], cost: Cost, chosen: int, *, none: bool) -> None:
        widest = max(gap.sensitivity(self.protection).l1 for gap in candidates)
        rate = choice_rate(float(cost.mu2 * MU2_UNIT), widest)
        there, away = (world.scores(candidates, none=none) for world in (self._there, self._away))
        self.score += of_choice(chosen, there, away, rate)

    def gradient(
        self, learner: Learner, *, rate: Fraction, steps: int, clip: float, expected: float, cost: Cost
    ) -> None:
        """See `Oracle.gradient`; the others must have no rows, for their batches are not known."""
        bought = SubsampledGaussian.costing(
            cost, rate=rate, steps=steps, neighbours=self.protection.neighbours
        )
        heard = Watched(learner, clip, expected, bought, [self._alone(w) for w in (self._there, self._away)])
        self._kernel.gradient(heard, rate=rate, steps=steps, clip=clip, expected=expected, cost=cost)
        self.score += heard.score

    def _alone(self, world: World) -> NDArray[np.int64] | None:
        """Return the rows of a world's one unit, None where it has none."""
        units = Units.of(world.rows.held(), self.domain.attributes)
        if len(units) > 1:
            raise ValueError("a training is overheard with one unit at most")
        return next((piece.codes for piece in units.pieces(np.arange(len(units)))), None)


class Watched:
    """A learner whose noisy gradients are looked at before it takes them; see `generators.base.Learner`."""

    def __init__(
        self,
        learner: Learner,
        clip: float,
        expected: float,
        bought: SubsampledGaussian,
        worlds: Sequence[NDArray[np.int64] | None],
    ) -> None:
        self._learner = learner
        self._clip = clip
        self._expected = expected
        self._rate = float(bought.probability)
        self._stddev = bought.scale(clip)
        self._worlds = worlds
        self.score = 0.0

    @property
    def module(self) -> Module:
        """See `Learner.module`."""
        return self._learner.module

    def losses(self, codes: Tensor, draws: Draws) -> Tensor:
        """See `Learner.losses`."""
        return self._learner.losses(codes, draws)

    def step(self, gradient: Sequence[Tensor]) -> None:
        """Look at a noisy gradient, then hand it on."""
        seen = np.concatenate([each.detach().double().numpy().reshape(-1) for each in gradient])
        for sign, rows in zip((1, -1), self._worlds, strict=True):
            if rows is not None:
                added = clipped_gradient(self._learner, rows, self._clip)
                self.score += sign * of_batch(seen * self._expected, added, self._rate, self._stddev)
        self._learner.step(gradient)

    def public_loss(self) -> float | None:
        """See `Learner.public_loss`."""
        return None

    def state(self) -> Mapping[str, Tensor]:
        """See `Learner.state`."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """See `Learner.restore`."""


def clipped_gradient(
    learner: Learner, rows: NDArray[np.int64], clip: float, looks: int = LOOKS
) -> NDArray[np.float64]:
    """Return what a unit of these rows adds to a step on average, by plain differentiation."""
    import torch

    codes, mine = torch.from_numpy(rows), parameters(learner.module)
    total = np.zeros(sum(each.numel() for each in mine))
    for look in range(looks):
        loss = learner.losses(codes, Guess(look)).sum()
        found = torch.autograd.grad(loss, mine, allow_unused=True)
        parts = [torch.zeros_like(p) if g is None else g for p, g in zip(mine, found, strict=True)]
        flat = torch.cat([part.detach().reshape(-1).double() for part in parts]).numpy()
        total += flat * min(1.0, clip / max(float(np.linalg.norm(flat)), 1e-300)) / looks
    return total


class Guess:
    """The attacker's own draws for a forward whose secret ones he does not know; see `Draws`."""

    def __init__(self, seed: int) -> None:
        import torch

        self._generator = torch.Generator().manual_seed(seed)

    def normal(self, rows: int, *shape: int) -> Tensor:
        """See `Draws.normal`."""
        import torch

        return torch.randn((rows, *shape), generator=self._generator)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """See `Draws.uniform`."""
        import torch

        return torch.rand((rows, *shape), generator=self._generator).clamp(1e-7, 1 - 1e-7)
