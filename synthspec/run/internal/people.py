"""People: private rows as attacks see them, through the engine, with the release's domains and bounds.

Each column is read twice in one pass: as the release codes it, and cut into many more steps of its
public range, so that values can be compared closely. Nothing is noised, and nothing is charged: what is
made of these rows stays inside.

Source: ours; REPORTS.md 2.1 of the design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.attack.table import Attribute, IntArray, Table
from synthspec.columns import Ordered
from synthspec.draw.frame import encoded, typed
from synthspec.engines.base import Engine
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.view import build_view
from synthspec.privacy.entropy import NoiseSource
from synthspec.terms.expr import Column
from synthspec.terms.view import Coded, View

STEPS = 16_384
"""Steps of a public range at most; values closer than that are equal here."""

CLOSE = "\x00close "


@dataclass(frozen=True, eq=False)
class People:
    """Rows with the number of each row's unit."""

    table: Table
    units: IntArray

    def __repr__(self) -> str:
        return "People(...)"

    @property
    def count(self) -> int:
        """The number of units."""
        return int(self.units.max()) + 1 if len(self.units) else 0

    def one_each(self, rng: np.random.Generator) -> Table:
        """Return one row of each unit, chosen at random."""
        order = rng.permutation(len(self.units))
        _, first = np.unique(self.units[order], return_index=True)
        return self.table.take(order[first])


def seen_columns(columns: Sequence[PlannedColumn], view: View) -> tuple[PlannedColumn, ...]:
    """Return the columns that private and released rows both have codes of, in the plan's order."""
    coded = set(view.domain.attributes)
    return tuple(c for c in columns if c.name in coded and c.column is not None and not c.hidden)


def read_people(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    engine: Engine,
    noise: NoiseSource,
    held: bool | None = None,
    split: bytes = b"",
) -> People:
    """Return the rows of the plan's source that are kept: after every drop and the contribution bound.

    Args:
        plan: with the source's path as it is on this machine.
        columns: as the release resolved them.
        engine: reads the source.
        noise: gives the key of the contribution bound, and nothing else.
        held: of a holdout, the units held out or the others; None for all.
        split: the secret key of the holdout, where there is one.
    """
    view = build_view(plan, columns, held)
    seen = seen_columns(columns, view)
    close = tuple(_close_code(column) for column in seen)
    wide = view.model_copy(update={"codes": (*view.codes, *close)})
    # the key of the contribution bound is fresh: which rows of a unit over the limit stay may differ
    with engine.open(wide, noise, split) as rows:
        found = rows.held()
        codes = {name: values.astype(np.int64) for name, values in found.codes.items()}
        return People(_table(seen, codes), found.units)


def released_people(
    frame: pl.DataFrame, columns: Sequence[PlannedColumn], seen: Sequence[PlannedColumn]
) -> Table:
    """Return released rows in the same form."""
    held = typed(frame, columns)
    codes: dict[str, NDArray[np.int64]] = {}
    for column in seen:
        codes[column.name] = encoded(held, column)
        codes[CLOSE + column.name] = encoded(held, _closer(column))
    return _table(seen, codes)


def _closer(column: PlannedColumn) -> PlannedColumn:
    """Return the column with as many codes as its range has steps, up to STEPS."""
    known = column.column
    if not isinstance(known, Ordered):
        return column
    plain = known.model_copy(update={"cuts": None, "density": None})
    return column.model_copy(update={"column": plain.spread(STEPS)})


def _close_code(column: PlannedColumn) -> Coded:
    closer = _closer(column).column
    assert closer is not None
    value = Column(name=column.name, type=column.type)
    return Coded(attribute=CLOSE + column.name, size=closer.size, code=closer.encode(value))


def _table(seen: Sequence[PlannedColumn], codes: Mapping[str, NDArray[np.int64]]) -> Table:
    rows = len(next(iter(codes.values()))) if codes else 0
    attributes, values = [], []
    for column in seen:
        known = column.column
        assert known is not None
        attributes.append(
            Attribute(column.name, known.size, ordered=isinstance(known, Ordered), missing=known.missing)
        )
        values.append(_values(column, codes[CLOSE + column.name]))
    return Table(
        tuple(attributes),
        np.stack([codes[c.name] for c in seen], axis=1) if seen else np.zeros((rows, 0), dtype=np.int64),
        np.stack(values, axis=1) if seen else np.zeros((rows, 0)),
    )


def _values(column: PlannedColumn, close: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the place of each value on the column's public scale, 0..1; NaN where missing."""
    known = _closer(column).column
    if not isinstance(known, Ordered):
        return close.astype(np.float64)
    places = known.scale_of_bins().place(known.starts()[:-1])
    width = float(places[-1] - places[0]) or 1.0
    scaled = np.append((places - places[0]) / width, np.nan)
    return np.asarray(scaled[np.where(close >= known.codes, known.codes, close)])
