"""explain: what a spec or a release says of one column or one rule, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthspec.api.graph import drawing, standing
from synthspec.errors import SpecError
from synthspec.plan.explain_rules import CLASSES

if TYPE_CHECKING:
    from synthspec.api.release import Release
    from synthspec.api.spec import Spec
    from synthspec.plan.plan import Plan, PlannedColumn
    from synthspec.rules import AnyRule


@dataclass(frozen=True)
class Explained:
    """What was found: `document` for programs, `text` for people."""

    document: Mapping[str, Any]
    text: str


def explain(target: Spec | Release, name: str) -> Explained:
    """Return what the plan of a spec, or a release, says of the column or rule called `name`.

    Raises:
        SpecError: N326, when there is neither; whatever `plan` finds wrong with the spec.
    """
    plan, shown, rules = _parts(target)
    gaps = {f"{each.name}.missing": each for each in shown.values() if each.column and each.column.missing}
    if name in shown:
        document = {**_column(plan, shown[name]), **_standing(target, name)}
    elif name in rules:
        document = {**_rule(plan, rules[name]), **_held(target, name)}
    elif name in gaps and name in drawing(target).columns:
        document = {**_gap(plan, gaps[name]), **_standing(target, name)}
    else:
        known = [*shown, *rules]
        raise SpecError("N326", f"there is no column and no rule `{name}`", helps=_near(name, known))
    return Explained(document, _text(document))


def overview(target: Spec | Release) -> Explained:
    """Return every column with who draws it, and every rule with how it is met.

    Raises:
        SpecError: whatever `plan` finds wrong with the spec.
    """
    plan, shown, rules = _parts(target)
    columns = {name: _drawn(plan, column, with_given=False) for name, column in shown.items()}
    met = {name: _class(plan, name) for name in rules}
    width = max(len(name) for name in (*columns, *met))
    lines = [
        f"{title if at == 0 else '':<7}  {name:<{width}}  {said}"
        for title, part in (("columns", columns), ("rules", met))
        for at, (name, said) in enumerate(part.items())
    ]
    return Explained({"columns": columns, "rules": met}, "\n".join(lines))


def _parts(target: Spec | Release) -> tuple[Plan, dict[str, PlannedColumn], dict[str, AnyRule]]:
    """Return the plan, the columns that people know of and the rules."""
    from synthspec.api.release import Release

    plan = target.value.plan if isinstance(target, Release) else target.plan().value
    columns = target.value.columns if isinstance(target, Release) else plan.columns
    shown = {column.name: column for column in columns if not column.hidden}
    return plan, shown, {rule.name: rule for rule in plan.rules}


def _near(name: str, known: list[str]) -> tuple[str, ...]:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean `{near[0]}`?",) if near else (f"there are {', '.join(f'`{k}`' for k in known)}",)


def _column(plan: Plan, column: PlannedColumn) -> dict[str, Any]:
    """Return what is declared of a column, who draws it and which rules name it."""
    coded = column.column
    found: dict[str, Any] = {"column": column.name, "type": column.type.name}
    if coded is not None:
        found["domain"] = coded.domain_text()
        missing = "derived" if column.value is not None else "modelled"
        found["missing"] = missing if coded.missing else "never"
    for key in ("basis", "measured_in", "about"):
        if getattr(column, key):
            found[key] = getattr(column, key)
    found["drawn by"] = _drawn(plan, column)
    found["rules"] = [
        f"{rule.name}: {rule.text}  ({_class(plan, rule.name)})"
        for rule in plan.rules
        if column.name in rule.columns
    ]
    return found


def _gap(plan: Plan, column: PlannedColumn) -> dict[str, Any]:
    """Return what `x.missing` is: a node of its own, drawn with its column."""
    return {
        "column": f"{column.name}.missing",
        "type": "bool",
        "says": f"whether {column.name} has no value",
        "drawn by": _drawn(plan, column),
    }


def _drawn(plan: Plan, column: PlannedColumn, *, with_given: bool = True) -> str:
    if column.role == "id":
        return "fresh surrogates"
    if column.determined_by:
        return f"a table bought for {', '.join(column.determined_by)}"
    if column.role == "computed":
        from synthspec.terms.walk import columns_of

        read = columns_of(column.value) if column.value is not None else ()
        return "computed from " + ", ".join(read)
    group = next((each for each in plan.groups if column.name in each.columns), None)
    if group is None:
        return "no group"
    given = f", given {', '.join(group.given)}" if group.given and with_given else ""
    order = f", in the order of {group.sequence.by}, given the row before" if group.sequence else ""
    once = ", once per unit" if group.unit else ""
    return f"group {group.name} ({group.generator.kind}){given}{order}{once}"


def _class(plan: Plan, rule: str) -> str:
    return next((CLASSES[each.by] for each in plan.met if each.rule == rule), "not planned")


def _standing(target: Spec | Release, name: str) -> dict[str, Any]:
    """Return where the column stands in the graph; without pgmpy, that this needs it."""
    try:
        found = standing(target, name)
    except SpecError as refusal:
        if refusal.code != "N324":
            raise
        return {"independence": "needs the extra `pgm`"}
    told: dict[str, Any] = {
        "depends on": list(found.parents),
        "is depended on by": list(found.children),
        "markov blanket": list(found.blanket),
        "independent of": list(found.apart),
    }
    return {**told, "note": found.caveat} if found.caveat else told


def _rule(plan: Plan, rule: AnyRule) -> dict[str, Any]:
    """Return what a rule says, how it is met and what it does to source rows."""
    met = next((each for each in plan.met if each.rule == rule.name), None)
    found: dict[str, Any] = {"rule": rule.name, "kind": rule.kind, "says": rule.text}
    if rule.because:
        found["because"] = rule.because
    found["columns"] = list(rule.columns)
    if met is not None:
        found["met"] = CLASSES[met.by]
        found["how"] = met.how
        if met.acceptance is not None and met.by in ("within", "rejection"):
            found["kept without data"] = met.acceptance
    if plan.source is not None:
        drops = rule.filters_source and rule.row_expression() is not None
        kept = "none are dropped"
        found["source rows"] = "those that break it are dropped before learning" if drops else kept
    return found


def _held(target: Spec | Release, name: str) -> dict[str, Any]:
    """Return what the certificate of a release says of a rule."""
    from synthspec.api.release import Release

    if not isinstance(target, Release):
        return {}
    found = next((each for each in target.value.certificate.rules if each.name == name), None)
    if found is None:
        return {}
    held: dict[str, Any] = {"rows checked": target.value.certificate.rows, "rows that break it": found.worst}
    if found.repaired is not None:
        held["share of rows repaired"] = found.repaired
    return held


def _text(document: Mapping[str, Any]) -> str:
    """Return one line a fact; a list of rules gets lines of its own."""
    width = max(len(key) for key in document)
    lines = []
    for key, value in document.items():
        if isinstance(value, list):
            parts = [str(each) for each in value] or ["none"]
            parts = parts if key == "rules" else [", ".join(parts)]
        else:
            parts = [str(value)]
        lines += [f"{key if at == 0 else '':<{width}}  {part}" for at, part in enumerate(parts)]
    return "\n".join(lines)
