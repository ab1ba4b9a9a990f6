"""Sources: the files that an internal edition reads, and whether two of them are one.

Source: ours.
"""

from __future__ import annotations

from pathlib import Path

from synthspec.engines.files import files
from synthspec.errors import SourceError
from synthspec.plan.plan import Plan
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
        return mine.path == other.path  # a database holds many tables
    digests = {digest_of(path) for path in source_files(plan)}
    return bool(digests & {digest_of(path) for path in source_files(control)})
