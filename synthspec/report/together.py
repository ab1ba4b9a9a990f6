"""Together: what two releases amount to for somebody who holds both.

Costs of one protection add up, adaptively chosen ones too, so the sum is a claim about both. Of two releases
of one ledger it is part of what that ledger counts; of others it holds for units that are in both sources.
Nothing private is read.

Source: DECISIONS 17 (costs add); Dong, Roth & Su 2022, Cor. 3.3.
"""

from __future__ import annotations

from fractions import Fraction

from synthspec.privacy.accountant import claim_epsilon, mu_in
from synthspec.privacy.cost import Cost
from synthspec.release.release import LedgerFacts, Release
from synthspec.report.words import count, named, up
from synthspec.terms.frozen import Frozen


class Together(Frozen):
    """What both claims amount to: at the sum of their deltas; None of a figure where they do not add.

    `ledger` names the ledger that charged both, where it has a name that the data's owner gave; `why` says
    what the figures mean, or why there are none.
    """

    mu: float | None
    epsilon: float | None
    delta: float | None
    ledger: str | None
    why: str


def together(first: Release, second: Release) -> Together:
    """Return what somebody who holds both releases holds of any unit."""
    one, two = first.claim, second.claim
    if one is None or two is None:
        return _none("a release that read no private rows adds nothing to the other")
    if first.ledger and second.ledger and first.ledger.entry and first.ledger.entry == second.ledger.entry:
        return _none(
            "one entry of a ledger charged both: they are one release, or `synthspec verify A B` fails"
        )
    if (one.unit, one.neighbours) != (two.unit, two.neighbours):
        return _none("they protect different units, or by different neighbours: their claims do not add")
    whole: Cost = one.cost + two.cost
    delta = float(Fraction(repr(float(one.delta))) + Fraction(repr(float(two.delta))))
    ledger = _ledger(first.ledger, second.ledger)
    unit = named(one.unit).text
    why = (
        f"charged to one ledger, {named(ledger).text}{_counted(first.ledger, second.ledger)}"
        if ledger
        else f"they are not shown to be of one ledger; so it is for every {unit} that is in both sources"
    )
    return Together(
        mu=float(mu_in(whole)),
        epsilon=float(claim_epsilon(whole, delta)),
        delta=delta,
        ledger=ledger,
        why=why,
    )


def together_text(held: Together) -> str:
    """Return it as one line."""
    if held.mu is None or held.epsilon is None:
        return f"Together: {held.why}"
    epsilon = up(held.epsilon)
    return f"Together: μ = {up(held.mu)}, ε = {epsilon} at δ = {held.delta:g} for who holds both ({held.why})"


def _none(why: str) -> Together:
    return Together(mu=None, epsilon=None, delta=None, ledger=None, why=why)


def _ledger(one: LedgerFacts | None, two: LedgerFacts | None) -> str | None:
    """Return the ledger of both, if its name tells it apart: default ledgers all have one name."""
    if one is None or two is None or one.name != two.name or "operator" in (one.opened_by, two.opened_by):
        return None
    return one.name


def _counted(one: LedgerFacts | None, two: LedgerFacts | None) -> str:
    many = max(each.releases for each in (one, two) if each is not None)
    return f", which had {count(many)} releases when the later one was made" if many > 1 else ""
