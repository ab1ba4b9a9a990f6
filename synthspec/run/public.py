"""public: the codes of a table that the spec declares public; nothing else is ever read this way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from synthspec.errors import InternalError, SourceError
from synthspec.plan.plan import Plan
from synthspec.plan.view import build_view
from synthspec.terms.to_polars import to_polars


def public_codes(plan: Plan) -> Mapping[str, NDArray[np.int64]]:
    """Return the codes of every coded column of a public source, rows that break a rule left out.

    Raises:
        InternalError: I326, when the source is not declared public: the caller refuses such plans.
        SourceError: D450, when it cannot be read.
    """
    import polars as pl

    from synthspec.engines.recipe import ALIVE, Recipe

    if not plan.source_public:
        raise InternalError("I326", "codes of a private source were asked for")
    view = build_view(plan, plan.columns)
    wanted = [
        to_polars(coded.code).cast(pl.Int64).fill_null(0).clip(0, coded.size - 1).alias(coded.attribute)
        for coded in view.codes
    ]
    try:
        frames = [
            frame.filter(pl.col(ALIVE)).select(coded.attribute for coded in view.codes)
            for frame, _ in Recipe(view).run(wanted)
        ]
    except (OSError, ValueError) as error:
        raise SourceError(
            "D450",
            f"`{view.source.path}` cannot be read as a table ({type(error).__name__})",
            helps=("give a CSV or a Parquet file with the columns of the spec",),
        ) from None
    whole = pl.concat(frames) if frames else pl.DataFrame({coded.attribute: [] for coded in view.codes})
    return {name: whole[name].to_numpy().astype(np.int64) for name in whole.columns}
