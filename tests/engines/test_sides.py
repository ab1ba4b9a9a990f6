"""The law of holdouts: a secret key alone splits the units, and nobody's coming or going moves another."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.engines.polars import PolarsEngine
from synthspec.engines.stdlib import StdlibEngine
from synthspec.terms.query import Axis
from synthspec.terms.view import Side
from tests.engines.tables import CLIQUES, FLAGS, NAMES, csv_bytes, view
from tests.engines.test_engines_agree import FixedKey, answers
from tests.privacy.test_bound import cells, write

KEY = bytes(range(32))
ENGINES_ = (PolarsEngine(), StdlibEngine())
LEARNED, HELD = Side(share=0.4, held=False), Side(share=0.4, held=True)


@settings(max_examples=6, deadline=None)
@given(
    content=csv_bytes(),
    unit=st.sampled_from((None, "who", "age")),
    max_rows=st.integers(1, 3),
    unit_null=st.sampled_from(("own", "drop")),
    duplicates=st.sampled_from(("keep", "drop")),
    held_bytes=st.sampled_from((0, 1 << 20)),
)
def test_engines_agree_on_both_sides_and_the_sides_are_the_whole(
    content: bytes, unit: str | None, max_rows: int, unit_null: str, duplicates: str, held_bytes: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(content)
        more = {"unit_null": unit_null, "duplicates": duplicates}
        found = []
        for side in (LEARNED, HELD):
            asked = view(path, unit, max_rows, side=side, **more)
            found.append(answers(PolarsEngine(held_bytes), asked, KEY))
            assert found[-1] == answers(StdlibEngine(), asked, KEY)
        whole = answers(PolarsEngine(held_bytes), view(path, unit, max_rows, **more))
        for at in (0, 1):  # counts of rows, and of units by flag
            parts = [np.concatenate([np.ravel(each) for each in side[at]]) for side in found]
            assert np.array_equal(
                parts[0] + parts[1], np.concatenate([np.ravel(each) for each in whole[at]])
            ), "every unit is on one side, with all its rows"


def _sides(path: Path, unit: str | None, max_rows: int, key: bytes = KEY) -> list[Counter[tuple[int, ...]]]:
    """Return what each side counts: cells of a clique of everything that varies."""
    clique = (Axis("age", 4), Axis("sex", 3), Axis("paid", 3))
    found = []
    for side in (LEARNED, HELD):
        with PolarsEngine().open(view(path, unit, max_rows, side=side), FixedKey(), key) as opened:
            counts = opened.count([clique])[0]
            flags = opened.affected(FLAGS)
        found.append(Counter({(0, i): int(n) for i, n in enumerate(counts) if n}))
        found[-1].update({(1, i): int(n) for i, n in enumerate(flags) if n})
    return found


@settings(max_examples=6, deadline=None)
@given(
    rows=st.lists(cells, min_size=1, max_size=10),
    order=st.randoms(use_true_random=False),
    at=st.integers(0, 9),
)
def test_a_row_that_is_its_own_unit_changes_one_side_by_itself_only(
    rows: list[tuple[str, ...]], order: object, at: int
) -> None:
    """With equal rows, in any order: it must catch sides by position, and copies that share a side."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        write(path, rows)
        whole = _sides(path, None, 1)
        left = rows[: at % len(rows)] + rows[at % len(rows) + 1 :]
        order.shuffle(left)  # type: ignore[attr-defined]
        write(path, left)
        less = _sides(path, None, 1)
    changed = [(a - b, b - a) for a, b in zip(whole, less, strict=True)]
    assert not any(grown for _, grown in changed), "a row that went made another one come"
    assert sum(bool(gone) for gone, _ in changed) <= 1, "both sides changed"
    for gone, _ in changed:
        assert sum(n for (kind, _), n in gone.items() if kind == 0) <= 1
        assert all(n <= 1 for n in gone.values())


@settings(max_examples=5, deadline=None)
@given(rows=st.lists(cells, max_size=14), max_rows=st.integers(1, 3), order=st.randoms(use_true_random=False))
def test_a_named_unit_changes_its_own_side_by_max_rows(
    rows: list[tuple[str, ...]], max_rows: int, order: object
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        write(path, rows)
        whole = _sides(path, "who", max_rows)
        for unit in ("p1", "p2", "p3"):
            left = [row for row in rows if row[0] != unit]
            order.shuffle(left)  # type: ignore[attr-defined]
            write(path, left)
            changed = [(a - b, b - a) for a, b in zip(whole, _sides(path, "who", max_rows), strict=True)]
            assert not any(grown for _, grown in changed)
            assert sum(bool(gone) for gone, _ in changed) <= 1
            moved = sum(n for gone, _ in changed for (kind, _), n in gone.items() if kind == 0)
            assert moved <= max_rows


@pytest.mark.parametrize(("unit", "copies"), [("who", False), (None, False), (None, True)])
def test_the_share_is_held_out_independently_of_what_the_rows_say(
    tmp_path: Path, unit: str | None, copies: bool
) -> None:
    """6,000 units, share 0.4: false alarms below 1e-9 (six standard deviations, twice).

    It must catch a share off by 0.04, copies of one row that go together, sides that follow a value.
    """
    path = tmp_path / "t.csv"
    body = (
        f"p{0 if copies else i},{30 if i % 2 else 1},F,1,1,2020-02-29,2020-01-01,1\n" for i in range(6000)
    )
    path.write_text(",".join(name.upper() for name in NAMES) + "\n" + "".join(body))
    found = []
    for side in (LEARNED, HELD):
        with PolarsEngine().open(view(path, unit, 1, side=side), FixedKey(), KEY) as opened:
            found.append(opened.count([(Axis("age", 4),)])[0])
    learned, held = found
    assert learned.sum() + held.sum() == 6000
    sd = (6000 * 0.4 * 0.6) ** 0.5
    assert abs(held.sum() - 2400) < 6 * sd
    even = held[held > 0]
    assert len(even) == 2
    assert abs(int(even[0]) - int(even[1])) < 6 * sd


def test_another_key_is_another_split_and_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write(path, [(f"p{i}", "1", "F", "1") for i in range(64)])
    asked = view(path, "who", 1, side=HELD)
    found = set()
    for key in (KEY, bytes(32), b"x" * 32, b"y" * 32):
        for engine in ENGINES_:
            with engine.open(asked, FixedKey(), key) as opened:
                found.add((key, int(opened.count(CLIQUES[:1])[0][0])))
    assert len(found) == 4, "both engines split alike under each key"
    assert len({held for _, held in found}) > 1
    for engine in ENGINES_:
        with pytest.raises(ValueError, match="secret key"), engine.open(asked, FixedKey()) as opened:
            opened.count(CLIQUES[:1])


def test_which_copies_are_held_out_is_the_same_on_every_pass(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write(path, [("p1", "1", "F", "1")] * 50)
    with PolarsEngine(0).open(view(path, None, side=HELD), FixedKey(), KEY) as opened:
        first, again = opened.count(CLIQUES[:1])[0], opened.count(CLIQUES[:1])[0]
        assert 0 < first[0] < 50
        assert first.tolist() == again.tolist()
        assert opened.affected(("rows kept",)).tolist() == first.tolist()
