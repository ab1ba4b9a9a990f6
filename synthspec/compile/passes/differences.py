"""differences: two columns that rules keep in order become one of them and the distance to the other.

`discharge_at >= admit_at` is met by modelling the hidden difference `discharge_at - admit_at`, on a
public grid between the bounds that domains and rules give, in the place of `discharge_at`, which is
then computed from `admit_at` when rows are drawn. Every source row gives one difference from its own
two values: a function of a row, so that no sensitivity changes.

Two columns of few values in one group stay as they are: impossible cells of their joint table are
then exact, and neither column loses its own one-way table.

Source: ours; LANGUAGE 2.7 of the design ("model the difference; never reject").
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from synthspec.columns import Ordered
from synthspec.compile.equations import solution
from synthspec.compile.linear import Bounded, Term, bounds_in
from synthspec.compile.passes.gap import Pair, gap_column, later_value, pair_of
from synthspec.compile.passes.outward import closed, outward
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.view import domain_rule
from synthspec.rules import AnyRule, Check
from synthspec.terms.expr import Column
from synthspec.terms.walk import columns_of

FEW_CELLS = 1024
"""Pairs of at most so many cells, every value with a code of its own, are left to impossible cells."""


def differences(plan: Plan) -> Plan:
    """Return the plan with a hidden difference in the place of each column that rules tie to another."""
    pairs = _bounded_pairs(plan.rules)
    gaps = frozenset(c.name for c in plan.columns if c.column is not None and c.column.missing)
    between = {name for name in (column.name for column in plan.columns) if name not in gaps}
    direct = [bounds for bounds in pairs if not _indirect(bounds, pairs, between)]
    indirect = [bounds for bounds in pairs if bounds not in direct]
    homes = {name: _home(plan, name) for bounds in direct for name in _names(bounds)}
    whole = dict(zip(pairs, closed(pairs, gaps), strict=True))
    for bounds, anchor in (*outward(direct, homes), *((bounds, None) for bounds in indirect)):
        plan = _with_gap(plan, whole[bounds], anchor)
    return plan


def transformed(plan: Plan, rule: AnyRule) -> str | None:
    """Return how `rule` follows from what is computed in `plan`: an equation, hidden differences; or None.

    None also when it only follows in part: a bound in calendar days on two times of day.
    """
    if not isinstance(rule, Check) or rule.enforce != "always":
        return None
    for column in plan.columns:
        if column.value is not None and solution(rule, column.name) == column.value:
            return f"`{column.name}` is computed from the equation"
    bounds = bounds_in(rule.expression)
    if not bounds:
        return None
    used: dict[str, None] = {}
    for bound in bounds:
        gaps = _implied(plan, bound)
        if gaps is None:
            return None
        used.update(dict.fromkeys(gaps))
    many = "the differences" if len(used) > 1 else "the difference"
    return f"{many} {' and '.join(f'`{name}`' for name in used)} {'are' if len(used) > 1 else 'is'} modelled"


def _bounded_pairs(rules: tuple[AnyRule, ...]) -> list[tuple[Bounded, ...]]:
    """Return the bounds of enforced rules by pair of columns, in the order of the rules."""
    found: dict[frozenset[str], list[Bounded]] = {}
    for rule in rules:
        if not isinstance(rule, Check) or rule.enforce != "always" or rule.repair:
            continue
        for bound in bounds_in(rule.expression) or ():
            found.setdefault(frozenset((bound.plus.column, bound.minus.column)), []).append(bound)
    return [tuple(bounds) for bounds in found.values()]


def _names(bounds: tuple[Bounded, ...]) -> tuple[str, str]:
    return bounds[0].plus.column, bounds[0].minus.column


def _indirect(bounds: tuple[Bounded, ...], pairs: list[tuple[Bounded, ...]], between: set[str]) -> bool:
    """Return whether a third column lies between the two: `a <= c` beside `a <= b` and `b <= c`."""
    below = {order for each in pairs for order in _orders(each)}
    one, other = _names(bounds)
    ends = ((one, other), (other, one))
    return any((a, b) in below and (b, c) in below for a, c in ends for b in between)


def _orders(bounds: tuple[Bounded, ...]) -> set[tuple[str, str]]:
    """Return (earlier, later) where the bounds say that one is never after the other."""
    both = [*bounds, *(bound.turned() for bound in bounds)]
    return {(b.minus.column, b.plus.column) for b in both if b.lo is not None and b.lo >= 0}


def _with_gap(plan: Plan, bounds: tuple[Bounded, ...], anchor: str | None) -> Plan:
    """Return the plan with one of two columns computed from the other (`anchor`), where that can be.

    Without an anchor, and where it cannot be one: the later from the earlier if that can be, else the
    earlier from the later.
    """
    columns = {column.name: column for column in plan.columns}
    names = _names(bounds)
    if any(columns[name].role == "id" for name in names):
        return plan
    if _few(plan, columns[names[0]], columns[names[1]]):
        return plan
    found = [pair_of(columns, bounds, earlier=earlier) for earlier in (False, True)]
    pairs = [pair for pair in found if pair is not None and _may_change(plan, pair.made, pair.anchor)]
    pairs.sort(key=lambda pair: anchor is not None and pair.anchor.name != anchor)
    return _changed(plan, pairs[0]) if pairs else plan


def _few(plan: Plan, one: PlannedColumn, other: PlannedColumn) -> bool:
    """Return whether both columns are coded value by value in one small joint table."""
    homes = {_home(plan, one.name), _home(plan, other.name)}
    if len(homes) > 1 or one.role != "modelled" or other.role != "modelled":
        return False
    cells = 1
    for planned in (one, other):
        column = planned.column
        if not isinstance(column, Ordered) or column.cuts is not None or planned.tightening is not None:
            return False
        cells *= column.size
    return cells <= FEW_CELLS


def _may_change(plan: Plan, made: PlannedColumn, anchor: PlannedColumn) -> bool:
    """Return whether `made` can be computed from `anchor`, and nothing needs it to be modelled itself."""
    column = made.column
    if made.role != "modelled" or made.hidden or made.tightening is not None or made.discovery is not None:
        return False
    if not isinstance(column, Ordered) or (column.bins is None and column.cuts is not None):
        return False
    own = anchor.column
    if not isinstance(own, Ordered) or own.missing or made.name in _bases(plan, anchor.name):
        return False
    if made.per != anchor.per:
        return False  # each level is counted for itself, and a unit's value follows from no row of it
    mine, its = _home(plan, made.name), _home(plan, anchor.name)
    if mine is None or its is None or its > mine:
        return False
    weighed = [set(clique) for clique, _ in plan.workload if made.name in clique]
    if weighed and its != mine:
        return False
    return made.name not in _named(plan)


def _named(plan: Plan) -> set[str]:
    """Return the columns that declared edges and published tables name: they stay what they are."""
    nodes = {
        node for edge in (*plan.network.require, *plan.network.forbid) for node in (*edge.parents, edge.child)
    }
    nodes |= {node for table in plan.known_tables for node in (*table.parents, table.child)}
    nodes |= {group.sequence.by for group in plan.groups if group.sequence is not None}
    return {node.removesuffix(".missing") for node in nodes} | {name for name, _ in plan.known}


def _home(plan: Plan, name: str) -> int | None:
    """Return the position of the last group that `name` waits for; None when it comes from none."""
    bases = _bases(plan, name)
    places = [at for at, group in enumerate(plan.groups) if bases & set(group.columns)]
    return max(places, default=None)


def _bases(plan: Plan, name: str) -> set[str]:
    """Return the columns that are not computed and that `name` comes from, itself if it is one."""
    column = plan.column(name)
    if column.value is None:
        return {name}
    return set().union(*(_bases(plan, part) for part in columns_of(column.value) if part != name), set())


def _changed(plan: Plan, pair: Pair) -> Plan:
    made, gap = pair.made, gap_column(pair)
    computed = made.model_copy(update={"role": "computed", "value": later_value(pair)})
    columns: list[PlannedColumn] = []
    for column in plan.columns:
        columns += [computed, gap] if column.name == made.name else [column]
    groups = tuple(
        group.model_copy(
            update={"columns": tuple(gap.name if name == made.name else name for name in group.columns)}
        )
        for group in plan.groups
    )
    workload = tuple(
        (
            tuple(
                dict.fromkeys(
                    part
                    for name in clique
                    for part in ((pair.anchor.name, gap.name) if name == made.name else (name,))
                )
            ),
            weight,
        )
        for clique, weight in plan.workload
    )
    rule = _end_rule(pair)
    rules = plan.rules if rule is None else (rule, *plan.rules)
    return plan.model_copy(
        update={"columns": tuple(columns), "groups": groups, "workload": workload, "rules": rules}
    )


def _end_rule(pair: Pair) -> Check | None:
    """Return the rule that the computed column lies in its domain, unless it always does."""
    column = pair.made.column
    assert isinstance(column, Ordered)
    if pair.reaches_only_inside():
        return None
    value = Column(name=pair.made.name, type=pair.made.type)
    text = f"{pair.made.name} in {column.domain_text()}"
    return Check(name=domain_rule(pair.made.name), text=text, expression=column.inside(value))


def _implied(plan: Plan, bound: Bounded) -> tuple[str, ...] | None:
    """Return the hidden differences from which `bound` follows, or None where it does not."""
    plus, more = _expanded(plan, bound.plus)
    minus, less = _expanded(plan, bound.minus)
    if plus != minus:
        return None
    times: dict[str, int] = {}
    for signed, sign in ((more, 1), (less, -1)):
        for name, own in signed:
            times[name] = times.get(name, 0) + sign * own
    low = high = Fraction(0)
    for name, count in times.items():
        column = plan.column(name).column
        assert isinstance(column, Ordered)
        ends = sorted(Fraction(count * end, column.unit) for end in (column.lo, column.hi))
        low, high = low + ends[0], high + ends[1]
    if bound.lo is not None and (low <= bound.lo if bound.lo_open else low < bound.lo):
        return None
    if bound.hi is not None and (high >= bound.hi if bound.hi_open else high > bound.hi):
        return None
    return tuple(name for name, count in times.items() if count)


def _expanded(plan: Plan, term: Term) -> tuple[Term, list[tuple[str, int]]]:
    """Return what `term` is counted from, and the hidden differences on the way, added or taken away."""
    found: list[tuple[str, int]] = []
    while (step := _step(plan, term)) is not None:
        term, gap, sign = step
        found.append((gap, sign))
    return term, found


def _step(plan: Plan, term: Term) -> tuple[Term, str, int] | None:
    """Return the term that a computed column is counted from, in the same view, and the difference."""
    column = plan.column(term.column)
    parts = () if column.value is None else columns_of(column.value)
    gap = next((name for name in parts if plan.column(name).hidden), None)
    if gap is None or len(parts) != 2:
        return None
    anchor = next(name for name in parts if name != gap)
    own = {"date": "day", "datetime": "second"}.get(column.type.name, "number")
    if term.seen != own:
        return None
    return replace(term, column=anchor), gap, 1 if gap == f"{column.name} - {anchor}" else -1
