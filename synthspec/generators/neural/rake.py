"""Rake: a backbone's tables corrected so that the whole model has the marginals that were paid for.

What is corrected are logits, not rows: a sample of the model is drawn attribute by attribute, and at
each one the table is multiplied until the expected counts of the attribute, and of its pairs with the
attributes that its table depends on, are those of the start model. No row gets a weight, so that any
number of rows can be drawn and none is repeated.

Source: Deming & Stephan 1940 (iterative proportional fitting); the expected counts are those of
Rao & Blackwell (Casella & Robert 1996); ancestral order: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from synthspec.generators.neural.backbone import Array, Backbone, Labels, Rung, chosen, even
from synthspec.generators.neural.forward import Net

ROWS = 1 << 16
FEWEST = 1 << 14
A_CELL = 64
"""Rows of the model that are drawn: so many per cell of the largest table, between FEWEST and ROWS."""
TURNS = 8
SURE = 20.0
"""Expected rows that a cell's correction is weighed against: thin cells stay near what the net says."""
MOST = 1e3


def raked(
    bones: Backbone,
    target: Backbone,
    net: Net,
    known: Mapping[int, Labels],
    generator: np.random.Generator,
    *,
    whole: bool,
) -> tuple[Backbone, float]:
    """Return `bones` with corrected tables, and the effective share of a sample re-weighted instead.

    Args:
        bones: the tables that the net's logits are added to.
        target: the start model's tables, in the same order.
        net: what was learned.
        known: levels of the given attributes in at least `rows_for` rows of the start model.
        generator: public randomness.
        whole: whether whole tables are corrected, not pairs alone.
    """
    many = rows_for(bones)
    levels: dict[int, Labels] = {index: column[:many] for index, column in known.items()}
    hidden = net.begin(many, levels, generator)
    logs = np.zeros(many)
    rungs = []
    for rung, wanted in zip(bones.rungs, target.rungs, strict=True):
        key = rung.key(levels, many)
        extra = net.logits(hidden, rung.attribute, levels)
        if extra is None:
            rungs.append(rung)
            shares = rung.shares[key]
            before = shares
        else:
            lift = np.exp(extra - extra.max(axis=1, keepdims=True)).astype(np.float64)
            fitted = _Fit(rung, wanted, key, levels, lift)
            before = _normal(rung.shares[key] * lift)
            fixed = fitted.run(whole=whole)
            rungs.append(fixed)
            shares = _normal(fixed.shares[key] * lift)
        drawn = chosen(shares, even(key, generator))
        rows = np.arange(many)
        logs += np.log(np.maximum(shares[rows, drawn], 1e-12) / np.maximum(before[rows, drawn], 1e-12))
        levels[rung.attribute] = drawn
    # Rows of the corrected model, weighted back: E_new[old/new] = 1, so its second moment is the cost.
    ratio = np.exp(np.clip(logs, -30, 30))
    return replace(bones, rungs=tuple(rungs)), float(min(1.0, 1.0 / ratio.mean()))


def rows_for(bones: Backbone) -> int:
    """Return how many rows of the model are drawn."""
    largest = max((rung.shares.size for rung in bones.rungs), default=1)
    return min(max(A_CELL * largest, FEWEST), ROWS)


def _normal(shares: Array) -> Array:
    total = shares.sum(axis=1, keepdims=True)
    out: Array = np.full_like(shares, 1.0 / shares.shape[1])
    return np.asarray(np.divide(shares, total, out=out, where=total > 0))


class _Fit:
    """Iterative proportional fitting of one table under per-row factors."""

    def __init__(
        self, rung: Rung, target: Rung, key: Labels, levels: Mapping[int, Labels], lift: Array
    ) -> None:
        self._rung = rung
        self._key = key
        self._lift = lift
        self._size = rung.shares.shape[1]
        cells = np.arange(len(rung.shares), dtype=np.int64)
        self._groups: list[tuple[Labels, int]] = [(np.zeros_like(cells), 1)]
        stride = len(cells)
        for size in rung.sizes:
            stride //= size
            self._groups.append(((cells // stride) % size, size))
        counts = np.bincount(key, minlength=len(cells)).astype(np.float64)
        self._wanted = counts[:, None] * target.shares

    def run(self, *, whole: bool) -> Rung:
        shares = self._rung.shares.copy()
        groups = list(self._groups)
        if whole and len(self._rung.sizes) > 1:
            groups.append((np.arange(len(shares), dtype=np.int64), len(shares)))
        for _ in range(TURNS):
            for group, many in groups:
                now = self._now(shares)
                top, bottom = _summed(self._wanted, group, many), _summed(now, group, many)
                mild = SURE if many == len(shares) and many > 1 else 0.01
                factor = np.clip((top + mild) / (bottom + mild), 1 / MOST, MOST)
                factor[top <= 0] = np.minimum(factor[top <= 0], 1.0)
                shares *= factor[group]
            shares = _normal_tables(shares)
        return replace(self._rung, shares=shares)

    def _now(self, shares: Array) -> Array:
        """Return the expected counts of the whole table under the model, shape as `shares`."""
        chance = _normal(shares[self._key] * self._lift)
        flat = self._key[:, None] * self._size + np.arange(self._size)
        found = np.bincount(flat.ravel(), weights=chance.ravel(), minlength=shares.size)
        return np.asarray(found.reshape(shares.shape), dtype=np.float64)


def _summed(table: Array, group: Labels, many: int) -> Array:
    out = np.zeros((many, table.shape[1]))
    np.add.at(out, group, table)
    return out


def _normal_tables(shares: Array) -> Array:
    total = shares.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(shares, total, out=shares.copy(), where=total > 0))
