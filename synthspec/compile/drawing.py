"""Drawing: a dependency graph as Graphviz dot, Mermaid, or an SVG of our own, edges told apart by kind.

declared: the spec's `require`; known: a published table reads it; derived: `derive`; lookup; given:
between groups; missing: `x.missing` decides whether x has a value; learned: selected when a release was
trained. Two columns are joined once: by what says most, the others named beside it.

Source: layers by longest path, then barycentres (Sugiyama, Tagawa & Toda 1981).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from synthspec.compile.graph import Why, arrows, node_of
from synthspec.spec.model import Spec

Kind = Literal["declared", "known", "derived", "lookup", "given", "missing", "learned"]
Shape = Literal["modelled", "computed", "id", "gap"]

_KIND: Mapping[Why, Kind] = {
    "require": "declared",
    "known": "known",
    "derive": "derived",
    "lookup": "lookup",
    "given": "given",
}
_DOT = {"declared": "bold", "known": "bold", "derived": "solid", "lookup": "solid", "given": "dashed",
        "missing": "dotted", "learned": "dotted"}  # fmt: skip
_DASH = {"declared": "", "known": "", "derived": "", "lookup": "7 2 2 2", "given": "6 4", "missing": "1 3",
         "learned": "2 3"}  # fmt: skip
_WIDTH = {"declared": "2.4", "known": "2.4", "derived": "1.2", "lookup": "1.4", "given": "1.2",
          "missing": "1.2", "learned": "1.8"}  # fmt: skip
_COLOR = {"declared": "#1b4f8a", "known": "#7a2e8a", "derived": "#444444", "lookup": "#2e7d4f",
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
_BOX, _GAP, _ROW, _PAD = 28, 90, 44, 20


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
    """Columns with their shapes, and edges between them."""

    columns: Mapping[str, Shape]
    arcs: tuple[Arc, ...]


def drawing_of(spec: Spec, learned: Sequence[tuple[str, str, bool]] = ()) -> Drawing:
    """Return what a spec states, and what a release learned beside it as (first, second, directed)."""
    columns: dict[str, Shape] = {}
    for name, column in spec.columns.items():
        computed = column.derive is not None or column.lookup is not None
        columns[name] = "computed" if computed else "id" if column.type == "id" else "modelled"
    found: dict[tuple[str, str], list[Why]] = {}
    for arrow in arrows(spec):
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
    return Drawing(columns, (*kept, *learnt))


def _arc(source: str, target: str, why: Sequence[Why]) -> Arc:
    """Return the one edge of two columns: a known table before what is required, `given` last."""
    said = [each for each in ("known", "require", "derive", "lookup") if each in why] or ["given"]
    kind = next(_KIND[each] for each in ("known", "require", "derive", "lookup", "given") if each in why)
    words = [each for each in why if each in said]
    return Arc(source, target, " and ".join(words), kind)


def to_dot(drawing: Drawing) -> str:
    """Return the drawing in Graphviz's language."""
    lines = ["digraph spec {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    style = {"modelled": "", "computed": " [style=rounded]", "id": " [style=dotted]",
             "gap": " [shape=ellipse]"}  # fmt: skip
    lines += [f'  "{name}"{style[shape]};' for name, shape in drawing.columns.items()]
    for arc in drawing.arcs:
        head = "" if arc.directed else ", dir=none"
        lines.append(
            f'  "{arc.source}" -> "{arc.target}" [style={_DOT[arc.kind]}, label="{arc.why}", '
            f'class="{arc.kind}", color="{_COLOR[arc.kind]}"{head}];'
        )
    lines += ["  subgraph cluster_legend {", '    label="legend";']
    for at, kind in enumerate(kinds_of(drawing)):
        lines.append(f'    "legend {at}" [shape=plaintext, label="{LEGEND[kind]}"];')
        lines.append(f'    "end {at}" [shape=point];')
        lines.append(f'    "legend {at}" -> "end {at}" [style={_DOT[kind]}, color="{_COLOR[kind]}"];')
    return "\n".join([*lines, "  }", "}", ""])


def kinds_of(drawing: Drawing) -> tuple[Kind, ...]:
    """Return the kinds of edges in a drawing, in the order of the legend."""
    return tuple(kind for kind in LEGEND if any(arc.kind == kind for arc in drawing.arcs))


def to_mermaid(drawing: Drawing) -> str:
    """Return the drawing in Mermaid's language."""
    ids = {name: f"n{i}" for i, name in enumerate(drawing.columns)}
    round_ = {name for name, shape in drawing.columns.items() if shape == "gap"}
    lines = ["flowchart LR"]
    lines += [f'  {key}(["{name}"])' if name in round_ else f'  {key}["{name}"]' for name, key in ids.items()]
    ends = {"declared": "==>", "known": "==>", "derived": "-->", "lookup": "-->", "given": "-.->",
            "missing": "-.->", "learned": "-.->"}  # fmt: skip
    for arc in drawing.arcs:
        end = ends[arc.kind] if arc.directed else "-.-"
        lines.append(f"  {ids[arc.source]} {end}|{arc.why}| {ids[arc.target]}")
    for at, arc in enumerate(drawing.arcs):
        lines.append(f"  linkStyle {at} stroke:{_COLOR[arc.kind]}")
    lines.append("  subgraph legend")
    for at, kind in enumerate(kinds_of(drawing)):
        lines.append(f'    l{at}["{kind}"] {ends[kind]} k{at}["{LEGEND[kind].partition(": ")[2]}"]')
        lines.append(f"    linkStyle {len(drawing.arcs) + at} stroke:{_COLOR[kind]}")
    lines.append("  end")
    return "\n".join([*lines, ""])


def to_svg(drawing: Drawing, title: str) -> str:
    """Return the drawing as one SVG element: columns in layers from left to right, a legend below."""
    layers = _layers(drawing)
    place = _places(drawing, layers)
    widths = [max(60, *(8 * len(name) + 20 for name in layer)) for layer in layers]
    left = [_PAD + sum(widths[:at]) + _GAP * at for at in range(len(layers))]
    boxes = {
        name: (left[at], _PAD + _ROW * place[name], widths[at])
        for at, layer in enumerate(layers)
        for name in layer
    }
    width = left[-1] + widths[-1] + _PAD if layers else 2 * _PAD
    kinds = kinds_of(drawing)
    rows = max((place[name] for name in place), default=0) + 1
    height = 2 * _PAD + _ROW * rows + 24 * len(kinds)
    width = max(width, 360)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}" '
        'font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        "<defs>",
        *(
            f'<marker id="head-{kind}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
            f'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
            f'<path d="M0 0 8 4 0 8z" fill="{_COLOR[kind]}"/></marker>'
            for kind in kinds
        ),
        "</defs>",
        *(_path(arc, boxes) for arc in drawing.arcs),
        *(_box(name, shape, boxes[name]) for name, shape in drawing.columns.items()),
        *(_legend(kind, _PAD, 2 * _PAD + _ROW * rows + 24 * at) for at, kind in enumerate(kinds)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _layers(drawing: Drawing) -> list[list[str]]:
    """Return the columns by their longest path from a column without parents; loops are cut."""
    depth = dict.fromkeys(drawing.columns, 0)
    for _ in depth:  # at most one round per column
        moved = False
        for arc in drawing.arcs:
            wanted = depth[arc.source] + 1
            if arc.directed and depth[arc.target] < wanted < len(depth):
                depth[arc.target], moved = wanted, True
        if not moved:
            break
    used = sorted(set(depth.values()))
    return [[name for name, at in depth.items() if at == layer] for layer in used]


def _places(drawing: Drawing, layers: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return the row of each column: layers are ordered by the mean row of their neighbours."""
    near: dict[str, list[str]] = {name: [] for name in drawing.columns}
    for arc in drawing.arcs:
        near[arc.source].append(arc.target)
        near[arc.target].append(arc.source)
    place = {name: at for layer in layers for at, name in enumerate(layer)}
    for _ in range(4):
        for layer in layers:
            means = {
                name: sum(place[other] for other in near[name]) / len(near[name])
                if near[name]
                else place[name]
                for name in layer
            }
            for at, name in enumerate(sorted(layer, key=lambda each: (means[each], place[each]))):
                place[name] = at
    return place


def _box(name: str, shape: Shape, box: tuple[float, float, float]) -> str:
    x, y, width = box
    edge = {"modelled": "", "computed": ' rx="12"', "id": ' stroke-dasharray="3 3"',
            "gap": ' rx="14" stroke-dasharray="1 2"'}[shape]  # fmt: skip
    return (
        f'<g><rect x="{x:g}" y="{y:g}" width="{width:g}" height="{_BOX}" fill="#ffffff" stroke="#333333"'
        f'{edge}/><text x="{x + width / 2:g}" y="{y + 18:g}" text-anchor="middle">{escape(name)}</text></g>'
    )


def _path(arc: Arc, boxes: Mapping[str, tuple[float, float, float]]) -> str:
    x, y, width = boxes[arc.source]
    to_x, to_y, to_width = boxes[arc.target]
    start, end = x + width, to_x
    bend = max(40.0, abs(end - start) / 2)
    if x == to_x:
        end = to_x + to_width
        curve = f"{start + bend:g} {y + 14:g} {end + bend:g} {to_y + 14:g} {end:g} {to_y + 14:g}"
    elif to_x < x:
        start, end = x, to_x + to_width
        curve = f"{start - bend:g} {y + 14:g} {end + bend:g} {to_y + 14:g} {end:g} {to_y + 14:g}"
    else:
        curve = f"{start + bend:g} {y + 14:g} {end - bend:g} {to_y + 14:g} {end:g} {to_y + 14:g}"
    head = f' marker-end="url(#head-{arc.kind})"' if arc.directed else ""
    label = f"{arc.source} {'to' if arc.directed else 'and'} {arc.target}: {arc.why}"
    return (
        f'<path d="M{start:g} {y + 14:g} C{curve}" {_stroke(arc.kind)}{head}>'
        f"<title>{escape(label)}</title></path>"
    )


def _stroke(kind: str) -> str:
    dash = f' stroke-dasharray="{_DASH[kind]}"' if _DASH[kind] else ""
    return f'fill="none" stroke="{_COLOR[kind]}" stroke-width="{_WIDTH[kind]}"{dash} class="{kind}"'


def _legend(kind: Kind, x: float, y: float) -> str:
    return (
        f'<g><path d="M{x:g} {y:g} h36" {_stroke(kind)}/>'
        f'<text x="{x + 44:g}" y="{y + 4:g}">{LEGEND[kind]}</text></g>'
    )
