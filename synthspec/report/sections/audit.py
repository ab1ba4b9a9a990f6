"""audit: whether anybody attacked the program; played on simulated tables, never on private ones."""

from __future__ import annotations

from synthspec.release.release import Release
from synthspec.report.blocks import Prose, Section, Value


def audit(release: Release) -> Section:
    """Return the section: no figures of an audit are part of a release, so it says how to get them."""
    return Section(
        id="audit",
        title="Attacks on the program",
        question="Has anybody tried to make the program break its claim?",
        blocks=(
            Prose(
                parts=(
                    "Not in this release. ",
                    Value(text="synthspec audit", name=True),
                    " plays distinguishing games on simulated tables that differ in one unit, against the "
                    "very "
                    "mechanisms and models named in ",
                    Value(text="How it was made", anchor="mechanism"),
                    ", and prints for each the privacy loss that it could show beside the one that is "
                    "claimed, "
                    "and how much it could have shown at most.",
                )
            ),
            Prose(
                parts=(
                    "Such games find bugs; that they find none is no proof, which is why the bound on what "
                    "could "
                    "have been shown stands beside each. They say nothing about the people in this source.",
                )
            ),
        ),
    )
