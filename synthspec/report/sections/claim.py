"""claim: whom the release protects, against whom, and how much.

Source: Dong, Roth & Su 2022 (trade-off curves); Nanayakkara et al. 2023 (odds are read best).
"""

from __future__ import annotations

from synthspec.plan.ops import Units, Weigh
from synthspec.privacy.accountant import zcdp_rho
from synthspec.release.release import Claim, Release
from synthspec.report.blocks import Block, Callout, Facts, Prose, Section, Value
from synthspec.report.exposure import exposure, odds
from synthspec.report.promise import delta0, sentence
from synthspec.report.sourced import booked
from synthspec.report.words import count, listed, named, number, plain, up


def claim(release: Release) -> Section:
    """Return the section."""
    held = release.claim
    blocks: tuple[Block, ...] = (Prose(parts=sentence(release)),)
    if held is not None:
        blocks = (
            *blocks,
            *odds(held),
            *exposure(release, held),
            _terms(release, held),
            _total(release, held),
            _not_covered(release),
        )
    return Section(
        id="claim", title="The privacy claim", question="Protect whom, against whom, how much?", blocks=blocks
    )


def _levels(release: Release, held: Claim) -> list[tuple[str, tuple[str | Value, ...]]]:
    """Return what is counted once per unit, or by weight: with which noise one unit is hidden there."""
    plan, items = release.plan, list[tuple[str, tuple[str | Value, ...]]]()
    names = [column.name for column in plan.columns if column.per == "unit" and not column.hidden]
    names = [name for name in names if name != held.unit]
    if any(isinstance(op, Units) for op in plan.ops):
        what: tuple[str | Value, ...] = (listed(names), " and the number of rows") if names else ()
        once = (*(what or ("the number of rows",)), ": one row of each unit is counted, so that its noise ")
        items.append(("Counted once per unit", (*once, "hides one row, and with it the whole unit")))
    weight = next((op.weight for op in plan.ops if isinstance(op, Weigh)), None)
    if weight is not None:
        said = (
            "the rows of a unit share one weight, ",
            number(weight, count(weight), "S"),
            ": models of rows say what a random row of a random unit is like",
        )
        items.append(("Weights", said))
    return items


def _terms(release: Release, held: Claim) -> Facts:
    unit = plain("one row") if held.unit == "row" else named(held.unit)
    rows = number(held.max_rows, count(held.max_rows), "S")
    rho = zcdp_rho(held.mu)
    items: list[tuple[str, tuple[str | Value, ...]]] = [
        ("Unit of privacy", (unit,)),
        (
            "Rows per unit",
            ("at most ", rows, "; further rows of a unit are left out before anything is counted"),
        ),
        (
            "Neighbours",
            (
                "one unit exchanged for another; the number of units is public"
                if held.neighbours == "replace"
                else "one unit added or removed; the numbers of rows and units are private",
            ),
        ),
        ("μ", (number(held.mu, up(held.mu), "S"), " of Gaussian differential privacy, rounded up")),
        (
            "δ₀",
            (number(delta0(held), up(delta0(held)), "S"), ", the probability that the bound by μ may fail"),
        ),
        (
            "ε and δ",
            (number(held.epsilon, up(held.epsilon), "S"), " at ", number(held.delta, up(held.delta), "S")),
        ),
    ]
    items += _levels(release, held)
    if held.cost.delta0 == 0:
        items.append(
            ("ρ", (number(rho, up(rho), "S"), " of zero-concentrated differential privacy, implied"))
        )
    return Facts(items=tuple(items))


def _total(release: Release, held: Claim) -> Prose:
    parts: list[str | Value] = [
        "The claim is the total of the plan, fixed before a row was read. It does not fall when less was "
        "spent, "
        "because how much was spent depends on the answers. ",
        *_ledger(release),
    ]
    if held.unit == "row":
        parts.append(
            " The unit is one row: a person with several rows is protected less than this claim says for one."
        )
    return Prose(parts=tuple(parts))


def _ledger(release: Release) -> tuple[str | Value, ...]:
    facts = release.ledger
    if facts is None:
        return ("The release names no ledger, so it speaks of no other release of this source.",)
    entry = booked(facts)
    many = number(facts.releases, count(facts.releases), "M", entry)
    if facts.opened_by == "operator":
        who = "The operator who made this release opened its ledger, so it speaks of no other release. "
    else:
        who = "The owner of the data opened the ledger. "
    said: tuple[str | Value, ...] = (who, "Releases charged to it, this one included: ", many, ".")
    if facts.raises:
        raised = number(facts.raises, count(facts.raises), "M", entry)
        said = (*said, " Its cap was raised ", raised, " time" if facts.raises == 1 else " times")
        said = (*said, ", by the operator." if facts.operator_raised else ", by its owner.")
    return said


def _not_covered(release: Release) -> Callout:
    declared = [each for each in release.columns if each.role == "modelled" or each.field is not None]
    public = sum(each.role != "id" and not each.hidden for each in declared)
    return Callout(
        id="outside",
        tone="warning",
        title="What the claim does not cover",
        parts=(
            "What was taken as public: the spec itself, with the domains of ",
            number(public, count(public), "S"),
            " modelled columns, its rules and its code lists; other releases of the same people; what "
            "holds for a "
            "whole population, such as that smoking causes cancer; and the security of the source.",
        ),
    )
