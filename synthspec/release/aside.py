"""aside: a folder beside a release in which it is written before one rename puts it in its place.

It is locked while its writer lives, so that a later writer can tell what a crash left from what is in use.

Source: ours.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def aside_of(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside `folder`; what is left of it, and of crashed writers, is removed."""
    for left in folder.parent.glob(f".{glob.escape(folder.name)}.*.partial"):
        _remove_if_left(left)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    handle = _locked(aside)
    try:
        yield aside
    finally:
        if handle is not None:
            os.close(handle)
        shutil.rmtree(aside, ignore_errors=True)


def _locked(folder: Path) -> int | None:
    """Return a handle that holds the folder's lock; None where it is another's, or there are no locks."""
    if os.name != "posix":
        return None
    import fcntl

    handle = None
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return handle
    if handle is not None:
        os.close(handle)
    return None


def _remove_if_left(folder: Path) -> None:
    handle = _locked(folder)
    if handle is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)
