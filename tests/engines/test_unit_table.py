"""The law of the table of units: both engines join alike, and a person's line there is the person's own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from synthspec.engines.polars import PolarsEngine
from synthspec.engines.stdlib import StdlibEngine
from synthspec.terms.expr import Bin, Case, Column, Expr, Index, IsNull, Literal_
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis
from synthspec.terms.types import BOOL, INT, TEXT, Type
from synthspec.terms.view import Bound, Coded, Field, Flag, Side, Source, UnitTable, View
from tests.engines.test_engines_agree import FixedKey, units_of

KEY = bytes(range(32))
ROWS = "rows"
Engine = StdlibEngine | PolarsEngine
Line = tuple[str, ...]


def _or_missing(name: str, type_: Type, code: Expr, last: int) -> Coded:
    null = IsNull(arg=Column(name=name, type=type_))
    missing = Literal_(text=str(last), type=INT)
    return Coded(
        attribute=name, size=last + 1, code=Case(branches=((null, missing),), otherwise=code, type=INT)
    )


def view(folder: Path, max_rows: int = 2, **more: object) -> View:
    """Return a view over `rows.csv` and `units.csv` of the folder."""
    who = more.pop("who", TEXT)
    assert isinstance(who, Type)
    form = str(more.pop("format", "csv"))
    side = more.pop("side", None)
    bound = Bound.model_validate({"unit": "who", "max_rows": max_rows, **more})
    units = UnitTable.model_validate({"path": str(folder / f"units.{form}"), "format": form, "key": "id"})
    sex = Index(arg=Column(name="sex", type=TEXT), values=("F", "M"))
    born = Bin(arg=Column(name="born", type=INT), edges=(1900, 1950, 2000))
    return View(
        source=Source(path=str(folder / "rows.csv"), units=units),
        fields=(
            Field(name="who", origin="who", type=who, nulls=("?",)),
            Field(name="sex", origin="SEX", type=TEXT, labels=(("female", "F"),), table="units"),
            Field(name="a", origin="a", type=INT),
            Field(name="born", origin="born", type=INT, table="units"),
        ),
        steps=(Flag(label="born bad", when=Column(name="born.bad", type=BOOL)),),
        bound=bound,
        codes=(
            _or_missing("sex", TEXT, sex, 2),
            _or_missing("born", INT, born, 2),
            _or_missing("a", INT, Bin(arg=Column(name="a", type=INT), edges=(0, 1, 2)), 2),
        ),
        protection=Protection(unit="who", max_rows=bound.most),
        side=side if isinstance(side, Side) else None,
    )


def write(folder: Path, rows: Sequence[Line], units: Sequence[Line]) -> None:
    """Write both files."""
    (folder / "rows.csv").write_text("\n".join(["who,a", *(",".join(row) for row in rows)]) + "\n")
    (folder / "units.csv").write_text("\n".join(["born,id,SEX", *(",".join(row) for row in units)]) + "\n")


CLIQUE = (Axis("sex", 3), Axis("born", 3), Axis("a", 3))


def answers(engine: Engine, asked: View, split: bytes = b"") -> list[object]:
    """Return what an engine says of the view."""
    with engine.open(asked, FixedKey(), split) as opened:
        counts = opened.count([CLIQUE, ()])
        flags = opened.affected(("born bad", "rows kept", "cut to max_rows")).tolist()
        return [counts[0].tolist(), counts[1].tolist(), flags, units_of(opened.held())]


IDS = ("1", "2", " 1", "01", "x", "", "?", "1.0", '"2"')
LINES = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(("0", "1", "", "x"))), max_size=8)
UNITS = st.lists(
    st.tuples(
        st.sampled_from(("1940", "1960", "x", "", "99999999999999999999")),
        st.sampled_from(IDS),
        st.sampled_from(("F", "M", "female", "", "?", "odd")),
    ),
    max_size=8,
)


@settings(max_examples=20, deadline=None)
@given(
    rows=LINES,
    units=UNITS,
    max_rows=st.integers(1, 3),
    who=st.sampled_from((TEXT, INT)),
    kind=st.sampled_from(({}, {"once": ROWS}, {"weight": 6})),
    unit_null=st.sampled_from(("own", "drop")),
    side=st.sampled_from((None, Side(share=0.4, held=True))),
    held=st.sampled_from((0, 1 << 20)),
)
def test_engines_join_alike(
    rows: list[Line],
    units: list[Line],
    max_rows: int,
    who: Type,
    kind: dict[str, object],
    unit_null: str,
    side: Side | None,
    held: int,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, rows, units)
        asked = view(folder, max_rows, who=who, unit_null=unit_null, side=side, **kind)
        split = KEY if side is not None else b""
        assert answers(PolarsEngine(held), asked, split) == answers(StdlibEngine(), asked, split)


@pytest.mark.parametrize("engine", [StdlibEngine(), PolarsEngine()], ids=["stdlib", "polars"])
def test_rows_get_what_is_said_of_their_unit_and_others_nothing(tmp_path: Path, engine: Engine) -> None:
    write(
        tmp_path,
        [("1", "0"), ("1", "1"), ("2", "0"), ("3", "0"), ("", "0")],
        [("1960", "1", "female"), ("x", "2", "M"), ("1940", "9", "F"), ("1940", "", "M")],
    )
    with engine.open(view(tmp_path), FixedKey()) as opened:
        found = opened.count([CLIQUE[:2]])[0].reshape(3, 3)
        assert opened.affected(("born bad",)).tolist() == [1], "the unit whose year cannot be read"
    # sex F, M, unknown; born before 1950, from 1950 on, unknown
    assert found.tolist() == [[0, 2, 0], [0, 0, 1], [0, 0, 2]]


def test_a_table_of_units_may_be_parquet_and_ids_are_compared_as_values(tmp_path: Path) -> None:
    write(tmp_path, [("1", "0"), (" 2.0", "0"), ("3", "0")], [])
    pl.DataFrame({"id": [1, 2], "born": [1960, 1940], "SEX": ["F", "M"]}).write_parquet(
        tmp_path / "units.parquet"
    )
    asked = view(tmp_path, who=INT, format="parquet")
    assert answers(PolarsEngine(), asked) == answers(StdlibEngine(), asked)
    with PolarsEngine().open(asked, FixedKey()) as opened:
        assert opened.count([CLIQUE[:2]])[0].reshape(3, 3).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]


def test_a_unit_table_that_changes_under_the_run_is_refused(tmp_path: Path) -> None:
    write(tmp_path, [("1", "0")], [("1960", "1", "F")])
    with PolarsEngine().open(view(tmp_path), FixedKey()) as opened:
        with (tmp_path / "units.csv").open("a") as more:
            more.write("1940,1,M\n")
        with pytest.raises(OSError, match="changed"):
            opened.count([()])


PERSON_ROWS = tuple(
    rows for count in range(3) for rows in combinations_with_replacement((("me", "0"), ("me", "1")), count)
)
PERSON_LINES = tuple(
    lines
    for count in range(3)
    for lines in combinations_with_replacement((("1960", "me", "F"), ("1940", "me", "M")), count)
)
BESIDE = (((), ()), ((("you", "0"), ("you", "1")), (("1940", "you", "M"), ("1960", "you", "F"))))


@pytest.mark.parametrize("kind", [{}, {"once": ROWS}, {"weight": 6}], ids=["plain", "once", "weight"])
def test_a_person_who_goes_or_changes_in_both_files_moves_what_the_view_says(
    tmp_path: Path, kind: dict[str, object]
) -> None:
    """Every set of rows by every set of lines, all pairs, alone and beside another person.

    It must catch a choice among lines that looks at other persons, and a join that multiplies rows.
    """
    asked = view(tmp_path, 2, **kind)
    most = asked.protection.max_rows
    found: dict[tuple[int, int, int], NDArray[np.int64]] = {}
    engine = StdlibEngine()
    for beside, (rows, lines) in enumerate(BESIDE):
        for i, mine in enumerate(PERSON_ROWS):
            for j, said in enumerate(PERSON_LINES):
                turn = -1 if (i + j) % 2 else 1
                write(tmp_path, [*mine, *rows][::turn], [*said, *lines][::turn])
                with engine.open(asked, FixedKey()) as opened:
                    found[beside, i, j] = opened.count([CLIQUE])[0]
    for beside in range(len(BESIDE)):
        mine = [(i, j) for at, i, j in found if at == beside]
        for i, j in mine:
            gone = found[beside, i, j] - found[beside, 0, 0]
            assert np.array_equal(gone, found[0, i, j]), "it depends on who else is there"
            assert gone.min() >= 0
            assert gone.sum() <= most
        moved = [np.abs(found[beside, *a] - found[beside, *b]).sum() for a in mine for b in mine]
        assert max(moved) == 2 * most
