"""parted: rows of a release into a folder, part by part, by one process or many; post-processing, free.

Memory does not grow with the number of rows. What was interrupted goes on where it was: see `draw.parts`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.errors import SpecError

if TYPE_CHECKING:
    from synthspec.api.request import Request
    from synthspec.draw.parts import Asked, PartDone
    from synthspec.release.release import Certificate


@dataclass(frozen=True)
class Progress:
    """How far the drawing is: `fresh` of the `rows` were drawn in the `seconds` since this command began."""

    rows: int
    of: int | None
    parts: int
    of_parts: int
    fresh: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows per second of this command."""
        return self.fresh / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds left at this rate; None where it cannot be told yet."""
        todo = self.of_parts - self.parts
        total = self.of if self.of is not None else self.rows * self.of_parts / max(self.parts, 1)
        if not todo:
            return 0.0
        return max(0.0, total - self.rows) / self.rate if self.rate > 0 else None


@dataclass(frozen=True, eq=False)
class Filled:
    """A folder in which all parts are, and what is to be said of it.

    `before` parts were there already; the digests of `changed` ones were not those that had been written.
    """

    folder: Path
    rows: int
    parts: int
    certificate: Certificate
    before: int = 0
    changed: tuple[int, ...] = ()
    probability: float | None = None
    notes: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    """Rules that compare rows: counted inside each part, not between parts."""

    def lines(self) -> tuple[str, ...]:
        """Return what is said beside the rows."""
        held = self.certificate
        rules = f"{len(held.rules)} rule{'' if len(held.rules) == 1 else 's'}"
        said = [*self.notes]
        if self.probability not in (None, 1.0):
            said.append(f"probability of the condition: {self.probability:.3g}")
        if self.changed:
            names = ", ".join(str(at) for at in self.changed[:5]) + (", ..." if len(self.changed) > 5 else "")
            said.append(f"drawn again, since somebody had changed them: parts {names}")
        if self.before == self.parts:
            said.append("all parts were there already: nothing was drawn")
        elif self.before:
            said.append(f"there already: {self.before:,} of {self.parts:,} parts")
        if held.rules:
            said.append(
                f"{rules} counted again by {held.engine}, part by part: {held.violations:,} violations"
            )
        if self.within:
            names = ", ".join(f"`{name}`" for name in self.within)
            said.append(f"rows of different parts were not compared for {names}")
        return tuple(said)


Show = Callable[[Progress], None]


def sampled_into(
    request: Request, processes: int = 1, show: Show | None = None, *, spark: bool = False
) -> Filled:
    """Draw the rows of `request` into its folder, or what of them is not there yet.

    Args:
        request: what to draw; the same request goes on where it was interrupted.
        processes: how many draw; the rows are the same whatever their number.
        show: is told how far it is, after every part.
        spark: whether the workers of a Spark cluster draw; the rows are the same ones.

    Raises:
        ReleaseError: Q603, Q650, Q651, Q652; GateError: Q604, Q605; SpecError: S150, S157, S158, S161;
            SamplingError: G450, G451, G458; SourceError: D413, D431 to D433, of Spark.
    """
    from synthspec.api.drawers import drawn_by
    from synthspec.api.drawers_spark import drawn_on_spark
    from synthspec.api.request import prepared
    from synthspec.draw.parts import claimed

    job, folder = prepared(request), Path(request.folder)
    with _told(folder, job.asked), claimed(folder, job.asked) as found:
        before, missing = len(found.done), found.missing
        clock = Clock(job.asked, show, found.done.values())
        many = min(processes, len(missing))
        if spark and missing:
            done = drawn_on_spark(request, job.asked, missing)
        elif many > 1:
            done = drawn_by(request, job.asked, missing, many)
        else:
            done = (job.parted.write(folder, at) for at in missing)
        with closing(done):
            for part in done:
                found.record(part)
                clock.tick(part)
        certificate = job.parted.certificate(found.done.values())
    return Filled(
        folder=folder,
        rows=certificate.rows,
        parts=job.asked.parts,
        certificate=certificate,
        before=before,
        changed=found.changed,
        probability=job.parted.probability,
        notes=job.notes,
        within=job.parted.within,
    )


class Clock:
    """Tells how far the drawing is."""

    def __init__(self, asked: Asked, show: Show | None, there: Iterable[PartDone]) -> None:
        self._asked, self._show = asked, show
        self._began = time.monotonic()
        parts = list(there)
        self._parts, self._rows = len(parts), sum(part.said.rows for part in parts)
        self._fresh = 0
        self._tell()

    def tick(self, part: PartDone) -> None:
        """Take note of a part that was drawn now."""
        self._parts += 1
        self._rows += part.said.rows
        self._fresh += part.said.rows
        self._tell()

    def _tell(self) -> None:
        if self._show is not None:
            seconds = time.monotonic() - self._began
            now = Progress(self._rows, self._asked.rows, self._parts, self._asked.parts, self._fresh, seconds)
            self._show(now)


@contextmanager
def _told(folder: Path, asked: Asked) -> Iterator[None]:
    """Say of what stops the drawing what is there, and how to go on."""
    from synthspec.draw.parts import there

    try:
        yield
    except OSError as error:
        why = (os.strerror(error.errno) if error.errno else type(error).__name__).lower()
        raise SpecError(
            "S150",
            f"rows cannot be written into `{folder}`: {why}",
            notes=(f"{there(folder)} of {asked.parts} parts are there, and none of them is half-written",),
            helps=(
                "check its permissions and the space left on the disk",
                "then give the same command again: it goes on from there",
            ),
        ) from None
    except KeyboardInterrupt:
        raise Interrupted(f"{there(folder)} of {asked.parts} parts are there") from None


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; `message` says what is there."""

    def __init__(self, there: str) -> None:
        self.message = f"{there}: the same command goes on from there; nothing was charged"
        super().__init__(self.message)
