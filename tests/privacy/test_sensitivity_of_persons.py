"""What one whole person can change, by brute force: every set of rows that a person may have, beside others.

A row is one of four: a value of 2, at one of two times, the second of which may be unknown. A person has up
to three of them, one more than the bound keeps. Views: all rows; one row of each person; weighed rows; rows
with what came before. Under add-remove a person comes or goes; under replace any set of rows becomes any
other. The bounds must hold on all pairs and be reached, and what a person adds must not depend on others.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.engines.polars import PolarsEngine
from synthspec.engines.stdlib import StdlibEngine
from synthspec.terms.expr import Bin, Column
from synthspec.terms.protection import Neighbours, Protection
from synthspec.terms.query import Axis, Marginal, Scored
from synthspec.terms.types import INT, TEXT
from synthspec.terms.view import Bound, Coded, Field, Source, View
from tests.privacy.test_bound import FixedKey

M = 2
W = 6
KINDS = (("0", "0"), ("0", "1"), ("1", "1"), ("1", ""))
ROWS = "rows"
Rows = tuple[tuple[str, str], ...]
PERSONS: tuple[Rows, ...] = tuple(
    rows for count in range(M + 2) for rows in combinations_with_replacement(KINDS, count)
)
OTHERS: tuple[Rows, ...] = ((), (KINDS[0],), (KINDS[0], KINDS[3], KINDS[2]))
NOW = Bin(arg=Column(name="a", type=INT), edges=(0, 1, 2))
BOUNDS: dict[str, dict[str, object]] = {
    "plain": {},
    "once": {"once": ROWS},
    "weight": {"weight": W},
    "by": {},
}
ENGINES_: dict[str, PolarsEngine | StdlibEngine] = {
    "stdlib": StdlibEngine(),
    "polars": PolarsEngine(),
    "spilled": PolarsEngine(0),
}


def _view(path: Path, kind: str, relation: Neighbours = "add-remove") -> View:
    codes = [Coded(attribute="a", size=2, code=NOW)]
    if kind == "by":
        codes.append(Coded(attribute="a.before", size=3, code=NOW, by=Column(name="t", type=INT)))
    bound = Bound.model_validate({"unit": "who", "max_rows": M, **BOUNDS[kind]})
    return View(
        source=Source(path=str(path)),
        fields=tuple(Field(name=n, origin=n, type=TEXT if n == "who" else INT) for n in ("who", "a", "t")),
        bound=bound,
        codes=tuple(codes),
        protection=Protection(unit="who", max_rows=bound.most, neighbours=relation),
    )


def _axes(view: View) -> tuple[Axis, ...]:
    domain = view.domain
    return tuple(Axis(name, size) for name, size in zip(domain.attributes, domain.sizes, strict=True))


@cache
def _answers(folder: Path, kind: str, name: str, every: int) -> dict[tuple[int, int], NDArray[np.int64]]:
    """Return the counts of all cells, and of score bins, by person and by who else is there."""
    path = folder / f"{kind} {name}.csv"
    found = {}
    for at, person in enumerate(PERSONS):
        if at % every:
            continue
        for beside, other in enumerate(OTHERS):
            lines = ["who,a,t", *(f"me,{a},{t}" for a, t in person), *(f"you,{a},{t}" for a, t in other)]
            path.write_text("\n".join(lines if beside % 2 else [lines[0], *reversed(lines[1:])]) + "\n")
            with ENGINES_[name].open(_view(path, kind), FixedKey()) as opened:
                found[at, beside] = opened.count([_axes(_view(path, kind))])[0]
                scored = opened.scored([_score()])[0]
                assert scored.sum() == found[at, beside].sum()
                assert np.array_equal(scored, opened.count([(Axis("a", 2),)])[0]), "the score is `a` itself"
    return found


def _score() -> Scored:
    return Scored(("a",), (np.array([0, 1]),), np.array([1]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the tables are written."""
    return tmp_path_factory.mktemp("persons")


def _moves(
    found: dict[tuple[int, int], NDArray[np.int64]], relation: Neighbours
) -> Iterator[NDArray[np.int64]]:
    for at, beside in found:
        if relation == "add-remove":
            yield found[at, beside] - found[0, beside]
            continue
        for other in range(at):
            yield found[at, beside] - found[other, beside]


@pytest.mark.parametrize("relation", ["add-remove", "replace"])
@pytest.mark.parametrize("kind", BOUNDS)
def test_a_whole_person_moves_counts_by_what_the_view_says_and_some_do(
    folder: Path, kind: str, relation: Neighbours
) -> None:
    """It must catch a view that keeps a second row, weights that add to more, a row in two cells."""
    view = _view(folder / "x.csv", kind, relation)
    stated = Marginal(_axes(view)).sensitivity(view.protection)
    assert view.protection.max_rows == {"plain": M, "once": 1, "weight": W, "by": M}[kind]
    l1 = l2 = 0
    for change in _moves(_answers(folder, kind, "stdlib", 1), relation):
        l1, l2 = max(l1, int(np.abs(change).sum())), max(l2, int((change**2).sum()))
    if kind == "by":
        # a person's rows never share a cell with their own first row: two rows, two cells
        assert (l1, l2) == (stated.l1, stated.l2_squared // 2)
    else:
        assert (l1, l2) == (stated.l1, stated.l2_squared), "the bounds hold, and are reached"


@pytest.mark.parametrize("kind", BOUNDS)
def test_what_a_person_adds_does_not_depend_on_who_else_is_there(folder: Path, kind: str) -> None:
    found = _answers(folder, kind, "stdlib", 1)
    for at, beside in found:
        assert np.array_equal(found[at, beside] - found[0, beside], found[at, 0] - found[0, 0])


@pytest.mark.parametrize("name", ["polars", "spilled"])
@pytest.mark.parametrize("kind", BOUNDS)
def test_polars_says_the_same_of_these_persons(folder: Path, kind: str, name: str) -> None:
    """A part of them by default: the law of engines has random ones."""
    wanted = _answers(folder, kind, "stdlib", 1)
    for key, counts in _answers(folder, kind, name, 8).items():
        assert np.array_equal(counts, wanted[key])


def test_a_view_that_promises_less_than_its_bound_is_refused() -> None:
    view = _view(Path("x.csv"), "plain")
    for bound, most in ((view.bound, 1), (view.bound.model_copy(update={"weight": W}), M)):
        protection = Protection(unit="who", max_rows=most)
        with pytest.raises(ValueError, match="more to a table than the protection says"):
            View.model_validate({**dict(view), "bound": bound, "protection": protection})


def test_bounds_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="one row of each unit"):
        Bound(unit="who", max_rows=3, once=ROWS, weight=5)
    with pytest.raises(ValueError, match="below `max_rows`"):
        Bound(unit="who", max_rows=3, weight=2)


def test_what_was_written_before_these_keys_keeps_its_digest() -> None:
    assert Source(path="a.csv").canonical() == (
        b'{"decimal":".","delimiter":",","duplicates":"keep","encoding":"utf-8","format":"csv",'
        b'"nulls":[""],"path":"a.csv"}'
    )
    assert b"table" not in Field(name="a", origin="A", type=INT).canonical()
    assert b"table" in Field(name="a", origin="A", type=INT, table="units").canonical()
    assert set(Bound(unit="u", max_rows=3).model_dump()) == {"unit", "max_rows", "unit_null", "over", "kept"}
