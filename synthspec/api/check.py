"""check: the findings of a spec file, and safe fixes applied to its text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthspec.api.spec import Spec, load
from synthspec.errors import Diagnostic, Edit

_ROUNDS = 10


def check_file(
    path: str, settings: Sequence[tuple[str, str]] = (), *, fix: bool = False
) -> tuple[Spec, tuple[Diagnostic, ...], int]:
    """Return a file's spec, its findings, and how many fixes were written to the file.

    Raises:
        SpecError: S109, S110, S111, when the file cannot be read.
    """
    fixed = 0
    if fix:
        text, fixed = fix_text(load(path).text, path)
        if fixed:
            Path(path).write_text(text, encoding="utf-8")
    spec = load(path, settings)
    return spec, tuple(spec.check()), fixed


def fix_text(text: str, origin: str) -> tuple[str, int]:
    """Return a spec's text with every safe fix applied, and how many there were.

    Fixes are applied round by round, since one may move or uncover another.
    """
    done = 0
    for _ in range(_ROUNDS):
        edits: list[Edit] = []
        count = 0
        for found in Spec.of(text, origin).check():
            safe = next((each for each in found.fixes if each.safe), None)
            if safe is not None and not any(_overlap(a, b) for a in safe.edits for b in edits):
                edits += safe.edits
                count += 1
        if not edits:
            break
        text = apply_edits(text, edits)
        done += count
    return text, done


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return `text` with edits that do not overlap written in."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    spans = sorted(
        (
            starts[edit.span.line - 1] + edit.span.column - 1,
            starts[edit.span.end_line - 1] + edit.span.end_column - 1,
            edit.text,
        )
        for edit in edits
    )
    for start, end, new in reversed(spans):
        text = text[:start] + new + text[end:]
    return text


def _overlap(one: Edit, two: Edit) -> bool:
    first, second = one.span, two.span
    return not (
        (first.end_line, first.end_column) <= (second.line, second.column)
        or (second.end_line, second.end_column) <= (first.line, first.column)
    )
