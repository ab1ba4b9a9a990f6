"""Held: the files that a ledger protects, by where they lie and which file on disk they are.

A charge remembers its source's resolved path and its (device, inode): nothing of what is in it. A file
that is declared public is refused when any ledger here names it either way; so a symbolic or hard link,
another folder, another spec or a renamed file does not make a private table public. A copy is another
file: only its owner can know what it holds.

Source: ours; DECISIONS 22.
"""

from __future__ import annotations

from collections.abc import Iterable
from glob import has_magic, iglob
from pathlib import Path

from synthspec.terms.frozen import Frozen


class HeldFile(Frozen):
    """One file: its resolved path, and its number on its device (0 where the system has none)."""

    path: str
    device: int
    inode: int

    def same(self, other: HeldFile) -> bool:
        """Return whether the two are one file: by path, or by its number on the device."""
        numbered = self.inode != 0 and (self.device, self.inode) == (other.device, other.inode)
        return self.path == other.path or numbered


def held_files(paths: Iterable[Path]) -> tuple[HeldFile, ...]:
    """Return the files at `paths`; a pattern stands for every file that it matches now."""
    return tuple(_held(file) for path in paths for file in _matched(path))


def _matched(path: Path) -> list[Path]:
    if has_magic(str(path)) and not path.exists():
        return [Path(found) for found in sorted(iglob(str(path), recursive=True))]  # noqa: PTH207 (absolute patterns)
    return [path]


def _held(path: Path) -> HeldFile:
    found = path.resolve()
    name = str(found).encode(errors="backslashreplace").decode()
    try:
        facts = found.stat()
    except OSError:
        return HeldFile(path=name, device=0, inode=0)
    return HeldFile(path=name, device=facts.st_dev, inode=facts.st_ino)
