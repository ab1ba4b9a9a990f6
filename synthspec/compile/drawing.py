"""Drawing: a dependency graph, as Graphviz dot or Mermaid; `picture` makes an SVG; edges told apart by kind.

declared: the spec's `require`; known: a published table reads it; derived: `derive`, or a rule gives it;
lookup; given: between groups; missing: `x.missing` decides whether x has a value; learned: selected when a
release was trained. Two columns are joined once: by what says most, the others named beside it.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from synthspec.compile.frames import Between, Frame, frames_of
from synthspec.compile.graph import Arrow, Why, arrows, node_of
from synthspec.spec.model import Spec

Kind = Literal["declared", "known", "derived", "lookup", "given", "missing", "learned"]
Shape = Literal["modelled", "computed", "id", "gap"]

_KIND: Mapping[Why, Kind] = {
    "require": "declared",
    "known": "known",
    "derive": "derived",
    "lookup": "lookup",
    "equation": "derived",
    "determines": "derived",
    "given": "given",
}
_ORDER: tuple[Why, ...] = ("known", "require", "derive", "equation", "determines", "lookup")
_DOT = {"declared": "bold", "known": "bold", "derived": "solid", "lookup": "solid", "given": "dashed",
        "missing": "dotted", "learned": "dotted"}  # fmt: skip
COLOR = {"declared": "#1b4f8a", "known": "#7a2e8a", "derived": "#444444", "lookup": "#2e7d4f",
          "given": "#8a8a8a", "missing": "#c23b3b", "learned": "#b0521b"}  # fmt: skip
LEGEND: Mapping[Kind, str] = {
    "declared": "declared: the spec requires it",
    "known": "known: a published table reads it",
    "derived": "derived: computed from it",
    "lookup": "lookup: looked up by it",
    "given": "given: generated given it",
    "missing": "missing: decides whether there is a value",
    "learned": "learned: selected under the budget",
}


@dataclass(frozen=True)
class Arc:
    """One edge of the drawing; `why` is its word, `directed` whether it has a head."""

    source: str
    target: str
    why: str
    kind: Kind
    directed: bool = True


@dataclass(frozen=True)
class Drawing:
    """Columns with their shapes, and edges between them.

    Attributes:
        columns: every column, and each `x.missing` that is told apart.
        arcs: the edges, those between the columns of groups included.
        frames: the groups as boxes, when one is given another.
        between: what a box is given; drawn in place of the arcs of kind "given".
    """

    columns: Mapping[str, Shape]
    arcs: tuple[Arc, ...]
    frames: tuple[Frame, ...] = ()
    between: tuple[Between, ...] = ()

    def shown(self) -> tuple[Arc, ...]:
        """Return the arcs that a picture draws one by one."""
        return tuple(arc for arc in self.arcs if not self.frames or arc.kind != "given")


def drawing_of(
    spec: Spec, learned: Sequence[tuple[str, str, bool]] = (), ruled: Sequence[Arrow] = ()
) -> Drawing:
    """Return what a spec states.

    Args:
        spec: the spec.
        learned: what a release learned beside it, as (first, second, directed).
        ruled: the arrows into columns that rules give.
    """
    made = {arrow.target for arrow in ruled}
    columns: dict[str, Shape] = {}
    for name, column in spec.columns.items():
        computed = column.derive is not None or column.lookup is not None or name in made
        columns[name] = "computed" if computed else "id" if column.type == "id" else "modelled"
    found: dict[tuple[str, str], list[Why]] = {}
    for arrow in (*arrows(spec), *ruled):
        for name in (arrow.source, arrow.target):
            if name != node_of(name) and name not in columns:
                columns[name] = "gap"
        found.setdefault((arrow.source, arrow.target), []).append(arrow.why)
    stated = [_arc(*ends, list(dict.fromkeys(why))) for ends, why in found.items()]
    stated += [
        Arc(name, node_of(name), "missing", "missing") for name, shape in columns.items() if shape == "gap"
    ]
    joined = {frozenset((arc.source, arc.target)) for arc in stated if arc.kind in ("declared", "known")}
    more = (
        Arc(a, b, "learned", "learned", directed)
        for a, b, directed in learned
        if frozenset((a, b)) not in joined and a in columns and b in columns
    )
    learnt = tuple(more)
    again = {frozenset((arc.source, arc.target)) for arc in learnt}
    kept = [a for a in stated if a.kind != "given" or frozenset((a.source, a.target)) not in again]
    edges = [(arc.source, arc.target) for arc in (*kept, *learnt) if arc.kind != "given" and arc.directed]
    return Drawing(columns, (*kept, *learnt), *frames_of(spec, columns, edges))


def _arc(source: str, target: str, why: Sequence[Why]) -> Arc:
    """Return the one edge of two columns: a known table before what is required, `given` last."""
    said = [each for each in _ORDER if each in why] or ["given"]
    words = [each for each in why if each in said]
    return Arc(source, target, " and ".join(words), _KIND[said[0]])


def to_dot(drawing: Drawing) -> str:
    """Return the drawing in Graphviz's language; groups are clusters."""
    lines = [
        "digraph spec {",
        "  rankdir=LR;",
        "  compound=true;",
        '  node [shape=box, fontname="sans-serif"];',
    ]
    style = {"modelled": "", "computed": " [style=rounded]", "id": " [style=dotted]",
             "gap": " [shape=ellipse]"}  # fmt: skip
    lines += [f'  "{name}"{style[shape]};' for name, shape in drawing.columns.items()]
    for frame in drawing.frames:
        held = " ".join(f'"{name}";' for name in frame.columns)
        lines.append(f'  subgraph "cluster_{frame.name}" {{ label="{frame.name}"; {held} }}')
    for arc in drawing.shown():
        head = "" if arc.directed else ", dir=none"
        lines.append(
            f'  "{arc.source}" -> "{arc.target}" [style={_DOT[arc.kind]}, label="{arc.why}", '
            f'class="{arc.kind}", color="{COLOR[arc.kind]}"{head}];'
        )
    first = {frame.name: frame.columns[0] for frame in drawing.frames}
    for each in drawing.between:
        start = first[each.source] if each.framed else each.source
        tail = f', ltail="cluster_{each.source}"' if each.framed else ""
        lines.append(
            f'  "{start}" -> "{first[each.target]}" [style=dashed, label="given", class="given", '
            f'color="{COLOR["given"]}"{tail}, lhead="cluster_{each.target}"];'
        )
    lines += ["  subgraph cluster__legend {", '    label="legend";']
    for at, kind in enumerate(kinds_of(drawing)):
        lines.append(f'    "legend {at}" [shape=plaintext, label="{LEGEND[kind]}"];')
        lines.append(f'    "end {at}" [shape=point];')
        lines.append(f'    "legend {at}" -> "end {at}" [style={_DOT[kind]}, color="{COLOR[kind]}"];')
    return "\n".join([*lines, "  }", "}", ""])


def kinds_of(drawing: Drawing) -> tuple[Kind, ...]:
    """Return the kinds of edges in a drawing, in the order of the legend."""
    return tuple(kind for kind in LEGEND if any(arc.kind == kind for arc in drawing.arcs))


def to_mermaid(drawing: Drawing) -> str:
    """Return the drawing in Mermaid's language; groups are subgraphs."""
    ids = {name: f"n{i}" for i, name in enumerate(drawing.columns)}
    boxes = {frame.name: f"g{i}" for i, frame in enumerate(drawing.frames)}
    round_ = {name for name, shape in drawing.columns.items() if shape == "gap"}
    lines = ["flowchart LR"]
    lines += [f'  {key}(["{name}"])' if name in round_ else f'  {key}["{name}"]' for name, key in ids.items()]
    for frame in drawing.frames:
        held = "; ".join(ids[name] for name in frame.columns)
        lines += [f'  subgraph {boxes[frame.name]}["{frame.name}"]', f"    {held}", "  end"]
    ends = {"declared": "==>", "known": "==>", "derived": "-->", "lookup": "-->", "given": "-.->",
            "missing": "-.->", "learned": "-.->"}  # fmt: skip
    drawn = []
    for arc in drawing.shown():
        end = ends[arc.kind] if arc.directed else "-.-"
        lines.append(f"  {ids[arc.source]} {end}|{arc.why}| {ids[arc.target]}")
        drawn.append(arc.kind)
    for each in drawing.between:
        start = boxes[each.source] if each.framed else ids[each.source]
        lines.append(f"  {start} -.->|given| {boxes[each.target]}")
        drawn.append("given")
    lines += [f"  linkStyle {at} stroke:{COLOR[kind]}" for at, kind in enumerate(drawn)]
    lines.append("  subgraph legend")
    for at, kind in enumerate(kinds_of(drawing)):
        lines.append(f'    l{at}["{kind}"] {ends[kind]} k{at}["{LEGEND[kind].partition(": ")[2]}"]')
        lines.append(f"    linkStyle {len(drawn) + at} stroke:{COLOR[kind]}")
    lines.append("  end")
    return "\n".join([*lines, ""])
