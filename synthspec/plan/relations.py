"""Relations: tables of impossible codes, and what follows from them for fewer columns.

`Never` says which combinations of codes no lawful row can have. Columns are taken out of a set of
such tables by elimination: what is left is impossible for every code of those taken out.

Source: Dechter 1999 (bucket elimination); directional consistency: Dechter & Pearl 1987.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn
from synthspec.plan.cells import MOST_CELLS, MOST_VALUES, listing_of, values_of
from synthspec.plan.clauses import substituted
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.expr import Column
from synthspec.terms.tabulate import tabulate
from synthspec.terms.walk import has_window

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Never:
    """Combinations of codes of `columns` that cannot occur; `impossible` has one axis per column.

    `rules` are the rules that it comes from.
    """

    columns: tuple[str, ...]
    impossible: Bools
    rules: tuple[str, ...]

    @property
    def cells(self) -> int:
        """The number of cells."""
        return int(self.impossible.size)


def eliminated(tables: Sequence[Never], out: Iterable[str]) -> Never | None:
    """Return what `tables` together say without the columns of `out`; None when it is too large to know.

    Columns are taken out one by one, the cheapest first.
    """
    live = list(tables)
    left = {name for table in tables for name in table.columns} & set(out)
    sizes = {
        name: size
        for table in tables
        for name, size in zip(table.columns, table.impossible.shape, strict=True)
    }
    while left:
        name = min(sorted(left), key=lambda each: _scope_cells(live, each, sizes))
        touching = [table for table in live if name in table.columns]
        live = [table for table in live if name not in table.columns]
        joined = together(touching)
        if joined is None:
            return None
        at = joined.columns.index(name)
        rest = tuple(column for column in joined.columns if column != name)
        if rest:
            live.append(Never(rest, np.asarray(joined.impossible.all(axis=at)), joined.rules))
        left.discard(name)
    return together(live) if live else None


def together(tables: Sequence[Never]) -> Never | None:
    """Return one table of all that `tables` rule out; None when it has too many cells."""
    columns = tuple(dict.fromkeys(name for table in tables for name in table.columns))
    sizes = {
        name: size
        for table in tables
        for name, size in zip(table.columns, table.impossible.shape, strict=True)
    }
    if not tables or prod(sizes[name] for name in columns) > MOST_CELLS:
        return None
    whole = np.zeros([sizes[name] for name in columns], dtype=np.bool_)
    for table in tables:
        whole |= _spread(table, columns)
    rules = tuple(dict.fromkeys(rule for table in tables for rule in table.rules))
    return Never(columns, whole, rules)


def _spread(table: Never, columns: tuple[str, ...]) -> Bools:
    """Return the table with an axis for each of `columns`, a superset, in that order."""
    order = sorted(range(len(table.columns)), key=lambda at: columns.index(table.columns[at]))
    moved = np.transpose(table.impossible, order)
    sizes = {table.columns[at]: table.impossible.shape[at] for at in order}
    return moved.reshape([sizes.get(name, 1) for name in columns])


def _scope_cells(tables: Sequence[Never], name: str, sizes: Mapping[str, int]) -> int:
    scope = {each for table in tables if name in table.columns for each in table.columns}
    return prod(sizes[each] for each in scope)


def computing(
    name: str, planned: Mapping[str, PlannedColumn], coded: Mapping[str, AnyColumn], sources: tuple[str, ...]
) -> Never | None:
    """Return which codes of a computed column never go with which codes of its sources.

    The codes are those that rows get when they are drawn (draw/frame.encoded). None when there are too
    many values to try.
    """
    column, value = coded[name], planned[name].value
    if value is None or any(source not in coded for source in sources):
        return None
    sizes = [coded[source].size for source in sources]
    values = prod(values_of(coded[source]) for source in sources)
    if values > MOST_VALUES or prod(sizes) * column.size > MOST_CELLS or has_window(value):
        return None
    lists = [listing_of(coded[source]) for source in sources]
    every = np.indices([len(listing) for listing, _, _ in lists], dtype=np.int32).reshape(len(lists), -1)
    code = substituted(column.encode(Column(name=name, type=column.type)), planned)
    found, _ = tabulate(
        code,
        {source: listing for source, (listing, _, _) in zip(sources, lists, strict=True)},
        dict(zip(sources, every, strict=True)),
    )
    codes = found.astype(np.int64)
    codes = np.where((codes < 0) | (codes >= column.size), 0, codes)
    cell = np.zeros(every.shape[1], dtype=np.int64)
    for size, place, (_, own, _) in zip(sizes, every, lists, strict=True):
        cell = cell * size + own[place]
    possible = np.zeros((prod(sizes), column.size), dtype=np.bool_)
    possible[cell, codes] = True
    return Never((*sources, name), ~possible.reshape(*sizes, column.size), ())
