"""Resolve: a planned column once its domain has been bought; public values in, public values out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Category, Density, Listed, Ordered
from synthspec.errors import InternalError
from synthspec.generators.haar import denoise
from synthspec.plan.cells import cells_of
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule
from synthspec.terms.expr import Column, Lookup

_SLIVER = 1e-3
"""Of a measured density this much is even: a rule may ask for values where the noisy histogram has none."""


def resolve_discovery(planned: PlannedColumn, values: Sequence[str]) -> PlannedColumn:
    """Return the column with the bought list, `else` last; at most `limit` values are taken, in order."""
    if planned.discovery is None or not isinstance(planned.column, Category):
        raise InternalError("I311", "a list was bought for a column that asked for none")
    found = tuple(value for value in dict.fromkeys(values) if value != planned.discovery.other)
    listed = (*found[: planned.discovery.limit], planned.discovery.other)
    column = planned.column.model_copy(update={"values": listed})
    return planned.model_copy(update={"column": column, "discovery": None})


def resolve_tightening(
    planned: PlannedColumn, counts: NDArray[np.integer], stddev: float = 0.0
) -> PlannedColumn:
    """Return the column on the range between the noisy quantiles of its own histogram.

    The upper end becomes the q-quantile; the lower end too, at 1 - q, when the domain goes below
    zero. A histogram that noise made empty leaves the public range as it is. Where the histogram is
    finer than the bins, what it says about the inside of each bin stays as the column's density.

    Args:
        planned: a column with `tightening`.
        counts: released noisy counts per code of `planned.column`, shape (size,) [rows]; the
            missing code, if any, is ignored.
        stddev: of the noise in each count [rows].
    """
    if planned.tightening is None or not isinstance(planned.column, Ordered):
        raise InternalError("I311", "a range was bought for a column that asked for none")
    column = planned.column
    noisy = np.asarray(counts[: column.codes], dtype=np.float64)
    mass = np.maximum(noisy, 0.0)
    points = column.cut_points()
    low, high = 0, column.codes - 1
    if mass.sum() > 0:
        share = np.cumsum(mass) / mass.sum()
        quantile = planned.tightening.quantile
        high = min(high, int(np.searchsorted(share, quantile)))
        if column.lo < 0:
            low = min(high, int(np.searchsorted(share, 1 - quantile, side="right")))
    smaller = column.narrowed(points[low], points[high + 1] - column.step)
    if column.bins is not None:
        smaller = smaller.spread(planned.tightening.bins)
    smaller = smaller.model_copy(update={"density": _density(column, smaller, noisy, stddev)})
    return planned.model_copy(update={"column": smaller, "tightening": None})


def _density(column: Ordered, smaller: Ordered, counts: NDArray[np.float64], stddev: float) -> Density | None:
    """Return the denoised histogram over the codes of `column` on the grid of `smaller`.

    None where every bin of `smaller` lies in one cell of it, so that it says nothing about the inside.
    """
    cells = (np.array(column.cut_points()) - smaller.lo) // smaller.step
    kept = np.clip(cells, 0, smaller.points)
    inside = np.diff(kept) > 0
    starts = kept[:-1][inside]
    if np.isin(starts, smaller.starts()).all():
        return None
    shares = np.maximum(denoise(counts, stddev), 0.0)[inside]
    if not shares.sum() > 0:
        return None
    shares = shares / shares.sum() + _SLIVER * np.diff(kept)[inside] / smaller.points
    return Density(starts=tuple(starts.tolist()), shares=tuple(shares.tolist()))


def resolve_determined(
    planned: PlannedColumn,
    by: Sequence[PlannedColumn],
    counts: NDArray[np.integer],
    stddev: float,
    rules: Sequence[AnyRule] = (),
) -> PlannedColumn:
    """Return the column computed by a lookup: per cell of `by` the value with the largest noisy count.

    A cell whose largest count is within two standard deviations of nothing takes the value that is
    most frequent overall. Noise alone never picks a value that a rule about these columns excludes.

    Args:
        planned: a column with `determined_by`, a code per value.
        by: the columns that determine it, resolved, in the order of the table.
        counts: released noisy counts [rows], flat in C order of `by`, then the column's own codes.
        stddev: of the noise in each count [rows].
        rules: those of the plan.
    """
    column = planned.column
    if column is None or not planned.determined_by:
        raise InternalError("I311", "a table was bought for a column that asked for none")
    sizes = [1 if each.column is None else each.column.size for each in by]
    table = np.asarray(counts, dtype=np.int64).reshape(-1, column.size)
    overall = np.broadcast_to(table.sum(axis=0), table.shape)
    never = _excluded((*by, planned), rules).reshape(table.shape)
    own, common = (np.where(never, np.iinfo(np.int64).min, each) for each in (table, overall))
    best = np.where(own.max(axis=1) > 2 * stddev, own.argmax(axis=1), common.argmax(axis=1))
    texts: list[str | None] = list(_texts(column))
    texts += [None] if column.missing else []
    keys = tuple(
        each.column.encode(Column(name=each.name, type=each.type)) for each in by if each.column is not None
    )
    cells = (tuple(str(code) for code in cell) for cell in np.ndindex(*sizes))
    lookup = Lookup(
        keys=keys,
        table=tuple((cell, texts[int(code)]) for cell, code in zip(cells, best, strict=True)),
        type=planned.type,
    )
    return planned.model_copy(update={"value": lookup, "determined_by": ()})


def _excluded(axes: Sequence[PlannedColumn], rules: Sequence[AnyRule]) -> NDArray[np.bool_]:
    """Return the cells that an enforced rule over `axes` alone rules out for every value inside."""
    columns = [each.column for each in axes if each.column is not None]
    names = {each.name for each in axes}
    never = np.zeros(tuple(column.size for column in columns), dtype=np.bool_)
    for rule in rules:
        expression = rule.row_expression()
        if expression is None or rule.enforce != "always" or not names.issuperset(rule.columns):
            continue
        cells = cells_of(expression, columns)
        if cells is not None:
            never |= np.asarray(cells.never, dtype=np.bool_)
    return never


def imagined(columns: tuple[PlannedColumn, ...]) -> tuple[PlannedColumn, ...]:
    """Return the columns with made-up tables where one would be bought: a function of the names alone."""
    named = {column.name: column for column in columns}
    return tuple(
        _imagined(column, [named[name] for name in column.determined_by]) if column.determined_by else column
        for column in columns
    )


def _imagined(planned: PlannedColumn, by: Sequence[PlannedColumn]) -> PlannedColumn:
    sizes = [each.column.size for each in (*by, planned) if each.column is not None]
    seed = hashlib.blake2b("/".join((*planned.determined_by, planned.name)).encode(), digest_size=8).digest()
    counts = np.random.default_rng(int.from_bytes(seed, "big")).integers(1, 1000, int(np.prod(sizes)))
    return resolve_determined(planned, by, counts, 0.0)


def _texts(column: AnyColumn) -> tuple[str, ...]:
    """Return the literal text of each value of a column with a code per value."""
    if isinstance(column, Ordered):
        return tuple(column.grid_text(column.lo + at * column.step) for at in range(column.points))
    return column.listed() if isinstance(column, Listed) else ()
