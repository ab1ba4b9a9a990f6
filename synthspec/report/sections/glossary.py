"""glossary: what the words on this page mean."""

from __future__ import annotations

from synthspec.release.release import Release
from synthspec.report.blocks import Facts, Section

WORDS: tuple[tuple[str, str], ...] = (
    (
        "Differential privacy",
        "A promise about a method: whether or not one unit is in the table, everything released comes out "
        "with "
        "nearly the same probabilities. Noise, not secrecy of the method, keeps it.",
    ),
    (
        "μ-GDP",
        "Gaussian differential privacy: telling whether a unit is in the table is at least as hard as "
        "telling a "
        "normal distribution with mean 0 from one with mean μ, both with standard deviation 1, from one "
        "draw.",
    ),
    (
        "(ε, δ)",
        "An older way to say it: no probability grows by more than a factor of e to the ε, and δ besides. "
        "Many "
        "pairs follow from one μ; the page prints the one at the δ of the spec.",
    ),
    (
        "δ₀",
        "A probability with which the bound by μ may fail; purchases that find lists of values use some "
        "of it.",
    ),
    (
        "Unit",
        "What one neighbour has more than the other: all rows with one value of the unit's column, or one "
        "row.",
    ),
    ("Membership attack", "Deciding from everything released whether a given unit is in the private table."),
    ("False alarms", "The share of units not in the table that an attack takes for members."),
    ("Members found", "The share of the units in the table that an attack finds: its true-positive rate."),
    (
        "Advantage",
        "How far members found exceed false alarms, at most; 0 is guessing, 100 % is certainty.",
    ),
    (
        "Sampling ceiling",
        "How far as many fresh people as there are released rows would lie from the private rows, on "
        "average.",
    ),
    (
        "As good as a sample",
        "The share of the private rows, a fair sample of which would be as far from them as the released "
        "rows "
        "are.",
    ),
    ("Not assessed", "Nothing was looked at. It does not say that something is wrong, nor that it is right."),
    (
        "Total variation distance",
        "The largest difference between two tables in the share of rows of any kind; 0 to 1.",
    ),
    (
        "Noise alone",
        "How far two tables would lie apart on average if the model were right and only the noise differed.",
    ),
    (
        "Chi-square / cells",
        "Near 1: the model and the noisy answer agree up to the noise. Far above 1: they do not.",
    ),
    ("Event", "One purchase from the budget, with its mechanism and its price, numbered in order."),
    (
        "Classes",
        "Each number has one. S: from the spec and the released rows. M: from noisy answers already paid "
        "for. "
        "B: bought for this report. P: from public data. No other class can be written into this report.",
    ),
)


def glossary(release: Release) -> Section:
    """Return the section; the same for every release."""
    return Section(
        id="glossary",
        title="Words",
        question="What do the words mean?",
        blocks=(Facts(items=tuple((word, (text,)) for word, text in WORDS)),),
    )
