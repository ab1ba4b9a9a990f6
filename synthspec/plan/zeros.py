"""Zeros: which impossible cells each group's model is told of, and which rules are met that way.

The groups are looked at from the last drawn to the first. A rule belongs to the last group that draws
one of its columns:

* when all its columns lie in the group or among those it is given, its impossible cells are *masks* of
  the group's model: no mass, no noise spent on them;
* when they are too many to learn under, and few enough to draw under, the model is conditioned on them
  once it is learned: a *cross* with nothing outside;
* when some were drawn by earlier groups and are not given, they are *crosses*: rows are drawn from the
  group's model conditioned, row by row, on what the columns outside allow. Computed columns among the
  given ones still carry what they can of it into the masks.

What no code of the group's own columns can complete is then impossible for the earlier groups, and is
handed to them. Which masks a group takes depends on public sizes alone (`held`), so the compiler and
the learner decide alike. With domains still to be bought, columns are judged as declared.

Source: ours; adaptive consistency of Dechter & Pearl 1987 on the order of the groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Id
from synthspec.plan.cells import cells_of, cells_through
from synthspec.plan.clauses import Clause, bases, clauses, substituted
from synthspec.plan.conjoined import conjoined
from synthspec.plan.held import declared, drawn, held
from synthspec.plan.plan import Group, Plan, PlannedColumn, before
from synthspec.plan.relations import Never, computing, eliminated, together
from synthspec.terms.domain import Clique
from synthspec.terms.expr import Column, Expr
from synthspec.terms.walk import has_window

Mask = NDArray[np.bool_]

Keyed = tuple[tuple[int, ...], Never]
"""Impossible cells, and the places of the clauses that they come from (none for what others imply)."""

MOST_CLASSES = 256
"""Different sets of codes that the columns outside a group may leave to it, per cross and together."""


@dataclass(frozen=True, eq=False)
class Cross:
    """A rule between columns drawn earlier and not given (`outer`) and those of the group's model.

    classes: for each combination of outer codes, which of `masks` applies, shape = outer sizes.
    masks: impossible cells over `inner`, shape (classes, *inner sizes).
    """

    outer: tuple[str, ...]
    inner: tuple[str, ...]
    classes: NDArray[np.int64]
    masks: Mask
    rules: tuple[str, ...] = ()

    def factor(self, kind: int) -> NDArray[np.float64]:
        """Return 1 for each cell over `inner` that a class allows, 0 for the others."""
        return np.where(self.masks[kind], 0.0, 1.0)


@dataclass(frozen=True)
class Part:
    """What becomes of one clause of a rule.

    how: `idle`, the domains alone make it true; `inside`, no cell is impossible; `mask` and `cross`, the
    model of group `where` is told of the impossible cells, once or row by row; `lost`, no model is told.
    open: some cells are lawful for a part of their values only.
    """

    clause: Clause
    how: Literal["idle", "inside", "mask", "cross", "lost"]
    where: str | None = None
    open: bool = False


@dataclass(frozen=True, eq=False)
class Zeros:
    """The decision for a plan: per group masks and crosses, and what becomes of each clause."""

    masks: Mapping[str, tuple[tuple[Clique, Mask], ...]]
    crosses: Mapping[str, tuple[Cross, ...]]
    parts: tuple[Part, ...]

    @property
    def idle(self) -> frozenset[str]:
        """The rules that the domains alone make true: no row can break them."""
        busy = {part.clause.rule for part in self.parts if part.how != "idle"}
        return frozenset(part.clause.rule for part in self.parts) - busy


def zeros_of(plan: Plan, group: Group, columns: Sequence[PlannedColumn]) -> tuple[tuple[Clique, Mask], ...]:
    """Return the impossible cells that the model of `group` must give no mass (`Workload.zeros`)."""
    return all_zeros(plan, columns).masks.get(group.name, ())


def all_zeros(plan: Plan, columns: Sequence[PlannedColumn]) -> Zeros:
    """Return the decision for every group of `plan`, with `columns` as resolved so far."""
    return _Decision(plan, columns).made()


@dataclass(eq=False)
class _Decision:
    plan: Plan
    columns: Sequence[PlannedColumn]
    masks: dict[str, list[tuple[Clique, Mask]]] = field(default_factory=dict)
    crosses: dict[str, list[Cross]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.planned = {column.name: column for column in self.columns}
        self.coded = {name: coded for name, c in self.planned.items() if (coded := _coded(c)) is not None}
        self.home = {name: at for at, group in enumerate(self.plan.groups) for name in group.columns}
        for name in self.coded:
            sources = bases(name, self.planned)
            if name not in self.home and all(source in self.home for source in sources):
                self.home[name] = max(self.home[source] for source in sources)

    def made(self) -> Zeros:
        for group in self.plan.groups:
            self._onward(group)
        parts, waiting = self._clauses()
        met: dict[int, tuple[str, Literal["mask", "cross"]]] = {}
        for at in range(len(self.plan.groups) - 1, -1, -1):
            group = self.plan.groups[at]
            mine = _joined([(keys, table) for keys, table in waiting if self._last(table) == at])
            waiting = [(keys, table) for keys, table in waiting if self._last(table) != at]
            taken: list[Never] = []
            for keys, table in sorted(mine, key=lambda each: each[1].cells):
                how = self._take(group, table)
                if how is not None:
                    taken.append(table)
                    met.update(dict.fromkeys(keys, (group.name, how)))
            waiting += [((), table) for table in self._before(group, taken)]
        found = tuple(
            part if at not in met else Part(part.clause, met[at][1], met[at][0], part.open)
            for at, part in enumerate(parts)
        )
        return Zeros(
            {name: tuple(masks) for name, masks in self.masks.items()},
            {name: tuple(crosses) for name, crosses in self.crosses.items()},
            found,
        )

    def _clauses(self) -> tuple[list[Part], list[Keyed]]:
        """Return the clauses of all enforced row rules, and the impossible cells of those that have any."""
        parts: list[Part] = []
        tables: list[Keyed] = []
        halves: list[Clause] = []
        for rule in self.plan.rules:
            expression = rule.row_expression()
            if expression is None or rule.enforce != "always":
                continue
            for clause in self._split(rule.name, expression):
                at = len(parts)
                usable = not has_window(clause.expression) and all(
                    name in self.coded and name in self.home for name in clause.columns
                )
                exact, beside = self._given_through(clause) if usable else (None, None)
                if exact is not None:
                    tables.append(((at,), exact))
                    parts.append(Part(clause, "lost"))
                    continue
                tables += [((), beside)] if beside is not None else []
                cells = (
                    cells_of(clause.expression, [self.coded[name] for name in clause.columns])
                    if usable
                    else None
                )
                if cells is None:
                    parts.append(Part(clause, "lost", open=True))
                    continue
                ruled_out, open_ = bool(cells.never.any()), bool(cells.some.any())
                if ruled_out and not cells.never.all():
                    tables.append(((at,), Never(cells.columns, cells.never, (rule.name,))))
                parts.append(Part(clause, "lost" if ruled_out else "inside" if open_ else "idle", open=open_))
                halves += [clause] if open_ else []
        return parts, [*tables, *(((), table) for table in conjoined(halves, self.coded))]

    def _split(self, rule: str, expression: Expr) -> list[Clause]:
        """Return the clauses of a rule over what is not computed, or over computed columns as given.

        A clause that the last of its groups knows as a whole, computed columns among its given ones, is
        told to it in those: exactly, and over fewer columns than through what they are computed from.
        """
        known = {name for group in self.plan.groups for name in group.given if name in self.coded}
        fixed = {name for name in known if self._is_computed(name) and name in self.home}
        plain = {name: column for name, column in self.planned.items() if name not in fixed}
        found: list[Clause] = []
        for clause in clauses(rule, expression, plain):
            homes = [self.home.get(name, -1) for name in clause.columns]
            group = self.plan.groups[max(homes)] if homes and fixed & set(clause.columns) else None
            if group is not None and not set(clause.columns) & set(group.columns):
                group = None
            if group is not None and set(clause.columns) <= {*group.given, *group.columns}:
                found.append(clause)
            else:
                found += clauses(rule, clause.expression, self.planned)
        return list(dict.fromkeys(found))

    def _given_through(self, clause: Clause) -> tuple[Never | None, Never | None]:
        """Return what computed given columns tell of a clause about columns that its group is not given.

        The first table when they tell all of it, the second when they tell a part.
        """
        group = self.plan.groups[max(self.home[name] for name in clause.columns)]
        known = (*group.given, *group.columns)
        outer = {name for name in clause.columns if name not in known}
        ties = {name: bases(name, self.planned) for name in group.given if name in self.coded}
        ties = {name: tied for name, tied in ties.items() if name not in tied and outer & set(tied)}
        read = tuple(dict.fromkeys((*clause.columns, *(each for tied in ties.values() for each in tied))))
        if not outer or not ties or any(name not in self.coded for name in read):
            return None, None
        codes = {name: (self.coded[name].size, self._code(name)) for name in ties}
        keep = [name for name in clause.columns if name in known]
        cells = cells_through(clause.expression, [self.coded[name] for name in read], codes, keep)
        if cells is None or not cells.never.any() or cells.never.all():
            return None, None
        table = Never(cells.columns, cells.never, (clause.rule,))
        return (None, table) if cells.some.any() else (table, None)

    def _onward(self, group: Group) -> None:
        """No row comes before the row before it: rows of a unit are in order (`Group.sequence`)."""
        by = None if group.sequence is None else group.sequence.by
        if by is None or by not in group.columns or by not in self.coded:
            return
        size = self.coded[by].size
        mask = np.zeros((size + 1, size), dtype=np.bool_)  # the last code: there is no row before
        mask[:size] = np.tri(size, k=-1, dtype=np.bool_)
        if self._held(group, [((before(by), by), mask)]):
            self.masks.setdefault(group.name, []).append(((before(by), by), mask))

    def _is_computed(self, name: str) -> bool:
        return self.planned[name].role == "computed"

    def _code(self, name: str) -> Expr:
        column = self.coded[name]
        return substituted(column.encode(Column(name=name, type=column.type)), self.planned)

    def _held(self, group: Group, masks: Sequence[tuple[Clique, Mask]]) -> bool:
        return held(group, masks, self.coded, declared(self.plan, group))

    def _last(self, table: Never) -> int:
        return max(self.home[name] for name in table.columns)

    def _take(self, group: Group, table: Never) -> Literal["mask", "cross"] | None:
        """Give a table to the model of `group` as a mask or a cross; return which, None when it cannot."""
        known = (*group.given, *group.columns)
        outer = tuple(name for name in table.columns if name not in known)
        if not outer:
            if self._mask(group, table):
                return "mask"
            return "cross" if self._apart(group, table) else None
        return "cross" if self._cross(group, table, outer) else None

    def _mask(self, group: Group, table: Never) -> bool:
        taken = self.masks.setdefault(group.name, [])
        same = next((at for at, (clique, _) in enumerate(taken) if set(clique) == set(table.columns)), None)
        if same is not None:
            clique, mask = taken[same]
            order = [table.columns.index(name) for name in clique]
            more = (clique, mask | np.transpose(table.impossible, order))
            if not self._held(group, [*taken[:same], more, *taken[same + 1 :]]):
                return False
            taken[same] = more
            return True
        more = (table.columns, table.impossible)
        if not self._held(group, [*taken, more]):
            return False
        taken.append(more)
        return True

    def _apart(self, group: Group, table: Never) -> bool:
        """Keep impossible cells, too many for learning, for when rows are drawn: a cross without outside."""
        crosses = self.crosses.setdefault(group.name, [])
        told = [clique for clique, _ in self.masks.get(group.name, [])]
        if not drawn(group, [*told, *(cross.inner for cross in crosses), table.columns], self.coded):
            return False
        whole = np.zeros((), dtype=np.int64)
        crosses.append(Cross((), table.columns, whole, table.impossible[None], table.rules))
        return True

    def _cross(self, group: Group, table: Never, outer: tuple[str, ...]) -> bool:
        inner = tuple(name for name in table.columns if name not in outer)
        order = [table.columns.index(name) for name in (*outer, *inner)]
        moved = np.transpose(table.impossible, order)
        flat = moved.reshape(prod(moved.shape[: len(outer)]), -1)
        rows, classes = np.unique(flat, axis=0, return_inverse=True)
        shape = moved.shape[len(outer) :]
        crosses = self.crosses.setdefault(group.name, [])
        outside = {*outer, *(name for cross in crosses for name in cross.outer)}
        together_ = min(
            prod((len(cross.masks) for cross in crosses), start=len(rows)),
            prod(self.coded[name].size for name in outside),
        )
        told = [*self.masks.get(group.name, []), *((cross.inner, cross.masks[0]) for cross in crosses)]
        if together_ > MOST_CLASSES or not self._held(group, [*told, (inner, rows[0].reshape(shape))]):
            return False
        self._coarse(group, table, outer)
        crosses.append(
            Cross(
                outer,
                inner,
                classes.reshape(moved.shape[: len(outer)]).astype(np.int64),
                rows.reshape(len(rows), *shape),
                table.rules,
            )
        )
        return True

    def _coarse(self, group: Group, table: Never, outer: tuple[str, ...]) -> None:
        """Mask what the computed columns among the given ones tell of a cross, and what is never so."""
        tables = [table]
        for name in group.given:
            sources = bases(name, self.planned)
            if name in self.coded and name not in table.columns and set(sources) & set(outer):
                found = computing(name, self.planned, self.coded, sources)
                tables += [found] if found is not None else []
        keep = {*group.given, *group.columns}
        out = {name for each in tables for name in each.columns} - keep
        less = eliminated(tables, out)
        if less is not None and less.impossible.any() and set(less.columns) & set(group.columns):
            self._mask(group, Never(less.columns, less.impossible, table.rules))

    def _before(self, group: Group, taken: Sequence[Never]) -> list[Never]:
        """Return what earlier groups must not draw, since nothing of this group could complete it."""
        own, found = set(group.columns), []
        left = list(taken)
        while left:
            component, left = [left[0]], left[1:]
            grown = True
            while grown:
                reach = {name for table in component for name in table.columns} & own
                more = [table for table in left if reach & set(table.columns)]
                left = [table for table in left if not reach & set(table.columns)]
                component += more
                grown = bool(more)
            names = dict.fromkeys(n for table in component for n in table.columns)  # in one order, always
            computed = dict.fromkeys(n for n in names if self._is_computed(n))
            ties = [computing(name, self.planned, self.coded, bases(name, self.planned)) for name in computed]
            known = [tie for tie in ties if tie is not None]
            less = eliminated([*component, *known], own | {*computed}) if len(known) == len(ties) else None
            if less is not None and less.impossible.any() and not less.impossible.all():
                found.append(less)
        return found


def _joined(tables: Sequence[Keyed]) -> list[Keyed]:
    """Return the tables, those over the same columns as one."""
    found: dict[frozenset[str], Keyed] = {}
    for keys, table in tables:
        before = found.get(frozenset(table.columns))
        both = None if before is None else together([before[1], table])
        if before is not None and both is not None:
            keys, table = (*before[0], *keys), both
        found[frozenset(table.columns)] = (keys, table)
    return list(found.values())


def _coded(planned: PlannedColumn) -> AnyColumn | None:
    """Return the column whose codes count; None for ids and for lists still to be bought."""
    if planned.column is None or isinstance(planned.column, Id) or planned.discovery is not None:
        return None
    return planned.column if planned.role != "id" else None
