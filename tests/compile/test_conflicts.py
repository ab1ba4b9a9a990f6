"""Conflicting sets are minimal for whoever edits the text: a declaration is kept or left out whole."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given

from synthspec.compile.check import check
from synthspec.compile.diagnose.decide import SECONDS, Decider
from synthspec.compile.diagnose.facts import Fact, base_columns
from synthspec.compile.diagnose.search import Ask
from synthspec.errors import Diagnostic
from synthspec.spec.parse import parse
from synthspec.terms.expr import Column, Compare, Literal_
from synthspec.terms.types import INT
from tests.compile.test_contradictions import EXTRA, RULES, decider, few, modes, prepared, rows_of, spec_text


@modes
@few
@given(rules=RULES)
def test_without_any_one_declaration_of_a_conflict_rows_exist(mode: str, rules: list[str]) -> None:
    spec = prepared(spec_text(['"n >= 2 OR m > 1"', "\"n <= 1 OR kind = 'p'\"", *rules, '"n - m = 2"']))
    facts = spec.facts()
    decides = decider(spec.columns, mode)
    if decides.ask(facts).possible is not False:
        return
    core, sure = decides.minimal(facts)
    if not sure or any(fact.kind == "computed" for fact in core):
        return  # the first only without z3; of the second the rows below know nothing
    given_ = [fact for fact in facts if fact.kind in ("present", "computed")]
    used = base_columns([name for fact in core for name in fact.columns], facts)
    universe = list(rows_of(spec, EXTRA, frozenset(used)))

    def rows(chosen: Sequence[Fact]) -> bool:
        return any(all(fact.holds(row) for fact in (*chosen, *given_)) for row in universe)

    paths = {fact.path for fact in core}
    whole = [fact for fact in facts if fact.path in paths]
    assert not rows(whole)
    for path in paths:
        assert rows([fact for fact in whole if fact.path != path]), path


def test_both_ends_of_a_domain_are_one_declaration() -> None:
    # `a` alone contradicts `r` by its low end; by ends `b` would seem needed, and `s` with it
    text = "spec: 1\ncolumns:\n  a: int 0..10\n  b: int 0..10\nrules:\n  r: a > b + 10\n  s: b > a + 10\n"
    for mode in ("search", "both", "z3"):
        spec = prepared(text)
        core, sure = decider(spec.columns, mode).minimal(spec.facts())
        paths = {fact.path for fact in core}
        assert sure
        assert paths in (
            {("columns", "a", "in"), ("columns", "b", "in"), ("rules", rule)} for rule in "rs"
        ) or (paths == {("rules", "r"), ("rules", "s")})


def found_in(text: str) -> list[Diagnostic]:
    return [each for each in check(parse(text, "spec.yaml"), Path())[1] if each.code == "R201"]


def test_a_result_out_of_range_is_told_as_such() -> None:
    pytest.importorskip("z3")
    (found,) = found_in(
        "spec: 1\ncolumns:\n  x: int 0..5_000_000_000\n  y: int 0..5_000_000_000\n  c: {derive: x * y}\n"
        "rules:\n  r: x >= 4_000_000_000\n  s: y >= 4_000_000_000\n"
    )
    labels = [span.label for span in found.spans]
    assert "computes `c`, null where `x * y` is out of range, and `c` is never missing" in labels
    assert found.helps == ("write `missing: derived` under `c`, or change one of the others",)


HARD = """\
spec: 1
columns:
  a: int 1..2_000_000_000
  b: int 1..2_000_000_000
  c: int 1..2_000_000_000
  w: [x, y, z]
  v: [x, y, z]
  root: {derive: sqrt(b * 1.0 - a)}
rules:
  primes: a * b = 1000000016000000063 AND a > 1 AND b > 1 AND a < b
  cubes: a * a * a + b * b * b <> c * c * c + 42
  two: w <> v OR a * a > b
  four: {if: a > 100, then: "v <> 'x' OR a * b % 7 = 3"}
sample:
  rows: 1000
  scenarios: {s: {rows: 5, where: "w = 'x' AND (a + b + c) % 17 = 5"}}
"""


def test_a_whole_check_of_a_spec_that_is_too_hard_ends_in_ten_seconds() -> None:
    pytest.importorskip("z3")
    started = time.monotonic()
    found, diagnostics = check(parse(HARD, "spec.yaml"), Path())
    assert time.monotonic() - started < 10
    assert found is not None
    open_ = [each for each in diagnostics if each.code == "R209"]
    assert open_
    for each in open_:
        spent = each.notes[-1]
        assert ("1.5 s" in spent or "no time was left" in spent) and "5 s" in spent, spent


def test_no_question_is_asked_when_the_time_of_all_is_used_up() -> None:
    spec = prepared("spec: 1\ncolumns: {a: int 0..9}\nrules: {r: a > 3}\n")
    late = Decider(spec.columns, seconds=0.0)
    answer = late.ask(spec.facts(), (_equal("a", 5),))
    assert (answer.possible, answer.why) == (None, "late")
    assert SECONDS < 5


def _equal(name: str, value: int) -> Ask:
    return Ask(Compare(op="=", left=Column(name=name, type=INT), right=Literal_(text=str(value), type=INT)))


def test_numbers_at_the_end_of_their_type_are_no_way_out_of_a_conflict() -> None:
    pytest.importorskip("z3")
    (found,) = found_in(
        "spec: 1\ncolumns:\n  x: int 0..10\n  y: decimal(2) 0..10\nrules:\n  r: y > x + 1\n  s: y <= x\n"
    )
    assert {span.label for span in found.spans} == {"requires y > x + 1", "requires y <= x"}


def test_rules_are_judged_together_although_another_cannot_be_read() -> None:
    text = "spec: 1\ncolumns:\n  x: int 0..10\nrules:\n  a: x > 5\n  b: x >\n  c: x < 3\n  d: xx = 1\n"
    found = check(parse(text, "spec.yaml"), Path())[1]
    places = [(each.code, next(s.line for s in each.spans if s.primary)) for each in found]
    assert places == [("R201", 5), ("R101", 6), ("C101", 8)]


def test_a_question_that_is_too_hard_leaves_the_next_one_to_be_answered() -> None:
    # without z3 nobody can tell what `a` without its domain allows; that `w` is not needed, a search can
    text = "spec: 1\ncolumns: {a: int 0..9, b: int 0..9, c: int 0..9}\n"
    spec = prepared(text + "rules: {x: a < b, y: b < c, z: c < a, w: a + b > 3}\n")
    core, sure = decider(spec.columns, "search").minimal(spec.facts())
    assert {fact.name for fact in core if fact.rule} == {"x", "y", "z"} and not sure


def test_no_help_empties_a_domain_or_counts_on_numbers_that_leave_their_type() -> None:
    text = "spec: 1\ncolumns: {a: int 0..9, b: int 0..9}\nrules: {r: a + b > 30}\n"
    (found,) = check(parse(text, "s.yaml"))[1]
    assert found.code == "R201"
    for help_ in found.helps:
        assert "-" not in help_, "no end below zero makes the sum larger"
