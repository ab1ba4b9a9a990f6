"""Sources: the files that an internal edition reads, and whether two of them are one.

Source: ours.
"""

from __future__ import annotations

from pathlib import Path

from synthspec.engines.files import files
from synthspec.errors import SourceError
from synthspec.plan.plan import Plan
from synthspec.privacy.table_address import is_table_address, read_table_address
from synthspec.release.manifest import digest_of


def source_files(plan: Plan) -> tuple[Path, ...]:
    """Return the files of the plan's source."""
    if plan.source is None or plan.source.format in ("postgres", "spark"):
        return ()  # a table on a server has no files
    return tuple(files(plan.source))


def refuse_same(plan: Plan, control: Plan) -> None:
    """Refuse a control that is the source, under whatever name: its people are in the table.

    Raises:
        SourceError: D421.
    """
    if _same(plan, control):
        raise SourceError(
            "D421",
            "the control is the source itself: its people are in the table",
            notes=("attacks are judged by what they say of people who are not in it",),
            helps=("name a file of other people from the same population", "or declare `sample.holdout`"),
        )


def _same(plan: Plan, control: Plan) -> bool:
    mine, other = plan.source, control.source
    if mine is None or other is None:
        return False
    if {mine.format, other.format} - {"csv", "parquet"}:
        return _table(mine.path) == _table(other.path)  # a database holds many tables
    digests = {digest_of(path) for path in source_files(plan)}
    return bool(digests & {digest_of(path) for path in source_files(control)})


def _table(path: str) -> tuple[str, ...]:
    """Return which table an address leads to, by whatever role and however its name is written."""
    if not is_table_address(path):
        return (path,)
    found = read_table_address(path)
    if isinstance(found.place, Path):  # the case of a name says nothing there
        return str(found.place.resolve()), (found.schema or "main").lower(), found.table.lower()
    named = found.place.settings()
    server = (named.get(key, usual) for key, usual in (("host", ""), ("port", "5432"), ("dbname", "")))
    return *server, found.schema or "public", found.table
