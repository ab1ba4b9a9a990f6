"""models: every model fitted again from the measurements, and compared with the released one.

Source: ours; DECISIONS 24 (nothing in a release but post-processing of what was bought).
"""

from __future__ import annotations

import numpy as np

from synthspec.generators.base import Model
from synthspec.generators.models import load_model
from synthspec.generators.tree_model import TreeModel
from synthspec.plan.ops import Fit
from synthspec.plan.plan import Group
from synthspec.release.release import Release
from synthspec.verify.replay import Again, Unheard, Unlike, fitted_again
from synthspec.verify.standalone import Check

TOLERANCE = 1e-6
"""Total variation between a marginal of the released model and of the one fitted again: floating point."""


def check_models(release: Release) -> tuple[Check, ...]:
    """Return one check per group."""
    groups = {group.name: group for group in release.plan.groups}
    saved = {each.group: each for each in release.models}
    if set(saved) != {op.group for op in release.plan.ops if isinstance(op, Fit)}:
        return (Check("model", "failed", "the release has models of other groups than its plan"),)
    found = []
    for op in release.plan.ops:
        if isinstance(op, Fit):
            each = saved[op.group]
            found.append(_checked(release, op, groups[op.group], load_model(each.facts, each.arrays)))
    return tuple(found)


def _checked(release: Release, op: Fit, group: Group, model: Model) -> Check:
    name = f"model {group.name}"
    if release.plan.source_public and group.generator.extra() is not None:
        return Check(name, "not done", "it was trained on public rows that are not in the release")
    extra = group.generator.extra()
    if extra is not None:
        return Check(name, "not done", f"`{extra}` networks are taken as released: training is not repeated")
    try:
        again = fitted_again(release, op, group)
    except Unlike as why:
        return Check(name, "failed", str(why))
    except Unheard as why:
        return Check(name, "not done", f"it cannot be fitted again: {why}")
    return _compared(name, release, group, model, again)


def _compared(name: str, release: Release, group: Group, model: Model, again: Again) -> Check:
    if not _same_frame(model, again.model):
        return Check(name, "failed", "fitted again, it has another structure than the released one")
    cliques = [each.attributes for each in release.measurements if each.group == group.name]
    cliques += [(attribute,) for attribute in model.domain.attributes]
    far = max((_distance(model, again.model, clique) for clique in dict.fromkeys(cliques)), default=0.0)
    if isinstance(model, TreeModel) and isinstance(again.model, TreeModel):
        tables = zip(model.beliefs.tables, again.model.beliefs.tables, strict=True)
        far = max([far, *(float(np.abs(a - b).sum()) / 2 for a, b in tables)])
    figures: dict[str, float | int | str] = {"distance": far, "tolerance": TOLERANCE}
    if far > TOLERANCE:
        said = f"fitted again from its measurements it lies {far:.2g} away (total variation)"
        return Check(name, "failed", said, figures)
    said = f"fitted again from its measurements: {far:.1g} away (total variation, at most {TOLERANCE:g})"
    if again.others:
        figures["other_candidates"] = again.others
        said += f"; {again.others} selections were among candidates with other digests than here"
    return Check(name, "passed", said, figures)


def _same_frame(one: Model, two: Model) -> bool:
    if one.domain != two.domain or type(one) is not type(two):
        return False
    facts, other = dict(one.facts()), dict(two.facts())
    total, again = facts.pop("total", None), other.pop("total", None)
    close = total == again or (
        isinstance(total, float) and isinstance(again, float) and abs(total - again) <= 1e-9 * abs(total)
    )
    return (
        close
        and facts == other
        and {k: v.shape for k, v in one.arrays().items()} == {k: v.shape for k, v in two.arrays().items()}
    )


def _distance(one: Model, two: Model, clique: tuple[str, ...]) -> float:
    return float(np.abs(one.marginal(clique) - two.marginal(clique)).sum()) / 2
