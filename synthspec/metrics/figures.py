"""Figures: the numbers of a report that gates may name.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from synthspec.terms.frozen import Frozen


class Figure(Frozen):
    """What a figure says, its class (S: of released rows, B: bought by the `report` share), its arguments.

    Class I: read off private rows without noise; such a gate is the curator's, judged in the internal edition
    only, and decides nothing.
    `low`..`high` is its range; `built` False means that this version cannot compute it yet.
    """

    about: str
    class_: Literal["S", "B", "I"]
    low: float = 0.0
    high: float = 1.0
    arguments: int = 0
    built: bool = True


def _distance(worst: bool, order: int) -> Figure:
    what = {1: "columns", 2: "pairs of columns", 3: "triples of columns"}[order]
    how = "the largest" if worst else "the mean"
    return Figure(
        about=f"{how} total variation distance over {what}, private rows against released ones", class_="B"
    )


FIGURES: Mapping[str, Figure] = {
    "violations": Figure(
        about="enforced rules that fail, counted over every released row", class_="S", high=float("inf")
    ),
    **{
        f"{'max' if worst else 'mean'}_tvd_{order}way": _distance(worst, order)
        for order in (1, 2, 3)
        for worst in (False, True)
    },
    "auc_gap": Figure(
        about="how much better a classifier trained on released rows does on them than on private rows",
        class_="B",
        low=-1.0,
        arguments=1,
    ),
    "tail_ratio": Figure(
        about="the share of private rows beyond a released quantile, over its nominal value",
        class_="B",
        high=float("inf"),
        arguments=2,
    ),
    "attacks_found": Figure(
        about="how many attacks of the internal edition found a leak", class_="I", high=float("inf")
    ),
    "c2st_auc": Figure(
        about="how well a classifier tells released rows from private ones, area under the curve", class_="I"
    ),
    "tstr_gap": Figure(
        about="how much area the best model of a column loses by learning from released rows",
        class_="I",
        low=-1.0,
        arguments=1,
    ),
}
"""From name to figure."""
