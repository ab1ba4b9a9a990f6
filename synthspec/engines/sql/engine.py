"""The engine of a database: which columns a table has and of which kind, and the rows of a view of it.

A view that the database can run whole is run there. Another (a date format of Python's, say) is run by the
polars engine over the table's columns, fetched in pieces: the answers are the same, the work is here.

Source: ours; PRIVACY 5, DECISIONS 14.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import ClassVar, Protocol

from synthspec.engines.base import Rows
from synthspec.engines.content import KEY_BYTES
from synthspec.engines.polars import PolarsRows
from synthspec.engines.recipe import Recipe
from synthspec.engines.sql.dialects import Kind
from synthspec.engines.sql.fetched import FetchedReading
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

    format: ClassVar[str]
    """Of the sources that it reads."""
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

    def reads(self, source: Source) -> bool:
        """Return whether a source is of this engine's database."""
        return source.format == self.format

    @contextmanager
    def open(self, view: View, noise: NoiseSource, split: bytes = b"") -> Iterator[Rows]:
        """See `Engine.open`."""
        key = noise.bytes(KEY_BYTES)
        with ExitStack() as stack:
            session = stack.enter_context(self.session(view.source))
            kinds = _kinds(session)
            rows: SqlRows | PolarsRows
            if pushable(view, kinds, session.dialect):
                rows = self.rows_of(view, session, session.table, kinds, key, split, self._held)
            else:
                recipe = self._fetched(view, key, session, stack)
                rows = PolarsRows(view, key, self._held, split, recipe)
            stack.callback(rows.forget)
            yield rows

    @contextmanager
    def recipe(self, view: View) -> Iterator[Recipe]:
        """Yield the recipe of a view whose rows are public, over fetched columns."""
        with ExitStack() as stack:
            yield self._fetched(view, b"", stack.enter_context(self.session(view.source)), stack)

    def _fetched(self, view: View, key: bytes, session: TableSession, stack: ExitStack) -> Recipe:
        unit, table = view.bound.unit, session.table
        here = FetchedReading(view.source, view.fields_of_rows, unit, session, table, _kinds(session))
        units, there = view.source.of_units, None
        if units is not None and self.reads(units):
            second = stack.enter_context(self.session(units))
            there = FetchedReading(units, view.fields_of_units, unit, second, second.table, _kinds(second))
        return Recipe(view, key, here, there)


def _kinds(session: TableSession) -> dict[str, Kind]:
    return {name: each.kind for name, each in session.columns().items() if each.kind is not None}


def _gives(kind: Kind | None, type_name: str) -> bool:
    """Return whether a field of a type can be read from a column of a kind."""
    return kind is not None and (type_name not in _FROM or kind in _FROM[type_name])
