"""Regression: the same model fitted to people of the table and to released rows; do conclusions agree?

Per coefficient: the overlap of the two 95 % intervals, (1/2) [(min u - max l)/(u_D - l_D) + (min u - max
l)/(u_S - l_S)], 1 for equal intervals, negative where they are apart (it is not cut off at 0); the
difference in standard errors of the real fit; whether sign and significance agree. Intervals of the
released fit take no account of the noise: they are too narrow, and that is part of what is shown.

Source: Karr et al. 2006 (interval overlap); Snoke et al. 2018; Räisä et al. 2023 (naive intervals).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthspec.attack.exact.encoded import Lines
from synthspec.attack.outcome import Inside
from synthspec.attack.table import FloatArray, Table

NORMAL_95 = 1.959963984540054
MOST_COEFFICIENTS = 40
MOST = 50_000


class Coefficient(Inside):
    """One coefficient on both sides."""

    term: str
    real: float
    real_error: float
    released: float
    released_error: float
    overlap: float
    apart: float
    agrees: bool


class Regression(Inside):
    """A logistic model of one value of a label on the other columns; means are over coefficients."""

    label: str
    value: str
    coefficients: tuple[Coefficient, ...]
    overlap: float
    apart: float
    agreeing: float


def regression(
    members: Table, synthetic: Table, label: int, value: int, text: str, columns: Sequence[int], seed: int
) -> Regression | None:
    """Return the two fits of "`label` is code `value`", None where one of them cannot be made."""
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, 7], dtype=np.uint64)))
    real, made = members.some(MOST, rng), synthetic.some(MOST, rng)
    lines = Lines(real, columns)
    one, two = lines.matrix(real), lines.matrix(made)
    # a term that is constant on one side has no coefficient there
    useful = np.flatnonzero((_varies(one)) & (_varies(two)))[:MOST_COEFFICIENTS]
    if not useful.size:
        return None
    fits = [
        logistic(x[:, useful], (table.codes[:, label] == value).astype(np.float64))
        for x, table in ((one, real), (two, made))
    ]
    if fits[0] is None or fits[1] is None:
        return None
    terms = [lines.names[i] for i in useful.tolist()]
    rows = tuple(
        compare(
            term,
            (float(fits[0][0][i + 1]), float(fits[0][1][i + 1])),
            (float(fits[1][0][i + 1]), float(fits[1][1][i + 1])),
        )
        for i, term in enumerate(terms)
    )
    return Regression(
        label=members.names[label],
        value=text,
        coefficients=rows,
        overlap=float(np.mean([each.overlap for each in rows])),
        apart=float(np.median([each.apart for each in rows])),
        agreeing=float(np.mean([each.agrees for each in rows])),
    )


def compare(term: str, real: tuple[float, float], made: tuple[float, float]) -> Coefficient:
    """Return how two estimates with standard errors agree."""
    (b1, e1), (b2, e2) = real, made
    l1, u1, l2, u2 = b1 - NORMAL_95 * e1, b1 + NORMAL_95 * e1, b2 - NORMAL_95 * e2, b2 + NORMAL_95 * e2
    shared = min(u1, u2) - max(l1, l2)
    clear1, clear2 = l1 > 0 or u1 < 0, l2 > 0 or u2 < 0
    return Coefficient(
        term=term,
        real=b1,
        real_error=e1,
        released=b2,
        released_error=e2,
        overlap=(shared / (u1 - l1) + shared / (u2 - l2)) / 2,
        apart=abs(b1 - b2) / e1,
        agrees=(b1 > 0) == (b2 > 0) and clear1 == clear2,
    )


def logistic(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """Return coefficients (the constant first) and standard errors, or None where there is no fit.

    Newton's method with a very small ridge, so that separated terms stay finite.
    """
    if y.min() == y.max():
        return None
    full = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    ridge = np.diag(np.r_[0.0, np.full(x.shape[1], 1e-3)])
    b = np.zeros(full.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(full @ b, -30, 30)))
        gradient = full.T @ (y - p) - ridge @ b
        hessian = (full * (p * (1 - p))[:, None]).T @ full + ridge
        try:
            step = np.linalg.solve(hessian + 1e-9 * np.eye(len(b)), gradient)
        except np.linalg.LinAlgError:
            return None
        b = b + step * min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        if float(np.abs(step).max()) < 1e-8:
            break
    errors = np.sqrt(np.maximum(np.diag(np.linalg.inv(hessian + 1e-9 * np.eye(len(b)))), 1e-18))
    return (b, errors) if np.isfinite(b).all() and np.isfinite(errors).all() else None


def _varies(x: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(x.min(axis=0) < x.max(axis=0))
