"""The crash file: type names and our own frames; never a message, a local or a value.

An exception's message may quote a row of the private table, so none is kept.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import traceback
from pathlib import Path

from synthspec import __version__


def write_crash(error: BaseException) -> Path | None:
    """Write what happened, mode 0600, and return the file; None where it cannot be written."""
    from synthspec.privacy.home import home

    document = {
        "schema": "synthspec.crash/1",
        "tool": __version__,
        "python": platform.python_version(),
        "errors": [_facts(each) for each in _chain(error)],
    }
    try:
        folder = home() / "crashes"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"crash-{secrets.token_hex(4)}.json"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
    except OSError:
        return None
    return path


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain and len(chain) < 8:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain


def _facts(error: BaseException) -> dict[str, object]:
    ours = Path(__file__).parents[1]
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(ours):
            place = str(path.relative_to(ours.parent))
            frames.append({"file": place, "line": frame.lineno, "function": frame.name})
    return {"type": f"{type(error).__module__}.{type(error).__qualname__}", "frames": frames}
