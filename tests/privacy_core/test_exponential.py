"""The exponential mechanism's law, its exact path, and scores at the edge of what fits."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy import stats

from synthspec.mechanisms import Exponential
from synthspec.mechanisms.exponential import _exactly, _quickly
from synthspec.privacy.entropy import SystemNoise
from synthspec.terms.query import Sensitivity
from tests.privacy_core.scripted import Scripted

E1 = Exponential(scale=10**12)
D = Sensitivity(2, 4)


def test_choices_follow_the_law_of_the_docstring() -> None:
    """Chi-square on 20,000 choices, false alarm 1e-10; catches a factor of two left out (checked below)."""
    scores = np.array([0, 3, -4, 3, 1, -1], dtype=np.int64)
    noise, runs = SystemNoise(), 20_000
    seen = np.bincount([E1.choose(scores, D, noise) for _ in range(runs)], minlength=6)
    for rate, alike in [(1 / 4, True), (1 / 2, False), (1 / 8, False)]:
        law = np.exp(rate * scores)
        p = stats.chisquare(seen, law / law.sum() * runs).pvalue
        assert bool(p > 1e-10) is alike


def _ends(scores: list[int], rate: Fraction) -> list[mpmath.mpf]:
    weights = [mpmath.exp(mpmath.mpf(rate.numerator) / rate.denominator * s) for s in scores]
    total = mpmath.fsum(weights)
    return [mpmath.fsum(weights[: i + 1]) / total for i in range(len(scores))]


def test_a_point_on_the_edge_of_a_cell_is_decided_by_its_further_bits() -> None:
    scores = [5, 0, 9, 2]
    with mpmath.workdps(100):
        edges = _ends(scores, Fraction(1, 4))
        words = [int(mpmath.floor(edge * mpmath.mpf(2) ** 128)) for edge in edges[:-1]]
    for i, word in enumerate(words):
        first, second = word >> 64, word & (2**64 - 1)
        vector = np.array(scores, dtype=np.int64)
        assert _quickly(vector - 9, Fraction(1, 4), first) is None
        assert E1.choose(vector, D, Scripted(first, second - 2**30)) == i
        assert E1.choose(vector, D, Scripted(first, second + 2**30)) == i + 1


def test_the_ends_of_the_unit_interval_belong_to_the_first_and_last() -> None:
    scores = np.array([0, 0, 0], dtype=np.int64)
    assert E1.choose(scores, D, Scripted(0)) == 0
    assert E1.choose(scores, D, Scripted(2**64 - 1)) == 2


def test_the_quick_choice_is_the_exact_choice() -> None:
    rng = np.random.default_rng(0)
    noise = SystemNoise()
    for size in (1, 2, 50, 400):
        gaps = -rng.integers(0, 3000, size)
        gaps -= gaps.max()
        for bits in (int.from_bytes(noise.bytes(8), "little") for _ in range(5)):
            quick = _quickly(gaps, Fraction(1, 97), bits)
            assert quick is None or quick == _exactly(gaps, Fraction(1, 97), bits, noise)


def test_scores_at_the_ends_of_int64_end_normally() -> None:
    extremes = np.array([-(2**63), 2**63 - 1, 0], dtype=np.int64)
    for _ in range(20):
        assert E1.choose(extremes, D, SystemNoise()) == 1


def test_a_common_shift_changes_nothing() -> None:
    scores, word = np.array([4, 1, 8], dtype=np.int64), 2**62 + 12345
    assert E1.choose(scores, D, Scripted(word)) == E1.choose(scores + 10**15, D, Scripted(word))


@pytest.mark.parametrize(
    "wrong", [np.zeros(0, dtype=np.int64), np.zeros(2), np.zeros((2, 2), dtype=np.int64)]
)
def test_what_is_not_a_vector_of_scores_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(TypeError, match="scores"):
        E1.choose(wrong, D, SystemNoise())


def test_neighbouring_scores_keep_every_event_under_the_curve_of_the_price() -> None:
    """All pairs of score vectors within D of each other, all events by likelihood ratio, exact laws."""
    rng = np.random.default_rng(5)
    for scale in (0.2, 1.0, 3.0):
        mechanism = Exponential(scale=int(scale * 10**12))
        mu = (mechanism.cost().mu2 * 1e-15) ** 0.5
        closest = 1.0
        for _ in range(300):
            base = rng.integers(-6, 7, rng.integers(2, 6))
            near = base + rng.choice([-2, 2], len(base))
            p, q = (np.exp(scale * s / 4) / np.exp(scale * s / 4).sum() for s in (base, near))
            order = np.argsort(-(p / q))
            tpr, fpr = np.cumsum(p[order])[:-1], np.cumsum(q[order])[:-1]
            room = stats.norm.cdf(stats.norm.ppf(fpr) + mu) - tpr
            assert room.min() >= -1e-12
            closest = min(closest, float(room.min()))
        assert closest < 0.05 * mu
