"""claim: whom the release protects, against whom, and how much.

Source: Dong, Roth & Su 2022 (trade-off curves); Nanayakkara et al. 2023 (odds are read best).
"""

from __future__ import annotations

from synthspec.privacy.accountant import advantage, group_mu, tpr_at, zcdp_rho
from synthspec.release.release import Claim, Release
from synthspec.report.blocks import Block, Callout, Curve, Facts, Figure, Prose, Section, Table, Value
from synthspec.report.sections.promise import delta0, sentence
from synthspec.report.words import count, named, number, percent, percent_up, plain, up

RATES = (0.1, 0.01, 0.001)
CURVE = tuple(10 ** (-4 + i / 10) for i in range(41))


def claim(release: Release) -> Section:
    """Return the section."""
    held = release.claim
    blocks: tuple[Block, ...] = (Prose(parts=sentence(release)),)
    if held is not None:
        blocks = (
            *blocks,
            *_odds(held),
            _attacks(held),
            _terms(held),
            _total(release, held),
            _not_covered(release),
        )
    return Section(
        id="claim", title="The privacy claim", question="Protect whom, against whom, how much?", blocks=blocks
    )


def _one(held: Claim) -> str:
    return "row" if held.unit == "row" else "unit"


def _odds(held: Claim) -> tuple[Block, ...]:
    right = min(1.0, (1 + advantage(held.mu, delta0(held))) / 2)
    parts: tuple[str | Value, ...] = (
        f"Suppose somebody knows every other row, and holds it as likely as not that one given "
        f"{_one(held)} is in "
        "the data. After seeing everything released, their best guess is right at most ",
        number(right, percent_up(right), "S"),
        " of the time; by tossing a coin it would be ",
        number(0.5, "50 %", "S"),
        ".",
    )
    return (Callout(title="In everyday odds", parts=parts),)


def _attacks(held: Claim) -> Figure:
    slack = delta0(held)
    rows = []
    for rate in RATES:
        found = tpr_at(rate, held.mu, slack)
        times = found / rate
        rows.append(
            (
                number(rate, percent(rate), "S"),
                number(found, percent_up(found), "S"),
                number(times, f"× {up(times)}", "S"),
            )
        )
    table = Table(
        caption="The best possible membership attack, whatever its method",
        columns=("False alarms", "Members found, at most", "Against guessing"),
        rows=tuple(rows),
        numeric=(1, 2),
    )
    worst = tpr_at(0.01, held.mu, slack)
    bound = tuple((rate, max(rate, tpr_at(rate, held.mu, slack))) for rate in CURVE)
    return Figure(
        finding=(
            "An attacker who accepts ",
            number(0.01, "1 %", "S"),
            " false alarms finds at most ",
            number(worst, percent_up(worst), "S"),
            " of the members; guessing finds ",
            number(0.01, "1 %", "S"),
            ".",
        ),
        chart=Curve(
            title="What any attack can reach",
            x_axis="false alarms",
            y_axis="members found",
            names=("bound of this release", "guessing"),
            lines=(bound, ((CURVE[0], CURVE[0]), (1.0, 1.0))),
        ),
        table=table,
    )


def _terms(held: Claim) -> Facts:
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
    if held.cost.delta0 == 0:
        items.append(
            ("ρ", (number(rho, up(rho), "S"), " of zero-concentrated differential privacy, implied"))
        )
        family = group_mu(held.mu, 4)
        items.append(
            (
                "A group of four",
                (number(family, up(family), "S"), " is the μ that protects four units jointly"),
            )
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
    many = number(facts.releases, count(facts.releases), "M")
    if facts.opened_by == "operator":
        who = "The operator who made this release opened its ledger, so it speaks of no other release. "
    else:
        who = "The owner of the data opened the ledger. "
    said: tuple[str | Value, ...] = (who, "Releases charged to it, this one included: ", many, ".")
    if facts.raises:
        raised = number(facts.raises, count(facts.raises), "M")
        said = (*said, " Its cap was raised ", raised, " time" if facts.raises == 1 else " times")
        said = (*said, ", by the operator." if facts.operator_raised else ", by its owner.")
    return said


def _not_covered(release: Release) -> Callout:
    declared = [each for each in release.columns if each.role == "modelled" or each.field is not None]
    public = sum(each.role != "id" and not each.hidden for each in declared)
    return Callout(
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
