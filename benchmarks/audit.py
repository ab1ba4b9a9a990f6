"""The audit of this software: every game of `synthspec audit`, with its power, as a table.

    python benchmarks/audit.py                    everything: a quarter of an hour
    python benchmarks/audit.py --runs 200         fewer plays
    python benchmarks/audit.py --canaries-only    the games of the last time, canaries anew
    python benchmarks/audit.py --again threshold  the games of one entry anew, all else of the last time

Writes benchmarks/results/audit.md, and the recent result that the package carries.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
sys.path[:0] = [str(Path(__file__).parents[1])]

from synthspec.api.audit import RUNS, audit  # noqa: E402
from synthspec.attack.audited import AuditResult, Canaries, Played  # noqa: E402
from synthspec.privacy.entropy import SystemNoise  # noqa: E402
from synthspec.run.audit import canary_audit, canary_kinds, games, play  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "audit.md"
RECENT = Path(__file__).parents[1] / "synthspec" / "attack" / "recent.json"

GAMES = (
    "| entry | game | neighbours | plays of each world | claimed mu | proved: mu >= | plain guess "
    "| so many plays could prove | half the noise caught with probability | planted bug | it proved "
    "| outcome |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|"
)
CANARIES = (
    "| entry | canaries | guesses | right | claimed mu | proved: mu >= | could prove | half the noise caught "
    "with probability | a quarter | planted bug | it proved | outcome |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def row(found: Played | Canaries) -> str:
    """Return one line of the table."""
    planted = ("", "") if found.planted is None else (found.planted.bug, f"{found.planted.mu:.2f}")
    claim, proved, most = f"{found.claim.mu:.2f}", f"{found.mu:.2f}", f"{found.provable:.2f}"
    cells: list[object]
    if isinstance(found, Played):
        cells = [found.entry, found.title, found.neighbours, found.runs, claim, proved, f"{found.guess:.2f}"]
        cells += [most, "" if found.power is None else f"{found.power:.3g}"]
    else:
        cells = [found.entry, found.canaries, found.guesses, found.right, claim, proved]
        cells += [most, f"{found.half:.3g}", f"{found.quarter:.3g}"]
    cells += [*planted, found.outcome]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def page(result: AuditResult) -> str:
    """Return the results as Markdown."""
    lines = [
        "# The audit of this software",
        "",
        f"`python benchmarks/audit.py --runs {result.runs}`, version {result.version}, {result.day}. "
        "Simulated tables only. Each of a game's two bounds is wrong with probability "
        f"{result.alarm:g} at most (1e-4 for fits of networks, 1e-3 for canaries); a half of the plays chose "
        "the threshold, the other was tested. A lower bound above the claim fails.",
        "",
        GAMES,
        *(row(each) for each in result.games),
        "",
        "One run with canaries, each put in by its own coin:",
        "",
        CANARIES,
        *(row(each) for each in result.canaries),
        "",
        *(f"Not played: {each.entry}: {each.reason}." for each in result.left_out),
    ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Play everything, write both files, say each game as it ends."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--runs", type=int, default=RUNS)
    asked.add_argument("--games-only", action="store_true")
    asked.add_argument("--canaries-only", action="store_true")
    asked.add_argument("--again", metavar="ENTRY")
    given = asked.parse_args()
    if given.again:
        before = AuditResult.from_json(RECENT.read_text(encoding="utf-8"))
        kept = tuple(each for each in before.games if each.entry != given.again)
        found = tuple(play(game, given.runs) for game in games(SystemNoise(), entry=given.again))
        at = next((i for i, each in enumerate(before.games) if each.entry == given.again), len(kept))
        result = before.model_copy(update={"games": (*kept[:at], *found, *kept[at:])})
    elif given.canaries_only:
        before = AuditResult.from_json(RECENT.read_text(encoding="utf-8"))
        result = before.model_copy(
            update={"canaries": tuple(canary_audit(kind, SystemNoise()) for kind in canary_kinds())}
        )
    else:
        count = 0 if given.games_only else None
        result = audit(runs=given.runs, canaries=count, told=lambda each: print(row(each), flush=True))
    RESULTS.write_text(page(result), encoding="utf-8")
    RECENT.write_text(result.to_json(), encoding="utf-8")
    print("passed" if result.passed else "FAILED")


if __name__ == "__main__":
    main()
