"""Budget: what the spec's (epsilon, delta) buys, shared out to consumers in exact integers.

Source: PRIVACY 2 of the design: delta/10 is reserved for slack, each purchase that uses slack names
delta/100, and a share is a part of mu2.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from synthspec.compile.checked import Checked
from synthspec.privacy.accountant import budget_cost
from synthspec.privacy.cost import DELTA0_UNIT, FREE, Cost

PUBLIC_BUDGET = Cost(mu2=10**6 * 10**15, delta0=10**15)
"""For a source that is declared public: so large that rounded noise is 0; nothing is protected or charged."""


@dataclass(frozen=True)
class Budget:
    """The whole, and the price of every consumer; prices add up to at most the whole."""

    whole: Cost
    prices: tuple[tuple[str, Cost], ...]

    def price(self, consumer: str) -> Cost:
        """Return the price of a consumer, FREE when it has none."""
        return dict(self.prices).get(consumer, FREE)


def budget_of(checked: Checked, epsilon: float | None = None) -> Budget:
    """Return the budget of a spec; `epsilon` replaces the spec's."""
    privacy = checked.spec.privacy
    if privacy is not None:
        whole = budget_cost(epsilon if epsilon is not None else privacy.epsilon, privacy.delta)
    elif checked.spec.source is not None:
        whole = PUBLIC_BUDGET
    else:
        whole = FREE
    return Budget(whole=whole, prices=tuple((name, whole.share(share)) for name, share in checked.shares))


def discovery_prices(checked: Checked, price: Cost) -> tuple[Cost, ...]:
    """Return the price of each discovered column: equal parts of `price`, each with its own slack."""
    count = sum(column.discovery is not None for column in checked.columns)
    delta = (
        Fraction(str(checked.spec.privacy.delta)) if checked.spec.privacy is not None else Fraction(1, 10**9)
    )
    slack = int(delta / 100 / DELTA0_UNIT)
    return tuple(Cost(mu2=part.mu2, delta0=slack) for part in price.split(count)) if count else ()
