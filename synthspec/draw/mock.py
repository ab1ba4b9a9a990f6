"""Mock: a table at epsilon 0, from rules, domains and known tables only; no private row is read.

Source: ours.
"""

from __future__ import annotations

from synthspec.draw.gaps import MISSING, gap_weights
from synthspec.draw.learn import domain_of, workload_of
from synthspec.draw.rows import Drawn, draw
from synthspec.generators import Model
from synthspec.generators.rules import rules_model
from synthspec.plan.plan import Plan
from synthspec.plan.zeros import Zeros, all_zeros
from synthspec.privacy.entropy import SampleRng


def mock(
    plan: Plan, rows: int, rng: SampleRng, missing: float | None = MISSING, *, units: int | None = None
) -> Drawn:
    """Return `rows` rows of the plan's table, or `units` whole persons, every enforced rule holding.

    Columns whose domain the run would buy are drawn from what is public of it. `missing`: see `stated`.

    Raises:
        SamplingError: G450, when a rule cannot be met.
    """
    return draw(plan, plan.columns, stated(plan, missing=missing), rows, rng.split("mock"), units=units)


def stated(plan: Plan, zeros: Zeros | None = None, *, missing: float | None = None) -> dict[str, Model]:
    """Return a model per group made of what the plan states alone.

    Args:
        plan: the plan.
        zeros: saves finding them again.
        missing: the share of missing values where rules leave the choice and no table tells it; by
            default "missing" counts as one code of many.
    """
    models: dict[str, Model] = {}
    zeros = all_zeros(plan, plan.columns) if zeros is None else zeros
    for group in plan.groups:
        domain, workload = domain_of(group, plan.columns), workload_of(plan, group, plan.columns, zeros)
        odds = () if missing is None else gap_weights(domain, workload, missing)
        models[group.name] = rules_model(domain, workload, odds)
    return models
