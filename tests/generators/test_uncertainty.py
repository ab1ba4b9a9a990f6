"""Errors estimated from released answers: closed forms against simulation, intervals against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from synthspec.generators import Marginal, Workload
from synthspec.generators.intervals import Errors, Scale, errors, half_width
from synthspec.generators.oneways import project
from synthspec.generators.uncertainty import Parts, Uncertainty, effective, excess, scatter, shares
from synthspec.privacy.accountant import budget_cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.domain import Domain
from synthspec.terms.query import Axis
from tests.generators.exact_oracle import TableOracle

SIZES = {"a": 6, "b": 5, "c": 4, "d": 12}


@dataclass(frozen=True, eq=False)
class Bought:
    axes: tuple[Axis, ...]
    values: NDArray[np.int64]
    stddev: float


@dataclass(frozen=True)
class Mean:
    order: int
    value: float
    low: float
    high: float
    worst: bool = False


class Listening(TableOracle):
    """Keeps what it answered."""

    def measure(self, purchases):  # type: ignore[no-untyped-def]
        answers = super().measure(purchases)
        kept = [Bought(q.axes, a.values, a.stddev) for (q, _), a in zip(purchases, answers, strict=True)]
        self.bought = [*getattr(self, "bought", []), *kept]
        return answers


def chain(rows: int = 8000) -> dict[str, NDArray[np.int64]]:
    """Return rows in which each column depends on the one before."""
    rng = np.random.default_rng(3)
    a = rng.choice(6, rows, p=[0.4, 0.25, 0.15, 0.1, 0.06, 0.04])
    b = np.where(rng.random(rows) < 0.6, a % 5, rng.integers(0, 5, rows))
    c = np.where(rng.random(rows) < 0.5, b % 4, rng.integers(0, 4, rows))
    return {"a": a, "b": b, "c": c, "d": np.minimum(11, rng.poisson(2 + c))}


def fit(epsilon: float, seed: int) -> tuple[Uncertainty, dict[str, NDArray[np.int64]]]:
    """Return what a fit of the chain tells of itself."""
    data = chain()
    domain = Domain(attributes=tuple(SIZES), sizes=tuple(SIZES.values()))
    oracle = Listening(domain, data, budget_cost(epsilon, 1e-9), seed=seed)
    model = Marginal().fit(oracle, Workload(ordinal=frozenset({"d"})), oracle.left, SampleRng(seed))
    return Uncertainty(model, oracle.bought), data


def tables(order: int) -> list[list[Axis]]:
    """Return the axes of all tables of an order."""
    return [[Axis(name, SIZES[name]) for name in names] for names in combinations(SIZES, order)]


def real_error(uncertainty: Uncertainty, axes: list[Axis], data: dict[str, NDArray[np.int64]]) -> float:
    """Return the total variation between the model and the rows."""
    counts = np.zeros([axis.size for axis in axes])
    np.add.at(counts, tuple(data[axis.attribute] for axis in axes), 1 / 8000)
    return float(np.abs(shares(uncertainty.model, axes) - counts).sum() / 2)


def one_way(counts: NDArray[np.float64], stddev: float, seed: int) -> tuple[float, Uncertainty]:
    """Return the real error of one noisy projected one-way, and what the closed form knows."""
    from synthspec.generators.product_model import product_model

    rng = np.random.default_rng(seed)
    noisy = np.rint(counts + stddev * rng.standard_normal(len(counts)))
    total = counts.sum()
    fitted = project(noisy, total) / total
    domain = Domain(attributes=("x",), sizes=(len(counts),))
    model = product_model(domain, Workload(), {"x": fitted}, float(total))
    answer = Bought((Axis("x", len(counts)),), noisy.astype(np.int64), stddev)
    return float(np.abs(fitted - counts / total).sum() / 2), Uncertainty(model, [answer])


@pytest.mark.parametrize("stddev", [3.0, 40.0, 200.0])
@pytest.mark.parametrize("tail", [1.0, 0.6])
def test_the_noise_part_of_a_one_way_is_what_noise_leaves_after_projection(
    stddev: float, tail: float
) -> None:
    counts = np.rint(2000 * tail ** np.arange(20.0))
    runs = [one_way(counts, stddev, seed) for seed in range(60)]
    real = np.mean([error for error, _ in runs])
    formed = np.mean([np.sqrt(u.parts([Axis("x", 20)]).noise) for _, u in runs])
    assert formed == pytest.approx(real, rel=0.35)  # seeded; without the floor or the cap it is off by 2


@pytest.mark.parametrize("counts", [[4000.0], [3999.0, 1.0]])
def test_what_one_cell_gains_others_lose_so_that_a_filled_table_is_hardly_off(counts: list[float]) -> None:
    real, known = one_way(np.array(counts), 40.0, 0)
    found = Errors(known, {1: Scale(1.0, 0.1)}).of([Axis("x", len(counts))])
    assert found is not None
    others = sum(counts[1:]) + 4.0 * (len(counts) - 1)  # a tenth of the noise is left of an empty cell
    assert found.expected <= 1.6 * others / 8000 + 1e-6
    assert found.low == 0.0 and real <= found.high + 1e-9


def test_merged_cells_carry_the_noise_of_all_their_codes() -> None:
    counts = np.full(20, 500.0)
    halves = Axis("x", 2, np.repeat(np.arange(2), 10))
    runs = [one_way(counts, 40.0, seed) for seed in range(200)]
    real = []
    for _, u in runs:
        real.append(abs(float(shares(u.model, [halves])[0]) - 0.5))
    formed = np.mean([np.sqrt(u.parts([halves]).noise) for _, u in runs])
    assert 0.5 < np.mean(real) / formed < 1.0  # projection holds the total, which takes 1/sqrt(2) off


def test_scatter_is_the_distance_of_a_sample_from_its_law() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(5))
    law = np.outer(one, two)
    drawn = [rng.multinomial(4000, one) / 4000 for _ in range(400)]
    far = np.mean([np.abs(each - one).sum() / 2 for each in drawn])
    assert scatter(one, 4000) == pytest.approx(far, rel=0.05)
    found = []
    for _ in range(400):  # a table with the law's own one-ways: shuffle one column against the other
        a = np.repeat(np.arange(6), np.rint(one * 4000).astype(int))
        b = rng.permutation(np.repeat(np.arange(5), np.rint(two * 4010).astype(int))[: len(a)])
        b = np.resize(b, len(a))
        counts = np.zeros((6, 5))
        np.add.at(counts, (a, b), 1 / len(a))
        found.append(np.abs(counts - np.outer(counts.sum(1), counts.sum(0))).sum() / 2)
    assert scatter(law, 4000) == pytest.approx(np.mean(found), rel=0.1)


def test_noise_alone_is_no_excess_and_a_shifted_model_is() -> None:
    rng = np.random.default_rng(1)
    noise = 10 * rng.standard_normal((200, 30))
    assert np.mean([excess(each, np.full(30, 10.0), 1000.0) > 0 for each in noise]) < 0.08
    assert excess(noise[0] + 40 * np.sign(noise[0]), np.full(30, 10.0), 1000.0) > 0.2


def test_equal_cells_count_fully_and_a_dominant_one_alone() -> None:
    assert effective(np.ones(8)) == pytest.approx(8)
    assert effective(np.array([1.0, 1e-6, 1e-6])) == pytest.approx(1, abs=1e-4)


def test_tables_on_groups_are_sums_of_the_model_s_marginal() -> None:
    uncertainty, _ = fit(1.0, 0)
    grouped = Axis("d", 3, np.repeat(np.arange(3), 4))
    table = np.asarray(uncertainty.model.marginal(("d", "a"))).reshape(3, 4, 6).sum(axis=1)
    assert shares(uncertainty.model, [grouped, Axis("a", 6)]) == pytest.approx(table)


def test_a_bought_pair_is_known_better_than_the_same_pair_not_bought() -> None:
    uncertainty, _ = fit(3.0, 0)
    bought = {tuple(a.attribute for a in each.axes) for each in uncertainty.answers if len(each.axes) == 2}
    pair = next(iter(bought))
    axes = [Axis(name, SIZES[name]) for name in pair]
    left = [each for each in uncertainty.answers if tuple(a.attribute for a in each.axes) != pair]
    without = Uncertainty(uncertainty.model, left)
    assert uncertainty.parts(axes).missed < without.parts(axes).missed


def test_what_was_never_answered_has_no_error() -> None:
    uncertainty, _ = fit(1.0, 0)
    ones = [each for each in uncertainty.answers if each.axes[0].attribute != "a"]
    assert errors(Uncertainty(uncertainty.model, ones), {}).of([Axis("a", 6)]) is None
    assert errors(Uncertainty(uncertainty.model, ones, known=["a"]), {}).of([Axis("a", 6)]) is not None
    assert errors(uncertainty, {}).of(tables(3)[0][:1] * 2) is None


def paid(uncertainty: Uncertainty, data: dict[str, NDArray[np.int64]], times: float = 1.0) -> list[Mean]:
    """Return the true mean errors, as if bought with little noise."""
    out = []
    for order in (1, 2, 3):
        value = times * float(np.mean([real_error(uncertainty, axes, data) for axes in tables(order)]))
        out.append(Mean(order, value, value - 0.0005, value + 0.0005))
    return out


def test_paid_means_set_the_scale_and_narrow_the_intervals() -> None:
    uncertainty, data = fit(1.0, 0)
    every = {order: tables(order) for order in (1, 2, 3)}
    blind = errors(uncertainty, every)
    known = errors(uncertainty, every, paid(uncertainty, data))
    worse = errors(uncertainty, every, paid(uncertainty, data, 2.0))
    for axes in every[2]:
        one, two, three = blind.of(axes), known.of(axes), worse.of(axes)
        assert one is not None and two is not None and three is not None
        assert two.high / two.low < one.high / one.low
        assert three.expected > 1.3 * two.expected


@pytest.mark.parametrize("epsilon", [0.3, 1.0, 5.0])
def test_intervals_hold_the_real_error_of_most_tables(epsilon: float) -> None:
    """Seeded: 70 tables; intervals half as wide on a log scale hold fewer than 60 %."""
    held = []
    for seed in range(5):
        uncertainty, data = fit(epsilon, seed)
        every = {order: tables(order) for order in (1, 2, 3)}
        known = errors(uncertainty, every, paid(uncertainty, data))
        for axes in [each for found in every.values() for each in found]:
            interval, real = known.of(axes), real_error(uncertainty, axes, data)
            assert interval is not None
            held.append(interval.low <= real <= interval.high)
    assert np.mean(held) > 0.8


@settings(max_examples=50, deadline=None)
@given(
    noise=st.floats(1e-8, 0.3),
    missed=st.floats(0, 0.3),
    cells=st.floats(1, 1000),
    order=st.integers(1, 3),
    more=st.floats(1, 10),
)
def test_an_interval_holds_its_expected_error_and_grows_with_the_noise(
    noise: float, missed: float, cells: float, order: int, more: float
) -> None:
    silent = one_way(np.full(3, 10.0), 1.0, 0)[1]
    known = Errors(silent, errors(silent, {}).scales)
    one = known.of_parts(Parts(noise, missed, 0.0, cells, 1.0), order)
    two = known.of_parts(Parts(noise * more, missed, 0.0, cells, 1.0), order)
    assert 0 <= one.low <= one.expected <= one.high <= 1
    assert two.expected >= one.expected * (1 - 1e-12)


@settings(max_examples=50, deadline=None)
@given(share=st.floats(0, 1), error=st.floats(1e-6, 1), root=st.floats(1, 100), more=st.floats(1, 10))
def test_half_a_width_grows_with_the_error_and_shrinks_with_the_cells(
    share: float, error: float, root: float, more: float
) -> None:
    here = half_width(error, share, root)
    assert here > 0
    assert half_width(error * more, share, root) >= here
    assert half_width(error, share, root * more) <= here * (1 + 1e-12)
