"""Planned: the tables that rows are written as, and what each way of bounding a unit would cost."""

from __future__ import annotations

from typing import Literal

from synthspec.terms.frozen import Frozen


class PlannedTable(Frozen):
    """One of several tables that the rows are written as: its columns, and by what its rows are known.

    `key` is the unit's column; with `parent`, the key of that table is a foreign key here.
    """

    name: str
    file: str
    columns: tuple[str, ...]
    key: str
    parent: str | None = None


class Contribution(Frozen):
    """What noise one way of bounding what a unit adds would give, from public facts only.

    `stddev` is that of one count bought with all of the row groups' budget, `whole` the total that is
    counted (rows, or units times their weight), `share` one by the other; `used`: the plan's way.
    """

    kind: Literal["rows", "weights"]
    stddev: float
    whole: float
    share: float
    rows_per_unit: float
    used: bool
