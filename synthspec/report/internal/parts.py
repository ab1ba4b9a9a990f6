"""Parts: what the annex's page is made of. Text only: the numbers, each of class I, stand in its JSON."""

from __future__ import annotations

from dataclasses import dataclass

from synthspec.report.blocks import Chart


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: str
    part: str = "prose"


@dataclass(frozen=True)
class Callout:
    """Something that must not be overlooked."""

    title: str
    text: str
    part: str = "callout"


@dataclass(frozen=True)
class Grid:
    """A table; `numeric` are the columns aligned right, `named` those that hold names of the spec."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()
    named: tuple[int, ...] = ()
    folded: bool = False
    part: str = "grid"


@dataclass(frozen=True)
class Picture:
    """A chart with its finding in words; `grid` holds every number in it."""

    finding: str
    chart: Chart
    grid: Grid
    part: str = "picture"


@dataclass(frozen=True)
class Tried:
    """One attack: how it came out, in a word and a sentence, and its facts."""

    status: str
    word: str
    title: str
    says: str
    facts: tuple[tuple[str, str], ...]
    part: str = "tried"


Part = Prose | Callout | Grid | Picture | Tried


@dataclass(frozen=True)
class Chapter:
    """One section of the annex."""

    id: str
    title: str
    question: str
    parts: tuple[Part, ...]


def share(value: float) -> str:
    """Return a share in percent."""
    return "< 0.1 %" if 0 < value < 0.0005 else f"{100 * value:.1f} %"


def figure(value: float | None, digits: int = 3) -> str:
    """Return a number, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def between(low: float | None, high: float | None, digits: int = 3) -> str:
    """Return an interval."""
    return "–" if low is None or high is None else f"{low:.{digits}f} to {high:.{digits}f}"
