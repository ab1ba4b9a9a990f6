"""Every mechanism, generator and question has a game: a new entry without one fails here."""

from __future__ import annotations

from typing import get_args

import pytest

from synthspec.generators import GENERATORS
from synthspec.mechanisms import MECHANISMS
from synthspec.privacy.entropy import SystemNoise
from synthspec.run.audit import needs_torch, plants
from synthspec.run.fit_games import generator_games
from synthspec.run.games import RELATIONS, Game, mechanism_games
from synthspec.run.training_games import training_games
from synthspec.terms.query import Query

NOISE = SystemNoise()
GAMES: tuple[Game, ...] = (*mechanism_games(NOISE), *training_games(NOISE), *generator_games(NOISE))


@pytest.mark.parametrize("kind", MECHANISMS)
@pytest.mark.parametrize("relation", RELATIONS)
def test_every_mechanism_has_a_game_of_its_own_in_both_relations(kind: str, relation: str) -> None:
    mine = [game for game in GAMES if (game.shelf, game.entry) == ("mechanism", kind)]
    assert [game for game in mine if game.protection.neighbours == relation]


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("relation", RELATIONS)
def test_every_generator_has_a_game_of_its_own_in_both_relations(kind: str, relation: str) -> None:
    mine = [game for game in GAMES if (game.shelf, game.entry) == ("generator", kind)]
    assert [game for game in mine if game.protection.neighbours == relation]


@pytest.mark.parametrize("question", get_args(Query), ids=lambda question: question.__name__)
@pytest.mark.parametrize("relation", RELATIONS)
def test_every_question_is_asked_by_a_game_of_a_mechanism(question: type, relation: str) -> None:
    assert [
        game
        for game in GAMES
        if game.shelf == "mechanism" and game.protection.neighbours == relation and question in game.questions
    ]


def test_games_stand_for_entries_of_the_shelves_and_no_two_are_called_the_same() -> None:
    shelves = {"mechanism": MECHANISMS, "generator": GENERATORS}
    assert all(game.entry in shelves[game.shelf] for game in GAMES)
    assert len({game.name for game in GAMES}) == len(GAMES)


def test_units_have_several_rows_and_a_bug_is_planted_for_every_entry() -> None:
    assert all(game.protection.max_rows > 1 for game in GAMES)
    for shelf, kinds in (("mechanism", MECHANISMS), ("generator", GENERATORS)):
        for kind in kinds:
            assert any(plants(game) for game in GAMES if (game.shelf, game.entry) == (shelf, kind))
    assert all(game.planted != game.claim for game in GAMES)


def test_what_needs_torch_is_what_asks_for_gradients() -> None:
    asking = {game.entry for game in GAMES if "Gradient" in {each.__name__ for each in game.questions}}
    assert asking == {game.entry for game in GAMES if needs_torch(game.entry)}
