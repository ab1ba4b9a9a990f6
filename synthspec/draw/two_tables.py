"""Two tables: drawn rows as a table of units and a table of rows, and whether every key is there.

The table of units has one row per unit, in the order in which units first appear; every row of the other
names one of them (a foreign key). Both follow from the rows that were drawn: joined, they are these rows.

Source: ours; specs/TABLES.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import polars as pl

from synthspec.draw.table import written_aside
from synthspec.plan.plan import Plan, PlannedTable
from synthspec.release.release import TableCheck


def parted(plan: Plan, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the tables of released rows by file name; none where a plan has one table."""
    found = {}
    for table in plan.tables:
        rows = frame.select(table.columns)
        found[table.file] = (
            rows if table.parent else rows.unique(table.key, keep="first", maintain_order=True)
        )
    return found


def written_tables(
    plan: Plan, frame: pl.DataFrame, stack: ExitStack
) -> tuple[tuple[TableCheck, ...], dict[str, Path]]:
    """Return what is said of each table, counted on its file, and the files by name.

    Args:
        plan: what was planned.
        frame: released rows.
        stack: keeps the temporary files until they are copied.
    """
    files = {
        name: stack.enter_context(written_aside(each, plan.format))
        for name, each in parted(plan, frame).items()
    }
    return counted_tables(plan, files), files


def counted_tables(plan: Plan, files: Mapping[str, Path]) -> tuple[TableCheck, ...]:
    """Return how many rows each file has, how many repeat its key, how many have a key that is not there."""
    keys = {table.name: _keys(files[table.file], table) for table in plan.tables}
    return tuple(
        TableCheck(
            name=table.name,
            file=table.file,
            rows=len(keys[table.name]),
            repeated=0 if table.parent else len(keys[table.name]) - keys[table.name].n_unique(),
            orphans=0 if table.parent is None else int((~keys[table.name].is_in(keys[table.parent])).sum()),
        )
        for table in plan.tables
    )


def _keys(path: Path, table: PlannedTable) -> pl.Series:
    if path.suffix == ".parquet":
        return pl.read_parquet(path, columns=[table.key], glob=False)[table.key]
    return pl.read_csv(path, columns=[table.key], infer_schema=False, glob=False)[table.key]
