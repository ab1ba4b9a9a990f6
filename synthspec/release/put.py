"""put: write a file beside its place, flush it to disk, and rename it into place: whole, or not at all.

Source: ours.
"""

from __future__ import annotations

import os
from pathlib import Path


def put(folder: Path, name: str, content: bytes) -> Path:
    """Write a file beside, flush it, and rename it into its place."""
    path, aside = folder / name, folder / f".{name}.partial"
    try:
        with aside.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return path


def flush(path: Path) -> None:
    """Make a file or a folder that lies at `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
