"""Recipe: the constants of the marginal engine, one set for all tables.

Specs cannot change them; `benchmarks/fidelity.py --ablate` measures what each of them buys.

Source: ours; PRIVACY 6 of the design.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """What the engine does with its budget.

    Attributes:
        floor: share spent on the one-ways first, blindly.
        least: the one-ways' share is never under this: with a quarter of the budget their deviation is
            twice that of independent columns, and less once the pairs' margins are pooled in.
        power: a one-way's share of that budget grows with this power of its number of codes.
        haar_from: ordered one-ways of this many codes are denoised by wavelets.
        shrink_from: nominal one-ways of this many codes are shrunk towards each other.
        reach: whether the ends of a denoised one-way that do not stand out from the noise are emptied.
        give_up: no pairs are bought where the one-ways' rule would give them more than this share.
        standout: a level holds this many deviations of its one-way, or is merged.
        merging: whether codes are merged under the noise at all.
        kappa: how far the model trusts a marginal of order 1, 2, 3 and more: less is nearer least squares.
        tree_share: the tree round's part of what is left after the one-ways, over 1 + picks.
        tree: whether there is a tree round.
        selection: the part of a round's budget that pays for its selections.
        none: whether a selection may take nothing.
        halving: whether a round in which nothing stood out makes the next ones fewer and sharper.
        noise_aware: whether a pair's score allows for what its own cells hold, not for noise alone.
        hurdle: how far a pair must stand out, in units of scatter times the log of the number of
            candidates: lifts "none" towards the weight of all candidates together.
        start_cap: the part of the cap on cells that the first rounds may use.
        seconds: no pair is selected that would make the fits take longer than this CPU time, as predicted.
        exchange: how much of a one-way's error shows in each pair that holds the attribute, when there
            is no other error.
        dependence: the variation that a pair's dependence typically makes, per unit of what the less
            even of its columns leaves room for (see `OneWays.exchange`).
        spread: how much of what a measured pair gains shows in each other pair of its attributes.
        triples: whether triples inside the model's cliques are candidates too (measured: no gain).
        pooling: whether the final one-ways use what the measured pairs say about their columns.
        rake: whether the final fit meets these one-ways exactly.
        gap: a fit ends within this many nats of its optimum: the root of half of it bounds the joint's
            distance in total variation (0.07); a tenth of it moves no figure of the benchmark.
        sweeps: the most sweeps of a fit between rounds; enough to tell which pair is next.
        last_sweeps: the most sweeps of the final fit.
    """

    floor: float = 0.08
    least: float = 0.25
    power: float = 2 / 3
    haar_from: int = 32
    shrink_from: int = 8
    reach: bool = True
    give_up: float = 0.95
    standout: float = 4.0
    merging: bool = True
    kappa: tuple[float, ...] = (0.1, 0.15, 0.15)
    tree_share: float = 0.7
    tree: bool = True
    selection: float = 0.1
    none: bool = True
    halving: bool = True
    noise_aware: bool = True
    hurdle: float = 0.5
    start_cap: float = 0.3
    seconds: float = 600.0
    exchange: float = 0.4
    dependence: float = 0.15
    spread: float = 0.06
    triples: bool = False
    pooling: bool = True
    rake: bool = True
    gap: float = 0.01
    sweeps: int = 8
    last_sweeps: int = 200


RECIPE = Recipe()
