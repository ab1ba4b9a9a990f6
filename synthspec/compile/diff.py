"""Diff: two plans by consequence: what is free, what must be bought again, what became weaker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from synthspec.compile.outlook import How, outlook
from synthspec.plan.ops import CountTail, Fit, Score, Weigh
from synthspec.plan.plan import Gate, Plan, PlannedColumn
from synthspec.plan.scenario import Scenario
from synthspec.terms.frozen import Frozen

Effect = Literal[
    "free: resample", "free: re-infer", "free: condition", "costs: re-measure", "costs: everything", "free"
]


class Change(Frozen):
    """One difference: where, from what to what, its effect, the groups to measure again, a flag to grep.

    `prices` are the epsilons of measuring the groups again, each alone, where the new plan says them.
    `why` says what decides the effect of a change that costs nothing.
    """

    path: str
    before: str
    after: str
    effect: Effect
    groups: tuple[str, ...] = ()
    flag: Literal["", "WEAKER PRIVACY", "WEAKER GATE"] = ""
    prices: tuple[float, ...] = ()
    why: str = ""

    @property
    def is_free(self) -> bool:
        """Whether the change can be made from what was bought already."""
        return self.effect.startswith("free")


def diff(old: Plan, new: Plan, known: Mapping[str, How] | None = None) -> tuple[Change, ...]:
    """Return every difference that has a consequence, from the top of a spec to its end.

    Args:
        old: a plan.
        new: another.
        known: what becomes of the models of the release whose plan `old` is (see `outlook`).
    """
    parts: tuple[Callable[[Plan, Plan], Iterator[Change]], ...] = (
        _source,
        _privacy,
        _columns,
        lambda one, two: _rules(one, two, known),
        _groups,
        _sample,
        _report,
        _gates,
    )
    alone = {each.step: each.epsilon_alone for each in new.predictions}
    return tuple(
        change.model_copy(update={"prices": tuple(alone[name] for name in change.groups if name in alone)})
        for part in parts
        for change in part(old, new)
    )


def diff_text(changes: tuple[Change, ...]) -> str:
    """Return the differences as text, one line each, and a summary."""
    if not changes:
        return "no changes\n"
    cells = [(change.path, f"{change.before} → {change.after}", *_consequence(change)) for change in changes]
    widths = [max(len(row[at]) for row in cells) for at in range(3)]
    lines = [
        "  " + "  ".join([*(c.ljust(w) for c, w in zip(row[:3], widths, strict=True)), row[3]]).rstrip()
        for row in cells
    ]
    free = sum(change.is_free for change in changes)
    count = f"{len(changes)} change{'' if len(changes) == 1 else 's'}"
    return "\n".join([*lines, f"{count}: {free} free, {len(changes) - free} cost budget", ""])


def _consequence(change: Change) -> tuple[str, str]:
    kind, _, rest = change.effect.partition(": ")
    what = {
        "resample": "resample",
        "re-infer": "re-infer from the noisy tables already paid for",
        "condition": "condition the learned model",
        "re-measure": "re-measure " + ", ".join(f"`{name}`" for name in change.groups) + _price(change),
        "everything": "everything must be bought again",
        "": "",
    }[rest]
    said = f"{what} ({change.why})" if change.why else what
    return kind, "  ".join(part for part in (said, change.flag) if part)


def _price(change: Change) -> str:
    if not change.prices or len(change.prices) != len(change.groups):
        return ""
    return f" (ε {', '.join(f'{price:.2f}' for price in change.prices)} alone)"


def _source(old: Plan, new: Plan) -> Iterator[Change]:
    if old.source != new.source:
        yield Change(path="source", before=_path(old), after=_path(new), effect="costs: everything")


def _path(plan: Plan) -> str:
    if plan.source is None:
        return "none"
    return plan.source.path if plan.source.units is None else f"{plan.source.path}, {plan.source.units.path}"


def _privacy(old: Plan, new: Plan) -> Iterator[Change]:
    a, b = old.protection, new.protection
    if a is not None and b is not None:
        for key in ("unit", "max_rows", "neighbours"):
            before, after = getattr(a, key), getattr(b, key)
            if before != after:
                weaker = key == "unit" or (key == "max_rows" and after < before)
                flag: Literal["", "WEAKER PRIVACY"] = "WEAKER PRIVACY" if weaker else ""
                yield Change(
                    path=f"privacy.{key}",
                    before=str(before),
                    after=str(after),
                    effect="costs: everything",
                    flag=flag,
                )
        if _contribution(old) != _contribution(new):
            yield Change(
                path="privacy.contribution",
                before=_contribution(old),
                after=_contribution(new),
                effect="costs: everything",
            )
    for key in ("epsilon", "delta"):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield Change(
                path=f"privacy.{key}",
                before=f"{before:g}",
                after=f"{after:g}",
                effect="costs: everything",
                flag="WEAKER PRIVACY" if after > before else "",
            )
    if old.unit_null != new.unit_null:
        yield Change(
            path="privacy.unit_null",
            before=old.unit_null,
            after=new.unit_null,
            effect="costs: everything",
            flag="WEAKER PRIVACY" if new.unit_null == "own" else "",
        )
    before_, after_ = dict(old.split), dict(new.split)
    for name in dict.fromkeys((*before_, *after_)):
        if before_.get(name) != after_.get(name) and name in before_ and name in after_:
            yield Change(
                path=f"privacy.split.{name}",
                before=f"{before_[name]:g}",
                after=f"{after_[name]:g}",
                effect="costs: re-measure",
                groups=(name,),
            )


def _contribution(plan: Plan) -> str:
    return "weights" if any(isinstance(op, Weigh) for op in plan.ops) else "rows"


def _columns(old: Plan, new: Plan) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    for name in dict.fromkeys((*before, *after)):
        a, b = before.get(name), after.get(name)
        if a is None or b is None:
            learnt = _users(new if a is None else old, name)
            yield Change(
                path=f"columns.{name}",
                before="" if a is None else _domain(a),
                after="" if b is None else _domain(b),
                effect="costs: re-measure" if learnt else "free: resample",
                groups=learnt,
            )
        elif _coding(a) != _coding(b):
            groups = tuple(dict.fromkeys((*_users(old, name), *_users(new, name))))
            yield Change(
                path=f"columns.{name}.in",
                before=_domain(a),
                after=_domain(b),
                effect="costs: re-measure" if groups else "free: resample",
                groups=groups,
            )
        elif a.per != b.per:
            groups = tuple(dict.fromkeys((*_users(old, name), *_users(new, name))))
            effect: Effect = "costs: re-measure" if groups else "free: resample"
            yield Change(path=f"columns.{name}.per", before=a.per, after=b.per, effect=effect, groups=groups)
        elif a.value != b.value:
            groups = _users(new, name)
            yield Change(
                path=f"columns.{name}.derive",
                before="one expression",
                after="another",
                effect="costs: re-measure" if groups else "free: resample",
                groups=groups,
            )


def _coding(column: PlannedColumn) -> object:
    field = column.field
    return (
        column.role,
        column.column,
        field,
        column.outside,
        column.other,
        column.discovery,
        column.tightening,
    )


def _domain(column: PlannedColumn) -> str:
    if column.discovery is not None:
        return f"discover {column.discovery.limit}"
    if column.column is None:
        return column.type.name
    clip = f" clip {column.tightening.quantile:g}" if column.tightening is not None else ""
    return f"{column.column.kind} {column.column.domain_text()}{clip}"


def _users(plan: Plan, column: str) -> tuple[str, ...]:
    """Return the groups that buy measurements of the column."""
    paying = {op.group for op in plan.ops if isinstance(op, Fit) and op.view is not None}
    return tuple(g.name for g in plan.groups if column in (*g.columns, *g.given) and g.name in paying)


def _rules(old: Plan, new: Plan, known: Mapping[str, How] | None) -> Iterator[Change]:
    """Rules hold in the released rows for free; one that filters source rows was part of the measuring."""
    before: Mapping[str, object] = {rule.name: rule for rule in old.rules}
    after: Mapping[str, object] = {rule.name: rule for rule in new.rules}
    text = {**{rule.name: rule.text for rule in old.rules}}
    later = {rule.name: rule.text for rule in new.rules}
    changed = [n for n in dict.fromkeys((*before, *after)) if before.get(n) != after.get(n)]
    seen = outlook(old, new, known) if changed and _same_shape(old, new) else None
    for name in changed:
        effect, why = seen.of((name,)) if seen is not None else ("free: re-infer", "")
        yield Change(
            path=f"rules.{name}",
            before=text.get(name, ""),
            after=later.get(name, ""),
            effect=effect,
            why=why,
        )


def _same_shape(old: Plan, new: Plan) -> bool:
    """Return whether both plans model the same columns in the same groups: else models are bought anew."""

    def shape(plan: Plan) -> set[object]:
        return {(g.name, g.columns, g.given, g.unit, g.sequence) for g in plan.groups}

    return shape(old) == shape(new)


def _groups(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = {group.name: group for group in old.groups}, {group.name: group for group in new.groups}
    for name in dict.fromkeys((*before, *after)):
        a, b = before.get(name), after.get(name)
        if a == b:
            continue
        if b is None:
            yield Change(
                path=f"generate.{name}", before=", ".join(a.columns) if a else "", after="", effect="free"
            )
            continue
        yield Change(
            path=f"generate.{name}",
            before="" if a is None else _group(a),
            after=_group(b),
            effect="costs: re-measure",
            groups=(name,),
        )


def _group(group: object) -> str:
    from synthspec.plan.plan import Group

    if not isinstance(group, Group):
        return ""
    given = f" given {', '.join(group.given)}" if group.given else ""
    order = f", in the order of {group.sequence.by}" if group.sequence is not None else ""
    once = ", once per unit" if group.unit else ""
    return f"{group.generator.kind} of {', '.join(group.columns)}{given}{order}{once}"


def _sample(old: Plan, new: Plan) -> Iterator[Change]:
    for key, path in (
        ("rows", "sample.rows"),
        ("units", "sample.units"),
        ("seed", "sample.seed"),
        ("format", "output.format"),
        ("folder", "output.folder"),
    ):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            texts = ["" if each is None else str(each) for each in (before, after)]
            yield Change(path=path, before=texts[0], after=texts[1], effect="free: resample")
    before_, after_ = {s.name: s for s in old.scenarios}, {s.name: s for s in new.scenarios}
    for name in dict.fromkeys((*before_, *after_)):
        if before_.get(name) != after_.get(name):
            one, two = ("" if s is None else _scenario(s) for s in (before_.get(name), after_.get(name)))
            yield Change(path=f"sample.scenarios.{name}", before=one, after=two, effect="free: resample")
    if old.known != new.known:
        yield Change(
            path="network.known",
            before="one table",
            after="another",
            effect="free: re-infer",
            why="the shares of a column are public",
        )
    learnt = old.source is not None or new.source is not None
    for attribute, path in (("known_tables", "network.known"), ("network", "network")):
        if getattr(old, attribute) != getattr(new, attribute):  # it decides what is measured
            effect: Effect = "costs: re-measure" if learnt else "free: resample"
            yield Change(path=path, before="one", after="another", effect=effect)


def _scenario(scenario: Scenario) -> str:
    where = f" where {scenario.where_text}" if scenario.where_text else ""
    return f"{scenario.rows} rows{where}"


def _report(old: Plan, new: Plan) -> Iterator[Change]:
    """Units held out were never learned from; scores and tails are bought with a release, or never."""
    if old.holdout != new.holdout:
        before, after = (f"{plan.holdout or 0:g}" for plan in (old, new))
        yield Change(path="sample.holdout", before=before, after=after, effect="costs: everything")
    had, asks = _figures(old), _figures(new)
    if asks - had:
        yield Change(
            path="report",
            before=", ".join(sorted(had)) or "none",
            after=", ".join(sorted(asks)),
            effect="costs: everything",
            why="paid figures are bought with a release",
        )


def _figures(plan: Plan) -> frozenset[str]:
    """Return the scores and tails that a plan buys, in words."""
    scores = (
        f"scores of {op.label}" + ("" if op.group is None else f" by {op.group}")
        for op in plan.ops
        if isinstance(op, Score)
    )
    tails = (f"tail of {op.column} at {op.quantile:g}" for op in plan.ops if isinstance(op, CountTail))
    return frozenset((*scores, *tails))


def _gates(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = {gate.name: gate for gate in old.gates}, {gate.name: gate for gate in new.gates}
    for name in dict.fromkeys((*before, *after)):
        a, b = before.get(name), after.get(name)
        if a != b:
            yield Change(
                path=f"gates.{name}",
                before=a.text if a else "",
                after=b.text if b else "",
                effect="free",
                flag="WEAKER GATE" if _weaker(a, b) else "",
            )


def _weaker(a: Gate | None, b: Gate | None) -> bool:
    """Return whether some figure passes the new gate and not the old one, as far as the ends tell."""
    if a is None or b is None:
        return b is None
    if (a.metric, a.argument) != (b.metric, b.argument) or a.op != b.op:
        return True
    match a.op:
        case "<" | "<=":
            return b.bounds[0] > a.bounds[0]
        case ">" | ">=":
            return b.bounds[0] < a.bounds[0]
        case "between":
            return b.bounds[0] < a.bounds[0] or b.bounds[1] > a.bounds[1]
        case _:
            return a.bounds != b.bounds
