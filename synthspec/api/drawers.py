"""drawers: several processes that draw the parts of one request; `python -m synthspec.api.drawers`.

A drawer is told the request and then numbers of parts, one a line; it answers each with one line once the
part lies in its place. It opens the release and nothing private, and ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthspec.errors import ReleaseError, SynthspecError

if TYPE_CHECKING:
    from synthspec.api.request import Request
    from synthspec.draw.parts import Asked, PartDone

GONE = 3
"""The exit code when the process that started this one is gone."""

Drawer = subprocess.Popen[bytes]


def drawn_by(
    request: Request, asked: Asked, parts: Sequence[int], processes: int
) -> Generator[PartDone, None, None]:
    """Yield the parts as they are done, in any order.

    Args:
        request: what to draw.
        asked: what its folder says; the others must find the same.
        parts: the numbers of those that are to be drawn.
        processes: how many draw them.

    Raises:
        SynthspecError: what a drawer refused; ReleaseError: Q652, when one ended early.
        OSError: when a part could not be written.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for at in parts:
        waiting.put(at)
    told: queue.SimpleQueue[PartDone | BaseException] = queue.SimpleQueue()
    leads: list[threading.Thread] = []
    with _started(processes, leads) as drawers:
        for each in drawers:
            work = (each, request, asked, waiting, told)
            leads.append(threading.Thread(target=_lead, args=work, daemon=True))
            leads[-1].start()
        for _ in parts:
            found = told.get()
            if isinstance(found, BaseException):
                raise found
            yield found


@contextlib.contextmanager
def _started(processes: int, leads: Sequence[threading.Thread]) -> Iterator[list[Drawer]]:
    """Start the drawers; in the end they are gone, and so are the threads that led them."""
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    threads = str(max(1, (os.cpu_count() or 1) // processes))
    shares = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    drawers: list[Drawer] = []
    try:
        for _ in range(processes):
            drawers.append(
                subprocess.Popen(
                    [sys.executable, "-P", "-W", "ignore", "-m", "synthspec.api.drawers"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, **shares, "PYTHONPATH": path},
                    start_new_session=True,
                )
            )
        yield drawers
    finally:
        for each in drawers:
            each.kill()
        for each in drawers:
            each.wait()
        for lead in leads:
            lead.join()
        for each in drawers:
            for pipe in (each.stdin, each.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):
                    pipe.close()


def _lead(
    drawer: Drawer,
    request: Request,
    asked: Asked,
    waiting: queue.SimpleQueue[int],
    told: queue.SimpleQueue[PartDone | BaseException],
) -> None:
    """Give one drawer a part after the other, until there is none left or it fails."""
    from synthspec.draw.parts import PartDone

    try:
        _say(drawer, {"request": request.model_dump(mode="json"), "asked": asked.digest()})
        _answer(drawer)
        while True:
            try:
                at = waiting.get_nowait()
            except queue.Empty:
                return
            _say(drawer, at)
            told.put(PartDone.model_validate(_answer(drawer)))
    except BaseException as error:
        told.put(error)


def _say(drawer: Drawer, tree: object) -> None:
    assert drawer.stdin is not None
    try:
        drawer.stdin.write(json.dumps(tree).encode() + b"\n")
        drawer.stdin.flush()
    except OSError:
        raise _ended() from None


def _answer(drawer: Drawer) -> Any:
    assert drawer.stdout is not None
    line = drawer.stdout.readline()
    if not line.endswith(b"\n"):
        raise _ended()
    return taken(json.loads(line))


def taken(tree: Any) -> Any:
    """Return what another process did, as it told; raise what it could not do."""
    match tree["kind"]:
        case "done":
            return tree["part"]
        case "disk":
            raise OSError(tree["errno"], os.strerror(tree["errno"] or 0))
        case _:
            raise _again(tree)


def refused(error: OSError | SynthspecError) -> dict[str, object]:
    """Return what tells another process of `error`; see `taken`."""
    if isinstance(error, OSError):
        return {"kind": "disk", "errno": error.errno}
    worst = error.diagnostics[0]
    told = {"message": error.message, "notes": worst.notes, "helps": worst.helps}
    return {"kind": type(error).__name__, "code": error.code, **told}


def _ended() -> ReleaseError:
    return ReleaseError(
        "Q652",
        "a process that drew rows ended early",
        notes=("it was killed, or there was no memory left; the parts that are there are whole",),
        helps=("the same command goes on from there", "give fewer `--processes`"),
    )


def _again(tree: dict[str, Any]) -> SynthspecError:
    """Return the refusal that a drawer told."""
    kinds = {kind.__name__: kind for kind in SynthspecError.__subclasses__()}
    kind = kinds.get(tree["kind"], ReleaseError)
    return kind(tree["code"], tree["message"], notes=tree["notes"], helps=tree["helps"])


# the other side ----------------------------------------------------------------------------------


def main() -> None:
    """Draw what is told on stdin, until it closes."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        _draw(lines, answers)
    except (OSError, SynthspecError) as error:
        _tell(answers, refused(error))


def _draw(lines: queue.SimpleQueue[bytes], answers: Any) -> None:
    from synthspec.api.request import Request, prepared

    begun = json.loads(lines.get())
    request = Request.model_validate(begun["request"])
    job = prepared(request)
    if job.asked.digest() != begun["asked"]:
        raise ReleaseError("Q652", "the release changed while rows were drawn from it")
    _tell(answers, {"kind": "done", "part": None})
    while True:
        part = job.parted.write(Path(request.folder), json.loads(lines.get()))
        _tell(answers, {"kind": "done", "part": part.model_dump(mode="json")})


def _tell(answers: Any, tree: dict[str, object]) -> None:
    answers.write(json.dumps(tree).encode() + b"\n")
    answers.flush()


def _listen(lines: queue.SimpleQueue[bytes]) -> None:
    """Take lines from the process that started this one; end with it."""
    while line := sys.stdin.buffer.readline():
        lines.put(line)
    os._exit(GONE)


if __name__ == "__main__":
    main()
