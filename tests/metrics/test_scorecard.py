"""The scorecard: ranks as well as the law it was drawn from, repeats itself, and survives odd tables."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.metrics.histogram import Histogram
from synthspec.metrics.scorecard import BINS, Scorecard, learn
from synthspec.terms.query import Axis

AXES = {"a": Axis("a", 5), "b": Axis("b", 3, np.array([0, 0, 1, 1, 2, 2])), "c": Axis("c", 4)}
EFFECTS = {"a": np.array([-2, -1, 0, 1, 2.0]), "b": np.array([0, 1, -1.0])}


def _rows(rows: int, seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = {"a": rng.integers(0, 5, rows), "b": rng.integers(0, 6, rows), "c": rng.integers(0, 4, rows)}
    odds = EFFECTS["a"][codes["a"]] + EFFECTS["b"][AXES["b"].levels[codes["b"]]] - 1
    return codes, rng.random(rows) < 1 / (1 + np.exp(-odds)), odds


def _auc(score: np.ndarray, outcome: np.ndarray) -> float:
    order = np.argsort(np.argsort(score, kind="stable"))
    yes = int(outcome.sum())
    return float((order[outcome].sum() - yes * (yes - 1) / 2) / (yes * (len(outcome) - yes)))


def test_it_ranks_fresh_rows_nearly_as_well_as_the_true_odds() -> None:
    codes, outcome, _ = _rows(6000)
    card = learn(AXES, codes, outcome, np.arange(6000) % 2 == 0)
    fresh, seen, odds = _rows(20_000, seed=1)
    noise = np.random.default_rng(2).random(20_000) * 1e-6
    best, mine = _auc(odds + noise, seen), _auc(card.points(fresh) + noise, seen)
    assert best - mine < 0.005
    bins = card.bins(fresh)
    cells = np.stack([np.bincount(bins[seen == y], minlength=BINS) for y in (False, True)], axis=1)
    binned = Histogram(cells.astype(np.float64)).auc()
    assert binned is not None
    assert best - binned.value < 0.01
    assert len(card.cuts) == BINS - 1


def test_it_is_a_function_of_its_rows_and_its_points_are_integers() -> None:
    codes, outcome, _ = _rows(500)
    train = np.arange(500) < 250
    one, two = learn(AXES, codes, outcome, train), learn(AXES, codes, outcome, train)
    for a, b in zip((*one.tables, one.cuts), (*two.tables, two.cuts), strict=True):
        assert a.dtype == np.int64
        assert np.array_equal(a, b)
    assert [len(table) for table in one.tables] == [5, 6, 4], "points per code, not per level"


@pytest.mark.parametrize("rows", [0, 1, 2])
@pytest.mark.parametrize("answer", [True, False])
def test_tables_without_two_outcomes_or_without_rows_give_a_card(rows: int, answer: bool) -> None:
    codes, _, _ = _rows(rows)
    card = learn(AXES, codes, np.full(rows, answer), np.ones(rows, dtype=bool))
    assert isinstance(card, Scorecard)
    assert (np.diff(card.cuts) > 0).all()
    assert all(table.dtype == np.int64 for table in (*card.tables, card.cuts))
    assert card.bins(codes).shape == (rows,)
