"""The threshold of partition selection, against its closed form."""

from __future__ import annotations

import mpmath
import pytest

from synthspec.mechanisms import Threshold
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SystemNoise
from synthspec.terms.protection import Protection
from synthspec.terms.query import Sensitivity, Touched


@pytest.mark.parametrize("mu2", [0.001, 0.03, 1.0, 20.0])
@pytest.mark.parametrize("delta0", [1e-15, 1e-11, 1e-3])
@pytest.mark.parametrize("k", [1, 8])
def test_t_is_the_least_integer_that_keeps_the_slack(mu2: float, delta0: float, k: int) -> None:
    mechanism = Threshold.costing(Cost.of(mu2, delta0), k)
    stated = Touched("c").sensitivity(Protection(unit="u", max_rows=k))
    t, s = mechanism.threshold(stated), mechanism.stddev(stated)
    with mpmath.workdps(60):
        slack = lambda t: 1 - mpmath.ncdf((t - mpmath.mpf(3) / 2) / mpmath.mpf(s)) ** k
        allowed = mpmath.mpf(mechanism.delta0) / mpmath.mpf(10) ** 24
        assert slack(t) <= allowed
        assert t == 2 or slack(t - 1) > allowed


def test_rare_categories_go_and_common_ones_stay_most_units_first() -> None:
    mechanism = Threshold.costing(Cost.of(1, 1e-12))
    stated = Touched("c").sensitivity(Protection(unit="row", max_rows=1))
    counts = {"z": 10**6, "none": 0, "rare": 1, "a": 10**4}
    kept = mechanism.keep(counts, stated, SystemNoise())
    assert [name for name, _ in kept] == ["z", "a"]
    assert kept == tuple(sorted(kept, key=lambda pair: -pair[1]))


def test_categories_without_a_unit_draw_no_noise_and_are_never_named() -> None:
    mechanism = Threshold.costing(Cost.of(1e-6, 0.4))
    counts = {str(i): 0 for i in range(10_000)}
    assert mechanism.keep(counts, Sensitivity(1, 1), SystemNoise()) == ()


def test_a_sensitivity_below_the_units_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="sensitivity"):
        Threshold.costing(Cost.of(1, 1e-12), 8).keep({"a": 1}, Sensitivity(1, 1), SystemNoise())
