"""public: the codes of a table that the spec declares public; nothing else is ever read this way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.sql.engine import SqlEngine
from synthspec.errors import InternalError, SourceError
from synthspec.plan.plan import Plan
from synthspec.plan.view import build_view
from synthspec.run.engine import engine_of
from synthspec.terms.to_polars import to_polars
from synthspec.terms.view import View

if TYPE_CHECKING:
    from synthspec.engines.recipe import Recipe


def public_codes(plan: Plan) -> Mapping[str, NDArray[np.int64]]:
    """Return the codes of every coded column of a public source, rows that break a rule left out.

    What is about the row before a row is left out, too.

    Raises:
        InternalError: I326, when the source is not declared public: the caller refuses such plans.
        SourceError: D450, when it cannot be read.
    """
    return public_rows(plan)[0]


def public_rows(plan: Plan) -> tuple[Mapping[str, NDArray[np.int64]], Mapping[str, int]]:
    """Return the codes of `public_codes`, and how many rows each label flags (`plan.view.flags_of`)."""
    import polars as pl

    from synthspec.engines.recipe import ALIVE, flag

    if not plan.source_public:
        raise InternalError("I326", "codes of a private source were asked for")
    view = build_view(plan, plan.columns)
    plain = [coded for coded in view.codes if coded.by is None]
    wanted = [
        to_polars(coded.code).cast(pl.Int64).fill_null(0).clip(0, coded.size - 1).alias(coded.attribute)
        for coded in plain
    ]
    try:
        with _recipe(view) as recipe:
            flags = recipe.flags
            marks = [pl.col(flag(at)) for at in range(len(flags))]
            read = [frame for frame, _ in recipe.run([*wanted, *marks])]
    except (OSError, ValueError) as error:
        raise SourceError(
            "D450",
            f"`{view.source.path}` cannot be read as a table ({type(error).__name__})",
            helps=("give a CSV or a Parquet file with the columns of the spec",),
        ) from None
    frames = [frame.filter(pl.col(ALIVE)).select(coded.attribute for coded in plain) for frame in read]
    whole = pl.concat(frames) if frames else pl.DataFrame({coded.attribute: [] for coded in plain})
    flagged = {
        label: sum(int(frame[flag(at)].fill_null(False).sum()) for frame in read)
        for at, label in enumerate(flags)
    }
    return {name: whole[name].to_numpy().astype(np.int64) for name in whole.columns}, flagged


@contextmanager
def _recipe(view: View) -> Iterator[Recipe]:
    from synthspec.engines.recipe import Recipe

    engine = engine_of(view.source)
    if isinstance(engine, SqlEngine):
        with engine.recipe(view) as recipe:
            yield recipe
    else:
        yield Recipe(view)
