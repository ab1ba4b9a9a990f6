"""elsewhere: a default ledger is refused for a file that another ledger here was charged for.

A default ledger is that of one source. A file that is the source of one spec and the table of units of
another, or that two links lead to, would have a budget for each, and no report would know of the other.

Source: ours; DECISIONS 22.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.api.sources import held_sources
from synthspec.errors import BudgetError
from synthspec.privacy.address import is_address
from synthspec.privacy.held import HeldFile, held_files
from synthspec.privacy.journal import Journal

if TYPE_CHECKING:
    from synthspec.plan.plan import Plan


def refuse_elsewhere(value: Plan, own: str) -> None:
    """Refuse to charge a plan's default ledger where another one here was charged for one of its files.

    A file is another one's when it lies at the same place, or when both places lead to it now: a number on
    a device is given to a new file once the old one is gone. Ledgers on servers are not asked: a default one
    must work without them.

    Args:
        value: the plan; nothing is refused where it names its ledger.
        own: its source, as its default ledger knows it.

    Raises:
        BudgetError: B550; B507, when a ledger was tampered with.
    """
    if value.ledger is not None:
        return
    mine = held_sources(value)
    for journal in Journal.every():
        if is_address(journal.place):
            continue
        standing = journal.standing()
        if standing.opened.source == own:
            continue
        charged = (each.sources for each in standing.charges.values() if each.state != "voided")
        if any(_one(theirs, file) for sources in charged for theirs in sources for file in mine):
            raise BudgetError(
                "B550",
                "a file that is read here has a budget on another ledger",
                notes=(
                    "a default ledger would be a second budget for the same rows",
                    "nothing was read and nothing was charged",
                ),
                helps=(
                    "write `ledger: NAME`, the ledger that counts every use of the file",
                    "its owner opens one with `synthspec budget open NAME`",
                ),
            )


def _one(theirs: HeldFile, file: HeldFile) -> bool:
    if theirs.path == file.path:
        return True
    return theirs.same(file) and any(now.same(file) for now in held_files([Path(theirs.path)]))
