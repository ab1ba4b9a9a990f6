"""audit: whether anybody attacked the program; on simulated tables, never on private ones (class P)."""

from __future__ import annotations

from synthspec.attack.audited import AuditResult, Canaries, Outcome, Played, recent
from synthspec.release.release import Release
from synthspec.report.blocks import Block, Prose, Section, Table, Value
from synthspec.report.words import count, near, number, plain, up

FOLDED = 12
WORDS: dict[Outcome, str] = {
    "passed": "✓ nothing found",
    "failed": "✗ more than claimed",
    "could not have seen it": "? no evidence either way",
}
NO_PROOF = (
    "Such games find bugs; that they find none is no proof. Each first has to catch a bug that was planted, "
    "or be likely to catch half the noise: one that could not have is no evidence either way. They say "
    "nothing about the people in this source."
)


def audit(release: Release) -> Section:
    """Return the section; the figures are those that the program carries, for what this release used."""
    result = recent()
    used = {str(event.mechanism.get("kind")) for event in release.events}
    used |= {str(getattr(group.generator, "kind", "")) for group in release.plan.groups}
    found = () if result is None else tuple(each for each in result.every if each.entry in used)
    if result is None or not found:
        blocks: tuple[Block, ...] = (_absent(), Prose(parts=(NO_PROOF,)))
    else:
        blocks = (_says(result, found), _table(found), Prose(parts=(NO_PROOF,)))
    return Section(
        id="audit",
        title="Attacks on the program",
        question="Has anybody tried to make the program break its claim?",
        blocks=blocks,
    )


def _absent() -> Prose:
    return Prose(
        parts=(
            "Not in this release. ",
            Value(text="synthspec audit", name=True),
            " plays distinguishing games on simulated tables that differ in one unit, against the very "
            "mechanisms and models named in ",
            Value(text="How it was made", anchor="mechanism"),
            ", and prints for each the privacy loss that it could show beside the one that is claimed.",
        )
    )


def _says(result: AuditResult, found: tuple[Played | Canaries, ...]) -> Prose:
    clean = sum(each.outcome == "passed" for each in found)
    return Prose(
        parts=(
            "Version ",
            plain(result.version),
            " of this program was attacked on simulated tables on ",
            plain(str(result.day)),
            ". Of ",
            number(len(found), count(len(found)), "P"),
            " games against the mechanisms and models that this release used, ",
            number(clean, count(clean), "P"),
            " would have seen a bug and proved no more than is claimed. ",
            Value(text="synthspec audit", name=True),
            " plays them again on your machine.",
        )
    )


def _table(found: tuple[Played | Canaries, ...]) -> Table:
    return Table(
        caption="Privacy loss proved, against the loss claimed; in μ, lower bounds",
        columns=("Against", "Game", "Claimed", "Proved, at least", "Provable, at most", "Plays", "Outcome"),
        rows=tuple(_row(each) for each in found),
        numeric=(2, 3, 4, 5),
        folded=len(found) > FOLDED,
    )


def _row(each: Played | Canaries) -> tuple[Value, ...]:
    plays = each.runs if isinstance(each, Played) else each.canaries
    return (
        plain(each.entry.replace("_", " ")),
        plain(each.title + (f", {each.neighbours}" if isinstance(each, Played) else "")),
        number(each.claim.mu, up(each.claim.mu), "P"),
        number(each.mu, near(each.mu, 0.1), "P"),
        number(each.provable, near(each.provable, 0.1), "P"),
        number(plays, count(plays), "P"),
        plain(WORDS[each.outcome]),
    )
