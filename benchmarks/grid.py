"""Whether the marginal engine is ever worse than independent columns at the same budget.

A cell (table, epsilon, order) fails when the engine's mean variation of pairs or triples lies above that
of independent columns by more than the spread over seeds, the root of the sum of both variances; or when
its mean one-way variation is over twice theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

EPSILONS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
TABLES = ("adult", "acs-ma", "acs-national", "bank", "credit", "diabetes")
SEEDS = 5
MOST_TIMES = 2.0
"""The one-way variation may be this many times that of independent columns."""

ORDERS = ("tvd1", "tvd2", "tvd3")
Figures = Sequence[Mapping[str, float]]


def head(say: Callable[[str], None]) -> None:
    """Print the names of the columns."""
    say(f"{'':26s}" + "".join(f"{name:>9s}{'+-':>8s}" for name in ORDERS) + f"{'times':>8s}{'fit':>8s}")


def cell(say: Callable[[str], None], epsilon: float, engine: Figures, alone: Figures) -> tuple[int, int]:
    """Print one budget: the engine, independent columns, and what failed; return failures and checks."""
    failed = []
    for order in ORDERS[1:]:
        spread = float(np.hypot(_spread(engine, order), _spread(alone, order)))
        if _mean(engine, order) > _mean(alone, order) + spread:
            failed.append(order)
    times = _mean(engine, "tvd1") / max(_mean(alone, "tvd1"), 1e-12)
    if times > MOST_TIMES:
        failed.append("tvd1")
    for label, figures in (("marginal", engine), ("independent", alone)):
        line = f"  {f'{label}, epsilon {epsilon:g}':24s}"
        for order in ORDERS:
            line += f"{_mean(figures, order):9.4f}{_spread(figures, order):8.4f}"
        line += f"{times:8.2f}" if figures is engine else " " * 8
        line += f"{_mean(figures, 'fit'):8.2f}"
        line += f"  {len(figures)} seeds" if len(figures) < SEEDS else ""
        say(line + (f"  FAILS {' '.join(failed)}" if failed and figures is engine else ""))
    return len(failed), len(ORDERS)


def _mean(figures: Figures, order: str) -> float:
    return float(np.mean([each[order] for each in figures]))


def _spread(figures: Figures, order: str) -> float:
    return float(np.std([each[order] for each in figures], ddof=1)) if len(figures) > 1 else 0.0
