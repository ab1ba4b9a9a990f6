"""Games of noisy gradients: whole trainings of a network that is as steep as can be; need torch.

The unit's gradients have one direction and are hundreds of clips long at any weights, so that each step moves
by exactly the clip where the unit joins: the worst case of the price.

Source: ours; PRIVACY 8 and 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from synthspec.generators.base import Draws
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.run.fit_games import NETWORK, NETWORK_ALARM, NETWORK_PLAYS
from synthspec.run.games import Game, half_noise, kernel_on, one_by_one, protections
from synthspec.run.overheard import Overheard, World
from synthspec.run.simulated import exposed
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Gradient

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

DOMAIN = Domain(attributes=("a",), sizes=(5,))
STEPS, CLIP = 3, 0.5
RATES = (Fraction(1), Fraction(3, 4))


def training_games(noise: NoiseSource) -> Iterator[Game]:
    """Yield the games of noisy gradients: every unit joins every step, or three in four do."""
    for protection in protections():
        for rate in RATES:
            yield training_game(protection, rate, noise)


def training_game(protection: Protection, rate: Fraction, noise: NoiseSource) -> Game:
    """Return the game of a training at a rate."""
    pair = exposed(DOMAIN, protection)
    there, away = World.of(pair.there), World.of(pair.away)

    def play(present: bool, bought: Cost) -> tuple[float]:
        oracle = Overheard(
            kernel_on(there if present else away, DOMAIN, protection, bought, noise), there, away
        )
        oracle.gradient(Steep(), rate=rate, steps=STEPS, clip=CLIP, expected=1.0, cost=bought)
        return (oracle.score,)

    title = f"{STEPS} steps at rate {rate}"
    return Game(
        "mechanism", "subsampled_gaussian", title, (Gradient,), protection, NETWORK, one_by_one(play),
        half_noise(NETWORK), most=NETWORK_PLAYS, alarm=NETWORK_ALARM,
    )  # fmt: skip


class Steep:
    """A learner whose rows pull hard, each code its own way, whatever the weights; see `Learner`."""

    def __init__(self) -> None:
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(0)
            self._net = torch.nn.Linear(1, 1)

    @property
    def module(self) -> Module:
        """See `Learner.module`."""
        return self._net

    def losses(self, codes: Tensor, draws: Draws) -> Tensor:
        """Return a loss per row: the last code pulls up, the one before it down."""
        out: Tensor = self._net(2.0 * codes[:, :1].float() - 7.0).squeeze(1)
        return out * 500 * (codes[:, 0] * 2 - 7).float().sign()

    def step(self, gradient: Sequence[Tensor]) -> None:
        """Do nothing: the weights do not matter."""

    def public_loss(self) -> float | None:
        """Return None."""
        return None

    def state(self) -> Mapping[str, Tensor]:
        """Return nothing: there is nothing to resume."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Do nothing."""
