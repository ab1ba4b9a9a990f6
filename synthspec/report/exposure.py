"""Exposure: what the best possible attacker learns of one person, a family, a subgroup's member, in all.

Everything here is a function of the claim and of public counts (class S); attacks that were tried on a
release belong to the internal edition.

Source: Nanayakkara et al. 2023 (odds are read best); Dong, Roth & Su 2022 (trade-off curves).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthspec.privacy import risk
from synthspec.privacy.cost import Cost
from synthspec.release.counted import Counted
from synthspec.release.manifest import Class
from synthspec.release.release import Claim, LedgerFacts, Release
from synthspec.report.blocks import Block, Callout, Curve, Figure, Heading, Prose, Table, Value
from synthspec.report.promise import delta0
from synthspec.report.sourced import booked
from synthspec.report.words import count, named, number, percent, percent_up, plain, up

FAMILY = 4
"""How many units the family of the tables has."""

CURVE = tuple(10 ** (-4 + i / 6) for i in range(25))
FOLDED = 20


@dataclass(frozen=True)
class Who:
    """One line of the tables: whom an attack is after, and the risk; `events` where the ledger said so."""

    name: str
    risk: risk.Risk
    events: tuple[str, ...] = ()


def people(
    held: Claim, together: Cost | None = None, words: str = "", events: tuple[str, ...] = ()
) -> tuple[Who, ...]:
    """Return one unit and a family, and both over several releases where their sum is given.

    Args:
        held: the claim of one release.
        together: what several releases amount to, this one included.
        words: which releases those are.
        events: what says so.
    """
    mu, slack = held.mu, delta0(held)
    one = "one row" if held.unit == "row" else "one unit"
    found = [
        Who(one, risk.risk(mu, slack)),
        Who(f"a family of {FAMILY} units", risk.risk(mu, slack, FAMILY)),
    ]
    if together is not None:
        mu, slack = risk.of_cost(together)
        found += [
            Who(f"{one}, {words}", risk.risk(mu, slack), events),
            Who(f"a family of {FAMILY}, {words}", risk.risk(mu, slack, FAMILY), events),
        ]
    return tuple(found)


def odds(held: Claim) -> tuple[Block, ...]:
    """Return the claim as odds: the first view, which is read best."""
    right = risk.best_guess(held.mu, delta0(held), 0.5)
    one = "row" if held.unit == "row" else "unit"
    parts: tuple[str | Value, ...] = (
        f"Suppose somebody knows every other row, and holds it as likely as not that one given {one} is in "
        "the data. After seeing everything released, their best guess is right at most ",
        number(right, percent_up(right), "S"),
        " of the time; by tossing a coin it would be ",
        number(0.5, "50 %", "S"),
        ".",
    )
    return (Callout(title="In everyday odds", parts=parts), _beliefs(held), Prose(parts=(POINTED,)))


def _beliefs(held: Claim) -> Table:
    slack = delta0(held)
    rows = []
    for prior in risk.PRIORS:
        right = risk.best_guess(held.mu, slack, prior)
        flagged = risk.posterior(held.mu, slack, prior, 0.01)
        rows.append(
            (
                number(prior, percent(prior), "S"),
                number(max(prior, 1 - prior), percent(max(prior, 1 - prior)), "S"),
                number(right, percent_up(right), "S"),
                number(flagged, percent_up(flagged), "S"),
            )
        )
    return Table(
        caption="What an attacker believes of one given member, before and after",
        columns=(
            "Believed beforehand",
            "Guess right without the release",
            "Guess right with it, at most",
            "Believed when pointed at*",
        ),
        rows=tuple(rows),
        numeric=(1, 2, 3),
    )


POINTED = (
    "* At most, of somebody whom the best attack with 1 % false alarms points at: Bayes' rule on the curve "
    "below."
)


def exposure(release: Release, held: Claim) -> tuple[Block, ...]:
    """Return attack rates and the trade-off curve, for one unit, a family, members of subgroups, in all."""
    return (
        attacks(_who_of(held, release.ledger)),
        *_ledger(release.ledger),
        *(block for counted in release.counted for block in _members(held, counted, release.rows)),
    )


def _who_of(held: Claim, facts: LedgerFacts | None) -> tuple[Who, ...]:
    if facts is None or facts.charged is None or facts.releases < 2:
        return people(held)
    return people(held, facts.charged, f"all {count(facts.releases)} releases", booked(facts))


def attacks(who: Sequence[Who]) -> Figure:
    """Return the trade-off curves and the attack rates of each."""
    worst = who[0].risk.found[1]
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
            title="What any attack can reach: members found against false alarms, both axes logarithmic",
            x_axis="false alarms",
            y_axis="members found, at most",
            names=(*(each.name for each in who), "guessing"),
            lines=(*(_line(each.risk) for each in who), ((CURVE[0], CURVE[0]), (1.0, 1.0))),
        ),
        table=Table(
            caption="The best possible membership attack, by its false alarms, whatever its method",
            columns=(
                "After",
                "μ",
                *(f"Found at {percent(rate)}" for rate in risk.FALSE_ALARMS),
                "Advantage",
                "Guess right, from 50 %",
            ),
            rows=tuple(_who(each) for each in who),
            numeric=(1, 2, 3, 4, 5, 6),
        ),
    )


def _line(held: risk.Risk) -> tuple[tuple[float, float], ...]:
    return tuple((rate, max(rate, risk.tradeoff(held.mu, held.delta0, rate, held.size))) for rate in CURVE)


def _who(each: Who) -> tuple[Value, ...]:
    kind: Class = "M" if each.events else "S"
    mu = risk.group(each.risk.mu, each.risk.size)[0]
    shares = (*each.risk.found, each.risk.advantage, each.risk.right[-1])
    return (
        plain(each.name),
        number(mu, up(mu), kind, each.events),
        *(number(share, percent_up(share), kind, each.events) for share in shares),
    )


def _ledger(facts: LedgerFacts | None) -> tuple[Block, ...]:
    """Return how many releases the ledger counts, and what they amount to together."""
    if facts is None:
        return ()
    many = number(facts.releases, count(facts.releases), "M", booked(facts))
    if facts.charged is None:
        return (
            Prose(
                parts=(
                    "Releases on the ledger: ",
                    many,
                    "; what they add up to was not kept.",
                )
            ),
        )
    parts: list[str | Value] = ["Releases on the ledger, this one included: ", many, ". "]
    if facts.releases == 1:
        parts.append("The figures of this release are those of all of them.")
        return (Prose(parts=tuple(parts)),)
    parts += ["Together they amount to μ = ", _mu(facts.charged, facts)]
    if facts.cap is not None:
        parts += [", of at most ", _mu(facts.cap, facts), " that the ledger allows"]
    return (Prose(parts=(*parts, ".")),)


def _mu(cost: Cost, facts: LedgerFacts) -> Value:
    mu, _ = risk.of_cost(cost)
    return number(mu, up(mu), "M", booked(facts))


def _members(held: Claim, counted: Counted, rows: int) -> tuple[Block, ...]:
    """Return, for each group of a declared subgroup, what an attacker may learn of one of its members.

    To tell one group from another, one unit's rows are exchanged: two steps where neighbours add or remove.
    """
    if counted.kind != "subgroup" or not rows:
        return ()
    steps = 1 if held.neighbours == "replace" else 2
    slack = delta0(held)
    there = risk.tradeoff(held.mu, slack, 0.01)
    lines = []
    for group in counted.groups:
        share = group.of / rows
        name = plain("missing") if group.values[0] is None else named(group.values[0])
        line = [name, number(share, percent(share), "S"), number(there, percent_up(there), "S")]
        if 0 < share < 1:
            right = risk.best_guess(held.mu, slack, share, steps)
            flagged = risk.posterior(held.mu, slack, share, 0.01, steps)
            line += [number(right, percent_up(right), "S"), number(flagged, percent_up(flagged), "S")]
        else:
            line += [plain("nothing to guess")] * 2
        lines.append(tuple(line))
    title = named(counted.name).text
    return (
        Heading(text=f"A member of each group of {title}"),
        Prose(
            parts=(
                "Whoever belongs to a small group is protected as much as everybody else: the bound on being "
                "found does not depend on the group. What is learned of the group as a whole is another "
                "matter: its share is released, and may be used to guess.",
            )
        ),
        Table(
            caption=f"The best attack on one member of a group of {title}, at 1 % false alarms; at most",
            columns=(
                "Group",
                "Share of the released rows",
                "Found in the data",
                "Group guessed right",
                "Believed when pointed at",
            ),
            rows=tuple(lines),
            numeric=(1, 2, 3, 4),
            folded=len(lines) > FOLDED,
        ),
    )
