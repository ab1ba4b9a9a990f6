"""sources: where a plan's source lies on this machine, or on which server.

A database file is one source, whatever table of it is read: a view of a table would else be a new budget for
the same rows. A server's address can be written in many ways, each of which would be; so a table on a server
has no default ledger.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.privacy.address import Server
from synthspec.privacy.held import HeldFile, held_files
from synthspec.privacy.spark_address import is_spark_address, read_spark_address
from synthspec.privacy.table_address import DUCKDB, read_table_address

if TYPE_CHECKING:
    from synthspec.plan.plan import Plan
    from synthspec.terms.view import Source

MOST = 1_000
"""Files of a folder that a ledger takes note of by themselves, at most; the folder it does in any case."""


def on_server(value: Plan) -> bool:
    """Return whether the source is a table that a server has."""
    return value.source is not None and value.source.format in ("postgres", "spark")


def source_path(value: Plan) -> Path:
    """Return the absolute path of the source's file; a relative one starts beside the spec.

    Only of a source that is a file, of rows or of a database, or a pattern of files.
    """
    assert value.source is not None
    return path_of(value.source.path, Path(value.spec_path).parent)


def path_of(source: str, folder: Path) -> Path:
    """Return the absolute path of a source's file; a relative one starts at `folder`."""
    if source.startswith(DUCKDB):
        place = read_table_address(source).located(folder).place
        assert isinstance(place, Path)
        return place
    path = Path(source).expanduser()
    return (path if path.is_absolute() else folder / path).resolve()


def located(value: Plan) -> str:
    """Return the source as it is to be opened: with an absolute path where it has one."""
    assert value.source is not None
    if value.source.format == "spark":
        return str(read_spark_address(value.source.path).located(Path(value.spec_path).parent))
    if on_server(value):
        return value.source.path
    if value.source.format == "duckdb":
        return str(read_table_address(value.source.path).located(Path(value.spec_path).parent))
    return str(source_path(value))


def located_source(value: Plan) -> Source:
    """Return the source as it is to be opened, with its table of units where it has one."""
    assert value.source is not None
    update: dict[str, object] = {"path": located(value)}
    if value.source.units is not None:
        path = path_of(value.source.units.path, Path(value.spec_path).parent)
        update["units"] = value.source.units.model_copy(update={"path": str(path)})
    return value.source.model_copy(update=update)


def held_sources(value: Plan) -> tuple[HeldFile, ...]:
    """Return what a ledger protects of a plan's source: its files, or its address on a server.

    A table on a server is known by its address as it is written, and by its name and its database's, whoever
    asks and however the server is called. Files that Spark reads here are files.
    """
    if not on_server(value):
        found = located_source(value)
        more = [Path(found.units.path)] if found.units is not None else []
        return held_files([source_path(value), *more])
    address = located(value)
    return (_named(address), *_on_server(address))


def _on_server(address: str) -> tuple[HeldFile, ...]:
    if is_spark_address(address):
        files = read_spark_address(address).files
        place = None if files is None else Path(files.removeprefix("file://").removeprefix("file:"))
        if place is None or not place.is_absolute():
            return ()
        return held_files([place, *islice(place.rglob("*") if place.is_dir() else (), MOST)])
    table = read_table_address(address)
    assert isinstance(table.place, Server)
    database = table.place.settings().get("dbname", "")
    return (_named(f"postgres:{database}#{table.table}"),)


def _named(name: str) -> HeldFile:
    return HeldFile(path=name, device=0, inode=0)
