"""Differences: two releases figure by figure, each difference with its own 90 % interval.

The noise of two releases is independent, so the half-width of a difference is the root of the sum of the
squares of both. Figures without noise (prices, counts over released rows) differ exactly. Nothing private
is read, and nothing is said where one of the two lacks a figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import hypot
from typing import Literal

from synthspec.metrics.estimate import Estimate
from synthspec.release.manifest import Class
from synthspec.release.release import Release
from synthspec.release.scored import Part
from synthspec.report.sections.subgroups import ratios
from synthspec.report.uncertain import count_of, known, resting_on
from synthspec.report.usefulness import labels
from synthspec.report.words import named
from synthspec.terms.frozen import Frozen
from synthspec.terms.walk import columns_of

MOST = 10
"""Columns and groups shown of each kind: those that differ most."""

ROWS: Mapping[Part, str] = {
    "all": "all private rows",
    "learned from": "private rows learned from",
    "held out": "private rows held out",
}

Verdict = Literal["higher", "lower", "equal", "cannot be told"]


class Figure(Frozen):
    """A figure of one release with the ends of its interval; both equal to it where it has no noise."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


class Difference(Frozen):
    """One figure of both releases, and the second less the first; `verdict` speaks of the second."""

    what: str
    kind: Class
    first: Figure
    second: Figure
    gap: Figure
    verdict: Verdict

    @classmethod
    def of(cls, what: str, kind: Class, first: Figure, second: Figure) -> Difference:
        """Return the difference of two figures with independent noise."""
        value, half = second.value - first.value, hypot(first.half, second.half)
        gap = Figure(value=value, low=value - half, high=value + half)
        return cls(what=what, kind=kind, first=first, second=second, gap=gap, verdict=_verdict(gap))


def _verdict(gap: Figure) -> Verdict:
    if gap.low == gap.high == 0:
        return "equal"
    return "higher" if gap.low > 0 else "lower" if gap.high < 0 else "cannot be told"


def differences(first: Release, second: Release) -> tuple[Difference, ...]:
    """Return the figures that both releases have, each with its difference."""
    found: list[Difference] = []
    for one, two in (
        (_claims(first), _claims(second)),
        (_distances(first), _distances(second)),
        (_scores(first), _scores(second)),
        (_rules(first), _rules(second)),
    ):
        found += _paired(one, two)
    for one, two in (
        (_questions(first), _questions(second)),
        (_groups(first), _groups(second)),
        (_columns(first), _columns(second)),
    ):
        found += sorted(_paired(one, two), key=lambda each: -_distance(each))[:MOST]
    return tuple(found)


Named = Mapping[str, tuple[Class, Figure]]


def _paired(one: Named, two: Named) -> Iterator[Difference]:
    for what, (kind, figure) in one.items():
        if what in two:
            yield Difference.of(what, kind, figure, two[what][1])


def _distance(each: Difference) -> float:
    """Return how many half-widths the difference is: those that can be told come first."""
    return abs(each.gap.value) / max(each.gap.half, 1e-12)


def _exact(value: float) -> Figure:
    return Figure(value=value, low=value, high=value)


def _claims(release: Release) -> Named:
    held = release.claim
    if held is None:
        return {}
    return {
        "μ": ("S", _exact(held.mu)),
        f"ε at δ = {held.delta:g}": ("S", _exact(held.epsilon)),
        "rows per unit": ("S", _exact(held.max_rows)),
    }


def _distances(release: Release) -> Named:
    """Return the paid distances; the number of tables is part of the name, others do not compare."""
    words = {1: "columns", 2: "pairs", 3: "triples"}
    return {
        f"{'worst' if a.worst else 'mean'} distance of {a.cliques} {words.get(a.order, 'tables')}": (
            "B",
            Figure(value=a.value, low=a.low, high=a.high),
        )
        for a in release.assessments
    }


def _scores(release: Release) -> Named:
    """Return AUC, F1 and tails; which rows were scored is part of the name, others do not compare."""
    found: dict[str, tuple[Class, Figure]] = {}
    for label in labels(release):
        rows = f"{named(label.name).text}, on {ROWS[label.scores[0].part]}"
        for what, figure in (
            ("AUC", label.private.auc()),
            ("F1", label.private.f1(label.threshold)),
            ("AUC on released rows minus AUC", label.gap()),
        ):
            if figure is not None:
                found[f"{what}: {rows}"] = ("B", _interval(figure))
    for tail in release.evaluation.tails:
        ratio = tail.ratio()
        if ratio is not None:
            where = f"{named(tail.column).text} at {tail.quantile:g}"
            found[f"tail ratio: {where}, {ROWS[tail.part]}"] = ("B", _interval(ratio))
    return found


def _interval(estimate: Estimate) -> Figure:
    return Figure(value=estimate.value, low=estimate.low, high=estimate.high)


def _rules(release: Release) -> Named:
    return {
        "released rows": ("S", _exact(release.rows)),
        "violations of rules": ("S", _exact(release.certificate.violations)),
    }


def _questions(release: Release) -> Named:
    groups = known(release)
    questions = {question.name: question for question in release.plan.questions}
    found: dict[str, tuple[Class, Figure]] = {}
    for counted in release.counted:
        question = questions.get(counted.name)
        if counted.kind != "question" or question is None or not release.rows:
            continue
        rest = resting_on(release, groups, (*columns_of(question.count), *question.by))
        if rest is None:
            continue
        for group in counted.groups:
            many = count_of(rest[0], rest[1], group.rows, release.rows)
            label = " × ".join("missing" if value is None else named(value).text for value in group.values)
            what = f"count: {named(question.name).text}" + (f", {label}" if label else "")
            found[what] = ("M", Figure(value=many.value, low=many.low, high=many.high))
    return found


def _groups(release: Release) -> Named:
    return {
        f"size ratio: {named(counted.name).text} {each.name.text}": (
            "M",
            Figure(value=each.ratio[0], low=each.ratio[1], high=each.ratio[2]),
        )
        for counted in release.counted
        if counted.kind == "subgroup"
        for each in ratios(release, counted)
        if each.known
    }


def _columns(release: Release) -> Named:
    found: dict[str, tuple[Class, Figure]] = {}
    for group in known(release):
        for name, axis in group.axes.items():
            error = group.errors.of([axis])
            if error is not None:
                figure = Figure(value=error.expected, low=error.low, high=error.high)
                found[f"expected distance: {named(name).text}"] = ("M", figure)
    return found
