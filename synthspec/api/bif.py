"""bif: a released model, or what a spec states, as a Bayesian network in BIF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from synthspec.api.release import Release
    from synthspec.api.spec import Spec
    from synthspec.plan.plan import Plan
    from synthspec.terms.bayes import Node


def nodes_of_release(release: Release) -> tuple[Node, ...]:
    """Return the network of a release's models; costs nothing.

    Raises:
        SpecError: N322, when a model is no network or a table is too large.
    """
    from synthspec.draw.bayes import nodes_of
    from synthspec.generators.models import load_model

    value = release.value
    models = {saved.group: load_model(saved.facts, saved.arrays) for saved in value.models}
    return nodes_of(value.columns, value.plan.groups, models)


def nodes_of_spec(spec: Spec) -> tuple[Node, ...]:
    """Return the network that a spec states by itself: its known tables and domains; no data is read.

    Raises:
        SpecError: when `check` finds an error; N322, when a table is too large.
    """
    from synthspec.draw.bayes import nodes_of
    from synthspec.draw.mock import stated

    plan = _stated_plan(spec)
    return nodes_of(plan.columns, plan.groups, stated(plan))


def _stated_plan(spec: Spec) -> Plan:
    from synthspec.compile.plan import mock_plan

    return mock_plan(spec.checked())


@dataclass(frozen=True)
class Exported:
    """A network in BIF; `notes` say which arcs nobody declared, and where it differs from the rows drawn."""

    text: str
    notes: tuple[str, ...]


def export_bif(target: Release | Spec) -> str:
    """Return the network of a release or of a spec in BIF; labels that BIF cannot hold are mapped.

    Raises:
        SpecError: N322; N324 without the extra `pgm`.
    """
    return exported(target).text


def exported(target: Release | Spec) -> Exported:
    """Return the network in BIF with what there is to say about it.

    Raises:
        SpecError: N322; N324 without the extra `pgm`.
    """
    from synthspec.api.networks import to_bif
    from synthspec.api.release import Release

    if isinstance(target, Release):
        nodes, plan = nodes_of_release(target), target.value.plan
    else:
        nodes, plan = nodes_of_spec(target), _stated_plan(target)
    notes = (*_filled(nodes), *_apart(plan, {node.name for node in nodes}))
    return Exported(to_bif(nodes, notes), notes)


def _filled(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        for parent, how in zip(node.parents, node.how, strict=True):
            if how == "filled in":
                yield (
                    f"filled in: {parent} -> {node.name}: nobody declared or selected it; "
                    "the fitted model ties the two, and without it the network were another"
                )


def _apart(plan: Plan, names: set[str]) -> Iterator[str]:
    """Yield where the network says less than the rows that are drawn."""
    drawn = {name for group in plan.groups for name in group.columns}
    roots = [c.name for c in plan.columns if c.name in names and c.name not in drawn]
    if roots:
        yield f"approximate: {', '.join(roots)} is computed; it stands as a variable without parents"
    lagged = [name for group in plan.groups for name in group.lagged if name in names]
    if lagged:
        yield f"approximate: {', '.join(lagged)} is of the row before: a variable without parents"
    left = [c.name for c in plan.columns if c.role == "computed" and c.name not in names]
    if left:
        yield f"not in the network, computed afterwards: {', '.join(left)}"
    later = [each.rule for each in plan.met if each.by in ("within", "rejection", "repair")]
    if later:
        yield f"approximate: met when rows are drawn, not by the tables: {', '.join(later)}"
