"""What is kept of the comparison: a JSON file to go on from, and a page to read, both whole at any time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

DIGITS = {
    **dict.fromkeys(("tvd1", "tvd2", "tvd3", "max1", "max2", "max3", "auc", "f1"), 4),
    "tail": 2,
    "fit": 1,
    "MB": 0,
}
Kept = dict[str, dict[str, object]]


def key_of(table: str, name: str, epsilon: float | None) -> str:
    """Return the key of one line."""
    return f"{table} | {name}" if epsilon is None else f"{table} | {name} | {epsilon:g}"


def read(path: Path) -> Kept:
    """Return what was kept, nothing where there is no file."""
    kept: Kept = json.loads(path.read_text()) if path.exists() else {}
    return kept


def keep(path: Path, key: str, line: Mapping[str, object]) -> None:
    """Add or replace one line on top of what is in the file now."""
    kept = read(path) | {key: dict(line)}
    _replace(path, json.dumps(dict(sorted(kept.items())), indent=1) + "\n")


def write_page(
    path: Path,
    kept: Kept,
    tables: Mapping[str, str],
    names: tuple[str, ...],
    head: str,
    epsilons: tuple[float, ...] = (0.1, 1.0, 10.0),
) -> None:
    """Write the page: tables with their sizes, an epsilon at a time, a line for each name."""
    lines = [head.strip(), ""]
    for table, about in tables.items():
        lines += ["", f"## {table}", "", about, "", "```", " " * 26 + "".join(f"{c:>8s}" for c in DIGITS)]
        for name in ("rows resampled", "fresh real sample"):
            if key_of(table, name, None) in kept:
                lines.append(_line(name, kept[key_of(table, name, None)]))
        for epsilon in epsilons:
            lines.append(f"epsilon {epsilon:g}")
            for name in names:
                found = kept.get(key_of(table, name, epsilon))
                lines.append(_line("  " + name, found) if found else f"  {name:24s}  not run yet")
        lines.append("```")
    _replace(path, "\n".join(lines) + "\n")


def _line(name: str, found: Mapping[str, object]) -> str:
    if found.get("why"):
        return f"{name:26s}  {found['why']}"
    values = [found.get(c) for c in DIGITS]
    shown = (
        f"{v:8.{d}f}" if isinstance(v, int | float) and np.isfinite(v) else " " * 8
        for v, d in zip(values, DIGITS.values())
    )
    return f"{name:26s}{''.join(shown)}".rstrip()


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)
