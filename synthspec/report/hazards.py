"""Hazards: ways in which releases like this one fail, each with what this release shows about it.

A status is computed from the release and never says that a rule or a law is met: `evidence` says that
there is something to look at, `stated` that it is the author's word, `open` that nothing was looked at,
`outside` that no release could show it, `found` that the hazard is there.

Source: NIST SP 800-226 (2025), whose hazards carry names of ours; WP216 (2014), EDPB Opinion 28/2024;
45 CFR 164.514(b)(1); ISO/IEC 27559:2022, 20889:2018; Pilgram et al. 2025; Cohen & Nissim 2020.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from synthspec.attack.audited import recent
from synthspec.privacy import risk
from synthspec.release.release import Claim, Release
from synthspec.report.blocks import Value
from synthspec.report.promise import delta0
from synthspec.report.sourced import booked, bought, learned, resting
from synthspec.report.words import count, number, percent_up, plain, up

Standing = Literal["evidence", "stated", "open", "outside", "found"]
WORDS: dict[Standing, str] = {
    "evidence": "✓ evidence here",
    "stated": "? author's word",
    "open": "? not assessed",
    "outside": "– outside a release",
    "found": "✗ found",
}

LARGE = 10.0
"""An epsilon above which a guarantee says little to most readers."""

Finding = tuple[Standing, Value, str]
"""A standing, what the release shows, and the id of the section that is the evidence (or "")."""


def _many(amount: int, what: str) -> str:
    return f"{count(amount)} {what}{'' if amount == 1 else 's'}"


@dataclass(frozen=True)
class Hazard:
    """One line: what may go wrong, and how a release is judged about it."""

    what: str
    wrong: str
    judge: Callable[[Release], Finding]


def _amount(release: Release) -> Finding:
    held = release.claim
    if held is None:
        return "evidence", plain("nothing private was read"), "claim"
    says = number(held.epsilon, f"ε = {up(held.epsilon)} at δ = {up(held.delta)}", "S")
    many = release.plan.public_units or release.plan.public_rows
    small = many is None or held.delta * many * 10 <= 1
    return ("evidence" if held.epsilon <= LARGE and small else "found"), says, "claim"


def _unit(release: Release) -> Finding:
    held = release.claim
    if held is None:
        return "evidence", plain("nothing private was read"), "claim"
    if held.unit == "row":
        return "stated", plain("one row; a person with several rows is protected less"), "claim"
    text = f"one unit with at most {count(held.max_rows)} rows"
    return "evidence", number(held.max_rows, text, "S"), "claim"


def _compared(release: Release) -> Finding:
    held = release.claim
    if held is None:
        return "evidence", plain("nothing private was read"), "claim"
    how = "one exchanged for another" if held.neighbours == "replace" else "one added or removed"
    return "evidence", plain(f"neighbours are stated beside the claim: {how}"), "claim"


def _mixed(release: Release) -> Finding:
    return (
        "evidence",
        plain("every number here has one of the classes S, M, B, P; no other can be written into this page"),
        "files",
    )


def _composed(release: Release) -> Finding:
    facts = release.ledger
    if release.claim is None:
        return "evidence", plain("nothing was charged"), "budget"
    if facts is None:
        return "open", plain("the release names no ledger"), "claim"
    text = f"{_many(facts.releases, 'release')} on the ledger, opened by the {facts.opened_by}"
    says = number(facts.releases, text, "M", booked(facts))
    return ("evidence" if facts.opened_by == "owner" else "stated"), says, "claim"


def _bounds(release: Release) -> Finding:
    paid = {
        name for e in release.events if e.stage in ("discover", "tighten", "determine") for name in e.target
    }
    mine = [c for c in release.columns if c.role == "modelled" and not c.hidden and c.name not in paid]
    bare = sum(c.basis is None for c in mine)
    if not mine:
        return "evidence", plain("every domain was bought or none is needed"), "domains"
    if bare:
        return "open", number(bare, f"{_many(bare, 'column')} without a basis for the domain", "S"), "domains"
    return (
        "stated",
        number(len(mine), f"a basis is stated for {_many(len(mine), 'domain')}: all of them", "S"),
        "domains",
    )


def _selected(release: Release) -> Finding:
    ids = tuple(e.id for e in release.events if e.mechanism.get("kind") == "exponential")
    text = f"{_many(len(ids), 'choice')} bought; nothing else was tuned on private rows"
    return "evidence", resting(release, len(ids), text, ids), "budget"


def _groups(release: Release) -> Finding:
    many = sum(counted.kind == "subgroup" for counted in release.counted)
    if not many:
        return "open", plain("the spec names no subgroups"), "subgroups"
    return "evidence", number(many, f"group sizes and errors by {_many(many, 'column')}", "S"), "subgroups"


def _analyses(release: Release) -> Finding:
    many = len(release.plan.questions)
    if not many:
        return "open", plain("the spec asks no question that the rows must answer"), "answers"
    return "evidence", number(many, f"{_many(many, 'question')} answered with intervals", "S"), "answers"


def _arithmetic(release: Release) -> Finding:
    kinds = {str(e.mechanism.get("kind")) for e in release.events}
    if not kinds:
        return "evidence", plain("no noise was drawn"), "mechanism"
    if "subsampled_gaussian" in kinds:
        return (
            "stated",
            plain("counts have exact whole-number noise, gradients floating-point noise"),
            "mechanism",
        )
    return (
        "evidence",
        plain("noise is drawn exactly, in whole numbers, from the system's randomness"),
        "mechanism",
    )


def _timing(release: Release) -> Finding:
    return "outside", plain("time, memory and caches of the run are not published, and not covered"), "limits"


def _trust(release: Release) -> Finding:
    return "outside", plain("the operator reads the source; who may do so is not seen from here"), "limits"


def _contributions(release: Release) -> Finding:
    held, counts = release.claim, release.fit
    if held is None:
        return "evidence", plain("nothing private was read"), "claim"
    if counts is None:
        return "open", plain("how many units were cut was not bought"), "fit"
    return "evidence", plain("rows beyond the bound are cut; noisy counts say how many units were"), "fit"


def _software(release: Release) -> Finding:
    if recent() is None:
        return "open", plain("attacks on the program itself are played by the verb audit"), "audit"
    return "evidence", plain("games on simulated tables, against what this release used"), "audit"


def _bound(held: Claim) -> float:
    return risk.tradeoff(held.mu, delta0(held), 0.001)


def _singled(release: Release) -> Finding:
    held = release.claim
    if held is None:
        return "evidence", plain("nothing private was read"), "claim"
    found = _bound(held)
    text = f"at most {percent_up(found)} of members found at 0.1 % false alarms, whatever the method"
    return "evidence", number(found, text, "S"), "claim"


def _linked(release: Release) -> Finding:
    ids = sum(column.role == "id" for column in release.columns)
    says = "no row stems from a person"
    says += f"; {_many(ids, 'column')} of identifiers with fresh numbers" if ids else ""
    return "evidence", number(ids, says, "S"), "mechanism"


def _inferred(release: Release) -> Finding:
    held = release.claim
    if held is None:
        return "evidence", plain("nothing private was read"), "claim"
    gain = risk.advantage(held.mu, delta0(held), 1 if held.neighbours == "replace" else 2)
    text = f"having been in the data adds at most {percent_up(gain)} to any guess; populations can be learned"
    return "evidence", number(gain, text, "S"), "claim"


def _tried(release: Release) -> Finding:
    return "outside", plain("attacks tried on this release belong to the internal edition"), "limits"


def _intruder(release: Release) -> Finding:
    says = (
        "the bounds hold against attackers who know everything else; who receives the rows is for the author"
    )
    return "evidence", plain(says), "claim"


def _review(release: Release) -> Finding:
    return "open", plain("no date of review is part of a release"), ""


def _decides(release: Release) -> Finding:
    return "outside", plain("for the controller to decide; this page offers what can be computed"), "limits"


def _account(release: Release) -> Finding:
    ids = bought(release)
    text = f"{_many(len(ids), 'purchase')}, files with digests, and a way to check both"
    return "evidence", resting(release, len(ids), text, ids), "budget"


def _purpose(release: Release) -> Finding:
    if release.plan.about:
        return "stated", plain("what the rows are for is told in the spec"), "scope"
    return "open", plain("the spec does not tell what the rows are for"), "scope"


def _expert(release: Release) -> Finding:
    return "open", plain("methods and results are here; an expert's name and judgement are not"), "claim"


def _threshold(release: Release) -> Finding:
    held = release.claim
    if held is None:
        return "evidence", plain("nothing private was read"), "claim"
    gain = risk.advantage(held.mu, delta0(held))
    text = f"best advantage at most {percent_up(gain)}; it is not the quantity that the threshold bounds"
    return "open", number(gain, text, "S"), "claim"


def _similar(release: Release) -> Finding:
    return "evidence", plain("no distance between rows is offered as evidence of privacy"), "limits"


def _kinds(release: Release) -> Finding:
    if release.claim is None:
        return "evidence", plain("synthetic rows; no formal model is claimed"), "mechanism"
    return (
        "evidence",
        plain("synthetic data as the technique, differential privacy as the model"),
        "mechanism",
    )


def _quantified(release: Release) -> Finding:
    return (
        "evidence",
        plain("risk is bounded for the strongest attacker, for one unit and for families"),
        "claim",
    )


def _model(release: Release) -> Finding:
    many = len(release.models)
    text = f"{_many(many, 'model')} with what they rest on; owner and approval are not part of a release"
    return "stated", resting(release, many, text, learned(release)), "mechanism"


GUIDES: tuple[tuple[str, tuple[Hazard, ...]], ...] = (
    (
        "Differential privacy in practice (after NIST SP 800-226; names are ours)",
        (
            Hazard("Large or unexplained ε and δ", "a guarantee without meaning", _amount),
            Hazard("Unit of privacy", "protects a row where people have many", _unit),
            Hazard("Guarantees compared across units", "numbers that do not compare", _compared),
            Hazard("Unbounded contributions", "one person weighs more than counted", _contributions),
            Hazard("Other outputs beside the noisy ones", "an exact side channel", _mixed),
            Hazard("Repeated releases", "budgets add up unseen", _composed),
            Hazard("Bounds, lists or bins from the data", "a promise broken before it starts", _bounds),
            Hazard("Choices made on private rows", "questions that nobody counted", _selected),
            Hazard("Arithmetic of the noise", "noise that gives itself away", _arithmetic),
            Hazard("Timing and memory", "the run itself talks", _timing),
            Hazard("Bugs of the program", "a claim that the code does not keep", _software),
            Hazard("Bias against groups", "small groups come out wrong", _groups),
            Hazard("Plausible but wrong analyses", "artefacts taken for findings", _analyses),
            Hazard("Trust in the operator, security of the source", "an insider", _trust),
        ),
    ),
    (
        "Criteria of European guidance (WP216, EDPB 28/2024, ICO)",
        (
            Hazard("Singling out", "a record that is told from all others", _singled),
            Hazard("Linkability", "records that are joined to a person", _linked),
            Hazard("Inference", "a secret that is guessed from the rest", _inferred),
            Hazard(
                "Means reasonably likely to be used", "an attacker who knows more than thought", _intruder
            ),
            Hazard("Attacks tried in practice", "an argument on paper only", _tried),
            Hazard("Regular review", "a judgement that grew old", _review),
            Hazard("Whether these are personal data", "a page that plays the judge", _decides),
        ),
    ),
    (
        "Records that laws and standards ask for",
        (
            Hazard("GDPR Art. 5(2) and 25: accountability, by design", "nothing to show", _account),
            Hazard(
                "GDPR Art. 35: purpose in an impact assessment", "a purpose that nobody wrote down", _purpose
            ),
            Hazard(
                "HIPAA 164.514(b)(1): methods and results documented", "no expert stands behind it", _expert
            ),
            Hazard("EMA 0070, Health Canada: threshold 0.09", "two quantities taken for one", _threshold),
            Hazard("Consensus on disclosure metrics (Pilgram 2025)", "similarity sold as privacy", _similar),
            Hazard(
                "ISO/IEC 27559, 8.2: identifiability quantified", "a judgement without figures", _quantified
            ),
            Hazard("ISO/IEC 20889: technique and model named", "words that mean nothing", _kinds),
            Hazard("Model risk (PRA SS1/23)", "a model without owner or limits", _model),
        ),
    ),
)
