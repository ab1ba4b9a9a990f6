"""Blocks: the closed union that a report is made of; every renderer answers for each of them.

A number carries its class and the events that paid for it; the classes are closed, so a figure
that was computed from private rows without a price has no way to be written down.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import ConfigDict, Field, model_validator

from synthspec.release.manifest import Class
from synthspec.terms.frozen import Frozen


def _sourced_schema(tree: dict[str, Any]) -> None:
    """Say in the JSON schema what `Value` checks: numbers have a class, paid ones their events."""
    tree["properties"]["class"] = {"enum": list(get_args(Class))}
    tree["dependentRequired"] = {"number": ["class"]}
    tree["if"] = {"properties": {"class": {"enum": ["M", "B"]}}, "required": ["class", "number"]}
    tree["then"] = {"properties": {"events": {"minItems": 1}}, "required": ["events"]}


class Value(Frozen):
    """One piece of text; a number when `number` is set, a name from the spec when `name` is true.

    `text` is what is shown, `full` the whole text where `text` had to be shortened or made visible.
    `low` and `high` are the ends of an interval. Numbers need a class, those that rest on noisy answers (M)
    or were paid for (B) their events. `anchor` is the id of the section that is the evidence.
    """

    text: str
    number: float | None = None
    low: float | None = None
    high: float | None = None
    full: str | None = None
    name: bool = False
    anchor: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]*$")
    class_: Class | None = Field(default=None, alias="class")
    events: tuple[str, ...] = ()

    model_config = ConfigDict(populate_by_name=True, json_schema_extra=_sourced_schema)

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if self.number is not None and self.class_ is None:
            raise ValueError("a number needs a class")
        if self.class_ == "B" and not self.events:
            raise ValueError("a paid number needs its events")
        if self.class_ == "M" and self.number is not None and not self.events:
            raise ValueError("a number that rests on noisy answers needs their events")
        return self


class Prose(Frozen):
    """A paragraph; its numbers and names are values."""

    block: Literal["prose"] = "prose"
    parts: tuple[str | Value, ...]


class Heading(Frozen):
    """A heading inside a section."""

    block: Literal["heading"] = "heading"
    text: str


class Claim(Frozen):
    """The claim: its sentence and the headline numbers, each with what it means."""

    block: Literal["claim"] = "claim"
    sentence: tuple[str | Value, ...]
    numbers: tuple[tuple[str, Value, tuple[str | Value, ...]], ...]


Status = Literal["yes", "no", "open", "none"]
"""yes: holds; no: does not; open: cannot be told; none: does not apply."""


class Check(Frozen):
    """One line of a verdict: what was looked at, how it came out, in a word and in a sentence."""

    status: Status
    word: str
    what: str
    says: tuple[str | Value, ...]


class Verdict(Frozen):
    """Checks, each with a word and a sign, never a colour alone."""

    block: Literal["verdict"] = "verdict"
    checks: tuple[Check, ...]


class Callout(Frozen):
    """Something that must not be overlooked; `id` where other sections point at it."""

    block: Literal["callout"] = "callout"
    id: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]*$")
    tone: Literal["note", "warning"] = "note"
    title: str
    parts: tuple[str | Value, ...]


class Facts(Frozen):
    """Terms and what they are."""

    block: Literal["facts"] = "facts"
    items: tuple[tuple[str, tuple[str | Value, ...]], ...]


class Table(Frozen):
    """A table; `folded` ones are shown on demand; `numeric` marks the columns that are aligned right."""

    block: Literal["table"] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    numeric: tuple[int, ...] = ()
    folded: bool = False

    @model_validator(mode="after")
    def _rectangular(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("every row has one value per column")
        return self


class Segments(Frozen):
    """One stacked bar: labels and shares of the whole."""

    chart: Literal["segments"] = "segments"
    title: str
    labels: tuple[str, ...]
    shares: tuple[float, ...]


class Dots(Frozen):
    """Values with intervals, one line each; `reference` is drawn as a tick where there is one."""

    chart: Literal["dots"] = "dots"
    title: str
    axis: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    references: tuple[float | None, ...] = ()


class Curve(Frozen):
    """Lines over log-log axes, each with its name; all in (0, 1]."""

    chart: Literal["curve"] = "curve"
    title: str
    x_axis: str
    y_axis: str
    names: tuple[str, ...]
    lines: tuple[tuple[tuple[float, float], ...], ...]


class Steps(Frozen):
    """A running total after each of its steps, and lines that it must not cross, each with its name."""

    chart: Literal["steps"] = "steps"
    title: str
    x_axis: str
    y_axis: str
    totals: tuple[float, ...]
    limits: tuple[tuple[str, float], ...]


class Heat(Frozen):
    """A value for pairs of labels: (place of the first, place of the second, value), first above second."""

    chart: Literal["heat"] = "heat"
    title: str
    scale: str
    labels: tuple[str, ...]
    cells: tuple[tuple[int, int, float], ...]


class Flow(Frozen):
    """Boxes from top to bottom, a name and a note each; nothing but noisy answers passes the `border`."""

    chart: Literal["flow"] = "flow"
    title: str
    boxes: tuple[tuple[str, str], ...]
    border: int | None = None
    says: str = ""


Chart = Annotated[Segments | Dots | Curve | Steps | Heat | Flow, Field(discriminator="chart")]


class Figure(Frozen):
    """A picture with its finding in words; `table` holds every number in it."""

    block: Literal["figure"] = "figure"
    finding: tuple[str | Value, ...]
    chart: Chart
    table: Table


Block = Annotated[
    Prose | Heading | Claim | Verdict | Callout | Facts | Table | Figure, Field(discriminator="block")
]


class Section(Frozen):
    """One section: what an auditor asks, and the blocks that answer."""

    id: str
    title: str
    question: str
    blocks: tuple[Block, ...]


class Report(Frozen):
    """The whole public report; the same for every renderer."""

    version: Literal["synthspec.report/1"] = Field(default="synthspec.report/1", alias="schema")
    edition: Literal["public"] = "public"
    title: str
    tool: str
    day: str | None = None
    sections: tuple[Section, ...]

    model_config = ConfigDict(populate_by_name=True)
