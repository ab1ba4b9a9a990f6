"""diff: two specs, plans or releases, compared by what a change costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthspec.compile.diff import Change
    from synthspec.plan.plan import Plan
    from synthspec.release.release import Release
    from synthspec.report.differences import Difference
    from synthspec.report.together import Together


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


def figures(first: str, second: str) -> tuple[Difference, ...]:
    """Return the figures of two release folders side by side, with intervals; nothing for other paths."""
    from synthspec.report.differences import differences

    one, two = _release_at(first), _release_at(second)
    return () if one is None or two is None else differences(one, two)


def both(first: str, second: str) -> Together | None:
    """Return what two release folders amount to for who holds both; None for other paths."""
    from synthspec.report.together import together

    one, two = _release_at(first), _release_at(second)
    return None if one is None or two is None else together(one, two)


def figures_text(found: Sequence[Difference]) -> str:
    """Return the figures as a table: both, the second less the first with its interval, what can be told."""
    from synthspec.report.words import visible

    head = ("Figures", "A", "B", "B - A", "90 % interval", "B is")
    rows = [
        (
            visible(each.what),
            _short(each.first.value),
            _short(each.second.value),
            _short(each.gap.value, signed=True),
            "exact"
            if each.gap.half == 0
            else f"{_short(each.gap.low, signed=True)} to {_short(each.gap.high, signed=True)}",
            each.verdict,
        )
        for each in found
    ]
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(row[at].rjust(widths[at]) for at in range(1, 5)), row[5]]
        ).rstrip()
        for row in [head, *rows]
    ]
    return "\n".join(lines)


def _short(value: float, *, signed: bool = False) -> str:
    digits = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"+{digits}" if signed and value > 0 else digits


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
