"""What the public spec of ACS says: cells that no row can have, and columns that others determine.

Taken from `specs/nist-acs-ma.yaml` (the data dictionary's "N/A (less than 15 years)" lines, the Census
industry list), written here on the benchmark's codes; never from rows. A cell is ruled out only where
the rule is false for every value inside its bins.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from tables import ROOT, Coded, binned

Value = float | str | None
"""A number, a category's text, or None for "not applicable"."""

Zeros = tuple[tuple[tuple[str, ...], NDArray[np.bool_]], ...]
INDUSTRIES = ROOT / "specs/codes/census_industry_2017.csv"
NOT_APPLICABLE = "N"
ARMED_FORCES = "17"


def ruled(table: Coded) -> bool:
    """Return whether the benchmark knows rules for this table."""
    return table.name.startswith("acs")


def model_table(table: Coded) -> Coded:
    """Return the table without the columns that others determine."""
    keep = [i for i, c in enumerate(table.columns) if c != "INDP_CAT"]
    return replace(
        table,
        columns=tuple(table.columns[i] for i in keep),
        sizes=tuple(table.sizes[i] for i in keep),
        rows=table.rows[:, keep],
    )


def completed(table: Coded, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return rows of `model_table` with the determined columns put back: the industry's group."""
    groups = _groups()
    codes = {text: code for code, text in enumerate(table.texts["INDP_CAT"])}
    lookup = np.array([codes[groups[text]] for text in table.texts["INDP"]])
    known = model_table(table).columns
    columns = [
        lookup[rows[:, known.index("INDP")]] if c == "INDP_CAT" else rows[:, known.index(c)]
        for c in table.columns
    ]
    return np.stack(columns, 1)


def zeros(table: Coded) -> Zeros:
    """Return one mask per pair of columns that a rule speaks of, True where no row can be."""
    groups = _groups()
    one_sided: dict[tuple[str, str], Callable[..., bool]] = {
        ("AGEP", "MSP"): lambda age, state: (age < 15) == (state is None),
        ("AGEP", "PINCP"): lambda age, income: (age < 15) == (income is None),
        ("PINCP", "PINCP_DECILE"): lambda income, decile: (income is None) == (decile is None),
        ("AGEP", "EDU"): lambda age, edu: (
            (age < 3) == (edu is None)
            and (edu is None or float(edu) < 9 or age >= 17)
            and (edu is None or float(edu) < 12 or age >= 20)
        ),
        ("AGEP", "DREM"): lambda age, hard: (age < 5) == (hard is None),
        ("AGEP", "DPHY"): lambda age, hard: (age < 5) == (hard is None),
        ("AGEP", "INDP"): lambda age, work: (
            work is None or (age >= 16 and (groups[work] != ARMED_FORCES or age >= 17))
        ),
        ("AGEP", "DVET"): lambda age, rating: rating is None or age >= 17,
        ("HOUSING_TYPE", "OWN_RENT"): lambda home, own: (home == "1") == (own != "0"),
        ("HOUSING_TYPE", "WGTP"): lambda home, weight: (home == "1") == (weight > 0),
        ("HOUSING_TYPE", "NPF"): lambda home, family: home == "1" or family is None,
        ("HOUSING_TYPE", "NOC"): lambda home, children: home == "1" or children is None,
        ("NPF", "NOC"): lambda family, children: (
            family is None or children is None or float(children) < float(family)
        ),
    }
    out = []
    for pair, holds in one_sided.items():
        inside = [_inside(table, column) for column in pair]
        mask = np.array([[not any(holds(*v) for v in product(a, b)) for b in inside[1]] for a in inside[0]])
        if mask.any():
            out.append((pair, mask))
    return tuple(out)


def _inside(table: Coded, column: str) -> list[list[Value]]:
    """Return the values that each code stands for; whole numbers, or a bin's middle where they are many."""
    if column not in table.grids:
        return [[None if text == NOT_APPLICABLE else text] for text in table.texts[column]]
    scale, low, high, bins = table.grids[column]
    ends = np.array([low, high], dtype=np.float64)
    ends = ends if scale == "linear" else np.sign(ends) * np.log1p(np.abs(ends))
    if high - low <= 20_000:
        values = np.arange(np.ceil(low), high + 1)
        codes = binned(values, table.grids[column])
        found: list[list[Value]] = [[float(v) for v in values[codes == code]] for code in range(bins)]
    else:
        found = [[float(middle)] for middle in ends[0] + (np.arange(bins) + 0.5) / bins * (ends[1] - ends[0])]
    return [*found, [None]] if column in table.missing else found


def _groups() -> dict[str, str]:
    with INDUSTRIES.open(newline="") as file:
        return {NOT_APPLICABLE: NOT_APPLICABLE} | {row["code"]: row["group"] for row in csv.DictReader(file)}
