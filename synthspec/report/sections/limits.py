"""limits: what no part of this release covers; a fixed list, always printed."""

from __future__ import annotations

from synthspec.release.release import Release
from synthspec.report.blocks import Facts, Heading, Prose, Section

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
        "nor do timing, memory and caches fall under the claim.",
    ),
    (
        "Cryptography",
        "The noise comes from the operating system's generator, and the commitment to the source and the "
        "choice of units held out rest on keyed hashes: the claim holds against whoever cannot break these.",
    ),
    (
        "Single questions",
        "A pattern in these rows that no figure of this report covers may be an artefact of the model.",
    ),
    ("The law", "Whether these rows are personal data is for the controller to decide."),
)


SIGNER: tuple[tuple[str, str], ...] = (
    (
        "Made-up answers",
        "Noisy answers can be written by hand, with prices and noise that fit each other; every check "
        "of this folder would pass.",
    ),
    (
        "Another table",
        "The run may have read another table than the one named, or rows that were prepared for it. The "
        "commitment to the source shows it only to whoever is given its key and the source.",
    ),
    (
        "A better draw",
        "Of several runs, the most pleasing may have been published. On one ledger that shows as more "
        "releases; on a ledger that nobody is shown, it does not.",
    ),
    (
        "A spec made to measure",
        "Domains, bounds, rules and the unit may have been written after looking at the data, at no price: "
        "the plan is shown to follow from the spec, not the spec from public knowledge.",
    ),
    (
        "A second ledger",
        "A copy of the source on another machine, under another name, starts a ledger of its own.",
    ),
    (
        "A changed program",
        "Another program may write the same folder. That its noise has the stated spread can be tested; that "
        "it was random, and not the same in two answers, cannot.",
    ),
)
"""What a signer who lies could still do: no check of a release folder sees it."""


def limits(release: Release) -> Section:
    """Return the section; the same for every release."""
    return Section(
        id="limits",
        title="Limits",
        question="What is not covered?",
        blocks=(
            Facts(items=tuple((name, (text,)) for name, text in LIMITS)),
            Heading(text="What a signer who lies could still do"),
            Prose(
                parts=(
                    "A signature says who stands behind these files, and that nobody changed them since. It "
                    "does not make them true.",
                )
            ),
            Facts(items=tuple((name, (text,)) for name, text in SIGNER)),
        ),
    )
