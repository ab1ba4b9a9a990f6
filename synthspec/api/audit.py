"""audit: an audit of this software on simulated tables; no data of anybody's, no ledger, no spec."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

from synthspec.attack.audited import AuditResult, Canaries, Played
from synthspec.errors import ReleaseError

RUNS = 600
"""Plays of each world that see half the noise of any mechanism with probability over 0.99."""

Told = Callable[[Played | Canaries], None]


def audit(
    *,
    mechanism: str | None = None,
    generator: str | None = None,
    runs: int = RUNS,
    canaries: int | None = None,
    told: Told = lambda found: None,
) -> AuditResult:
    """Play the games of both shelves, or of the entries named, and return what they proved.

    Args:
        mechanism: this one alone.
        generator: this one alone.
        runs: plays of each world; slow games are played less.
        canaries: how many each audit by canaries puts in; 0 for no such audit.
        told: hears of each game when it is over.

    Raises:
        ReleaseError: Q670, for a name that no shelf has.
    """
    from synthspec import __version__
    from synthspec.attack.game import ALARM
    from synthspec.run.audit import left_out

    chosen = _chosen(mechanism, generator)
    games, by_canaries = [], []
    for found in _found(chosen, runs, canaries):
        told(found)
        if isinstance(found, Played):
            games.append(found)
        else:
            by_canaries.append(found)
    return AuditResult(
        version=__version__,
        day=datetime.datetime.now(datetime.UTC).date().isoformat(),
        runs=runs,
        alarm=ALARM,
        games=tuple(games),
        canaries=tuple(by_canaries),
        left_out=tuple(each for shelf, entry in chosen for each in left_out(shelf, entry)),
    )


def _found(
    chosen: tuple[tuple[str | None, str | None], ...], runs: int, canaries: int | None
) -> Iterator[Played | Canaries]:
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.run.audit import CANARIES, canary_audit, canary_kinds, games, play

    noise = SystemNoise()
    for shelf, entry in chosen:
        for game in games(noise, shelf, entry):
            yield play(game, runs)
    for shelf, entry in chosen:
        if shelf != "mechanism" and canaries != 0:
            for kind in canary_kinds(entry):
                yield canary_audit(kind, noise, canaries or CANARIES)


def _chosen(mechanism: str | None, generator: str | None) -> tuple[tuple[str | None, str | None], ...]:
    """Return (shelf, entry) to be played; (None, None) is everything."""
    from synthspec.generators import GENERATORS
    from synthspec.mechanisms import MECHANISMS

    found: list[tuple[str | None, str | None]] = []
    for shelf, entry, kinds in (
        ("mechanism", mechanism, tuple(MECHANISMS)),
        ("generator", generator, tuple(GENERATORS)),
    ):
        if entry is None:
            continue
        if entry not in kinds:
            names = ", ".join(f"`{kind}`" for kind in kinds)
            raise ReleaseError(
                "Q670", f"there is no {shelf} `{entry}` to be audited", helps=(f"name one of {names}",)
            )
        found.append((shelf, entry))
    return tuple(found) or ((None, None),)
