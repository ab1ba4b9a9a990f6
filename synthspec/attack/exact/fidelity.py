"""Fidelity: exact distances between people of the table and released rows, beside what sampling gives.

Total variation over single columns, pairs and triples, on the same public levels as the paid figures.
Beside each stands the sampling ceiling: what two samples of the same population of these sizes show,
(1/2) sum_v sqrt((2/pi) p_v (1 - p_v) (1/n + 1/m)); below it there is nothing to see.

Source: the ceiling is the expected L1 distance of multinomials by the normal approximation (poor where
fewer than 5 are expected); Kolmogorov 1933; Villani 2009 (W1); Cramer 1946; Spearman 1904.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb, inf, pi, sqrt

import numpy as np

from synthspec.attack.outcome import Inside
from synthspec.attack.table import FloatArray, IntArray, Table, cells_of
from synthspec.metrics.association import cramers_v

MOST = 500
"""Tables of one order; where there are more, a random subset."""

WORST = 10


class CliqueError(Inside):
    """One table of one to three columns: its distance, the sampling ceiling, and the control's distance."""

    columns: tuple[str, ...]
    distance: float
    ceiling: float
    control: float | None = None


class OrderError(Inside):
    """All tables of one order; `like_sample`: a fair sample of this share of the table would be as far off.

    As in the public report: without putting back, so as many fresh people as the table has count as a third.
    """

    order: int
    tables: int
    mean: float
    worst: float
    ceiling: float
    control: float | None = None
    like_sample: float


class ColumnError(Inside):
    """One column: total variation, and for ordered ones Kolmogorov-Smirnov and Wasserstein-1 (scaled)."""

    column: str
    distance: float
    ceiling: float
    control: float | None = None
    ks: float | None = None
    w1: float | None = None


class AssociationError(Inside):
    """Differences of the strength of association over pairs of columns."""

    measure: str
    pairs: int
    mean: float
    worst: float
    worst_pair: tuple[str, ...] = ()


class Fidelity(Inside):
    """How close the released rows are, exactly."""

    orders: tuple[OrderError, ...]
    columns: tuple[ColumnError, ...]
    worst: tuple[CliqueError, ...]
    associations: tuple[AssociationError, ...]


class Levels:
    """Rows on public levels, at most 32 a column."""

    def __init__(self, table: Table, levels: Sequence[IntArray | None]) -> None:
        sizes, columns = [], []
        for column, mapped in enumerate(levels):
            codes = table.codes[:, column]
            columns.append(codes if mapped is None else mapped[codes])
            sizes.append(table.sizes[column] if mapped is None else int(mapped.max()) + 1)
        self.codes = np.stack(columns, axis=1) if columns else np.zeros((table.rows, 0), dtype=np.int64)
        self.sizes = tuple(sizes)

    def counts(self, clique: Sequence[int]) -> FloatArray:
        """Return the counts over a clique, flat."""
        cells = int(np.prod([self.sizes[i] for i in clique]))
        return np.bincount(cells_of(self.codes, self.sizes, clique), minlength=cells).astype(np.float64)


def fidelity(
    members: Table,
    synthetic: Table,
    others: Table | None,
    levels: Sequence[IntArray | None],
    rng: np.random.Generator,
) -> Fidelity:
    """Return the exact distances of `synthetic` from `members`; `others` are the control, if any.

    Args:
        members: people of the table.
        synthetic: released rows.
        others: people who are not in the table.
        levels: per column the public level of each code, None where each code is one.
        rng: chooses tables where there are too many.
    """
    real, made = Levels(members, levels), Levels(synthetic, levels)
    held = None if others is None or not others.rows else Levels(others, levels)
    names = members.names
    orders, every = [], list[CliqueError]()
    for order in (1, 2, 3):
        cliques = _cliques(len(names), order, rng)
        if not cliques:
            continue
        errors = [_error(real, made, held, names, clique) for clique in cliques]
        orders.append(_order(order, errors, members.rows, synthetic.rows))
        every += errors
    singles = [each for each in every if len(each.columns) == 1]
    worst = sorted(
        (e for e in every if len(e.columns) > 1), key=lambda e: e.distance - e.ceiling, reverse=True
    )
    return Fidelity(
        orders=tuple(orders),
        columns=tuple(_column(members, synthetic, i, each) for i, each in enumerate(singles)),
        worst=tuple((worst or singles)[:WORST]),
        associations=tuple(
            each for each in (_cramer(real, made, names), _spearman(members, synthetic)) if each is not None
        ),
    )


def distance(one: FloatArray, two: FloatArray) -> float:
    """Return the total variation distance of two vectors of counts; 0 where one is empty."""
    if not one.sum() or not two.sum():
        return 0.0
    return float(np.abs(one / one.sum() - two / two.sum()).sum() / 2)


def ceiling(counts: FloatArray, n: int, m: int) -> float:
    """Return the expected distance of two samples of `n` and `m` rows from the shares of `counts`."""
    if not counts.sum() or not n or not m:
        return 0.0
    p = counts / counts.sum()
    return float(min(1.0, np.sqrt(2 / pi * p * (1 - p)).sum() / 2 * sqrt(1 / n + 1 / m)))


def _error(
    real: Levels, made: Levels, held: Levels | None, names: Sequence[str], clique: Sequence[int]
) -> CliqueError:
    truth, drawn = real.counts(clique), made.counts(clique)
    return CliqueError(
        columns=tuple(names[i] for i in clique),
        distance=distance(truth, drawn),
        ceiling=ceiling(truth, len(real.codes), len(made.codes)),
        control=None if held is None else distance(truth, held.counts(clique)),
    )


def _order(order: int, errors: Sequence[CliqueError], n: int, m: int) -> OrderError:
    mean = float(np.mean([each.distance for each in errors]))
    top = float(np.mean([each.ceiling for each in errors]))
    per_row = top / sqrt(1 / n + 1 / m) if n and m else 0.0
    # x of n rows drawn without putting back err like n x / (1 - x) fresh ones (finite population)
    people = (per_row / mean) ** 2 if mean else inf
    controls = [each.control for each in errors if each.control is not None]
    return OrderError(
        order=order,
        tables=len(errors),
        mean=mean,
        worst=max(each.distance for each in errors),
        ceiling=top,
        control=float(np.mean(controls)) if controls else None,
        like_sample=1.0 if people == inf else people / (people + n),
    )


def _cliques(width: int, order: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    if comb(width, order) <= MOST:
        return list(combinations(range(width), order))
    found: dict[tuple[int, ...], None] = {}
    while len(found) < MOST:
        found[tuple(sorted(rng.choice(width, size=order, replace=False).tolist()))] = None
    return list(found)


def _column(members: Table, synthetic: Table, place: int, error: CliqueError) -> ColumnError:
    ks = w1 = None
    if members.attributes[place].ordered:
        one, two = (table.values[:, place] for table in (members, synthetic))
        one, two = one[~np.isnan(one)], two[~np.isnan(two)]
        if one.size and two.size:
            ks, w1 = ks_and_w1(one, two)
    return ColumnError(
        column=error.columns[0],
        distance=error.distance,
        ceiling=error.ceiling,
        control=error.control,
        ks=ks,
        w1=w1,
    )


def ks_and_w1(one: FloatArray, two: FloatArray) -> tuple[float, float]:
    """Return sup |F - G| and the integral of |F - G| of two samples of values in 0..1."""
    grid = np.union1d(one, two)
    f = np.searchsorted(np.sort(one), grid, side="right") / one.size
    g = np.searchsorted(np.sort(two), grid, side="right") / two.size
    gap = np.abs(f - g)
    return float(gap.max()), float((gap[:-1] * np.diff(grid)).sum())


def _cramer(real: Levels, made: Levels, names: Sequence[str]) -> AssociationError | None:
    gaps: list[tuple[float, tuple[str, ...]]] = []
    for i, j in combinations(range(len(names)), 2):
        shape = (real.sizes[i], real.sizes[j])
        one, two = (each.counts((i, j)).reshape(shape) for each in (real, made))
        if one.sum() and two.sum():
            gaps.append((abs(cramers_v(one / one.sum()) - cramers_v(two / two.sum())), (names[i], names[j])))
    return _association("Cramér's V", gaps)


def _spearman(members: Table, synthetic: Table) -> AssociationError | None:
    places = [i for i, attribute in enumerate(members.attributes) if attribute.ordered]
    gaps: list[tuple[float, tuple[str, ...]]] = []
    for i, j in combinations(places, 2):
        one, two = (_rank_correlation(table.values[:, [i, j]]) for table in (members, synthetic))
        if one is not None and two is not None:
            gaps.append((abs(one - two), (members.names[i], members.names[j])))
    return _association("Spearman's rank correlation", gaps)


def _rank_correlation(values: FloatArray) -> float | None:
    from scipy.stats import rankdata

    known = values[~np.isnan(values).any(axis=1)]
    if len(known) < 3 or (known.min(axis=0) == known.max(axis=0)).any():
        return None
    ranks = rankdata(known, axis=0)
    return float(np.corrcoef(ranks.T)[0, 1])


def _association(measure: str, gaps: Sequence[tuple[float, tuple[str, ...]]]) -> AssociationError | None:
    if not gaps:
        return None
    worst = max(gaps)
    return AssociationError(
        measure=measure,
        pairs=len(gaps),
        mean=float(np.mean([gap for gap, _ in gaps])),
        worst=worst[0],
        worst_pair=worst[1],
    )
