"""Factors: non-negative tables over a few attributes, as contiguous numpy arrays.

Inside `pgm` an attribute is its index, a scope is an increasing tuple of indices, and the table of a
scope has one axis per attribute in that order.

Source: Koller & Friedman 2009, "Probabilistic Graphical Models", ch. 4 and 9.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scope = tuple[int, ...]
Table = NDArray[np.float64]
_einsum: Any = np.einsum  # its stubs do not know the form with lists of axes


def union(*scopes: Iterable[int]) -> Scope:
    """Return the attributes of all `scopes`, increasing."""
    return tuple(sorted(set().union(*scopes)))


def cells(scope: Iterable[int], sizes: Sequence[int]) -> int:
    """Return the number of cells of a table over `scope`."""
    return prod(sizes[a] for a in scope)


def collapse(table: Table, scope: Scope, keep: Collection[int]) -> Table:
    """Return the sums of `table` over the attributes of `scope` that are not in `keep`.

    Leading and trailing axes go through matrix products, which numpy does far faster than sums over
    short axes; what is left in the middle goes through einsum.
    """
    if len(keep) >= len(scope) and all(a in keep for a in scope):
        return table
    shape = table.shape
    first, last = 0, len(scope)
    while first < last and scope[first] not in keep:
        first += 1
    while last > first and scope[last - 1] not in keep:
        last -= 1
    if last < len(scope):
        width = prod(shape[last:])
        table = table.reshape(-1, width) @ np.ones(width)
    if first > 0:
        width = prod(shape[:first])
        table = np.ones(width) @ table.reshape(width, -1)
    table = table.reshape(shape[first:last])
    inner = scope[first:last]
    if all(a in keep for a in inner):
        return table
    axes = list(range(len(inner)))
    out: Table = _einsum(table, axes, [i for i in axes if inner[i] in keep])
    return np.ascontiguousarray(out)


def spread(table: Table, scope: Scope, onto: Scope) -> Table:
    """Return a view of `table` over `scope` that broadcasts against tables over `onto`, a superset."""
    sizes = dict(zip(scope, table.shape))
    return table.reshape([sizes.get(a, 1) for a in onto])


def ratio(new: Table, old: Table) -> Table:
    """Return new / old, with 0 where `old` is 0."""
    return np.divide(new, old, out=np.zeros_like(new), where=old > 0)


def product(factors: Sequence[tuple[Table, Scope]], keep: Scope) -> Table:
    """Return the product of `factors` summed down to `keep`, whose axes come in the order of `keep`."""
    names = {a: i for i, a in enumerate(union(keep, *(scope for _, scope in factors)))}
    operands: list[object] = []
    for table, scope in factors:
        operands += [table, [names[a] for a in scope]]
    plan = "greedy" if len(factors) > 1 else False
    out: Table = _einsum(*operands, [names[a] for a in keep], optimize=plan)
    return np.ascontiguousarray(out)
