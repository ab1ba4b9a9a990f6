"""The ledger of one run: all or nothing, allotments inside parents, receipts that cannot be forged."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthspec.errors import BudgetError
from synthspec.privacy.cost import Cost
from synthspec.privacy.ledger import Ledger, Receipt


@dataclass(frozen=True)
class Thing:
    """A purchase with a price."""

    price: Cost

    def cost(self) -> Cost:
        return self.price


def test_a_charge_that_does_not_fit_changes_nothing() -> None:
    ledger = Ledger(Cost(mu2=10, delta0=1))
    ledger.charge(Thing(Cost(mu2=7)))
    for price in (Cost(mu2=4), Cost(delta0=2), Cost(mu2=4, delta0=2)):
        with pytest.raises(BudgetError, match="B502"):
            ledger.charge(Thing(price))
    assert ledger.spent == Cost(mu2=7)
    assert ledger.left == Cost(mu2=3, delta0=1)


def test_an_allotment_spends_against_itself_and_its_parents() -> None:
    ledger = Ledger(Cost(mu2=10))
    inner = ledger.allot(Cost(mu2=8), "inner")
    innermost = inner.allot(Cost(mu2=100), "innermost")
    assert innermost.left == Cost(mu2=8)
    innermost.charge(Thing(Cost(mu2=5)))
    assert (ledger.left, inner.left) == (Cost(mu2=5), Cost(mu2=3))
    ledger.charge(Thing(Cost(mu2=4)))
    assert innermost.left == Cost(mu2=1)
    with pytest.raises(BudgetError, match="B502"):
        innermost.charge(Thing(Cost(mu2=2)))
    assert (ledger.spent, inner.spent) == (Cost(mu2=9), Cost(mu2=5))


def test_receipts_are_numbered_in_the_order_of_payment() -> None:
    ledger = Ledger(Cost(mu2=10))
    inner = ledger.allot(Cost(mu2=5), "inner")
    receipts = [each.charge(Thing(Cost(mu2=1))) for each in (ledger, inner, ledger, inner)]
    assert [receipt.event for receipt in receipts] == [0, 1, 2, 3]
    assert [receipt.purpose for receipt in receipts] == ["", "inner", "", "inner"]


def test_a_receipt_cannot_be_forged_changed_or_copied() -> None:
    receipt = Ledger(Cost(mu2=1)).charge(Thing(Cost(mu2=1)))
    with pytest.raises(TypeError, match="only a ledger"):
        Receipt(object(), Thing(Cost()), Cost(), 0, "")
    for change in (lambda: setattr(receipt, "cost", Cost()), lambda: delattr(receipt, "cost")):
        with pytest.raises(AttributeError):
            change()
    for duplicate in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            duplicate(receipt)


def test_a_ledger_cannot_be_copied_into_a_second_budget() -> None:
    for duplicate in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            duplicate(Ledger(Cost(mu2=1)))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(0, 3)), max_size=30))
def test_no_order_of_charges_overspends(charges: list[tuple[int, int, int]]) -> None:
    root = Ledger(Cost(mu2=12, delta0=5))
    one, two = (root.allot(Cost(mu2=9, delta0=4), name) for name in ("one", "two"))
    accepted = []
    for place, mu2, delta0 in charges:
        price = Cost(mu2=mu2, delta0=delta0)
        try:
            (root, one, two)[place].charge(Thing(price))
        except BudgetError:
            continue
        accepted.append((place, price))
    assert root.spent == sum((price for _, price in accepted), Cost())
    assert root.spent.fits(Cost(mu2=12, delta0=5))
    for place, ledger in ((1, one), (2, two)):
        assert ledger.spent == sum((price for where, price in accepted if where == place), Cost())
        assert ledger.spent.fits(Cost(mu2=9, delta0=4))


@pytest.mark.parametrize("bad", [float("nan"), 0.5, -1, "x"])
def test_an_amount_that_is_no_whole_number_is_no_cost(bad: object) -> None:
    with pytest.raises(ValueError):
        Cost(mu2=bad)  # type: ignore[arg-type]


def test_small_amounts_are_never_lost() -> None:
    big = Cost(mu2=10**18)
    assert (big + Cost(mu2=1)).mu2 == 10**18 + 1
    assert Cost.of(1e-16, 1e-30) == Cost(mu2=1, delta0=1)
