"""Fetched: fields of a table, fetched in pieces, for what the database cannot run itself.

Nothing is kept: every pass fetches the columns again, in the session's one consistent state.

Source: ours; PRIVACY 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from synthspec.engines import parquet
from synthspec.engines.reading import Fields
from synthspec.engines.sql.dialects import Kind
from synthspec.engines.sql.rows import Session
from synthspec.terms.view import Field, Source


class FetchedReading(Fields):
    """The fields of a table's columns."""

    def __init__(
        self,
        source: Source,
        fields: Sequence[Field],
        unit: str | None,
        session: Session,
        table: str,
        kinds: Mapping[str, Kind],
    ) -> None:
        super().__init__(source, fields, unit)
        self._session = session
        self._kinds = kinds
        self._origins = list(dict.fromkeys(field.origin for field in fields))
        columns = []
        for i, name in enumerate(self._origins):
            raw = session.dialect.terms.identifier(name)
            columns.append(f"{self._shown(raw, kinds[name])} AS c{i}")
        self._sql = f"SELECT {', '.join(columns) or '1 AS nothing'} FROM {table} AS source"

    def frames(self) -> Iterator[pl.DataFrame]:
        """See `Fields.frames`; the session's one state does not change."""
        at = [self._origins.index(field.origin) for field in self.fields]
        for raw in self._session.fetch(self._sql, None):
            series = [_typed(raw[f"c{i}"], self._kinds[self._origins[i]]) for i in at]
            texts = pl.DataFrame([each.alias(str(i)) for i, each in enumerate(series)])
            typed = [parquet.typed(each, reader) for each, reader in zip(series, self.readers, strict=True)]
            yield self.joined(texts, typed)

    def _shown(self, raw: str, kind: Kind) -> str:
        """Return a column in a form that every value of it has in a client."""
        dialect = self._session.dialect
        match kind:
            case "date":
                return dialect.days_of(raw)
            case "datetime" | "instant":
                return dialect.micros_of(raw, kind)
            case "float":
                return f"CAST({raw} AS {dialect.terms.double})"
            case "bool":
                return raw
        return dialect.text(raw, kind)


def _typed(values: pl.Series, kind: Kind) -> pl.Series:
    if kind == "date":
        return values.cast(pl.Int32).cast(pl.Date)
    return values.cast(pl.Datetime("us")) if kind in ("datetime", "instant") else values
