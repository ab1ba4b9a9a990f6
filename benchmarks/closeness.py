"""How close synthetic rows are to real ones: total variation, a classifier, tails.

* Total variation of all 1-, 2- and 3-way marginals (a fixed sample of them on wide tables).
* AUC and F1 of gradient boosting trained on the synthetic rows, tested on held-out real rows; F1 of the
  positive class at the classifier's own threshold of one half.
* Tail error: at the real 0.9, 0.99 and 0.999 quantiles of each amount, the share of rows beyond,
  synthetic over real, as a number of doublings: the mean of |log2 of the ratio|. 0 is exact, 1 a factor
  of two. Quantiles with fewer than 10 real rows beyond are left out; half a row is added on both sides.
  A count of rows: one row in the last of a hundred bins weighs as much as one just beyond the quantile,
  and none at all, however little is missing, counts five doublings.
* Top error: the mean value of the largest 5, 1 and 0.1 % of rows of each amount, synthetic over real: the
  mean of |ln of the ratio|; 0.1 is about 10 %. Each code stands for the middle of its bin (of its
  logarithm where the bins are), on adult, whose bins are not documented, for itself. `tails.py` does the
  same with values drawn inside bins.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from tables import Coded

Rows = NDArray[np.int64]
MOST_CLIQUES = 400
BEYOND = (0.1, 0.01, 0.001)
FEWEST = 10
LARGEST = (0.05, 0.01, 0.001)


def closeness(table: Coded, rows: Rows, *, classifier: bool) -> dict[str, float]:
    """Return all errors of `rows` by their short names."""
    real, held = table.split()
    out: dict[str, float] = {}
    for order in (1, 2, 3):
        found = [distance(table.sizes, real, rows, c) for c in cliques(len(table.sizes), order)]
        out[f"tvd{order}"], out[f"max{order}"] = float(np.mean(found)), float(np.max(found))
    out["tail"] = tail(table, real, rows)
    out["top"] = top(table, real, rows)
    if classifier:
        out |= classified(table, rows, held)
    return out


def cliques(columns: int, order: int, most: int = MOST_CLIQUES) -> list[tuple[int, ...]]:
    """Return all cliques of `order` columns, or a fixed random sample of `most`."""
    found = list(combinations(range(columns), order))
    if len(found) <= most:
        return found
    chosen = np.random.default_rng(7).choice(len(found), size=most, replace=False)
    return [found[i] for i in sorted(chosen)]


def distance(sizes: tuple[int, ...], real: Rows, other: Rows, clique: tuple[int, ...]) -> float:
    """Return the total variation between two tables' marginals over `clique`."""
    keys = []
    for rows in (real, other):
        key = np.zeros(len(rows), dtype=np.int64)
        for place in clique:
            key = key * sizes[place] + rows[:, place]
        keys.append(key)
    cells = int(np.prod([sizes[i] for i in clique], dtype=np.float64))
    if cells > 2_000_000:
        values, both = np.unique(np.concatenate(keys), return_inverse=True)
        cells, keys = len(values), [both[: len(real)], both[len(real) :]]
    one, two = (np.bincount(k, minlength=cells) / len(k) for k in keys)
    return float(np.abs(one - two).sum() / 2)


def tail(table: Coded, real: Rows, other: Rows) -> float:
    """Return the mean number of doublings by which the tails of the amounts are off."""
    found = []
    for name in table.amounts:
        place = table.columns.index(name)
        size = table.sizes[place] - (name in table.missing)
        one, two = (np.bincount(r[:, place], minlength=size)[:size] for r in (real, other))
        above = one.sum() - np.cumsum(one)  # rows with a larger code
        for share in BEYOND:
            cut = int(np.argmax(above <= share * one.sum()))
            if above[cut] < FEWEST:
                continue
            far = two.sum() - np.cumsum(two)[cut]
            ratio = (far + 0.5) / max(two.sum(), 1) / ((above[cut] + 0.5) / one.sum())
            found.append(abs(float(np.log2(ratio))))
    return float(np.mean(found)) if found else float("nan")


def top(table: Coded, real: Rows, other: Rows) -> float:
    """Return the mean error of the means of the largest rows of the amounts, as |ln of the ratio|."""
    found = []
    for name in table.amounts:
        place = table.columns.index(name)
        values = middles(table, name)
        one, two = (r[:, place][r[:, place] < len(values)] for r in (real, other))
        for share in LARGEST:
            means = [np.sort(values[c])[-max(round(share * len(c)), 1) :].mean() for c in (one, two)]
            if means[0] > 0:
                found.append(abs(float(np.log(max(means[1], 1e-3 * means[0]) / means[0]))))
    return float(np.mean(found)) if found else float("nan")


def middles(table: Coded, name: str) -> NDArray[np.float64]:
    """Return the value that each code of an amount stands for, the missing code left out."""
    size = table.sizes[table.columns.index(name)] - (name in table.missing)
    if name not in table.grids:
        return np.arange(size, dtype=np.float64)
    scale, low, high, bins = table.grids[name]
    ends = np.array([low, high], dtype=np.float64)
    ends = ends if scale == "linear" else np.sign(ends) * np.log1p(np.abs(ends))
    shown = ends[0] + (np.arange(size) + 0.5) / bins * (ends[1] - ends[0])
    return shown if scale == "linear" else np.sign(shown) * np.expm1(np.abs(shown))


def classified(table: Coded, train: Rows, test: Rows) -> dict[str, float]:
    """Return AUC and F1 on `test` of gradient boosting learned on `train`."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import f1_score, roc_auc_score

    place = table.columns.index(table.label)
    ends = [np.isin(rows[:, place], table.positive).astype(int) for rows in (train, test)]
    if len(np.unique(ends[0])) < 2:
        return {"auc": 0.5, "f1": 0.0}
    keep = [i for i, c in enumerate(table.columns) if c != table.label and c not in table.hints]
    model = HistGradientBoostingClassifier(max_iter=100, random_state=0, early_stopping=False)
    model.fit(train[:, keep], ends[0])
    shares = model.predict_proba(test[:, keep])[:, 1]
    return {
        "auc": float(roc_auc_score(ends[1], shares)),
        "f1": float(f1_score(ends[1], (shares > 0.5).astype(int))),
    }
