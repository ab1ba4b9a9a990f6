"""Shadow models: a generator that copies is caught, one that looks away is not, and power is said."""

from __future__ import annotations

import numpy as np

from synthspec.attack.outcome import Outcome
from synthspec.attack.shadow import Fit, by_shadows, shadows
from synthspec.attack.table import Table
from tests.attack.people import generator, population

ROWS = 60
WORLDS = 24


def attacked(fit: Fit) -> Outcome:
    """Return the attack on a generator, for three extreme people."""
    rng = generator(1)
    pool = population(400, rng)
    targets = pool.take(np.argsort(-pool.values[:, 1])[:3])
    others = pool.take(np.argsort(-pool.values[:, 1])[3:])
    worlds = tuple(
        shadows(fit, targets.take(np.array([i])), others, ROWS, WORLDS, rng) for i in range(targets.rows)
    )
    return by_shadows(worlds, None, 5)


def test_a_generator_that_hands_out_its_rows_is_found() -> None:
    outcome = attacked(lambda table, stream: table)
    assert outcome.verdict == "found"
    assert outcome.auc is not None and outcome.auc.value > 0.95


def test_a_generator_that_never_looks_is_not_found_and_copies_would_have_been() -> None:
    away = population(ROWS, generator(9))

    def blind(table: Table, stream: int) -> Table:
        return away.take(generator(stream % 1000).integers(0, ROWS, ROWS))

    outcome = attacked(blind)
    assert outcome.verdict == "not seen"
    assert outcome.power is not None and outcome.power.smallest is not None
