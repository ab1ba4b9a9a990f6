"""Sourced: numbers with what they rest on: the events of noisy answers, or the spec alone."""

from __future__ import annotations

from collections.abc import Iterable

from synthspec.release.release import LedgerFacts, Release
from synthspec.report.blocks import Value
from synthspec.report.words import number


def resting(
    release: Release,
    amount: float,
    text: str,
    events: Iterable[str],
    *,
    low: float | None = None,
    high: float | None = None,
) -> Value:
    """Return a number of class M with its events; without any, P of a public source, else S."""
    ids = tuple(dict.fromkeys(events))
    if ids:
        return number(amount, text, "M", ids, low=low, high=high)
    return number(amount, text, "P" if release.plan.source_public else "S", low=low, high=high)


def bought(release: Release) -> tuple[str, ...]:
    """Return the ids of all events."""
    return tuple(event.id for event in release.events)


def learned(release: Release, group: str | None = None) -> tuple[str, ...]:
    """Return the events that a group's model, or every model, rests on."""
    seen = [m.event for m in release.measurements if group in (None, m.group)]
    return tuple(dict.fromkeys(seen)) or tuple(e.id for e in release.events if e.stage == "learn")


def booked(facts: LedgerFacts) -> tuple[str, ...]:
    """Return the ledger's own event behind what it says: the entry that opened this charge."""
    return ("ledger",) if facts.entry is None else (f"ledger entry {facts.entry.split(':')[0]}",)
