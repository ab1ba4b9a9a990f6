"""A tilted network is the enumerated joint times the factors, and knows the condition's probability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synthspec.generators.neural.tilted import resampled, tilted
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from tests.generators.neural.nets_of import enumerated, neural_of
from tests.generators.test_weighted import NAMES, factors_of

ROWS = 60_000


@pytest.mark.parametrize("seed", range(4))
def test_rows_follow_the_joint_times_the_factors(seed: int) -> None:
    model = neural_of(seed, strength=2.0)
    factors = factors_of(seed)
    found = tilted(model, factors)
    assert found is not None
    truth = enumerated(model)
    for clique, table in factors:
        places = [NAMES.index(name) for name in clique]
        order = np.argsort(places)
        shape = [truth.shape[i] if i in places else 1 for i in range(4)]
        truth = truth * np.transpose(table, order).reshape(shape)
    # LOOK rows weigh the probability to about 1 %
    assert np.exp(found.log_probability) == pytest.approx(truth.sum(), rel=0.06)
    counts = found.sample(ROWS, SampleRng(seed)).count(NAMES) / ROWS
    assert np.abs(counts - truth.ravel() / truth.sum()).sum() / 2 < 0.03
    assert not counts[truth.ravel() == 0].any()
    assert 0.2 < found.effective < 1


def test_a_model_without_a_network_loses_nothing() -> None:
    model = replace(neural_of(1), net=None)
    found = tilted(model, factors_of(1))
    assert found is not None
    assert found.effective == pytest.approx(1.0)
    assert np.exp(found.log_probability) == pytest.approx(found.constant)


def test_an_impossible_condition_says_so_and_ends_normally() -> None:
    found = tilted(neural_of(2), [(("a", "c"), np.zeros((4, 5)))])
    assert found is not None
    assert found.log_probability == -np.inf
    assert found.effective == 0.0
    assert found.sample(10, SampleRng(0)).rows == 10


def test_each_given_row_keeps_its_own_condition() -> None:
    model = neural_of(3, ("b",), strength=2.0)
    table = (np.random.default_rng(5).random((3, 4)) < 0.5).astype(float)
    table[:, 1] = 1.0
    found = tilted(model, [(("b", "a"), table)])
    assert found is not None
    given = np.random.default_rng(0).integers(0, 3, ROWS)
    known = Codes(model.domain.project(("b",)), {"b": given})
    own = found.sample(ROWS, SampleRng(2), known).columns["a"]
    assert table[given, own].all()
    truth = enumerated(model).sum(axis=(2, 3)).T * table
    for code in range(3):
        shares = np.bincount(own[given == code], minlength=4) / (given == code).sum()
        assert np.abs(shares - truth[code] / truth[code].sum()).sum() / 2 < 0.03


def test_what_a_condition_asks_of_given_columns_and_the_weights_left_make_it_exact() -> None:
    model = neural_of(3, ("b",), strength=2.0)
    rng = np.random.default_rng(6)
    table = rng.random((4, 5)) ** 4
    found = tilted(model, [(("a", "c"), table)])
    assert found is not None
    ((clique, asked),) = found.message
    assert clique == ("b",)
    before = np.array([0.5, 0.3, 0.2])
    given = rng.choice(3, ROWS, p=before * asked / (before * asked).sum())
    own, logs = found.weighed(ROWS, SampleRng(2), Codes(model.domain.project(("b",)), {"b": given}))
    kept = resampled(logs, ROWS, rng)
    truth = enumerated(model) * before[:, None, None] * table[:, None, :, None]
    counts = np.zeros(model.domain.sizes)
    np.add.at(counts, tuple(np.asarray(own.columns.get(n, given))[kept] for n in NAMES), 1.0)
    assert np.abs(counts / ROWS - truth / truth.sum()).sum() / 2 < 0.035
    shares = truth.sum(axis=(0, 2, 3)) / truth.sum()
    assert np.abs(np.bincount(given[kept], minlength=3) / ROWS - shares).max() < 0.012
    # what the start model alone says of the given column is further off
    assert np.abs(np.bincount(given, minlength=3) / ROWS - shares).max() > 0.02
    assert 0.2 < found.effective < 1
