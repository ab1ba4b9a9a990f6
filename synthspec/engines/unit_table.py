"""The table of units: what a second file says about each unit, joined to the rows of the first.

Of several rows of one unit the one with the smallest keyed hash is taken. What is joined to a row depends
on the rows of its own unit in both files, and on the key.

Source: ours; PRIVACY 1.
"""

from __future__ import annotations

import polars as pl

from synthspec.engines.content import hashes
from synthspec.engines.reading import UNIT, Fields, Reading, cells_of
from synthspec.terms.physical import DTYPES
from synthspec.terms.view import View

_HIGH, _LOW = "\x00high", "\x00low"


def _files(view: View) -> Reading:
    source = view.source.of_units
    if source is None:
        raise ValueError("the source has no table of units")
    return Reading(source, view.fields_of_units, view.bound.unit)


class UnitRows:
    """One row of each unit, read when first asked for; as much memory as that takes.

    Args:
        view: with a table of units.
        key: secret.
        reading: gives the fields `view.fields_of_units`; None for files.
    """

    def __init__(self, view: View, key: bytes, reading: Fields | None = None) -> None:
        self._key = key
        self._fields = tuple(field for field in view.fields if field.table == "units")
        self._reading = reading or _files(view)
        self._names = [name for field in self._fields for name in (field.name, f"{field.name}.bad")]
        self._found: pl.DataFrame | None = None

    def joined(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with the fields of their units; null, and not bad, where none are known."""
        if self._found is None:
            self._found = self._read()
        both = frame.join(self._found, on=UNIT, how="left", maintain_order="left")
        return both.with_columns(pl.col(f"{field.name}.bad").fill_null(value=False) for field in self._fields)

    def _read(self) -> pl.DataFrame:
        schema: dict[str, pl.DataType] = {UNIT: pl.String()}
        for field in self._fields:
            schema |= {field.name: DTYPES[field.type.name], f"{field.name}.bad": pl.Boolean()}
        found = pl.DataFrame(schema={**schema, _HIGH: pl.UInt64(), _LOW: pl.UInt64()})
        for frame in self._reading.frames():
            high, low = hashes(cells_of(frame, self._fields), self._key)
            fresh = frame.select(UNIT, *self._names).with_columns(
                pl.Series(_HIGH, high), pl.Series(_LOW, low)
            )
            together = pl.concat([found, fresh.filter(pl.col(UNIT).is_not_null())])
            found = together.sort(UNIT, _HIGH, _LOW).unique(UNIT, keep="first", maintain_order=True)
        return found.drop(_HIGH, _LOW)
