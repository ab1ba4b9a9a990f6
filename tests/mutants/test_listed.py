"""The README's table of planted bugs: every name in it exists, and its powers are those of the games."""

from __future__ import annotations

import pytest

from synthspec.attack.game import chance_of_proof
from synthspec.run.games import Game
from tests.laws.test_games import GAMES
from tests.mutants.harness import ROOT
from tests.mutants.listed import LISTED, Listed
from tests.mutants.test_mutants import MUTANTS

PLANTED = {mutant.name: mutant for mutant in MUTANTS}
RUNS = 600


def game_of(each: Listed) -> Game | None:
    """Return the game by the start of its name, in the relation add-remove."""
    if each.game is None:
        return None
    return next(game for game in GAMES if game.name == f"{each.game}, add-remove")


def power_of(each: Listed) -> float:
    """Return how likely the game proves the bug at the default number of plays."""
    game = game_of(each)
    assert game is not None
    mu, plays = (game.claim.mu2 * 1e-15) ** 0.5, min(RUNS, game.most)
    return chance_of_proof(each.factor * mu, mu, plays, game.claim.delta0 * 1e-24, game.alarm)


def caught_by(each: Listed) -> list[str]:
    """Return the tests that catch a bug, without their folders."""
    named = [test for name in each.mutants for test in PLANTED[name].tests]
    return list(dict.fromkeys(test.rpartition("/")[2].partition("::")[2] or test for test in named))


def row(each: Listed) -> str:
    """Return the line of the README's table."""
    tests = caught_by(each)
    more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
    game = "" if each.game is None else f"{each.game} ({power_of(each):.2f})"
    return f"| {each.bug} | `{tests[0]}`{more} | {game} |"


@pytest.mark.parametrize("each", LISTED, ids=lambda each: each.bug)
def test_every_bug_of_the_list_is_planted_somewhere_and_its_tests_exist(each: Listed) -> None:
    assert each.mutants
    for name in each.mutants:
        assert name in PLANTED
        for test in PLANTED[name].tests:
            file, _, function = test.partition("::")
            assert f"def {function}" in (ROOT / file).read_text(encoding="utf-8")


def test_the_readme_prints_this_table() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [row(each) for each in LISTED if row(each) not in text]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("each", [each for each in LISTED if each.game], ids=lambda each: each.bug)
def test_the_games_of_the_table_catch_what_it_says_they_do(each: Listed) -> None:
    assert power_of(each) > 0.95
