"""Routes: the ways of edges in a picture: a curve where nothing is in between, else a lane below everything.

A curve that passes behind a third box reads as an edge of that box.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_LANE, _TURN, _STEP = 9, 40, 8
Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    def moved(self, x: float, y: float) -> Place:
        """Return it elsewhere."""
        return Place(self.x + x, self.y + y, self.width, self.height)

    @property
    def right(self) -> float:
        """Its right side."""
        return self.x + self.width

    @property
    def middle(self) -> float:
        """The height at which edges leave and enter it."""
        return self.y + self.height / 2

    def meets(self, other: Place) -> bool:
        """Return whether the two have a point in common."""
        across = self.x <= other.right and other.x <= self.right
        return across and self.y <= other.y + other.height and other.y <= self.y + self.height


@dataclass(eq=False)
class Routes:
    """Finds ways around `boxes`; lanes lie below `bottom`, `used` of them are taken."""

    boxes: Sequence[Place]
    bottom: float
    used: int = 0

    @property
    def lowest(self) -> float:
        """The height below which nothing is drawn."""
        return self.bottom + _LANE * (self.used + 1) if self.used else self.bottom

    def way(self, source: Place, target: Place) -> str:
        """Return the path of an edge, as the `d` of an SVG path."""
        if source.right > target.x:
            return _back(source, target)
        start, end = (source.right, source.middle), (target.x, target.middle)
        bend = max(28.0, (end[0] - start[0]) / 2)
        points = (start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end)
        others = [box for box in self.boxes if not box.meets(source) and not box.meets(target)]
        dots = [Place(*_on(points, at / 24), 0, 0) for at in range(1, 24)]
        if any(dot.meets(box) for dot in dots for box in others):
            lane = self._lane(start, end, others)
            if lane is not None:
                return lane
        return f"M{_at(start)} C{_at(points[1])} {_at(points[2])} {_at(end)}"

    def _lane(
        self, start: tuple[float, float], end: tuple[float, float], boxes: Sequence[Place]
    ) -> str | None:
        """Return the way down where it is clear, along a lane of its own, and up again; None without room."""
        low = self.bottom + _LANE * (self.used + 1)
        down, up = start[0], end[0]
        while down + _TURN < up and _blocked(down, start[1], low, boxes):
            down += _STEP
        while up - _TURN > down and _blocked(up - _TURN, end[1], low, boxes):
            up -= _STEP
        if down + 2 * _TURN > up:
            return None
        self.used += 1
        first = f"M{_at(start)} H{down:g} C{down + 24:g} {start[1]:g} {down + 16:g} {low:g}"
        last = f"C{up - 16:g} {low:g} {up - 24:g} {end[1]:g} {up:g} {end[1]:g}"
        return f"{first} {down + _TURN:g} {low:g} H{up - _TURN:g} {last}" + (
            f" H{end[0]:g}" if up < end[0] else ""
        )


def _blocked(left: float, high: float, low: float, boxes: Sequence[Place]) -> bool:
    """Return whether a turn that begins at `left` meets a box between two heights."""
    turn = Place(left + 2, min(high, low), _TURN - 4, abs(low - high))
    return any(turn.meets(box) for box in boxes)


def _back(source: Place, target: Place) -> str:
    """Return the way to a box on the left, or to one above or below, around the right."""
    if target.right <= source.x:
        start, end, side = source.x, target.right, (-1, 1)
    else:
        start, end, side = source.right, target.right, (1, 1)
    bend = max(28.0, abs(end - start) / 2)
    curve = f"{start + side[0] * bend:g} {source.middle:g} {end + side[1] * bend:g} {target.middle:g}"
    return f"M{start:g} {source.middle:g} C{curve} {end:g} {target.middle:g}"


def _on(points: Sequence[Point], t: float) -> Point:
    """Return the point at `t` of a cubic Bezier curve."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x, y = (sum(w * p[axis] for w, p in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def _at(point: Point) -> str:
    return f"{point[0]:g} {point[1]:g}"
