"""Manifest: every file of a release with its bytes, digest, media type and class."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from synthspec.terms.frozen import Frozen

Class = Literal["S", "M", "B", "P"]
"""S: from the spec and the synthetic rows; M: from paid noisy answers; B: paid evaluation; P: public data."""

NAME = "manifest.json"
VERSION = "synthspec.release/1"

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


class FileEntry(Frozen):
    """One file of the folder, by its plain name."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    media_type: str
    class_: Class = Field(alias="class")

    @model_validator(mode="after")
    def _plain(self) -> Self:
        if not _PLAIN.fullmatch(self.name) or self.name == NAME:
            raise ValueError("a file of a release has a plain name")
        return self


class Manifest(Frozen):
    """The table of contents; `tool` wrote it, `name` is the spec's."""

    version: Literal["synthspec.release/1"] = "synthspec.release/1"
    name: str
    tool: str
    files: tuple[FileEntry, ...]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({entry.name for entry in self.files}) != len(self.files):
            raise ValueError("a file is listed twice")
        return self

    def with_file(self, entry: FileEntry) -> Manifest:
        """Return the manifest with `entry` added, or put in the place of the one of its name."""
        others = tuple(e for e in self.files if e.name != entry.name)
        files = tuple(sorted((*others, entry), key=lambda e: e.name))
        return Manifest(name=self.name, tool=self.tool, files=files)


def entry_of(path: Path, media_type: str, kind: Class) -> FileEntry:
    """Return the entry of the file at `path`, hashed as it lies there."""
    size, digest = digest_of(path)
    return FileEntry(name=path.name, bytes=size, sha256=digest, media_type=media_type, class_=kind)


def digest_of(path: Path) -> tuple[int, str]:
    """Return the number of bytes and the SHA-256 of the file at `path`."""
    state, size = hashlib.sha256(), 0
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            state.update(block)
            size += len(block)
    return size, state.hexdigest()
