"""reuse: earlier releases on a plan's ledger that have its columns, and what they would save.

Reads the ledger and public release folders; no private data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.errors import BudgetError, GateError, ReleaseError
from synthspec.privacy.forecast import here

if TYPE_CHECKING:
    from synthspec.plan.plan import Plan
    from synthspec.privacy.entries import Charge
    from synthspec.privacy.journal import Journal
    from synthspec.release.release import Release


def read_columns(value: Plan) -> tuple[str, ...]:
    """Return the columns that a plan reads from its source, ids aside: public facts of its release."""
    return tuple(each.name for each in value.columns if each.field is not None and each.role != "id")


@dataclass(frozen=True)
class Reused:
    """An earlier release that has every column of a plan: what it lacks, and how to use it."""

    label: str
    day: str
    epsilon: float
    folder: Path
    found: bool
    costly: tuple[str, ...]
    """Parts of the spec that the release did not buy."""
    dropped: tuple[str, ...]
    """Columns that the release has and the plan does not want."""

    def lines(self, value: Plan) -> tuple[str, ...]:
        """Return what to say of it in the plan: what it would save, and the command."""
        head = f"{self.label} ({self.day}, ε {self.epsilon:g} alone) has every column of this plan"
        saving = f"saves all of this plan (ε = {value.epsilon:g} alone)"
        if not self.found:
            return (f"{head}; its folder is not where it was written",)
        if self.costly:
            names = _listed(self.costly)
            return (
                f"{head}; it did not buy {names}",
                f"  with {'that' if len(self.costly) == 1 else 'these'} as it was there, it {saving}",
                f"  synthspec diff {here(str(self.folder))} {value.spec_path}",
            )
        more = f" once {_listed(self.dropped)} is dropped" if self.dropped else ""
        return (f"{head} and answers it{more}: {saving}", f"  {self.command(value)}")

    def command(self, value: Plan) -> str:
        """Return the command that draws from it at no cost."""
        sample = f"synthspec sample {here(str(self.folder))}"
        return sample if self.dropped else f"{sample} --spec {value.spec_path}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def reuse(value: Plan) -> tuple[str, ...]:
    """Return lines, newest release first, on those that answer a plan already; () when there are none."""
    return tuple(line for each in reusable(value) for line in each.lines(value))


def reusable(value: Plan) -> tuple[Reused, ...]:
    """Return the releases on a plan's ledger that have its columns, newest first."""
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
    return tuple(_reused(journal, charge, value) for charge in found)


def _reused(journal: Journal, charge: Charge, value: Plan) -> Reused:
    from synthspec.api.respec import changes_of

    folder = Path(charge.folder)
    release = _release(journal, folder, charge)
    costly: list[str] = []
    dropped: list[str] = []
    if release is not None:
        more = {each.name for each in release.plan.columns} - {each.name for each in value.columns}
        for change in changes_of(release.plan, value)[1]:
            name = change.path.removeprefix("columns.")
            if name in more and change.path.startswith("columns."):
                dropped.append(name)
            elif not change.is_free:
                costly.append(change.path)
    if dropped and costly:  # a group that lost a column, or was priced anew for it, is no other difference
        costly = [each for each in costly if not each.startswith("generate.")]
    return Reused(
        charge.label,
        charge.day,
        float(charge.epsilon),
        folder,
        release is not None,
        tuple(costly),
        tuple(dropped),
    )


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
