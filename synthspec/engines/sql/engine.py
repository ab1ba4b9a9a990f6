"""The engine of a database: which columns a table has and of which kind, and the rows of a view of it.

A view that the database can run whole is run there. Another (a date format of Python's, say) is run by the
polars engine over the table's columns, fetched in pieces: the answers are the same, the work is here.

Source: ours; PRIVACY 5, DECISIONS 14.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from synthspec.engines.base import Rows
from synthspec.engines.content import KEY_BYTES
from synthspec.engines.sql.dialects import Kind
from synthspec.engines.sql.fetched import FetchedRows
from synthspec.engines.sql.rows import HELD, Session, SqlRows
from synthspec.engines.sql.statement import pushable
from synthspec.privacy.entropy import NoiseSource
from synthspec.terms.view import Field, Source, View

_FROM: Mapping[str, tuple[Kind, ...]] = {
    "int": ("text", "int", "decimal", "float"),
    "float": ("text", "int", "decimal", "float"),
    "decimal": ("text", "int", "decimal", "float"),
    "bool": ("text", "bool", "int"),
    "date": ("text", "date", "datetime", "instant"),
    "datetime": ("text", "date", "datetime", "instant"),
}


@dataclass(frozen=True)
class Declared:
    """A column of a table: the type as the database calls it, and its kind; None when it is not mapped."""

    type: str
    kind: Kind | None


class TableSession(Session, Protocol):
    """A session with one table in it."""

    @property
    def table(self) -> str:
        """The table as SQL text, quoted."""

    def columns(self) -> Mapping[str, Declared]:
        """Return the table's columns; public facts."""


class SqlEngine(ABC):
    """See `engines.base.Engine`."""

    rows_of: type[SqlRows] = SqlRows
    """Of a view that the database runs."""

    def __init__(self, held: int = HELD) -> None:
        self._held = held

    @abstractmethod
    def session(self, source: Source) -> AbstractContextManager[TableSession]:
        """Return one consistent state of the source.

        Raises:
            SourceError: D402..D406, D412..D415, saying public facts only.
        """

    def columns(self, source: Source) -> Mapping[str, Declared]:
        """Return the table's columns, without looking at any row."""
        with self.session(source) as session:
            return dict(session.columns())

    def header(self, source: Source) -> tuple[tuple[str, ...], ...]:
        """See `Engine.header`."""
        return (tuple(self.columns(source)),)

    def unreadable(self, source: Source, fields: Sequence[Field]) -> tuple[str, ...]:
        """See `Engine.unreadable`."""
        columns = self.columns(source)
        return tuple(
            field.name
            for field in fields
            if field.origin in columns and not _gives(columns[field.origin].kind, field.type.name)
        )

    @contextmanager
    def open(self, view: View, noise: NoiseSource, split: bytes = b"") -> Iterator[Rows]:
        """See `Engine.open`."""
        key = noise.bytes(KEY_BYTES)
        with self.session(view.source) as session:
            kinds = {name: each.kind for name, each in session.columns().items() if each.kind is not None}
            rows: SqlRows | FetchedRows
            if pushable(view, kinds, session.dialect):
                rows = self.rows_of(view, session, session.table, kinds, key, split, self._held)
            else:
                rows = FetchedRows(view, session, session.table, kinds, key, split, self._held)
            try:
                yield rows
            finally:
                rows.forget()


def _gives(kind: Kind | None, type_name: str) -> bool:
    """Return whether a field of a type can be read from a column of a kind."""
    return kind is not None and (type_name not in _FROM or kind in _FROM[type_name])
