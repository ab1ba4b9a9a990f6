"""Shipped: a release as one run of bytes, for another process that shall draw from it; no rows, no folder.

It is the files of the release (`stored.dump`) in a plain archive, with the list of the files in its folder.

Source: ours.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

from synthspec.release.manifest import FileEntry
from synthspec.release.release import Release
from synthspec.release.stored import dump, load

FILES = "files"


def shipped(release: Release) -> bytes:
    """Return the bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, part in dump(release).items():
            archive.writestr(name, part.content)
        files = [entry.model_dump(mode="json", by_alias=True) for entry in release.files]
        archive.writestr(FILES, json.dumps(files))
    return buffer.getvalue()


def arrived(content: bytes) -> Release:
    """Return the release of such bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    files = tuple(FileEntry.model_validate(tree) for tree in json.loads(parts.pop(FILES)))
    return replace(load(parts), files=files)
