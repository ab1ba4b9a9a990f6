"""The dependency graph of derive, lookup, given and declared edges."""

from __future__ import annotations

from synthspec.compile.drawing import drawing_of, to_dot, to_mermaid
from synthspec.compile.graph import Arrow, arrows, cycle_in, mentions
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
