"""Events: line-delimited JSON on the progress of a run, for programs that wait for it.

The first line names the version. Only what is public is written: names and numbers of the plan's steps,
and how the run ended; no counts, sizes or times, which could depend on the rows. While synthetic rows are
drawn from a release, how many there are, and how fast.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from types import TracebackType
from typing import IO

import click

from synthspec import __version__
from synthspec.errors import SynthspecError

SCHEMA = "synthspec.events/1"


class Events:
    """Where a run's events go: a file, stdout (`-`), or nowhere."""

    def __init__(self, place: str | None) -> None:
        self._place = place
        self._file: IO[str] | None = None

    def __enter__(self) -> Events:
        if self._place == "-":
            self._file = sys.stdout
        elif self._place is not None:
            self._file = open(self._place, "w", encoding="utf-8")  # noqa: PTH123  # closed by __exit__
        self._write({"event": "version", "schema": SCHEMA, "tool": __version__})
        return self

    def step(self, step: int, steps: int, name: str) -> None:
        """Write that a step of the plan begins."""
        self._write({"event": "step", "step": step, "steps": steps, "name": name})

    def done(self, release: str) -> None:
        """Write that the release is in its place."""
        self._write({"event": "done", "release": release})

    def rows(
        self, rows: int, of: int | None, parts: int, of_parts: int, rate: float, left: float | None
    ) -> None:
        """Write how many synthetic rows are drawn, rows per second, and seconds left."""
        speed = {"per_second": round(rate), "seconds_left": None if left is None else round(left, 1)}
        self._write({"event": "rows", "rows": rows, "of": of, "parts": parts, "of_parts": of_parts, **speed})

    def filled(self, folder: str) -> None:
        """Write that all synthetic rows are in their folder."""
        self._write({"event": "done", "folder": folder})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, SynthspecError):
            self._write({"event": "failed", "code": error.code, "exit_code": error.exit_code})
        elif isinstance(error, KeyboardInterrupt | click.Abort):
            self._write({"event": "interrupted", "exit_code": 130})
        elif error is not None:
            self._write({"event": "failed", "code": "I901", "exit_code": 70})
        if self._file is not None and self._file is not sys.stdout:
            self._file.close()

    def _write(self, tree: dict[str, object]) -> None:
        if self._file is None:
            return
        with suppress(OSError, ValueError):  # a reader that went away does not stop a run that is paid for
            self._file.write(json.dumps(tree, ensure_ascii=False) + "\n")
            self._file.flush()


events_option = click.option(
    "--events", metavar="FILE|-", help="Write progress there, one JSON document a line; - is stdout."
)
"""The option `--events FILE|-` of verbs that take long."""
