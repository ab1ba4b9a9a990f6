"""synthspec audit: games and canaries against every mechanism and generator, on simulated data only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from synthspec.attack.audited import AuditResult, Canaries, Played


@click.command("audit", cls=Verb)
@click.option("--mechanism", metavar="NAME", help="This mechanism alone.")
@click.option("--generator", metavar="NAME", help="This generator alone.")
@click.option("--runs", type=click.IntRange(min=2), default=600, show_default=True, help="Of each world.")
@click.option("--canaries", type=click.IntRange(min=0), metavar="N", help="A network; 0 for no such audit.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--out", metavar="FILE", help="Write the result there too, as JSON.")
@click.option("--strict", is_flag=True, help="A game that could not have seen a bug counts as failed.")
def command(
    mechanism: str | None,
    generator: str | None,
    runs: int,
    canaries: int | None,
    form: str,
    out: str | None,
    strict: bool,
) -> int:
    """Attack this software on simulated data; exit 3 where more is proved than is claimed."""
    from synthspec.api.audit import audit

    output = Output.here()
    output.note("simulated tables only; each game sees a planted bug first, then plays the claim")

    def told(found: Played | Canaries) -> None:
        output.note(_line(found))

    result = audit(mechanism=mechanism, generator=generator, runs=runs, canaries=canaries, told=told)
    if out is not None:
        Path(out).write_text(result.to_json(), encoding="utf-8")
        output.note(f"written: {out}")
    bad = not result.passed or (strict and result.unseen > 0)
    if output.shared.json or form == "json":
        import json

        output.document("audit", {"ok": not bad, **json.loads(result.to_json())})
    else:
        output.result("audit", {}, _text(result))
    return 3 if bad else 0


def _line(found: Played | Canaries) -> str:
    """Return one game as a line: what was planted and seen, then what was proved of the claim."""
    parts = [_name(found)]
    if found.planted is not None:
        seen = "caught" if found.planted.caught else "NOT caught"
        parts.append(f"  planted, {found.planted.bug}: mu >= {found.planted.mu:.2f}, {seen}")
    parts.append(f"  as it is: mu >= {found.mu:.2f} of {found.claim.mu:.2f} claimed: {found.outcome}")
    parts.append(f"  {_power(found)}")
    return "\n".join(parts)


def _name(found: Played | Canaries) -> str:
    if found.kind == "game":
        return f"{found.entry}: {found.title}, {found.neighbours}, {found.runs} plays of each world"
    return f"{found.entry}: {found.title}, {found.canaries} canaries in one run"


def _power(found: Played | Canaries) -> str:
    """Return what the game could have proved."""
    if found.kind == "game":
        most = f"so many plays could have proved up to mu = {found.provable:.2f}"
        if found.power is None:
            return most
        return f"{most}; half the noise would be caught with probability {found.power:.2g}"
    return (
        f"so many canaries could have proved up to mu = {found.provable:.2f}; half the noise would be caught "
        f"with probability {found.half:.2g}, a quarter of it with {found.quarter:.2g}"
    )


def _text(result: AuditResult) -> str:
    """Return the verdict and what it rests on."""
    every = result.every
    planted = [each.planted for each in every if each.planted is not None]
    failed = [each for each in every if each.outcome == "failed"]
    lines = [f"planted bugs caught: {sum(p.caught for p in planted)} of {len(planted)}"]
    for each in failed:
        lines.append(
            f"FAILED {_name(each)}: mu >= {each.mu:.3f} (claimed {each.claim.mu:.3f}), "
            f"epsilon >= {each.epsilon:.3f} (claimed {each.claim.epsilon:.3f} at {each.claim.delta:g})"
        )
    for each in every:
        if each.outcome == "could not have seen it":
            lines.append(f"no evidence either way: {_name(each)}")
    lines += [f"not played: {each.entry}: {each.reason}" for each in result.left_out]
    passed = sum(each.outcome == "passed" for each in every)
    lines.append(f"{passed} of {len(every)} games saw what was planted and proved no more than is claimed")
    if not every:
        lines.append("nothing was played")
    return "\n".join(lines)
