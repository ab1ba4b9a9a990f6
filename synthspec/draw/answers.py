"""Answers: the spec's questions and subgroups, counted over released rows; synthetic rows only.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from synthspec.draw.frame import typed
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.release.counted import Counted, GroupCount
from synthspec.terms.expr import Expr
from synthspec.terms.to_polars import to_polars


def counted(plan: Plan, columns: Sequence[PlannedColumn], frame: pl.DataFrame) -> tuple[Counted, ...]:
    """Return how many rows of a released frame answer each question, by group; unknown does not count.

    Groups without rows are left out; they come in the order of their values, missing last.
    """
    if not plan.questions and not plan.subgroups:
        return ()
    rows = typed(frame, [column for column in columns if column.name in frame.columns])
    questions = tuple(
        Counted(kind="question", name=q.name, by=q.by, groups=_groups(rows, q.by, q.count))
        for q in plan.questions
    )
    return questions + tuple(
        Counted(kind="subgroup", name=name, by=(name,), groups=_groups(rows, (name,), None))
        for name in plan.subgroups
    )


def _groups(rows: pl.DataFrame, by: tuple[str, ...], count: Expr | None) -> tuple[GroupCount, ...]:
    meets = pl.lit(value=True) if count is None else to_polars(count).fill_null(value=False)
    keys = [pl.col(name) for name in by]
    marked = rows.select(*keys, meets.cast(pl.Int64).alias("\0meets"))
    sums = [pl.col("\0meets").sum().alias("\0rows"), pl.len().alias("\0of")]
    if not by:
        table = marked.select(sums)
    else:
        table = marked.group_by(keys).agg(sums).sort(by, nulls_last=True)
    return tuple(
        GroupCount(values=tuple(_text(value) for value in values), rows=int(found), of=int(of))
        for *values, found, of in table.iter_rows()
    )


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
