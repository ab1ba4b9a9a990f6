"""Preflight: public failures, said plainly before anything is charged or any value is read.

Messages name what the *spec* asks for, never a name or a value found in the file: the first line of
a CSV without a header is a person. A pattern's files are neither named nor counted.

Source: ours; PRIVACY 5.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from synthspec.engines import parquet
from synthspec.engines.base import Engine
from synthspec.engines.files import files
from synthspec.engines.sql.engine import SqlEngine
from synthspec.errors import SourceError
from synthspec.plan.plan import Plan
from synthspec.plan.view import build_view
from synthspec.run.engine import engine_of
from synthspec.run.facts import CHECK_PATH, check_file, check_names
from synthspec.run.tables import check_table
from synthspec.terms.view import Field, Source, View

LEAST_SPACE = 32 << 20
"""Bytes that a release, its answers and its rows need at least."""


def preflight(plan: Plan, engine: Engine, folder: Path) -> None:
    """Check what is public about the source and the output.

    Raises:
        SourceError: D401..D408 for the source, D409 and D410 for the output folder.
    """
    if plan.source is not None:
        check_view(build_view(plan, plan.columns), engine)
    check_folder(folder, plan.drawn_rows * max(1, len(plan.columns)) * 8)


def check_view(view: View, engine: Engine) -> None:
    """Check the source of a view, and its table of units where it has one; see `check_source`."""
    check_source(view.source, view.fields_of_rows, engine)
    _check_unit(view)
    units = view.source.of_units
    if units is not None:
        files = isinstance(engine, SqlEngine) and units.format in ("csv", "parquet")
        try:
            check_source(units, view.fields_of_units, engine_of(units) if files else engine)
        except SourceError as error:
            helps = ("check `path`, `key` and `columns` of the table of units under `tables:`",)
            raise SourceError(error.code, f"of the table of units: {error.message}", helps=helps) from None


def _check_unit(view: View) -> None:
    """Refuse files that write one unit in two ways: it would be two units, and twice what is paid for."""
    unit = next((each for each in view.fields if each.name == view.bound.unit), None)
    if unit is None or view.source.format != "parquet" or unit.type.name not in ("text", "null"):
        return
    forms: set[str] = set()
    with contextlib.suppress(Exception):  # what cannot be read has been said
        forms = {parquet.form(path, unit.origin) for path in files(view.source)} - {""}
    if len(forms) > 1:
        raise SourceError(
            "D408",
            f"the Parquet files of the source give `{unit.name}` different types",
            notes=("a person who is `1` in one file and `1.0` in another would count as two",),
            helps=("write the files with one type of that column",),
        )


def check_source(source: Source, fields: Sequence[Field], engine: Engine) -> None:
    """Check that the source is there, of its format, and has what the spec asks for."""
    if isinstance(engine, SqlEngine) and engine.reads(source):
        check_table(source, fields, engine)
        return
    if source.format not in ("csv", "parquet"):
        raise SourceError(
            "D401",
            f"a table of format `{source.format}` is not read here",
            helps=("use a CSV or Parquet file, or put both tables into one database",),
        )
    for path in _found(source):
        check_file(path, source.path)
    headers = _headers(source, engine)
    for header in headers:
        check_names(header, source, fields)
    kind = "Parquet" if source.format == "parquet" else "CSV"
    wrong = engine.unreadable(source, fields)
    if wrong:
        listed = ", ".join(f"`{name}`" for name in wrong)
        raise SourceError(
            "D408",
            f"the declared type of {listed} cannot be read from the type that the {kind} file gives it",
            helps=("declare another `type`", "name another column with `from`"),
        )


def check_folder(folder: Path, size: int) -> None:
    """Check that the output can be written and has room for about `size` bytes."""
    parent = folder.absolute().parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    problem = None
    if not parent.is_dir():
        problem = "a file is in the way"
    else:
        try:
            with tempfile.TemporaryDirectory(prefix=".synthspec-", dir=parent):
                pass
        except OSError as error:
            problem = os.strerror(error.errno or 5).lower()
    if problem is not None:
        raise SourceError(
            "D409",
            f"the output folder `{folder.name}` cannot be written: {problem}",
            helps=("name another folder with `-o FOLDER`",),
        )
    with contextlib.suppress(OSError):
        if shutil.disk_usage(parent).free < max(LEAST_SPACE, 2 * size):
            raise SourceError(
                "D410",
                f"there is too little free space for the release `{folder.name}`",
                helps=("free some space or name another folder with `-o FOLDER`",),
            )


def _found(source: Source) -> tuple[Path, ...]:
    found = files(source)
    if not found:
        raise SourceError("D402", f"no file matches the source `{source.path}`", helps=CHECK_PATH)
    return found


def _headers(source: Source, engine: Engine) -> tuple[tuple[str, ...], ...]:
    """Return the headers; what the engine says about a failure may quote the file, so it is not kept."""
    found: tuple[tuple[str, ...], ...] | None = None
    with contextlib.suppress(Exception):
        found = engine.header(source)
    if found is None:
        kind = "a Parquet" if source.format == "parquet" else "a CSV"
        raise SourceError(
            "D406",
            f"the source `{source.path}` is not {kind} file",
            helps=("check `source.format` and `source.encoding`", *CHECK_PATH[:1]),
        )
    return found
