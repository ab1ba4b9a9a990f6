"""attacks: what each attack found, against its control and against the claim; and what it would have seen.

The curve of the claim is that of the public report (privacy/risk.py).
"""

from __future__ import annotations

from synthspec.attack.evaluation import Evaluation
from synthspec.attack.exposed import GRID
from synthspec.attack.outcome import Amount, Outcome, Share, Worst
from synthspec.privacy.risk import of_cost, tradeoff
from synthspec.release.release import Claim
from synthspec.report.blocks import Curve
from synthspec.report.internal.parts import (
    Callout,
    Chapter,
    Grid,
    Part,
    Picture,
    Prose,
    Tried,
    between,
    figure,
    share,
)
from synthspec.report.internal.people import spread_of

STATUS = {"found": "no", "not seen": "open", "no evidence either way": "open", "not judged": "none"}


def attacks(evaluation: Evaluation, claim: Claim | None) -> Chapter:
    """Return the chapter."""
    parts: list[Part] = [
        Prose(
            "Each attack is made on people of the table and, in the same way, on people who are not in it: "
            "what works on both is knowledge about people in general and no leak. Intervals hold with 95 "
            "%. Of twenty attacks on a release without any leak, one finds something by chance. An attack "
            "that finds nothing says something only as far as its power reaches; that is found by planting "
            "leaks."
        )
    ]
    if evaluation.not_judged:
        parts += [Prose(f"Not judged: {line}.") for line in evaluation.not_judged]
    parts += [Callout("The control is not what it should be", f"{line}.") for line in evaluation.doubts]
    if evaluation.attacks:
        parts.append(_overview(evaluation.attacks, claim))
    parts += [_tried(each, claim) for each in evaluation.attacks]
    curve = _curve(evaluation.attacks, claim)
    if curve is not None:
        parts.append(curve)
    spread = spread_of(evaluation.attacks)
    if spread is not None:
        parts.append(spread)
    return Chapter(
        id="annex-attacks",
        title="Attacks on this release",
        question="Does this release give people away in practice, and would the attacks have seen it?",
        parts=tuple(parts),
    )


def _overview(outcomes: tuple[Outcome, ...], claim: Claim | None) -> Grid:
    rows = tuple((each.title, each.verdict, _least(each, claim)) for each in outcomes)
    return Grid("All attacks", ("Attack", "Outcome", "Smallest leak that it would have seen"), rows)


def _least(each: Outcome, claim: Claim | None) -> str:
    if each.verdict == "not judged":
        return "–"
    if each.verdict == "found":
        if claim is None or not each.rates:
            return "it found one"
        return f"it found one, {'above' if _beyond(each, claim) else 'within'} what the claim allows"
    if each.power is None or each.power.smallest is None:
        return "none: it could not have seen a leak"
    if _by_noise(each):
        return f"{share(1 - each.power.smallest)} of the noise left"
    return f"copies of {_part(each.power.smallest)}"


def _tried(each: Outcome, claim: Claim | None) -> Tried:
    return Tried(
        status=STATUS[each.verdict],
        word=each.verdict,
        title=each.title,
        says=f"The attacker {each.about}. {power_of(each)}{_against(each, claim)}",
        facts=tuple(_facts(each)),
    )


def power_of(each: Outcome) -> str:
    """Return what the outcome means, with what the attack would have seen."""
    if each.verdict == "found":
        return "It tells people of the table from others."
    if each.verdict == "not judged":
        return "It could not be judged."
    if each.power is None or each.power.smallest is None:
        whole = "all noise taken away" if _by_noise(each) else "copies of everybody it attacked"
        return f"It found nothing, and it would not have seen {whole} either: no evidence either way."
    if _by_noise(each):
        seen = f"counts with {share(1 - each.power.smallest)} of their noise"
        missed = "" if each.power.missed is None else f", not those with {share(1 - each.power.missed)} of it"
    else:
        seen = f"copies of {_part(each.power.smallest)}"
        missed = "" if each.power.missed is None else f", not of {_part(each.power.missed)}"
    return f"It found nothing; it would have seen {seen}{missed}."


def _part(amount: float) -> str:
    return "everybody it attacked" if amount >= 1 else f"{100 * amount:.3g} % of the people it attacked"


def _by_noise(each: Outcome) -> bool:
    return each.power is not None and each.power.planted != "copies"


def _against(each: Outcome, claim: Claim | None) -> str:
    """Return how the rates compare with what the claim allows."""
    if claim is None or not each.rates:
        return ""
    if _beyond(each, claim):
        return (
            " Even the low end of a rate lies above the most that the claim allows any attack: the claim, "
            "or the program, is wrong, or the control is not like the table. Find out before anything is "
            "released."
        )
    return " Its rates are compatible with the claim." if each.verdict == "found" else ""


def _beyond(each: Outcome, claim: Claim) -> bool:
    """Return whether a rate lies above the claim's curve by more than both intervals explain."""
    mu, delta0 = of_cost(claim.cost)
    return any(r.members.low > tradeoff(mu, delta0, r.others.high) for r in each.rates)


def _facts(each: Outcome) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if each.auc is not None:
        found.append(
            ("area under the curve", f"{figure(each.auc.value)} ({between(each.auc.low, each.auc.high)})")
        )
    if each.success is not None:
        found.append(("right about people of the table", counted(each.success)))
    if each.control is not None:
        found.append(("right about others", counted(each.control)))
    if each.excess is not None:
        ends = between(each.excess.low, each.excess.high)
        found.append(("excess over the control", f"{figure(each.excess.value)} ({ends})"))
    if each.precision is not None:
        found.append(("precision: right among guesses", counted(each.precision)))
    if each.recall is not None:
        found.append(("recall: right among people attacked", counted(each.recall)))
    for rate in each.rates:
        most = "" if rate.bound is None else f"; any attack at the claim: {share(rate.bound)} at most"
        told = f"{counted(rate.members)}, of others {counted(rate.others)}{most}"
        found.append((f"members found at {100 * rate.rate:g} % false alarms", told))
    if each.exposed is not None:
        found.append(("the 1 % that it is surest of", _surest(each.exposed.worst)))
    found += [("limit", note) for note in each.notes]
    found.append(("method", each.cites))
    return found


def counted(each: Share) -> str:
    """Return a share with its trials and interval."""
    return f"{share(each.value)} ({each.hits} of {each.trials}; {share(each.low)} to {share(each.high)})"


def _surest(worst: Worst) -> str:
    right = f"{share(worst.right.value)} ({_ends(worst.right)})"
    most = "" if worst.bound is None else f"; any attack at the claim: {share(worst.bound)} at most"
    others = f"{worst.others.hits} of {worst.others.trials:,} others"
    return (
        f"{worst.members.hits:,} people; {others} score as high; "
        f'at even odds "is in the table" is right about one who does with {right}{most}'
    )


def _ends(amount: Amount) -> str:
    if amount.low is None or amount.high is None:
        return ""
    return f"{share(amount.low)} to {share(amount.high)}"


def _curve(outcomes: tuple[Outcome, ...], claim: Claim | None) -> Picture | None:
    scored = [each for each in outcomes if each.rates]
    if not scored or claim is None:
        return None
    mu, delta0 = of_cost(claim.cost)
    bound = tuple((x, max(0.001, tradeoff(mu, delta0, x))) for x in GRID)
    shown = [each for each in scored if each.exposed is not None and each.exposed.curve][:4]
    lines = [
        tuple((p.rate, max(0.001, p.members)) for p in each.exposed.curve)
        for each in shown
        if each.exposed is not None
    ]
    names = [each.title for each in shown]
    rows = tuple(
        (
            each.title,
            f"{100 * r.rate:g} %",
            share(r.members.value),
            f"{share(r.members.low)} to {share(r.members.high)}",
            "–" if r.bound is None else share(r.bound),
        )
        for each in scored
        for r in each.rates
    )
    over = any(_beyond(each, claim) for each in scored)
    return Picture(
        finding="Some attack lies above what the claim allows."
        if over
        else "No attack lies clearly above what the claim allows any attack.",
        chart=Curve(
            title="Members found against false alarms, both on log scales",
            x_axis="others taken for members",
            y_axis="members found",
            names=("Any attack, by the claim", "Guessing", *names),
            lines=(bound, ((0.001, 0.001), (1.0, 1.0)), *lines),
        ),
        grid=Grid(
            caption="Members found at low false-alarm rates",
            columns=("Attack", "False alarms", "Members found", "95 % interval", "Most by the claim"),
            rows=rows,
            numeric=(1, 2, 3, 4),
        ),
    )
