"""The contribution bound by brute force: what one unit can change, and what it cannot touch."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.engines.polars import PolarsEngine
from synthspec.engines.stdlib import StdlibEngine
from tests.engines.tables import CLIQUES, FLAGS, NAMES, view

UNITS = ("p1", "p2", "p3")


class FixedKey:
    """One key for both neighbours: the bound's randomness is not theirs to differ in."""

    def bytes(self, count: int) -> bytes:
        """Return a constant."""
        return b"s" * count


cells = st.tuples(
    st.sampled_from(UNITS),
    st.sampled_from(("1", "30", "200", "x", "")),
    st.sampled_from(("F", "M", "X", "")),
    st.sampled_from(("1", "3.5", "")),
)


def write(path: Path, rows: list[tuple[str, ...]]) -> None:
    """Write a table of the four columns that vary."""
    lines = [",".join(name.upper() for name in NAMES)]
    lines += [f"{who},{age},{sex},{paid},1,2020-02-29,2020-01-01,1" for who, age, sex, paid in rows]
    path.write_text("\n".join(lines) + "\n")


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(cells, max_size=14),
    max_rows=st.integers(1, 3),
    duplicates=st.sampled_from(("keep", "drop")),
    order=st.randoms(use_true_random=False),
)
def test_a_unit_changes_counts_by_max_rows_and_flags_by_one(
    rows: list[tuple[str, ...]], max_rows: int, duplicates: str, order: object
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        asked = view(path, "who", max_rows, duplicates=duplicates)
        found = {}
        for without in (None, *UNITS):
            left = [row for row in rows if row[0] != without]
            order.shuffle(left)  # type: ignore[attr-defined]
            write(path, left)
            for engine in (PolarsEngine(), StdlibEngine()):
                with engine.open(asked, FixedKey()) as opened:
                    found[without] = (
                        opened.count(CLIQUES),
                        opened.affected(FLAGS),
                        dict(opened.partitions("sex")),
                    )
        for unit in UNITS:
            for whole, part in zip(found[None][0], found[unit][0], strict=True):
                change = whole - part
                assert change.min(initial=0) >= 0, "another unit's rows moved"
                assert np.abs(change).sum() <= max_rows
            assert np.abs(found[None][1] - found[unit][1]).max() <= 1
            named = set(found[None][2]) | set(found[unit][2])
            changes = [found[None][2].get(name, 0) - found[unit][2].get(name, 0) for name in named]
            assert all(change in (0, 1) for change in changes)
            assert sum(changes) <= max_rows


def test_copies_at_the_threshold_stay_as_many_as_fit(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for max_rows in (1, 2, 3, 4):
        write(path, [("p1", "1", "F", "1")] * 3 + [("p1", "30", "M", "1")] * 3 + [("p2", "1", "F", "1")])
        for unit_rows in (PolarsEngine(), StdlibEngine()):
            with unit_rows.open(view(path, "who", max_rows), FixedKey()) as opened:
                assert opened.count([()])[0].tolist() == [max_rows + 1]


def test_two_unreadable_units_do_not_merge(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    header = ",".join(name.upper() for name in NAMES).encode()
    body = b"".join(b"p\xff%d,1,F,1,1,2020-02-29,2020-01-01,1\n" % (i % 2) for i in range(8))
    other = b"".join(b"p\xfe0,1,F,1,1,2020-02-29,2020-01-01,1\n" for _ in range(4))
    path.write_bytes(header + b"\n" + body + other)
    for engine in (PolarsEngine(), StdlibEngine()):
        with engine.open(view(path, "who", 2), FixedKey()) as opened:
            assert opened.count([()])[0].tolist() == [6]
            assert opened.affected(FLAGS[-2:]).tolist() == [3, 3]


def test_a_policy_on_the_unit_column_does_not_merge_units(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    # `age` is the unit here, and the view's steps set every age above 100 to 100
    write(path, [("p1", str(age), "", "1") for age in (101, 102, 103, 104)])
    with PolarsEngine().open(view(path, "age", 1), FixedKey()) as opened:
        assert opened.count([()])[0].tolist() == [4]
