"""cover: what this is, what it claims, and whether one can stop reading."""

from __future__ import annotations

from synthspec.privacy.risk import tradeoff
from synthspec.release.release import Claim as Promise
from synthspec.release.release import Release
from synthspec.report.blocks import Check, Claim, Prose, Section, Status, Value, Verdict
from synthspec.report.gates import judge
from synthspec.report.promise import delta0, sentence
from synthspec.report.sourced import booked, bought, resting
from synthspec.report.words import count, named, number, percent_up, plain, up

VERIFY = Value(text="synthspec verify RELEASE", name=True)


def cover(release: Release) -> Section:
    """Return the section."""
    numbers = () if release.claim is None else headline(release.claim)
    return Section(
        id="cover",
        title="At a glance",
        question="What is this, and what does it promise?",
        blocks=(
            Claim(sentence=sentence(release), numbers=numbers),
            Prose(
                parts=(
                    "Read with it: ",
                    *_outside(release),
                    Value(text="known hazards, one by one", anchor="hazards"),
                    " and ",
                    Value(text="the limits", anchor="limits"),
                    ". Whether these rows are personal data is for the controller to decide.",
                )
            ),
            Verdict(checks=_checks(release)),
        ),
    )


def _outside(release: Release) -> tuple[str | Value, ...]:
    if release.claim is None:
        return ()
    return Value(text="what the claim does not cover", anchor="outside"), ", "


def headline(claim: Promise) -> tuple[tuple[str, Value, tuple[str | Value, ...]], ...]:
    """Return the numbers under the claim's sentence, each with what it means."""
    caught = tradeoff(claim.mu, delta0(claim), 0.01)
    unit = Value(text="row") if claim.unit == "row" else named(claim.unit)
    rows = number(claim.max_rows, count(claim.max_rows), "S")
    each: tuple[str | Value, ...] = ("at most ", rows, " row each" if claim.max_rows == 1 else " rows each")
    if claim.unit == "row":
        each = ("each by itself; a person may have several",)
    one = number(0.01, "1 %", "S")
    return (
        ("Protected", unit, each),
        ("μ", number(claim.mu, up(claim.mu), "S"), ("Gaussian differential privacy",)),
        (
            "ε",
            number(claim.epsilon, up(claim.epsilon), "S"),
            ("at δ = ", number(claim.delta, up(claim.delta), "S")),
        ),
        (
            "Best attack",
            number(caught, percent_up(caught), "S"),
            ("of members found, at most, with ", one, " false alarms (", one, " by guessing)"),
        ),
    )


def _checks(release: Release) -> tuple[Check, ...]:
    scenarios = (_scenarios(release),) if release.scenarios else ()
    return (
        _accounts(release),
        _rules(release),
        *scenarios,
        _gates(release),
        _ledger(release),
        _verification(),
        _signature(),
    )


def _accounts(release: Release) -> Check:
    if release.claim is None:
        return Check(
            status="none",
            word="nothing to pay",
            what="Budget",
            says=("No private rows were read, so nothing was charged.",),
        )
    if not release.spent.fits(release.claim.cost):
        return Check(
            status="no",
            word="does not add up",
            what="Budget",
            says=("The purchases add up to more than the claim.",),
        )
    purchases = resting(release, len(release.events), count(len(release.events)), bought(release))
    return Check(
        status="yes",
        word="adds up",
        what="Budget",
        says=(
            "The prices of ",
            purchases,
            " purchase" if len(release.events) == 1 else " purchases",
            " were added up again for this page; they stay within the claim, which is the plan's total.",
        ),
    )


def _rules(release: Release) -> Check:
    certificate = release.certificate
    enforced = [rule for rule in certificate.rules if rule.enforce == "always"]
    if not enforced:
        return Check(status="none", word="none set", what="Rules", says=("The spec enforces no rules.",))
    if certificate.problem is not None:
        says: tuple[str | Value, ...] = ("There are no rows: ", plain(certificate.problem), ".")
        return Check(status="no", word="not met", what="Rules", says=says)
    failed = number(certificate.violations, count(certificate.violations), "S")
    rows = number(certificate.rows, count(certificate.rows), "S")
    many = number(len(enforced), f"{len(enforced)} rule{'s' if len(enforced) > 1 else ''}", "S")
    return Check(
        status="no" if certificate.violations else "yes",
        word="violated" if certificate.violations else "hold",
        what="Rules",
        says=(many, " checked on every one of ", rows, " rows: ", failed, " violations."),
    )


def _scenarios(release: Release) -> Check:
    missed = [table for table in release.scenarios if table.problem is not None]
    broken = sum(table.certificate.violations for table in release.scenarios)
    asked = len(release.scenarios)
    says: list[str | Value] = [number(asked, count(asked), "S"), " asked for"]
    for table in missed:
        says += ["; ", named(table.name), " has no rows: ", plain(table.problem or "")]
    if broken:
        says += ["; ", number(broken, count(broken), "S"), " violations of rules in them"]
    bad = bool(missed or broken)
    return Check(
        status="no" if bad else "yes",
        word="not all drawn" if missed else "break rules" if broken else "drawn",
        what="Scenarios",
        says=(*says, "."),
    )


def _gates(release: Release) -> Check:
    results = judge(release)
    if not results:
        return Check(status="none", word="none set", what="Gates", says=("The spec sets no gates.",))
    events = tuple(dict.fromkeys(event for result in results for event in result.events))
    says: list[str | Value] = []
    for outcome, word in (("pass", "passed"), ("fail", "failed"), ("unknown", "cannot be told")):
        found = sum(result.outcome == outcome for result in results)
        if found:
            says += [", " if says else "", number(found, f"{found} {word}", "B" if events else "S", events)]
    outcomes = {result.outcome for result in results}
    status: Status = "no" if "fail" in outcomes else "open" if "unknown" in outcomes else "yes"
    words = {"no": "not all passed", "open": "not all can be told", "yes": "passed"}
    return Check(status=status, word=words[status], what="Gates", says=(*says, "."))


def _ledger(release: Release) -> Check:
    if release.claim is None:
        return Check(status="none", word="none needed", what="Ledger", says=("No private rows were read.",))
    facts = release.ledger
    if facts is None:
        return Check(status="open", word="not named", what="Ledger", says=("The release names no ledger.",))
    many = number(facts.releases, count(facts.releases), "M", booked(facts))
    raised = ("; its cap was raised",) if facts.raises else ()
    if facts.opened_by == "operator":
        return Check(
            status="open",
            word="opened by the operator",
            what="Ledger",
            says=(
                "The operator who made this release opened its ledger",
                ", and raised its cap" if facts.operator_raised else "",
                "; it speaks of no release but those charged to it, this one included: ",
                many,
                ".",
            ),
        )
    return Check(
        status="yes",
        word="opened by the owner",
        what="Ledger",
        says=(
            "The owner of the data opened the ledger; releases charged to it, this one included: ",
            many,
            *raised,
            ".",
        ),
    )


def _verification() -> Check:
    return Check(
        status="open",
        word="not verified here",
        what="Re-verification",
        says=(
            "A page cannot check itself: ",
            VERIFY,
            " recomputes prices, noise, rows and rules without the data. What it does: ",
            Value(text="Verify it yourself", anchor="verify"),
            ".",
        ),
    )


def _signature() -> Check:
    return Check(
        status="open",
        word="not known here",
        what="Signature",
        says=(
            "Signatures cover this page too, so it cannot show them; they lie beside it. ",
            Value(text="synthspec verify RELEASE --key KEY", name=True),
            " says who signed.",
        ),
    )
