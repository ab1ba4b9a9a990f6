"""Narrow: the lawful parts of cells, found for many cells at once and for few columns at a time.

Each clause is judged on the boxes of all cells together. In one cell most clauses hold for every value:
those that do not fall into sets that share no column, and each set is searched by itself (draw/inside).
What is found is kept, by the clauses and the codes of the columns that they read.

Source: ours; interval verdicts: terms/interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Ordered
from synthspec.draw.inside import Cell, cell_of
from synthspec.plan.cells import boxes_of
from synthspec.plan.clauses import clauses, substituted
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.boxes import Abstract, Bools, Numbers, chosen
from synthspec.terms.expr import Column, Compare, Expr, Logic
from synthspec.terms.interval import possible, verdict
from synthspec.terms.literal import literal
from synthspec.terms.types import INT
from synthspec.terms.walk import columns_of

MOST_SEARCHES = 256
"""Sets of clauses in a cell that are searched anew for one batch, those of most rows first."""

Codes = NDArray[np.int64]
Key = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Asked:
    """One thing that must hold in a cell: a clause, or the code of a computed column (`guard`)."""

    expression: Expr
    columns: tuple[str, ...]
    guard: str | None = None

    def condition(self, codes: Mapping[str, int]) -> Expr:
        """Return it as a condition on one cell."""
        if self.guard is None:
            return self.expression
        return Compare(op="=", left=self.expression, right=literal(codes[self.guard], INT))


class Lawful:
    """The lawful parts of the cells of columns that rules tie together."""

    def __init__(
        self,
        columns: Mapping[str, PlannedColumn],
        conditions: Mapping[str, Expr],
        guards: Sequence[str],
        free: Sequence[str],
    ) -> None:
        """Take all `columns`, what must hold, the computed columns whose code must not change, and `free`.

        free: the columns with codes of several values.
        """
        self._asked = _asked(columns, conditions, guards)
        reads = dict.fromkeys(name for each in self._asked for name in each.columns)  # in one order, always
        self._columns: dict[str, AnyColumn] = {
            name: column for name in reads if (column := columns[name].column) is not None
        }
        self._usable = len(self._columns) == len(reads)
        self._boxes = {name: boxes_of(column) for name, column in self._columns.items()}
        self._free = frozenset(free)
        self._guards = tuple(guards)
        self._found: dict[Key, Cell | None] = {}

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns whose codes make up a cell."""
        return (*self._columns, *self._guards)

    def cells(
        self, codes: Mapping[str, Codes], rows: NDArray[np.int64]
    ) -> tuple[list[tuple[Cell, ...] | None], Bools]:
        """Return, per cell, independent parts that hold its lawful values, and which were not looked into.

        None where nothing is lawful, or where that is not known.

        Args:
            codes: of `reads`, shape (cells,) each.
            rows: how many rows wait for each cell, shape (cells,).
        """
        found: list[tuple[Cell, ...] | None] = [None] * len(rows)
        later = np.zeros(len(rows), dtype=np.bool_)
        if not self._usable:
            return found, later
        alive, open_ = self._judged(codes, len(rows))
        searches = 0
        for place in np.argsort(-rows, kind="stable").tolist():
            if not alive[place]:
                continue
            cell = {name: int(column[place]) for name, column in codes.items()}
            parts: list[Cell] = []
            for group, free in self._sets(np.flatnonzero(open_[:, place]).tolist(), cell):
                key = self._key(group, cell)
                if key not in self._found:
                    if searches >= MOST_SEARCHES:
                        later[place] = True
                        break
                    searches += 1
                    self._found[key] = self._search(group, free, cell)
                part = self._found[key]
                if part is None:
                    break
                parts.append(part)
            else:
                found[place] = tuple(parts)
        return found, later

    def _judged(self, codes: Mapping[str, Codes], cells: int) -> tuple[Bools, Bools]:
        """Return the cells that may hold lawful values, and where each thing asked is not sure."""
        row: dict[str, Abstract] = {name: chosen(box, codes[name]) for name, box in self._boxes.items()}
        alive = np.ones(cells, dtype=np.bool_)
        open_ = np.zeros((len(self._asked), cells), dtype=np.bool_)
        for at, each in enumerate(self._asked):
            if each.guard is None:
                truths = verdict(each.expression, row, cells)
                never, sure = ~truths.true & ~truths.null, ~truths.false
            else:
                code, wanted = possible(each.expression, row, cells), codes[each.guard]
                assert isinstance(code, Numbers)
                inside = code.some & (code.lo <= wanted) & (wanted <= code.hi)
                never, sure = ~inside & ~code.null, inside & (code.lo == code.hi) & ~code.null
            alive &= ~never
            open_[at] = ~sure
        return alive, open_

    def _sets(
        self, asked: Sequence[int], cell: Mapping[str, int]
    ) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
        """Return what is open in a cell, in sets that share no free column, with the free columns of each."""
        sets: list[tuple[set[int], set[str]]] = []
        for at in asked:
            mine = {
                name
                for name in self._asked[at].columns
                if name in self._free and cell[name] < getattr(self._columns[name], "codes", 0)
            }
            if not mine:
                continue
            touching = [each for each in sets if each[1] & mine]
            sets = [each for each in sets if not each[1] & mine]
            sets.append(
                ({at}.union(*(each[0] for each in touching)), mine.union(*(each[1] for each in touching)))
            )
        return [(tuple(sorted(group)), tuple(sorted(names))) for group, names in sets]

    def _key(self, group: tuple[int, ...], cell: Mapping[str, int]) -> Key:
        names = dict.fromkeys(name for at in group for name in self._asked[at].columns)
        guards = [guard for at in group if (guard := self._asked[at].guard) is not None]
        return group, tuple(cell[name] for name in (*names, *guards))

    def _search(self, group: tuple[int, ...], free: tuple[str, ...], cell: Mapping[str, int]) -> Cell | None:
        parts = tuple(self._asked[at].condition(cell) for at in group)
        whole = parts[0] if len(parts) == 1 else Logic(op="and", args=parts)
        names = columns_of(whole)
        return cell_of(whole, {name: self._columns[name] for name in names}, cell, free)


def _asked(
    columns: Mapping[str, PlannedColumn], conditions: Mapping[str, Expr], guards: Sequence[str]
) -> tuple[Asked, ...]:
    found: dict[Expr, Asked] = {}
    for name, condition in conditions.items():
        for clause in clauses(name, condition, columns):
            found.setdefault(clause.expression, Asked(clause.expression, clause.columns))
    kept = list(found.values())
    for guard in guards:
        column = columns[guard].column
        if isinstance(column, Ordered) or column is not None:
            code = substituted(column.encode(Column(name=guard, type=columns[guard].type)), columns)
            kept.append(Asked(code, columns_of(code), guard))
    return tuple(kept)
