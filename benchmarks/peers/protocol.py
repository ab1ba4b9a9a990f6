"""What passes between the benchmark and a peer: two arrays and two small JSON files in a folder.

The benchmark writes `rows.npy` (codes, shape (rows, columns)) and `task.json` (method, columns, sizes,
epsilon, delta, seed, rows wanted); the adapter, which runs in the peer's own environment, writes
`synthetic.npy` (codes of the same shape) and `figures.json` (CPU seconds of the fit, most MB held, the
peer's version). Needs numpy alone, so that any environment can import it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """What a peer is asked for: as many rows as `rows` says from `method` at (epsilon, delta)."""

    method: str
    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    epsilon: float
    delta: float
    seed: int
    rows: int


@dataclass(frozen=True)
class Figures:
    """What a run cost: CPU seconds of the fit, the most memory [MB], the peer and its version."""

    seconds: float
    megabytes: float
    version: str


def write_task(folder: Path, task: Task, rows: Rows) -> None:
    """Write what the adapter reads."""
    np.save(folder / "rows.npy", rows.astype(np.int64), allow_pickle=False)
    (folder / "task.json").write_text(json.dumps(asdict(task)))


def read_task(folder: Path) -> tuple[Task, Rows]:
    """Read what the benchmark wrote."""
    said = json.loads((folder / "task.json").read_text())
    said |= {"columns": tuple(said["columns"]), "sizes": tuple(said["sizes"])}
    return Task(**said), np.load(folder / "rows.npy", allow_pickle=False)


def write_answer(folder: Path, rows: Rows, figures: Figures) -> None:
    """Write what the benchmark reads; the figures last, so that their presence means a whole answer."""
    np.save(folder / "synthetic.npy", rows.astype(np.int64), allow_pickle=False)
    (folder / "figures.json").write_text(json.dumps(asdict(figures)))


def read_answer(folder: Path, task: Task) -> tuple[Rows, Figures]:
    """Read what the adapter wrote.

    Raises:
        ValueError: rows of another shape than asked, or codes outside the domain.
    """
    figures = Figures(**json.loads((folder / "figures.json").read_text()))
    rows = np.load(folder / "synthetic.npy", allow_pickle=False)
    if rows.shape != (task.rows, len(task.columns)):
        raise ValueError(f"asked for {task.rows} rows of {len(task.columns)}, got {rows.shape}")
    if len(rows) and ((rows < 0) | (rows >= np.array(task.sizes))).any():
        raise ValueError("codes outside the domain")
    return rows.astype(np.int64), figures


def answer(folder: Path, version: str, fit: Callable[[Task, Rows], Callable[[int], Rows]]) -> None:
    """Do a task: `fit` returns a sampler; only `fit` is timed, in CPU seconds of all threads."""
    task, rows = read_task(folder)
    start = time.process_time()
    sample = fit(task, rows)
    seconds = time.process_time() - start
    drawn = sample(task.rows)
    write_answer(folder, drawn, Figures(seconds, peak(), version))


def peak() -> float:
    """Return the most memory [MB] that this process held, NaN where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1024
