"""Loss distributions on nested grids: every operation gives a bound, and not a much larger one."""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from synthspec.errors import InternalError
from synthspec.privacy.envelope import Profile, _tangent
from synthspec.privacy.losses import Level, Losses, compose, power, settle, trim
from synthspec.privacy.pld import Direction, Step, _spread, run_losses, step_losses

SMALL = 1e-20
EPSILONS = np.array([-3.0, -1.0, -0.3, 0.0, 0.1, 0.5, 1.0, 2.0, 5.0])


def _delta(losses: Losses, epsilon: np.ndarray) -> np.ndarray:
    """The definition, at every real epsilon."""
    places, masses = losses.flat()
    gains = np.maximum(-np.expm1(epsilon[:, None] - places), 0)
    return losses.infinite + gains @ masses


def _random(seed: int, spacing: float, reach: int = 16, levels: int = 3) -> Losses:
    """Atoms on three levels that belong to a pair of laws: sum p = 1 - infinite, sum p e^-l <= 1."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(levels):
        start = int(rng.integers(-reach, 1))
        made.append(Level(start, rng.random(int(rng.integers(1, reach))) ** 8))
    total = sum(float(level.mass.sum()) for level in made) / 0.99
    scaled = tuple(Level(level.start, level.mass / total) for level in made)
    return Losses(spacing, reach, scaled, 0.01)


def _pairs(one: Losses, two: Losses) -> tuple[np.ndarray, np.ndarray]:
    """All sums of losses with the products of their masses."""
    (a, p), (b, q) = one.flat(), two.flat()
    return np.add.outer(a, b).ravel(), np.multiply.outer(p, q).ravel()


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([0.5, 0.125, 2.0**-9]))
@settings(max_examples=40, deadline=None)
def test_a_composition_bounds_the_sum_of_all_pairs(first: int, second: int, spacing: float) -> None:
    one, two = _random(first, spacing), _random(second, 2 * spacing, levels=2)
    losses, masses = _pairs(one, two)
    infinite = 1 - (1 - 0.01) ** 2
    truth = infinite + np.maximum(-np.expm1(EPSILONS[:, None] - losses), 0) @ masses
    found = _delta(compose(one, two, 8, SMALL), EPSILONS)
    assert np.all(found >= truth * (1 - 1e-13))
    # spreading moves a loss by one cell of its level at most: here within e^(4 * 2 spacing) - 1
    assert np.all(found <= truth + math.expm1(8 * spacing) + 1e-12)


@given(st.integers(0, 10**6), st.sampled_from([1.0, 0.125]))
@settings(max_examples=30, deadline=None)
def test_settling_and_trimming_only_raise_delta(seed: int, spacing: float) -> None:
    losses = _random(seed, spacing)
    narrow = Losses(losses.spacing, 4, losses.levels, losses.infinite)
    before = _delta(losses, EPSILONS)
    settled = settle(narrow)
    assert np.all(np.abs([i for level in settled.levels for i in _indices(level)]) <= 4)
    assert np.all(_delta(settled, EPSILONS) >= before * (1 - 1e-14))
    cut = _delta(trim(losses, 0.003), EPSILONS)
    assert np.all(cut >= before * (1 - 1e-14))
    assert np.all(cut <= before + 0.007)


def _indices(level: Level) -> list[int]:
    return [level.start + i for i in range(len(level.mass)) if level.mass[i]]


def test_spreading_keeps_the_masses_under_both_laws() -> None:
    losses = _random(7, 0.25)
    settled = settle(Losses(losses.spacing, 2, losses.levels, losses.infinite))
    for tilt in (0.0, 1.0):
        (a, p), (b, q) = losses.flat(), settled.flat()
        assert p @ np.exp(-tilt * a) == pytest.approx(q @ np.exp(-tilt * b), rel=1e-12)


def test_squaring_agrees_with_one_by_one() -> None:
    step = step_losses(Step(0.1, 1.0, "remove"), 1e-18, 32)
    slow = step
    for _ in range(10):
        slow = compose(slow, step, 32, 1e-19)
    fast = power(step, 11, 32, 1e-17)
    epsilon = EPSILONS[EPSILONS < 2]
    assert _delta(fast, epsilon) == pytest.approx(_delta(slow, epsilon), rel=3e-3)


def _truth(q: str, s: str, direction: Direction, epsilon: str) -> mpmath.mpf:
    """H_(e^epsilon)(P, Q) of one step: masses beyond the point where P = e^epsilon Q, with 40 digits."""
    with mpmath.workdps(40):
        rate, scale, e = mpmath.mpf(q), mpmath.mpf(s), mpmath.exp(mpmath.mpf(epsilon))
        centres = {"remove": (1, None), "add": (None, -1), "replace": (1, -1)}[direction]

        def mixed(law: Callable[[mpmath.mpf], mpmath.mpf], x: mpmath.mpf, centre: int | None) -> mpmath.mpf:
            own = law(x / scale)
            return own if centre is None else (1 - rate) * own + rate * law((x - centre) / scale)

        gain = lambda x: mixed(mpmath.npdf, x, centres[0]) - e * mixed(mpmath.npdf, x, centres[1])
        low, high = -60 * scale - 1, 60 * scale + 1
        if gain(high) <= 0:
            return mpmath.mpf(0)
        if gain(low) < 0:
            for _ in range(150):
                middle = (low + high) / 2
                low, high = (middle, high) if gain(middle) < 0 else (low, middle)
        above = lambda z: mpmath.ncdf(-z)
        return mixed(above, low, centres[0]) - e * mixed(above, low, centres[1])


@pytest.mark.parametrize("direction", ["remove", "add", "replace"])
@pytest.mark.parametrize(
    ("q", "s"), [("0.25", "0.7"), ("0.0078125", "1.5"), ("0.0009765625", "0.4"), ("0.5", "30")]
)
def test_one_step_bounds_the_integral_closely(direction: Direction, q: str, s: str) -> None:
    losses = step_losses(Step(float(q), float(s), direction), 1e-16, 64)
    scatter = losses.scatter()
    for wide in (0.0, 0.3, 1.0, 3.0, 5.0, -1.0):
        epsilon = wide * scatter
        truth = _truth(q, s, direction, repr(epsilon))
        found = float(_delta(losses, np.array([epsilon]))[0])
        assert found >= truth
        # linear instead of curved inside a cell of scatter / 64 and more: 3e-3, and more where delta vanishes
        assert found <= float(truth) * 1.01 + 1e-5 * scatter


@pytest.mark.parametrize(("copies", "s"), [(2, 0.9), (13, 2.0), (1000, 40.0), (1023, 10.0)])
def test_nearly_full_batches_cost_what_gaussians_do(copies: int, s: float) -> None:
    """q = 1 - 2^-32: between the exact T-fold Gaussian and a hair above it."""
    exact = math.sqrt(copies) / s
    for direction in ("remove", "add"):
        found = Profile.of(run_losses(1 - 2.0**-32, copies, s, direction, 1e-14)).mu(1e-11)
        assert exact * (1 - 1e-3) < found < exact * 1.0005


def test_the_profile_is_the_definition_rounded_up() -> None:
    losses = run_losses(0.05, 100, 1.2, "remove", 1e-15)
    profile = Profile.of(losses)
    truth = _delta(losses, profile.epsilon)
    assert np.all(profile.delta >= truth * (1 - 1e-12))
    assert np.all(profile.delta <= truth * (1 + 1e-10) + 1e-18)
    # between two ends delta is linear in e^epsilon
    between = (profile.epsilon[1:] + profile.epsilon[:-1]) / 2
    a, b, m = np.exp(profile.epsilon[:-1]), np.exp(profile.epsilon[1:]), np.exp(between)
    line = ((b - m) * profile.delta[:-1] + (m - a) * profile.delta[1:]) / (b - a)
    assert np.all(line >= _delta(losses, between) * (1 - 1e-10))


@pytest.mark.parametrize("mu", [1e-5, 1e-3, 0.2, 1.0, 3.0, 20.0])
def test_tangents_lie_below_the_gaussian_profile(mu: float) -> None:
    middle = np.array([1e-7, 0.5 * mu, 2 * mu, 6 * mu + mu * mu / 2, 7 * mu])
    for factor in (1.0, 0.9, 1.1, 1.5):
        epsilon = middle * factor
        found = _tangent(mu, middle, epsilon)
        for f, e, c in zip(found, epsilon, middle):
            with mpmath.workdps(40):
                m, x = mpmath.mpf(mu), mpmath.mpf(float(e))
                truth = mpmath.ncdf(m / 2 - x / m) - mpmath.exp(x) * mpmath.ncdf(-m / 2 - x / m)
            assert f <= truth
            if e == c:
                assert f >= truth * (1 - mpmath.mpf(10) ** -4) - mpmath.mpf(10) ** -300


def test_the_envelope_covers_every_epsilon_between_grid_points() -> None:
    losses = run_losses(0.02, 300, 0.9, "remove", 1e-14)
    profile = Profile.of(losses)
    mu, slack = profile.mu(1e-11), 1e-11
    epsilon = np.linspace(0, float(profile.epsilon[-1]) * 1.1, 20_011)
    part = ndtr(mu / 2 - epsilon / mu) - np.exp(epsilon) * ndtr(-mu / 2 - epsilon / mu)
    claimed = slack + (1 - slack) * part
    assert np.all(_delta(losses, epsilon) <= claimed * (1 + 1e-9))
    assert profile.under(mu, slack)
    assert not profile.under(mu * (1 - 1e-6), slack)
    assert not profile.under(mu, 0.999 * losses.infinite)
    assert not profile.under(math.nan, slack)


def test_what_cannot_be_priced_is_refused() -> None:
    for rate, steps, scale in (
        (0.0, 1, 1.0),
        (1.0, 1, 1.0),
        (0.1, 0, 1.0),
        (0.1, 1, 0.01),
        (0.1, 1, math.nan),
    ):
        with pytest.raises(ValueError, match="priced"):
            run_losses(rate, steps, scale, "remove", 1e-12)


@pytest.mark.parametrize("loss", [-1.5, 2.5])
def test_a_loss_off_its_grid_is_refused_and_never_dropped(loss: float) -> None:
    grid = np.array([-1.0, 0.0, 1.0, 2.0])
    assert _spread(np.array([-1.0, 2.0]), np.array([0.5, 0.5]), grid, 0.0).sum() >= 1
    with pytest.raises(InternalError, match="I340"):
        _spread(np.array([0.5, loss]), np.array([0.5, 0.5]), grid, 0.0)
