"""Clipped sums of units: equal to a loop over units, and never more than the clip for one unit."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from synthspec.privacy.entropy import SystemNoise  # noqa: E402
from synthspec.run.batches import Piece, Units  # noqa: E402
from synthspec.run.clipping import Clipper, covered  # noqa: E402
from synthspec.run.ghost import GhostClipper  # noqa: E402
from synthspec.run.secret_draws import SecretDraws  # noqa: E402
from synthspec.run.steps import ROUNDING, clipper_of  # noqa: E402
from tests.run.nets import SIZES, Convolved, Net, Plain, Sequential, Small, codes_of, loop  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Full backward hook:UserWarning")
MANY = (1, 1, 2, 3, 3, 9)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Compute small networks with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def summed(clipper: Clipper, learner: Small, codes: np.ndarray, counts: tuple[int, ...]) -> torch.Tensor:
    """Return the clipped sum of one piece."""
    total = clipper.zeros()
    draws = SecretDraws(SystemNoise(), "cpu")
    clipper.add(total, Piece(codes, np.array(counts)), learner.losses, draws)
    return total


def apart(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Return the largest difference."""
    return float((found - wanted).abs().max())


@pytest.mark.parametrize("clip", [0.5, 30.0], ids=["all clipped", "some clipped"])
@pytest.mark.parametrize("counts", [(1,) * 9, MANY, (40,)], ids=["rows", "units of many rows", "one unit"])
@pytest.mark.parametrize("net", [Net, Plain, Sequential])
def test_own_products_equal_a_loop_over_units(net: type, counts: tuple[int, ...], clip: float) -> None:
    learner = Small(net())
    assert covered(learner.module)
    codes = codes_of(sum(counts))
    found = summed(clipper_of(learner.module, clip), learner, codes, counts)
    wanted = loop(learner, codes, counts, clip)
    assert apart(found, wanted) <= 1e-6 * max(1.0, clip)


@pytest.mark.parametrize("counts", [(1,) * 9, MANY], ids=["rows", "units of many rows"])
@pytest.mark.parametrize("net", [Convolved, Plain])
def test_opacus_equals_a_loop_over_units(net: type, counts: tuple[int, ...]) -> None:
    learner = Small(net())
    codes = codes_of(sum(counts))
    found = summed(GhostClipper(learner.module, 0.5), learner, codes, counts)
    assert apart(found, loop(learner, codes, counts, 0.5)) <= 1e-6
    assert all(parameter.grad is None for parameter in learner.module.parameters())


def test_other_layers_go_through_opacus() -> None:
    assert isinstance(clipper_of(Small(Convolved()).module, 1.0), GhostClipper)
    assert not isinstance(clipper_of(Small().module, 1.0), GhostClipper)


@pytest.mark.parametrize("clipper", [Clipper, GhostClipper])
def test_a_unit_whose_gradient_is_not_finite_adds_nothing_and_leaves_others_alone(
    clipper: type[Clipper],
) -> None:
    for counts in ((1,) * 8, (1, 1, 2, 4)):
        learner = Small(Plain(), broken=2)
        codes = codes_of(sum(counts))
        codes[:, 0] %= 2
        whole = summed(clipper(learner.module, 0.5), learner, codes, counts)
        codes[-1, 0] = 2
        found = summed(clipper(learner.module, 0.5), learner, codes, counts)
        wanted = loop(learner, codes, counts, 0.5)
        assert bool(found.isfinite().all())
        assert apart(found, wanted) <= 1e-6
        assert apart(found, whole) > 1e-3, "the broken unit did count before it broke"


def test_every_unit_broken_gives_nothing() -> None:
    learner = Small(broken=0)
    codes = codes_of(6)
    codes[:, 0] = 0
    assert not summed(Clipper(learner.module, 1.0), learner, codes, (1, 2, 3)).any()


@pytest.mark.parametrize("net", [Net, Plain, Sequential])
def test_one_unit_moves_the_sum_by_at_most_the_clip(net: type) -> None:
    """Both with and without it, for each unit of several tables, gradients far above the clip and below."""
    moved = []
    for seed, scale in enumerate((1.0, 1e3, 1e-3)):
        learner = Small(net(), seed)
        with torch.no_grad():
            for parameter in learner.module.parameters():
                parameter *= scale
        codes = codes_of(sum(MANY), seed)
        ends = np.cumsum(MANY)
        whole = summed(clipper_of(learner.module, 0.7), learner, codes, MANY)
        for at, count in enumerate(MANY):
            kept = np.delete(codes, np.arange(ends[at] - count, ends[at]), axis=0)
            others = tuple(np.delete(MANY, at).tolist())
            rest = summed(clipper_of(learner.module, 0.7), learner, kept, others)
            moved.append(float((whole - rest).norm()))
    assert max(moved) <= 0.7 * (1 + ROUNDING)
    assert max(moved) > 0.69


def test_rows_that_cancel_are_clipped_by_their_size() -> None:
    """Two rows with opposite gradients of a million clips: what float32 leaves of them is no gradient."""

    class Opposite(Small):
        def losses(self, codes: torch.Tensor, draws: object) -> torch.Tensor:
            sign = 1.0 - 2.0 * (codes[:, 1] > 0)
            return self.module(codes) * sign * 1e9

    learner = Opposite(Plain())
    codes = np.array([[1, 0, 1], [1, 1, 1]])
    found = summed(Clipper(learner.module, 1.0), learner, codes, (2,))
    assert float(found.norm()) <= 1 + ROUNDING


@pytest.mark.parametrize("most", [1, 3, 7, 1000])
def test_a_batch_in_pieces_gives_what_the_whole_gives(most: int) -> None:
    learner = Small()
    codes = codes_of(sum(MANY)).astype(np.uint8)
    units = Units(codes, np.concatenate([[0], np.cumsum(MANY)]))
    joined = np.array([0, 2, 3, 5])
    clipper = Clipper(learner.module, 0.5)
    total = clipper.zeros()
    rows = []
    for piece in units.pieces(joined, most):
        rows.append(len(piece.codes))
        assert len(piece.codes) <= max(most, int(piece.counts.max()))
        clipper.add(total, piece, learner.losses, SecretDraws(SystemNoise(), "cpu"))
    starts = np.concatenate([[0], np.cumsum(MANY)])
    kept = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in joined])
    wanted = loop(learner, codes[kept].astype(np.int64), [MANY[i] for i in joined], 0.5)
    assert sum(rows) == len(kept)
    assert apart(total, wanted) <= 1e-6


def test_nothing_is_rounded_in_norms_and_sums_whatever_the_user_set() -> None:
    """TF32 would make a norm and the sum it clips disagree by a thousandth; autocast is for forwards too."""
    from synthspec.run.clipping import exact

    seen: list[tuple[str, bool]] = []

    def look() -> None:
        seen.append((torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32))

    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("medium")
    torch.backends.cudnn.allow_tf32 = True
    try:
        with exact():
            look()
        look()
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]
    assert seen == [("highest", False), ("medium", True)]


def test_a_forward_that_is_rounded_is_clipped_all_the_same() -> None:
    """A learner may compute its forward in bfloat16: what is summed is what was measured."""

    class Rounded(Small):
        def losses(self, codes: torch.Tensor, draws: object) -> torch.Tensor:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return super().losses(codes, draws).float()

    learner = Rounded(Plain())
    codes = codes_of(1)
    for clip in (0.5, 1e-3):
        found = summed(Clipper(learner.module, clip), learner, codes, (1,))
        assert 0.99 * clip < float(found.norm()) <= clip * (1 + ROUNDING)


def test_long_units_are_measured_by_their_gradients_as_by_pairs() -> None:
    """A unit of more rows than its layers are wide takes the other way to the same norm."""
    learner = Small(Plain())
    codes = codes_of(300)
    found = summed(Clipper(learner.module, 0.5), learner, codes, (300,))
    assert apart(found, loop(learner, codes, (300,), 0.5)) <= 1e-6


def test_draws_are_fresh_normal_and_the_same_again() -> None:
    """Mean and variance of 100,000 draws within six standard errors: a false alarm below 1e-8."""
    draws = SecretDraws(SystemNoise(), "cpu")
    first, second = draws.normal(1000, 100), draws.uniform(1000, 2)
    assert abs(float(first.mean())) < 6 / math.sqrt(1e5)
    assert abs(float(first.var()) - 1) < 6 * math.sqrt(2 / 1e5)
    assert bool(((second > 0) & (second < 1)).all())
    again = draws.again(10, 20)
    assert torch.equal(again.normal(10, 100), first[10:20])
    assert torch.equal(again.uniform(10, 2), second[10:20])
    assert not torch.equal(draws.normal(1000, 100), first)


def test_units_of_held_rows_keep_each_units_rows_together() -> None:
    from synthspec.engines.base import Held

    held = Held(
        {"a": np.array([0, 1, 2, 0, 1], dtype=np.uint8), "b": np.array([300, 0, 1, 2, 3], dtype=np.uint16)},
        np.array([1, 0, 1, 2, 0]),
    )
    units = Units.of(held, ("b", "a"))
    assert len(units) == 3
    found = [piece.codes.tolist() for piece in units.pieces(np.array([1]))]
    assert found == [[[300, 0], [1, 2]]]
    assert not list(units.pieces(np.zeros(0, dtype=np.int64)))
    assert "300" not in repr(units) + repr(held) + repr(next(units.pieces(np.array([1]))))
    assert len(SIZES) == 3
