"""home: where ledgers and bought answers lie, readable by their owner only.

Source: ours; DECISIONS 22.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from synthspec.errors import BudgetError


def home() -> Path:
    """Return SYNTHSPEC_HOME where it is set, else the platform's folder for a user's data."""
    told = os.environ.get("SYNTHSPEC_HOME")
    if told:
        return Path(told).absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("synthspec", appauthor=False))


def private_folder(*parts: str) -> Path:
    """Return the folder `parts` under `home`, made with mode 0700 where it is missing.

    Raises:
        BudgetError: B506, when it cannot be made.
    """
    folder = home().joinpath(*parts)
    failed = False
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        for each in reversed(missing):
            with contextlib.suppress(FileExistsError):
                each.mkdir(mode=0o700)
        failed = not folder.is_dir()
    except OSError:
        failed = True
    if failed:
        raise BudgetError(
            "B506",
            f"the folder of ledgers `{folder}` cannot be used; nothing was read",
            helps=("make it writable, or set SYNTHSPEC_HOME to a folder that is",),
        )
    return folder


def sync_folder(folder: Path) -> None:
    """Make a new file's name in `folder` durable, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
