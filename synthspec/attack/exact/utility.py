"""Utility: models trained on released rows and on people of the table, tested on the same people.

TSTR trains on synthetic rows and tests on real ones, TRTR trains on real rows: the gap is what the
release costs a user. Test people are never among those TRTR trains on; without a control they are in
the table, so TSTR may be a little better than for strangers.

Source: Esteban, Hyland & Rätsch 2017, arXiv:1706.02633 (TSTR).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from synthspec.attack.exact.alone import on_one_thread
from synthspec.attack.exact.encoded import Lines, for_trees
from synthspec.attack.outcome import Inside
from synthspec.attack.table import FloatArray, IntArray, Table

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 10_000
"""Rows trained on, and tested on."""

SEEDS = 3
LEAST = 30
"""People of a group below which nothing is said about it."""

MODELS = ("logistic regression", "gradient boosting", "random forest")


class ModelScore(Inside):
    """One model on one label: mean over seeds, and the standard deviation between them.

    `auc` is None where a test set has one class only; `f1` is the mean over classes.
    """

    label: str
    model: str
    trained_on: str
    auc: float | None
    auc_spread: float
    f1: float
    accuracy: float
    seeds: int


class GroupScore(Inside):
    """Gradient boosting on one label, for the people of one group: accuracy on both kinds of training."""

    label: str
    group: str
    level: str
    people: int
    synthetic: float | None
    real: float | None


class Utility(Inside):
    """How well models trained on released rows do."""

    scores: tuple[ModelScore, ...]
    groups: tuple[GroupScore, ...]
    base_rates: tuple[tuple[str, float], ...]
    tested_on: str
    notes: tuple[str, ...] = ()


def utility(
    members: Table,
    synthetic: Table,
    others: Table | None,
    labels: Sequence[int],
    groups: Sequence[tuple[int, Sequence[str]]],
    seed: int,
) -> Utility:
    """Return the scores of three models on each label.

    Args:
        members: people of the table.
        synthetic: released rows.
        others: people who are not in it: tested on, if there are enough.
        labels: columns predicted from all others.
        groups: columns whose groups are scored by themselves, with the labels of their codes.
        seed: public.
    """
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, 4], dtype=np.uint64)))
    outside = others is not None and others.rows >= LEAST
    if outside and others is not None:
        test, train = others.some(MOST, rng), members
    else:
        order = rng.permutation(members.rows)
        cut = members.rows // 3
        test, train = members.take(order[:cut]).some(MOST, rng), members.take(order[cut:])
    scores, by_group, rates, notes = list[ModelScore](), list[GroupScore](), [], list[str]()
    for label in labels:
        name = members.names[label]
        truth = test.codes[:, label]
        if len(np.unique(truth)) < 2:
            notes.append(f"`{name}` has one value among the people tested on")
            continue
        rates.append((name, float(np.bincount(truth).max() / len(truth))))
        told: dict[str, list[_Told]] = {}
        for kind, rows in (("released rows", synthetic), ("people of the table", train)):
            for model in MODELS:
                with on_one_thread():
                    runs = [_run(rows.some(MOST, rng), test, label, model, seed + i) for i in range(SEEDS)]
                known = [each for each in runs if each is not None]
                if known:
                    scores.append(_score(name, model, kind, known))
                    told[f"{kind}/{model}"] = known
        by_group += _groups(test, label, name, groups, told)
    return Utility(
        scores=tuple(scores),
        groups=tuple(by_group),
        base_rates=tuple(rates),
        tested_on="people who are not in the table" if outside else "people of the table",
        notes=tuple(notes),
    )


class _Told:
    """What one trained model said of the people tested on."""

    def __init__(self, truth: IntArray, classes: IntArray, chances: FloatArray) -> None:
        self.said = classes[chances.argmax(axis=1)]
        self.right = self.said == truth
        self.auc = _auc(truth, classes, chances)
        self.f1 = _f1(truth, self.said)


def _run(rows: Table, test: Table, label: int, model: str, seed: int) -> _Told | None:
    """Train one model; None where the rows have one class only."""
    truth = rows.codes[:, label]
    if len(np.unique(truth)) < 2:
        return None
    columns = [i for i in range(len(rows.attributes)) if i != label]
    view: Callable[[Table], FloatArray]
    if model == "logistic regression":
        view = Lines(rows, columns).matrix
    else:
        view = lambda table: for_trees(table, columns)
    learner = _learner(model, seed).fit(view(rows), truth)
    return _Told(test.codes[:, label], np.asarray(learner.classes_), learner.predict_proba(view(test)))


def _learner(model: str, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    if model == "logistic regression":
        return LogisticRegression(max_iter=300, C=1.0)
    if model == "gradient boosting":
        return HistGradientBoostingClassifier(max_iter=60, random_state=seed)
    return RandomForestClassifier(n_estimators=60, min_samples_leaf=3, random_state=seed)


def _auc(truth: IntArray, classes: IntArray, chances: FloatArray) -> float | None:
    """Return the area under the curve; of several classes, the mean of each against the rest."""
    from scipy.stats import rankdata

    found = []
    for place, each in enumerate(classes.tolist()):
        inside = truth == each
        if len(classes) == 2 and place == 0:
            continue
        if inside.any() and not inside.all():
            ranks = rankdata(chances[:, place])
            n = int(inside.sum())
            found.append((ranks[inside].sum() - n * (n + 1) / 2) / (n * (len(truth) - n)))
    return float(np.mean(found)) if found else None


def _f1(truth: IntArray, said: IntArray) -> float:
    found = []
    for each in np.unique(truth).tolist():
        hits = int(((truth == each) & (said == each)).sum())
        found.append(2 * hits / max(1, int((truth == each).sum()) + int((said == each).sum())))
    return float(np.mean(found))


def _score(label: str, model: str, kind: str, runs: Sequence[_Told]) -> ModelScore:
    areas = [each.auc for each in runs if each.auc is not None]
    return ModelScore(
        label=label,
        model=model,
        trained_on=kind,
        auc=float(np.mean(areas)) if areas else None,
        auc_spread=float(np.std(areas)) if areas else 0.0,
        f1=float(np.mean([each.f1 for each in runs])),
        accuracy=float(np.mean([each.right.mean() for each in runs])),
        seeds=len(runs),
    )


def _groups(
    test: Table,
    label: int,
    name: str,
    groups: Sequence[tuple[int, Sequence[str]]],
    told: dict[str, list[_Told]],
) -> list[GroupScore]:
    found = []
    for column, levels in groups:
        if column == label:
            continue
        for code, level in enumerate(levels):
            inside = test.codes[:, column] == code
            people = int(inside.sum())
            if people:
                found.append(
                    GroupScore(
                        label=name,
                        group=test.names[column],
                        level=level,
                        people=people,
                        synthetic=_right(told, "released rows", inside),
                        real=_right(told, "people of the table", inside),
                    )
                )
    return found


def _right(
    told: dict[str, list[_Told]], kind: str, inside: np.ndarray[Any, np.dtype[np.bool_]]
) -> float | None:
    runs = told.get(f"{kind}/gradient boosting")
    if runs is None or int(inside.sum()) < LEAST:
        return None
    return float(np.mean([each.right[inside].mean() for each in runs]))
