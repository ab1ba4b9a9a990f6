"""drawers on Spark: the workers of a cluster draw the parts of one request, into a folder that all share.

The release travels to each worker once, as bytes. A task draws a few parts, each of which lies whole in its
place before the task tells of it; a task that is run again, since a worker was lost, writes the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.errors import SourceError, SynthspecError

if TYPE_CHECKING:
    from synthspec.api.request import Request
    from synthspec.draw.parts import Asked, PartDone

AT_ONCE = 4
"""Parts that a task draws: it prepares the release once, and loses no more than these with its worker."""


def drawn_on_spark(request: Request, asked: Asked, parts: Sequence[int]) -> Generator[PartDone, None, None]:
    """Yield the parts as they are done, a job at a time.

    Args:
        request: what to draw.
        asked: what its folder says; the workers must find the same.
        parts: the numbers of those that are to be drawn.

    Raises:
        SynthspecError: what a worker refused; SourceError: D413, D431 to D433.
        OSError: when a part could not be written.
    """
    from synthspec.api.drawers import taken
    from synthspec.draw.parts import PartDone, part_name
    from synthspec.release.bundle import read_release
    from synthspec.release.shipped import shipped
    from synthspec.run.on_spark import spread

    folder = Path(request.folder).absolute()
    there = request.model_copy(update={"folder": str(folder)})
    work = partial(_drawn, there.model_dump_json(), asked.digest())
    with spread(shipped(read_release(Path(request.release)))) as cluster:
        step = cluster.width * AT_ONCE
        for start in range(0, len(parts), step):
            for told in cluster.each(work, parts[start : start + step]):
                done = PartDone.model_validate(taken(json.loads(told)))
                file = folder / part_name(done.at)
                if not file.is_file() or file.stat().st_size != done.bytes:
                    raise _elsewhere(folder)
                yield done


def _elsewhere(folder: Path) -> SourceError:
    return SourceError(
        "D433",
        f"the workers do not share the folder `{folder}` with this machine",
        helps=("name a folder on a disk that all of them mount", "or draw here: leave `--on spark` out"),
    )


def _drawn(request: str, asked: str, release: bytes, parts: Sequence[int]) -> Iterator[str]:
    """Run on a worker: draw parts, and tell of each."""
    from synthspec.api.drawers import refused
    from synthspec.api.request import Request, prepared
    from synthspec.draw.parts import MANIFEST
    from synthspec.errors import ReleaseError
    from synthspec.release.shipped import arrived

    there = Request.model_validate_json(request)
    folder = Path(there.folder)
    try:
        if not (folder / MANIFEST).is_file():
            raise _elsewhere(folder)
        job = prepared(there, arrived(release))
        if job.asked.digest() != asked:
            raise ReleaseError("Q652", "a worker has another version of synthspec, or finds another spec")
        for at in parts:
            part = job.parted.write(folder, at)
            yield json.dumps({"kind": "done", "part": part.model_dump(mode="json")})
    except (OSError, SynthspecError) as error:
        yield json.dumps(refused(error))
