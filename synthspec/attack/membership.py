"""Membership: is this person in the table? By the counts of the cells that a record falls into.

A record adds 1 to its cell of every counted table. For a count y whose cell has probability p among
other people (a reference), the log-likelihood ratio of "one more" is (y - n p - 1/2) / v, with v the
variance of y given p: the noise, the sampling of the table, of the reference and of the released rows.
Summed over tables it is an attacker's score. Two kinds of counts are attacked: the noisy marginals that
were measured, with the noise that was paid for; and the cells of the released rows.

Source: Golob et al. 2024, arXiv:2402.06699 and arXiv:2410.05506 (MAMA-MIA: focal points of measured
marginals); Andrey et al. 2025 (TAMIS); Homer et al. 2008 (likelihood ratios of aggregate counts). Code ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from synthspec.attack.outcome import Outcome
from synthspec.attack.roc import judge_scores
from synthspec.attack.table import FloatArray, IntArray, Table

PAIRS = 200
"""Pairs of columns of the released rows that are counted at most."""


@dataclass(frozen=True, eq=False, repr=False)
class Counted:
    """One table of counts over `columns` of the attacked tables.

    Attributes:
        columns: places of the columns.
        levels: per column the level of each code.
        sizes: levels per column.
        counts: flat, C order [rows].
        variance: of the noise in each count [rows^2].
    """

    columns: tuple[int, ...]
    levels: tuple[IntArray, ...]
    sizes: tuple[int, ...]
    counts: FloatArray
    variance: float

    def cells(self, table: Table) -> IntArray:
        """Return the flat cell of each row of `table`; shape (rows,)."""
        index = np.zeros(table.rows, dtype=np.int64)
        for column, levels, size in zip(self.columns, self.levels, self.sizes, strict=True):
            index = index * size + levels[table.codes[:, column]]
        return index


def score(people: Table, counted: Sequence[Counted], reference: Table, total: float) -> FloatArray:
    """Return the log-likelihood ratio of each record being counted; shape (people,).

    Args:
        people: the records asked about.
        counted: tables of counts that are public.
        reference: records of other people.
        total: about how many rows were counted, public.
    """
    found = np.zeros(people.rows)
    for each in counted:
        others = np.bincount(each.cells(reference), minlength=each.counts.size)
        # half a record in all: an empty cell of the reference is rare, not impossible
        shares = (others + 0.5 / each.counts.size) / (reference.rows + 0.5)
        spread = total * shares * (1 - shares) * (1 + total / max(1, reference.rows))
        worth = (each.counts - total * shares - 0.5) / np.maximum(each.variance + spread, 0.25)
        found += worth[each.cells(people)]
    return found


def released_cells(synthetic: Table, total: float, rng: np.random.Generator) -> tuple[Counted, ...]:
    """Return the released rows' counts of single columns and pairs, scaled to `total` rows."""
    width = len(synthetic.attributes)
    pairs = list(combinations(range(width), 2))
    if len(pairs) > PAIRS:
        pairs = [pairs[i] for i in sorted(rng.choice(len(pairs), size=PAIRS, replace=False).tolist())]
    found = []
    for clique in [*((i,) for i in range(width)), *pairs]:
        levels = tuple(np.arange(synthetic.sizes[i], dtype=np.int64) for i in clique)
        sizes = tuple(synthetic.sizes[i] for i in clique)
        blank = Counted(clique, levels, sizes, np.zeros(int(np.prod(sizes))), 0.0)
        counts = np.bincount(blank.cells(synthetic), minlength=blank.counts.size)
        scale = total / max(1, synthetic.rows)
        # the released rows are a sample too: about as much variance again as their share of a cell
        typical = float(counts.mean()) * scale * scale
        found.append(Counted(clique, levels, sizes, np.asarray(counts * scale), typical))
    return tuple(found)


def by_counts(
    counted: Sequence[Counted],
    members: Table,
    others: Table,
    reference: Table,
    total: float,
    bound: Callable[[float], float] | None,
    *,
    attack: str,
    title: str,
    about: str,
) -> Outcome:
    """Return how well the counts tell members from others."""
    told = judge_scores(
        score(members, counted, reference, total), score(others, counted, reference, total), bound
    )
    return Outcome(
        attack=attack,
        title=title,
        about=about,
        cites="Golob et al. 2024 (MAMA-MIA); Andrey et al. 2025 (TAMIS); Homer et al. 2008",
        auc=told.auc,
        rates=told.rates,
        exposed=told.exposed,
        verdict="found" if told.found else "not seen",
        notes=told.notes,
    )
