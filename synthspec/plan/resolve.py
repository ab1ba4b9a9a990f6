"""Resolve: a planned column once its domain has been bought; public values in, public values out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import Category, Ordered
from synthspec.errors import InternalError
from synthspec.plan.plan import PlannedColumn


def resolve_discovery(planned: PlannedColumn, values: Sequence[str]) -> PlannedColumn:
    """Return the column with the bought list, `else` last; at most `limit` values are taken, in order."""
    if planned.discovery is None or not isinstance(planned.column, Category):
        raise InternalError("I311", "a list was bought for a column that asked for none")
    found = tuple(value for value in dict.fromkeys(values) if value != planned.discovery.other)
    listed = (*found[: planned.discovery.limit], planned.discovery.other)
    column = planned.column.model_copy(update={"values": listed})
    return planned.model_copy(update={"column": column, "discovery": None})


def resolve_tightening(planned: PlannedColumn, counts: NDArray[np.integer]) -> PlannedColumn:
    """Return the column on the range between the noisy quantiles of its own histogram.

    The upper end becomes the q-quantile; the lower end too, at 1 - q, when the domain goes below
    zero. A histogram that noise made empty leaves the public range as it is.

    Args:
        planned: a column with `tightening`.
        counts: released noisy counts per code of `planned.column`, shape (size,) [rows]; the
            missing code, if any, is ignored.
    """
    if planned.tightening is None or not isinstance(planned.column, Ordered):
        raise InternalError("I311", "a range was bought for a column that asked for none")
    column = planned.column
    mass = np.maximum(np.asarray(counts[: column.codes], dtype=np.float64), 0.0)
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
    return planned.model_copy(update={"column": smaller, "tightening": None})
