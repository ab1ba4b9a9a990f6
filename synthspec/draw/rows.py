"""Rows: a table drawn from fitted models in which every enforced rule holds, by bounded redrawing.

The table is drawn in parts of fixed size, each with a random stream of its own, so that it does not
depend on how many processes share the work. Everything here reads released models only.

Source: ours (rejection sampling: von Neumann 1951).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from synthspec.draw.drawn import Drawn as Drawn
from synthspec.draw.drawn import violations as violations
from synthspec.draw.leaning import Leaning
from synthspec.draw.partition import Partitioner
from synthspec.draw.source import Source as Source
from synthspec.generators.base import Model
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.expr import Expr


def draw(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    models: Mapping[str, Model],
    rows: int | None,
    rng: SampleRng,
    where: Expr | None = None,
    told: Sequence[Expr] = (),
    shapes: Mapping[str, Model] | None = None,
    leanings: Mapping[str, Sequence[Leaning]] = MappingProxyType({}),
    *,
    units: int | None = None,
) -> Drawn:
    """Return `rows` rows, or `units` whole persons, in which every enforced rule, and `where`, holds.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place, in output order.
        models: a fitted model per group.
        rows: how many; None with `units`.
        rng: public randomness.
        where: a further condition; it must be true in every row.
        told: the parts of `where` that the models were conditioned on, cell by cell, by their share of
            each cell: they are met by drawing values again inside the codes, everything else of `where`
            by drawing rows again.
        shapes: the models that say how values spread inside codes; by default `models`.
        leanings: per group, what `where` asks of it row by row.
        units: how many persons, each with all its rows.

    Raises:
        SamplingError: G450, when a condition cannot be met within the tries allowed; G458, for units of
            a table that has none.
    """
    table = Partitioner(
        plan,
        columns,
        models,
        rng,
        rows=rows if units is None else None,
        units=units,
        where=where,
        told=told,
        shapes=shapes,
        leanings=leanings,
    )
    return table.all()
