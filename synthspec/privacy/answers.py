"""AnswerLog: the noisy answers that one run has bought, durable one by one.

An answer is on disk before it is returned to whoever asked, so a crash loses time and not budget:
a resumed run replays what was bought and asks only for the rest. A torn last line was never
returned; it is cut off and drawn anew.

Source: ours; DECISIONS 23.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar, final

from pydantic import Field, ValidationError

from synthspec.errors import BudgetError
from synthspec.privacy.home import private_folder, sync_folder
from synthspec.terms.frozen import Frozen

T = TypeVar("T")

_RELEASE = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z_-]{0,63}")


class Answer(Frozen):
    """One noisy answer as bought: the `index`-th purchase of the run.

    Attributes:
        index: 0, 1, 2, ...
        query: the digest of the question.
        kind: which verb asked, for example "measure", "select", "discover".
        mechanism: the mechanism's own JSON.
        values: what was released, integers; flat.
        stddev: the scale of the noise [query's unit].
        labels: names that belong to `values`, of a `discover`.
    """

    index: int = Field(ge=0)
    query: str
    kind: str
    mechanism: dict[str, Any]
    values: tuple[int, ...]
    stddev: float
    labels: tuple[str, ...] = ()


class Head(Frozen):
    """The first line: which plan these answers were bought for."""

    release: str
    plan: str


@final
class AnswerLog:
    """The answers of one release; holds the file's lock until `close`."""

    def __init__(self, path: Path, handle: int, answers: list[Answer]) -> None:
        self._path = path
        self._handle = handle
        self._answers = answers

    @classmethod
    def open(cls, release: str, plan: str, *, begun: bool = False) -> Self:
        """Open the log of `release`, made for the plan with digest `plan`; new, or to be resumed.

        Args:
            release: the charge's release.
            plan: the plan's digest.
            begun: whether its charge was opened before; its log must then be there, or answers that
                were bought once would be drawn a second time at no price.

        Raises:
            BudgetError: B511, when its answers were bought for another plan; B512, when it cannot
                be used, is missing although `begun`, is damaged before its end, or another process has
                it open.
        """
        if not _RELEASE.fullmatch(release):
            raise ValueError("a release id has letters, digits, `-` and `_`")
        path = private_folder("runs", release) / "answers.jsonl"
        handle = _io(path, lambda: _locked(path))
        try:
            head, answers = _io(path, lambda: _load(path, handle))
            if head is None and begun:
                raise _unusable(path)
            if head is None:
                _io(path, lambda: _write(handle, Head(release=release, plan=plan)))
            elif head != Head(release=release, plan=plan):
                raise _other("the answers bought so far belong to another plan")
        except BaseException:
            os.close(handle)
            raise
        return cls(path, handle, answers)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def __len__(self) -> int:
        return len(self._answers)

    def record(self, answer: Answer) -> Answer:
        """Append the next answer and return it once it is durable.

        Raises:
            BudgetError: B511, when it is not the next; B512, when it cannot be written.
        """
        if answer.index != len(self._answers):
            raise _other("a noisy answer was bought out of order")
        _io(self._path, lambda: _write(self._handle, answer))
        self._answers.append(answer)
        return answer

    def replay(self, index: int, query: str, mechanism: dict[str, Any] | None = None) -> Answer | None:
        """Return the `index`-th answer if it was bought already, None if not.

        Raises:
            BudgetError: B511, when it answered another question, or was drawn by another mechanism.
        """
        if index >= len(self._answers):
            return None
        found = self._answers[index]
        if found.query != query or (mechanism is not None and found.mechanism != mechanism):
            raise _other("the answers bought so far were to other questions")
        return found

    def close(self) -> None:
        """Let go of the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()


def _other(message: str) -> BudgetError:
    return BudgetError(
        "B511",
        message,
        helps=("resume with the same plan and the same version of synthspec, or train anew",),
    )


def _unusable(path: Path) -> BudgetError:
    return BudgetError(
        "B512",
        f"the log of noisy answers `{path}` cannot be used: "
        "it is missing, not writable, damaged, or open in another process",
        helps=("check the folder and the disk's space, then `synthspec train --resume`",),
    )


def _io(path: Path, work: Callable[[], T]) -> T:
    """Return what `work` returns; an OSError in it becomes B512, raised outside of its handler."""
    done: list[T] = []
    with contextlib.suppress(OSError):
        done.append(work())
    if not done:
        raise _unusable(path)
    return done[0]


def _locked(path: Path) -> int:
    """Return a handle on the file, which no other process has."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sync_folder(path.parent)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _load(path: Path, handle: int) -> tuple[Head | None, list[Answer]]:
    """Return what the file holds; cut off a torn last line, refuse (OSError) damage before it."""
    data = path.read_bytes()
    head: Head | None = None
    answers: list[Answer] = []
    good = 0
    for line in data.splitlines(keepends=True):
        content = _checked(line)
        if content is None:
            if good + len(line) < len(data):
                raise OSError("damaged before its end")
            os.ftruncate(handle, good)
            os.fsync(handle)
            break
        try:
            if head is None:
                head = Head.model_validate_json(content)
            else:
                answers.append(Answer.model_validate_json(content))
        except ValidationError:
            raise OSError("not a log of answers") from None
        if answers and answers[-1].index != len(answers) - 1:
            raise OSError("answers out of order")
        good += len(line)
    return head, answers


def _checked(line: bytes) -> bytes | None:
    """Return the content of a whole line, None when it is torn."""
    mark, space, rest = line.partition(b" ")
    if not space or not rest.endswith(b"\n") or mark != _mark(rest[:-1]):
        return None
    return rest[:-1]


def _mark(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).hexdigest().encode()


def _write(handle: int, entry: Frozen) -> None:
    """Append one line and make it durable; leave the file as it was when that fails."""
    content = entry.canonical()
    line = memoryview(_mark(content) + b" " + content + b"\n")
    end = os.fstat(handle).st_size
    try:
        while line:
            line = line[os.write(handle, line) :]
        os.fsync(handle)
    except BaseException:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, end)
        raise
