"""Public rows: those of a public file or of a release, typed, every value checked against its domain.

These rows come out verbatim, so the two kinds are all there is: a file that its spec declares public, and
the synthetic rows of a release. What is read is what the plan names by its digest.

Source: ours; RFC 4180 for the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from decimal import Decimal as Exact
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.columns import Ordered
from synthspec.columns.literal import day, number, scaled, second
from synthspec.draw.broken import true_rows
from synthspec.draw.frame import typed
from synthspec.draw.on_grid import off_grid
from synthspec.errors import GateError, ReleaseError, SamplingError
from synthspec.plan.plan import PlannedColumn
from synthspec.plan.scenario import Rows
from synthspec.release.bundle import data_path, read_release
from synthspec.release.manifest import NAME
from synthspec.terms.expr import Column
from synthspec.terms.physical import DTYPES, from_physical
from synthspec.terms.types import Type

Parsed = int | float | str | None


def public_rows(rows: Rows, folder: Path, columns: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return the rows' own columns as expressions read them, in the order of the file.

    Args:
        rows: where they lie, and their digest.
        folder: what a relative path starts from; the working folder is tried after it.
        columns: the table's, with bought domains in place.

    Raises:
        SamplingError: G453, when they are not there or have changed; G452, when a value does not fit.
    """
    place = _found(rows, folder)
    wanted = {column.name: column for column in columns if column.name in rows.columns}
    named = [wanted[name] for name in rows.columns if name in wanted]
    frame = release_rows(place, named) if rows.kind == "release" else file_rows(place, named)
    fitting(frame, named, rows.path)
    return frame


def file_rows(path: Path, columns: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return columns of a CSV file, typed; an empty cell is missing. Raises: SamplingError G452."""
    frame = pl.read_csv(path, infer_schema=False, glob=False)  # a name with `[x]` is that file only
    return pl.DataFrame([_typed(frame[column.name], column, path.name) for column in columns])


def release_rows(folder: Path, columns: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return columns of a release's synthetic rows. Raises: SamplingError G452, G453."""
    try:
        held = {column.name: column for column in read_release(folder).columns}
        path = data_path(folder)
    except (ReleaseError, GateError) as error:
        raise _gone(folder.name, error.message) from None
    other = next((c for c in columns if c.name not in held or held[c.name].type != c.type), None)
    if other is not None:
        raise SamplingError(
            "G452",
            f"`{folder.name}` has no column `{other.name}` of type {other.type.name}",
            helps=("name a release of a table with the same columns",),
        )
    if path.suffix == ".csv":
        return file_rows(path, columns)
    plain = [column.model_copy(update={"from_source": None, "hidden": False}) for column in columns]
    return typed(pl.read_parquet(path, columns=[column.name for column in columns], glob=False), plain)


def fitting(frame: pl.DataFrame, columns: Sequence[PlannedColumn], name: str) -> None:
    """Refuse (G452) rows of which a value lies outside its column's domain, naming the first such row."""
    for planned in columns:
        column, series = planned.column, frame[planned.name]
        if column is None or planned.role == "id":
            continue
        if not column.missing and planned.role == "modelled" and series.null_count():
            raise _unfit(name, int(np.argmax(series.is_null().to_numpy())), planned.name, "is missing")
        inside = true_rows(frame, column.inside(Column(name=planned.name, type=planned.type)))
        bad = ~inside & series.is_not_null().to_numpy()
        if isinstance(column, Ordered):
            bad |= off_grid(series, column)
        if bad.any():
            text = f"is not in `{column.domain_text()[:60]}`, or not on its grid"
            raise _unfit(name, int(np.argmax(bad)), planned.name, text)


def digest_of_rows(path: Path, kind: str) -> str | None:
    """Return the digest that names these rows: of the file, or of the release's manifest; None without."""
    try:
        return hashlib.sha256((path / NAME if kind == "release" else path).read_bytes()).hexdigest()
    except OSError:
        return None


def _found(rows: Rows, folder: Path) -> Path:
    for place in (folder / Path(rows.path).expanduser(), Path(rows.path).expanduser()):
        digest = digest_of_rows(place, rows.kind)
        if digest == rows.sha256:
            return place
        if digest is not None:
            raise _gone(rows.path, "it has changed since the plan was made")
    raise _gone(rows.path, "it is not there")


def _gone(name: str, why: str) -> SamplingError:
    return SamplingError(
        "G453",
        f"the rows of `{name}` cannot be used: {why}",
        helps=("put it where the spec says, as it was", "or make the plan again"),
    )


def _typed(texts: pl.Series, planned: PlannedColumn, name: str) -> pl.Series:
    """Return texts as values; each different text is read once."""
    read = _READERS[planned.type.name](planned.type)
    every = texts.unique().drop_nulls().to_list()
    values = [read(text) for text in every]
    wrong = {text for text, value in zip(every, values, strict=True) if value is None}
    if wrong:
        bad = texts.is_in(list(wrong)).fill_null(value=False).to_numpy()
        raise _unfit(name, int(np.argmax(bad)), planned.name, f"is no {planned.type.name}")
    dtype = pl.Float64() if planned.type.name == "float" else DTYPES["int"]
    if planned.type.name == "text":
        return texts.alias(planned.name)
    physical = texts.replace_strict(every, values, default=None, return_dtype=dtype)
    return from_physical(physical, planned.type).alias(planned.name)


def _boolean(type_: Type) -> Callable[[str], Parsed]:
    return lambda text: {"true": 1, "false": 0}.get(text.strip().lower())


def _number(type_: Type) -> Callable[[str], Parsed]:
    def read(text: str) -> Parsed:
        value: Exact | None = number(text)
        return None if value is None else scaled(value, type_.scale)

    return read


def _float(type_: Type) -> Callable[[str], Parsed]:
    def read(text: str) -> Parsed:
        value = number(text)
        return None if value is None else float(value)

    return read


_READERS: dict[str, Callable[[Type], Callable[[str], Parsed]]] = {
    "bool": _boolean,
    "int": _number,
    "decimal": _number,
    "float": _float,
    "text": lambda type_: str,
    "date": lambda type_: day,
    "datetime": lambda type_: second,
}


def _unfit(name: str, row: int, column: str, why: str) -> SamplingError:
    return SamplingError(
        "G452",
        f"row {row + 1} of `{name}`: its `{column}` {why}",
        helps=("correct the row, or leave it out",),
    )


def positions(mask: NDArray[np.bool_], most: int = 3) -> str:
    """Return the numbers of the first rows of a public table that a mask holds, for people."""
    at = (np.flatnonzero(mask) + 1).tolist()
    shown = ", ".join(str(number) for number in at[:most])
    return shown if len(at) <= most else f"{shown} and {len(at) - most} more"
