"""Canaries: one fit of a network on rows of which each was put in by its own coin, and who was in it.

Every canary is a unit of one random row. The attacker sees every noisy count and every noisy gradient, and
knows what each canary would have added to each of them: his score is the best linear guess at all coins
together. (The gradient of a canary at a step is worked out at the weights of that step.)

Source: Steinke, Nasr & Jagielski 2023, arXiv:2305.08846 (canaries in one run); the joint guess: ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synthspec.attack.canary import Guessed, decoded, normals, read
from synthspec.generators import Workload
from synthspec.generators.base import Learner
from synthspec.mechanisms import SubsampledGaussian
from synthspec.privacy.cost import DELTA0_UNIT, Cost
from synthspec.privacy.entropy import NoiseSource, SampleRng
from synthspec.privacy.noisy import Noisy
from synthspec.run.fit_games import network
from synthspec.run.games import kernel_on
from synthspec.run.kernel import Kernel
from synthspec.run.overheard import Overheard, Watched, World, clipped_gradient
from synthspec.run.simulated import Simulated
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Marginal

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS, CODES, WIDTH = 6, 8, 16
CLAIM = Cost(mu2=4 * 10**13, delta0=10**15)
PLANTED = Cost(mu2=400 * CLAIM.mu2, delta0=CLAIM.delta0)
BUG = "a twentieth of the noise"
ALARM = 1e-3
"""One run proves next to nothing at smaller alarms: the theorem allows a rare run that tells all."""


@dataclass(frozen=True, eq=False)
class Coins:
    """One audit by canaries.

    Attributes:
        found: what the guesses prove.
        normal: how well the answers tell canaries apart (`attack.canary.strengths`).
    """

    found: Guessed
    normal: NDArray[np.float64]


def one_run(kind: str, canaries: int, bought: Cost, delta: float, noise: NoiseSource) -> Coins:
    """Fit a small network once, with about half of the canaries, and guess who was in it."""
    coins = np.frombuffer(noise.bytes(canaries), dtype=np.uint8) < 128
    domain = Domain(attributes=tuple("abcdef"[:COLUMNS]), sizes=(CODES,) * COLUMNS)
    rng = np.random.Generator(np.random.Philox(11))
    codes = {name: rng.integers(0, CODES, canaries) for name in domain.attributes}
    everyone = Simulated(domain, codes, np.arange(canaries))
    mine = Simulated(domain, {n: c[coins] for n, c in codes.items()}, np.arange(int(coins.sum())))
    kernel = kernel_on(World.of(mine), domain, Protection(unit="row", max_rows=1), bought, noise)
    oracle = Listening(kernel, everyone)
    generator = network(kind).model_copy(update={"width": WIDTH, "fine_tune_share": 0.6})
    generator.fit(oracle, Workload(rows=canaries // 2), bought, SampleRng(1))
    normal, seen = normals(oracle.rows, oracle.answers, canaries)
    scores = decoded(normal, seen)
    return Coins(read(coins, scores, delta, ALARM, float(CLAIM.delta0 * DELTA0_UNIT)), normal)


class Listening(Overheard):
    """An oracle whose answers are kept beside what each canary would have added, in units of the noise."""

    def __init__(self, kernel: Kernel, everyone: Simulated) -> None:
        world = World.of(everyone)
        super().__init__(kernel, world, world)
        self._canaries = everyone
        self.rows: list[NDArray[np.float64]] = []
        self.answers: list[NDArray[np.float64]] = []

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        """See `Oracle.measure`."""
        answers = self._kernel.measure(purchases)
        for (query, _), noisy in zip(purchases, answers, strict=True):
            cells = self._canaries.cells(query.axes)
            added = np.zeros((query.cells, len(cells)))
            added[cells, np.arange(len(cells))] = 1 / noisy.stddev
            self.rows.append(added)
            self.answers.append(noisy.values / noisy.stddev)
        return answers

    def gradient(
        self, learner: Learner, *, rate: Fraction, steps: int, clip: float, expected: float, cost: Cost
    ) -> None:
        """See `Oracle.gradient`."""
        bought = SubsampledGaussian.costing(
            cost, rate=rate, steps=steps, neighbours=self.protection.neighbours
        )
        codes = np.stack([self._canaries.codes[name] for name in self.domain.attributes], axis=1)
        heard = Aligned(learner, clip, expected, bought, codes)
        self._kernel.gradient(heard, rate=rate, steps=steps, clip=clip, expected=expected, cost=cost)
        self.rows += heard.rows
        self.answers += heard.answers


class Aligned(Watched):
    """A learner whose noisy gradients are kept beside the canaries' own."""

    def __init__(
        self,
        learner: Learner,
        clip: float,
        expected: float,
        bought: SubsampledGaussian,
        codes: NDArray[np.int64],
    ) -> None:
        super().__init__(learner, clip, expected, bought, ())
        self._codes = codes
        self.rows: list[NDArray[np.float64]] = []
        self.answers: list[NDArray[np.float64]] = []

    def step(self, gradient: Sequence[Tensor]) -> None:
        """Keep a noisy gradient with what each canary adds on average, then hand it on."""
        seen = np.concatenate([each.detach().double().numpy().reshape(-1) for each in gradient])
        added = [clipped_gradient(self._learner, row[None], self._clip, 1) for row in self._codes]
        self.rows.append(np.stack(added, axis=1) * self._rate / self._stddev)
        self.answers.append(seen * self._expected / self._stddev)
        self._learner.step(gradient)
