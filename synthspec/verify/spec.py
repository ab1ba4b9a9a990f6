"""spec: whether the plan is that of the spec: first what promises rest on, by name, then all of it.

The plan is made again from spec.yaml by whoever calls (`verify` does not know the compiler), and only from a
spec that names no file: nothing that a release names is ever opened. Absolute paths and the folder are cut
when a release is written, so they are not compared.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isclose
from pathlib import PurePosixPath
from typing import Any

from synthspec.errors import SynthspecError
from synthspec.plan.plan import Plan
from synthspec.release.public import public_plan
from synthspec.release.release import Release
from synthspec.spec.model import FileDomain, Spec
from synthspec.spec.parse import parse
from synthspec.verify.standalone import Check

Planner = Callable[[str, str, tuple[tuple[str, str], ...]], Plan]
"""Returns the plan of a spec's text, the name of its file and the settings that are noted in it."""

CUT = ("spec_digest", "spec_path", "folder", "settings")
"""Of these a release keeps a public form only."""

EXPECTED = ("predictions", "forecast", "bought_for_report", "contributions")
"""What the plan expects, not promises: its last printed digit may differ on another kind of machine."""

NEAR = 1e-6


def check_spec(release: Release, planner: Planner | None) -> tuple[Check, ...]:
    """Return whether the plan says what the spec says, and whether it is the plan of that spec."""
    plan = release.plan
    parsed = parse(plan.spec_text, plan.spec_path)  # a spec without `name` has that of its file
    spec = parsed.spec
    if spec is None or (parsed.failed and "${" not in plan.spec_text):
        return (Check("spec", "failed", "spec.yaml is no spec that can be read"),)
    unlike = next(((what, own, said) for what, own, said in promised(plan, spec) if own != said), None)
    if unlike is not None:
        what, own, said = unlike
        return (Check("spec", "failed", f"{what}: {_short(own)} in the plan, {_short(said)} in spec.yaml"),)
    names = "unit, rows per unit, neighbours, epsilon, delta, columns, rules, rows, seed and gates"
    first = Check("spec", "passed", f"the plan has the spec's {names}")
    return (first, _again(plan, spec, planner))


def promised(plan: Plan, spec: Spec) -> list[tuple[str, object, object]]:
    """Return what promises rest on: its name, what the plan says, and what the spec says."""
    privacy, source, protection = spec.privacy, spec.source, plan.protection
    rows = [
        ("name", plan.name, spec.name),
        ("public source", plan.source_public, source is not None and source.public),
        ("private source", plan.source is None, source is None),
        ("columns", [c.name for c in plan.columns if not c.hidden], list(spec.columns)),
        ("gates", [each.text for each in plan.gates if each.name in spec.gates], list(spec.gates.values())),
        ("questions", [each.name for each in plan.questions], list(spec.must_answer)),
        ("scenarios", [each.name for each in plan.scenarios], list(spec.sample.scenarios)),
        ("lack of rules", sorted(set(spec.rules) - {rule.name for rule in plan.rules}), []),
        ("number of units", plan.units, spec.sample.units),
        ("columns per unit", per_unit(plan), [name for name, c in spec.columns.items() if c.per == "unit"]),
        ("number of rows", plan.rows, 10_000 if spec.sample.rows is None else spec.sample.rows),
        ("seed", plan.seed, spec.sample.seed),
        ("holdout", plan.holdout, None if source is None else spec.sample.holdout),
    ]
    if privacy is not None and source is not None and protection is not None:
        by_row = privacy.unit == "row"
        rows += [
            ("unit", protection.unit, privacy.unit),
            ("max_rows", protection.max_rows, 1 if by_row else privacy.max_rows or 1),
            ("neighbours", protection.neighbours, privacy.neighbours),
            ("unit_null", plan.unit_null, privacy.unit_null),
            ("epsilon", plan.epsilon, privacy.epsilon),
            ("delta", plan.delta, privacy.delta),
            ("ledger", plan.ledger, privacy.ledger),
        ]
    elif privacy is None and protection is not None and not plan.source_public:
        rows.append(("privacy", "stated", None))
    return rows


def per_unit(plan: Plan) -> list[str]:
    """Return the columns that a plan learns per unit because its spec says so, and not because it follows.

    Counting a column once per unit hides one row of a unit, and not all of them.
    """
    own = plan.protection.unit if plan.protection is not None else ""
    declared = (c for c in plan.columns if c.per == "unit" and not c.hidden and c.name != own)
    return [c.name for c in declared if c.value is None or c.field is not None]


def _again(plan: Plan, spec: Spec, planner: Planner | None) -> Check:
    name = "plan"
    if planner is None:
        return Check(name, "not done", "no compiler was handed in")
    if names_files(spec):
        return Check(name, "not done", "the spec names files, and nothing that a release names is opened")
    if "${" in plan.spec_text:
        return Check(name, "not done", "the spec takes values from the environment of its operator")
    try:
        made = public_plan(planner(plan.spec_text, plan.spec_path, plan.settings))
    except SynthspecError as refusal:
        return Check(name, "failed", f"spec.yaml gives no plan: {refusal.message}")
    own, again = bare(plan.model_dump(mode="json")), bare(made.model_dump(mode="json"))
    other = [key for key in own if key not in CUT and not alike(own[key], again[key])]
    said = ", ".join(f"`{key}`" for key in other)
    if other and set(other) <= set(EXPECTED):
        return Check(name, "not done", f"made again it promises the same, and expects other figures: {said}")
    if other:
        return Check(name, "failed", f"made again from spec.yaml it has other {said}")
    return Check(name, "passed", f"made again from spec.yaml: the same {len(own['ops'])} steps and prices")


def bare(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a plan's tree with the last names of its sources alone.

    A run opens absolute places, which are cut to their last names; the spec may name a folder beside it.
    """
    source = tree["source"]
    for each in (source, (source or {}).get("units")):
        if each is not None:
            each["path"] = PurePosixPath(each["path"].removeprefix("duckdb:").replace("\\", "/")).name
    return tree


def names_files(spec: Spec) -> bool:
    """Return whether a spec names any file but its source, which compiling does not open."""
    columns = spec.columns.values()
    if any(isinstance(each.domain, FileDomain) or each.lookup for each in columns):
        return True
    if any(getattr(rule, "file", None) for rule in spec.rules.values()):
        return True
    return any(each.given or each.mix for each in spec.sample.scenarios.values())


def alike(one: Any, two: Any) -> bool:
    """Return whether two trees of JSON are the same, floating point of another machine aside."""
    if isinstance(one, float) or isinstance(two, float):
        numbers = isinstance(one, int | float) and isinstance(two, int | float)
        return numbers and isclose(one, two, rel_tol=NEAR, abs_tol=1e-12)
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(alike(value, two[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(alike(a, b) for a, b in zip(one, two, strict=True))
    return bool(one == two)


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"`{text[:60]}`" if text else "none"
