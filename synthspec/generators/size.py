"""Size of a tree model: what fits a cap on cells, or the time of its fits; public facts only.

Source: ours; PRIVACY 6.6 of the design. Junction trees as in `pgm.tree`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import prod

from synthspec.generators.pgm.tree import build
from synthspec.terms.domain import Clique

WIDE = 150
"""With more attributes than this a single tree of pairs is learned, in one batch: scoring all pairs
again after each round would take hours."""

MOST_STAGES = 64
"""Rounds are bundled into at most this many stages, between which the model is fitted again."""

SWEEP = 1e-7
"""CPU seconds per cell that one sweep of a fit takes at most, measured: 1e-8 where many small tables are
fitted to one clique, 2e-7 where one table is the clique."""


def in_time(seconds: float, sweeps: int, last: int) -> int:
    """Return how many cells a model may have so that its fits end in about `seconds` of CPU time.

    Predicted from public facts, so that the same spec gives the same model on every machine.

    Args:
        seconds: for all fits of one model together.
        sweeps: of a fit between two stages.
        last: sweeps of the final fit.
    """
    return int(seconds / (SWEEP * (MOST_STAGES * sweeps + last)))


def takes(
    sizes: Mapping[str, int], scopes: Sequence[Clique], cap: int, given: Collection[str] = ()
) -> tuple[bool, ...]:
    """Return, per scope, whether a model of at most `cap` cells takes it beside those taken before it.

    The engine merges codes into levels and so has room for as much or more.

    Args:
        sizes: codes per attribute, in the order of the model's attributes.
        scopes: cliques that the model must hold whole: declared edges, known tables, zeros; wanted
            most first.
        cap: the most cells of all tables together.
        given: attributes of earlier groups, which the tree must be able to condition on.
    """
    place = {name: index for index, name in enumerate(sizes)}
    many = tuple(sizes.values())
    last = frozenset(place[name] for name in given)
    held: list[tuple[int, ...]] = []
    out: list[bool] = []
    for scope in scopes:
        wanted = tuple(sorted({place[name] for name in scope}))
        fits = prod(many[index] for index in wanted) <= cap
        fits = fits and build(many, (*held, wanted), last).cells <= cap
        out.append(fits)
        if fits:
            held.append(wanted)
    return tuple(out)
