"""Scenarios: the spec's further tables as values of the plan."""

from __future__ import annotations

from collections.abc import Mapping

from synthspec.compile.literals import canonical
from synthspec.plan.plan import DEFAULT_ROWS, PlannedColumn
from synthspec.plan.scenario import Rebalance, Scenario
from synthspec.spec.model import Spec
from synthspec.terms.expr import Expr


def scenarios_of(
    spec: Spec, columns: Mapping[str, PlannedColumn], wheres: Mapping[str, Expr]
) -> tuple[Scenario, ...]:
    """Return the scenarios of a spec without errors; `wheres` are their conditions by name."""
    return tuple(
        Scenario(
            name=name,
            rows=scenario.rows if scenario.rows is not None else spec.sample.rows or DEFAULT_ROWS,
            where=wheres.get(name),
            where_text=" ".join((scenario.where or "").split()),
            rebalance=tuple(
                Rebalance(
                    column=column,
                    shares=tuple(
                        (canonical(columns[column].type, value) or value, share)
                        for value, share in shares.items()
                    ),
                )
                for column, shares in scenario.rebalance.items()
            ),
            weights=scenario.weights,
        )
        for name, scenario in spec.sample.scenarios.items()
    )
