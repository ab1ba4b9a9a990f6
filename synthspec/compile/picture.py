"""Picture: a drawing as an SVG of our own: groups as boxes, columns in layers inside, edges by kind.

Boxes and columns outside of any box stand in layers from left to right; inside a box its columns do. What
a box is given is one edge to its head.

Source: layers by longest path, then barycentres (Sugiyama, Tagawa & Toda 1981).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from synthspec.compile.drawing import COLOR, LEGEND, Arc, Drawing, Kind, Shape, kinds_of
from synthspec.compile.routes import Place, Routes

_DASH = {"declared": "", "known": "", "derived": "", "lookup": "7 2 2 2", "given": "6 4", "missing": "1 3",
         "learned": "2 3"}  # fmt: skip
_WIDTH = {"declared": "2.4", "known": "2.4", "derived": "1.2", "lookup": "1.4", "given": "1.2",
          "missing": "1.2", "learned": "1.8"}  # fmt: skip
_BOX, _GAP, _ROW, _PAD, _HEAD, _INNER, _APART = 28, 80, 44, 20, 30, 14, 22

Edges = Sequence[tuple[str, str]]


def to_svg(drawing: Drawing, title: str) -> str:
    """Return the drawing as one SVG element, with a legend below."""
    boxes, frames = laid(drawing)
    kinds = kinds_of(drawing)
    every = [*boxes.values(), *frames.values()]
    # Room on the right for edges that leave and enter the same side.
    width = max([360.0, *(each.x + each.width + _PAD + 36 for each in every)])
    heads = [Place(each.x + 8, each.y, 8.0 * len(name) + 8, _BOX - 6.0) for name, each in frames.items()]
    bottom = max((each.y + each.height for each in every), default=0.0)
    routes = Routes((*boxes.values(), *heads), bottom + 4)
    paths = [*(_path(arc, boxes[arc.source], boxes[arc.target], routes) for arc in drawing.shown())]
    for each in drawing.between:
        start = _head(frames[each.source]) if each.framed else boxes[each.source]
        given = Arc(each.source, each.target, "given", "given")
        paths.append(_path(given, start, _head(frames[each.target]), routes))
    below = routes.lowest + 2 * _PAD
    height = below + 24 * len(kinds)
    called = escape(title, {'"': "&quot;"})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{called}" font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',  # readable on dark pages too
        "<defs>",
        *(
            f'<marker id="head-{kind}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
            f'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
            f'<path d="M0 0 8 4 0 8z" fill="{COLOR[kind]}"/></marker>'
            for kind in kinds
        ),
        "</defs>",
        *(_frame(name, place) for name, place in frames.items()),
        *paths,
        *(_column(name, shape, boxes[name]) for name, shape in drawing.columns.items()),
        *(_legend(kind, _PAD, below + 24 * at) for at, kind in enumerate(kinds)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def laid(drawing: Drawing) -> tuple[dict[str, Place], dict[str, Place]]:
    """Return where each column and each box goes."""
    home = {column: at for at, frame in enumerate(drawing.frames) for column in frame.columns}
    named = {frame.name: at for at, frame in enumerate(drawing.frames)}

    def outer(name: str) -> str:
        return f"frame {home[name]}" if name in home else f"column {name}"

    edges = [(arc.source, arc.target) for arc in drawing.shown() if arc.directed]
    inner = {
        f"frame {at}": _grid(frame.columns, [e for e in edges if home.get(e[0]) == at == home.get(e[1])])
        for at, frame in enumerate(drawing.frames)
    }
    loose = {f"column {name}": name for name in drawing.columns if name not in home}
    sizes = {key: (_wide(name), float(_BOX)) for key, name in loose.items()}
    sizes |= {key: _framed(places) for key, places in inner.items()}
    outside = [(outer(a), outer(b)) for a, b in edges if outer(a) != outer(b)]
    outside += [
        (f"frame {named[each.source]}" if each.framed else outer(each.source), f"frame {named[each.target]}")
        for each in drawing.between
    ]
    spots = _spots(sizes, outside)
    boxes = {name: Place(*spots[key], *sizes[key]) for key, name in loose.items()}
    for key, places in inner.items():
        x, y = spots[key]
        boxes |= {name: place.moved(x + _INNER, y + _HEAD) for name, place in places.items()}
    frames = {frame.name: Place(*spots[f"frame {at}"], *sizes[f"frame {at}"])
              for at, frame in enumerate(drawing.frames)}  # fmt: skip
    return boxes, frames


def _wide(name: str) -> float:
    return float(max(60, 8 * len(name) + 20))


def _framed(places: Mapping[str, Place]) -> tuple[float, float]:
    """Return the width and height of a box around its columns."""
    right = max(each.x + each.width for each in places.values())
    low = max(each.y + each.height for each in places.values())
    return right + 2 * _INNER, low + _HEAD + _INNER


def _grid(names: Sequence[str], edges: Edges) -> dict[str, Place]:
    """Return columns in layers, all of a layer equally wide."""
    layers = _layers(names, edges)
    rows = _rows(layers, edges)
    found: dict[str, Place] = {}
    x = 0.0
    for layer in layers:
        width = max(_wide(name) for name in layer)
        found |= {name: Place(x, _ROW * rows[name], width, _BOX) for name in layer}
        x += width + _GAP
    return found


def _spots(sizes: Mapping[str, tuple[float, float]], edges: Edges) -> dict[str, tuple[float, float]]:
    """Return the upper left corner of boxes and columns outside of them: layers, each stacked."""
    layers = _layers(tuple(sizes), edges)
    rows = _rows(layers, edges)
    found: dict[str, tuple[float, float]] = {}
    x = float(_PAD)
    for layer in layers:
        y = float(_PAD)
        for name in sorted(layer, key=rows.__getitem__):
            found[name] = (x, y)
            y += sizes[name][1] + (_ROW - _BOX if name.startswith("column") else _APART)
        x += max(sizes[name][0] for name in layer) + _GAP
    return found


def _layers(names: Sequence[str], edges: Edges) -> list[list[str]]:
    """Return the names by their longest path from one without parents; loops are cut."""
    depth = dict.fromkeys(names, 0)
    for _ in depth:  # at most one round per name
        moved = False
        for source, target in edges:
            wanted = depth[source] + 1
            if depth[target] < wanted < len(depth):
                depth[target], moved = wanted, True
        if not moved:
            break
    used = sorted(set(depth.values()))
    return [[name for name, at in depth.items() if at == layer] for layer in used]


def _rows(layers: Sequence[Sequence[str]], edges: Edges) -> dict[str, int]:
    """Return the row of each name: layers are ordered by the mean row of their neighbours."""
    near: dict[str, list[str]] = {name: [] for layer in layers for name in layer}
    for source, target in edges:
        near[source].append(target)
        near[target].append(source)
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


def _head(frame: Place) -> Place:
    return Place(frame.x, frame.y, frame.width, float(_BOX - 4))


def _frame(name: str, place: Place) -> str:
    return (
        f'<g><rect x="{place.x:g}" y="{place.y:g}" width="{place.width:g}" height="{place.height:g}" rx="4" '
        f'fill="#f4f6f8" stroke="#b8c0c8"/><text x="{place.x + 10:g}" y="{place.y + 17:g}" '
        f'font-weight="bold" fill="#33475b">{escape(name)}</text></g>'
    )


def _column(name: str, shape: Shape, box: Place) -> str:
    edge = {"modelled": "", "computed": ' rx="12"', "id": ' stroke-dasharray="3 3"',
            "gap": ' rx="14" stroke-dasharray="1 2"'}[shape]  # fmt: skip
    return (
        f'<g><rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{_BOX}" fill="#ffffff" '
        f'stroke="#333333"{edge}/><text x="{box.x + box.width / 2:g}" y="{box.y + 18:g}" '
        f'text-anchor="middle">{escape(name)}</text></g>'
    )


def _path(arc: Arc, source: Place, target: Place, routes: Routes) -> str:
    head = f' marker-end="url(#head-{arc.kind})"' if arc.directed else ""
    label = f"{arc.source} {'to' if arc.directed else 'and'} {arc.target}: {arc.why}"
    return (
        f'<path d="{routes.way(source, target)}" {_stroke(arc.kind)}{head}>'
        f"<title>{escape(label)}</title></path>"
    )


def _stroke(kind: Kind) -> str:
    dash = f' stroke-dasharray="{_DASH[kind]}"' if _DASH[kind] else ""
    return f'fill="none" stroke="{COLOR[kind]}" stroke-width="{_WIDTH[kind]}"{dash} class="{kind}"'


def _legend(kind: Kind, x: float, y: float) -> str:
    return (
        f'<g><path d="M{x:g} {y + 0.5:g} h36" {_stroke(kind)}/>'
        f'<text x="{x + 44:g}" y="{y + 4:g}">{LEGEND[kind]}</text></g>'
    )
