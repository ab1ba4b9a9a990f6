"""The Gaussian copula: correlations found, orders found, conditional draws, many columns."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from synthspec.errors import SpecError
from synthspec.generators import Copula, Independent, Workload
from synthspec.generators.copula_model import CopulaModel, cuts
from synthspec.generators.gaussian.bivariate import below, cells, slopes
from synthspec.generators.gaussian.nearest import LEAST, nearest
from synthspec.generators.gaussian.polychoric import correlations, information, shrink
from synthspec.generators.gaussian.truncated import inside, interval
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Domain
from tests.generators.exact_oracle import TableOracle

Array = NDArray[np.float64]


def latent(matrix: Array, rows: int, seed: int) -> Array:
    """Return draws of a normal with these correlations."""
    return np.random.default_rng(seed).standard_normal((rows, len(matrix))) @ np.linalg.cholesky(matrix).T


def quantiles(values: Array, sizes: tuple[int, ...]) -> NDArray[np.int64]:
    """Return codes of equal mass."""
    edges = [ndtri(np.arange(1, size) / size) for size in sizes]
    return np.stack([np.searchsorted(e, values[:, i]) for i, e in enumerate(edges)], 1)


def table(codes: NDArray[np.int64], sizes: tuple[int, ...], mu2: float, **options: object) -> TableOracle:
    names = tuple(f"c{i}" for i in range(len(sizes)))
    columns = {a: codes[:, i] for i, a in enumerate(names)}
    return TableOracle(Domain(attributes=names, sizes=sizes), columns, Cost.of(mu2), **options)  # type: ignore[arg-type]


def fitted(oracle: TableOracle, workload: Workload) -> CopulaModel:
    model = Copula().fit(oracle, workload, oracle.left, SampleRng(0))
    assert isinstance(model, CopulaModel)
    return model


def toeplitz(count: int, base: float) -> Array:
    place = np.arange(count)
    return base ** np.abs(place[:, None] - place[None, :])


def test_rectangles_of_the_bivariate_normal_agree_with_known_values_and_with_quadrature() -> None:
    rho = np.array([-0.95, -0.3, 0.0, 0.5, 0.999])
    zero = np.zeros(5)
    np.testing.assert_allclose(below(zero, zero, rho), 0.25 + np.arcsin(rho) / (2 * np.pi), atol=1e-13)
    x, weight = np.polynomial.legendre.leggauss(400)
    for h, k, r in ((0.7, -1.2, 0.6), (0.0, 1.0, -0.8), (-2.0, 0.0, 0.3), (1.5, 1.5, -0.4)):
        z = (x + 1) / 2 * (h + 9) - 9
        density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
        true = float((weight * density * ndtr((k - r * z) / np.sqrt(1 - r * r))).sum() * (h + 9) / 2)
        assert float(below(np.array(h), np.array(k), np.array(r))) == pytest.approx(true, abs=1e-12)
    grid = cells(np.array([-np.inf, -1.0, 0.4]), np.array([0.1, np.inf]), np.array(0.5))
    assert grid.shape == (4, 3)
    assert grid.sum() == pytest.approx(1)
    assert np.all(grid[0] < 1e-15) and np.all(grid[:, 2] < 1e-15)


def test_the_slope_is_the_derivative_of_the_cells() -> None:
    left, right, step = np.array([[-0.5, 1.0]]), np.array([[0.0, 0.3]]), 1e-6
    for rho in (-0.9, 0.0, 0.4):
        up, down = (cells(left, right, np.array([rho + s])) for s in (step, -step))
        np.testing.assert_allclose(slopes(left, right, np.array([rho])), (up - down) / (2 * step), atol=1e-8)


@pytest.mark.parametrize("levels", [2, 3, 8])
def test_correlations_are_read_back_from_exact_tables(levels: int) -> None:
    rho = np.array([-0.99, -0.7, -0.2, 0.0, 0.01, 0.45, 0.93])
    edges = np.tile(ndtri(np.arange(1, levels) / levels), (len(rho), 1))
    found, held = correlations(cells(edges, edges, rho), edges, edges)
    np.testing.assert_allclose(found, rho, atol=1e-5)
    assert held[3] == pytest.approx(information(levels), rel=1e-6)


def test_the_stated_error_of_a_correlation_is_the_one_seen() -> None:
    """400 noisy tables; the sample deviation lies within 20 % of the stated one (5.6 deviations)."""
    rng, noise, rho = np.random.default_rng(1), 0.004, np.full(400, 0.4)
    edges = np.tile(ndtri([0.3, 0.6]), (400, 1))
    found, held = correlations(cells(edges, edges, rho) + rng.normal(0, noise, (400, 3, 3)), edges, edges)
    assert found.std() == pytest.approx(float(np.mean(noise / np.sqrt(held))), rel=0.2)


def test_shrinking_keeps_what_stands_out_and_drops_what_does_not() -> None:
    found = shrink(np.array([0.0, 0.05, -0.05, 0.8, -0.8]), np.full(5, 0.01))
    np.testing.assert_array_equal(found[:3], 0)
    np.testing.assert_allclose(found[3:], [0.7875, -0.7875])


def test_the_nearest_correlation_matrix_is_one_and_leaves_a_good_one_alone() -> None:
    good = toeplitz(6, 0.5)
    np.testing.assert_array_equal(nearest(good), good)
    rng = np.random.default_rng(0)
    for count in (3, 20, 60):
        rough = np.clip(toeplitz(count, 0.9) + rng.normal(0, 0.3, (count, count)), -0.99, 0.99)
        rough = np.triu(rough, 1) + np.triu(rough, 1).T + np.eye(count)
        assert np.linalg.eigvalsh(rough)[0] < 0
        mended = nearest(rough)
        assert np.linalg.eigvalsh(mended)[0] >= LEAST * 0.99
        np.testing.assert_allclose(np.diag(mended), 1)
        naive = rough / (1 - np.linalg.eigvalsh(rough)[0])
        np.fill_diagonal(naive, 1)
        assert np.linalg.norm(mended - rough) < np.linalg.norm(naive - rough)


def test_the_nearest_correlation_matrix_is_that_of_the_literature() -> None:
    """Higham 2002, section 4; plain alternating projections end 0.007 away."""
    found = nearest(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    true = np.array([[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]])
    np.testing.assert_allclose(found, true, atol=0.001)


@pytest.mark.parametrize("sizes", [(2, 3, 40, 7), (100, 100, 100, 100)])
def test_a_known_correlation_matrix_is_recovered_from_exact_answers(sizes: tuple[int, ...]) -> None:
    """200,000 rows: the sampling deviation of a correlation is under 0.004 even for two codes."""
    matrix = np.array([[1, 0.6, -0.4, 0], [0.6, 1, 0.1, 0.3], [-0.4, 0.1, 1, -0.5], [0, 0.3, -0.5, 1]])
    oracle = table(quantiles(latent(matrix, 200_000, 3), sizes), sizes, 1.0, exact=True)
    model = fitted(oracle, Workload(ordinal=frozenset(oracle.domain.attributes)))
    np.testing.assert_allclose(model.matrix, matrix, atol=0.03)


def test_nominal_codes_and_missing_are_ordered_by_association() -> None:
    """Codes shuffled beyond recognition, and "missing" in the place of the lowest fifth."""
    sizes = (6, 8, 11, 4)
    rows = quantiles(latent(toeplitz(4, 0.7), 60_000, 5), (6, 8, 10, 4))
    shuffled = np.array([3, 0, 5, 1, 4, 2])
    rows[:, 0] = shuffled[rows[:, 0]]
    rows[:, 2] = np.where(rows[:, 2] < 2, 10, rows[:, 2])
    oracle = table(rows, sizes, 1.0, seed=1)
    model = fitted(oracle, Workload(ordinal=frozenset({"c1", "c2", "c3"}), missing=frozenset({"c2"})))
    order = model.orders[0].tolist()
    assert order in (shuffled.tolist(), shuffled[::-1].tolist())
    assert model.orders[2][0] == 10
    assert abs(model.matrix[0, 1]) == pytest.approx(0.7, abs=0.04)
    assert model.matrix[1, 2] == pytest.approx(0.7, abs=0.04)


def test_draws_inside_an_interval_stay_there_even_far_out() -> None:
    low = np.array([-np.inf, 2.0, 50.0, -np.inf, 1.0, -60.0])
    high = np.array([np.inf, 2.5, 51.0, -45.0, 1.0, -59.0])
    for uniform in (0.0, 0.5, 1 - 2.0**-53):
        drawn = interval(low, high, np.full(6, uniform))
        assert np.all((drawn >= low) & (drawn <= high) & np.isfinite(drawn))
    drawn = interval(np.full(100_000, 1.0), np.full(100_000, 2.0), np.random.default_rng(0).random(100_000))
    assert drawn.mean() == pytest.approx(1.383161, abs=0.005)  # (phi(1) - phi(2)) / (Phi(2) - Phi(1))


def test_draws_inside_a_box_agree_with_rejection() -> None:
    """One box of three correlated variables; 12 deviations of a mean are 0.024 at 100,000 rows."""
    matrix = toeplitz(3, 0.8)
    low, high = np.array([0.0, -0.5, 0.5]), np.array([np.inf, 0.5, 2.0])
    free = latent(matrix, 1_500_000, 2)
    kept = free[np.all((free > low) & (free < high), axis=1)]
    rows = 100_000
    drawn = inside(matrix, np.tile(low, (rows, 1)), np.tile(high, (rows, 1)), np.random.default_rng(3))
    np.testing.assert_allclose(drawn.mean(axis=0), kept.mean(axis=0), atol=0.015)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(kept.T), atol=0.015)


def small() -> CopulaModel:
    rng = np.random.default_rng(4)
    sizes = (3, 4, 3, 2)
    shares = tuple(rng.dirichlet(np.full(size, 3.0)) for size in sizes)
    orders = tuple(rng.permutation(size) for size in sizes)
    matrix = np.array([[1, 0.7, 0.2, -0.5], [0.7, 1, 0.4, -0.3], [0.2, 0.4, 1, 0.3], [-0.5, -0.3, 0.3, 1]])
    return CopulaModel(
        Domain(attributes=("a", "b", "c", "d"), sizes=sizes), frozenset({"a", "b"}), shares, orders, matrix
    )


def test_conditional_draws_follow_the_joint_law_cell_by_cell() -> None:
    """Given both parents, 60,000 draws per cell: the total variation of 6 cells is under 0.012.

    Truth: the joint table of 4 columns counted in 2^20 rows; the rarest condition holds 1 % of them,
    so that its own error is about 0.008 at most. Wrong parents are off by 0.1 and more.
    """
    model = small()
    joint = model.marginal(("a", "b", "c", "d"))
    rows, domain = 60_000, model.domain.project(("a", "b"))
    for a in range(3):
        for b in range(4):
            held = joint[a, b].sum()
            if held < 0.01:
                continue
            given = Codes(domain, {"a": np.full(rows, a), "b": np.full(rows, b)})
            drawn = model.sample(rows, SampleRng(a, b), given)
            assert set(drawn.columns) == {"c", "d"}
            shares = drawn.count(("c", "d")).reshape(3, 2) / rows
            assert np.abs(shares - joint[a, b] / held).sum() / 2 < 0.02, (a, b)


def test_given_one_column_the_draws_follow_the_exact_pair() -> None:
    """200,000 rows: sampling leaves a total variation of about 0.003 over 3 cells."""
    full = small()
    model = CopulaModel(full.domain, frozenset({"b"}), full.shares, full.orders, full.matrix)
    rows = 200_000
    for b in range(4):
        given = Codes(model.domain.project(("b",)), {"b": np.full(rows, b)})
        drawn = model.sample(rows, SampleRng(b), given)
        pair = model.marginal(("b", "a"))[b]
        assert np.abs(drawn.count(("a",)) / rows - pair / pair.sum()).sum() / 2 < 0.006


def test_pairs_are_exact_and_triples_counted() -> None:
    model = small()
    triple = model.marginal(("a", "c", "d"))
    for kept, pair in (((0, 1), ("a", "c")), ((0, 2), ("a", "d")), ((1, 2), ("c", "d"))):
        gone = ({0, 1, 2} - set(kept)).pop()
        np.testing.assert_allclose(triple.sum(axis=gone), model.marginal(pair), atol=0.003)
    np.testing.assert_allclose(model.marginal(("a", "d")).sum(axis=1), model.shares[0], atol=1e-12)
    np.testing.assert_array_equal(triple, model.marginal(("a", "c", "d")))


def test_a_code_without_mass_is_never_drawn_and_may_be_given() -> None:
    share = np.array([0.0, 0.6, 0.0, 0.4, 0.0])
    assert np.isinf(cuts(share)[[0, 3]]).all()
    domain = Domain(attributes=("a", "b"), sizes=(5, 5))
    order = np.arange(5)
    model = CopulaModel(domain, frozenset(), (share, share), (order, order), toeplitz(2, 0.9))
    for rows in (100, 50_000):
        assert set(np.unique(model.sample(rows, SampleRng(0)).columns["a"])) == {1, 3}
    given = CopulaModel(domain, frozenset({"a"}), (share, share), (order, order), toeplitz(2, 0.9))
    codes = Codes(domain.project(("a",)), {"a": np.arange(1000) % 5})
    drawn = given.sample(1000, SampleRng(0), codes).columns["b"]
    assert set(np.unique(drawn)) <= {1, 3}
    assert np.mean(drawn[codes.columns["a"] == 0] == 1) > 0.99


def test_a_budget_too_small_for_pairs_buys_none() -> None:
    sizes = (10,) * 8
    rows = quantiles(latent(toeplitz(8, 0.8), 2000, 1), sizes)
    poor, rich = table(rows, sizes, 1e-4), table(rows, sizes, 4.0)
    workload = Workload(ordinal=frozenset(poor.domain.attributes))
    np.testing.assert_array_equal(fitted(poor, workload).matrix, np.eye(8))
    assert all(len(names) == 1 for _, names in poor.asked)
    fitted(rich, workload)
    assert sum(len(names) == 2 for _, names in rich.asked) == 28


def test_forbidden_pairs_are_not_bought_and_weights_buy_precision() -> None:
    sizes = (4, 4, 4)
    oracle = table(quantiles(latent(toeplitz(3, 0.6), 5000, 1), sizes), sizes, 1.0)
    workload = Workload(forbidden=frozenset({("c2", "c0"), ("c0", "c2")}), weights={("c0", "c1"): 8})
    model = fitted(oracle, workload)
    assert [names for _, names in oracle.asked if len(names) == 2] == [("c0", "c1"), ("c1", "c2")]
    assert abs(model.matrix[0, 2]) < 0.2  # 0 but for what the nearest correlation matrix needs


def test_single_columns_known_or_with_zeros_are_met_and_joint_ones_left_or_refused() -> None:
    """Joint zeros are what redrawing is for; a joint known table is refused before a purchase."""
    sizes = (4, 4, 4)
    rows = quantiles(latent(toeplitz(3, 0.6), 5000, 1), sizes)
    oracle = table(rows, sizes, 1.0)
    known, zero = np.array([0.1, 0.2, 0.3, 0.4]), np.array([True, False, False, False])
    zeros = ((("c0",), zero), (("c0", "c2"), np.eye(4, dtype=bool)))
    model = fitted(oracle, Workload(known=((("c1",), known),), zeros=zeros))
    np.testing.assert_allclose(model.marginal(("c1",)), known, atol=1e-9)
    assert model.marginal(("c0",))[0] == 0
    assert ("measure", ("c1",)) not in oracle.asked
    other = table(rows, sizes, 1.0)
    with pytest.raises(SpecError, match="G440"):
        fitted(other, Workload(known=((("c1", "c2"), np.full((4, 4), 1 / 16)),)))
    assert other.ledger.spent == Cost()


def test_many_numeric_columns_are_learned_in_seconds_and_better_than_one_by_one() -> None:
    """60 columns of 50 codes, 1,770 pairs, epsilon about 1; pairs of neighbours correlate at 0.6."""
    count, size = 60, 50
    sizes = (size,) * count
    rows = quantiles(latent(toeplitz(count, 0.6), 30_000, 7), sizes)
    oracle, other = table(rows, sizes, 0.04, seed=1), table(rows, sizes, 0.04, seed=1)
    workload = Workload(ordinal=frozenset(oracle.domain.attributes))
    start = time.process_time()
    model = fitted(oracle, workload)
    assert time.process_time() - start < 30
    assert np.linalg.eigvalsh(model.matrix)[0] >= LEAST * 0.99
    close = [model.matrix[i, i + 1] for i in range(count - 1)]
    far = [model.matrix[i, j] for i, j in combinations(range(count), 2) if j - i > 20]
    assert np.mean(close) == pytest.approx(0.6, abs=0.05)
    assert np.abs(far).mean() < 0.03
    alone = Independent().fit(other, workload, other.left, SampleRng(0))
    true = np.bincount(rows[:, 0] * size + rows[:, 1], minlength=size * size).reshape(size, size) / len(rows)
    errors = [np.abs(m.marginal(("c0", "c1")) - true).sum() / 2 for m in (model, alone)]
    assert errors[0] < 0.75 * errors[1]
