"""Cases: which case of a `known` table a share was written in."""

from __future__ import annotations

from synthspec.spec.model import Known
from synthspec.spec.tree import Path_


def case_with(known: Known, value: str, share: float, path: Path_) -> Path_:
    """Return where a value got its share: the first case that gives it this one; else the whole table.

    Args:
        known: the table.
        value: a value of its column, as text.
        share: what a cell gives it.
        path: where the table is written.
    """
    for at, case in enumerate(known.cases):
        shares = dict(case.values or {})
        if set(shares) in ({"true"}, {"false"}):
            ((side, given),) = shares.items()
            shares["false" if side == "true" else "true"] = 1 - given
        if case.values is None or abs(shares.get(value, 0.0) - share) < 1e-6:
            return (*path[:3], "cases", str(at), "else" if case.if_ is None else "is")
    return path
