"""The benchmark's tables as a spec codes them: numbers on public grids with default bins, values kept.

`tables.py` codes numbers on bins of its own, as the literature does; here each number is a column of
the tool, so that what is drawn can be decoded to values and held against the real ones.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tables import Coded, folder

from synthspec.columns import Decimal, Integer, Ordered

Ends = tuple[float, float, int]
"""Public lower end, upper end, decimals."""

MONEY: Ends = (-1_000_000, 10_000_000, 0)
PAID: Ends = (0, 10_000_000, 0)
FILES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "adult": ("adult-raw/adult.csv", "income", ("education",)),
    "acs-ma": ("acs/ma2019.csv", "PINCP_DECILE", ()),
    "bank": ("bank-marketing/bank-additional-full.csv", "y", ()),
    "credit": ("credit-default/credit-card-clients.csv", "default payment", ()),
    "diabetes": ("diabetes130/diabetic_data.csv", "readmitted", ("encounter_id", "patient_nbr")),
}
NUMBERS: Mapping[str, Mapping[str, Ends]] = {
    "adult": {
        "age": (0, 120, 0),
        "fnlwgt": (0, 2_000_000, 0),
        "education-num": (1, 16, 0),
        "capital-gain": (0, 1_000_000, 0),
        "capital-loss": (0, 100_000, 0),
        "hours-per-week": (0, 168, 0),
    },
    "acs-ma": {
        "AGEP": (0, 120, 0),
        "DENSITY": (0, 100_000, 1),
        "EDU": (0, 13, 0),
        "NPF": (0, 30, 0),
        "PINCP": (-100_000, 10_000_000, 0),
        "PINCP_DECILE": (0, 9, 0),
        "POVPIP": (0, 501, 0),
        "PWGTP": (0, 10_000, 0),
        "WGTP": (0, 10_000, 0),
    },
    "bank": {
        "age": (0, 120, 0),
        "duration": (0, 36_000, 0),
        "campaign": (0, 200, 0),
        "pdays": (0, 999, 0),
        "previous": (0, 20, 0),
        "emp.var.rate": (-10, 10, 1),
        "cons.price.idx": (80, 120, 3),
        "cons.conf.idx": (-100, 100, 1),
        "euribor3m": (-1, 20, 3),
        "nr.employed": (4_000, 6_000, 1),
    },
    "credit": {
        "LIMIT_BAL": (0, 2_000_000, 0),
        "AGE": (18, 120, 0),
        **{f"PAY_{i}": (-2.0, 9.0, 0) for i in (0, 2, 3, 4, 5, 6)},
        **{f"BILL_AMT{i}": MONEY for i in range(1, 7)},
        **{f"PAY_AMT{i}": PAID for i in range(1, 7)},
    },
    "diabetes": {
        "time_in_hospital": (1, 14, 0),
        "num_lab_procedures": (0, 500, 0),
        "num_procedures": (0, 20, 0),
        "num_medications": (0, 200, 0),
        "number_outpatient": (0, 365, 0),
        "number_emergency": (0, 365, 0),
        "number_inpatient": (0, 100, 0),
        "number_diagnoses": (0, 30, 0),
    },
}
AMOUNTS: Mapping[str, tuple[str, ...]] = {
    "adult": ("capital-gain", "capital-loss", "fnlwgt"),
    "acs-ma": ("PINCP", "PWGTP"),
    "bank": ("duration", "campaign"),
    "credit": ("LIMIT_BAL", *(f"{kind}_AMT{i}" for kind in ("BILL", "PAY") for i in range(1, 7))),
    "diabetes": ("number_outpatient", "number_emergency", "number_inpatient", "num_medications"),
}
"""Columns with a long upper tail: money, and counts and weights like it."""


@dataclass(frozen=True, eq=False)
class Valued:
    """A coded table with the columns that decode it, and the real values of its amounts."""

    coded: Coded
    columns: Mapping[str, Ordered]
    values: Mapping[str, NDArray[np.float64]]

    def split(self, name: str) -> NDArray[np.float64]:
        """Return the values of `name` in the rows that are learned from, without missing ones."""
        order = np.random.default_rng(0).permutation(len(self.coded.rows))
        found = self.values[name][order[: round(0.8 * len(order))]]
        return found[~np.isnan(found)]


def load(name: str, bins: int = 128) -> Valued:
    """Return the table called `name`, its numbers in at most `bins` codes each."""
    path, label, dropped = FILES[name]
    with (folder() / path).open(newline="") as file:
        head, *lines = csv.reader(file)
    columns: dict[str, Ordered] = {}
    values: dict[str, NDArray[np.float64]] = {}
    names, sizes, codes = [], [], []
    for place, column in enumerate(head):
        if column in dropped:
            continue
        texts = [line[place].strip() for line in lines]
        if column in NUMBERS[name]:
            real = np.array([_float(text) for text in texts])
            grid = _column(column, NUMBERS[name][column], bool(np.isnan(real).any()), bins)
            scaled = np.rint(np.nan_to_num(real) * grid.unit).clip(grid.lo, grid.hi).astype(np.int64)
            coded, size = grid.encode_physical(scaled, np.isnan(real)), grid.size
            columns[column], values[column] = grid, real
        else:
            kinds, coded = np.unique(texts, return_inverse=True)
            size = len(kinds)
        names.append(column)
        sizes.append(size)
        codes.append(coded.astype(np.int64))
    coded_table = Coded(
        name=name,
        columns=tuple(names),
        sizes=tuple(sizes),
        rows=np.stack(codes, 1),
        ordinal=frozenset(columns),
        missing=frozenset(c for c, column in columns.items() if column.missing),
        label=label,
        positive=(1,),
        amounts=AMOUNTS[name],
    )
    return Valued(coded_table, columns, values)


def _column(name: str, ends: Ends, missing: bool, bins: int) -> Ordered:
    low, high, scale = round(ends[0] * 10 ** ends[2]), round(ends[1] * 10 ** ends[2]), ends[2]
    if scale:
        return Decimal(name=name, lo=low, hi=high, scale=scale, missing=missing).spread(bins)
    return Integer(name=name, lo=low, hi=high, missing=missing).spread(bins)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
