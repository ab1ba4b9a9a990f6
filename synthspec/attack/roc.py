"""ROC: scores of members and of others, judged: area, members found at low false-positive rates.

Thresholds are set on one half of the others and counted on the other half, so that none is chosen on
the people it is counted on.

Source: Mann & Whitney 1947; Hanley & McNeil 1982 (error of the area); Carlini et al. 2022 (low rates).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synthspec.attack.exposed import exposed
from synthspec.attack.outcome import Amount, AtRate, Exposed, Share, more_often
from synthspec.attack.table import FloatArray

RATES = (0.1, 0.01, 0.001)
LEVEL = 0.05
NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Judged:
    """What scores tell: the area under the curve, the rates, whether more than chance, and about whom."""

    auc: Amount
    rates: tuple[AtRate, ...]
    found: bool
    notes: tuple[str, ...]
    exposed: Exposed | None = None


def judge_scores(members: FloatArray, others: FloatArray, bound: Callable[[float], float] | None) -> Judged:
    """Return what the scores tell apart; higher means "member".

    Args:
        members: scores of people in the table, shape (members,).
        others: scores of people who are not, shape (others,).
        bound: the most members any attack can find at a false-positive rate.
    """
    auc, chance = area(members, others)
    marks, counted = others[0::2], others[1::2]
    rates, tests, notes = [], [chance], list[str]()
    for rate in RATES:
        if len(marks) * rate < 1:
            notes.append(f"too few control records for a false-positive rate of {100 * rate:g} %")
            continue
        line = float(np.quantile(marks, 1 - rate, method="higher"))
        hit = Share.of(int((members > line).sum()), len(members))
        false = Share.of(int((counted > line).sum()), len(counted))
        if len(counted) < 10 / rate:
            notes.append(f"fewer than {10 / rate:g} control records: little is known at {100 * rate:g} %")
        limit = None if bound is None else bound(rate)
        rates.append(AtRate(rate=rate, members=hit, others=false, bound=limit))
        tests.append(more_often(hit, false))
    return Judged(
        auc,
        tuple(rates),
        min(tests) * len(tests) < LEVEL,
        tuple(notes),
        exposed(members, others, bound),
    )


def area(members: FloatArray, others: FloatArray) -> tuple[Amount, float]:
    """Return the area under the curve with a 95 % interval, and its chance (one-sided Mann-Whitney)."""
    from scipy.stats import mannwhitneyu

    m, n = len(members), len(others)
    if not m or not n:
        return Amount(value=0.5, low=0.0, high=1.0), 1.0
    test = mannwhitneyu(members, others, alternative="greater", method="asymptotic")
    a = float(test.statistic) / (m * n)
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    variance = (a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n)
    half = NORMAL_95 * max(variance, 1 / (4 * m * n)) ** 0.5
    return Amount(value=a, low=max(0.0, a - half), high=min(1.0, a + half)), float(
        np.nan_to_num(test.pvalue, nan=1.0)
    )
