"""One-way counts pooled with what larger tables say of them."""

from __future__ import annotations

import numpy as np

from synthspec.generators.base import Workload
from synthspec.generators.coding import Coding
from synthspec.generators.pgm.estimate import Evidence
from synthspec.generators.pooling import Sums, margins, pooled
from synthspec.generators.rounds import Measured
from synthspec.terms.domain import Domain


def test_two_answers_about_every_code_are_averaged_by_precision() -> None:
    counts = np.array([1000.0, 2000.0, 3000.0])
    more = Sums(np.arange(3), counts + np.array([30.0, -30.0, 60.0]), variance=200.0)
    found = pooled(counts, 10.0, [more], np.zeros(3, dtype=bool))
    np.testing.assert_allclose(found, counts + np.array([10.0, -10.0, 20.0]), atol=1e-9)


def test_pooling_is_generalised_least_squares() -> None:
    """Compared with the normal equations of all measurements at once."""
    rng = np.random.default_rng(3)
    truth = rng.uniform(2000, 9000, 7)
    groups = [np.array([0, 0, 1, 1, 2, 2, 2]), np.array([0, 1, 1, 1, 1, 0, 0])]
    own = truth + rng.normal(0, 20, 7)
    sums, left, right = [], np.eye(7) / 400.0, own / 400.0
    for labels, variance in zip(groups, (900.0, 2500.0)):
        member = np.zeros((labels.max() + 1, 7))
        member[labels, np.arange(7)] = 1.0
        rows = member @ truth + rng.normal(0, variance**0.5, len(member))
        sums.append(Sums(labels, rows, variance))
        left, right = left + member.T @ member / variance, right + member.T @ rows / variance
    found = pooled(own, 20.0, sums, np.zeros(7, dtype=bool))
    np.testing.assert_allclose(found, np.linalg.solve(left, right), atol=1e-6)


def test_a_closed_code_keeps_its_count_and_an_emptied_one_moves_little() -> None:
    counts = np.array([500.0, 0.0, 0.0, 500.0])
    said = Sums(np.array([0, 1, 1, 2]), np.array([500.0, 40.0, 500.0]), variance=1e-6)
    found = pooled(counts, 20.0, [said], np.array([False, True, False, False]))
    assert found[1] == 0.0
    assert found[2] > 39.9  # the whole group's rows, as nothing else may take them
    spread = pooled(counts, 20.0, [Sums(np.zeros(4, dtype=np.int64), np.array([1100.0]), 1e-6)], counts < 0)
    assert spread[1] < 1.0 < 49.0 < spread[0] - 500.0


def test_a_table_tells_the_sums_of_its_axes_with_the_noise_of_as_many_cells() -> None:
    domain = Domain(attributes=("a", "b"), sizes=(3, 4))
    coding = Coding(domain, Workload(), {"a": np.full(3, 20.0), "b": np.full(4, 15.0)})
    group = np.array([0, 0, 1])
    answer = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    evidence = Evidence((0, 1), (group, None), np.zeros((2, 4)), np.ones(()))
    found = margins(coding, [Measured(evidence, answer * 0.25, precision=0.25)])
    (one,), (two,) = found["a"], found["b"]
    np.testing.assert_allclose(one.rows, [10.0, 26.0])
    np.testing.assert_allclose(two.rows, [6.0, 8.0, 10.0, 12.0])
    assert np.array_equal(one.labels, group) and np.array_equal(two.labels, np.arange(4))
    assert one.variance == 4 * 4.0 and two.variance == 2 * 4.0
