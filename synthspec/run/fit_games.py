"""Games of whole fits: every generator learns from one of two neighbouring tables, through the real kernel.

The attacker sees all that a generator sees: every noisy count and gradient and every choice, and the model.

Source: ours; PRIVACY 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synthspec.generators import GENERATORS, Generator, Independent, Model, Workload
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import NoiseSource, SampleRng
from synthspec.run.games import (
    CLAIM,
    HALF,
    Game,
    half_noise,
    kernel_on,
    one_by_one,
    protections,
)
from synthspec.run.overheard import Overheard, World
from synthspec.run.simulated import exposed
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Gap, Gradient, Marginal, Query

DOMAIN = Domain(attributes=("a", "b"), sizes=(5, 4))
OTHERS = 100
SLACK = 10**15
"""Of a claim with noisy gradients: delta0 = 1e-9."""
STEPS = 2

FEW = 500
"""Plays of fits; they still see half the noise with probability over 0.99."""
NETWORK_PLAYS, NETWORK_ALARM = 200, 1e-3
"""Trainings take longer: fewer plays at a larger alarm, which see it as surely."""
NETWORK = Cost(mu2=4 * 10**15, delta0=SLACK)

OPTIONS: Mapping[str, Mapping[str, object]] = {
    "autoregressive": {"width": 4, "embedding": 2},
    "vae": {"width": 4, "latent": 2, "layers": 1, "pretrain": 1},
    "ctgan": {"width": 4, "latent": 2, "layers": 1, "pretrain": 1},
}
"""Small networks: what is audited is what they are given, not how much they learn."""


def generator_games(noise: NoiseSource) -> Iterator[Game]:
    """Yield the games of every entry of the shelf of generators."""
    for kind, made in GENERATORS.items():
        for protection in protections():
            if kind == "rules":
                yield free_game(made(), protection, noise)
            elif made().extra() is None:
                yield fit_game(made(), protection, noise)
            else:
                yield network_game(network(kind), protection, noise)


def network(kind: str) -> Generator:
    """Return a small network that is always fine-tuned, in a few steps that every unit joins."""
    settings = {
        "fine_tune": "always",
        "steps": STEPS,
        "batch_size": 10**6,
        "reweight": False,
        "max_grad_norm": 0.01,
    }
    made = GENERATORS[kind](**settings, **OPTIONS.get(kind, {}))
    assert isinstance(made, Generator)
    return made


def fit_game(generator: Generator, protection: Protection, noise: NoiseSource) -> Game:
    """Return the game of a generator that asks for counts and choices."""
    kind = kind_of(generator)
    questions = (Marginal,) if kind in ("independent", "copula") else (Marginal, Gap)
    return _game(generator, protection, noise, questions)


def network_game(generator: Generator, protection: Protection, noise: NoiseSource) -> Game:
    """Return the game of a network; without others, whose random batches would hide the unit."""
    pair = exposed(DOMAIN, protection)
    there, away = World.of(pair.there), World.of(pair.away)

    def play(present: bool, bought: Cost) -> tuple[float]:
        oracle = Overheard(
            kernel_on(there if present else away, DOMAIN, protection, bought, noise), there, away
        )
        generator.fit(oracle, Workload(rows=1), bought, SampleRng(1))
        return (oracle.score,)

    return Game(
        "generator", kind_of(generator), "a whole fit", (Marginal, Gap, Gradient), protection, NETWORK,
        one_by_one(play), half_noise(NETWORK), most=NETWORK_PLAYS, alarm=NETWORK_ALARM,
    )  # fmt: skip


def free_game(generator: Generator, protection: Protection, noise: NoiseSource) -> Game:
    """Return the game of a generator that buys nothing; the planted bug counts columns without a price."""
    pair = exposed(DOMAIN, protection, OTHERS)
    there, away = World.of(pair.there), World.of(pair.away)

    def play(present: bool, bought: Cost) -> tuple[float, float]:
        cap = Cost(mu2=max(bought.mu2, 1))
        oracle = Overheard(kernel_on(there if present else away, DOMAIN, protection, cap, noise), there, away)
        fitted = (Independent() if bought.mu2 else generator).fit(oracle, Workload(), cap, SampleRng(1))
        return oracle.score, mass(fitted)

    return Game(
        "generator", kind_of(generator), "a whole fit", (), protection, Cost(), one_by_one(play),
        half_noise(CLAIM), "columns counted without a price", (ANSWERS, MODEL), FEW,
    )  # fmt: skip


ANSWERS, MODEL = "every noisy answer", "the fitted model"


def _game(
    generator: Generator, protection: Protection, noise: NoiseSource, questions: tuple[type[Query], ...]
) -> Game:
    pair = exposed(DOMAIN, protection, OTHERS)
    there, away = World.of(pair.there), World.of(pair.away)

    def play(present: bool, bought: Cost) -> tuple[float, float]:
        oracle = Overheard(
            kernel_on(there if present else away, DOMAIN, protection, bought, noise), there, away
        )
        fitted = generator.fit(oracle, Workload(), bought, SampleRng(1))
        return oracle.score, mass(fitted)

    return Game(
        "generator", kind_of(generator), "a whole fit", questions, protection, CLAIM, one_by_one(play),
        half_noise(CLAIM), HALF, (ANSWERS, MODEL), FEW,
    )  # fmt: skip


def mass(model: Model) -> float:
    """Return how much the model puts into the unit's code beyond the other world's."""
    table = model.marginal(DOMAIN.attributes[:1])
    return float(table[-1] - table[-2])


def kind_of(generator: Generator) -> str:
    """Return the name on the shelf."""
    return str(getattr(generator, "kind", ""))
