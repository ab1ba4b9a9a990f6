"""Reinfer: the models of a release under the rules of another plan; no private row is near.

Source: ours; post-processing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from synthspec.draw.learn import NoOracle, domain_of, workload_of
from synthspec.generators import Model, Workload
from synthspec.generators.models import load_model
from synthspec.generators.refit import fits_again, refit
from synthspec.generators.tree_model import TreeModel
from synthspec.generators.weighted import weighted
from synthspec.plan.level import level_of_group, leveled
from synthspec.plan.ops import Fit
from synthspec.plan.plan import Group, Plan, PlannedColumn
from synthspec.plan.zeros import all_zeros
from synthspec.privacy.cost import FREE
from synthspec.privacy.entropy import SampleRng
from synthspec.release.release import Release

How = Literal["kept", "re-inferred", "stated", "conditioned", "unfitted"]
"""What became of a group's model.

kept: its rules are the same. re-inferred: fitted again to what was measured. stated: made of the spec
alone. conditioned: the old model, given the new rules: what old rules ruled out does not come back.
unfitted: the old model; the new rules are met as rows are drawn.
"""


def resolved_again(old: Release, plan: Plan) -> tuple[PlannedColumn, ...]:
    """Return the columns of `plan` with the domains and tables that the release bought in place."""
    held = {column.name: column for column in old.columns}
    found = []
    for column in plan.columns:
        bought = held.get(column.name)
        if bought is None:
            found.append(column)
            continue
        update: dict[str, object] = {
            "column": bought.column,
            "discovery": bought.discovery,
            "tightening": bought.tightening,
        }
        if column.determined_by:
            update |= {"value": bought.value, "determined_by": bought.determined_by}
        found.append(column.model_copy(update=update))
    return tuple(found)


def reinferred(
    old: Release, plan: Plan, columns: Sequence[PlannedColumn]
) -> tuple[dict[str, Model], dict[str, How]]:
    """Return the models of the groups of `plan`, and how each came about.

    Args:
        old: a release whose plan differs from `plan` in free ways only.
        plan: the new one.
        columns: from `resolved_again`.
    """
    saved = {each.group: load_model(each.facts, each.arrays) for each in old.models}
    before, after = all_zeros(old.plan, old.columns), all_zeros(plan, columns)
    groups = {group.name: group for group in old.plan.groups}
    models: dict[str, Model] = {}
    how: dict[str, How] = {}
    for group in plan.groups:
        new = workload_of(plan, group, columns, after)
        was = groups.get(group.name)
        if was is not None and group.name in saved:
            same = _alike(workload_of(old.plan, was, old.columns, before), new)
            if same:
                models[group.name], how[group.name] = saved[group.name], "kept"
                continue
        models[group.name], how[group.name] = _made(old, plan, group, columns, new, saved)
    return models, how


def foretold(old: Release, plan: Plan) -> dict[str, How]:
    """Return how `reinferred` would come by each model, without fitting any."""
    columns = resolved_again(old, plan)
    saved = {each.group: load_model(each.facts, each.arrays) for each in old.models}
    before, after = all_zeros(old.plan, old.columns), all_zeros(plan, columns)
    groups = {group.name: group for group in old.plan.groups}
    paid = {op.group for op in plan.ops if isinstance(op, Fit) and op.view is not None}
    how: dict[str, How] = {}
    for group in plan.groups:
        new, was = workload_of(plan, group, columns, after), groups.get(group.name)
        model = saved.get(group.name)
        if was is not None and model and _alike(workload_of(old.plan, was, old.columns, before), new):
            how[group.name] = "kept"
        elif group.name not in paid or model is None:
            how[group.name] = "stated"
        else:
            answers = [each for each in old.measurements if each.group == group.name]
            oracle = _bound(plan, group, columns)
            fits = fits_again(model, group.generator, oracle, new, answers)
            tree = isinstance(model, TreeModel)
            how[group.name] = "re-inferred" if fits else "conditioned" if tree else "unfitted"
    return how


def _made(
    old: Release,
    plan: Plan,
    group: Group,
    columns: Sequence[PlannedColumn],
    workload: Workload,
    saved: Mapping[str, Model],
) -> tuple[Model, How]:
    oracle = _bound(plan, group, columns)
    paid = {op.group for op in plan.ops if isinstance(op, Fit) and op.view is not None}
    if group.name not in paid:
        rng = SampleRng(plan.seed).split("fit", group.name)
        return group.generator.fit(oracle, workload, FREE, rng), "stated"
    model = saved[group.name]
    answers = [each for each in old.measurements if each.group == group.name]
    found = refit(model, group.generator, oracle, workload, answers)
    if found is not None:
        return found, "re-inferred"
    if isinstance(model, TreeModel):
        factors = [(clique, 1.0 - np.asarray(mask, dtype=np.float64)) for clique, mask in workload.zeros]
        given = weighted(model, factors)
        if given is not None and given[1] > -np.inf:
            return given[0], "conditioned"
    return model, "unfitted"


def _bound(plan: Plan, group: Group, columns: Sequence[PlannedColumn]) -> NoOracle:
    """Return who answers nothing, with the guarantee that the group's answers were bought under."""
    oracle = NoOracle(domain_of(group, columns))
    if plan.protection is not None:
        oracle.protection = leveled(plan.protection, level_of_group(plan, group.name))
    return oracle


def _alike(one: Workload, two: Workload) -> bool:
    """Return whether two workloads of a group ask the same of its model: zeros and published tables."""
    if len(one.zeros) != len(two.zeros) or len(one.known) != len(two.known):
        return False
    if len(one.conditionals) != len(two.conditionals):
        return False
    pairs = [*zip(one.zeros, two.zeros, strict=True), *zip(one.known, two.known, strict=True)]
    tables = zip(one.conditionals, two.conditionals, strict=True)
    return all(a[0] == b[0] and np.array_equal(a[1], b[1]) for a, b in pairs) and all(
        (a.child, a.parents, a.strength) == (b.child, b.parents, b.strength)
        and np.array_equal(a.table, b.table)
        for a, b in tables
    )
