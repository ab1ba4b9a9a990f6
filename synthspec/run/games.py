"""Games: one for every question and mechanism, played by the real kernel on simulated neighbours.

Each game knows the worst neighbours of its question, what it claims, a purchase with a planted bug, and the
score of an attacker who sees the noisy answers.

Source: ours; PRIVACY 3 (the worst neighbours) and 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthspec.attack.game import ALARM
from synthspec.attack.transcript import of_counts
from synthspec.mechanisms import Threshold
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.privacy.ledger import Ledger
from synthspec.privacy.noisy import Noisy
from synthspec.run.kernel import Kernel
from synthspec.run.overheard import Overheard, World
from synthspec.run.recorded import Unrecorded, unseen
from synthspec.run.simulated import Pair, Simulated, exposed
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Neighbours, Protection
from synthspec.terms.query import (
    Affected,
    Axis,
    Distances,
    Gap,
    Marginal,
    Query,
    Scored,
    Touched,
)

RELATIONS: tuple[Neighbours, ...] = ("add-remove", "replace")
ROWS = 3
"""Rows of the unit."""
LONELY = 1e6
"""What a name says that only one world has."""
DOMAIN = Domain(attributes=("a", "b", "c"), sizes=(5, 4, 6))
HALF = "half the noise"
CLAIM = Cost.of(2.25)
"""mu = 1.5: where 600 plays of each world see half the noise."""

Array = NDArray[np.float64]
Exact = NDArray[np.int64]
Play = Callable[[bool, Cost, int], Array]


@dataclass(frozen=True, eq=False)
class Game:
    """One game.

    Attributes:
        shelf: where its entry stands.
        entry: the kind that is audited.
        title: what is asked.
        questions: the queries of `terms.query` that are asked.
        protection: the relation and the unit's rows.
        claim: the price that is held against what is proved.
        planted: the price of what is bought when a bug is planted: at the price claimed it has the bug.
        bug: what the planted bug is.
        attacks: what the attacker looks at, one score each.
        play: plays one world so many times, buying at a price each time; returns a score per play and attack,
            shape (plays, attacks).
        most: the most plays of each world that are worth their time.
        alarm: how often each of the bounds may be wrong.
        times: as many plays for one of the others: they cost little, and what they look for is rare.
    """

    shelf: Literal["mechanism", "generator"]
    entry: str
    title: str
    questions: tuple[type[Query], ...]
    protection: Protection
    claim: Cost
    play: Play
    planted: Cost = field(default_factory=Cost)
    bug: str = HALF
    attacks: tuple[str, ...] = ("every noisy answer",)
    most: int = 600
    alarm: float = ALARM
    times: int = 1

    @property
    def name(self) -> str:
        """The game's name in a report."""
        return f"{self.entry}: {self.title}, {self.protection.neighbours}"


def one_by_one(play: Callable[[bool, Cost], tuple[float, ...]]) -> Play:
    """Return what plays a game again and again."""

    def several(present: bool, bought: Cost, plays: int) -> Array:
        return np.array([play(present, bought) for _ in range(plays)], dtype=np.float64)

    return several


def protections(rows: int = ROWS) -> Iterator[Protection]:
    """Yield both relations for a unit of many rows."""
    for relation in RELATIONS:
        yield Protection(unit="person", max_rows=rows, neighbours=relation)


def half_noise(claim: Cost) -> Cost:
    """Return four times the mu2: a Gaussian at that price has half the noise."""
    return Cost(mu2=4 * claim.mu2, delta0=claim.delta0)


def kernel_on(rows: World, domain: Domain, protection: Protection, cap: Cost, noise: NoiseSource) -> Kernel:
    """Return a fresh kernel on a simulated table that can spend `cap`."""
    return Kernel(rows.rows, domain, protection, Ledger(cap), noise, Unrecorded(), unseen, rows.counts)


def mechanism_games(noise: NoiseSource) -> Iterator[Game]:
    """Yield the games of all mechanisms but noisy gradients, which need torch."""
    for protection in protections():
        yield _counts(protection, noise)
        yield _scored(protection, noise)
        for worst in (False, True):
            yield _distances(protection, noise, worst=worst)
        yield _affected(protection, noise)
        yield _choice(protection, noise)
        yield _common(protection, noise)
        yield _lonely(protection, noise)


def _claimed(
    entry: str,
    title: str,
    question: type[Query],
    protection: Protection,
    play: Callable[[bool, Cost], tuple[float, ...]],
    bug: str = HALF,
) -> Game:
    """Return a game of one mechanism at the usual claim."""
    several = one_by_one(play)
    return Game(
        "mechanism", entry, title, (question,), protection, CLAIM, several, half_noise(CLAIM), bug
    )  # fmt: skip


def _counts(protection: Protection, noise: NoiseSource) -> Game:
    """Four marginals at a quarter of the price each: the unit is in one cell of each."""
    pair = exposed(DOMAIN, protection)
    there, away = World.of(pair.there), World.of(pair.away)
    cliques = (("a",), ("b", "c"), ("c",), ("a", "b", "c"))
    queries = [Marginal(tuple(Axis(name, DOMAIN.size(name)) for name in each)) for each in cliques]

    def play(present: bool, bought: Cost) -> tuple[float]:
        world = there if present else away
        oracle = Overheard(kernel_on(world, DOMAIN, protection, bought, noise), there, away)
        oracle.measure(list(zip(queries, bought.split(len(queries)), strict=True)))
        return (oracle.score,)

    return _claimed("rounded_gaussian", "counts of four cliques", Marginal, protection, play)


def _gaussian(
    title: str,
    query: Query,
    protection: Protection,
    noise: NoiseSource,
    pair: Pair,
    ask: Callable[[Kernel, Cost], Noisy],
    exact: Callable[[Simulated], Exact],
) -> Game:
    """Return the game of one question with Gaussian noise, its exact answers given."""
    there, away = World.of(pair.there), World.of(pair.away)
    both = exact(pair.there), exact(pair.away)

    def play(present: bool, bought: Cost) -> tuple[float]:
        noisy = ask(kernel_on(there if present else away, DOMAIN, protection, bought, noise), bought)
        return (of_counts(noisy.values, *both, noisy.stddev),)

    claim = CLAIM
    return Game(
        "mechanism",
        "rounded_gaussian",
        title,
        (type(query),),
        protection,
        claim,
        one_by_one(play),
        half_noise(claim),
    )


def _scored(protection: Protection, noise: NoiseSource) -> Game:
    """A histogram of scores by label: all of the unit's rows have one score."""
    tables = tuple(np.arange(DOMAIN.size(name), dtype=np.int64) for name in ("a", "b"))
    query = Scored(("a", "b"), tables, np.array([2, 4, 6], dtype=np.int64), (Axis("c", DOMAIN.size("c")),))
    return _gaussian(
        "a histogram of scores", query, protection, noise, exposed(DOMAIN, protection),
        lambda kernel, cost: kernel.scored(query, cost),
        lambda rows: rows.scored([query])[0],
    )  # fmt: skip


def _distances(protection: Protection, noise: NoiseSource, *, worst: bool) -> Game:
    """Distances to tables that are empty where the unit is and full where it is not."""
    grid, pair = 4, exposed(DOMAIN, protection)
    cliques = tuple((Axis(name, DOMAIN.size(name)),) for name in DOMAIN.attributes)
    tables = []
    for (axis,) in cliques:
        table = np.zeros(axis.size, dtype=np.int64)
        table[-2] = 50 * grid
        tables.append(table)
    query = Distances(cliques, tuple(tables), grid, worst)

    def exact(rows: Simulated) -> Exact:
        found = [
            int(np.abs(count * grid - table).sum())
            for count, table in zip(rows.count(cliques), tables, strict=True)
        ]
        return np.array([max(found) if worst else sum(found)], dtype=np.int64)

    title = "the largest of three distances" if worst else "the sum of three distances"
    return _gaussian(
        title,
        query,
        protection,
        noise,
        pair,
        lambda kernel, cost: kernel.distances([(query, cost)])[0],
        exact,
    )


def _affected(protection: Protection, noise: NoiseSource) -> Game:
    """Four counters of units, and a unit that all of them count."""
    flags = ("a", "b", "c", "over")
    query, pair = Affected(flags), exposed(DOMAIN, protection)
    counted = Pair(
        replace(pair.there, flagged=dict.fromkeys(flags, 6)),
        replace(pair.away, flagged=dict.fromkeys(flags, 5)),
    )
    return _gaussian(
        "counters of units", query, protection, noise, counted,
        lambda kernel, cost: kernel.affected(query, cost),
        lambda rows: rows.affected(flags),
    )  # fmt: skip


def _choice(protection: Protection, noise: NoiseSource) -> Game:
    """Two candidates, one score rising and one falling by all that the unit can move: they swap places."""
    pair = exposed(DOMAIN, protection)
    there, away = World.of(pair.there), World.of(pair.away)
    size = DOMAIN.size("a")
    empty, full = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    empty[-2], full[-1] = 90, 90
    axes = (Axis("a", size),)
    rising, falling = Gap(axes, empty, 1), Gap(axes, full, 1)
    apart = int(away.scores([rising], none=False)[0] - there.scores([falling], none=False)[0])
    falling = replace(falling, offset=-apart)

    def play(present: bool, bought: Cost) -> tuple[float]:
        world = there if present else away
        oracle = Overheard(kernel_on(world, DOMAIN, protection, bought, noise), there, away)
        oracle.select([rising, falling], bought)
        return (oracle.score,)

    return _claimed(
        "exponential", "a choice of two", Gap, protection, play, "four times the price of the choice"
    )


def _common(protection: Protection, noise: NoiseSource) -> Game:
    """Names that many units have: all are kept, so that their noisy counts are seen."""
    pair, names = exposed(DOMAIN, protection), [f"name {i}" for i in range(2 * ROWS)]
    mine, others = set(names[:ROWS]), set(names[ROWS:])
    counted = Pair(
        replace(pair.there, named={name: 5000 + (name in mine) for name in names}),
        replace(
            pair.away,
            named={name: 5000 + (name in others and protection.neighbours == "replace") for name in names},
        ),
    )
    claim = Cost(mu2=CLAIM.mu2, delta0=10**15)
    return _names(
        "names that many have", protection, noise, counted, claim, half_noise(claim), HALF, ("counts",)
    )


def _lonely(protection: Protection, noise: NoiseSource) -> Game:
    """Names that only this unit has: the slack alone may betray them."""
    pair = exposed(DOMAIN, protection)
    common = {f"name {i}": 5000 for i in range(ROWS)}
    mine = {f"lonely {i}": 1 for i in range(ROWS)}
    other = {f"other {i}": 1 for i in range(ROWS)} if protection.neighbours == "replace" else {}
    counted = Pair(
        replace(pair.there, named={**common, **mine}), replace(pair.away, named={**common, **other})
    )
    claim, planted = Cost.of(0.01, 0.02), Cost.of(0.01, 0.2)
    bug = "ten times the slack"
    return _names("names that one unit has", protection, noise, counted, claim, planted, bug, ("names",))


def _names(
    title: str,
    protection: Protection,
    noise: NoiseSource,
    pair: Pair,
    claim: Cost,
    planted: Cost,
    bug: str,
    attacks: tuple[str, ...],
) -> Game:
    """Return a game of partition selection; the score is that of the counts, or of a name kept."""
    both = pair.there.named, pair.away.named
    most = len(set(both[0]) | set(both[1]))

    def play(present: bool, bought: Cost, plays: int) -> Array:
        """Ask once for the names of all plays, each with names and a unit of its own."""
        mine = both[0] if present else both[1]
        named = {f"{i}/{name}": units for i in range(plays) for name, units in mine.items()}
        rows = World.of(replace(pair.there, named=named))
        found = kernel_on(rows, DOMAIN, protection, bought, noise).discover("a", plays * most, bought)
        scores = np.zeros((plays, 1))
        for at, value in zip(found.names, found.noisy.values.tolist(), strict=True):
            i, _, name = at.partition("/")
            there, away = (np.array([float(world.get(name, 0))]) for world in both)
            alone = float(away[0] == 0) - float(there[0] == 0)
            seen = of_counts(np.array([float(value)]), there, away, found.noisy.stddev)
            scores[int(i), 0] += LONELY * alone if alone else seen
        return scores

    kind = str(Threshold.model_fields["kind"].default)
    times = 1 if bug == HALF else 5
    return Game(
        "mechanism", kind, title, (Touched,), protection, claim, play, planted, bug, attacks, times=times
    )
