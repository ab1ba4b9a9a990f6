"""The law of engines for persons: one row of each, weighed rows, and the row before a row."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.engines import csvfile
from synthspec.engines.polars import PolarsEngine
from synthspec.engines.stdlib import StdlibEngine
from synthspec.terms.query import Axis
from synthspec.terms.view import Side
from tests.engines.tables import CLIQUES, LAGGED_CLIQUES, NAMES, csv_bytes, view
from tests.engines.test_engines_agree import FixedKey, answers
from tests.privacy.test_bound import cells, write

KEY = bytes(range(32))
ENGINES_ = (PolarsEngine(), PolarsEngine(0), StdlibEngine())
ROWS = "rows of the unit"


@settings(max_examples=25, deadline=None)
@given(
    content=csv_bytes(),
    unit=st.sampled_from((None, "who", "who", "who", "age", "day")),
    max_rows=st.integers(1, 4),
    kind=st.sampled_from(({"once": ROWS}, {"weight": 7}, {})),
    lagged=st.booleans(),
    unit_null=st.sampled_from(("own", "drop")),
    duplicates=st.sampled_from(("keep", "drop")),
    side=st.sampled_from((None, None, Side(share=0.4, held=False))),
    block=st.sampled_from((5, 64, 1 << 20)),
    held=st.sampled_from((0, 1 << 20)),
)
def test_polars_equals_the_plain_loop_on_persons(
    content: bytes,
    unit: str | None,
    max_rows: int,
    kind: dict[str, object],
    lagged: bool,
    unit_null: str,
    duplicates: str,
    side: Side | None,
    block: int,
    held: int,
) -> None:
    cliques = (*CLIQUES, *(LAGGED_CLIQUES if lagged else ()))
    if "once" in kind:
        cliques = (*cliques, (Axis(ROWS, max_rows),), (Axis("sex", 3), Axis(ROWS, max_rows)))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvfile, "BLOCK", block)
        path = Path(folder) / "t.csv"
        path.write_bytes(content)
        more = {"unit_null": unit_null, "duplicates": duplicates, "lagged": lagged, "side": side, **kind}
        asked = view(path, unit, max_rows, **more)
        split = KEY if side is not None else b""
        found = answers(PolarsEngine(held), asked, split, cliques)
        assert found == answers(StdlibEngine(), asked, split, cliques)


ONE = [("p1", "1", "F", "1"), ("p1", "30", "M", "2"), ("p1", "30", "M", "2"), ("p2", "30", "F", "1")]


@pytest.mark.parametrize("engine", ENGINES_, ids=["polars", "spilled", "stdlib"])
def test_one_row_of_each_stays_with_the_number_of_rows(
    tmp_path: Path, engine: PolarsEngine | StdlibEngine
) -> None:
    path = tmp_path / "t.csv"
    write(path, [*ONE, ("", "1", "F", "1"), ("", "1", "F", "1")])
    for max_rows, wanted in ((1, [4]), (2, [3, 1]), (5, [3, 0, 1, 0, 0])):
        with engine.open(view(path, "who", max_rows, once=ROWS), FixedKey()) as opened:
            assert opened.count([(Axis(ROWS, max_rows),)])[0].tolist() == wanted
            assert opened.held().units.tolist() != []
            assert sorted(opened.held().units.tolist()) == [0, 1, 2, 3]
            assert sum(opened.partitions("sex").values()) == 4
    with engine.open(view(path, "who", 5, once=ROWS, duplicates="drop"), FixedKey()) as opened:
        assert opened.count([(Axis(ROWS, 5),)])[0].tolist() == [3, 1, 0, 0, 0]


@pytest.mark.parametrize("engine", ENGINES_, ids=["polars", "spilled", "stdlib"])
def test_weighed_rows_of_a_unit_add_to_one_weight_at_most(
    tmp_path: Path, engine: PolarsEngine | StdlibEngine
) -> None:
    path = tmp_path / "t.csv"
    write(path, ONE)
    with engine.open(view(path, "who", 3, weight=7), FixedKey()) as opened:
        assert opened.count([(Axis("age", 4),), ()])[0].tolist() == [2, 2 * 2 + 7, 0, 0]
        assert opened.count([()])[0].tolist() == [13]
        assert opened.affected(("rows kept", "cut to max_rows")).tolist() == [2, 0]
        assert len(opened.held().units) == 4, "rows for gradients are not weighed"


@pytest.mark.parametrize("engine", ENGINES_, ids=["polars", "spilled", "stdlib"])
def test_the_row_before_is_the_one_before_in_time(
    tmp_path: Path, engine: PolarsEngine | StdlibEngine
) -> None:
    """Days out of order in the file, one unknown: it must catch file order, and nulls that come last."""
    path = tmp_path / "t.csv"
    lines = [",".join(name.upper() for name in NAMES)]
    days = ("2020-03-01", "2020-01-01", "", "2020-02-01")
    for age, day in zip(("60", "5", "", "20"), days, strict=True):
        lines += [f"p1,{age},F,1,1,{day},2020-01-01,1", f"p{age},{age},F,1,1,{day},2020-01-01,1"]
    path.write_text("\n".join(lines) + "\n")
    with engine.open(view(path, "who", 9, lagged=True), FixedKey()) as opened:
        table = opened.count([LAGGED_CLIQUES[0]])[0].reshape(5, 4)
    # codes of ages: 5 -> 0, 20 -> 1, 60 -> 2, unknown -> 3; 4: none before
    of_one = {(4, 3), (3, 0), (0, 1), (1, 2)}
    alone = np.zeros((5, 4), dtype=np.int64)
    alone[4] = 1
    for cell in of_one:
        alone[cell] += 1
    assert table.tolist() == alone.tolist()


@settings(max_examples=12, deadline=None)
@given(
    rows=st.lists(cells, max_size=14),
    max_rows=st.integers(1, 3),
    kind=st.sampled_from(({"once": ROWS}, {"weight": 6}, {})),
    order=st.randoms(use_true_random=False),
)
def test_nobodys_coming_or_going_moves_what_another_person_counts(
    rows: list[tuple[str, ...]], max_rows: int, kind: dict[str, object], order: object
) -> None:
    """Every cell with everything in it: which row stays, its weight, and what came before it.

    It must catch a choice by position, weights that follow the table, and a row before of another person.
    """
    clique = (Axis("age.before", 5), Axis("sex.before", 4), Axis("age", 4), Axis("sex", 3), Axis("paid", 3))
    if "once" in kind:
        clique = (*clique, Axis(ROWS, max_rows))
    most = 1 if "once" in kind else 6 if "weight" in kind else max_rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        asked = view(path, "who", max_rows, lagged=True, **kind)
        found = {}
        for without in (None, "p1", "p2", "p3"):
            left = [row for row in rows if row[0] != without]
            order.shuffle(left)  # type: ignore[attr-defined]
            write(path, left)
            for engine in ENGINES_[without == "p1" :][:1]:
                with engine.open(asked, FixedKey()) as opened:
                    found[without] = opened.count([clique])[0]
    for unit in ("p1", "p2", "p3"):
        change = found[None] - found[unit]
        assert change.min(initial=0) >= 0, "another person's rows moved"
        assert change.sum() <= most
        if "once" in kind:
            whole = any(row[0] == unit and row[1] != "200" for row in rows)
            assert change.sum() == 1 or not whole, "a person with rows has one row"
