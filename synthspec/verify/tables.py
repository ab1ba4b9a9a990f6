"""tables: whether the tables that rows were written as, too, are those rows, and every key is there.

Source: ours.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from synthspec.draw.two_tables import counted_tables, parted
from synthspec.release.bundle import data_path
from synthspec.release.release import Release
from synthspec.verify.counts import frame_of
from synthspec.verify.rows import compared
from synthspec.verify.standalone import Check, many_of

NAME = "tables"


def check_tables(release: Release, folder: Path) -> tuple[Check, ...]:
    """Return one check; none where the rows are one table."""
    plan, held = release.plan, release.certificate
    if not plan.tables:
        return ()
    files = {table.file: folder / table.file for table in plan.tables}
    named = {entry.name for entry in release.files}
    lost = next((name for name in files if name not in named), None)
    if lost is not None:
        return (Check(NAME, "failed", f"`{lost}` is missing"),)
    rows: pl.DataFrame = frame_of(data_path(folder), release)
    for name, table in parted(plan, rows).items():
        same = compared(NAME, files[name], table, loose=False)
        if same.outcome == "failed":
            return (Check(NAME, "failed", f"`{name}` does not hold what the rows say"),)
    counts = counted_tables(plan, files)
    if counts != held.tables:
        return (Check(NAME, "failed", "the tables have other rows or keys than the certificate says"),)
    bad = sum(each.repeated + each.orphans for each in counts)
    if bad:
        return (Check(NAME, "failed", f"{many_of(bad, 'key')} repeated, or not in the other table"),)
    said = ", ".join(f"`{each.name}` {many_of(each.rows, 'row')}" for each in counts)
    return (Check(NAME, "passed", f"{said}: joined they are the rows, and every key is there"),)
