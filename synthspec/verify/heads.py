"""heads: one entry of a ledger pays for one release; a ledger must hold the entry that a release names.

Source: ours; DECISIONS 22.
"""

from __future__ import annotations

import re
from pathlib import Path

from synthspec.privacy.entries import Charge, Standing, stand
from synthspec.privacy.journal import Journal
from synthspec.release.manifest import NAME, digest_of
from synthspec.release.release import LedgerFacts, Release
from synthspec.verify.standalone import Check

_ENTRY = re.compile(r"(\d{1,9}):([0-9a-f]{8,128})")


def check_pair(first: Release, second: Release, folders: tuple[Path, Path]) -> Check:
    """Return whether two releases were paid for by different entries, in an order that fits."""
    name = "ledger heads"
    if digest_of(folders[0] / NAME) == digest_of(folders[1] / NAME):
        return Check(name, "passed", "the two folders hold one release")
    one, two = first.ledger, second.ledger
    if one is None or two is None:
        return Check(name, "not done", "one of the releases is of no ledger")
    if one.entry is not None and one.entry == two.entry:
        return Check(
            name, "failed", f"both releases were charged by entry {_short(one)}: it was paid for once"
        )
    if one.name != two.name:
        return Check(
            name, "passed", f"they are of two ledgers, `{one.name}` and `{two.name}`: nothing is said of both"
        )
    if "operator" in (one.opened_by, two.opened_by):
        said = (
            "different entries; default ledgers have no name that tells them apart: ask one with `--ledger`"
        )
        return Check(name, "passed" if one.entry and two.entry else "not done", said)
    places = {_place(one): one.releases, _place(two): two.releases}
    if None in places or len(places) < 2:
        return Check(
            name, "failed", "the entries of the ledger that they name are no two places of one chain"
        )
    early, late = sorted(place for place in places if place is not None)
    if places[early] >= places[late]:
        return Check(name, "failed", "the later release counts no more releases than the earlier one")
    return Check(name, "passed", f"entries {early} and {late} of ledger `{one.name}`, one each")


def check_ledger(release: Release, journal: Journal) -> Check:
    """Return whether the ledger holds the entry that the release names, and charged it enough."""
    name, facts = "ledger", release.ledger
    if facts is None or release.claim is None:
        return Check(name, "not done", "the release is of no ledger")
    match = _ENTRY.fullmatch(facts.entry or "")
    if match is None or not journal.holds(int(match[1]), match[2]):
        return Check(
            name, "failed", f"the ledger has no entry {_short(facts)}: another one was charged, or it was cut"
        )
    entry = journal.entries()[int(match[1])]
    charge = journal.standing().charges.get(getattr(entry, "charge", ""))
    if charge is None or getattr(entry, "kind", "") != "open":
        return Check(name, "failed", f"entry {_short(facts)} of the ledger opens no charge")
    if not release.claim.cost.fits(charge.cost):
        return Check(name, "failed", "the ledger was charged less than the release claims")
    opened = journal.standing().opened
    if (opened.unit, opened.neighbours) != (release.claim.unit, release.claim.neighbours):
        return Check(name, "failed", "the ledger protects another unit, or other neighbours")
    unlike = _told_otherwise(facts, journal, int(match[1]), charge)
    if unlike is not None:
        return Check(name, "failed", f"the release says another {unlike} of the ledger than the ledger does")
    said = f"entry {match[1]} of `{opened.name}` opened the charge `{charge.label}`, at the claimed price"
    return Check(name, "passed", said, {"entry": int(match[1])})


def _told_otherwise(facts: LedgerFacts, journal: Journal, place: int, charge: Charge) -> str | None:
    """Return what a release says otherwise of its ledger, None when it fits.

    Facts are taken when the charge is opened, or once more on a resume: what was raised or voided in between
    may count or not.
    """
    then, now = stand(journal.entries()[: place + 1]), journal.standing()
    if (facts.name, facts.opened_by) != (now.opened.name, now.opened.by):
        return "name or owner"
    if facts.day != charge.day:
        return "day"
    if not then.raises <= facts.raises <= now.raises:
        return "number of raises"
    if facts.releases not in {_count(then, charge.id), _count(now, charge.id)}:
        return "number of releases"
    return None


def _count(standing: Standing, charge: str) -> int:
    """Return which of the charges that were not voided this one is."""
    return [key for key, each in standing.charges.items() if each.state != "voided"].index(charge) + 1


def _place(facts: LedgerFacts) -> int | None:
    match = _ENTRY.fullmatch(facts.entry or "")
    return int(match[1]) if match else None


def _short(facts: LedgerFacts) -> str:
    place, _, digest = (facts.entry or "none").partition(":")
    return f"{place}:{digest[:12]}" if digest else place
