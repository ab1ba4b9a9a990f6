"""hazards: known ways to fail, one by one, each with a status and where to look."""

from __future__ import annotations

from synthspec.release.release import Release
from synthspec.report.blocks import Block, Prose, Section, Table, Value
from synthspec.report.hazards import GUIDES, WORDS, Hazard
from synthspec.report.words import count, number, plain

PLACES: dict[str, str] = {
    "claim": "The privacy claim",
    "budget": "Where the budget went",
    "domains": "Where the domains come from",
    "fit": "How well the source fits",
    "mechanism": "How it was made",
    "audit": "Attacks on the program",
    "subgroups": "Subgroups",
    "answers": "What the rows can answer",
    "limits": "Limits",
    "files": "Files",
    "scope": "Scope",
}
"""Sections that are evidence, by id."""


def hazards(release: Release) -> Section:
    """Return the section."""
    blocks: list[Block] = [
        Prose(
            parts=(
                "A status says what there is to look at, not that a rule or a law is met: that is for "
                "people. "
                "“Evidence here” points to it; “author's word” cannot be seen from a release; "
                "“not assessed” was not looked at.",
            )
        ),
    ]
    for title, lines in GUIDES:
        blocks += [_tally(release, lines), _table(release, title, lines)]
    return Section(
        id="hazards",
        title="Known hazards",
        question="Which known ways to fail apply, and what does this release show about each?",
        blocks=tuple(blocks),
    )


def _tally(release: Release, lines: tuple[Hazard, ...]) -> Prose:
    found = [hazard.judge(release)[0] for hazard in lines]
    parts: list[str | Value] = ["Of ", number(len(lines), count(len(lines)), "S"), " lines below: "]
    said = [(word, found.count(status)) for status, word in WORDS.items() if found.count(status)]
    for at, (word, many) in enumerate(said):
        parts += [", " if at else "", number(many, f"{count(many)} {word[2:]}", "S")]
    return Prose(parts=(*parts, "."))


def _table(release: Release, title: str, lines: tuple[Hazard, ...]) -> Table:
    rows = []
    for hazard in lines:
        status, says, place = hazard.judge(release)
        link = Value(text=PLACES[place], anchor=place) if place else plain("none in a release")
        rows.append((plain(hazard.what), plain(WORDS[status]), says, plain(hazard.wrong), link))
    return Table(
        caption=title,
        columns=("Hazard", "Status", "What this release shows", "What goes wrong otherwise", "Evidence"),
        rows=tuple(rows),
    )
