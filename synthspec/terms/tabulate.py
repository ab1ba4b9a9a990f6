"""Tabulate: the value of an expression for every combination of listed values, by the polars translation.

Used where a question about all values of a few columns is answered by trying them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.expr import Expr
from synthspec.terms.to_polars import number_of, to_polars
from synthspec.terms.types import Type

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class Listing:
    """Values of one column: physical numbers (see Type), or texts; the last one is null when `null`.

    `values` holds the values that are not null, shape (values,).
    """

    type: Type
    values: NDArray[np.generic] | tuple[str, ...]
    null: bool = False

    def __len__(self) -> int:
        return len(self.values) + self.null


def tabulate(
    expr: Expr, listings: Mapping[str, Listing], places: Mapping[str, NDArray[np.integer]]
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Return the physical values of `expr` (int, or bool as such), 0 where null, and where it is null.

    Args:
        expr: of type bool, int, or another type with whole physical values.
        listings: the values of each column that it reads.
        places: per column, which of its values each row has, shape (rows,).
    """
    import polars as pl

    rows = len(next(iter(places.values()))) if places else 1
    frame = pl.DataFrame(
        [_series(name, listing).gather(pl.Series(places[name])) for name, listing in listings.items()]
    )
    if not listings:
        frame = pl.DataFrame({"\x00": np.zeros(rows, dtype=np.uint8)})
    wanted = to_polars(expr)
    wanted = wanted if expr.type.name == "bool" else number_of(wanted, expr.type)
    found = frame.select(wanted.alias("value"))["value"]
    null = found.is_null().to_numpy()
    values = found.fill_null(value=False if expr.type.name == "bool" else 0).to_numpy()
    if len(values) != rows:
        values, null = np.repeat(values, rows), np.repeat(null, rows)
    return values, null


def _series(name: str, listing: Listing) -> pl.Series:
    import polars as pl

    from synthspec.terms.physical import from_physical

    if isinstance(listing.values, tuple):
        series = pl.Series(name, listing.values, dtype=pl.String)
    else:
        series = from_physical(pl.Series(name, listing.values), listing.type)
    return series.extend_constant(None, 1) if listing.null else series
