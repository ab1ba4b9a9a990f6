"""Mock: a table at epsilon 0, from rules, domains and known one-way tables only; no private row is read.

Source: ours.
"""

from __future__ import annotations

from synthspec.draw.learn import NoOracle, domain_of, workload_of
from synthspec.draw.rows import Drawn, draw
from synthspec.generators import Model, Rules
from synthspec.plan.plan import Plan
from synthspec.privacy.cost import FREE
from synthspec.privacy.entropy import SampleRng


def mock(plan: Plan, rows: int, rng: SampleRng) -> Drawn:
    """Return `rows` rows of the plan's table, every enforced rule holding.

    Columns whose domain the run would buy are drawn from what is public of it.

    Raises:
        SamplingError: G450, when a rule cannot be met.
    """
    models: dict[str, Model] = {}
    for group in plan.groups:
        oracle = NoOracle(domain_of(group, plan.columns))
        models[group.name] = Rules().fit(
            oracle, workload_of(plan, group, plan.columns), FREE, rng.split("fit", group.name)
        )
    return draw(plan, plan.columns, models, rows, rng.split("mock"))
