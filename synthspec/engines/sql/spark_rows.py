"""Rows of a view on Spark: every round of queries is one job, however many tables it asks for.

Each row says one number per table, that of its cell among the cells of all tables of the round, and the
numbers are counted in one aggregation. Tables that overlap are counted together (`engines.blocks`), and
summed apart here. A score is a sum of looked-up points, computed where the row is.

Source: ours; PRIVACY 5, DECISIONS 14 and 27.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.engines.blocks import CELLS, cover
from synthspec.engines.matrix import WEIGHT, Chunk, count, narrowest
from synthspec.engines.sql.rows import SqlRows
from synthspec.engines.sql.statement import TIMES
from synthspec.terms.query import Axis, Scored

MOST = 1 << 60
"""Cells of a round at most: their numbers are 64-bit integers."""


@dataclass(frozen=True)
class _Table:
    """One table of a round: the SQL of a row's cell, how many cells there are, and what it calls `points`."""

    cell: str
    cells: int
    points: Mapping[str, str] = field(default_factory=dict)


class SparkRows(SqlRows):
    """See `engines.base.Rows`."""

    def count(self, cliques: Sequence[tuple[Axis, ...]]) -> list[NDArray[np.int64]]:
        """See `Rows.count`; one job."""
        names = sorted({axis.attribute for clique in cliques for axis in clique})
        number = {name: at for at, name in enumerate(names)}
        sizes = [self._sizes[name] for name in names]
        wanted = [tuple(number[name] for name in _attributes(clique)) for clique in cliques]
        blocks = cover(wanted, sizes, CELLS)
        if sum(prod(sizes[at] for at in block) for block in blocks) > MOST:
            return super().count(cliques)
        found = self._counted([self._block([names[at] for at in block]) for block in blocks])
        answers: list[NDArray[np.int64]] = []
        chunks = [
            _chunk([(names[at], sizes[at]) for at in block], cells, times)
            for block, (cells, times) in zip(blocks, found, strict=True)
        ]
        for clique, asked in zip(cliques, wanted, strict=True):
            at = next(at for at, block in enumerate(blocks) if set(asked) <= set(block))
            answers += count([chunks[at]], [clique])
        return answers

    def scored(self, questions: Sequence[Scored]) -> list[NDArray[np.int64]]:
        """See `Rows.scored`; one job."""
        found = self._counted([self._score(f"points{at}", each) for at, each in enumerate(questions)])
        answers = []
        for question, (cells, times) in zip(questions, found, strict=True):
            table = np.zeros(question.cells, dtype=np.int64)
            table[cells] = times
            answers.append(table)
        return answers

    def affected(self, flags: Sequence[str]) -> NDArray[np.int64]:
        """See `Rows.affected`; one job."""
        statement, bound = self._statement(), self._view.bound
        kinds = [True] if bound.unit is None else [True, False] if bound.unit_null == "own" else [False]
        lines = pl.concat(
            list(self._fetch(" UNION ALL ".join(self._statement().flagged(alone) for alone in kinds)))
        )
        labels = (*statement.flags, bound.kept, bound.over)
        known = {label: int(lines[f"s{i}"].sum()) for i, label in enumerate(labels)}
        return np.array([known[label] for label in flags], dtype=np.int64)

    def _block(self, names: Sequence[str]) -> _Table:
        """Return the table of a row's codes in some attributes, in C order."""
        cell = "CAST(0 AS BIGINT)"
        for name in names:
            cell = f"({cell} * {self._sizes[name]} + {self._places[name]})"
        return _Table(cell, prod(self._sizes[name] for name in names))

    def _score(self, name: str, question: Scored) -> _Table:
        """Return the table of (bin of a score x levels), in C order; the score has a name."""
        parts = zip(question.attributes, question.tables, strict=True)
        points = " + ".join(["0L", *(self._looked_up(attribute, table) for attribute, table in parts)])
        cell = " + ".join(["0L", *(f"IF({name} >= {int(cut)}L, 1, 0)" for cut in question.cuts)])
        for axis in question.axes:
            place = f"CAST({self._places[axis.attribute]} AS BIGINT)"
            level = place if axis.levels is None else self._looked_up(axis.attribute, axis.levels)
            cell = f"({cell}) * {axis.size} + {level}"
        return _Table(f"({cell})", question.cells, {name: points})

    def _looked_up(self, name: str, table: NDArray[np.int64]) -> str:
        """Return what a public table has for a row's code."""
        constants = ", ".join(f"{int(value)}L" for value in table)
        return f"element_at(array({constants}), CAST({self._places[name]} AS INT) + 1)"

    def _counted(self, tables: Sequence[_Table]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return, per table, its cells that have rows, ascending, and how many; one job."""
        if not tables:
            return []
        starts = np.concatenate([[0], np.cumsum([table.cells for table in tables], dtype=np.int64)])
        numbers = (f"{start}L + {table.cell}" for start, table in zip(starts.tolist(), tables, strict=False))
        weighed = self._view.bound.weight is not None
        source = self._source()
        named = [f"{sql} AS {name}" for table in tables for name, sql in table.points.items()]
        if named:
            source = f"(SELECT *, {', '.join(named)} FROM {source}) AS scored"
        beside = f", {TIMES}" if weighed else ""
        inner = f"SELECT explode(array({', '.join(numbers)})) AS cell{beside} FROM {source}"
        sums = f"sum({TIMES})" if weighed else "count(*)"
        statement = f"SELECT cell, CAST({sums} AS BIGINT) AS n FROM ({inner}) AS q GROUP BY cell"
        frame = pl.concat(list(self._fetch(statement))).sort("cell")
        cells, times = (frame[name].cast(pl.Int64).to_numpy() for name in ("cell", "n"))
        ends = np.searchsorted(cells, starts)
        return [
            (cells[low:high] - start, times[low:high])
            for start, low, high in zip(starts.tolist(), ends[:-1], ends[1:], strict=False)
        ]


def _attributes(clique: tuple[Axis, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(axis.attribute for axis in clique))


def _chunk(
    axes: Sequence[tuple[str, int]], cells: NDArray[np.int64], times: NDArray[np.int64]
) -> tuple[int, Chunk]:
    """Return cells as codes, each of which counts so many times."""
    codes = np.unravel_index(cells, [size for _, size in axes]) if axes else ()
    chunk: dict[str, NDArray[np.unsignedinteger]] = {
        name: values.astype(narrowest(size)) for (name, size), values in zip(axes, codes, strict=True)
    }
    chunk[WEIGHT] = times.astype(np.uint64)
    return len(cells), chunk
