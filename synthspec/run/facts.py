"""Facts: what may be said of a source in public: whether it is there, and which asked-for columns it has.

Messages name what the *spec* asks for, never a name or a value found in the file.

Source: ours; PRIVACY 5.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from synthspec.errors import SourceError
from synthspec.terms.view import Field, Source

CHECK_PATH = ("check `source.path`", "`--source PATH` reads another file")


def check_file(path: Path, named: str) -> None:
    """Check that a file is there and can be read; `named` is how the spec calls it."""
    said = f"the source `{named}`"
    if not path.exists():
        raise SourceError("D402", f"{said} does not exist", helps=CHECK_PATH)
    if path.is_dir():
        raise SourceError(
            "D403",
            f"{said} is a folder",
            helps=(*CHECK_PATH, "a pattern like `folder/*.csv` reads its files"),
        )
    if not path.is_file():
        raise SourceError(
            "D404",
            f"{said} cannot be read: it is a pipe or a device",
            notes=("a run reads its source several times",),
            helps=("write it to a file first", CHECK_PATH[1]),
        )
    try:
        with path.open("rb") as handle:
            empty = not handle.read(1)
    except OSError as error:
        problem = os.strerror(error.errno or 5).lower()
        raise SourceError("D404", f"{said} cannot be read: {problem}", helps=CHECK_PATH) from None
    if empty:
        raise SourceError("D405", f"{said} is empty", helps=CHECK_PATH)


def check_names(header: Sequence[str], source: Source, fields: Sequence[Field]) -> None:
    """Check that the fields are among the names, each once."""
    absent = [field for field in fields if field.origin not in header]
    if absent:
        listed = ", ".join(f"`{field.origin}`" for field in absent)
        one = len(absent) == 1
        notes = () if source.format != "csv" else ("the first line of the file must name its columns",)
        raise SourceError(
            "D407",
            f"{'column' if one else 'columns'} {listed} {'is' if one else 'are'} not in the source",
            notes=notes,
            helps=("name the column as the file does, with `from:`", "check `source.delimiter`"),
        )
    twice = [field.origin for field in fields if list(header).count(field.origin) > 1]
    if twice:
        raise SourceError(
            "D411",
            f"column `{twice[0]}` occurs more than once in the source",
            helps=("rename one of the two in the file",),
        )
