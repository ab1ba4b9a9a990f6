"""Evaluated: what the `report` share buys, and which public rule splits it.

Weights, of whatever is asked for: the six total variations 6, the number of rows 1, score histograms 8, each
tail 1. Labels are the columns of the `auc_gap` gates; without one, the column of the first `must_answer`
question whose `count` is about one column with listed values; else no classifier is scored. Each label has
a histogram for each column of `subgroups` that has codes (one without groups, where there is none), in equal
parts of the 8. Nothing here looks at a row.

Source: ours; PRIVACY 9 of the design.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from synthspec.compile.checked import Checked
from synthspec.compile.diagnose.questions import values_of
from synthspec.plan.ops import Assess, CountRows, CountTail, Op, Ref, Score
from synthspec.plan.plan import Gate, PlannedColumn, Question
from synthspec.plan.view import computed_in_order
from synthspec.privacy.cost import Cost
from synthspec.terms.walk import columns_of

DISTANCES, ROWS, SCORES, TAIL = 6, 1, 8, 1
MOST_OUTCOMES = 32
"""A label has so many values at most."""


def counted(planned: PlannedColumn, columns: Iterable[PlannedColumn]) -> bool:
    """Return whether private rows are coded by a column: read, or computed from one row without a window."""
    if planned.column is None or planned.role == "id" or planned.hidden:
        return False
    return planned.field is not None or planned in computed_in_order(tuple(columns))


def can_be_label(planned: PlannedColumn, columns: Iterable[PlannedColumn]) -> bool:
    """Return whether a classifier can be scored on a column: coded, one code per value, few of them."""
    values = values_of(planned)
    if values is None or planned.column is None or not counted(planned, columns):
        return False
    coded = planned.column.size if planned.discovery is None else values
    return values - planned.column.missing >= 2 and values <= MOST_OUTCOMES and coded == values


def has_tail(planned: PlannedColumn, columns: Iterable[PlannedColumn]) -> bool:
    """Return whether a column's values have an order, and codes to count them by."""
    return counted(planned, columns) and planned.column is not None and planned.column.ordinal


def labels_of(checked: Checked) -> tuple[str, ...]:
    """Return the columns that a classifier is scored on."""
    columns = {column.name: column for column in checked.columns}
    return labels_among(checked.gates, checked.questions, columns)


def labels_among(
    gates: Sequence[Gate], questions: Sequence[Question], columns: Mapping[str, PlannedColumn]
) -> tuple[str, ...]:
    """Return the same from its parts."""
    asked = [gate.argument for gate in gates if gate.metric == "auc_gap" and gate.argument]
    if asked:
        return tuple(dict.fromkeys(asked))
    for question in questions:
        names = set(columns_of(question.count)) & set(columns)
        if len(names) == 1 and can_be_label(columns[next(iter(names))], columns.values()):
            return (next(iter(names)),)
    return ()


def tails_of(checked: Checked) -> tuple[tuple[str, float], ...]:
    """Return the columns and quantiles of the `tail_ratio` gates."""
    asked = [gate.argument for gate in checked.gates if gate.metric == "tail_ratio" and gate.argument]
    pairs = [argument.rsplit(", ", 1) for argument in dict.fromkeys(asked)]
    return tuple((column, float(quantile)) for column, quantile in pairs)


def groups_of(checked: Checked, label: str) -> tuple[str | None, ...]:
    """Return the columns of `subgroups` that a label is scored by; (None,) where there are none."""
    columns = {column.name: column for column in checked.columns}
    found = [
        name for name in checked.spec.subgroups if name != label and counted(columns[name], columns.values())
    ]
    return tuple(found) or (None,)


def report_ops(checked: Checked, price: Cost, learned: Ref, scored: Ref, rows: Ref) -> tuple[Op, ...]:
    """Return the purchases of the report, in order; their prices add up to at most `price`.

    Args:
        checked: the spec.
        price: of the whole.
        learned: the view of the rows that were learned from.
        scored: the view of the rows that classifiers are scored on.
        rows: the step that draws the released rows.
    """
    labels, tails = labels_of(checked), tails_of(checked)
    whole = DISTANCES + ROWS + (SCORES if labels else 0) + TAIL * len(tails)

    def part(weight: int, of: int = 1) -> Cost:
        return price.share(Fraction(weight, whole * of))

    count = part(ROWS, 1 if learned == scored else 2)
    ops: list[Op] = [CountRows(view=learned, cost=count)]
    ops.append(Assess(view=learned, rows=rows, cost=part(DISTANCES)))
    ops += [
        CountTail(view=learned, rows=rows, column=column, quantile=quantile, cost=part(TAIL))
        for column, quantile in tails
    ]
    if learned != scored:
        ops.append(CountRows(view=scored, cost=count))
    pairs = [(label, group) for label in labels for group in groups_of(checked, label)]
    ops += [
        Score(view=scored, rows=rows, label=label, group=group, cost=part(SCORES, len(pairs)))
        for label, group in pairs
    ]
    return tuple(ops)


def least(checked: Checked) -> int:
    """Return the least mu2 [1e-15] of the report's share that pays for each of its purchases."""
    labels, tails = labels_of(checked), tails_of(checked)
    whole = DISTANCES + ROWS + (SCORES if labels else 0) + TAIL * len(tails)
    histograms = sum(len(groups_of(checked, label)) for label in labels)
    return whole * max(2, histograms)
