"""User-level truth check: what answers about a table say of one whole person, who has more rows than count.

    python benchmarks/users.py              2,000 plays of each world: two minutes
    python benchmarks/users.py --runs 600   fewer plays

Two files differ in every row of one person. Each of a plan's views is opened by the polars engine on both,
and the kernel that a run makes of it sells noisy tables; an attacker who knows all else guesses which file
it is. Writes benchmarks/results/users.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

from synthspec.attack.game import ALARM, chance_of_proof, proof  # noqa: E402
from synthspec.compile.check import check  # noqa: E402
from synthspec.compile.plan import compile_plan  # noqa: E402
from synthspec.engines.polars import PolarsEngine  # noqa: E402
from synthspec.plan.plan import Plan  # noqa: E402
from synthspec.privacy.accountant import mu_in  # noqa: E402
from synthspec.privacy.entropy import SystemNoise  # noqa: E402
from synthspec.spec.parse import parse  # noqa: E402
from tests.run.person_games import BUG, People, PersonGame, person_game  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "users.md"
M = 4
"""Rows of a person that count; the person of the game has three times as many."""
SPEC = """\
spec: 1
source: {{path: people.csv, rows: 400, units: 100}}
privacy: {{unit: person, max_rows: {most}, epsilon: 2, delta: 1e-6, neighbours: {relation}{more}}}
columns:
  person: id
  sex: {{type: category, in: [F, M, X]{per}}}
  visit: {{type: int, in: 1..6}}
  ward: {{type: category, in: [a, b, c, d]}}
generate:
"""
ALL = "  all: {columns: [sex, visit, ward]}\n"
LEVELS = """\
  who: {columns: [sex]}
  what: {columns: [visit, ward], given: [sex], sequence: {by: visit}}
"""
TABLES = (
    "  who: {columns: [sex]}\n  what: {columns: [visit, ward], given: [sex]}\n"
    "tables:\n  persons: {path: people-units.csv, columns: [sex]}\n  visits: {columns: rest}\n"
)
KINDS = {
    "plain": ("", "", ALL, "bound"),
    "weights": (", contribution: weights", "", ALL, "weigh"),
    "once": ("", ", per: unit", LEVELS, "units"),
    "tables": ("", "", TABLES, "units"),
    "sequence": ("", ", per: unit", LEVELS, "bound"),
}
HEAD = (
    "| view | neighbours | a person adds at most | claimed mu | these neighbours reach | plain guess "
    "| proved: mu >= | half the noise caught with probability | planted: proved mu >= "
    "| it is caught with probability | outcome |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def planned(kind: str, relation: str) -> tuple[Plan, int]:
    """Return a plan, and the place of the op whose view is played for."""
    more, per, groups, op = KINDS[kind]
    text = SPEC.format(most=M, relation=relation, more=more, per=per) + groups
    checked, diagnostics = check(parse(text, "users.yaml"), None)
    if checked is None:
        raise SystemExit("\n".join(each.message for each in diagnostics))
    plan = compile_plan(checked)
    return plan, next(at for at, each in enumerate(plan.ops) if each.op == op)


def neighbours(folder: Path, kind: str, relation: str) -> People:
    """Write others, and a person of three times as many rows as count, all alike, or other rows."""
    others = [f"p{i},{'FM'[i % 2]},{1 + i % 4},{'abc'[i % 3]}" for i in range(40) for _ in range(1 + i % 6)]
    paths = []
    for name, line in (("there", "me,X,6,d"), ("away", "me,F,5,c" if relation == "replace" else None)):
        # of persons, the other one has one row: then the number of rows differs, too
        rows = 1 if kind in ("once", "tables") and name == "away" else 3 * M
        mine = [] if line is None else [line] * rows
        paths.append(folder / f"{name}.csv")
        if kind == "tables":  # what is said of a person lies in a file of its own, of some several times
            parts = [text.split(",") for text in (*mine[::2], *others, *mine[1::2])]
            rest = ["person,visit,ward", *(f"{who},{visit},{ward}" for who, _, visit, ward in parts)]
            paths[-1].write_text("\n".join(rest) + "\n")
            beside = ["person,sex", *(f"{who},{sex}" for who, sex, _, _ in parts)]
            paths[-1].with_name(f"{name}-units.csv").write_text("\n".join(beside) + "\n")
            continue
        paths[-1].write_text("\n".join(["person,sex,visit,ward", *mine[::2], *others, *mine[1::2]]) + "\n")
    return People(*paths)


def games(kind: str, relation: str) -> Iterator[PersonGame]:
    """Yield the honest game of a view, then the one with the planted bug."""
    plan, view = planned(kind, relation)
    for bug in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            people = neighbours(Path(folder), kind, relation)
            with person_game(plan, view, people, PolarsEngine(), SystemNoise(), bug=bug) as found:
                yield found


def line(kind: str, relation: str, runs: int) -> tuple[str, bool]:
    """Play a view with and without the bug; return a line of the table, and whether it passed."""
    proofs, reached = [], []
    for made in games(kind, relation):
        game = made.game
        there, away = (game.play(present, game.claim, runs)[:, 0] for present in (True, False))
        proofs.append(proof(there, away))
        reached.append(made.reached)
    claim, most = float(mu_in(game.claim)), game.protection.max_rows
    (honest, bug), right = proofs, reached[0] * claim
    # the noise is for one row: of other views, that is noise for `most` times less
    true = reached[1] * claim * most
    passed = honest.mu <= claim < bug.mu and reached[0] <= 1 + 1e-12
    cells = (
        game.title, relation, most, f"{claim:.2f}", f"{right:.2f}", f"{honest.guess:.2f}",
        f"{honest.mu:.2f}", f"{chance_of_proof(2 * right, claim, runs):.6f}", f"{bug.mu:.2f}",
        f"{chance_of_proof(true, claim, runs):.9f}", "passed" if passed else "FAILED",
    )  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |", passed


def main() -> None:
    """Play everything, write the page, say each line as it ends."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--runs", type=int, default=2000)
    runs = asked.parse_args().runs
    found = []
    for kind in KINDS:
        for relation in ("add-remove", "replace"):
            found.append(line(kind, relation, runs))
            print(found[-1][0], flush=True)
    text = [
        "# What answers say of one whole person",
        "",
        f"`python benchmarks/users.py --runs {runs}`: {runs} plays of each world. The two files differ in "
        f"one person, who has {3 * M} equal rows where `max_rows` is {M} (under `replace`: in all rows of "
        "that person, who has other rows instead); where persons have a table of their own, in its lines "
        "there, too. The view is a plan's, the engine polars, the kernel the run's; what is asked: the "
        "table of all attributes, where it has 4,096 cells at most, and "
        f"that of each. Each of a game's two bounds is wrong with probability {ALARM:g} at most; a lower "
        "bound above the claim fails.",
        "",
        f"The planted bug is {BUG}, on rows that count as they do; for a view of persons, one that keeps "
        "every row. It must be proved: a game that does not see it is no evidence.",
        "",
        HEAD,
        *(each for each, _ in found),
        "",
        "A person's rows with the row before them are never all in one cell: the first is in another. So "
        "those neighbours reach a little less than what is claimed, which is for any table of rows.",
    ]
    RESULTS.write_text("\n".join(text) + "\n", encoding="utf-8")
    if not all(passed for _, passed in found):
        raise SystemExit("FAILED")


if __name__ == "__main__":
    main()
