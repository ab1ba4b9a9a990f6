"""Parts: a folder of rows in numbered Parquet files, filled part by part, whole or not at all.

`_manifest.json` says what was asked for: the first thing that is written, and what another command must
agree with to go on. `_parts.jsonl` has one line for each part that is there, with its digest and the counts
of every rule. A part is written aside, flushed and renamed before its line is written, so after a crash at
any moment a part is missing, or there without a line (and drawn again, to the same bytes), or there with it.

Source: ours.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import Field

from synthspec.draw.drawn import Said
from synthspec.draw.recount import Recount
from synthspec.errors import ReleaseError
from synthspec.release.attestation import refuse_within
from synthspec.release.manifest import NAME as RELEASE
from synthspec.release.manifest import digest_of
from synthspec.release.put import put
from synthspec.terms.frozen import Frozen

MANIFEST, LINES = "_manifest.json", "_parts.jsonl"
ASIDE = ".part-"


class Asked(Frozen):
    """What a folder of rows is to hold: equal in every word means equal rows.

    `release` and `spec` are digests; `size` is the number of rows (or units) of a part; `tool` drew them.
    """

    version: Literal["synthspec.rows/1"] = "synthspec.rows/1"
    tool: str
    release: str
    name: str
    seed: int
    rows: int | None = Field(default=None, ge=0)
    units: int | None = Field(default=None, ge=0)
    size: int = Field(ge=1)
    where: str | None = None
    scenario: str | None = None
    spec: str | None = None
    columns: tuple[str, ...] = ()

    @property
    def parts(self) -> int:
        """How many parts there are: at least one, so that no rows have their columns, too."""
        many = (self.rows if self.units is None else self.units) or 0
        return max(1, -(-many // self.size))


class PartDone(Frozen):
    """One part that is there: its bytes, how its rows came about, and what a second engine counted in it."""

    at: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    said: Said
    again: Recount


def part_name(at: int) -> str:
    """Return the name of a part's file.

    >>> part_name(7)
    'part-00007.parquet'
    """
    return f"part-{at:05d}.parquet"


class PartsFolder:
    """A folder that is being filled, or is full; hold it by `claimed`."""

    def __init__(self, folder: Path, asked: Asked) -> None:
        self.folder = folder
        self.asked = asked
        self.done: dict[int, PartDone] = {}
        self.changed: tuple[int, ...] = ()

    @property
    def missing(self) -> list[int]:
        """The parts that are not there, in order."""
        return [at for at in range(self.asked.parts) if at not in self.done]

    def record(self, part: PartDone) -> None:
        """Note that a part lies in its place: the line is on the disk when this returns."""
        line = part.model_dump_json() + "\n"
        with (self.folder / LINES).open("ab") as lines:
            lines.write(line.encode())
            lines.flush()
            os.fsync(lines.fileno())
        self.done[part.at] = part

    def look(self) -> None:
        """Take in what is there: parts with a line and the bytes that it names."""
        changed = []
        for part in _lines(self.folder / LINES):
            path = self.folder / part_name(part.at)
            if part.at >= self.asked.parts or path.is_symlink() or not path.is_file():
                continue
            if digest_of(path) == (part.bytes, part.sha256):
                self.done[part.at] = part
            else:
                changed.append(part.at)
        self.changed = tuple(sorted(set(changed) - set(self.done)))


@contextmanager
def claimed(folder: Path, asked: Asked) -> Iterator[PartsFolder]:
    """Yield the folder with what is there of `asked`; nobody else writes there meanwhile.

    Raises:
        ReleaseError: Q650, when it holds something else, or other rows; Q651, when another process is
            writing there; Q641, when it is within a signed release.
        OSError: when it cannot be written.
    """
    refuse_within(folder)
    refuse_within(folder / MANIFEST)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        found = PartsFolder(folder, asked)
        if (folder / MANIFEST).exists():
            _refuse_other(folder, asked)
        else:
            _refuse_strangers(folder, ())
            put(folder, MANIFEST, json.dumps(asked.model_dump(mode="json"), indent=2).encode() + b"\n")
        _refuse_strangers(folder, [part_name(at) for at in range(asked.parts)])
        for left in folder.glob(f"{ASIDE}*"):
            left.unlink(missing_ok=True)
        _whole_lines(folder / LINES)
        found.look()
        yield found


def _refuse_other(folder: Path, asked: Asked) -> None:
    """Refuse a folder whose manifest asks for other rows."""
    try:
        there = Asked.model_validate_json((folder / MANIFEST).read_bytes())
    except ValueError:
        raise _taken(folder, f"its `{MANIFEST}` cannot be read") from None
    if there == asked:
        return
    before, now = there.model_dump(mode="json"), asked.model_dump(mode="json")
    unlike = [key for key in now if before.get(key) != now[key]]
    said = [f"`{key}`: {_short(before[key])} there, {_short(now[key])} now" for key in unlike]
    raise _taken(folder, "it holds rows of another request", tuple(said))


def _refuse_strangers(folder: Path, parts: Sequence[str]) -> None:
    """Refuse files that somebody would take for rows of this request; in a new folder, any file."""
    known = {*parts, MANIFEST, LINES}
    if (folder / RELEASE).exists():
        raise _taken(folder, "it holds a release")
    for path in sorted(folder.iterdir()):
        if path.name in known or path.name.startswith((ASIDE, f".{MANIFEST}")):
            continue
        if not parts or path.suffix == ".parquet":
            raise _taken(folder, f"`{path.name}` in it is no part of these rows")


def _taken(folder: Path, why: str, notes: tuple[str, ...] = ()) -> ReleaseError:
    return ReleaseError(
        "Q650",
        f"these rows cannot be written into `{folder}`: {why}",
        notes=notes,
        helps=("give another folder with `-o`", "or remove this one, if nobody needs it"),
    )


def _short(value: object) -> str:
    text = str(value) if value is not None else "none"
    return text if len(text) <= 24 else f"{text[:20]}..."


def there(folder: Path) -> int:
    """Return how many parts have a line, for people."""
    return len({part.at for part in _lines(folder / LINES)})


def _lines(path: Path) -> Iterator[PartDone]:
    if not path.is_file():
        return
    for line in path.read_bytes().splitlines():
        with suppress(ValueError):
            yield PartDone.model_validate_json(line)


def _whole_lines(path: Path) -> None:
    """Cut off a last line that a crash left unfinished: the next one would be glued to it."""
    if not path.is_file():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as handle:
            handle.truncate(whole)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if os.name != "posix":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReleaseError(
                "Q651",
                f"another process is writing rows into `{folder}`",
                helps=("wait for it; the same command then says that all is there",),
            ) from None
        except OSError:
            pass  # a file system without locks: two writers would still write equal parts
        yield
    finally:
        os.close(handle)
