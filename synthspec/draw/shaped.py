"""Shaped: columns whose values inside a code follow the fitted model's own one-way shares.

A function of released models only, so that every draw from a release gives the same shapes.

Source: ours; the interpolation is that of columns/density.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthspec.columns import Ordered
from synthspec.generators.base import Model
from synthspec.plan.plan import Group, PlannedColumn


def shaped(
    columns: Sequence[PlannedColumn], groups: Sequence[Group], models: Mapping[str, Model]
) -> tuple[PlannedColumn, ...]:
    """Return `columns` with densities inside the codes of ordered, binned ones."""
    home = {name: models[group.name] for group in groups for name in group.columns if group.name in models}
    return tuple(_shaped(column, home.get(column.name)) for column in columns)


def _shaped(planned: PlannedColumn, model: Model | None) -> PlannedColumn:
    column = planned.column
    if model is None or not isinstance(column, Ordered) or column.cuts is None:
        return planned
    return planned.model_copy(update={"column": column.shaped(model.marginal((planned.name,)))})
