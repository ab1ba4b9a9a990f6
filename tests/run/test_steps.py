"""Steps: batches as they are drawn, noise once, the expected batch as divisor, units whole."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from synthspec.mechanisms import SubsampledGaussian  # noqa: E402
from synthspec.privacy.accountant import budget_cost  # noqa: E402
from synthspec.privacy.entropy import NoiseSource, SystemNoise  # noqa: E402
from synthspec.run.batches import Units  # noqa: E402
from synthspec.run.ranks import Alone  # noqa: E402
from synthspec.run.steps import ROUNDING, Stepper  # noqa: E402
from tests.run.nets import Plain, Small, codes_of, loop  # noqa: E402

COUNTS = (1, 2, 1, 4, 3, 1)
CLIP, EXPECTED = 0.5, 2.5


class Scripted:
    """A purchase whose batches are written down, and whose noise is 1, 2, 3, ... everywhere."""

    def __init__(self, batches: Sequence[Sequence[int]]) -> None:
        self.batches = list(batches)
        self.asked: list[int] = []
        self.noises = 0

    def joins(self, units: int, noise: NoiseSource) -> np.ndarray:
        """Return the next batch."""
        self.asked.append(units)
        return np.array(self.batches[len(self.asked) - 1], dtype=np.int64)

    def gaussian(self, size: int, noise: NoiseSource) -> np.ndarray:
        """Return the next number."""
        self.noises += 1
        return np.full(size, float(self.noises))


def table(counts: Sequence[int] = COUNTS, seed: int = 0) -> tuple[np.ndarray, Units]:
    """Return codes and the same as units."""
    codes = codes_of(sum(counts), seed)
    return codes, Units(codes.astype(np.uint8), np.concatenate([[0], np.cumsum(counts)]))


def expected(learner: Small, codes: np.ndarray, batch: Sequence[int], noise: float) -> torch.Tensor:
    """Return what a step must hand on: clipped units, one noise, the expected batch."""
    starts = np.concatenate([[0], np.cumsum(COUNTS)])
    rows = [np.arange(starts[i], starts[i + 1]) for i in batch]
    kept = codes[np.concatenate([np.zeros(0, dtype=int), *rows])]
    total = loop(learner, kept, [COUNTS[i] for i in batch], CLIP)
    return (total + noise * CLIP * (1 + ROUNDING)) / EXPECTED


@pytest.mark.parametrize("piece", [2, 1000], ids=["many pieces", "one piece"])
def test_each_step_is_the_drawn_batch_clipped_by_unit_with_noise_once(piece: int) -> None:
    codes, units = table()
    batches = [(0, 3, 4), (), (0, 1, 2, 3, 4, 5), (3,)]
    bought = Scripted(batches)
    learner = Small(Plain())
    twin = Small(Plain())
    stepper = Stepper(learner, units, CLIP, EXPECTED, Alone(), piece)
    for at, batch in enumerate(batches):
        wanted = expected(twin, codes, batch, at + 1.0)
        stepper.run(1, bought, SystemNoise())
        assert float((learner.given[-1] - wanted).abs().max()) < 1e-6
        twin.restore(learner.state())
    assert bought.asked == [len(COUNTS)] * 4, "everyone may join at every step"
    assert bought.noises == 4, "noise is drawn once a step, also when nobody joined"


def test_an_empty_batch_and_an_empty_table_still_take_noisy_steps() -> None:
    learner = Small(Plain())
    Stepper(learner, table()[1], CLIP, EXPECTED, Alone()).run(1, Scripted([()]), SystemNoise())
    nobody = Units(np.zeros((0, 3), dtype=np.uint8), np.zeros(1, dtype=np.int64))
    Stepper(learner, nobody, CLIP, EXPECTED, Alone()).run(1, Scripted([()]), SystemNoise())
    wanted = torch.full_like(learner.given[0], CLIP * (1 + ROUNDING) / EXPECTED)
    assert all(torch.allclose(given, wanted) for given in learner.given)


def test_exactly_as_many_steps_as_asked() -> None:
    learner = Small(Plain())
    Stepper(learner, table()[1], CLIP, EXPECTED, Alone()).run(7, Scripted([(1,)] * 9), SystemNoise())
    assert len(learner.given) == 7


def test_with_rate_one_everybody_is_in_every_batch() -> None:
    cost = budget_cost(1, Fraction(1, 10**9))
    bought = SubsampledGaussian.costing(cost, rate=1, steps=3)
    units = table()[1]
    learner = Small(Plain())
    Stepper(learner, units, CLIP, EXPECTED, Alone()).run(3, bought, SystemNoise())
    assert len(learner.given) == 3
    assert bought.joins(len(units), SystemNoise()).tolist() == list(range(len(COUNTS)))


def test_the_noise_is_that_of_the_purchase() -> None:
    """Variance of 20 steps without rows against the bought one, within seven standard errors (< 1e-11).

    It must catch noise drawn at another scale by a tenth, or drawn once and used again.
    """
    cost = budget_cost(1, Fraction(1, 10**9))
    bought = SubsampledGaussian.costing(cost, rate=Fraction(1, 10), steps=20)
    nobody = Units(np.zeros((0, 3), dtype=np.uint8), np.zeros(1, dtype=np.int64))
    learner = Small(torch.nn.Sequential(torch.nn.Linear(100, 200)))
    Stepper(learner, nobody, CLIP, EXPECTED, Alone()).run(20, bought, SystemNoise())
    drawn = torch.stack(learner.given) * EXPECTED / (CLIP * bought.scale(1.0))
    count = drawn.numel()
    assert abs(float(drawn.square().mean()) - 1) < 7 * (2 / count) ** 0.5 + 3 * ROUNDING
    assert abs(float((drawn[:-1] * drawn[1:]).mean())) < 7 / count**0.5


def test_torchs_own_generator_says_nothing_of_the_batch() -> None:
    """A forward that uses it after all leaves it where it was."""

    class Dropping(Small):
        def losses(self, codes: torch.Tensor, draws: object) -> torch.Tensor:
            return super().losses(codes, draws) * torch.rand(len(codes))

    units = table()[1]
    states = []
    for batch in ((0,), (0, 1, 2, 3)):
        torch.manual_seed(5)
        Stepper(Dropping(Plain()), units, CLIP, EXPECTED, Alone()).run(1, Scripted([batch]), SystemNoise())
        states.append(torch.random.get_rng_state())
    assert torch.equal(*states)


def test_a_unit_with_all_rows_of_the_table_moves_a_step_by_the_clip_at_most() -> None:
    codes = codes_of(60)
    units = Units(codes.astype(np.uint8), np.array([0, 60]))
    given = []
    for batch in ((0,), ()):
        learner = Small(Plain())
        Stepper(learner, units, CLIP, EXPECTED, Alone()).run(1, Scripted([batch]), SystemNoise())
        given.append(learner.given[0])
    moved = float((given[0] - given[1]).norm()) * EXPECTED
    assert 0.99 * CLIP < moved <= CLIP * (1 + ROUNDING)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU here")
def test_a_step_on_the_gpu_is_the_step_on_the_processor() -> None:
    codes, units = table()
    given = []
    for device in ("cpu", "cuda"):
        learner = Small(Plain().to(device))
        Stepper(learner, units, CLIP, EXPECTED, Alone()).run(1, Scripted([(0, 2, 3)]), SystemNoise())
        given.append(learner.given[0].cpu())
    assert float((given[0] - given[1]).abs().max()) < 1e-2, "the forward may round to TF32"
    assert float((given[1] - expected(Small(Plain()), codes, (0, 2, 3), 1.0)).abs().max()) < 1e-2
