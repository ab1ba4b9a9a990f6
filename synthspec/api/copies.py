"""copies: the further copies of the rows that `output.also` asks for: CSV files and tables of databases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.api.write import write_table
from synthspec.errors import ReleaseError, SourceError, SpecError
from synthspec.privacy.held import held_files
from synthspec.privacy.spark_address import SparkAddress, is_spark_address, read_spark_address
from synthspec.privacy.table_address import TableAddress, is_table_address, read_table_address

if TYPE_CHECKING:
    import polars as pl

    from synthspec.plan.plan import Plan

_CSV = "csv:"


def places(plan: Plan) -> tuple[Path | TableAddress | SparkAddress, ...]:
    """Return where copies go; relative paths start at the current folder, like the release's own.

    Raises:
        SpecError: S152, for a copy that is not named `.csv`.
        SourceError: D412.
    """
    return tuple(_place(also) for also in plan.also)


def _place(also: str) -> Path | TableAddress | SparkAddress:
    if is_spark_address(also):
        return read_spark_address(also).located(Path())
    if is_table_address(also):
        return read_table_address(also).located(Path())
    path = Path(also.removeprefix(_CSV))
    if path.suffix != ".csv":
        raise SpecError("S152", f"`{path.name}` does not end in .csv", helps=("write `csv:rows.csv`",))
    return path


def refuse_taken(plan: Plan, *, replace: bool) -> None:
    """Refuse, before anything is charged, a copy that would replace a file or a table, or the source.

    Raises:
        SpecError: S152.
        ReleaseError: Q601, unless `replace`.
        SourceError: D412, D413, D415, D417.
    """
    from synthspec.draw.tables import refuse_table

    for place in places(plan):
        if isinstance(place, SparkAddress):
            from synthspec.run.spark_copy import refuse_copy

            _refuse_source(plan, place)
            refuse_copy(place, replace=replace)
        elif isinstance(place, TableAddress):
            _refuse_source(plan, place)
            refuse_table(place, replace=replace)
        else:
            _refuse_source(plan, place)
            if place.exists() and not replace:
                raise ReleaseError(
                    "Q601",
                    f"`{place}` exists, and `output.also` would replace it",
                    helps=("name another file",),
                )


def _refuse_source(plan: Plan, place: Path | TableAddress | SparkAddress) -> None:
    """Refuse a file that is read, a table of the source's own, and the very table on a server.

    However it is written: whoever says `--replace` means rows that were made, not those they were made of.
    """
    from synthspec.api.sources import held_sources, located, source_path
    from synthspec.draw.tables import same_file, same_table

    if plan.source is None:
        return
    if isinstance(place, Path):
        target = held_files([place])
        same = any(held.same(file) for held in held_sources(plan) for file in target)
    elif isinstance(place, SparkAddress):
        same = plan.source.format == "spark" and _same_on_spark(place, located(plan))
    elif plan.source.format in ("csv", "parquet", "duckdb"):
        same = same_file(place, source_path(plan))
    else:
        other = located(plan)
        servers = not isinstance(place.place, Path) and is_table_address(other)
        same = servers and same_table(place, read_table_address(other))
    if same:
        raise SourceError(
            "D417",
            "`output.also` would write to the source",
            notes=("nothing is ever written to a source", "nothing was read and nothing was charged"),
            helps=("name another file, or another table",),
        )


def _same_on_spark(place: SparkAddress, source: str) -> bool:
    from synthspec.run.spark_copy import same_table

    return same_table(place, read_spark_address(source))


def write_copies(plan: Plan, folder: Path, *, replace: bool = False) -> None:
    """Write the copies of the release in `folder`, each whole or not at all."""
    from synthspec.api.release import load_release

    found = places(plan)
    if not found:
        return
    frame = load_release(folder).data()
    for place in found:
        try:
            _write(frame, plan, place, replace)
        except SourceError as error:
            raise _after(error, folder) from None


def _write(frame: pl.DataFrame, plan: Plan, place: Path | TableAddress | SparkAddress, replace: bool) -> None:
    _refuse_source(plan, place)
    if isinstance(place, Path):
        write_table(frame, place)
    elif isinstance(place, TableAddress):
        from synthspec.draw.tables import write_rows

        write_rows(frame, place, replace=replace)
    else:
        from synthspec.run.spark_copy import write_copy

        write_copy(frame, place, replace=replace)


def _after(error: SourceError, folder: Path) -> SourceError:
    """Return a refusal that came when the release was written: it says so."""
    said = error.diagnostics[0]
    notes = (note for note in said.notes if "charged" not in note)
    return SourceError(
        error.code,
        error.message,
        notes=(*notes, f"the release `{folder.name}` is whole, and paid for"),
        helps=(*said.helps, f"its rows are in `{folder / 'synthetic'}.*`; `synthspec sample` draws more"),
    )
