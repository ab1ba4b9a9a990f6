"""One attempt of one peer: a process of its own, limited in CPU seconds and memory."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from protocol import Figures, Rows, Task, read_answer, write_task

THREADS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


@dataclass(frozen=True)
class Limit:
    """CPU seconds of the whole process (start and sampling included), and memory [MB]."""

    seconds: int = 900
    megabytes: int = 10_000


@dataclass(frozen=True, eq=False)
class Attempt:
    """What came of it: rows and figures, or one line that says why not."""

    rows: Rows | None
    figures: Figures | None
    why: str = ""


def attempt(python: Path, adapter: Path, task: Task, rows: Rows, limit: Limit) -> Attempt:
    """Run `adapter` with `python` on a task; an end over a limit or by an error is an answer too."""
    with tempfile.TemporaryDirectory(prefix="peer-") as name:
        folder = Path(name)
        write_task(folder, task, rows)
        with (folder / "said").open("w") as said:
            process = subprocess.Popen(
                [python, adapter, folder],
                stdout=said,
                stderr=said,
                env=os.environ | THREADS,
                preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_CPU, (limit.seconds, limit.seconds + 5)
                ),
            )
            try:
                over = _watched(process, limit.megabytes)
            finally:
                process.kill()
                process.wait()
        if over:
            return Attempt(None, None, f"did not finish: over {limit.megabytes / 1000:g} GB")
        if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return Attempt(None, None, f"did not finish in {limit.seconds / 60:g} CPU minutes")
        if process.returncode:
            return Attempt(None, None, f"failed: {_last_line((folder / 'said').read_text(errors='replace'))}")
        try:
            return Attempt(*read_answer(folder, task))
        except (OSError, ValueError) as error:
            return Attempt(None, None, f"failed: {_last_line(str(error))}")


def _watched(process: subprocess.Popen[bytes], megabytes: int) -> bool:
    """Wait for the end; return whether the process was ended for its memory."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        lines = status.read_text().splitlines() if status.exists() else []
        held = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)
        if held > megabytes:
            process.kill()
            return True
        time.sleep(0.2)
    return False


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = re.sub(r"(/[\w.+-]+){2,}/?", "...", lines[-1] if lines else "no word")
    return line[:160]
