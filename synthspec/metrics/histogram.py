"""Histogram: what counts by score bin and outcome say of a classifier; exact ones and noisy ones alike.

From one noisy table of (score bin x outcome) follow the area under the ROC curve, F1, the rates at a public
threshold and the calibration, all free once it is bought. The area is p'Wn / (P N), p and n the counts of
positives and negatives by bin, W the share of a pair of bins that is ranked right: a ratio whose parts'
noise is, to first order, linear in the cells; the second order is covered since the plugged-in noisy
counts overstate the first.

Source: Hanley & McNeil 1982, Radiology 143 (area as a share of pairs); Naeini, Cooper & Hauskrecht 2015
(calibration error by bins); intervals: see `metrics.estimate`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.metrics.estimate import LEAST, NINETY, Estimate, ratio

FloatArray = NDArray[np.float64]
ROUNDING = 1 / 12
"""Variance that rounding adds to noise of one row and more; less noise is hardly any after rounding."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of rows by score bin and outcome (no, yes), shape (bins, 2) [rows].

    `stddev` is that of the noise of a cell, before it was rounded to whole rows; 0 for exact counts.
    `expected` predicts the cells without having seen them, same shape: where it is given it alone decides
    which figures have enough rows, so that no figure is shown because its noise was kind.
    """

    cells: FloatArray
    stddev: float = 0.0
    expected: FloatArray | None = None

    @property
    def variance(self) -> float:
        """The variance of a cell's noise."""
        return self.stddev**2 + ROUNDING if self.stddev > 0.1 else 0.0

    @property
    def _prediction(self) -> Histogram | None:
        """What decides whether a figure is shown; None where the counts themselves do."""
        return None if self.expected is None or self.variance == 0 else Histogram(self.expected, self.stddev)

    def rate(self, top: NDArray[np.bool_], bottom: NDArray[np.bool_]) -> Estimate | None:
        """Return the share of the rows in `bottom` that are in `top`, a part of it; None for too few rows."""
        v, predicted = self.variance, self._prediction
        if predicted is not None and predicted.rate(top, bottom) is None:
            return None
        shared = v * int((top & bottom).sum())
        above, below = float(self.cells[top].sum()), float(self.cells[bottom].sum())
        decided = predicted is not None
        return ratio(above, below, v * int(top.sum()), shared, v * int(bottom.sum()), decided=decided)

    def base_rate(self) -> Estimate | None:
        """Return the share of rows whose outcome is yes."""
        return self.rate(self._where(0, yes=True), self._all())

    def selected(self, threshold: int) -> Estimate | None:
        """Return the share of rows with a score at or over the bin `threshold`."""
        return self.rate(self._where(threshold), self._all())

    def true_positives(self, threshold: int) -> Estimate | None:
        """Return the share of yes rows with a score at or over the bin `threshold`."""
        return self.rate(self._where(threshold, yes=True), self._where(0, yes=True))

    def false_positives(self, threshold: int) -> Estimate | None:
        """Return the share of no rows with a score at or over the bin `threshold`."""
        return self.rate(self._where(threshold, yes=False), self._where(0, yes=False))

    def f1(self, threshold: int) -> Estimate | None:
        """Return 2 TP / (selected + yes) of calling every row from the bin `threshold` on a yes."""
        hits = self._where(threshold, yes=True)
        weights = self._where(threshold).astype(np.float64) + self._where(0, yes=True)
        v, predicted = self.variance, self._prediction
        if predicted is not None and predicted.f1(threshold) is None:
            return None
        return ratio(
            2 * float(self.cells[hits].sum()),
            float((weights * self.cells).sum()),
            4 * v * int(hits.sum()),
            2 * v * float(weights[hits].sum()),
            v * float((weights**2).sum()),
            decided=predicted is not None,
        )

    def auc(self) -> Estimate | None:
        """Return the area under the ROC curve; pairs within one bin count half."""
        no, yes, v, predicted = self.cells[:, 0], self.cells[:, 1], self.variance, self._prediction
        if predicted is not None and predicted.auc() is None:
            return None
        bins = len(no)
        negatives, positives = float(no.sum()), float(yes.sum())
        least = LEAST if predicted is None else NINETY  # whoever has neither sum has no area
        if min(negatives, positives) <= least * math.sqrt(v * bins):
            return None
        right = np.tril(np.ones((bins, bins)), -1) + np.eye(bins) / 2
        by_yes, by_no = right @ no, right.T @ yes
        return ratio(
            float(yes @ by_yes),
            positives * negatives,
            v * float(by_yes @ by_yes + by_no @ by_no),
            v * float(negatives * by_yes.sum() + positives * by_no.sum()),
            v * bins * (negatives**2 + positives**2),
            decided=predicted is not None,
        )

    def calibration(self) -> tuple[Estimate | None, ...]:
        """Return, per bin, the share of its rows whose outcome is yes."""
        return tuple(self.rate(*(self._only(i, yes=True), self._only(i))) for i in range(len(self.cells)))

    def calibration_error(self, expected: Sequence[float]) -> Estimate | None:
        """Return the mean over rows of |share of yes in the row's bin - expected share of that bin|.

        Each bin's term errs by at most its own noise, so the sum of the noises' sizes, of which a bound is
        exceeded with 5 %, bounds the error of the whole; conservative, and never negative.
        """
        promised = np.asarray(expected, dtype=np.float64)
        rows, v = float(self.cells.sum()), self.variance
        spread = math.sqrt(v * self.cells.size)
        predicted = self._prediction
        if rows <= 0 or (rows if predicted is None else float(predicted.cells.sum())) <= LEAST * spread:
            return None
        off = self.cells[:, 1] * (1 - promised) - self.cells[:, 0] * promised
        noise = np.sqrt(v * ((1 - promised) ** 2 + promised**2))
        value = float(np.abs(off).sum()) / rows
        most = math.sqrt(2 / math.pi) * float(noise.sum())
        most += NINETY * math.sqrt((1 - 2 / math.pi) * float((noise**2).sum()))
        slack = most / rows + value * 2 * spread / rows
        return Estimate(min(1.0, value), max(0.0, value - slack), min(1.0, value + slack))

    def _all(self) -> NDArray[np.bool_]:
        return np.ones(self.cells.shape, dtype=np.bool_)

    def _where(self, threshold: int, *, yes: bool | None = None) -> NDArray[np.bool_]:
        found = np.zeros(self.cells.shape, dtype=np.bool_)
        found[threshold:] = True
        if yes is not None:
            found[:, int(not yes)] = False
        return found

    def _only(self, bin_: int, *, yes: bool | None = None) -> NDArray[np.bool_]:
        found = self._where(bin_, yes=yes)
        found[bin_ + 1 :] = False
        return found


def pooled(tables: Sequence[Histogram]) -> Histogram:
    """Return the precision-weighted mean of several noisy counts of the same rows."""
    if len(tables) == 1 or any(table.variance == 0 for table in tables):
        return next((table for table in tables if table.variance == 0), tables[0])
    weights = np.array([1 / table.variance for table in tables])
    cells = sum(w * t.cells for w, t in zip(weights, tables, strict=True)) / weights.sum()
    stddev = math.sqrt(max(0.0, 1 / float(weights.sum()) - ROUNDING))
    return Histogram(np.asarray(cells), stddev, tables[0].expected)


def best_threshold(public: Histogram) -> int:
    """Return the bin from which on calling rows a yes has the largest F1, on exact public counts."""
    scores = [found.value if (found := public.f1(t)) else 0.0 for t in range(len(public.cells))]
    return int(np.argmax(scores))


def shares_of_yes(public: Histogram) -> tuple[float, ...]:
    """Return the share of yes by bin in exact public counts; the whole's where a bin is empty."""
    total = public.cells.sum(axis=1)
    whole = float(public.cells[:, 1].sum()) / max(1.0, float(total.sum()))
    return tuple(float(yes / n) if n else whole for yes, n in zip(public.cells[:, 1], total, strict=True))
