"""reuse: earlier releases on a plan's ledger that have its columns, and what they would save.

Reads the ledger and public release folders; no private data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.errors import BudgetError, GateError, ReleaseError

if TYPE_CHECKING:
    from synthspec.plan.plan import Plan
    from synthspec.privacy.entries import Charge
    from synthspec.privacy.journal import Journal
    from synthspec.release.release import Release


def read_columns(value: Plan) -> tuple[str, ...]:
    """Return the columns that a plan reads from its source, ids aside: public facts of its release."""
    return tuple(each.name for each in value.columns if each.field is not None and each.role != "id")


def reuse(value: Plan) -> tuple[str, ...]:
    """Return lines, newest release first, on those that answer a plan already; () when there are none."""
    from synthspec.api.ledgers import existing, needs_ledger

    if not needs_ledger(value) or value.protection is None:
        return ()
    try:
        journal = existing(value)
        standing = None if journal is None else journal.standing()
    except BudgetError:
        return ()  # said where the ledger is forecast
    if journal is None or standing is None:
        return ()
    opened, protection = standing.opened, value.protection
    if (opened.unit, opened.neighbours) != (protection.unit, protection.neighbours):
        return ()
    wanted = set(read_columns(value))
    every = [each for each in standing.charges.values() if each.state == "committed"]
    found = [each for each in reversed(every) if each.columns and wanted <= set(each.columns)]
    return tuple(line for charge in found for line in _lines(journal, charge, value))


def _lines(journal: Journal, charge: Charge, value: Plan) -> tuple[str, ...]:
    from synthspec.compile.diff import diff
    from synthspec.release.public import public_plan

    head = f"{charge.label} ({charge.day}, ε {charge.epsilon} alone) has every column of this plan"
    folder = Path(charge.folder)
    release = _release(journal, folder, charge)
    if release is None:
        return (f"{head}; its folder is not where it was written",)
    changes = diff(release.plan, public_plan(value))
    costly = [change.path for change in changes if not change.is_free]
    if not costly:
        saved = f"saves all of this plan (ε = {value.epsilon:g} alone)"
        return (f"{head} and answers it: {saved}", f"  {_command('sample', folder, value, '--spec ')}")
    names = ", ".join(costly[:3]) + (f" and {len(costly) - 3} more" if len(costly) > 3 else "")
    return (
        f"{head}; only {names} would be bought anew",
        f"  {_command('diff', folder, value, '')}",
    )


def _command(verb: str, folder: Path, value: Plan, flag: str) -> str:
    return f"synthspec {verb} {_short(folder)} {flag}{value.spec_path}"


def _short(folder: Path) -> str:
    """Return a folder as one would type it here."""
    try:
        return str(folder.relative_to(Path.cwd()))
    except ValueError:
        return str(folder)


def _release(journal: Journal, folder: Path, charge: Charge) -> Release | None:
    """Return the release of a charge when it lies, unchanged, where it was written."""
    from synthspec.release.bundle import read_release

    try:
        found = read_release(folder)
    except (ReleaseError, GateError, OSError):
        return None
    seq, _, digest = (found.ledger.entry or "" if found.ledger is not None else "").partition(":")
    if not seq.isdigit() or not journal.holds(int(seq), digest):
        return None
    entry = journal.entries()[int(seq)]
    return found if getattr(entry, "charge", None) == charge.id else None
