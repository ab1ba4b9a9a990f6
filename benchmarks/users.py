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
from synthspec.engines.polars import PolarsEngine  # noqa: E402
from synthspec.privacy.accountant import mu_in  # noqa: E402
from synthspec.privacy.entropy import SystemNoise  # noqa: E402
from tests.run.person_games import BUG, PersonGame, person_game  # noqa: E402
from tests.run.person_tables import KINDS, M, neighbours, planned  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "users.md"
HEAD = (
    "| view | neighbours | a person adds at most | claimed mu | these neighbours reach | plain guess "
    "| proved: mu >= | half the noise caught with probability | planted: proved mu >= "
    "| it is caught with probability | outcome |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


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
