"""apart: the folder of the internal edition: beside the release, never inside it, for its owner only.

The folder has mode 0700 and its files 0600 from the moment they exist. It is written aside and renamed
whole; whatever goes wrong, nothing of it is left.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from synthspec.errors import ReleaseError

SUFFIX = ".internal"
FILES = ("evaluation.json", "report.html")
MANIFEST = "manifest.json"


def apart_of(release: Path, out: str | Path | None) -> Path:
    """Return the folder of a release's internal edition.

    Raises:
        ReleaseError: Q621, when it would lie inside a release, or something else is in its way.
    """
    whole = release.resolve()
    folder = whole.with_name(whole.name + SUFFIX) if out is None else Path(out).absolute()
    place = folder.parent.resolve() / folder.name
    if any((above / MANIFEST).is_file() for above in (place, *place.parents)):
        _refuse(folder, "it lies inside a release, which is handed out")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        _refuse(folder, "something else is in the way")
    if folder.is_dir() and {each.name for each in folder.iterdir()} - set(FILES):
        _refuse(folder, "it holds other files")
    if not folder.parent.is_dir():
        _refuse(folder, "the folder above it is not there")
    return folder


def write_apart(folder: Path, contents: Mapping[str, bytes]) -> Path:
    """Write the folder whole, in the place of an older internal edition.

    Raises:
        ReleaseError: Q621, when it cannot be written.
    """
    problem = None
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
        try:
            for name, content in contents.items():
                _put(aside / name, content)
            _move(aside, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        problem = os.strerror(error.errno or 5).lower()
    if problem is not None:
        _refuse(folder, problem)
    return folder


def _put(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.chmod(path, 0o600)  # noqa: PTH101 (whatever the umask added or took)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _move(aside: Path, folder: Path) -> None:
    if not folder.exists():
        aside.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    try:
        folder.rename(old / "old")
        try:
            aside.rename(folder)
        except BaseException:
            (old / "old").rename(folder)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _refuse(folder: Path, why: str) -> NoReturn:
    raise ReleaseError(
        "Q621",
        f"the internal edition cannot be written to `{folder.name}`: {why}",
        helps=("name another folder with `-o FOLDER`",),
    )
