"""Portions: a condition in parts, each with the share of every cell of codes in which it is true.

Parts that read different values of one code are no longer independent once they hold together: the
share of both is not the product of the shares. So parts that cut into the codes of the same column are
taken as one, together with the rules that cut into them as well: what is wanted is the share among the
lawful values of a cell. Where a table of all that would be too large, a part only says which cells it
excludes, and the rest of it is for whoever checks the rows.

Source: ours; the chain rule over a cell and the values inside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Ordered
from synthspec.generators.weighted import Factor
from synthspec.plan.cells import Cells, cells_of
from synthspec.plan.clauses import Clause, bases, clauses
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.relations import computing
from synthspec.rules import Check
from synthspec.terms.expr import Expr, IsNull, Logic, Not
from synthspec.terms.walk import has_window

MOST_JOINED = 8
"""Clauses of rules that are tried together with a part of a condition."""


@dataclass(frozen=True, eq=False)
class Portion:
    """One part of a condition.

    factor: the share of each cell's lawful values for which it is true. told: the part, None when the
    factor only says which cells are excluded. rough: factors that say that much, for when a model cannot
    take the first.
    """

    factor: Factor
    told: Expr | None
    rough: tuple[Factor, ...] = ()


@dataclass(eq=False)
class _Cluster:
    """Parts and rules that cut into the codes of the same columns."""

    parts: list[tuple[Clause, Cells]]
    rules: list[Clause]
    columns: set[str]


@dataclass(frozen=True, eq=False)
class Portions:
    """Takes conditions apart for a plan; `coded` are its columns with codes, `home` the group of each.

    fixed: columns whose values are known; what is asked of them inside a code is left to the rows.
    """

    plan: Plan
    planned: Mapping[str, PlannedColumn]
    coded: Mapping[str, AnyColumn]
    home: Mapping[str, int]
    fixed: frozenset[str] = frozenset()
    _judged: dict[Clause, Cells | None] = field(default_factory=dict)

    def of(self, where: Expr) -> tuple[list[Portion], bool]:
        """Return the parts of a condition that codes can say something of, and whether that is all."""
        found: list[Portion] = []
        open_: list[tuple[Clause, Cells]] = []
        whole = True
        for clause in _by_columns(clauses("where", where, self.planned)):
            # The parts together have the value of the whole, so it is true when each of them is.
            cells = self._cells(clause)
            if cells is None:
                whole = False
            elif cells.some.any():
                open_.append((clause, cells))
            else:
                found.append(Portion(_excluding(cells), clause.expression))
        for cluster in self._clusters(open_):
            rough = tuple(_excluding(cells) for _, cells in cluster.parts)
            rest = bool(cluster.columns & self.fixed) or self._looks_ahead(cluster)
            factor = None if rest else self._joint(cluster)
            if factor is None:
                found += [Portion(each, None) for each in rough]
                whole = False
            else:
                parts = [clause.expression for clause, _ in cluster.parts]
                found.append(Portion(factor, all_of(parts), rough))
        return found, whole

    def _cells(self, clause: Clause) -> Cells | None:
        """Return the verdict on each cell; None where codes tell nothing, or there are too many."""
        if clause not in self._judged:
            usable = bool(clause.columns) and not has_window(clause.expression)
            usable &= all(name in self.coded and name in self.home for name in clause.columns)
            columns = [self.coded[name] for name in clause.columns] if usable else []
            self._judged[clause] = cells_of(clause.expression, columns) if usable else None
        return self._judged[clause]

    def _cut(self, clause: Clause) -> set[str]:
        """Return the columns of a clause whose codes stand for several values."""
        columns = {name: self.coded.get(name) for name in clause.columns}
        return {n for n, c in columns.items() if isinstance(c, Ordered) and c.cuts is not None}

    def _clusters(self, parts: Sequence[tuple[Clause, Cells]]) -> list[_Cluster]:
        found = [_Cluster([part], [], self._cut(part[0])) for part in parts]
        rules = list(self._rules()) if parts else []
        grown = True
        while grown:
            found, grown = _merged(found), False
            for cluster in found:
                more = [r for r in rules if r not in cluster.rules and self._touches(r, cluster)]
                for rule in more:
                    cluster.rules.append(rule)
                    cluster.columns |= self._cut(rule)
                grown |= bool(more)
        return found

    def _rules(self) -> list[Clause]:
        """Return the clauses of rules that are met inside codes."""
        sure = {each.rule for each in self.plan.met if each.by == "transform"}
        rules = [r for r in self.plan.rules if r.enforce == "always" and r.name not in sure]
        rules = [r for r in rules if not (isinstance(r, Check) and r.repair)]
        return [
            clause
            for rule in rules
            if (expression := rule.row_expression()) is not None
            for clause in clauses(rule.name, expression, self.planned)
            if self._cut(clause) and not has_window(clause.expression)
        ]

    def _touches(self, rule: Clause, cluster: _Cluster) -> bool:
        """Return whether a rule cuts into codes that a cluster cuts into as well."""
        shared = self._cut(rule) & cluster.columns
        if not shared:
            return False
        cells = self._cells(rule)
        if cells is None:
            return True
        some = cells.some
        for clause, mine in cluster.parts:
            for name in shared & set(clause.columns):
                if len(cluster.parts) > 1 or cluster.rules:
                    continue
                rest = tuple(i for i, each in enumerate(mine.columns) if each != name)
                here = np.flatnonzero(mine.some.any(axis=rest))
                some = np.take(some, here, axis=cells.columns.index(name))
        return bool(some.any())

    def _looks_ahead(self, cluster: _Cluster) -> bool:
        """Return whether a group is given a computed column that the cluster's values decide too late.

        Values are drawn anew before what follows from them is given to a group; a part that reads columns
        of that group or of later ones cannot be met by then.
        """
        last = max(self.home.get(name, -1) for part, _ in cluster.parts for name in part.columns)
        for at, group in enumerate(self.plan.groups):
            if at > last:
                break
            for name in group.given:
                sources = set(bases(name, self.planned))
                if name not in self.home and sources & cluster.columns and not self._by_codes(name):
                    return True
        return False

    def _by_codes(self, name: str) -> bool:
        """Return whether the codes of its sources decide the code of a computed column."""
        sources = bases(name, self.planned)
        if name not in self.coded or any(source not in self.coded for source in sources):
            return False
        found = computing(name, self.planned, self.coded, sources)
        if found is None:
            return False
        possible = ~found.impossible
        return bool((possible.sum(axis=found.columns.index(name)) <= 1).all())

    def _joint(self, cluster: _Cluster) -> Factor | None:
        """Return the share of lawful values of each cell for which all parts of a cluster are true."""
        if len(cluster.rules) > MOST_JOINED or any(self._cells(rule) is None for rule in cluster.rules):
            return None
        wheres, rules = ([c.expression for c, _ in cluster.parts], [c.expression for c in cluster.rules])
        every = (*(clause for clause, _ in cluster.parts), *cluster.rules)
        names = dict.fromkeys(name for clause in every for name in clause.columns)
        columns = [self.coded[name] for name in names]
        both = cells_of(all_of([*wheres, *rules]), columns)
        if both is None or both.lawful is None:
            return None
        share = both.lawful
        if rules:
            base = cells_of(all_of(rules), columns)
            if base is None or base.lawful is None:
                return None
            share = np.divide(share, base.lawful, out=np.zeros_like(share), where=base.lawful > 0)
            share = _filled(share, base.lawful > 0)
        return _less(both.columns, share)


def all_of(parts: Sequence[Expr]) -> Expr:
    """Return the conjunction of conditions."""
    distinct = tuple(dict.fromkeys(parts))
    return distinct[0] if len(distinct) == 1 else Logic(op="and", args=distinct)


def must(condition: Expr) -> Expr:
    """Return a condition that is false wherever `condition` is not true."""
    return Logic(op="and", args=(condition, Not(arg=IsNull(arg=condition))))


def _by_columns(parts: Sequence[Clause]) -> list[Clause]:
    """Return the parts, each true or false, those over the same columns as one."""
    found: dict[frozenset[str], list[Clause]] = {}
    for part in parts:
        found.setdefault(frozenset(part.columns), []).append(part)
    return [
        replace(alike[0], expression=all_of([must(part.expression) for part in alike]))
        for alike in found.values()
    ]


def _excluding(cells: Cells) -> Factor:
    return cells.columns, np.where(cells.never, 0.0, 1.0)


def _merged(clusters: Sequence[_Cluster]) -> list[_Cluster]:
    """Return the clusters, those that share a column as one."""
    found: list[_Cluster] = []
    for cluster in clusters:
        for other in [each for each in found if each.columns & cluster.columns]:
            found.remove(other)
            rules = list(dict.fromkeys([*other.rules, *cluster.rules]))
            cluster = _Cluster([*other.parts, *cluster.parts], rules, other.columns | cluster.columns)
        found.append(cluster)
    return found


def _filled(share: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the shares, cells without lawful values with the share of others along a line where all agree.

    Such cells have no rows; filled in, a share that does not depend on an axis is seen not to.
    """
    for axis in range(share.ndim):
        low = np.where(known, share, np.inf).min(axis=axis, keepdims=True)
        high = np.where(known, share, -np.inf).max(axis=axis, keepdims=True)
        if bool((high - low <= 1e-12).all()):
            share = np.where(known, share, np.where(np.isfinite(low), low, 0.0))
            known = known | np.broadcast_to(np.isfinite(low), known.shape)
    return share


def _less(columns: tuple[str, ...], share: NDArray[np.float64]) -> Factor:
    """Return a factor without the axes that it does not depend on; at least one is left."""
    left = list(columns)
    for name in columns:
        axis = left.index(name)
        if len(left) > 1 and bool((np.ptp(share, axis=axis) <= 1e-12).all()):
            share = np.take(share, 0, axis=axis)
            left.remove(name)
    return tuple(left), np.ascontiguousarray(share)
