"""The law of engines: polars gives what the plain loop gives."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.engines import ENGINES, csvfile
from synthspec.engines.base import Held, Part
from synthspec.engines.polars import PolarsEngine
from synthspec.engines.stdlib import StdlibEngine
from synthspec.terms.physical import from_physical
from synthspec.terms.query import Axis
from synthspec.terms.view import View
from tests.engines.tables import CLIQUES, FIELDS, FLAGS, NAMES, SCORED, csv_bytes, rows, view


class FixedKey:
    """The same bytes every time, so that two engines rank rows alike."""

    def bytes(self, count: int) -> bytes:
        """Return a constant."""
        return b"k" * count


def units_of(held: Held) -> list[list[tuple[int, ...]]]:
    """Return the rows of each unit, units and rows in an order of their own; the law is about multisets."""
    assert sorted(set(held.units.tolist())) == list(range(len(set(held.units.tolist()))))
    found: dict[int, list[tuple[int, ...]]] = {}
    columns = [codes.tolist() for codes in held.codes.values()]
    for number, row in zip(held.units.tolist(), zip(*columns, strict=True), strict=True):
        found.setdefault(number, []).append(row)
    return sorted(sorted(rows) for rows in found.values())


def dealt(parts: list[Part], like: Held) -> Held:
    """Return the rows of all parts, their units numbered by their marks."""
    marks = np.concatenate([np.zeros((0, 2), dtype=np.uint64), *(part.marks for part in parts)])
    _, numbers = np.unique(marks, axis=0, return_inverse=True)
    codes = {
        name: np.concatenate([column[:0], *(part.codes[name] for part in parts)])
        for name, column in like.codes.items()
    }
    return Held(codes, numbers.reshape(-1).astype(np.int64))


def answers(
    engine: StdlibEngine | PolarsEngine,
    asked: View,
    split: bytes = b"",
    cliques: Sequence[tuple[Axis, ...]] = CLIQUES,
) -> tuple[list[list[int]], list[int], dict[str, int], list[list[tuple[int, ...]]], list[str]]:
    """Return everything that an engine can say about a view."""
    with engine.open(asked, FixedKey(), split) as opened:
        counts = [count.tolist() for count in opened.count(cliques)]
        scores = [count.tolist() for count in opened.scored(SCORED)]
        assert all(sum(each) == counts[0][0] for each in scores), "each row is in one cell"
        again = [count.tolist() for count in opened.count(cliques[:2])]
        assert again == counts[:2]
        held = opened.held()
        assert units_of(dealt(list(opened.parts()), held)) == units_of(held), "by marks as by numbers"
        types = [f"{name} {codes.dtype}" for name, codes in held.codes.items()]
        affected = opened.affected(FLAGS).tolist()
        return counts + scores, affected, dict(opened.partitions("sex")), units_of(held), types


@settings(max_examples=60, deadline=None)
@given(
    content=csv_bytes(),
    unit=st.sampled_from((None, "who", "age", "lab", "day")),
    max_rows=st.integers(1, 3),
    unit_null=st.sampled_from(("own", "drop")),
    duplicates=st.sampled_from(("keep", "drop")),
    mark=st.sampled_from((".", ",")),
    block=st.sampled_from((5, 64, 1 << 20)),
    held=st.sampled_from((0, 1 << 20)),
)
def test_polars_equals_the_plain_loop_on_any_csv(
    content: bytes,
    unit: str | None,
    max_rows: int,
    unit_null: str,
    duplicates: str,
    mark: str,
    block: int,
    held: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvfile, "BLOCK", block)
        path = Path(folder) / "t.csv"
        path.write_bytes(content)
        asked = view(path, unit, max_rows, unit_null=unit_null, duplicates=duplicates, decimal=mark)
        assert answers(PolarsEngine(held), asked) == answers(StdlibEngine(), asked)


@settings(max_examples=25, deadline=None)
@given(table=rows, unit=st.sampled_from((None, "who", "age")), max_rows=st.integers(1, 3))
def test_polars_equals_the_plain_loop_on_parquet(
    table: list[tuple[str, ...]], unit: str | None, max_rows: int
) -> None:
    frame = pl.DataFrame(
        {name.upper(): pl.Series([row[i] for row in table], dtype=pl.String) for i, name in enumerate(NAMES)}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        frame.write_parquet(path)
        asked = view(path, unit, max_rows, format="parquet")
        assert answers(PolarsEngine(), asked) == answers(StdlibEngine(), asked)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_parquet_types_give_what_their_text_gives(data: st.DataObject) -> None:
    moment = st.one_of(st.none(), st.integers(-(10**9), 2 * 10**9))
    values = {
        "who": st.one_of(st.none(), st.sampled_from(("p1", "p2"))),
        "age": st.one_of(st.none(), st.integers(-5, 300)),
        "sex": st.sampled_from(("F", "M", "X", None)),
        "paid": st.one_of(st.none(), st.integers(-500, 20_000)),
        "lab": st.one_of(st.none(), st.floats(-5, 5, width=32)),
        "day": st.one_of(st.none(), st.integers(0, 30_000)),
        "when": moment,
        "ok": st.sampled_from((True, False, None)),
    }
    size = data.draw(st.integers(0, 12))
    typed = pl.DataFrame(
        {
            field.origin: from_physical(
                pl.Series(
                    [data.draw(values[field.name]) for _ in range(size)], dtype=_plain(field.type.name)
                ),
                field.type,
            )
            for field in FIELDS
        }
    ).with_columns((pl.col("PAID").cast(pl.Decimal(18, 2)) / 100).alias("PAID"))
    with tempfile.TemporaryDirectory() as folder:
        native, text = Path(folder) / "n.parquet", Path(folder) / "t.parquet"
        typed.write_parquet(native)
        typed.with_columns(pl.col("LAB").cast(pl.Float64)).select(pl.all().cast(pl.String)).write_parquet(
            text
        )
        for unit in (None, "who", "day"):
            found = [answers(PolarsEngine(), view(path, unit, format="parquet")) for path in (native, text)]
            assert found[0] == found[1]


def _plain(name: str) -> type[pl.DataType]:
    return {"text": pl.String, "float": pl.Float64, "bool": pl.Boolean}.get(name, pl.Int64)


def test_every_engine_can_be_loaded() -> None:
    for place in ENGINES.values():
        module, _, name = place.partition(":")
        assert hasattr(__import__(module, fromlist=[name]), name)


@pytest.mark.parametrize("engine", [StdlibEngine(), PolarsEngine()], ids=["stdlib", "polars"])
@pytest.mark.parametrize(
    "body",
    [
        "",
        "p1,7,F,1,1,2020-02-29,2020-01-01,1\n",
        ",,,,,,,\n" * 3,
        "p1,1,F,1,1,2020-02-29,2020-01-01,1\n" * 1000,
    ],
    ids=["no rows", "one row", "all null", "one unit with many rows"],
)
def test_odd_sizes_end_normally(tmp_path: Path, engine: StdlibEngine | PolarsEngine, body: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",".join(name.upper() for name in NAMES) + "\n" + body)
    counts, flags, *_ = answers(engine, view(path, "who", 3))
    lines = body.count("\n")
    assert sum(counts[0]) == (0 if not lines else 3 if lines == 1000 else lines)
    assert flags[-1] == (1 if lines == 1000 else 0)


def test_a_second_key_may_keep_other_rows_but_as_many(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    body = "".join(f"p{i % 3},{i},F,1,1,2020-02-29,2020-01-01,1\n" for i in range(90))
    path.write_text(",".join(name.upper() for name in NAMES) + "\n" + body)

    class OtherKey(FixedKey):
        def bytes(self, count: int) -> bytes:
            return b"o" * count

    found = []
    for key in (FixedKey(), OtherKey()):
        with PolarsEngine().open(view(path, "who", 5), key) as opened:
            found.append(opened.count([(CLIQUES[1][0],)])[0])
    assert found[0].sum() == found[1].sum() == 15
    assert not np.array_equal(*found)
