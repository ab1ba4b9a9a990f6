"""Tables: `known` with its cases as one table P(child | parents) over codes; public facts only.

The parents are the columns that the conditions read. Each condition is evaluated at points of every
cell of the parents; where a condition splits a cell, the cell gets the cases by their shares, as values
inside a code are drawn evenly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Boolean, Id, Listed, Ordered
from synthspec.compile.diagnose.cases import case_with
from synthspec.compile.expressions import GAP
from synthspec.compile.findings import Findings, listing
from synthspec.compile.known import code_probabilities
from synthspec.plan.plan import KnownTable, PlannedColumn
from synthspec.rules import AnyRule
from synthspec.spec.model import Known
from synthspec.spec.tree import Path_
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Expr, Logic, Not, Scalar
from synthspec.terms.literal import value_of
from synthspec.terms.walk import columns_of

MOST_CELLS = 600_000
"""Cells of a table."""
MOST_TRIALS = 60_000
"""Evaluations of one condition, about a second."""
MOST_POINTS = 2_000_000
MOST_INSIDE = 32
"""Points tried inside one code."""
SPLIT = "the case applies to a part of these values"


@dataclass(frozen=True, eq=False)
class Points:
    """Values of one column to try: `values[i]` lies in code `codes[i]`."""

    values: tuple[Scalar, ...]
    codes: NDArray[np.int64]
    size: int

    def weights(self) -> NDArray[np.float64]:
        """Return the matrix (points, codes) that averages over the points of each code."""
        out = np.zeros((len(self.values), self.size))
        out[np.arange(len(self.values)), self.codes] = 1.0
        even: NDArray[np.float64] = out / np.maximum(out.sum(axis=0), 1.0)
        return even


def points_of(column: AnyColumn, inside: int) -> Points:
    """Return up to `inside` values of each code, the first and the last among them; null for "missing"."""
    values: list[Scalar] = []
    codes: list[int] = []
    if isinstance(column, Listed):
        values += [value_of(text, column.type) for text in column.listed()]
        codes += list(range(len(values)))
    elif isinstance(column, Ordered):
        starts = column.starts()
        for code in range(column.codes):
            first, last = int(starts[code]), int(starts[code + 1]) - 1
            for at in sorted({first + (last - first) * i // max(inside - 1, 1) for i in range(inside)}):
                values.append(value_of(column.grid_text(column.lo + at * column.step), column.type))
                codes.append(code)
    if column.missing:
        values.append(None)
        codes.append(column.size - 1)
    return Points(tuple(values), np.array(codes, dtype=np.int64), column.size)


def values_of(column: AnyColumn) -> int:
    """Return how many values a column can take, missing aside."""
    return (
        column.points
        if isinstance(column, Ordered)
        else len(column.listed())
        if isinstance(column, Listed)
        else 0
    )


@dataclass(frozen=True, eq=False)
class Tables:
    """Makes the tables of `network.known`; what is in error is reported and left out."""

    findings: Findings
    columns: Mapping[str, PlannedColumn]
    rules: Sequence[AnyRule]

    def build(self, name: str, known: Known, cases: Sequence[Expr | None]) -> KnownTable | None:
        """Return the table of `name`.

        Args:
            name: a modelled column.
            known: without errors of its own.
            cases: the condition of each case; None for the final else.
        """
        path: Path_ = ("network", "known", name)
        parents = tuple(dict.fromkeys(each for case in cases if case for each in columns_of(case)))
        gap = name.endswith(GAP)
        child = Boolean(name=name) if gap else self._coded(name, path, "the child")
        coded = [self._coded(parent, path, "a parent") for parent in parents]
        if child is None or any(each is None for each in coded):
            return None
        above = [each for each in coded if each is not None]
        shape = tuple(column.size for column in above)
        if prod(shape) * child.size > MOST_CELLS:
            self._too_large(name, path, {**dict(zip(parents, shape)), name: child.size})
            return None
        given = np.array([code_probabilities(child, case) for case in known.cases])
        mixed = self._mixed(name, parents, above, cases, given, path)
        if mixed is None:
            return None
        table = mixed.reshape(-1, child.size)
        table = table / table.sum(axis=1, keepdims=True)
        found = KnownTable(
            child=name,
            parents=parents,
            shape=(*shape, child.size),
            rows=tuple(tuple(float(share) for share in row) for row in table),
            strength=known.strength,
        )
        coded_child = self.columns[name.removesuffix(GAP)].column if gap else child
        if coded_child is not None:
            self._forbidden(found, dict(zip((*parents, name.removesuffix(GAP)), (*above, coded_child))), path)
        return found

    def _coded(self, name: str, path: Path_, what: str) -> AnyColumn | None:
        planned = self.columns.get(name)
        if planned is None:
            return None
        if planned.discovery is not None or planned.tightening is not None:
            self.findings.report(
                "N314",
                f"the known table of `{path[-1]}` needs a domain that is public to the end",
                path,
                f"the domain of `{name}` is bought when the plan runs",
                also=((("columns", name), "declared here"),),
                helps=(f"drop `clip:` or `discover:` of `{name}`, or drop the table",),
            )
            return None
        if planned.column is None or isinstance(planned.column, Id):
            self.findings.report(
                "N315",
                f"`{name}` has no codes that a table could be written over",
                path,
                f"{what} of this table",
                also=((("columns", name), "declared here"),),
                helps=("use a column with a domain",)
                if planned.role == "id"
                else (f"add `in:` to `{name}`, like `in: 0..120`",),
            )
            return None
        return planned.column

    def _too_large(self, name: str, path: Path_, sizes: Mapping[str, int]) -> None:
        largest = sorted(sizes, key=lambda each: (-sizes[each], each))[:2]
        self.findings.report(
            "N316",
            f"the known table of `{name}` is too large: {prod(sizes.values()):,} cells",
            path,
            " x ".join(f"{each} {size}" for each, size in sizes.items()),
            notes=(f"at most {MOST_CELLS:,} cells, and {MOST_TRIALS:,} combinations of the parents",),
            helps=(f"give {listing(largest)} coarser `bins:`", "or use fewer columns in the conditions"),
        )

    def _mixed(
        self,
        name: str,
        parents: Sequence[str],
        columns: Sequence[AnyColumn],
        cases: Sequence[Expr | None],
        given: NDArray[np.float64],
        path: Path_,
    ) -> NDArray[np.float64] | None:
        """Return the distribution in each cell of the parents, shape (*sizes, codes of the child).

        `given` has one per case; None after reporting that there are too many cells.
        """
        inside = self._density(columns, cases, parents)
        if not inside:
            self._too_large(name, path, {each: column.size for each, column in zip(parents, columns)})
            return None
        points = dict(zip(parents, (points_of(column, inside) for column in columns)))
        chosen = self._chosen(points, cases)
        if all(len(p.values) - c.missing == values_of(c) for p, c in zip(points.values(), columns)):
            self._never(name, points, cases, set(np.unique(chosen).tolist()), path)
        if all(len(each.values) == each.size for each in points.values()):
            return given[chosen]  # one point a cell: none is split
        table = np.zeros((*(each.size for each in points.values()), given.shape[1]))
        most = np.zeros(table.shape[:-1])
        for at in np.unique(chosen):
            share = (chosen == at).astype(np.float64)
            for axis, each in enumerate(points.values()):
                share = np.moveaxis(np.tensordot(share, each.weights(), axes=(axis, 0)), -1, axis)
            most = np.maximum(most, share)
            table += share[..., None] * given[at]
        self._split(name, most < 1 - 1e-12, parents, columns, path)
        return table

    def _chosen(self, points: Mapping[str, Points], cases: Sequence[Expr | None]) -> NDArray[np.int32]:
        """Return which case applies at each combination of points: the first whose condition is true."""
        chosen = np.full([len(each.values) for each in points.values()], len(cases) - 1, dtype=np.int32)
        memory: dict[str, NDArray[np.bool_]] = {}
        for at in range(len(cases) - 1, -1, -1):
            case = cases[at]
            applies = True if case is None else truth(case, tuple(points.items()), memory=memory)
            chosen[np.broadcast_to(applies, chosen.shape)] = at
        return chosen

    def _never(
        self,
        name: str,
        points: Mapping[str, Points],
        cases: Sequence[Expr | None],
        used: set[int],
        path: Path_,
    ) -> None:
        """Warn of the cases, but the else, that are the first true one for no value of the parents."""
        for at, case in enumerate(cases):
            if case is None or at in used:
                continue
            applies = np.broadcast_to(
                truth(case, tuple(points.items())), [len(each.values) for each in points.values()]
            )
            where = [
                each
                for each in range(at)
                if (guard := cases[each]) is None or (truth(guard, tuple(points.items())) & applies).any()
            ]
            self.findings.report(
                "N327",
                f"a case of `known: {name}` never applies",
                (*path, "cases", str(at), "if"),
                "only true where a case above it is" if applies.any() else "true for no value of the domains",
                also=tuple(((*path, "cases", str(each), "if"), "comes first") for each in where[:3]),
                helps=("move it above the cases that are more general", "or drop it")
                if applies.any()
                else ("correct the value, or drop the case",),
                level="warning",
            )

    def _density(
        self, columns: Sequence[AnyColumn], cases: Sequence[Expr | None], names: Sequence[str]
    ) -> int:
        """Return how many points may be tried inside a code, within the limits; 0 when not even one."""
        sizes = dict(zip(names, (column.size for column in columns)))
        binned = {n for n, c in zip(names, columns) if isinstance(c, Ordered) and c.codes < c.points}
        for inside in (MOST_INSIDE, 16, 8, 4, 3, 2, 1):
            many = {name: size * (inside if name in binned else 1) for name, size in sizes.items()}
            tried = max((trials(case, many) for case in cases if case), default=1)
            if tried <= MOST_TRIALS and prod(many.values()) <= MOST_POINTS:
                return inside
        return 0

    def _split(
        self,
        name: str,
        mixed: NDArray[np.bool_],
        parents: Sequence[str],
        columns: Sequence[AnyColumn],
        path: Path_,
    ) -> None:
        if not mixed.any():
            return
        cell = tuple(int(at) for at in np.argwhere(mixed)[0])
        text = ", ".join(f"{p} {c.labels()[at]}" for p, c, at in zip(parents, columns, cell))
        self.findings.report(
            "N317",
            f"a case of `known: {name}` splits a bin",
            path,
            f"in the cell {text} the cases apply to parts of the values",
            notes=("values inside a bin are drawn evenly: such a cell mixes the cases by their shares",),
            helps=("write `bins:` with an edge where the condition changes",),
            level="warning",
        )

    def _forbidden(self, table: KnownTable, columns: Mapping[str, AnyColumn], path: Path_) -> None:
        """Report N305 where a rule excludes a cell to which the table gives mass."""
        child = table.child.removesuffix(GAP)
        names = (*table.parents, child)
        for rule in self.rules:
            expression = rule.row_expression()
            used = [name for name in names if expression is not None and name in columns_of(expression)]
            if (
                expression is None
                or rule.enforce != "always"
                or not set(columns_of(expression)) <= set(names)
            ):
                continue
            if child not in used:
                continue
            points = [(name, points_of(columns[name], 3)) for name in used]
            many = {name: len(each.values) for name, each in points}
            if trials(expression, many) > MOST_TRIALS or prod(many.values()) > MOST_POINTS:
                continue
            ok = ~truth(expression, points, wanted=False)
            for axis, (_, each) in enumerate(points):
                held = np.moveaxis(
                    np.tensordot(ok.astype(np.float64), each.weights(), axes=(axis, 0)), -1, axis
                )
                ok = held > 0
            child_last = np.moveaxis(ok, used.index(child), -1)
            if child != table.child:  # present, missing
                child_last = np.stack([child_last[..., :-1].any(axis=-1), child_last[..., -1]], axis=-1)
            possible = child_last.any(axis=-1, keepdims=True)
            dead = np.moveaxis(possible & ~child_last, -1, used.index(child))
            mass = np.array(table.rows).reshape(table.shape)
            wide = dead.reshape(
                [size if name in used else 1 for name, size in zip(names, table.shape, strict=True)]
            )
            found = np.argwhere((mass > 1e-6) & wide)
            if len(found):
                self._mass(table, rule, columns, tuple(int(at) for at in found[0]), path)

    def _mass(
        self,
        table: KnownTable,
        rule: AnyRule,
        columns: Mapping[str, AnyColumn],
        cell: tuple[int, ...],
        path: Path_,
    ) -> None:
        labels = {name: columns[name].labels()[at] for name, at in zip(table.parents, cell)}
        gap = table.child.endswith(GAP)
        last = ("false", "true")[cell[-1]] if gap else columns[table.child].labels()[cell[-1]]
        share = float(np.array(table.rows).reshape(table.shape)[cell])
        given = ", ".join(f"{name} = {labels[name]}" for name in table.parents)
        spec = self.findings.parsed.spec
        known = spec.network.known.get(table.child) if spec is not None else None
        place = path if known is None else case_with(known, last, share, path)
        where = ("rules", rule.name)
        also = ((where, "excluded here"),) if self.findings.written(*where) else ()
        self.findings.report(
            "N305",
            f"the known table of `{table.child}` gives mass to what rule `{rule.name}` excludes",
            place,
            f"{table.child} = {last} has probability {share:.3g}" + (f" where {given}" if given else ""),
            also=also,
            helps=("add a case above that gives it probability 0", "or correct the rule"),
        )


def truth(
    expr: Expr,
    points: Sequence[tuple[str, Points]],
    wanted: bool = True,
    memory: dict[str, NDArray[np.bool_]] | None = None,
) -> NDArray[np.bool_]:
    """Return where `expr` is exactly `wanted` (unknown is neither), one axis per column of `points`.

    Each comparison is evaluated over its own columns only, and has length 1 along the others; AND, OR
    and NOT are put together from those. `memory` keeps the comparisons of a table with many cases.
    """
    match expr:
        case Not():
            return truth(expr.arg, points, not wanted, memory)
        case Logic():
            parts = [truth(arg, points, wanted, memory) for arg in expr.args]
            meet = np.logical_and if (expr.op == "and") == wanted else np.logical_or
            both: NDArray[np.bool_] = parts[0]
            for part in parts[1:]:
                both = meet(both, part)
            return both
        case _:
            key = f"{wanted} {expr!r}"
            if memory is not None and key in memory:
                return memory[key]
            read = columns_of(expr)
            used = [(name, each) for name, each in points if name in read]
            rows = product(*(each.values for _, each in used))
            flags = [evaluate(expr, dict(zip((n for n, _ in used), row))) is wanted for row in rows]
            shape = [len(each.values) if name in read else 1 for name, each in points]
            found = np.array(flags, dtype=np.bool_).reshape(shape)
            if memory is not None:
                memory[key] = found
            return found


def trials(expr: Expr, many: Mapping[str, int]) -> int:
    """Return how many evaluations `truth` would make, with `many` points per column."""
    match expr:
        case Not():
            return trials(expr.arg, many)
        case Logic():
            return sum(trials(arg, many) for arg in expr.args)
        case _:
            return prod(many[name] for name in columns_of(expr))
