"""Charged: a charge in the owner's journal on its way from reserved to opened to committed.

Source: ours; DECISIONS 22-24.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthspec.errors import BudgetError
from synthspec.plan.plan import Plan
from synthspec.privacy.cost import FREE
from synthspec.privacy.entries import Charge, Open
from synthspec.privacy.inside import ChargeKeys, inside_of
from synthspec.privacy.journal import Journal
from synthspec.privacy.store import link
from synthspec.release.release import LedgerFacts


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in the middle of a run; `message` says where the charge stands."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Charged:
    """One charge and the journal that holds it."""

    journal: Journal
    id: str

    def facts(self) -> Charge:
        """Return the charge as it stands; B505 when the journal does not know it."""
        found = self.journal.standing().charges.get(self.id)
        if found is None:
            raise BudgetError(
                "B505", "the ledger does not know this charge", helps=("`synthspec budget log` lists them",)
            )
        return found

    def check(self, plan: Plan) -> Charge:
        """Return the charge when it was made for `plan`.

        Raises:
            BudgetError: B505, when there is none; B511, when it was made for another plan, or for a
                lesser cost.
        """
        charge = self.facts()
        if charge.plan != plan.digest() or not plan.most_it_can_spend.fits(charge.cost):
            raise BudgetError(
                "B511",
                "the charge was made for another plan",
                notes=("a charge buys the plan it was made for, and nothing else",),
                helps=(
                    "resume with the plan that was charged",
                    "or `synthspec train` the new plan, at its own price",
                ),
            )
        return charge

    def open(self, plan: Plan, *, resume: bool) -> Charge:
        """Write, before the first private read, that the charge is opened, or find that it was.

        Raises:
            BudgetError: B505, when it stands elsewhere; B511, see `check`.
        """
        charge = self.check(plan)
        if charge.state != "opened" or not resume:
            self.journal.open(self.id)
        return charge

    def inside(self) -> ChargeKeys:
        """Return the charge's secret keys, made here unless it was opened before; B513, B506."""
        return inside_of(self.id, make=self.facts().state == "reserved")

    def commit(self) -> None:
        """Write that the release is in place."""
        if self.journal.state(self.id) != "committed":
            self.journal.commit(self.id)

    def stands(self) -> str:
        """Return where the charge stands, in words."""
        match self.journal.state(self.id):
            case "opened":
                return "the budget is charged; `synthspec train --resume` goes on with what it bought"
            case "committed":
                return "the release is complete and its budget is charged"
            case _:
                return (
                    "the budget is reserved, nothing was read; `synthspec budget void` takes the charge back"
                )

    def ledger_facts(self) -> LedgerFacts:
        """Return what a release says about its ledger; the same on every resume of this charge."""
        standing = self.journal.standing()
        opened, charge = standing.opened, standing.charges[self.id]
        before = [each for each in standing.charges.values() if each.state != "voided"]
        place = [each.id for each in before].index(self.id) + 1
        return LedgerFacts(
            name=opened.name,
            opened_by=opened.by,
            releases=place,
            raises=standing.raises,
            operator_raised=standing.raises > 0 and opened.by == "operator",
            charged=sum((each.cost for each in before[:place]), FREE),
            cap=standing.cap,
            day=charge.day,
            entry=self._entry(),
        )

    def _entry(self) -> str | None:
        """Return place and chained hash of the entry that opened this charge."""
        digest = ""
        for seq, entry in enumerate(self.journal.entries()):
            digest = link(digest, seq, entry.canonical().decode())
            if isinstance(entry, Open) and entry.charge == self.id:
                return f"{seq}:{digest}"
        return None
