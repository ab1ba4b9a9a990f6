"""Table address: where a table lies, `duckdb:FILE#TABLE` or `postgres://HOST/DATABASE#SCHEMA.TABLE`.

Like a ledger's address it never holds a password, and no refusal quotes what it refuses: it might be one.

Source: ours; RFC 3986.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from synthspec.errors import SourceError
from synthspec.privacy.address import OPTIONS, Server, parts_of
from synthspec.privacy.postgres_session import REASONS
from synthspec.privacy.spark_address import is_spark_address, spark_helps, why_not_spark

DUCKDB = "duckdb:"
POSTGRES_EXAMPLE = "postgres://reader@db.example/clinic?sslmode=verify-full#public.visits"
DUCKDB_EXAMPLE = "duckdb:clinic.duckdb#visits"
_NAME = re.compile(r'(?:([^".]+)\.)?([^".]+)|"((?:[^"]|"")+)"\."((?:[^"]|"")+)"|"((?:[^"]|"")+)"')


@dataclass(frozen=True)
class TableAddress:
    """A table in a file or on a server; `schema` is empty where the database's own default is meant."""

    place: Path | Server
    schema: str
    table: str

    def __str__(self) -> str:
        """Return it as it may be typed again: it holds no credential."""
        place = f"{DUCKDB}{self.place}" if isinstance(self.place, Path) else str(self.place)
        return f"{place}#{self.name}"

    @property
    def name(self) -> str:
        """The table's name, with its schema where one is named."""
        plain = all('"' not in part and "." not in part for part in (self.schema, self.table))
        parts = [part for part in (self.schema, self.table) if part]
        return ".".join(parts if plain else ['"' + part.replace('"', '""') + '"' for part in parts])

    def located(self, folder: Path) -> TableAddress:
        """Return the same with a file's path made absolute; a relative one starts at `folder`."""
        if isinstance(self.place, Server):
            return self
        path = self.place.expanduser()
        return TableAddress(
            (path if path.is_absolute() else folder / path).resolve(), self.schema, self.table
        )


def is_table_address(text: str) -> bool:
    """Return whether `text` is meant as a table of a database."""
    return text.startswith((DUCKDB, "postgres:", "postgresql:"))


def read_table_address(text: str) -> TableAddress:
    """Return the table that `text` names.

    Raises:
        SourceError: D412, when it cannot be read or has a password in it.
    """
    problem = why_not(text)
    if problem is not None:
        raise SourceError(
            "D412",
            f"the address of the table {problem}",
            notes=("it is not shown here, since it might hold a password",),
            helps=helps(text),
        )
    if text.startswith(DUCKDB):
        file, _, fragment = text.removeprefix(DUCKDB).rpartition("#")
        return TableAddress(Path(file), *_named(fragment))
    server, fragment = parts_of(text)
    return TableAddress(Server(**server), *_named(fragment))


def why_not(text: str) -> str | None:
    """Return what is wrong with the address of a table, None when nothing is; it quotes nothing."""
    if is_spark_address(text):
        return why_not_spark(text)
    if text.startswith(DUCKDB):
        file, mark, fragment = text.removeprefix(DUCKDB).rpartition("#")
        if not mark or not file.strip() or "\0" in file:
            return "does not say a file, `#` and a table"
    else:
        try:
            _, fragment = parts_of(text)
        except ValueError as reason:
            return str(reason)
    if _NAME.fullmatch(fragment) is None or not fragment.isprintable():
        return "does not end in `#` and the table's name"
    return None


def helps(text: str) -> tuple[str, ...]:
    """Return how to write the address that `text` was meant to be."""
    if is_spark_address(text):
        return spark_helps()
    if text.startswith(DUCKDB):
        return (f"write it like `{DUCKDB_EXAMPLE}`",)
    return (
        f"write it like `{POSTGRES_EXAMPLE}`",
        "a password comes from PGPASSWORD, PGPASSFILE (`~/.pgpass`) or a service file (`?service=NAME`)",
        f"the options are {', '.join(f'`{each}`' for each in OPTIONS)}",
    )


def missing_extra(what: str, extra: str) -> SourceError:
    """Return the refusal of a table whose database's client is not installed (D413)."""
    return SourceError(
        "D413",
        f"{what} needs the extra `{extra}`",
        notes=("nothing was read and nothing was charged",),
        helps=(f"install it: `pip install 'synthspec[{extra}]'`",),
    )


def no_server(address: TableAddress, said: str) -> SourceError:
    """Return the refusal of a server that `said` why it cannot be used, in our own words (D415)."""
    lower = said.lower()
    reason = next((ours for theirs, ours in REASONS if theirs in lower), "nothing answers there")
    return SourceError(
        "D415",
        f"the server of the table cannot be used: {reason}: `{address}`",
        notes=("nothing was read and nothing was charged",),
        helps=(
            "check the address, and that the server runs",
            "credentials are taken from PGUSER, PGPASSWORD, PGPASSFILE (`~/.pgpass`) or a service file",
        ),
    )


def _named(fragment: str) -> tuple[str, str]:
    """Return the schema, which may be empty, and the table."""
    found = _NAME.fullmatch(fragment)
    assert found is not None
    if found[2] is not None:
        return found[1] or "", found[2]
    schema, table = (found[3] or "", found[4]) if found[4] is not None else ("", found[5])
    return schema.replace('""', '"'), table.replace('""', '"')
