"""Power: the smallest leak that an attack would have seen, found by planting leaks and attacking again.

An attack that finds nothing says something only when it would have found something. So known leaks
are planted into what it looks at, largest first, until one is missed.

Source: ours; that an attack without power is no evidence: Houssiau et al. 2022, arXiv:2211.06550;
Annamalai, Ganev & De Cristofaro 2024 (auditing synthetic data), arXiv:2405.10994.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from synthspec.attack.outcome import Outcome, Power
from synthspec.attack.table import Table

SHARES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
"""Shares of the attacked people whose records are copied into the released rows."""

Judge = Callable[[Table | None], Outcome]
"""Attacks the released rows with further rows among them, or as they are."""


def powered(judge: Judge, people: Table, rng: np.random.Generator) -> Outcome:
    """Return the outcome of an attack; where it found nothing, with what it would have found.

    Args:
        judge: the attack.
        people: the records that are copied.
        rng: chooses whose are.
    """
    outcome = judge(None)
    if outcome.verdict != "not seen":
        return outcome
    order = rng.permutation(people.rows)
    many = {max(1, round(share * people.rows)): None for share in SHARES}  # few people: fewer steps

    def seen(share: float) -> bool:
        chosen = np.sort(order[: round(share * people.rows)])
        return judge(people.take(chosen)).verdict == "found"

    smallest, missed = smallest_seen(seen, [count / people.rows for count in many])
    return judged(outcome, Power(planted="copies", smallest=smallest, missed=missed))


def smallest_seen(
    seen: Callable[[float], bool], amounts: Sequence[float]
) -> tuple[float | None, float | None]:
    """Return the last of `amounts` (largest leak first) before one is missed, and the one that is."""
    smallest: float | None = None
    for amount in amounts:
        if not seen(amount):
            return smallest, amount
        smallest = amount
    return smallest, None


def judged(outcome: Outcome, power: Power) -> Outcome:
    """Return the outcome with its power: without any, it is no evidence either way."""
    verdict = "not seen" if power.smallest is not None else "no evidence either way"
    return outcome.model_copy(update={"power": power, "verdict": verdict})
