"""limits: what no part of this release covers; a fixed list, always printed."""

from __future__ import annotations

from synthspec.release.release import Release
from synthspec.report.blocks import Facts, Section

LIMITS: tuple[tuple[str, str], ...] = (
    (
        "Whole populations",
        "What holds for people in general can be learned from these rows, and applied to a person in the "
        "data "
        "or not.",
    ),
    (
        "Other releases",
        "Every release about the same people adds up. The ledger counts those charged to it, and no others.",
    ),
    (
        "The unit",
        "Whoever is more than one unit, under two names perhaps, is protected less than one unit.",
    ),
    ("The source", "Who may read the private table, and how it is kept, is outside this report."),
    (
        "Single decisions",
        "The rows are drawn from a model: no row is a person, and none supports a decision about one.",
    ),
    ("Naive statistics", "p-values and standard errors computed as if the rows were real are too small."),
    ("Rare groups", "Small groups may come out larger, smaller or more alike than they are."),
    (
        "Inputs",
        "That the domains, bounds and rules of the spec were not read off the data is its author's word; "
        "so is "
        "that the unit is what it is said to be.",
    ),
    (
        "The run",
        "This page cannot show that this program ran on that table, nor that its noise was truly random; "
        "nor do "
        "timing, memory and caches fall under the claim.",
    ),
    ("The law", "Whether these rows are personal data is for the controller to decide."),
)


def limits(release: Release) -> Section:
    """Return the section; the same for every release."""
    return Section(
        id="limits",
        title="Limits",
        question="What is not covered?",
        blocks=(Facts(items=tuple((name, (text,)) for name, text in LIMITS)),),
    )
