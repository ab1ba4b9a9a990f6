"""Separation: can a classifier tell released rows from people of the table?

Released rows under differential privacy are expected to be told apart: this is no gate. What it is good
for is its list of columns: which features give the released rows away. The control runs the same test
on people of the table against people who are not in it; it should find nothing.

Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545 (classifier two-sample tests); Snoke et al. 2018 (pMSE).
"""

from __future__ import annotations

import numpy as np

from synthspec.attack.exact.alone import on_one_thread
from synthspec.attack.exact.encoded import Lines, for_trees
from synthspec.attack.outcome import Amount, Inside, Share
from synthspec.attack.roc import area
from synthspec.attack.table import FloatArray, Table, exact_keys

MOST = 4_000
FOLDS = 5
TOP = 8


class Told(Inside):
    """One two-sample test: area under the curve over held-out folds, accuracy, and what it rests on."""

    what: str
    auc: Amount
    accuracy: Share
    features: tuple[tuple[str, float], ...] = ()


class Separation(Inside):
    """Released rows against people of the table, the control, and the propensity error."""

    released: Told
    control: Told | None
    pmse: float
    pmse_ratio: float


def separation(members: Table, synthetic: Table, others: Table | None, seed: int) -> Separation:
    """Return how well released rows are told from people of the table."""
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, 5], dtype=np.uint64)))
    size = min(MOST, members.rows, synthetic.rows)
    real, made = members.some(size, rng), synthetic.some(size, rng)
    with on_one_thread():
        return _separation(real, made, members, others, seed)


def _separation(real: Table, made: Table, members: Table, others: Table | None, seed: int) -> Separation:
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, 9], dtype=np.uint64)))
    control = None
    if others is not None and others.rows >= 2 * FOLDS:
        less = min(MOST, members.rows, others.rows)
        control = _test(
            "people of the table against others", members.some(less, rng), others.some(less, rng), seed
        )
    pmse, ratio = _pmse(real, made)
    return Separation(
        released=_test("people of the table against released rows", real, made, seed),
        control=control,
        pmse=pmse,
        pmse_ratio=ratio,
    )


def _test(what: str, real: Table, made: Table, seed: int) -> Told:
    from sklearn.ensemble import HistGradientBoostingClassifier

    columns = tuple(range(len(real.attributes)))
    x = np.concatenate([for_trees(real, columns), for_trees(made, columns)])
    y = np.concatenate([np.zeros(real.rows, dtype=np.int64), np.ones(made.rows, dtype=np.int64)])
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, 6], dtype=np.uint64)))
    # equal rows go together: a copy in another fold would teach the learner to say the opposite
    _, kinds = np.unique(exact_keys(real.join(made)), return_inverse=True)
    fold = (rng.permutation(int(kinds.max()) + 1) % FOLDS)[kinds.ravel()]
    scores, weight = np.zeros(len(y)), np.zeros(len(columns))
    for i in range(FOLDS):
        inside = fold == i
        learner = HistGradientBoostingClassifier(max_iter=60, random_state=seed).fit(x[~inside], y[~inside])
        scores[inside] = learner.predict_proba(x[inside])[:, 1]
        if i == 0:
            weight = _importance(learner.predict_proba, x[inside], y[inside], rng)
    order = np.argsort(-weight, kind="stable")[:TOP]
    names = real.names
    return Told(
        what=what,
        auc=area(scores[y == 1], scores[y == 0])[0],
        accuracy=Share.of(int(((scores > 0.5) == (y == 1)).sum()), len(y)),
        features=tuple((names[i], float(weight[i])) for i in order if weight[i] > 0.002),
    )


def _importance(predict: object, x: FloatArray, y: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
                rng: np.random.Generator) -> FloatArray:  # fmt: skip
    """Return how much the area falls when one column's values are shuffled; shape (columns,)."""
    assert callable(predict)

    def reached(values: FloatArray) -> float:
        said = predict(values)[:, 1]
        return area(said[y == 1], said[y == 0])[0].value

    whole, found = reached(x), np.zeros(x.shape[1])
    for column in range(x.shape[1]):
        mixed = x.copy()
        mixed[:, column] = rng.permutation(mixed[:, column])
        found[column] = whole - reached(mixed)
    return found


def _pmse(real: Table, made: Table) -> tuple[float, float]:
    """Return the propensity mean squared error of a logistic model, and its ratio to what chance gives."""
    from sklearn.linear_model import LogisticRegression

    both = real.join(made)
    lines = Lines(both, tuple(range(len(both.attributes))))
    x = lines.matrix(both)
    y = np.concatenate([np.zeros(real.rows, dtype=np.int64), np.ones(made.rows, dtype=np.int64)])
    said = LogisticRegression(max_iter=300, C=1e3).fit(x, y).predict_proba(x)[:, 1]
    c = made.rows / len(y)
    pmse = float(((said - c) ** 2).mean())
    by_chance = x.shape[1] * (1 - c) ** 2 * c / len(y)
    return pmse, pmse / by_chance if by_chance else 0.0
