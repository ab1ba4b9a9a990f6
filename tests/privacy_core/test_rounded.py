"""Rounded Gaussian noise: its law, its tails, and the exactness of the refined draws.

False alarms: each statistical test below rejects a right sampler with probability under 1e-10.
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtri

from synthspec.privacy import rounded
from synthspec.privacy.entropy import SystemNoise
from synthspec.privacy.rounded import ERROR, SURE, WIDEST, refine, rounded_gaussian
from tests.privacy_core.scripted import Scripted


def _p_value(draws: NDArray[np.int64], scale: float) -> float:
    """Chi-square against the exact cell probabilities, cells of at least 25 expected draws."""
    reach = int(np.ceil(6 * scale)) + 1
    edges = np.arange(-reach, reach + 1) - 0.5
    cdf = np.concatenate(([0.0], stats.norm.cdf(edges / scale), [1.0]))
    expected = np.diff(cdf) * len(draws)
    seen = np.bincount(np.searchsorted(edges, draws), minlength=len(expected)).astype(float)
    keep = expected >= 25
    e = np.append(expected[keep], expected[~keep].sum())
    o = np.append(seen[keep], seen[~keep].sum())
    return float(stats.chi2.sf(((o - e) ** 2 / np.maximum(e, 1e-9)).sum(), len(e) - 1))


@pytest.mark.parametrize("scale", [0.3, 1.0, 7.5, 40.0])
def test_a_million_draws_follow_the_exact_law(scale: float) -> None:
    """Catches a scale that is 1 to 2 % short: see the next test."""
    assert _p_value(rounded_gaussian(scale, 1_000_000, SystemNoise()), scale) > 1e-10


@pytest.mark.parametrize(("scale", "short"), [(1.0, 0.99), (40.0, 0.98)])
def test_the_test_of_the_law_sees_a_scale_that_is_a_little_short(scale: float, short: float) -> None:
    assert _p_value(rounded_gaussian(short * scale, 1_000_000, SystemNoise()), scale) < 1e-10


def test_the_scatter_is_that_of_the_scale_plus_rounding() -> None:
    """Standard error of the variance is sqrt(2/n) = 0.14 %; seven of them is a false alarm under 1e-11."""
    drawn = rounded_gaussian(5.0, 1_000_000, SystemNoise()).astype(float)
    assert drawn.var() == pytest.approx(25 + 1 / 12, rel=7 * 0.00142)
    assert abs(drawn.mean()) < 7 * 5.01 / 1000


def test_draws_do_not_depend_on_their_neighbours_in_a_call_or_in_the_next() -> None:
    """Correlations at lags 1, 2, a block, and between calls: 7 standard errors of 0.001."""
    first, second = (rounded_gaussian(3.0, 1_000_000, SystemNoise()).astype(float) for _ in range(2))
    for a, b in [
        (first[:-1], first[1:]),
        (first[:-2], first[2:]),
        (first[: -rounded._BLOCK], first[rounded._BLOCK :]),
        (first, second),
        (np.abs(first), np.abs(second)),
    ]:
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.0075


def test_tails_are_there_at_the_right_rate() -> None:
    """|x| >= 4.5 scales: 4,000,000 draws hold 27 +- 5; none, or 3 times as many, cannot be."""
    scale, count = 1000.0, 4_000_000
    beyond = int((np.abs(rounded_gaussian(scale, count, SystemNoise())) >= 4500.5).sum())
    expected = 2 * stats.norm.sf(4.5005) * count
    assert stats.poisson.cdf(beyond, expected) > 1e-10
    assert stats.poisson.sf(beyond - 1, expected) > 1e-10


class _Deep:
    """System randomness with the leading `zeros` of the 63 bits of each first draw cleared."""

    def __init__(self, zeros: int) -> None:
        self._mask = np.uint64((1 << (63 - zeros)) - 1 | 1 << 63)

    def bytes(self, count: int) -> bytes:
        words = np.frombuffer(SystemNoise().bytes(count), dtype="<u8")
        return (words & self._mask).tobytes() if count > 8 else words.tobytes()


@pytest.mark.parametrize("zeros", [22, 60])
def test_refined_draws_of_the_far_tail_follow_the_conditional_law(zeros: int) -> None:
    """Given u < 2^-zeros / 2: beyond 5 scales for 22 zeros, beyond 9 for 60."""
    scale, count = 20.0, 500
    drawn = np.abs(rounded_gaussian(scale, count, _Deep(zeros)))
    least = -scale * ndtri(2.0 ** -(zeros + 1))
    assert drawn.min() >= round(least)
    edges = np.arange(np.floor(least), np.floor(least) + 12) + 0.5
    beyond = stats.norm.sf(edges / scale) * 2.0 ** (zeros + 1)
    edges, beyond = (each[(edges > least) & (beyond * count > 20)] for each in (edges, beyond))
    inside = 1 - beyond
    assert len(edges) >= 4
    expected = np.diff(np.concatenate(([0.0], inside, [1.0]))) * count
    seen = np.bincount(np.searchsorted(edges, drawn), minlength=len(expected))
    assert stats.chi2.sf(((seen - expected) ** 2 / expected).sum(), len(expected) - 1) > 1e-10


@pytest.mark.parametrize(
    ("scale", "k"), [(1.0, 0), (1.0, 4), (7.25, 3), (7.25, 60), (1e6, 1234567), (0.25, 1)]
)
def test_a_draw_on_a_rounding_edge_is_decided_by_its_further_bits(scale: float, k: int) -> None:
    """The first 64 bits straddle Phi(-(k + 1/2) / scale); the next 64 decide, or the 64 after."""
    with mpmath.workdps(120):
        tail = mpmath.ncdf(-(mpmath.mpf(2 * k + 1) / 2) / mpmath.mpf(scale))
        bits = int(mpmath.floor(tail * mpmath.mpf(2) ** 192))
    first, second, third = bits >> 128, bits >> 64 & (2**64 - 1), bits & (2**64 - 1)
    sign = 1 << 63
    for words, answer in [
        ((first, 0), k + 1),
        ((first, 2**64 - 1), k),
        ((first, second, third - 2**40), k + 1),
        ((first, second, third + 2**40), k),
    ]:
        source = Scripted(*words)
        assert rounded_gaussian(scale, 1, source)[0] == answer
        assert source.taken == 8 * len(words), "it stops as soon as it is sure"
        assert rounded_gaussian(scale, 1, Scripted(words[0] | sign, *words[1:]))[0] == -answer


@pytest.mark.parametrize("scale", [0.1, 1.0, 33.3, 1e5, 1e9])
def test_the_fast_answer_is_the_refined_answer(scale: float) -> None:
    words = np.frombuffer(SystemNoise().bytes(8 * 150), dtype="<u8")
    for word in words:
        half = int(word) & (2**63 - 1)
        more = [int.from_bytes(SystemNoise().bytes(8), "little") for _ in range(4)]
        sign = -1 if int(word) >> 63 else 1
        fast = int(rounded_gaussian(scale, 1, Scripted(int(word), *more))[0])
        assert fast == sign * refine(scale, half, Scripted(*more))


def test_ndtri_is_far_better_than_the_bound_that_is_used() -> None:
    """On the range of the fast path, both ends included."""
    powers = 2.0 ** np.arange(42, 64)
    m = np.concatenate((powers[:-1], powers[1:] - 2**10, np.linspace(SURE, 2.0**63, 200)))
    for u in (np.minimum(m, 2.0**63 - 1024) + 0.5) * 2.0**-64:
        with mpmath.workdps(40):
            z = mpmath.mpf(float(ndtri(u)))
            # one Newton step from z is the error of z, to second order
            error = (mpmath.ncdf(z) - mpmath.mpf(float(u))) / mpmath.npdf(z)
        assert abs(error) <= ERROR / 100 * (abs(z) + 1)
    assert abs(ndtri(SURE * 2.0**-64)) + 1 < rounded.REACH
    assert 1.3 / SURE < ERROR / 3


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 2 * WIDEST])
def test_a_scale_that_cannot_be_drawn_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        rounded_gaussian(scale, 1, SystemNoise())


def test_no_draws_are_no_draws() -> None:
    assert rounded_gaussian(1.0, 0, SystemNoise()).shape == (0,)
