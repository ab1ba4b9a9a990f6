"""Mock: a table at epsilon 0, from rules, domains and known tables only; no private row is read.

Source: ours.
"""

from __future__ import annotations

from synthspec.draw.learn import NoOracle, domain_of, workload_of
from synthspec.draw.rows import Drawn, draw
from synthspec.generators import Model, Rules
from synthspec.plan.plan import Plan
from synthspec.plan.zeros import Zeros, all_zeros
from synthspec.privacy.cost import FREE
from synthspec.privacy.entropy import SampleRng


def mock(plan: Plan, rows: int, rng: SampleRng) -> Drawn:
    """Return `rows` rows of the plan's table, every enforced rule holding.

    Columns whose domain the run would buy are drawn from what is public of it.

    Raises:
        SamplingError: G450, when a rule cannot be met.
    """
    return draw(plan, plan.columns, stated(plan, rng), rows, rng.split("mock"))


def stated(plan: Plan, rng: SampleRng, zeros: Zeros | None = None) -> dict[str, Model]:
    """Return a model per group made of what the plan states alone."""
    models: dict[str, Model] = {}
    zeros = all_zeros(plan, plan.columns) if zeros is None else zeros
    for group in plan.groups:
        oracle = NoOracle(domain_of(group, plan.columns))
        workload = workload_of(plan, group, plan.columns, zeros)
        models[group.name] = Rules().fit(oracle, workload, FREE, rng.split("fit", group.name))
    return models
