"""Tables: what is public about a source in a database, checked before anything is charged.

Names and types of columns are public facts; no row is looked at, and nothing that a server says is shown.

Source: ours; PRIVACY 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from synthspec.engines.sql.engine import Declared, SqlEngine
from synthspec.errors import SourceError
from synthspec.privacy.table_address import is_table_address, read_table_address
from synthspec.run.facts import check_file, check_names
from synthspec.terms.view import Field, Source


def check_table(source: Source, fields: Sequence[Field], engine: SqlEngine) -> None:
    """Check that the table is there, and has what the spec asks for in types that are read.

    Raises:
        SourceError: D402..D408, D412..D416.
    """
    if is_table_address(source.path):
        place = read_table_address(source.path).place
        if isinstance(place, Path):
            check_file(place, source.path)
    columns = engine.columns(source)
    check_names(tuple(columns), source, fields)
    _check_mapped(columns, fields)
    wrong = engine.unreadable(source, fields)
    if wrong:
        listed = ", ".join(f"`{name}`" for name in wrong)
        raise SourceError(
            "D408",
            f"the declared type of {listed} cannot be read from the type that the table gives it",
            helps=("declare another `type`", "name another column with `from`"),
        )


def _check_mapped(columns: Mapping[str, Declared], fields: Sequence[Field]) -> None:
    strange = dict.fromkeys(field.origin for field in fields if columns[field.origin].kind is None)
    if strange:
        listed = ", ".join(f"`{name}` ({columns[name].type})" for name in strange)
        raise SourceError(
            "D416",
            f"{listed}: a type of the database that is not read",
            notes=("nothing was read and nothing was charged",),
            helps=("make a view that casts it to text, or a number, and name the view as the source",),
        )
