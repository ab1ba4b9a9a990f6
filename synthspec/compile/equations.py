"""Equations: a column that an enforced rule gives from others is computed from them, and not modelled.

`total = amount + fee` is solved for the column that no group generates, after moving terms where the
arithmetic is exact (whole numbers and decimals), or for the column that stands alone on one side when
a group would generate it. The column is still read from the source, so that rows which break the
equation are dropped; that is one row at a time, so it changes no sensitivity.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from synthspec.columns import Ordered
from synthspec.compile.checked import CheckedGroup
from synthspec.compile.graph import Arrow, arrows, cycle_in
from synthspec.compile.rules import implied
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule, Check
from synthspec.spec.model import Spec
from synthspec.terms.expr import Arithmetic, Cast, Column, Compare, Expr, Literal_
from synthspec.terms.types import Type
from synthspec.terms.walk import columns_of, has_window, walk

EXACT = ("int", "decimal")


def solution(rule: AnyRule, column: str, *, alone: bool = False) -> Expr | None:
    """Return the value that `rule` gives `column`, or None when it is no equation that can be solved.

    Args:
        rule: any rule.
        column: the unknown; it must occur once.
        alone: whether it must stand alone on one side.
    """
    if not isinstance(rule, Check) or rule.enforce != "always" or rule.repair:
        return None
    equation = rule.expression
    if not isinstance(equation, Compare) or equation.op != "=" or has_window(equation):
        return None
    found = [node for node in walk(equation) if isinstance(node, Column) and node.name == column]
    if len(found) != 1:
        return None
    here, there = equation.left, equation.right
    if column not in columns_of(here):
        here, there = there, here
    return there if here == found[0] else None if alone else _moved(here, there, found[0])


def _moved(here: Expr, there: Expr, unknown: Column) -> Expr | None:
    """Return `unknown` from `here = there`, in its own type; None unless every step is exact."""
    while here != unknown:
        match here:
            case Cast() if here.type.name in EXACT and here.arg.type.name in EXACT:
                narrower = narrowed(there, here.arg.type)
                if narrower is None:
                    return None
                here, there = here.arg, narrower
            case Arithmetic(op="+" | "-") if here.type.name in EXACT:
                left = unknown.name in columns_of(here.left)
                rest = here.right if left else here.left
                if here.op == "+":
                    there = Arithmetic(op="-", left=there, right=rest, type=here.type)
                elif left:
                    there = Arithmetic(op="+", left=there, right=rest, type=here.type)
                else:
                    there = Arithmetic(op="-", left=rest, right=there, type=here.type)
                here = here.left if left else here.right
            case _:
                return None
    return there if there.type == unknown.type else None


def narrowed(expr: Expr, type_: Type) -> Expr | None:
    """Return `expr` in the narrower exact `type_`; None where that could round."""
    match expr:
        case _ if expr.type == type_:
            return expr
        case Cast() if expr.arg.type.name in EXACT and expr.arg.type.scale <= type_.scale:
            return expr.arg if expr.arg.type == type_ else Cast(arg=expr.arg, type=type_)
        case Literal_(text=str(text)):
            whole, _, digits = text.partition(".")
            if digits.rstrip("0") != digits[: type_.scale].rstrip("0"):
                return None
            cut = f"{whole}.{digits[: type_.scale]}" if type_.scale else whole
            return Literal_(text=cut, type=type_)
        case Arithmetic(op="+" | "-"):
            left, right = narrowed(expr.left, type_), narrowed(expr.right, type_)
            if left is None or right is None:
                return None
            return Arithmetic(op=expr.op, left=left, right=right, type=type_)
    return None


@dataclass(frozen=True, eq=False)
class Equations:
    """Decides which columns are solved; `gaps` are the columns that may be missing."""

    spec: Spec
    columns: Mapping[str, PlannedColumn]
    rules: Sequence[AnyRule]
    gaps: frozenset[str]

    def homeless(self, homes: Mapping[str, int]) -> dict[str, Expr]:
        """Return the values of modelled columns in no group that the rules give, each after its parts.

        Args:
            homes: the position of the group of each column that one generates.
        """
        changed = {name for rule in self.rules for name in getattr(rule, "repair", ())}
        open_ = [n for n, c in self.columns.items() if c.role == "modelled" and n not in homes]
        solved: dict[str, Expr] = {}
        while True:
            for name in open_:
                value = self._first(name, set(open_) - set(solved), solved, alone=False)
                if name not in solved and name not in changed and value is not None:
                    solved[name] = value
                    break
            else:
                return solved

    def at_home(self, homes: Mapping[str, int], solved: Mapping[str, Expr]) -> dict[str, Expr]:
        """Return the values of columns that leave their group since a rule gives them, alone on a side."""
        found = dict(solved)
        left = {at: sum(place == at for place in homes.values()) for at in set(homes.values())}
        for name in homes:
            value = None if self._wanted(name) else self._first(name, {name}, found, alone=True)
            if value is None or left[homes[name]] < 2:
                continue
            places = [homes.get(base, -1) for base in self._bases(value, found)]
            if max(places, default=-1) <= homes[name] and not self._loops({**found, name: value}):
                found[name] = value
                left[homes[name]] -= 1
        return found

    def _loops(self, solved: Mapping[str, Expr]) -> bool:
        """Return whether something that a solved column is computed from depends on it."""
        more = [
            Arrow(part, name, "equation", ()) for name, value in solved.items() for part in columns_of(value)
        ]
        return bool(cycle_in([*arrows(self.spec), *more]))

    def _first(self, name: str, unknown: set[str], solved: Mapping[str, Expr], *, alone: bool) -> Expr | None:
        """Return the value of `name` by the first rule that gives it from columns that are known."""
        for rule in self.rules:
            value = solution(rule, name, alone=alone)
            if value is None or not columns_of(value):
                continue
            if self._bases(value, solved) & (unknown | {name}):
                continue
            if self.columns[name].per == "unit" and any(
                base in self.columns and self.columns[base].per == "row"
                for base in self._bases(value, solved)
            ):
                continue  # a unit's value follows from nothing that its rows differ in
            parts_missing = any(part in self.gaps for part in columns_of(value))
            if parts_missing == (name in self.gaps):
                return value
        return None

    def _bases(self, value: Expr, solved: Mapping[str, Expr]) -> set[str]:
        """Return the columns that are not computed and that `value` comes from."""
        found: set[str] = set()
        waiting, seen = [*columns_of(value)], set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            made = solved.get(name) or (self.columns[name].value if name in self.columns else None)
            if made is None:
                found.add(name)
            else:
                waiting += columns_of(made)
        return found

    def _wanted(self, name: str) -> bool:
        """Return whether something else in the spec needs `name` to be modelled itself."""
        column = self.columns[name]
        if column.role != "modelled" or column.tightening is not None or column.discovery is not None:
            return True
        if isinstance(column.column, Ordered) and column.column.bins is None and column.column.cuts:
            return True
        network = self.spec.network
        edges = {node for edge in network.require for node in (*edge.parents, edge.child)}
        edges |= {node for edge in network.forbid for node in (*edge.parents, edge.child)}
        named = {each for item in self.spec.workload for each in item.columns}
        named |= {each for rule in self.rules for each in getattr(rule, "repair", ())}
        named |= {each for rule in self.rules for each in getattr(rule, "determined", ())}
        return name in named or bool({name, f"{name}.missing"} & {*edges, *network.known})


def apply_solutions(
    columns: Mapping[str, PlannedColumn], groups: Sequence[CheckedGroup], solved: Mapping[str, Expr]
) -> tuple[dict[str, PlannedColumn], tuple[CheckedGroup, ...]]:
    """Return columns and groups with the solved ones computed, and generated by no group."""
    made = {
        name: column.model_copy(update={"role": "computed", "value": solved[name]})
        if name in solved
        else column
        for name, column in columns.items()
    }
    left = tuple(
        replace(group, columns=tuple(name for name in group.columns if name not in solved))
        for group in groups
    )
    return made, left


def homes_of(groups: Sequence[CheckedGroup]) -> dict[str, int]:
    """Return the position of the group of each generated column."""
    return {name: at for at, group in enumerate(groups) for name in group.columns}


def solve_equations(
    spec: Spec,
    columns: Mapping[str, PlannedColumn],
    rules: Sequence[AnyRule],
    groups: Sequence[CheckedGroup],
    gaps: frozenset[str],
) -> tuple[dict[str, PlannedColumn], tuple[AnyRule, ...], tuple[CheckedGroup, ...]]:
    """Return columns, rules and groups with every solved column computed, its domain a rule."""
    equations = Equations(spec, columns, rules, gaps)
    homes = homes_of(groups)
    solved = equations.at_home(homes, equations.homeless(homes)) if groups else {}
    made, left = apply_solutions(columns, groups, solved)
    domains = [implied(made[name], spec.columns[name]) for name in solved]
    return made, (*(rule for rule in domains if rule is not None), *rules), left
