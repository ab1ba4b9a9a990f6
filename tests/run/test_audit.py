"""The audit's games: the attacker's score is the likelihood ratio, and a bug of the code is proved.

Chances of a false alarm are below 1e-9: `chance_of_proof` of a right claim is (2e-11 at 600 plays), and bugs
planted here are large enough that they are missed with less.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from synthspec.attack.audited import AuditResult, Played
from synthspec.attack.game import chance_of_proof
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SystemNoise
from synthspec.run import audit
from synthspec.run.fit_games import generator_games
from synthspec.run.games import Game, mechanism_games

PLAYS = 600
NOISE = SystemNoise()
GAMES = [game for game in mechanism_games(NOISE) if game.entry == "rounded_gaussian"]
COUNTS = GAMES[4]


def sold(game: Game, price: Callable[[Cost], Cost]) -> Game:
    """Return the same claim with something else bought for it: a bug in the price."""

    def play(present: bool, bought: Cost, plays: int) -> np.ndarray:
        return game.play(present, price(bought), plays)

    return replace(game, play=play)


def times(factor: int) -> Callable[[Cost], Cost]:
    return lambda cost: Cost(mu2=factor * cost.mu2, delta0=cost.delta0)


@pytest.mark.parametrize("game", GAMES, ids=lambda game: f"{game.title} {game.protection.neighbours}")
def test_the_score_is_the_likelihood_ratio_of_the_price(game: Game) -> None:
    """Under the worst neighbours it is N(mu^2/2, mu^2) with the unit; a loose game or claim moves it."""
    mu2, plays = game.claim.mu2 * 1e-15, 400
    for present, sign in ((True, 1), (False, -1)):
        scores = game.play(present, game.claim, plays)[:, 0]
        assert scores.mean() == pytest.approx(sign * mu2 / 2, abs=7 * (mu2 / plays) ** 0.5)
        assert scores.var() == pytest.approx(mu2, rel=7 * (2 / plays) ** 0.5)


def test_a_right_mechanism_passes_and_one_sold_too_cheaply_fails() -> None:
    honest = audit.play(replace(COUNTS, planted=times(16)(COUNTS.claim)), PLAYS)
    assert honest.power is not None
    assert honest.outcome == "passed"
    assert honest.planted is not None
    assert honest.planted.mu > 1.5 * honest.claim.mu
    assert honest.power > 0.5, "computed from the plays: .999 as a rule, less where they were unlucky"
    bad = audit.play(sold(COUNTS, times(16)), PLAYS)
    assert bad.outcome == "failed"
    assert bad.mu > bad.claim.mu
    assert bad.epsilon <= bad.claim.epsilon * 6


def test_a_bug_in_epsilon_alone_fails_too() -> None:
    played = audit.play(COUNTS, 50)
    claim = played.claim.model_copy(update={"epsilon": 0.0})
    assert played.model_copy(update={"epsilon": 0.1, "claim": claim}).outcome == "failed"


def test_too_few_plays_are_no_evidence_either_way() -> None:
    found = audit.play(COUNTS, 30)
    assert found.provable < found.claim.mu
    assert found.power == 0.0
    assert found.outcome == "could not have seen it"


def test_the_slack_of_a_threshold_is_proved_where_it_is_ten_times_the_claim() -> None:
    lonely = [game for game in mechanism_games(NOISE) if "one unit has" in game.title]
    assert len(lonely) == 2
    for game in lonely:
        more = Cost(mu2=game.claim.mu2, delta0=20 * game.claim.delta0)
        found = audit.play(replace(game, planted=more), 400)
        assert (found.runs, found.outcome, found.power) == (2000, "passed", None)


def test_a_choice_of_two_says_as_much_as_the_claim_allows() -> None:
    game = next(game for game in mechanism_games(NOISE) if game.entry == "exponential")
    there, away = (game.play(present, game.claim, 20)[:, 0] for present in (True, False))
    assert len(np.unique(np.abs(np.concatenate([there, away])).round(9))) == 1
    assert np.abs(there[0]) == pytest.approx(np.log(0.7733726476 / 0.2266273524), rel=1e-6)


@pytest.mark.parametrize("kind", ["independent", pytest.param("copula", marks=pytest.mark.slow)])
def test_whole_fits_tell_what_their_price_says(kind: str) -> None:
    game = next(game for game in generator_games(NOISE) if game.entry == kind)
    found = audit.play(replace(game, most=150, planted=times(64)(game.claim)), 150)
    assert found.outcome == "passed"
    assert found.planted is not None
    assert found.planted.caught


def test_rules_that_count_columns_without_a_price_fail() -> None:
    game = next(game for game in generator_games(NOISE) if game.entry == "rules")
    assert audit.play(replace(game, planted=times(16)(game.planted)), 100).outcome == "passed"
    assert audit.play(sold(game, lambda cost: Cost(mu2=40 * 10**15)), 100).outcome == "failed"


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["marginal", "bn", "autoregressive", "vae", "ctgan"])
def test_slow_fits_tell_what_their_price_says(entry: str) -> None:
    if audit.needs_torch(entry):
        pytest.importorskip("torch", reason="the extra `neural` is not installed")
    for game in [game for game in generator_games(NOISE) if game.entry == entry]:
        found = audit.play(replace(game, most=60, alarm=1e-3), 60)
        assert found.outcome != "failed"
        scores = [game.play(present, times(64)(game.claim), 20)[:, 0] for present in (True, False)]
        assert scores[0].min() > scores[1].max()


@pytest.mark.slow
def test_trainings_tell_what_their_price_says() -> None:
    pytest.importorskip("torch", reason="the extra `neural` is not installed")
    for game in audit.games(NOISE, "mechanism", "subsampled_gaussian"):
        assert audit.play(replace(game, most=60, alarm=1e-3), 60).outcome != "failed"
        scores = [game.play(present, times(64)(game.claim), 20)[:, 0] for present in (True, False)]
        assert np.median(scores[0]) > np.max(scores[1])


@pytest.mark.slow
def test_canaries_are_told_apart_where_there_is_hardly_any_noise() -> None:
    pytest.importorskip("torch", reason="the extra `neural` is not installed")
    found = audit.canary_audit("autoregressive", NOISE, 200)
    assert found.outcome != "failed"
    assert found.planted is not None
    assert found.planted.caught


def test_a_result_is_written_and_read_and_its_outcomes_cannot_be_edited() -> None:
    played = audit.play(COUNTS, 40)
    result = AuditResult(version="0", day="2026-01-01", runs=40, alarm=1e-6, games=(played,))
    text = result.to_json()
    assert AuditResult.from_json(text) == result
    assert json.loads(text)["class"] == "P"
    for old, new in (('"passed": true', '"passed": false'), ("could not have seen it", "passed")):
        assert old in text
        with pytest.raises(ValueError, match="outcomes"):
            AuditResult.from_json(text.replace(old, new))
    with pytest.raises(ValueError, match="no audit"):
        AuditResult.from_json("[]")


def test_a_failed_game_fails_the_audit_and_an_unseen_one_is_counted() -> None:
    played = audit.play(COUNTS, 40)
    failed: Played = played.model_copy(update={"mu": 9.0})
    result = AuditResult(version="0", day="2026-01-01", runs=40, alarm=1e-6, games=(played, failed))
    assert not result.passed
    assert result.unseen == 1


def test_the_default_number_of_plays_sees_half_the_noise_and_raises_no_false_alarm() -> None:
    for game in (*GAMES, *(game for game in generator_games(NOISE) if game.claim.mu2)):
        mu, plays, alarm = (game.claim.mu2 * 1e-15) ** 0.5, min(game.most, PLAYS), game.alarm
        slack = game.claim.delta0 * 1e-24
        assert chance_of_proof(2 * mu, mu, plays, slack, alarm / len(game.attacks)) > 0.99
        rare = 1e-5 if audit.needs_torch(game.entry) else 1e-9
        assert chance_of_proof(mu, mu, plays, slack, alarm / len(game.attacks)) < rare
