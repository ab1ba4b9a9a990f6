"""Planned: a plan as a page, for notebooks: what it would read, buy and risk; all of it public."""

from __future__ import annotations

from synthspec.plan.explain import predicted
from synthspec.plan.plan import Plan, Prediction
from synthspec.privacy.cost import Cost
from synthspec.release.public import public_plan
from synthspec.release.release import Release
from synthspec.report.blocks import (
    Block,
    Claim,
    Facts,
    Heading,
    Prose,
    Report,
    Section,
    Segments,
    Table,
    Value,
)
from synthspec.report.blocks import Figure as Picture
from synthspec.report.exposure import attacks, people
from synthspec.report.promise import sentence
from synthspec.report.sections.cover import headline
from synthspec.report.words import named, number, percent, plain, program, quoted, up, visible


def planned(plan: Plan, ledger: str = "", before: Cost | None = None) -> Report:
    """Return a plan as a report of one section.

    Args:
        plan: a verified plan.
        ledger: a line about its ledger, made by the caller, who can read it.
        before: what earlier releases on that ledger amount to, likewise.
    """
    plan = public_plan(plan)
    release = Release(plan=plan, columns=plan.columns)
    held = release.claim
    blocks: list[Block] = [Claim(sentence=sentence(release), numbers=() if held is None else headline(held))]
    if plan.predictions:
        blocks += [_shares(plan), *_rough(plan)]
    if held is not None:
        total = before + held.cost if before is not None and before.mu2 else None
        who = people(held, total, "earlier releases included")
        blocks += [Heading(text="Best possible attack"), attacks(who)]
        blocks += [Prose(parts=(plain(ledger),))] if ledger else []
    if plan.gates:
        blocks.append(_gates(plan))
    return Report(
        title=visible(plan.name),
        tool=program(plan.tool),
        sections=(
            Section(
                id="plan",
                title="What would be bought",
                question="What would training read, cost and risk?",
                blocks=tuple(blocks),
            ),
        ),
    )


def _shares(plan: Plan) -> Picture:
    largest = max(plan.predictions, key=lambda each: each.share)
    return Picture(
        finding=(
            number(largest.share, percent(largest.share), "S"),
            " of the budget would go to ",
            plain(largest.step),
            ".",
        ),
        chart=Segments(
            title="Shares of μ²",
            labels=tuple(each.step for each in plan.predictions),
            shares=tuple(each.share for each in plan.predictions),
        ),
        table=Table(
            caption="Steps that read private data; errors are predicted from noise alone",
            columns=("Step", "What", "Share", "Noise", "ε alone", "Error", "Worst"),
            rows=tuple(_step(each) for each in plan.predictions),
            numeric=(2, 4, 5),
        ),
    )


def _step(each: Prediction) -> tuple[Value, ...]:
    error = plain("not predicted") if each.error is None else number(each.error, f"{each.error:.3f}", "S")
    return (
        plain(each.step),
        plain(each.what),
        number(each.share, percent(each.share), "S"),
        plain(each.noise),
        number(each.epsilon_alone, up(each.epsilon_alone), "S"),
        error,
        plain(each.worst or ""),
    )


def _rough(plan: Plan) -> list[Block]:
    cast = plan.forecast
    if not cast.seconds:
        return []
    rough = (
        number(cast.seconds, f"{cast.seconds:.0f} s", "S"),
        number(cast.megabytes, f"{cast.megabytes:.0f} MB", "S"),
    )
    return [Facts(items=(("Rough time and memory", (rough[0], ", ", rough[1])),))]


def _gates(plan: Plan) -> Table:
    return Table(
        caption="Gates",
        columns=("Gate", "Asks for", "Predicted"),
        rows=tuple((named(g.name), quoted(g.text), plain(predicted(plan, g))) for g in plan.gates),
    )
