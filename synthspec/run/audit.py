"""audit: play the games of the shelves on simulated tables, and hold what they prove against what is claimed.

Every game is first shown to see a planted bug; where it does not, it is no evidence either way.

Source: ours; PRIVACY 10 and REPORTS 1.4 (implementation audit).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from synthspec.attack.audited import Canaries, Claimed, NotPlayed, Planted, Played
from synthspec.attack.canary import chance_of_proof as chance_of_canaries
from synthspec.attack.canary import provable as provable_by_canaries
from synthspec.attack.canary import strengths
from synthspec.attack.game import Proof, chance_of_proof, proof, provable
from synthspec.generators import GENERATORS
from synthspec.mechanisms import MECHANISMS
from synthspec.privacy.accountant import claim_epsilon, mu_in
from synthspec.privacy.cost import DELTA0_UNIT, Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.run import canaries
from synthspec.run.fit_games import generator_games
from synthspec.run.games import Game, mechanism_games
from synthspec.run.training_games import training_games

DELTA = 1e-5
"""Where epsilon is bounded and claimed."""
CANARIES = 400
MISSING = "needs the extra `neural`: `pip install 'synthspec[neural]'`"

Told = Callable[[str], None]


def games(noise: NoiseSource, shelf: str | None = None, entry: str | None = None) -> Iterator[Game]:
    """Yield the games of the shelves, or of one entry; those of networks only where torch is installed."""
    found = [mechanism_games, training_games, generator_games]
    for each in found:
        for game in each(noise):
            if shelf in (None, game.shelf) and entry in (None, game.entry):
                if needs_torch(game.entry) and not _torch():
                    continue
                yield game


def left_out(shelf: str | None = None, entry: str | None = None) -> tuple[NotPlayed, ...]:
    """Return the entries that cannot be played here, and why."""
    if _torch():
        return ()
    kinds = [("mechanism", kind) for kind in MECHANISMS] + [("generator", kind) for kind in GENERATORS]
    return tuple(
        NotPlayed.model_validate({"shelf": where, "entry": kind, "reason": MISSING})
        for where, kind in kinds
        if shelf in (None, where) and entry in (None, kind) and needs_torch(kind)
    )


def needs_torch(kind: str) -> bool:
    """Return whether an entry needs torch."""
    made = GENERATORS.get(kind)
    return kind == "subsampled_gaussian" or (made is not None and made().extra() is not None)


def play(game: Game, runs: int, *, delta: float = DELTA) -> Played:
    """Play one game: the planted bug first, then the claim."""
    runs = max(2, min(runs, game.most)) * game.times
    with _one_thread(game.entry):
        planted = _planted(game, runs, delta) if plants(game) else None
        found, attack = _proved(game, game.claim, runs, delta)
    claim = claimed(game.claim, delta)
    slack, true = float(game.claim.delta0 * DELTA0_UNIT), 2 * min(found.guess, claim.mu)
    gaussian = game.times == 1 and game.claim.mu2 > 0
    return Played(
        shelf=game.shelf,
        entry=game.entry,
        title=game.title,
        neighbours=game.protection.neighbours,
        max_rows=game.protection.max_rows,
        attack=attack,
        runs=runs,
        right=found.right,
        wrong=found.wrong,
        true_rate=found.true_rate,
        false_rate=found.false_rate,
        claim=claim,
        mu=found.mu,
        epsilon=found.epsilon,
        guess=found.guess,
        provable=provable(runs, slack, _alarm(game)),
        power=chance_of_proof(true, claim.mu, runs, slack, _alarm(game)) if gaussian else None,
        planted=planted,
    )


def plants(game: Game) -> bool:
    """Return whether the bug is planted: everywhere but in the second relation of slow fits."""
    return game.shelf == "mechanism" or game.protection.neighbours == "add-remove" or not game.claim.mu2


def _planted(game: Game, runs: int, delta: float) -> Planted:
    found, _ = _proved(game, game.planted, runs, delta)
    return Planted(bug=game.bug, mu=found.mu, caught=found.mu > float(mu_in(game.claim)))


def _proved(game: Game, bought: Cost, runs: int, delta: float) -> tuple[Proof, str]:
    """Return the strongest proof of a game's attacks, each at its share of the alarm."""
    there, away = game.play(True, bought, runs), game.play(False, bought, runs)
    slack = float(game.claim.delta0 * DELTA0_UNIT)
    proofs = [
        (proof(there[:, i], away[:, i], delta0=slack, delta=delta, alarm=_alarm(game)), name)
        for i, name in enumerate(game.attacks)
    ]
    return max(proofs, key=lambda each: (each[0].mu, each[0].guess))


def _alarm(game: Game) -> float:
    return game.alarm / len(game.attacks)


def claimed(cost: Cost, delta: float) -> Claimed:
    """Return what a price claims."""
    slack = float(cost.delta0 * DELTA0_UNIT)
    delta = max(delta, 2 * slack)
    return Claimed(
        mu=float(mu_in(cost)), delta0=slack, epsilon=float(claim_epsilon(cost, delta)), delta=delta
    )


def canary_audit(kind: str, noise: NoiseSource, count: int = CANARIES, *, delta: float = DELTA) -> Canaries:
    """Audit one network by canaries: a planted bug first, then the claim."""
    alarm, claim = canaries.ALARM, claimed(canaries.CLAIM, delta)
    with _one_thread(kind):
        bug = canaries.one_run(kind, count, canaries.PLANTED, delta, noise)
        run = canaries.one_run(kind, count, canaries.CLAIM, delta, noise)
    seen = run.found
    half, quarter = (chance_of_canaries(strengths(run.normal, f), claim.mu, alarm) for f in (2.0, 4.0))
    return Canaries(
        entry=kind,
        title="one fit, all noisy counts and gradients",
        canaries=seen.canaries,
        guesses=seen.guesses,
        right=seen.right,
        claim=claim,
        mu=seen.mu,
        epsilon=seen.epsilon,
        alarm=alarm,
        provable=provable_by_canaries(count, alarm),
        half=half,
        quarter=quarter,
        planted=Planted(bug=canaries.BUG, mu=bug.found.mu, caught=bug.found.mu > claim.mu),
    )


def canary_kinds(entry: str | None = None) -> tuple[str, ...]:
    """Return the generators that are audited by canaries: those with private gradients."""
    kinds = (kind for kind in GENERATORS if needs_torch(kind) and _torch())
    return tuple(kind for kind in kinds if entry in (None, kind))


def _torch() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None


@contextmanager
def _one_thread(kind: str) -> Iterator[None]:
    """Let small networks be computed by one thread: several only wait for each other."""
    if not needs_torch(kind):
        yield
        return
    from synthspec.run.steps import threads_for

    with threads_for(0):
        yield
