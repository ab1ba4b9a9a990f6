"""Encoded: tables as matrices for learners: numbers for trees, standardised and one-hot for lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthspec.attack.table import FloatArray, Table

MOST_LEVELS = 40
"""One-hot columns of one attribute; rarer codes of the first table share the last."""


def for_trees(table: Table, columns: Sequence[int]) -> FloatArray:
    """Return one number per column, -1 where missing; shape (rows, columns)."""
    return np.nan_to_num(table.values[:, list(columns)], nan=-1.0)


class Lines:
    """One-hot and standardised columns, as the first table gives them; the same for every later one."""

    def __init__(self, first: Table, columns: Sequence[int]) -> None:
        self._columns = tuple(columns)
        self._levels: dict[int, tuple[int, ...]] = {}
        self._scale: dict[int, tuple[float, float]] = {}
        names: list[str] = []
        for column in self._columns:
            attribute = first.attributes[column]
            if attribute.ordered:
                known = first.values[:, column][~np.isnan(first.values[:, column])]
                spread = float(known.std()) if known.size else 0.0
                self._scale[column] = (float(known.mean()) if known.size else 0.0, spread or 1.0)
                names += [attribute.name, *([f"{attribute.name} missing"] if attribute.missing else [])]
            else:
                counts = np.bincount(first.codes[:, column], minlength=attribute.size)
                kept = np.argsort(-counts, kind="stable")[: min(MOST_LEVELS, attribute.size)]
                self._levels[column] = tuple(kept[counts[kept] > 0].tolist()[1:])
                names += [f"{attribute.name} {level}" for level in self._levels[column]]
        self.names = tuple(names)

    def matrix(self, table: Table) -> FloatArray:
        """Return the rows' matrix, shape (rows, len(names)); the commonest code has no column."""
        parts: list[FloatArray] = []
        for column in self._columns:
            if column in self._scale:
                mean, spread = self._scale[column]
                here = table.values[:, column]
                parts.append(np.nan_to_num((here - mean) / spread, nan=0.0)[:, None])
                if table.attributes[column].missing:
                    parts.append(np.isnan(here).astype(np.float64)[:, None])
            else:
                levels = np.array(self._levels[column], dtype=np.int64)
                parts.append((table.codes[:, column][:, None] == levels[None, :]).astype(np.float64))
        return np.concatenate(parts, axis=1) if parts else np.zeros((table.rows, 0))
