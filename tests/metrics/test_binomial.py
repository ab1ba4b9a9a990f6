"""Intervals of a counted share, against the binomial law itself."""

from __future__ import annotations

import math

import pytest

from synthspec.metrics.binomial import clopper_pearson, lower_bound, upper_bound, wilson


def at_least(hits: int, trials: int, share: float) -> float:
    """Return P(Binomial(trials, share) >= hits), summed term by term."""
    return math.fsum(
        math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(hits, trials + 1)
    )


@pytest.mark.parametrize(("hits", "trials"), [(1, 5), (3, 5), (5, 5), (17, 40), (1, 200), (199, 200)])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 1 - 1e-6])
def test_at_the_lower_bound_so_many_hits_are_exactly_as_rare_as_the_confidence_says(
    hits: int, trials: int, confidence: float
) -> None:
    low = lower_bound(hits, trials, confidence)
    assert at_least(hits, trials, low) == pytest.approx(1 - confidence, rel=1e-6)


@pytest.mark.parametrize("trials", [1, 7, 30])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.97])
def test_the_exact_interval_covers_the_share_at_least_as_often_as_it_says(trials: int, share: float) -> None:
    covered = 0.0
    for hits in range(trials + 1):
        low, high = clopper_pearson(hits, trials, 0.9)
        if low <= share <= high:
            covered += math.comb(trials, hits) * share**hits * (1 - share) ** (trials - hits)
    assert covered >= 0.9


def test_no_hits_and_only_hits_have_one_end_at_the_border() -> None:
    assert clopper_pearson(0, 10, 0.95).low == 0.0
    assert clopper_pearson(10, 10, 0.95).high == 1.0
    assert clopper_pearson(0, 10, 0.95).high == pytest.approx(1 - 0.025**0.1)
    assert clopper_pearson(0, 0, 0.95) == (0.0, 1.0) == wilson(0, 0, 0.95)
    assert wilson(0, 10, 0.95).low == 0.0
    assert wilson(10, 10, 0.95).high == 1.0


def test_hits_and_misses_mirror_each_other() -> None:
    for interval in (clopper_pearson, wilson):
        low, high = interval(7, 50, 0.99)
        other = interval(43, 50, 0.99)
        assert (low, high) == pytest.approx((1 - other.high, 1 - other.low))


def test_the_upper_bound_keeps_confidences_that_round_to_one() -> None:
    assert upper_bound(0, 1000, 1.0, 1e-12) == pytest.approx(1 - 1e-12 ** (1 / 1000), rel=1e-9)


def test_wilson_solves_its_own_equation() -> None:
    z = 1.959963984540054
    for end in wilson(30, 120, 0.95):
        assert abs(30 / 120 - end) == pytest.approx(z * math.sqrt(end * (1 - end) / 120))


def test_impossible_counts_and_confidences_are_refused() -> None:
    for hits, trials, confidence in ((-1, 5, 0.9), (6, 5, 0.9), (1, 5, 1.0), (1, 5, 0.0)):
        with pytest.raises(ValueError, match=r"hits|confidence"):
            clopper_pearson(hits, trials, confidence)
