"""stale: whether a plan is still the one that its spec, its code files and this program make."""

from __future__ import annotations

import hashlib
from pathlib import Path

from synthspec.api.compiled import compiled
from synthspec.api.settings import apply
from synthspec.errors import BudgetError, SpecError
from synthspec.plan.plan import Plan, PublicFile


def refuse_stale(plan: Plan) -> None:
    """Refuse a plan that would not be made again today.

    Raises:
        BudgetError: P407.
    """
    reason = staleness(plan)
    if reason is not None:
        raise BudgetError(
            "P407",
            f"the plan is stale: {reason}",
            notes=("no data was read and nothing was charged",),
            helps=("make it again: `synthspec plan SPEC -o FILE`",),
        )


def staleness(plan: Plan) -> str | None:
    """Return why a plan is stale, or None."""
    file = Path(plan.spec_path)
    if (
        file.is_file()
        and apply(file.read_text(encoding="utf-8"), plan.spec_path, plan.settings) != plan.spec_text
    ):
        return f"`{plan.spec_path}` has changed since"
    changed = next((each for each in plan.files if not _same(each, file.parent)), None)
    if changed is not None:
        return f"`{changed.path}` has changed since"
    try:
        again = compiled(plan.spec_text, plan.spec_path, plan.settings)
    except SpecError:
        return "its spec no longer passes `check`"
    return None if again == plan else "this program would make another plan of the same spec"


def _same(file: PublicFile, beside: Path) -> bool:
    path = Path(file.path)
    found = path if path.is_absolute() else beside / path
    found = found if found.is_file() else path
    return found.is_file() and hashlib.sha256(found.read_bytes()).hexdigest() == file.sha256
