"""Laws that every mechanism of the shelf keeps."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from synthspec.errors import BudgetError
from synthspec.mechanisms import (
    MECHANISMS,
    AnyMechanism,
    Exponential,
    RoundedGaussian,
    SubsampledGaussian,
    Threshold,
)
from synthspec.mechanisms.base import Mechanism
from synthspec.privacy.cost import MU2_UNIT, Cost
from synthspec.privacy.entropy import NoiseSource, SystemNoise
from synthspec.terms.query import Sensitivity

COSTS = [Cost(mu2=mu2, delta0=10**12) for mu2 in (10**6, 33 * 10**12, 10**15, 4 * 10**17)]
STATED = Sensitivity(5, 5)


def _counts(mechanism: RoundedGaussian, noise: NoiseSource, runs: int) -> NDArray[np.int64]:
    return mechanism.release(np.zeros(runs, dtype=np.int64), STATED, noise)


def _choices(mechanism: Exponential, noise: NoiseSource, runs: int) -> NDArray[np.int64]:
    ladder = np.arange(0, -int(30 * mechanism.stddev(STATED)) - 2, -1, dtype=np.int64)
    return np.array([mechanism.choose(ladder, STATED, noise) for _ in range(runs // 10)])


def _kept(mechanism: Threshold, noise: NoiseSource, runs: int) -> NDArray[np.int64]:
    counts = {str(i): 10**9 for i in range(runs)}
    return np.array([value - 10**9 for _, value in mechanism.keep(counts, STATED, noise)])


def _gradients(mechanism: SubsampledGaussian, noise: NoiseSource, runs: int) -> NDArray[np.float64]:
    return mechanism.gaussian(runs, noise) * math.sqrt(STATED.l2_squared)


SCATTER: dict[str, Callable[[Any, NoiseSource, int], NDArray[Any]]] = {
    "rounded_gaussian": _counts,
    "exponential": _choices,
    "threshold": _kept,
    "subsampled_gaussian": _gradients,
}

PUBLIC: dict[str, dict[str, Any]] = {"subsampled_gaussian": {"rate": 0.25, "steps": 30}}
"""What else a mechanism is told when it is bought."""


def _bought(kind: str, cost: Cost) -> Mechanism:
    made: Mechanism = MECHANISMS[kind].costing(cost, **PUBLIC.get(kind, {}))  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize("kind", MECHANISMS)
@pytest.mark.parametrize("cost", COSTS)
def test_a_mechanism_costs_at_most_what_was_offered_and_nearly_that(kind: str, cost: Cost) -> None:
    bought = _bought(kind, cost)
    assert bought.cost().fits(cost)
    # a selection's scale comes in steps of 1e-12, a search for noise ends near its answer
    assert bought.cost().mu2 >= cost.mu2 * (1 - (3e-4 if kind == "subsampled_gaussian" else 1e-7)) - 1


@pytest.mark.parametrize("kind", MECHANISMS)
def test_nothing_buys_nothing(kind: str) -> None:
    with pytest.raises(BudgetError, match="B504"):
        _bought(kind, Cost(delta0=5))


@pytest.mark.parametrize("kind", MECHANISMS)
def test_the_scatter_is_the_stated_one(kind: str) -> None:
    """Relative standard error of a standard deviation: under 0.5 / sqrt(runs) * kurtosis; 10 % is far off."""
    mechanism = _bought(kind, Cost.of(0.01, Fraction(1, 10**9)))
    drawn = SCATTER[kind](mechanism, SystemNoise(), 40_000).astype(float)
    assert drawn.std() == pytest.approx(mechanism.stddev(STATED), rel=0.1 if kind != "exponential" else 0.25)


@pytest.mark.parametrize("kind", MECHANISMS)
def test_two_releases_differ(kind: str) -> None:
    mechanism = _bought(kind, Cost.of(0.01, Fraction(1, 10**9)))
    noise = SystemNoise()
    first, second = (SCATTER[kind](mechanism, noise, 2000) for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("kind", MECHANISMS)
def test_a_mechanism_survives_its_own_json_and_cites_its_price(kind: str) -> None:
    mechanism = _bought(kind, COSTS[-1])
    adapter: TypeAdapter[Mechanism] = TypeAdapter(AnyMechanism)
    again = adapter.validate_json(mechanism.canonical())
    assert again == mechanism
    assert again.cost() == mechanism.cost()
    assert "mu" in mechanism.property_used
    assert mechanism.property_used.isascii()
    with pytest.raises(ValidationError):
        mechanism.mu2 = 5  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", MECHANISMS)
def test_a_price_in_doubt_is_not_a_mechanism(kind: str) -> None:
    facts = _bought(kind, COSTS[0]).model_dump()
    for name, value in facts.items():
        if isinstance(value, int):
            for bad in (0, -1, float("nan"), 1.5):
                with pytest.raises(ValidationError):
                    MECHANISMS[kind].model_validate({**facts, name: bad})


@pytest.mark.parametrize("mu2", [1, 7, 10**9, 33 * 10**12 + 1, 3 * 10**15, 10**17])
@pytest.mark.parametrize("l2_squared", [1, 2, 98])
def test_the_noise_of_counts_is_never_below_its_price(mu2: int, l2_squared: int) -> None:
    mechanism = RoundedGaussian(mu2=mu2)
    s = Fraction(mechanism.stddev(Sensitivity(l2_squared, l2_squared)))
    exact = l2_squared / (mu2 * MU2_UNIT)
    assert exact <= s * s <= exact * (1 + Fraction(1, 10**15))


def test_noise_wider_than_can_be_drawn_is_refused() -> None:
    with pytest.raises(BudgetError, match="B504"):
        RoundedGaussian(mu2=1).stddev(Sensitivity(1, 10**12))


def test_counts_of_another_type_are_refused() -> None:
    mechanism = RoundedGaussian(mu2=10**15)
    for wrong in (np.zeros(3), np.zeros(3, dtype=np.int32)):
        with pytest.raises(TypeError, match="int64"):
            mechanism.release(wrong, STATED, SystemNoise())  # type: ignore[arg-type]


def test_a_table_keeps_its_shape() -> None:
    table = np.full((2, 3), 10**6, dtype=np.int64)
    noisy = RoundedGaussian(mu2=10**15).release(table, STATED, SystemNoise())
    assert noisy.shape == (2, 3)
    assert noisy.dtype == np.int64
    assert np.all(table == 10**6)
