"""promise: the claim in words, shared by the cover and by the section about it."""

from __future__ import annotations

from synthspec.privacy.cost import DELTA0_UNIT
from synthspec.release.release import Claim, Release
from synthspec.report.blocks import Value
from synthspec.report.words import count, named, number, up

Parts = tuple[str | Value, ...]


def delta0(claim: Claim) -> float:
    """Return the slack of `claim` as a probability."""
    return float(claim.cost.delta0 * DELTA0_UNIT)


def sentence(release: Release) -> Parts:
    """Return the claim sentence; for a release without private rows, that there is none to make."""
    claim, plan = release.claim, release.plan
    if claim is None:
        if plan.source is not None:
            return (
                "The source ",
                named(plan.source.path),
                " was declared public. Nothing was charged and no privacy is claimed.",
            )
        return ("These rows come from declared rules and public knowledge alone. No private table was read.",)
    source = plan.source.path if plan.source is not None else plan.name
    slack = delta0(claim)
    replaced = claim.neighbours == "replace"
    unit: Parts = ("row",) if claim.unit == "row" else (named(claim.unit),)
    rows = number(claim.max_rows, count(claim.max_rows), "S")
    each: Parts = () if claim.unit == "row" else (" (at most ", rows, " rows each)")
    own: Parts = ()
    if claim.unit != "row" and claim.unit_null == "own":
        own = (" Rows without a ", *unit, " are protected one by one.")
    up_to: Parts = (" (up to δ₀ = ", number(slack, up(slack), "S"), ")") if slack else ()
    return (
        "For every ",
        *unit,
        " in ",
        named(source),
        *each,
        ", this release satisfies ",
        number(claim.mu, up(claim.mu), "S"),
        "-GDP",
        *up_to,
        ", hence (",
        number(claim.epsilon, up(claim.epsilon), "S"),
        ", ",
        number(claim.delta, up(claim.delta), "S"),
        ")-differential privacy, when ",
        "one row is " if claim.unit == "row" else "one of them is ",
        "exchanged for another." if replaced else "added or removed.",
        *own,
    )
