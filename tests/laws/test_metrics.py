"""Laws of the shelf of metrics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.metrics import METRICS
from synthspec.metrics.figures import FIGURES

TABLES = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(
        -3, 40, (2, *np.random.default_rng(seed).integers(1, 6, 2))
    )
)


@pytest.mark.parametrize("kind", METRICS)
@given(tables=TABLES)
@settings(max_examples=40)
def test_a_metric_stays_in_its_range(kind: str, tables: np.ndarray) -> None:
    metric = METRICS[kind]()
    for shape in (tables.shape[1:], (-1,)):
        value = metric.score(tables[0].reshape(shape), tables[1].reshape(shape))
        assert metric.low <= value <= metric.high


@pytest.mark.parametrize("kind", METRICS)
@given(tables=TABLES)
@settings(max_examples=40)
def test_a_table_against_itself_is_best_at_any_scale(kind: str, tables: np.ndarray) -> None:
    metric = METRICS[kind]()
    table = np.maximum(tables[0], 0)
    assert metric.score(table, table) == metric.best
    if table.sum():
        assert metric.score(table, table * 7) == pytest.approx(metric.best, abs=1e-7)


@pytest.mark.parametrize("kind", METRICS)
@given(tables=TABLES, seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_renaming_codes_changes_nothing(kind: str, tables: np.ndarray, seed: int) -> None:
    metric, rng = METRICS[kind](), np.random.default_rng(seed)
    rows, columns = rng.permutation(tables.shape[1]), rng.permutation(tables.shape[2])
    moved = tables[:, rows][:, :, columns]
    assert metric.score(*moved) == pytest.approx(metric.score(*tables), abs=1e-7)


@pytest.mark.parametrize("kind", METRICS)
def test_a_metric_sees_the_largest_change_there_is(kind: str) -> None:
    metric = METRICS[kind]()
    reference, other = np.diag([10, 10]), np.array([[10, 10], [0, 0]])
    apart = np.array([[0, 10], [10, 0]])
    assert abs(metric.score(reference, other) - metric.best) > 0.2
    if kind != "association":
        assert metric.score(reference, apart) == pytest.approx(metric.high - metric.best, abs=1e-9)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_that_gates_may_name_says_what_it_is(name: str) -> None:
    figure = FIGURES[name]
    assert figure.about and figure.low < figure.high
