"""Usefulness: how a classifier that was learned on released rows does on private ones, by label.

All from the noisy score histograms and the exact counts of released rows beside them; nothing is computed
from private rows here. Histograms of one label count the same rows, so their totals are pooled. Which figures
have enough rows is told by the released rows, scaled to the noisy number of rows: not by the counts shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthspec.metrics.estimate import Estimate, difference
from synthspec.metrics.histogram import Histogram, best_threshold, pooled, shares_of_yes
from synthspec.release.release import Release
from synthspec.release.scored import Part, Scores, Tail


@dataclass(frozen=True, eq=False)
class Label:
    """One label: its histograms, all private rows that were counted, and the released rows beside them."""

    name: str
    scores: tuple[Scores, ...]
    private: Histogram
    released: Histogram
    threshold: int
    """The bin from which on a row is called a yes: best F1 on the released rows."""

    @property
    def events(self) -> tuple[str, ...]:
        """What paid for it."""
        return tuple(each.event for each in self.scores)

    @property
    def expected(self) -> tuple[float, ...]:
        """The share of yes by bin among the released rows."""
        return shares_of_yes(self.released)

    def gap(self) -> Estimate | None:
        """Return the AUC on released rows kept out of the learning, minus that on private rows."""
        best, real = self.released.auc(), self.private.auc()
        return None if best is None or real is None else real.less(best.value)


@dataclass(frozen=True)
class GroupFigures:
    """A group's rates on private rows, and how they differ from everybody else's."""

    name: str
    auc: Estimate | None
    base: Estimate | None
    selected: Estimate | None
    hits: Estimate | None
    alarms: Estimate | None
    hits_gap: Estimate | None
    alarms_gap: Estimate | None
    selected_gap: Estimate | None


def labels(release: Release) -> tuple[Label, ...]:
    """Return what is known of each label that was scored, in order."""
    found = []
    for name in dict.fromkeys(each.label.column for each in release.scores):
        mine = tuple(each for each in release.scores if each.label.column == name)
        public = mine[0].kept_out()
        private = pooled([each.counted(rows=counted_rows(release, each.part)) for each in mine])
        found.append(Label(name, mine, private, public, best_threshold(public)))
    return tuple(found)


def counted_rows(release: Release, part: Part) -> float | None:
    """Return the noisy number of private rows of a part; None where it was not bought."""
    return next((float(each.value) for each in release.evaluation.rows if each.part == part), None)


def by_group(release: Release, label: Label, scores: Scores) -> tuple[GroupFigures, ...]:
    """Return the figures of each group of one histogram, in order; nothing where it has no groups."""
    if scores.group is None:
        return ()
    rows = counted_rows(release, scores.part)
    return tuple(_figures(label, scores, at, name, rows) for at, name in enumerate(scores.group.names))


def _figures(label: Label, scores: Scores, at: int, name: str, rows: float | None) -> GroupFigures:
    mine, others, t = scores.counted(at, rows), scores.others(at, rows), label.threshold
    hits, alarms, selected = mine.true_positives(t), mine.false_positives(t), mine.selected(t)
    return GroupFigures(
        name=name,
        auc=mine.auc(),
        base=mine.base_rate(),
        selected=selected,
        hits=hits,
        alarms=alarms,
        hits_gap=_gap(hits, others.true_positives(t)),
        alarms_gap=_gap(alarms, others.false_positives(t)),
        selected_gap=_gap(selected, others.selected(t)),
    )


def _gap(mine: Estimate | None, others: Estimate | None) -> Estimate | None:
    return None if mine is None or others is None else difference(mine, others)


def gate_figure(release: Release, metric: str, argument: str) -> tuple[Estimate, tuple[str, ...]] | None:
    """Return a figure that a gate names, with the events that paid for it; None where it is not known."""
    if metric == "auc_gap":
        label = next((each for each in labels(release) if each.name == argument), None)
        found = None if label is None else label.gap()
        return None if found is None or label is None else (found, label.events)
    if metric == "tail_ratio":
        tail = next((each for each in release.evaluation.tails if _asks(argument, each)), None)
        found = None if tail is None else tail.ratio()
        return None if found is None or tail is None else (found, (tail.event,))
    return None


def bought(release: Release, metric: str, argument: str) -> bool:
    """Return whether what a gate names was paid for, be there rows enough for a figure or not."""
    if metric == "auc_gap":
        return any(each.name == argument for each in labels(release))
    return metric == "tail_ratio" and any(_asks(argument, each) for each in release.evaluation.tails)


def _asks(argument: str, tail: Tail) -> bool:
    column, _, quantile = argument.rpartition(", ")
    return column == tail.column and float(quantile) == tail.quantile
