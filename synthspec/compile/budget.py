"""Budget: what the spec's (epsilon, delta) buys, shared out to consumers in exact integers.

Source: PRIVACY 2 of the design: delta/10 is reserved for slack, each purchase that uses slack names
delta/100, and a share is a part of mu2.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from synthspec.compile.checked import Checked, CheckedGroup
from synthspec.generators.neural.network import Network
from synthspec.privacy.accountant import budget_cost
from synthspec.privacy.cost import DELTA0_UNIT, FREE, Cost
from synthspec.terms.domain import Domain

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
    slack = slack_of(checked)
    return tuple(Cost(mu2=part.mu2, delta0=slack) for part in price.split(count)) if count else ()


def slack_of(checked: Checked) -> int:
    """Return the slack that one purchase names, where it needs any [1e-24]."""
    privacy = checked.spec.privacy
    delta = Fraction(str(privacy.delta)) if privacy is not None else Fraction(1, 10**9)
    return int(delta / 100 / DELTA0_UNIT)


def group_price(checked: Checked, group: CheckedGroup, price: Cost) -> Cost:
    """Return the price of a group, with slack where it may be fine-tuned by noisy gradients."""
    if not isinstance(group.generator, Network) or not price.mu2:
        return price
    domain, given = domain_of(checked, group)
    whole = Cost(mu2=price.mu2, delta0=price.delta0 + slack_of(checked))
    units = learned_units(checked)
    if units is None:
        return price if group.generator.fine_tune == "never" else whole
    split = group.generator.split(whole, domain, given, units)
    return whole if split.tuning.mu2 else price


def learned_units(checked: Checked) -> float | None:
    """Return the public number of units that are learned from (`Plan.learned_units`)."""
    source, privacy = checked.spec.source, checked.spec.privacy
    kept = 1.0 - (checked.spec.sample.holdout or 0.0)
    if source is None or (source.units is None and source.rows is None):
        return None
    most = 1 if privacy is None or privacy.max_rows is None else privacy.max_rows
    number = source.units if source.units is not None else (source.rows or 0) / most
    return max(1.0, number * kept)


def domain_of(checked: Checked, group: CheckedGroup) -> tuple[Domain, frozenset[str]]:
    """Return the columns of a group with their numbers of codes, and which are given."""
    columns = {c.name: c.column for c in checked.columns}
    sizes = {n: 1 if c is None else c.size for n, c in columns.items()}
    names = (*group.given, *group.columns)
    return Domain(attributes=names, sizes=tuple(sizes[name] for name in names)), frozenset(group.given)
