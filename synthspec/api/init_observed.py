"""init --from-data: a draft with observed values, each marked so that `plan` refuses it (P401)."""

from __future__ import annotations

from pathlib import Path

from synthspec.api.draft import OBSERVED, Draft, DraftColumn, listing, named, render
from synthspec.api.init_dictionary import guess_unit, numbers
from synthspec.api.presets import is_free_text, is_key

_HEAD = (
    "Drafted from private data. This file is as confidential as the table: do not share it.",
    f"Every `basis: {OBSERVED}` stands for values that were read off private rows; `plan` refuses it",
    "(P401) until a person has replaced the values by public ones and said where they come from.",
)


def init_from_data(path: str) -> str:
    """Return a draft that holds what the table holds; the caller has made a person confirm it.

    Raises:
        SourceError: D450, when the table cannot be read.
    """
    from synthspec.run.observe import Observed, observe

    found = observe(path)

    def draft(name: str, origin: str | None, seen: Observed) -> DraftColumn:
        if is_key(seen.name):
            return DraftColumn(name, "id", origin=origin)
        if seen.type == "category" and (is_free_text(seen.name) or not seen.values):
            return DraftColumn(name, "category", origin=origin, left_out="free text or too many values")
        domain = listing(seen.values) if seen.values else numbers(seen.low, seen.high)
        basis = OBSERVED if domain is not None else None
        return DraftColumn(name, seen.type, domain, seen.nulls, basis, origin=origin)

    pairs = zip(named([seen.name for seen in found]), found, strict=True)
    columns = tuple(draft(name, origin, seen) for (name, origin), seen in pairs)
    made = Draft(name=Path(path).stem, source=path, columns=columns, unit=guess_unit(columns), head=_HEAD)
    return render(made)
