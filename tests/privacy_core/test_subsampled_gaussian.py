"""Runs of noisy gradients: what joins, what noise is drawn, what is charged.

False alarms under 1e-9 each, unless said otherwise (the noise cannot be seeded).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from synthspec.errors import BudgetError, InternalError
from synthspec.mechanisms import SubsampledGaussian
from synthspec.mechanisms.subsampled_gaussian import thrifty
from synthspec.privacy.accountant import budget_cost
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import NoiseSource, StreamNoise, SystemNoise
from synthspec.privacy.ledger import Ledger
from synthspec.terms.query import Sensitivity
from tests.privacy_core import audit

WHOLE = SubsampledGaussian(rate=2**32, steps=1, multiplier=10**9, mu2=10**15, delta0=1)
ALARM = 1e-10


class Scripted:
    """Hands out given bytes in order; an error when they run out."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def bytes(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        assert count <= len(self._data), "more randomness was asked for than scripted"
        taken, self._data = self._data[:count], self._data[count:]
        return taken


def _at(rate: int) -> SubsampledGaussian:
    return WHOLE.model_copy(update={"rate": rate})


@pytest.mark.parametrize("noise", [SystemNoise(), StreamNoise()])
def test_the_noise_is_standard_normal(noise: NoiseSource) -> None:
    """Kolmogorov-Smirnov at 1e-10, over all and in the tails; a sum of four over one is far off."""
    drawn = WHOLE.gaussian(400_000, noise)
    assert stats.kstest(drawn, "norm").pvalue > ALARM
    far = np.abs(drawn[np.abs(drawn) > 2.5])
    chance = 2 * stats.norm.sf(2.5)
    assert stats.binomtest(len(far), 400_000, chance).pvalue > ALARM
    assert stats.kstest(2 * stats.norm.sf(far) / chance, "uniform").pvalue > ALARM
    assert stats.binomtest(int((drawn > 0).sum()), 400_000, 0.5).pvalue > ALARM
    assert stats.chi2.cdf(float(drawn @ drawn), 400_000) == pytest.approx(0.5, abs=0.5 - ALARM)


def test_coordinates_and_steps_are_independent() -> None:
    """Correlations of n pairs are about N(0, 1/n): 7 deviations; a shared draw would give 1/4 or more."""
    n, noise = 200_000, StreamNoise()
    first, second = WHOLE.gaussian(n, noise), WHOLE.gaussian(n, noise)
    for a, b in ((first, second), (first[1:], first[:-1]), (first[8192:], first[:-8192])):
        assert abs(float(np.corrcoef(a, b)[0, 1])) < 7 / math.sqrt(len(a))


def test_a_draw_is_the_sum_of_four_halved() -> None:
    """Bytes that put one of four uniforms at a known place, the others at the middle."""
    place = round(2**63 * 0.5)  # u = 1/4: z = -Phi^-1(1/4)
    words = np.array([place, 0, 0, 0], dtype="<i8")
    [found] = WHOLE.gaussian(1, Scripted(words.tobytes()))
    least = stats.norm.ppf(2.0**-65)  # an integer 0 is the far end of the half line: -9.1 by its sign bit
    assert found == pytest.approx((-stats.norm.ppf(0.25) - 3 * least) / 2, rel=1e-9)


def test_the_noise_scales_with_the_multiplier_and_the_clip() -> None:
    mechanism = SubsampledGaussian(rate=2**32, steps=1, multiplier=2_500_000_001, mu2=10**15, delta0=1)
    drawn = mechanism.gaussian(100_000, StreamNoise())
    assert drawn.std() == pytest.approx(2.5, rel=7 / math.sqrt(200_000))
    assert Fraction(mechanism.scale(0.3)) >= Fraction(2_500_000_001, 10**9) * Fraction(0.3)
    assert mechanism.scale(0.3) == pytest.approx(0.75, rel=1e-8)
    assert mechanism.stddev(Sensitivity(3, 9)) == mechanism.scale(3.0)


@pytest.mark.parametrize("rate", [1, 2**24 - 1, 2**24, 3 * 2**24 + 12345, 2**31, 2**32 - 1])
def test_units_join_at_exactly_the_rate(rate: int) -> None:
    """Binomial test at 1e-10; and no pattern in who joins: neighbours join together at the squared rate."""
    units, noise = 2_000_000, StreamNoise()
    joined = _at(rate).joins(units, noise)
    q = rate / 2**32
    assert np.all(np.diff(joined) > 0)
    assert stats.binomtest(len(joined), units, q).pvalue > ALARM
    flags = np.zeros(units, dtype=bool)
    flags[joined] = True
    both = int((flags[::2] & flags[1::2]).sum())
    assert stats.binomtest(both, units // 2, q * q).pvalue > ALARM


def test_batch_sizes_scatter_as_poisson_batches_do() -> None:
    """A fixed batch has no variance, a batch with replacement repeats; both are charged wrongly."""
    sizes = np.array([len(_at(2**30).joins(400, StreamNoise())) for _ in range(4000)])
    spread = sizes.var(ddof=1) / (400 * 0.25 * 0.75) * 3999
    assert stats.chi2.cdf(spread, 3999) == pytest.approx(0.5, abs=0.5 - ALARM)


def test_a_tie_in_the_first_byte_is_decided_by_the_other_three() -> None:
    rate = 5 << 24 | 0x010203
    first = bytes([4, 5, 5, 5, 6])
    rest = bytes([1, 2, 2]) + bytes([1, 2, 3]) + bytes([0, 255, 255])
    assert _at(rate).joins(5, Scripted(first + rest)).tolist() == [0, 1, 3]


def test_a_rate_of_one_takes_everybody_and_no_unit_is_no_batch() -> None:
    assert WHOLE.joins(5, Scripted(b"")).tolist() == [0, 1, 2, 3, 4]
    assert _at(2**31).joins(0, SystemNoise()).tolist() == []


def test_the_game_of_a_run_gives_no_more_than_its_price() -> None:
    """Sum of T noisy steps, the unit's own share along one axis; half the noise must show."""
    mechanism = SubsampledGaussian.costing(Cost.of(2.25, 1e-6), rate=0.5, steps=8)
    runs, noise = 20_000, StreamNoise()

    def said(there: bool, short: float) -> int:
        gone = np.zeros((runs, mechanism.steps))
        if there:
            gone.ravel()[mechanism.joins(gone.size, noise)] = 1.0
        noisy = gone + short * mechanism.gaussian(gone.size, noise).reshape(gone.shape)
        s = float(mechanism.multiplier) * 1e-9 * short
        return int((np.log1p(0.5 * np.expm1((2 * noisy - 1) / (2 * s * s))).sum(axis=1) > 0).sum())

    assert 0.9 < audit.bound(said(True, 1.0), said(False, 1.0), runs) <= 1.5
    assert audit.bound(said(True, 0.5), said(False, 0.5), runs) > 1.6


def test_a_run_is_charged_as_a_whole_with_its_slack() -> None:
    offer = Cost.of(0.03, 1e-11)
    mechanism = SubsampledGaussian.costing(offer, rate=0.01, steps=500)
    ledger = Ledger(offer)
    receipt = ledger.charge(mechanism)
    assert receipt.cost == Cost(mu2=mechanism.mu2, delta0=mechanism.delta0) == ledger.spent
    with pytest.raises(BudgetError, match="B502"):
        ledger.charge(mechanism)


@pytest.mark.parametrize(
    "forged",
    [
        {"steps": 501},
        {"rate": 2**32 // 99},
        {"multiplier": 10**9},
        {"mu2": 10**12},
        {"delta0": 1},
        {"neighbours": "replace"},
    ],
)
def test_a_stated_price_below_the_noise_cannot_be_charged(forged: dict[str, object]) -> None:
    mechanism = SubsampledGaussian.costing(Cost.of(0.03, 1e-11), rate=0.01, steps=500)
    ledger = Ledger(Cost.of(1, 1e-9))
    with pytest.raises(InternalError, match="I341"):
        ledger.charge(mechanism.model_copy(update=forged))
    assert ledger.spent == Cost()


def test_the_slack_that_is_worth_naming_is_named() -> None:
    """Rare batches gain from all of it, common ones from none; each is a part of what is on offer."""
    offer = budget_cost(1, Fraction(1, 10**9))
    rare = thrifty(offer, rate=0.002, steps=1000)
    common = thrifty(offer, rate=0.2, steps=100)
    assert rare.delta0 > 10 * common.delta0
    assert rare.fits(offer)
    assert common.mu2 == offer.mu2
    least, most = (
        SubsampledGaussian.costing(cost, rate=0.2, steps=100).multiplier for cost in (common, offer)
    )
    assert most <= least <= 1.02 * most


@pytest.mark.parametrize("cost", [Cost(mu2=10**15), Cost(delta0=10**12)])
def test_a_run_without_budget_or_slack_is_refused(cost: Cost) -> None:
    for buy in (SubsampledGaussian.costing, thrifty):
        with pytest.raises(BudgetError, match="B504"):
            buy(cost, rate=0.1, steps=10)


def test_a_run_whose_noise_would_be_too_wide_is_refused() -> None:
    for buy in (SubsampledGaussian.costing, thrifty):
        with pytest.raises(BudgetError, match="B504"):
            buy(Cost(mu2=1, delta0=10**12), rate=1, steps=10**6)


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.1, math.nan])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        SubsampledGaussian.costing(Cost.of(1, 1e-9), rate=rate, steps=5)
