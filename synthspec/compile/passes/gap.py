"""Gap: the hidden difference of two ordered columns: its grid, how it is read, and how it is undone.

The grid has the step of the computed column and its zero at zero, and goes from the least to the
largest difference that domains and rules allow. Both columns are brought to their own grids before
they are subtracted, so that adding the difference back lands on the grid.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor

from synthspec.columns import Decimal, Integer, Ordered
from synthspec.columns.spread import MOST_CODES
from synthspec.compile.linear import SECONDS, Bounded, Term
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.expr import Arithmetic, Call, Cast, Column, Expr, Literal_
from synthspec.terms.types import DATE, INT, TEXT, Type


@dataclass(frozen=True)
class Pair:
    """`made` is computed from `anchor`, by adding the difference, or taking it away (`earlier`).

    `lo` and `hi` are the ends of later minus earlier, in grid integers of `made`.
    """

    made: PlannedColumn
    anchor: PlannedColumn
    earlier: bool
    lo: int
    hi: int

    @property
    def grid(self) -> Ordered:
        """The computed column's domain."""
        assert isinstance(self.made.column, Ordered)
        return self.made.column

    @property
    def name(self) -> str:
        """The name of the hidden column."""
        made, anchor = self.made.name, self.anchor.name
        return f"{anchor} - {made}" if self.earlier else f"{made} - {anchor}"

    def reaches_only_inside(self) -> bool:
        """Return whether every anchor with every difference gives a value of the domain."""
        lo, hi = anchor_ends(self.made, self.anchor)
        least, most = (lo - self.hi, hi - self.lo) if self.earlier else (lo + self.lo, hi + self.hi)
        return self.grid.lo <= least and most <= self.grid.hi


def pair_of(
    columns: Mapping[str, PlannedColumn], bounds: tuple[Bounded, ...], *, earlier: bool
) -> Pair | None:
    """Return the pair that `bounds` tie, the later column computed (or the `earlier`); None if it cannot."""
    plus = bounds[0].plus.column
    same = tuple(bound if bound.plus.column == plus else bound.turned() for bound in bounds)
    first, second = columns[plus], columns[bounds[0].minus.column]
    if not _comparable(first, second):
        return None
    least = max((bound.lo for bound in same if bound.lo is not None), default=None)
    most = min((bound.hi for bound in same if bound.hi is not None), default=None)
    backwards = most is not None and most <= 0 and (least is None or least < 0)
    later, early = (second, first) if backwards else (first, second)
    made, anchor = (early, later) if earlier else (later, early)
    if not _aligned(made, anchor):
        return None
    turned = tuple(bound if bound.plus.column == later.name else bound.turned() for bound in same)
    ends = _ends(turned, made, anchor, earlier)
    return None if ends is None else Pair(made, anchor, earlier, *ends)


def gap_column(pair: Pair) -> PlannedColumn:
    """Return the hidden column of `pair`."""
    grid = pair.grid
    domain: Ordered
    facts = {"name": pair.name, "lo": pair.lo, "hi": pair.hi, "step": grid.step, "missing": grid.missing}
    domain = Decimal(scale=grid.scale, **facts) if isinstance(grid, Decimal) else Integer(**facts)
    return PlannedColumn(
        name=pair.name,
        role="modelled",
        type=domain.type,
        column=domain.spread(grid.bins or MOST_CODES),
        per=pair.made.per,
        hidden=True,
        from_source=_read(pair),
        basis=pair.made.basis,
    )


def later_value(pair: Pair) -> Expr:
    """Return the value of the computed column from the anchor and the hidden difference."""
    type_ = pair.made.type
    gap: Expr = Column(name=pair.name, type=type_ if type_.name in ("int", "decimal") else INT)
    anchor: Expr = Column(name=pair.anchor.name, type=pair.anchor.type)
    if anchor.type != type_:
        anchor = Cast(arg=anchor, type=type_)
    if type_.name in ("int", "decimal"):
        return Arithmetic(op="-" if pair.earlier else "+", left=anchor, right=gap, type=type_)
    if pair.earlier:
        gap = Arithmetic(op="-", left=_whole(0), right=gap, type=INT)
    unit = Literal_(text="day" if type_ == DATE else "second", type=TEXT)
    return Call(function="date_add", args=(unit, gap, anchor), type=type_)


def anchor_ends(made: PlannedColumn, anchor: PlannedColumn) -> tuple[int, int]:
    """Return the ends of the anchor's domain in grid integers of the computed column."""
    own = anchor.column
    assert isinstance(own, Ordered)
    if made.type.name == "date" and anchor.type.name == "datetime":
        return own.lo // SECONDS["day"], own.hi // SECONDS["day"]
    factor = 10 ** (made.type.scale - anchor.type.scale)
    return own.lo * factor, (own.lo + (own.points - 1) * own.step) * factor


def _comparable(one: PlannedColumn, other: PlannedColumn) -> bool:
    """Return whether two columns are ordered on grids that can be subtracted exactly."""
    kinds = ({"int", "decimal"}, {"date", "datetime"})
    if not isinstance(one.column, Ordered) or not isinstance(other.column, Ordered):
        return False
    return any({one.type.name, other.type.name} <= kind for kind in kinds)


def _aligned(made: PlannedColumn, anchor: PlannedColumn) -> bool:
    """Return whether every anchor plus a multiple of the step of `made` lies on the grid of `made`."""
    grid, own = made.column, anchor.column
    assert isinstance(grid, Ordered) and isinstance(own, Ordered)
    if made.type.name == "date" and anchor.type.name == "datetime":
        return grid.step == 1
    if made.type.name != anchor.type.name and made.type.name != "decimal":
        return False
    factor = 10 ** (made.type.scale - anchor.type.scale) if made.type.scale >= anchor.type.scale else 0
    if not factor:
        return False
    return own.step * factor % grid.step == 0 and (own.lo * factor - grid.lo) % grid.step == 0


def _ends(
    bounds: tuple[Bounded, ...], made: PlannedColumn, anchor: PlannedColumn, earlier: bool
) -> tuple[int, int] | None:
    """Return the ends of later minus earlier that domains and bounds leave, on the grid of `made`."""
    grid = made.column
    assert isinstance(grid, Ordered)
    low, high = anchor_ends(made, anchor)
    top = grid.lo + (grid.points - 1) * grid.step
    lo, hi = (low - top, high - grid.lo) if earlier else (grid.lo - high, top - low)
    for bound in bounds:
        scale = _scale(bound.plus, made) if bound.plus.seen == bound.minus.seen else None
        if scale is None:
            return None
        slack = _slack(bound.plus, made)
        per = 1 if slack else scale
        if bound.lo is not None:
            least = floor(bound.lo * per) + 1 if bound.lo_open else ceil(bound.lo * per)
            lo = max(lo, (least - 1) * slack + 1 if slack else least)
        if bound.hi is not None:
            most = ceil(bound.hi * per) - 1 if bound.hi_open else floor(bound.hi * per)
            hi = min(hi, (most + 1) * slack - 1 if slack else most)
    lo, hi = -(-lo // grid.step) * grid.step, hi // grid.step * grid.step
    return (lo, hi) if lo <= hi else None


def _scale(term: Term, made: PlannedColumn) -> int | None:
    """Return how many grid integers of `made` make one step of the view; None where they do not fit."""
    match term.seen:
        case "number":
            return int(10**made.type.scale)
        case "day" if made.type.name == "date":
            return 1
        case "second" | "minute" | "hour" | "day" if made.type.name == "datetime":
            return SECONDS[term.seen]
    return None


def _slack(term: Term, made: PlannedColumn) -> int:
    """Return the seconds of a view that is coarser than the grid, whose bound is then only necessary."""
    grid = made.column
    assert isinstance(grid, Ordered)
    if made.type.name != "datetime" or term.seen in ("number", "second"):
        return 0
    unit = SECONDS[term.seen]
    return 0 if grid.step % unit == 0 and grid.lo % unit == 0 else unit


def _read(pair: Pair) -> Expr:
    """Return later minus earlier of a source row, both brought down to their grids."""
    made, anchor = _on_grid(pair.made, pair.made.type), _on_grid(pair.anchor, pair.made.type)
    later, early = (anchor, made) if pair.earlier else (made, anchor)
    type_ = pair.made.type
    if type_.name in ("int", "decimal"):
        return Arithmetic(op="-", left=later, right=early, type=type_)
    return _from_days(pair, later, early)


def _from_days(pair: Pair, later: Expr, early: Expr) -> Expr:
    """Return the seconds, or days, between two moments that stand as counts or as columns."""
    if isinstance(later, Column) and isinstance(early, Column):
        return _between(_seen(early, pair.made.type), _seen(later, pair.made.type))
    return Arithmetic(op="-", left=_count(later, pair), right=_count(early, pair), type=INT)


def _count(moment: Expr, pair: Pair) -> Expr:
    """Return a moment as a count from 1970 in grid integers of the computed column."""
    if moment.type == INT:
        return moment
    type_ = pair.made.type
    start = Literal_(text="1970-01-01" if type_ == DATE else "1970-01-01T00:00:00", type=type_)
    return _between(start, _seen(moment, type_))


def _seen(moment: Expr, type_: Type) -> Expr:
    """Return a moment in the type of the computed column: a time of day counts as its day."""
    return moment if moment.type == type_ else Cast(arg=moment, type=type_)


def _between(early: Expr, later: Expr) -> Expr:
    """Return the days between two dates, or the seconds between two times of day."""
    unit = Literal_(text="day" if later.type == DATE else "second", type=TEXT)
    return Call(function="date_diff", args=(unit, early, later), type=INT)


def _on_grid(planned: PlannedColumn, type_: Type) -> Expr:
    """Return a column brought down to its grid; moments with a step become counts from 1970."""
    grid = planned.column
    assert isinstance(grid, Ordered)
    value: Expr = Column(name=planned.name, type=planned.type)
    if type_.name in ("int", "decimal"):
        if grid.step > 1:
            start = Literal_(text=grid.grid_text(grid.lo), type=planned.type)
            step = Literal_(text=grid.grid_text(grid.step), type=planned.type)
            past = Arithmetic(op="-", left=value, right=start, type=planned.type)
            rest = Arithmetic(op="%", left=past, right=step, type=planned.type)
            value = Arithmetic(op="-", left=value, right=rest, type=planned.type)
        return value if planned.type == type_ else Cast(arg=value, type=type_)
    if grid.step == 1 or planned.type.name != type_.name:
        return value
    unit = Literal_(text="day" if planned.type == DATE else "second", type=TEXT)
    start = Literal_(text=grid.grid_text(grid.lo), type=planned.type)
    since = Call(function="date_diff", args=(unit, start, value), type=INT)
    off = Arithmetic(op="%", left=since, right=_whole(grid.step), type=INT)
    on = Arithmetic(op="-", left=since, right=off, type=INT)
    return Arithmetic(op="+", left=on, right=_whole(grid.lo), type=INT)


def _whole(number: int) -> Literal_:
    return Literal_(text=str(number), type=INT)
