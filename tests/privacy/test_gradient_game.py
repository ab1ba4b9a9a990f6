"""A neighbour game against whole trainings: the best guess at a unit stays under the claimed mu.

The attacker sees every noisy gradient, knows everything but whether one unit is there, and that unit has
two rows whose gradients are thousands of clips long: the worst case of the price. He adds up the logarithms
of the likelihood ratios of all steps and says "with" where the sum is above 0.

Must catch noise that is half of what was bought, rows clipped one by one, and sums that are not clipped.
False alarms below 1e-9 (tests/privacy_core/audit.py).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from synthspec.mechanisms import SubsampledGaussian  # noqa: E402
from synthspec.privacy.cost import Cost  # noqa: E402
from synthspec.privacy.entropy import StreamNoise  # noqa: E402
from synthspec.run.batches import Units  # noqa: E402
from synthspec.run.ranks import Alone  # noqa: E402
from synthspec.run.steps import Stepper  # noqa: E402
from tests.privacy_core.audit import bound  # noqa: E402
from tests.run.nets import Small  # noqa: E402

pytestmark = pytest.mark.slow
MU, RUNS, STEPS, CLIP = 3.0, 700, 3, 0.5


class Steep(Small):
    """Gradients of one direction and of a thousand clips, whatever the weights."""

    def losses(self, codes: torch.Tensor, draws: object) -> torch.Tensor:
        """Return a loss per row."""
        out: torch.Tensor = self.module(codes[:, :1].float()).squeeze(1)
        return out * 500


def guesses(units: Units, bought: SubsampledGaussian) -> int:
    """Return how often the attacker says "with"."""
    rate, scale = float(bought.probability), bought.scale(1.0)
    learner = Steep(torch.nn.Linear(1, 1))
    stepper = Stepper(learner, units, CLIP, 1.0, Alone())
    said = 0
    for _ in range(RUNS):
        learner.given.clear()
        stepper.run(STEPS, bought, StreamNoise())
        seen = torch.stack(learner.given).sum(1).numpy() / math.sqrt(2) / CLIP
        ratio = 1 - rate + rate * np.exp((seen - 0.5) / scale**2)
        said += bool(np.log(ratio).sum() > 0)
    return said


def against(rate: Fraction, part: Fraction) -> tuple[float, float]:
    """Return the mu that the attack proves and the claimed one; `part` of the noise bought is drawn."""
    price = Cost(mu2=int(MU**2 * 10**15), delta0=10**13)
    bought = SubsampledGaussian.costing(price, rate=rate, steps=STEPS)
    taken = bought.model_copy(update={"multiplier": int(bought.multiplier * part)})
    there = Units(np.ones((2, 1), dtype=np.uint8), np.array([0, 2]))
    found = bound(guesses(there, taken), guesses(Units.none(1), taken), RUNS)
    return found, math.sqrt(bought.cost().mu2 / 1e15)


@pytest.mark.parametrize(("rate", "strong"), [(Fraction(1), 0.6), (Fraction(3, 4), 0.4)], ids=str)
def test_the_best_guess_at_a_unit_stays_under_the_claim(rate: Fraction, strong: float) -> None:
    found, claimed = against(rate, Fraction(1))
    assert strong * claimed < found <= claimed


def test_the_same_attack_catches_half_the_noise() -> None:
    found, claimed = against(Fraction(1), Fraction(1, 2))
    assert found > claimed
