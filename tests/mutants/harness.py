"""Planted bugs: a copy of the project with one edit, in which a named test must fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAILED = 1
"""pytest's exit code for tests that ran and failed; others mean that nothing was tested."""


@dataclass(frozen=True)
class Mutant:
    """One planted bug.

    Attributes:
        name: what the bug is, as PRIVACY 10 of the design names it.
        file: the file that is edited, inside the package.
        old: the text that is replaced; must occur exactly once.
        new: what it is replaced by.
        tests: the tests, one of which must fail; each must exist and pass without the edit.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def copy_of_project(folder: Path) -> Path:
    """Return a copy of the package, its tests and settings in `folder`."""
    home = folder / "project"
    home.mkdir()
    for name in ("synthspec", "tests", "specs", "examples"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__", "out"))
    for name in ("pyproject.toml", "README.md"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, home / name)
    return home


def plant(home: Path, mutant: Mutant) -> None:
    """Write the bug into the copy; an AssertionError when the edit would change nothing."""
    path = home / "synthspec" / mutant.file
    text = path.read_text(encoding="utf-8")
    count = text.count(mutant.old)
    assert count == 1, f"`{mutant.name}`: the text to replace occurs {count} times in {mutant.file}"
    edited = text.replace(mutant.old, mutant.new)
    assert edited != text
    path.write_text(edited, encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text


def environment(home: Path) -> dict[str, str]:
    """Return the variables under which the copy is what Python imports."""
    return {
        **os.environ,
        "PYTHONPATH": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SYNTHSPEC_HOME": str(home / ".home"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(home / ".hypothesis"),
    }


def run_tests(home: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run `tests` in the copy and return the finished process."""
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
        "--hypothesis-profile", "no-shrinking", "--override-ini", "addopts=--import-mode=importlib", *tests,
    ]  # fmt: skip
    return subprocess.run(
        command,
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
