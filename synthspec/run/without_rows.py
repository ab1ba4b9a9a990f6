"""Without rows: what is said when the rules refuse every row after the budget was spent.

Source: ours.
"""

from __future__ import annotations

from pathlib import Path

from synthspec.errors import SamplingError


def without_rows(refusal: SamplingError, folder: Path) -> SamplingError:
    """Return the refusal with what is left: what was paid for is a release, and rows can be had later."""
    first = refusal.diagnostics[0]
    kept = f"what was paid for is kept: `{folder.name}` is a release without rows"
    again = f"change the rules and draw rows at no price: `synthspec sample {folder.name} --spec NEW.yaml`"
    return SamplingError(first.code, first.message, notes=(*first.notes, kept), helps=(again, *first.helps))
