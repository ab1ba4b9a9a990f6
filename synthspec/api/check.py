"""check: the findings of a spec file, and safe fixes applied to its text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthspec.api.spec import Spec, load
from synthspec.errors import Diagnostic

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
    from synthspec.spec.fmt import apply_fixes

    done = 0
    for _ in range(_ROUNDS):
        fixes = [fix for found in Spec.of(text, origin).check() for fix in found.fixes if fix.safe]
        after = apply_fixes(text, fixes)
        if after == text:
            break
        text, done = after, done + len(fixes)
    return text, done
