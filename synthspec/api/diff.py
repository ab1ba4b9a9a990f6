"""diff: two specs, plans or releases, compared by what a change costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthspec.compile.diff import Change
    from synthspec.plan.plan import Plan
    from synthspec.release.release import Release


def diff(first: str, second: str, settings: Sequence[tuple[str, str]] = ()) -> tuple[Change, ...]:
    """Return what differs between two spec files, plan files or release folders.

    Args:
        first: a path.
        second: a path.
        settings: written into whichever of them are specs.

    Raises:
        SpecError: when one of them cannot be planned.
    """
    from synthspec.api.respec import changes_of

    old, new = plan_at(first, settings), plan_at(second, settings)
    release = _release_at(first)
    return changes_of(old, new, release)[1]


def _release_at(path: str) -> Release | None:
    from synthspec.api.release import load_release

    return load_release(path).value if Path(path).is_dir() else None


def diff_text(changes: Sequence[Change]) -> str:
    """Return the changes as text, one line each, and a summary."""
    from synthspec.compile.diff import diff_text as written

    return written(tuple(changes)).rstrip("\n")


def plan_at(path: str, settings: Sequence[tuple[str, str]] = ()) -> Plan:
    """Return the plan of a spec file, in a plan file, or of a release folder."""
    from synthspec.api.plan import is_plan_file, load_plan
    from synthspec.api.release import load_release
    from synthspec.api.spec import load

    if Path(path).is_dir():
        return load_release(path).value.plan
    if is_plan_file(path):
        return load_plan(path).value
    return load(path, settings).plan().value
