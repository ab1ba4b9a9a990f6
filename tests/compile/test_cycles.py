"""One cycle check: loops through columns that rules give are found before anything is spent."""

from __future__ import annotations

import pytest

from synthspec.api.graph import drawing
from synthspec.api.spec import Spec
from synthspec.compile.drawing import drawing_of
from synthspec.errors import SpecError
from tests.compile.specs import diagnose

BILL = """\
spec: 1
columns:
  net: int 0..9
  tax: int 0..9
  total: int 0..18
  rich: {derive: total > 9}
rules:
  sum: total = net + tax
"""
DETERMINED = """\
spec: 1
columns:
  net: int 0..9
  k: [a, b]
  isa: {derive: k = 'a'}
  rich: {derive: net > 4}
rules:
  fd: {determines: [k], by: [rich]}
"""


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        (
            BILL + "network: {require: [total -> net]}\ngenerate: {a: {columns: [net, tax], using: rules}}\n",
            "total -> net -> total",
        ),
        (
            BILL + "generate:\n  a: {columns: [tax], using: rules}\n"
            "  b: {columns: [net], using: rules, given: [rich]}\n",
            "net -> total -> rich -> net",
        ),
        (
            BILL + "generate:\n  a: {columns: [tax], using: rules, given: [total]}\n"
            "  b: {columns: [net], using: rules, given: [a]}\n",
            "tax -> total -> tax",
        ),
        (DETERMINED + "network: {require: [isa -> net]}\n", "isa -> net -> rich -> k -> isa"),
    ],
    ids=["edge", "given-derived", "two-groups", "determines"],
)
def test_a_loop_through_a_column_that_a_rule_gives_is_an_error_that_shows_the_rule(
    text: str, loop: str
) -> None:
    (found,) = [each for each in diagnose(text) if each.level == "error"]
    assert (found.code, found.message) == ("N301", f"the network has a cycle: {loop}")
    rule = 1 + next(at for at, line in enumerate(text.split("\n")) if line.startswith(("  sum:", "  fd:")))
    assert rule in {span.line for span in found.spans}
    assert any("is solved from an equation" in n or "is determined by a table" in n for n in found.notes)
    assert found.helps


def test_a_generated_column_is_not_solved_where_that_would_close_a_loop() -> None:
    spec = Spec.of(BILL + "network: {require: [rich -> net]}\n", "s.yaml")
    assert not [each for each in spec.check() if each.level == "error"]
    rows = spec.mock(400)
    assert (rows["total"] == rows["net"] + rows["tax"]).all()
    assert spec.plan().value.column("total").role == "modelled"


def test_a_solved_column_is_drawn_as_computed_with_edges_from_what_gives_it() -> None:
    spec = Spec.of(BILL + "generate: {a: {columns: [net, tax], using: rules}}\n", "s.yaml")
    found = drawing(spec)
    assert found.columns["total"] == "computed"
    arcs = {(arc.source, arc.target, arc.kind, arc.why) for arc in found.arcs}
    assert {("net", "total", "derived", "equation"), ("tax", "total", "derived", "equation")} <= arcs
    assert drawing_of(spec.checked().spec).columns["total"] == "modelled"


def test_a_determined_column_is_drawn_with_edges_from_what_determines_it() -> None:
    found = drawing(Spec.of(DETERMINED, "s.yaml"))
    arcs = {(arc.source, arc.target, arc.kind) for arc in found.arcs}
    assert ("rich", "k", "derived") in arcs and found.columns["k"] == "computed"


def test_a_spec_of_which_a_part_cannot_be_read_gets_no_graph_without_that_part() -> None:
    spec = Spec.of("spec: 1\ncolumns: {'a b': int 0..9, n: int 0..9}\n", "s.yaml")
    with pytest.raises(SpecError) as error:
        drawing(spec)
    assert error.value.code == "S123"
