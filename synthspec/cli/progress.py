"""Progress of drawing rows: synthetic rows only, so counts, rates and times may be shown.

On a terminal a bar; elsewhere a line every some seconds. While private rows are read nothing of this is
shown: see `train.Steps`.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from synthspec.cli.events import Events
from synthspec.cli.output import Output

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from synthspec.api.parted import Progress

EVERY = 5.0
"""Seconds between lines, where there is no terminal."""


class Drawing:
    """Shows how far the drawing is, on stderr and as events."""

    def __init__(self, output: Output, events: Events) -> None:
        self._output, self._events = output, events
        self._quiet = output.shared.quiet or output.shared.json
        self._bar: Bar | None = None
        self._said = time.monotonic()

    def __enter__(self) -> Drawing:
        return self

    def __call__(self, now: Progress) -> None:
        """Show it."""
        self._events.rows(now.rows, now.of, now.parts, now.of_parts, now.rate, now.left)
        if self._quiet:
            return
        if sys.stderr.isatty():
            self._show(now)
        elif time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            self._output.note(line(now))

    def _show(self, now: Progress) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        if self._bar is None:
            columns = (BarColumn(), TextColumn("{task.description}"))
            console = Console(stderr=True, highlight=False)
            self._bar = Progress(*columns, console=console, transient=True)
            self._bar.start()
            self._bar.add_task("")
        self._bar.update(
            self._bar.task_ids[0], completed=now.parts, total=now.of_parts, description=line(now)
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def line(now: Progress) -> str:
    """Return it in words.

    >>> from synthspec.api.parted import Progress
    >>> line(Progress(rows=3_000_000, of=10_000_000, parts=30, of_parts=100, fresh=2_000_000, seconds=10.0))
    '3,000,000 of 10,000,000 rows, 200,000 rows/s, 35 s left'
    """
    of = f"{now.rows:,} rows" if now.of is None else f"{now.rows:,} of {now.of:,} rows"
    if now.left is None:
        return of
    return f"{of}, {now.rate:,.0f} rows/s, {_time(now.left)} left"


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
