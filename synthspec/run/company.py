"""Company: the other processes of a training, from before the charge until the release is written.

Started here, they are children of this process (`run.companion`): they hold the reading end of a pipe and end
when it closes, however this process ends; Ctrl-C does not reach them; they write nothing anywhere, and are
met on the loopback interface in a folder that only this user can read. Started by torchrun they are whole
commands, on several machines: rows and gradients then pass between these machines as they are, so that the
network must be one that may carry them.

Source: ours; transport: torch.distributed (gloo).
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from synthspec import __version__
from synthspec.errors import SpecError
from synthspec.run.ranks import Alone, Ranks

if TYPE_CHECKING:
    from synthspec.run.group import Group

Processes = int | Literal["torchrun"]
"""How many, started here; or those that torchrun started."""

MOST = 64
STARTING = 180.0
"""Seconds that the start of a process may take: torch is large."""
MEETING = timedelta(days=7)
"""How long a rank waits for another; a rank that is gone is noticed at once."""
LEAVING = 10.0
TORCHRUN = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
READY = b"ready\n"
TOLD = -1
"""A rank, or a number of ranks, that the environment tells."""


def check_processes(processes: Processes) -> None:
    """Refuse what cannot be; before anything is charged.

    Raises:
        SpecError: G474.
    """
    if processes == "torchrun":
        missing = [name for name in TORCHRUN if name not in os.environ]
        if missing:
            raise _apart(f"torchrun did not start this process: `{missing[0]}` is not set")
    elif not 1 <= processes <= MOST:
        raise _apart(f"a training can have 1 to {MOST} processes")


def is_companion(processes: Processes) -> bool:
    """Return whether this process only takes part, torchrun having started another as the first."""
    return processes == "torchrun" and os.environ.get("RANK", "0") != "0"


@contextmanager
def company(processes: Processes, device: str = "auto") -> Iterator[Ranks]:
    """Yield the ranks of a run, this process being the first; the others end with the context.

    Args:
        processes: how many.
        device: what each of them computes on: auto, cpu or cuda.

    Raises:
        SpecError: G474, when they do not come together.
    """
    check_processes(processes)
    if processes == 1:
        yield Alone()
    elif processes == "torchrun":
        with _met("env://", TOLD, TOLD, ()) as group:
            yield group
    else:
        with (
            tempfile.TemporaryDirectory(prefix="synthspec-") as name,
            _children(processes, name, device) as them,
            _threads(processes),
            _met(f"file://{Path(name) / 'meet'}", 0, processes, them) as group,
        ):
            yield group


@contextmanager
def joined() -> Iterator[Group]:
    """Yield the group of a process that torchrun started beside the first.

    Raises:
        SpecError: G474.
    """
    check_processes("torchrun")
    with _met("env://", TOLD, TOLD, ()) as group:
        yield group


@contextmanager
def _met(where: str, rank: int, world: int, children: Sequence[subprocess.Popen[bytes]]) -> Iterator[Group]:
    """Yield the group, once all ranks are there and of one version; on rank 0, send them home at the end."""
    import torch.distributed as ranks

    from synthspec.run.group import Group

    if not ranks.is_available() or ranks.is_initialized():
        raise _apart("torch.distributed is in use by this program, or missing in this build of torch")
    group: Group | None = None
    try:
        with contextlib.suppress(RuntimeError, ValueError, OSError):
            meet(where, rank, world)
            group = Group(lambda: _all_there(children))
            if not group.agreed(__version__):
                group = None
        if group is None:
            raise _apart("the processes did not find each other, or are of different versions of synthspec")
        yield group
        if group.first:
            with contextlib.suppress(RuntimeError, OSError):  # who is gone already needs no word
                group.over()
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(LEAVING)
    finally:
        for child in children:
            child.kill()
        if ranks.is_initialized():
            ranks.destroy_process_group()


def meet(where: str, rank: int = TOLD, world: int = TOLD) -> None:
    """Make the default process group; on this machine alone, of its loopback interface."""
    import torch.distributed as ranks

    here = loopback() if where.startswith("file:") else None
    before = os.environ.get("GLOO_SOCKET_IFNAME")
    if here is not None:
        os.environ["GLOO_SOCKET_IFNAME"] = here
    try:
        ranks.init_process_group("gloo", init_method=where, timeout=MEETING, rank=rank, world_size=world)
    finally:
        if here is not None:
            os.environ.pop("GLOO_SOCKET_IFNAME")
            if before is not None:
                os.environ["GLOO_SOCKET_IFNAME"] = before


def loopback() -> str | None:
    """Return the name of the loopback interface, where it can be told."""
    names = [name for _, name in socket.if_nameindex()] if hasattr(socket, "if_nameindex") else []
    return next((name for name in names if name in ("lo", "lo0")), None)


@contextmanager
def _children(processes: int, folder: str, device: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start the others; yield them once each has loaded torch."""
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(_share(processes))}
    started: list[subprocess.Popen[bytes]] = []
    try:
        for rank in range(1, processes):
            words = [sys.executable, "-P", "-W", "ignore", "-m", "synthspec.run.companion"]
            started.append(
                subprocess.Popen(
                    [*words, str(rank), str(processes), folder, device],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    start_new_session=True,
                )
            )
        until = time.monotonic() + STARTING
        if not all(_ready(child, until) for child in started):
            raise _apart("a process of the training did not start")
        yield started
    finally:
        for child in started:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):
                    pipe.close()


def _ready(child: subprocess.Popen[bytes], until: float) -> bool:
    """Wait for the word of a child that it has started."""
    assert child.stdout is not None
    found, _, _ = select.select([child.stdout], [], [], max(until - time.monotonic(), 0.0))
    return bool(found) and os.read(child.stdout.fileno(), len(READY)) == READY


def _all_there(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Raise where a child has ended; the run says K701 then."""
    if any(child.poll() is not None for child in children):
        raise ChildProcessError


def _share(processes: int) -> int:
    return max(1, (os.cpu_count() or 1) // processes)


@contextmanager
def _threads(processes: int) -> Iterator[None]:
    """Leave the other processes their part of the processor."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(max(1, before // processes))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _apart(why: str) -> SpecError:
    return SpecError(
        "G474",
        why,
        notes=("nothing was charged",),
        helps=("leave `--processes` out: the plan and its price stay the same",),
    )
