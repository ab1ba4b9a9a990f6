"""The dependency graph of derive, lookup, given and declared edges."""

from __future__ import annotations

import operator
import re
from itertools import combinations

from synthspec.compile.drawing import drawing_of, to_dot, to_mermaid
from synthspec.compile.graph import Arrow, arrows, cycle_in, mentions, read_by
from synthspec.compile.picture import laid, to_svg
from synthspec.compile.routes import Place, Routes
from synthspec.spec.parse import parse
from tests.compile.specs import PATIENTS, checked


def arrow(text: str) -> Arrow:
    """Return an arrow written `a>b`."""
    source, target = text.split(">")
    return Arrow(source, target, "require", ())


def test_strings_are_not_names() -> None:
    assert set(mentions("a = 'b' AND c IN ('it''s d')", ("a", "b", "c", "d"))) == {"a", "c"}


def test_the_shortest_cycle_is_found_and_none_where_there_is_none() -> None:
    assert cycle_in([arrow("a>b"), arrow("b>c"), arrow("a>c")]) == ()
    loop = cycle_in([arrow("a>b"), arrow("b>c"), arrow("c>a"), arrow("c>d"), arrow("d>c")])
    assert {each.source for each in loop} == {"c", "d"}
    assert len(cycle_in([arrow("a>a")])) == 1


def test_a_group_given_another_depends_on_all_its_columns() -> None:
    found = {(a.source, a.target, a.why) for a in arrows(checked(PATIENTS).spec)}
    assert ("age", "old", "derive") in found
    assert ("old", "paid", "given") in found and ("sex", "stay", "given") in found


def test_both_languages_show_every_column_and_arrow() -> None:
    text = PATIENTS.replace("given: [old, sex]", "given: [who, old]")
    spec = checked(text + "network: {require: [age -> stay.missing]}\n").spec
    drawing = drawing_of(spec)
    dot, mermaid = to_dot(drawing), to_mermaid(drawing)
    assert all(f'"{name}"' in dot and f'"{name}"' in mermaid for name in spec.columns)
    assert '"age" -> "stay.missing" [style=bold, label="require"' in dot
    assert "==>|require|" in mermaid


ROUTES = """\
spec: 1
columns:
  born: int 0..99
  town: {type: category, in: [a, b]}
  seen: int 0..99
  sick: bool
  cost: int 0..9
  age: {derive: seen - born, in: -99..99}
network: {require: [age -> sick, town -> sick]}
generate:
  who: {columns: [born, town], using: rules}
  what: {columns: [seen, sick], using: rules, given: [who]}
  money: {columns: [cost], using: rules, given: [what, age]}
"""


def test_a_group_given_another_is_one_edge_from_box_to_box_in_every_form() -> None:
    drawing = drawing_of(checked(ROUTES).spec)
    assert {frame.name: frame.columns for frame in drawing.frames} == {
        "who": ("born", "town"),
        "what": ("seen", "sick", "age"),  # age lies on the way from seen to sick
        "money": ("cost",),
    }
    assert [(each.source, each.target, each.framed) for each in drawing.between] == [
        ("who", "what", True),
        ("what", "money", True),
        ("age", "money", False),
    ]
    assert sum(arc.kind == "given" for arc in drawing.arcs) == 6, "the columns' edges stay for questions"
    svg, dot, mermaid = to_svg(drawing, "t"), to_dot(drawing), to_mermaid(drawing)
    assert svg.count('class="given"') == 3 + 1  # and the legend
    assert dot.count('class="given"') == 3 and 'ltail="cluster_who", lhead="cluster_what"' in dot
    assert mermaid.count("|given|") == 3 and "g0 -.->|given| g1" in mermaid


def test_columns_lie_inside_their_box_and_boxes_do_not_overlap() -> None:
    drawing = drawing_of(checked(ROUTES).spec)
    boxes, frames = laid(drawing)
    for frame in drawing.frames:
        around = frames[frame.name]
        for name in frame.columns:
            assert around.x < boxes[name].x and boxes[name].x + boxes[name].width < around.x + around.width
            assert around.y < boxes[name].y and boxes[name].y + boxes[name].height < around.y + around.height
    assert all(apart(a, b) for a, b in combinations(frames.values(), 2))
    assert all(apart(a, b) for a, b in combinations(boxes.values(), 2))


def apart(one: Place, other: Place) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def test_groups_on_a_loop_are_drawn_without_boxes() -> None:
    text = ROUTES.replace("given: [who]", "given: [money]")
    drawing = drawing_of(parse(text, "s.yaml").spec)
    assert not drawing.frames and not drawing.between
    assert "|given|" in to_mermaid(drawing)


def test_a_rule_reads_the_columns_of_its_form() -> None:
    text = "spec: 1\ncolumns: {a: int 0..9, b: int 0..9, c: int 0..9}\nrules:\n"
    for rule, read in {
        "a < b": ("a", "b"),
        "{if: c > 1, then: a < 2}": ("a", "c"),
        "{unique: [b]}": ("b",),
        "{combos: [a, c], rows: [[1, 1]]}": ("a", "c"),
        "{determines: [c], by: [b]}": ("b", "c"),
        "{no_overlap: [a, b], per: c}": ("a", "b", "c"),
    }.items():
        spec = parse(f"{text}  r: {rule}\n", "s.yaml").spec
        assert read_by(spec.rules["r"], ("a", "b", "c")) == read


def test_an_edge_goes_around_a_third_box_and_takes_a_lane_of_its_own() -> None:
    left, between, right = (Place(at, 0, 60, 28) for at in (0, 140, 280))
    routes = Routes((left, between, right), bottom=28)
    assert "H" not in routes.way(left, between) and routes.lowest == 28
    assert " 37 H" in routes.way(left, right)
    assert " 46 H" in routes.way(left, right), "lanes do not lie on each other"
    assert routes.lowest > 46


def test_no_edge_of_a_picture_passes_behind_a_column_that_is_not_its_own() -> None:
    text = """\
spec: 1
columns:
  id: id
  a: int 0..9
  b: int 0..9
  c: int 0..9
  d: int 0..9
  far: {derive: a + d, in: 0..18}
  owner: {derive: id}
network: {require: [a -> b, b -> c, a -> c, a -> d, c -> d]}
"""
    drawing = drawing_of(parse(text, "s.yaml").spec)
    boxes, _ = laid(drawing)
    routes = Routes(tuple(boxes.values()), bottom=max(box.y + box.height for box in boxes.values()))
    for arc in drawing.arcs:
        ends = (boxes[arc.source], boxes[arc.target])
        others = [box for box in boxes.values() if box not in ends]
        for x, y in points_on(routes.way(*ends)):
            assert not any(Place(x, y, 0, 0).meets(box) for box in others), (arc.source, arc.target)


def points_on(way: str) -> list[tuple[float, float]]:
    """Return points along a path of M, H and C."""
    found: list[tuple[float, float]] = []
    for kind, rest in re.findall(r"([MHC])([^MHC]*)", way):
        numbers = [float(each) for each in rest.split()]
        if kind == "M":
            found.append((numbers[0], numbers[1]))
            continue
        x, y = found[-1]
        if kind == "H":
            found += [(x + (numbers[0] - x) * t / 50, y) for t in range(1, 51)]
            continue
        xs, ys = [x, *numbers[::2]], [y, *numbers[1::2]]
        for t in (step / 50 for step in range(1, 51)):
            w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            found.append((sum(map(operator.mul, w, xs)), sum(map(operator.mul, w, ys))))
    return found
