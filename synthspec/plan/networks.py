"""Networks: how a plan divides the budgets of neural groups, and what it expects of their fine-tuning."""

from __future__ import annotations

from synthspec.generators.neural.network import Network, Split
from synthspec.plan.ops import Fit
from synthspec.plan.plan import Group, Plan
from synthspec.privacy.cost import Cost
from synthspec.terms.domain import Domain


def split_of(plan: Plan, group: Group, cost: Cost) -> Split | None:
    """Return how a network's budget is divided; None for other generators, and without public numbers."""
    if not isinstance(group.generator, Network) or plan.learned_units is None:
        return None
    names = (*group.given, *group.columns)
    domain = Domain(attributes=names, sizes=tuple(_size(plan, name) for name in names))
    return group.generator.split(cost, domain, frozenset(group.given), plan.learned_units)


def network_lines(plan: Plan) -> list[str]:
    """Return the lines about neural groups, for people."""
    lines: list[str] = []
    for group in plan.groups:
        op = next((op for op in plan.ops if isinstance(op, Fit) and op.group == group.name), None)
        if isinstance(group.generator, Network) and op is not None and op.view is not None:
            lines += _lines(plan, group, group.generator, op.cost)
    return ["Networks", *lines] if lines else []


def _lines(plan: Plan, group: Group, generator: Network, cost: Cost) -> list[str]:
    head = f"  {group.name}: {generator.kind}, started from a marginal model's rows and raked to it"
    split = split_of(plan, group, cost)
    if split is None:
        share = f"{100 * generator.fine_tune_share:.0f} %"
        if generator.fine_tune == "always":
            return [head, f"    {share} of its budget for fine-tuning, the rest for the marginal model"]
        if generator.fine_tune == "never":
            return [head, "    all of its budget for the marginal model"]
        return [
            head,
            f"    {share} of its budget for fine-tuning if the noisy number of rows lets that help;",
            "    say a public round number to decide it now: `source: {rows: 40000}`",
        ]
    if not split.tuning.mu2:
        if generator.fine_tune == "never":
            return [head, "    fine-tuning is turned off: all of its budget for the marginal model"]
        why = split.expectation.text()
        if split.expectation.helps or generator.fine_tune == "always":
            why = "there is nothing to fine-tune in such a group"
        return [head, f"    {why}:", "    its share goes to the marginal model too"]
    part = 100 * split.tuning.mu2 / cost.mu2
    why = split.expectation.text()
    if not split.expectation.helps:
        why += ", and is asked for"
    steps = f"{generator.steps} noisy steps of about {generator.batch_size} units"
    return [
        head,
        f"    {why}",
        f"    {100 - part:.0f} % of its budget for the marginal model, {part:.0f} % for {steps}",
    ]


def _size(plan: Plan, name: str) -> int:
    column = plan.column(name)
    if column.discovery is not None:
        return column.discovery.limit + 1
    return column.column.size if column.column is not None else 1
