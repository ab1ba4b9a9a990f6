"""The files of a source, and what may be said about them: that they are there, and of which kind.

Source: ours; PRIVACY 5 (a glob's files are neither named nor counted).
"""

from __future__ import annotations

import glob
from pathlib import Path

from synthspec.privacy.table_address import read_table_address
from synthspec.terms.view import Source

_OTHER_KINDS = (b"PAR1", b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"ARROW1", b"SQLite format 3")


def files(source: Source) -> tuple[Path, ...]:
    """Return the files of `source`: the path itself when it exists, else what its pattern matches."""
    if source.format == "duckdb":
        return _of_database(source.path)
    path = Path(source.path).expanduser()
    if path.exists() or not glob.has_magic(source.path):
        return (path,)
    return tuple(Path(found) for found in _matching(str(path)))


def _of_database(address: str) -> tuple[Path, ...]:
    """Return the file of a database, and that of its changes not yet in it, where there is one."""
    place = read_table_address(address).place
    assert isinstance(place, Path)
    changes = place.with_name(f"{place.name}.wal")
    return (place, changes) if changes.exists() else (place,)


def _matching(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - patterns may be absolute


def looks_like_text(path: Path, encoding: str) -> bool:
    """Return whether the first line of the file, which names its columns, can be one of a text file.

    Only that line is public; whatever the rows below hold, even zero bytes, must not be told.
    """
    with path.open("rb") as handle:
        start = handle.read(65_536).split(b"\n", 1)[0].split(b"\r", 1)[0]
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32", "utf16", "utf32"))
    return not start.startswith(_OTHER_KINDS) and (wide or b"\x00" not in start)
