"""The ledger of one run: charge first, receive a receipt, then compute.

Source: Smith & Thakurta 2022, arXiv:2210.17520 (a fixed threshold on the sum of mu2 is a valid
privacy filter for adaptively chosen purchases).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, Protocol, final

from synthspec.errors import BudgetError
from synthspec.privacy.cost import FREE, Cost


class Priced(Protocol):
    """Anything with a price: a mechanism."""

    def cost(self) -> Cost:
        """Return the price."""


_MINT = object()


@final
class Receipt:
    """Proof of payment: what was bought, its price, and its place in the ledger's order.

    Only `Ledger.charge` makes one.
    """

    __slots__ = ("bought", "cost", "event", "purpose")

    def __init__(self, mint: object, bought: Priced, cost: Cost, event: int, purpose: str) -> None:
        if mint is not _MINT:
            raise TypeError("only a ledger makes receipts")
        object.__setattr__(self, "bought", bought)
        object.__setattr__(self, "cost", cost)
        object.__setattr__(self, "event", event)
        object.__setattr__(self, "purpose", purpose)

    bought: Priced
    cost: Cost
    event: int
    purpose: str

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a receipt cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a receipt cannot be changed")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a receipt cannot be copied or written")


@dataclass
class _Account:
    """Amounts of one ledger or allotment; a charge walks the line from here to the root."""

    cap: Cost
    above: _Account | None = None
    spent: Cost = FREE
    events: int = 0

    def line(self) -> tuple[_Account, ...]:
        above = () if self.above is None else self.above.line()
        return (self, *above)


@final
class Ledger:
    """Amounts spent against a cap; allotments spend against both themselves and their parents.

    Cannot be copied: a copy would be a second budget.
    """

    def __init__(self, cap: Cost, *, purpose: str = "", above: _Account | None = None) -> None:
        self._account = _Account(cap, above)
        self._purpose = purpose

    @property
    def spent(self) -> Cost:
        """What was charged here and in allotments of this ledger."""
        return self._account.spent

    @property
    def left(self) -> Cost:
        """What may still be charged here: the least over this ledger and its parents."""
        rests = [each.cap - each.spent for each in self._account.line()]
        return Cost(mu2=min(rest.mu2 for rest in rests), delta0=min(rest.delta0 for rest in rests))

    def allot(self, cap: Cost, purpose: str) -> Ledger:
        """Return a ledger that can spend at most `cap`, and never more than is left here."""
        return Ledger(cap, purpose=purpose, above=self._account)

    def charge(self, purchase: Priced) -> Receipt:
        """Charge the price of `purchase`, all or nothing, here and in every parent.

        Raises:
            BudgetError: B502, if it does not fit; nothing is charged then.
        """
        cost = purchase.cost()
        line = self._account.line()
        if not all((each.spent + cost).fits(each.cap) for each in line):
            raise BudgetError("B502", "a purchase does not fit what its plan allotted")
        for each in line:
            each.spent = each.spent + cost
        root = line[-1]
        root.events += 1
        return Receipt(_MINT, purchase, cost, root.events - 1, self._purpose)

    def __copy__(self) -> NoReturn:
        raise TypeError("a ledger cannot be copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a ledger cannot be copied")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ledger cannot be written")
