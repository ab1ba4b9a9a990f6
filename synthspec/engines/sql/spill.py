"""Spill: a private folder for what a database engine of this process cannot hold in memory.

Only its owner may enter it; it is wiped at the end, and a later run wipes what a killed one left.

Source: ours.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "synthspec-spill-"


@contextlib.contextmanager
def spill_folder() -> Iterator[Path]:
    """Yield a new folder of mode 0700; it is gone behind the block."""
    folder = new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_folder() -> Path:
    """Return a new folder of mode 0700, for the caller to remove; wipe what dead processes left."""
    _wipe_left()
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def _wipe_left() -> None:
    """Remove this user's folders of processes that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        number = folder.name.removeprefix(_PREFIX).split("-")[0]
        with contextlib.suppress(OSError):
            ours = folder.lstat().st_uid == os.getuid() if hasattr(os, "getuid") else True
            if ours and number.isdigit() and not _runs(int(number)):
                shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
