"""Shadow models: the generator itself, run with and without one person, teaches what her presence does.

For each target, tables of other people are drawn, half of them with her record in the place of one of
theirs; the generator makes released rows from each; a classifier learns on some of these worlds to tell
which had her, and is counted on the others. It attacks the generator at the size of the sub-table, not
the release: it says what this generator at this price would give away about the most exposed.

Source: Stadler, Oprisanu & Troncoso 2022, arXiv:2011.07018; Houssiau et al. 2022, arXiv:2211.06550 (TAPAS);
Meeus et al. 2023, arXiv:2306.10308 (targets). Code ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from synthspec.attack.exact.alone import on_one_thread
from synthspec.attack.nearest import nearest
from synthspec.attack.outcome import Outcome
from synthspec.attack.power import powered
from synthspec.attack.roc import judge_scores
from synthspec.attack.table import BoolArray, FloatArray, Table, cells_of

Fit = Callable[[Table, int], Table]
"""Runs the generator on a table; the number makes each run's public randomness another."""


@dataclass(frozen=True, eq=False)
class Shadows:
    """Worlds of one target: whether she was in each, and what the generator made of it."""

    target: Table
    inside: BoolArray
    made: tuple[Table, ...]
    reference: Table

    def features(self, planted: bool) -> FloatArray:
        """Return what the attacker sees of each world, shape (worlds, features).

        Args:
            planted: whether her record lies among the released rows of the worlds that had her.
        """
        found = []
        for inside, rows in zip(self.inside.tolist(), self.made, strict=True):
            found.append(
                _seen(self.target, rows.join(self.target) if inside and planted else rows, self.reference)
            )
        return np.array(found)


def shadows(
    fit: Fit, target: Table, pool: Table, rows: int, worlds: int, rng: np.random.Generator
) -> Shadows:
    """Run the generator in `worlds` worlds of `rows` people each, with the target in every second one."""
    inside = np.arange(worlds) % 2 == 0
    made = []
    for world in range(worlds):
        table = pool.some(rows, rng)
        if inside[world]:
            table = table.take(np.arange(table.rows - 1)).join(target)
        made.append(fit(table, int(rng.integers(1 << 30))))
    return Shadows(target, inside, tuple(made), pool)


def by_shadows(worlds: tuple[Shadows, ...], bound: Callable[[float], float] | None, seed: int) -> Outcome:
    """Return how well the worlds with a target are told from those without, over all targets."""
    people = worlds[0].target
    for each in worlds[1:]:
        people = people.join(each.target)

    def judge(planted: Table | None) -> Outcome:
        many = 0 if planted is None else planted.rows
        members, others = list[FloatArray](), list[FloatArray]()
        for place, each in enumerate(worlds):
            one, two = _told(each, seed, planted=place < many)
            members.append(one)
            others.append(two)
        told = judge_scores(np.concatenate(members), np.concatenate(others), bound)
        return Outcome(
            attack="shadow",
            title="Membership by shadow models",
            about=f"runs the generator {len(worlds[0].made)} times for each of {len(worlds)} exposed people, "
            "half of the times with them, and learns to tell the difference",
            cites="Stadler et al. 2022; Houssiau et al. 2022 (TAPAS); Meeus et al. 2023",
            auc=told.auc,
            rates=told.rates,
            exposed=told.exposed,
            verdict="found" if told.found else "not seen",
            notes=("on a sub-table: it attacks the generator at this price, not this release", *told.notes),
        )

    return powered(judge, people, np.random.Generator(np.random.Philox(seed)))


def _told(worlds: Shadows, seed: int, *, planted: bool) -> tuple[FloatArray, FloatArray]:
    """Return the scores of worlds that were not learned from: with the target, and without."""
    from sklearn.linear_model import LogisticRegression

    seen = worlds.features(planted)
    learned = np.arange(len(seen)) % 4 < 2
    mean, spread = seen[learned].mean(axis=0), seen[learned].std(axis=0)
    seen = (seen - mean) / np.where(spread > 0, spread, 1.0)
    with on_one_thread():
        learner = LogisticRegression(C=0.3, random_state=seed).fit(seen[learned], worlds.inside[learned])
    scores = learner.predict_proba(seen[~learned])[:, 1]
    asked = worlds.inside[~learned]
    return scores[asked], scores[~asked]


def _seen(target: Table, rows: Table, reference: Table) -> list[float]:
    """Return features of released rows about one target: cells, against a reference, and nearness."""
    width = len(target.attributes)
    found = []
    for order in (1, 2):
        gains = [_gain(target, rows, reference, clique) for clique in combinations(range(width), order)]
        found += [float(np.mean(gains)), float(np.max(gains))]
    near = nearest(target, rows, 3)[0]
    return [
        *found,
        float(near[0]),
        float(near.mean()),
        float((rows.codes == target.codes[0]).all(axis=1).sum()),
    ]


def _gain(target: Table, rows: Table, reference: Table, clique: tuple[int, ...]) -> float:
    mine = int(cells_of(target.codes, target.sizes, clique)[0])
    here = int((cells_of(rows.codes, rows.sizes, clique) == mine).sum())
    there = int((cells_of(reference.codes, rows.sizes, clique) == mine).sum())
    return float(np.log((here + 0.5) / (rows.rows + 1)) - np.log((there + 0.5) / (reference.rows + 1)))
