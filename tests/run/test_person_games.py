"""One whole person against everybody else: what a plan's views say of it, through files, engine and kernel.

False alarms: at 220 plays of each world a right claim is called wrong with probability below 1e-11
(`chance_of_proof`), and noise for one row where a person has four is missed with less.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from synthspec.attack.game import Proof, chance_of_proof, proof
from synthspec.engines.polars import PolarsEngine
from synthspec.privacy.accountant import mu_in
from synthspec.privacy.entropy import SystemNoise
from tests.run.person_games import PersonGame, person_game
from tests.run.person_tables import M, neighbours, planned

PLAYS = 220
KINDS = ("plain", "weights", "once", "sequence")


def played(
    stack: ExitStack, folder: Path, kind: str, relation: str, *, bug: bool
) -> tuple[PersonGame, Proof]:
    """Play one game."""
    made, view = planned(kind, relation)
    found = stack.enter_context(
        person_game(made, view, neighbours(folder, kind, relation), PolarsEngine(), SystemNoise(), bug=bug)
    )
    game = found.game
    there, away = (game.play(present, game.claim, PLAYS)[:, 0] for present in (True, False))
    return found, proof(there, away)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_person_is_not_told_better_than_the_plan_claims_and_a_bug_is_seen(
    tmp_path: Path, kind: str
) -> None:
    """It must catch noise for one row in any view, and a view of persons that keeps all their rows."""
    with ExitStack() as stack:
        honest, proved = played(stack, tmp_path, kind, "add-remove", bug=False)
        bad, found = played(stack, tmp_path, kind, "add-remove", bug=True)
    claim = float(mu_in(honest.game.claim))
    assert (0.85 if kind == "sequence" else 0.999) < honest.reached <= 1, "the worst neighbours, nearly"
    assert proved.mu <= claim < found.mu
    assert bad.game.bug == "noise for one row"
    assert chance_of_proof(claim, claim, PLAYS) < 1e-10
    assert chance_of_proof(M * honest.reached * claim, claim, PLAYS) > 1 - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_person_who_becomes_another_is_not_told_better_either(tmp_path: Path, kind: str) -> None:
    with ExitStack() as stack:
        honest, proved = played(stack, tmp_path, kind, "replace", bug=False)
        _, found = played(stack, tmp_path, kind, "replace", bug=True)
    claim = float(mu_in(honest.game.claim))
    assert (0.85 if kind == "sequence" else 0.999) < honest.reached <= 1
    assert proved.mu <= claim < found.mu
