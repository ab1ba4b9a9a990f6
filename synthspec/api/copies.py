"""copies: the further copies of the rows that `output.also` asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.api.write import write_table
from synthspec.errors import ReleaseError, SpecError

if TYPE_CHECKING:
    from synthspec.plan.plan import Plan

_CSV = "csv:"


def places(plan: Plan) -> tuple[Path, ...]:
    """Return where copies go; relative paths start at the current folder, like the release's own.

    Raises:
        SpecError: S152, for a copy that is not named `.csv`.
    """
    found = tuple(Path(also.removeprefix(_CSV)) for also in plan.also)
    for path in found:
        if path.suffix != ".csv":
            raise SpecError("S152", f"`{path.name}` does not end in .csv", helps=("write `csv:rows.csv`",))
    return found


def refuse_taken(plan: Plan, *, replace: bool) -> None:
    """Refuse, before anything is charged, a copy that would replace a file.

    Raises:
        SpecError: S152.
        ReleaseError: Q601, unless `replace`.
    """
    for path in places(plan):
        if path.exists() and not replace:
            raise ReleaseError(
                "Q601", f"`{path}` exists, and `output.also` would replace it", helps=("name another file",)
            )


def write_copies(plan: Plan, folder: Path) -> None:
    """Write the copies of the release in `folder`, each whole or not at all."""
    from synthspec.api.release import load_release

    found = places(plan)
    if found:
        frame = load_release(folder).data()
        for path in found:
            write_table(frame, path)
