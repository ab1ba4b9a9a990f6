"""Prices of whole runs: exact where a formula is known, never below the truth elsewhere, monotone."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from synthspec.privacy.accountant import claim_epsilon
from synthspec.privacy.cost import Cost
from synthspec.privacy.envelope import Profile
from synthspec.privacy.pld import run_losses
from synthspec.privacy.runs import Run, certified, least_multiplier, price
from synthspec.terms.protection import Neighbours

FULL = 2**32
SLACK = 10**13
"""1e-11, in units of 1e-24."""


def _run(q: float, steps: int, s: float, neighbours: Neighbours = "add-remove") -> Run:
    return Run(round(q * FULL), steps, round(s * 1e9), neighbours)


def _mu(run: Run, slack: int = SLACK) -> float:
    found = price(run, slack)
    assert found is not None
    return math.sqrt(found * 1e-15)


def _epsilon(run: Run, delta: float, slack: int = SLACK) -> float:
    found = price(run, slack)
    assert found is not None
    return float(claim_epsilon(Cost(mu2=found, delta0=slack), delta))


@pytest.mark.parametrize("steps", [1, 7, 5000])
@pytest.mark.parametrize("s", [0.6, 1.0, 5.0])
def test_full_batches_are_a_gaussian_of_all_steps(steps: int, s: float) -> None:
    assert _mu(Run(FULL, steps, round(s * 1e9), "add-remove")) == pytest.approx(
        math.sqrt(steps) / s, rel=1e-9
    )
    assert _mu(Run(FULL, steps, round(s * 1e9), "replace")) == pytest.approx(
        2 * math.sqrt(steps) / s, rel=1e-9
    )


@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_nearly_full_batches_cost_nearly_that(steps: int) -> None:
    exact = math.sqrt(steps) / 2
    assert exact * (1 - 1e-4) < _mu(Run(FULL - 1, steps, 2 * 10**9, "add-remove")) < exact * 1.001
    assert 2 * exact * (1 - 1e-4) < _mu(Run(FULL - 1, steps, 2 * 10**9, "replace")) < 2 * exact * 1.001


BASE = (0.02, 300, 1.1)


@pytest.mark.parametrize("neighbours", ["add-remove", "replace"])
def test_more_steps_more_units_and_less_noise_cost_more(neighbours: Neighbours) -> None:
    q, steps, s = BASE
    base = _mu(_run(q, steps, s, neighbours))
    dearer = (
        (1.05 * q, steps, s),
        (q, 1.05 * steps, s),
        (q, steps, s / 1.05),
        (q, 2 * steps, s),
        (0.04, steps, s),
    )
    for rate, many, scale in dearer:
        assert _mu(_run(rate, round(many), scale, neighbours)) > base * 1.001
    assert _mu(_run(q, steps, s, neighbours), slack=10 * SLACK) < base


def test_an_exchanged_unit_is_dearer_than_a_gone_one_and_cheaper_than_twice_the_norm() -> None:
    for q, steps, s in (BASE, (0.05, 500, 1.5), (0.001, 50, 0.8), (0.5, 20, 4.0)):
        gone, exchanged = _mu(_run(q, steps, s)), _mu(_run(q, steps, s, "replace"))
        assert gone < exchanged < _mu(_run(q, steps, s / 2))


def test_both_orders_are_covered() -> None:
    """A price from one order alone is certified only when it is the worse one's."""
    run = _run(*BASE)
    mu2 = price(run, SLACK)
    assert mu2 is not None
    assert certified(run, mu2, SLACK)
    assert not certified(run, round(mu2 * 0.9999), SLACK)
    assert not certified(run, mu2, SLACK // 100)
    assert not certified(replace(run, steps=run.steps + 2), mu2, SLACK)
    assert not certified(replace(run, neighbours="replace"), mu2, SLACK)


@pytest.mark.parametrize(
    ("q", "steps", "s", "delta", "true"),
    [(0.05, 500, 1.5, 1e-9, 9.8)],
)
def test_the_designs_figure_under_replace(q: float, steps: int, s: float, delta: float, true: float) -> None:
    assert _epsilon(_run(q, steps, s, "replace"), delta) == pytest.approx(true, rel=0.02)
    assert _epsilon(_run(q, steps, s), delta) == pytest.approx(5.6, rel=0.02)


def test_the_asymptotic_formula_is_below_the_truth() -> None:
    """The formula of Bu et al. 2020 as a price: not certified, by far."""
    for q, steps, s in ((0.01, 1000, 0.7), (0.002, 5000, 0.6), BASE):
        mu = q * math.sqrt(steps * math.expm1(1 / s**2))
        run = _run(q, steps, s)
        assert mu < 0.97 * _mu(run)
        assert not certified(run, round(mu * mu * 1e15), SLACK)


@pytest.mark.parametrize("neighbours", ["add-remove", "replace"])
@pytest.mark.parametrize(
    ("q", "steps", "mu2"),
    [(0.01, 200, 0.03), (1e-4, 5000, 1.0), (0.3, 40, 2.0), (0.5, 3, 1e-8), (0.02, 1, 30.0)],
)
def test_the_least_multiplier_spends_what_it_may(
    q: float, steps: int, mu2: float, neighbours: Neighbours
) -> None:
    units, rate = round(mu2 * 1e15), round(q * FULL)
    found = least_multiplier(rate, steps, neighbours, units, SLACK)
    assert found is not None
    paid = price(Run(rate, steps, found, neighbours), SLACK)
    assert paid is not None
    assert units * (1 - 1e-3) <= paid <= units


def test_a_budget_that_no_noise_meets_has_no_multiplier() -> None:
    assert least_multiplier(FULL // 2, 10**6, "add-remove", 1, SLACK) is None


def test_a_budget_beyond_all_use_gets_the_least_noise_that_is_priced() -> None:
    assert least_multiplier(2, 1, "add-remove", 3 * 10**18, 10**20) == 10**8


GRID = [
    (0.01, 1000, 1.0),
    (0.2, 400, 3.0),
    (0.002, 200, 0.6),
    (0.05, 1, 0.8),
]
WIDE = [
    (q, steps, s)
    for q in (0.002, 0.01, 0.05, 0.2)
    for steps in (1, 30, 1000, 5000)
    for s in (0.6, 1.0, 2.0, 5.0)
    if q * math.sqrt(steps * math.expm1(1 / s**2)) < 6
]


def _pld(q: float, steps: int, s: float, delta: float, *, high: bool) -> float:
    pld: Any = pytest.importorskip("dp_accounting.pld.privacy_loss_distribution")
    scatter = q * math.sqrt(steps * math.expm1(1 / s**2))
    interval = min(1e-4, scatter * 1e-2) if high else min(1e-4, scatter / steps / 20)
    made = pld.from_gaussian_mechanism(
        s,
        value_discretization_interval=max(interval, 2e-5),
        sampling_prob=q,
        pessimistic_estimate=high,
        use_connect_dots=high,
    )
    return float(made.self_compose(steps).get_epsilon_for_delta(delta))


def _curve(run: Run, delta: float) -> float:
    """Epsilon at `delta` from the run's own bound, before the Gaussian envelope; linear inside a cell."""
    found = []
    for direction in run.directions:
        losses = run_losses(run.rate / FULL, run.steps, run.scale, direction, delta * 1e-5)
        profile = Profile.of(losses)
        found.append(float(np.interp(-delta, -profile.delta, profile.epsilon)))
    return max(found)


def _agrees(q: float, steps: int, s: float, delta: float) -> None:
    """Never below a lower estimate of the truth, and close to the other's upper estimate.

    The curve within 0.5 %; its envelope within 1 % where units join often, T q > 10 (5 % at T q = 10).
    One step at a tiny q is no Gaussian at all: there the envelope may cost 2.5 times the epsilon.
    """
    run = Run(round(q * FULL), steps, round(s * 1e9), "add-remove")
    exact = run.rate / FULL
    low, high = (_pld(exact, steps, s, delta, high=each) for each in (False, True))
    curve, claimed = _curve(run, delta), _epsilon(run, delta, round(delta * 1e23))
    assert low <= curve * (1 + 1e-6)
    assert curve <= high * 1.005 + 1e-5
    room = 1.01 if steps * q > 10 else 1.05 if steps * q == 10 else 2.5
    assert low <= claimed <= high * room + 1e-4


@pytest.mark.parametrize(("q", "steps", "s"), GRID)
def test_another_accountant_agrees(q: float, steps: int, s: float) -> None:
    _agrees(q, steps, s, 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("delta", [1e-9, 1e-5])
@pytest.mark.parametrize(("q", "steps", "s"), WIDE)
def test_another_accountant_agrees_over_a_grid(q: float, steps: int, s: float, delta: float) -> None:
    _agrees(q, steps, s, delta)


@pytest.mark.slow
@pytest.mark.parametrize(("q", "steps", "s"), GRID[:3])
def test_a_third_accountant_agrees(q: float, steps: int, s: float) -> None:
    """The PRV accountant of Gopi et al. 2021 as Opacus ships it: its two estimates bracket ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        accountants: Any = pytest.importorskip("opacus.accountants")
        accountant = accountants.PRVAccountant()
        accountant.history = [(s, q, steps)]
        lower, _, upper = accountant._get_dprv(eps_error=0.01, delta_error=1e-9).compute_epsilon(
            1e-6, 1e-9, 0.01
        )
    claimed = _epsilon(Run(round(q * FULL), steps, round(s * 1e9), "add-remove"), 1e-6, 10**17)
    assert lower <= claimed <= upper * (1.01 if steps * q >= 10 else 1.25)
