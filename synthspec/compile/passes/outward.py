"""outward: in which order columns that rules keep in order are computed from each other, and how far apart.

Of a chain or tree of order rules the middle is modelled, and the others are counted from it outwards: the
ends of a domain then tie as few differences together as they can. A bound on a chain bounds its links:
`c - a <= 60` beside `a <= b <= c` leaves 0..60 to both differences.

Source: ours; shortest paths between difference constraints (Dechter, Meiri & Pearl 1991).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from synthspec.compile.linear import Bounded, Term

Bounds = tuple[Bounded, ...]


def closed(pairs: Sequence[Bounds], gaps: frozenset[str]) -> list[Bounds]:
    """Return each pair's bounds with what all of them together imply for it.

    Args:
        pairs: bounds by pair of columns.
        gaps: columns that may be missing: nothing follows through them.
    """
    most: dict[tuple[Term, Term], Fraction] = {}
    for bound in (each for bounds in pairs for each in bounds):
        if bound.hi is not None:
            _lower(most, (bound.plus, bound.minus), bound.hi)
        if bound.lo is not None:
            _lower(most, (bound.minus, bound.plus), -bound.lo)
    terms = list(dict.fromkeys(term for pair in most for term in pair))
    for via in terms:
        if via.column in gaps:
            continue
        for one in terms:
            for other in terms:
                if one != other and (one, via) in most and (via, other) in most:
                    _lower(most, (one, other), most[one, via] + most[via, other])
    return [(*bounds, *_implied(bounds[0], most)) for bounds in pairs]


def outward(pairs: Sequence[Bounds], homes: Mapping[str, int | None]) -> list[tuple[Bounds, str | None]]:
    """Return the pairs in the order to take them, each with the column to count from, None for any.

    Args:
        pairs: bounds by pair of columns, those with a column between them last.
        homes: the group of each column; only columns of one group are counted outwards.
    """
    near: dict[str, list[str]] = {}
    for bounds in pairs:
        one, other = _columns(bounds)
        if homes.get(one) is not None and homes.get(one) == homes.get(other):
            near.setdefault(one, []).append(other)
            near.setdefault(other, []).append(one)
    anchors: dict[frozenset[str], tuple[int, str]] = {}
    done: set[str] = set()
    for name in near:
        if name in done:
            continue
        reach = _steps(near, name)
        done |= reach.keys()
        if len(reach) < 3:
            continue
        middle = min(reach, key=lambda each: max(_steps(near, each).values()))
        far = _steps(near, middle)
        for bounds in pairs:
            one, other = _columns(bounds)
            if {one, other} <= far.keys() and far[one] != far[other]:
                anchor, made = (one, other) if far[one] < far[other] else (other, one)
                anchors[frozenset((one, other))] = (far[made], anchor)
    found = [(bounds, anchors.get(frozenset(_columns(bounds)))) for bounds in pairs]
    ranked = sorted(found, key=lambda each: each[1][0] if each[1] is not None else 0)
    return [(bounds, None if at is None else at[1]) for bounds, at in ranked]


def _lower(most: dict[tuple[Term, Term], Fraction], key: tuple[Term, Term], value: Fraction) -> None:
    if key not in most or value < most[key]:
        most[key] = value


def _implied(bound: Bounded, most: Mapping[tuple[Term, Term], Fraction]) -> Bounds:
    plus, minus = bound.plus, bound.minus
    high, low = most.get((plus, minus)), most.get((minus, plus))
    if plus.seen != minus.seen or (low is None and high is None):
        return ()
    return (Bounded(plus, minus, None if low is None else -low, high),)


def _columns(bounds: Bounds) -> tuple[str, str]:
    return bounds[0].plus.column, bounds[0].minus.column


def _steps(near: Mapping[str, Sequence[str]], start: str) -> dict[str, int]:
    """Return how many pairs lie between `start` and each column that it is tied to."""
    found, edge = {start: 0}, [start]
    while edge:
        edge = list(dict.fromkeys(other for name in edge for other in near[name] if other not in found))
        found |= dict.fromkeys(edge, 1 + max(found.values()))
    return found
