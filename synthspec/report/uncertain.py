"""Uncertain: the errors that a release's own noisy answers and paid figures let one expect; nothing private.

One `Known` per group of columns that was learned together. The paid mean distances set the scale
where the group holds most of the columns that they were measured on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt

import numpy as np

from synthspec.generators.intervals import MISFIT, NINETY, Errors, Interval, errors
from synthspec.generators.uncertainty import Uncertainty
from synthspec.metrics.estimate import Estimate
from synthspec.plan.questions import public_axis, sources
from synthspec.release.level import rows_alone
from synthspec.release.release import Release
from synthspec.report.measured import rebuild
from synthspec.terms.query import Axis

MOST_PAIRS = 200
MOST_TRIPLES = 50
MOSTLY = 0.7
"""Share of the modelled columns that a group must hold for the paid means to be its own."""


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of one group's errors; `scaled` says whether paid figures set the scale."""

    group: str
    axes: dict[str, Axis]
    errors: Errors
    scaled: bool
    pairs: tuple[tuple[str, str], ...]


def known(release: Release) -> tuple[Known, ...]:
    """Return one entry per group whose model was fitted to noisy answers."""
    found = []
    coded = [column for column in release.columns if column.column is not None and column.role != "id"]
    modelled = [column.name for column in coded if column.role == "modelled"]
    counts = rows_alone(release)  # what is known of units, or by weight, says nothing of a share of rows
    for saved in release.models:
        answers = tuple(m for m in counts if m.group == saved.group and m.stddev > 0)
        if not answers:
            continue
        model = rebuild(saved)
        uncertainty = Uncertainty(model, answers, (name for name, _ in release.plan.known))
        axes = {c.name: public_axis(c) for c in coded if c.name in model.domain.attributes}
        names = tuple(name for name, axis in axes.items() if uncertainty.covers((axis,)))
        mine = len(names) >= MOSTLY * len(modelled)
        misfit = MISFIT + (1 - len(names) / max(1, len(coded))) / 2 if mine else MISFIT
        cliques = {
            k: _some(names, k, most) for k, most in ((1, len(names)), (2, MOST_PAIRS), (3, MOST_TRIPLES))
        }
        tables = {k: [[axes[name] for name in clique] for clique in each] for k, each in cliques.items()}
        paid = release.assessments if mine else ()
        found.append(
            Known(
                group=saved.group,
                axes=axes,
                errors=errors(uncertainty, tables, paid, max(1, release.rows), misfit),
                scaled=bool(paid),
                pairs=tuple((a, b) for a, b in cliques[2]),
            )
        )
    return tuple(found)


def _some(names: Sequence[str], order: int, most: int) -> list[tuple[str, ...]]:
    """Return all cliques of an order, or a fixed sample of `most`."""
    count = comb(len(names), order)
    if count <= most:
        return list(combinations(names, order))
    generator = np.random.default_rng(order)
    chosen: dict[tuple[str, ...], None] = {}
    while len(chosen) < most:
        picked = sorted(generator.choice(len(names), size=order, replace=False).tolist())
        chosen[tuple(names[i] for i in picked)] = None
    return list(chosen)


def resting_on(
    release: Release, groups: Sequence[Known], names: Sequence[str]
) -> tuple[Known, tuple[Axis, ...]] | None:
    """Return the group and the table that a question about `names` rests on, or None where none holds it."""
    wanted = sources(release.plan, names)
    for each in groups:
        axes = tuple(each.axes[name] for name in wanted if name in each.axes)
        if len(axes) == len(wanted) and each.errors.uncertainty.covers(axes):
            return each, axes
    return None


def share_of(group: Known, axes: Sequence[Axis], rows: int, drawn: int) -> Estimate:
    """Return the share of all rows that an answer of `rows` among `drawn` released rows estimates."""
    half, share = _half(group, axes, rows / drawn, drawn), rows / drawn
    return Estimate(share, max(0.0, share - half), min(1.0, share + half))


def count_of(group: Known, axes: Sequence[Axis], rows: int, drawn: int) -> Estimate:
    """Return the same as a number of private rows, which is known with noise only."""
    many, stddev = group.errors.uncertainty.rows, group.errors.uncertainty.rows_stddev
    share = rows / drawn
    half = sqrt((many * _half(group, axes, share, drawn)) ** 2 + (NINETY * share * stddev) ** 2)
    return Estimate(many * share, max(0.0, many * share - half), many * share + half)


def within(group: Known, axes: Sequence[Axis], rows: int, of: int, drawn: int) -> Estimate:
    """Return the share of a group's rows that count: S / (S + R), S and R with independent errors."""
    if not of:
        return Estimate(0.0, 0.0, 1.0)
    share = rows / of
    yes, no = (_half(group, axes, part / drawn, drawn) for part in (rows, of - rows))
    half = sqrt((yes * (1 - share)) ** 2 + (no * share) ** 2) * drawn / of
    return Estimate(share, max(0.0, share - half), min(1.0, share + half))


def _half(group: Known, axes: Sequence[Axis], share: float, drawn: int) -> float:
    """Return half the interval of a share of all rows: the model's error, and the draw of the rows."""
    model = group.errors.answer(axes, share) or 0.0
    return sqrt(model**2 + NINETY**2 * max(share * (1 - share), 1 / drawn) / drawn)


def inside(group: Known, axes: Sequence[Axis], shares: Sequence[float]) -> tuple[Interval, ...] | None:
    """Return the error of a table within each of its slices, the groups with `shares` of the rows.

    Cells err like the square root of their share, so a slice of share p carries sqrt(p) / sum sqrt(p) of
    the table's error, on a mass of p.
    """
    found = group.errors.of(axes)
    whole = sum(sqrt(share) for share in shares)
    if found is None or whole <= 0:
        return None
    factors = [1 / (sqrt(share) * whole) if share > 0 else float("inf") for share in shares]
    return tuple(
        Interval(*(min(1.0, f * end) for end in (found.expected, found.low, found.high))) for f in factors
    )


def events_of(release: Release, group: Known, names: Sequence[str]) -> tuple[str, ...]:
    """Return the events behind an estimate about `names`: its answers, and the figures that scale it."""
    wanted = set(names)
    own = [
        m.event for m in release.measurements if m.group == group.group and wanted.issuperset(m.attributes)
    ]
    means = [a.event for a in release.assessments if not a.worst and a.order == len(wanted)]
    return tuple(dict.fromkeys((*own, *(means if group.scaled else ()))))
