"""Private rows as attacks see them: the release's codes, close values, one side of a holdout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthspec as ss
from synthspec.draw.frame import encoded
from synthspec.plan.plan import Plan
from synthspec.plan.view import build_view
from synthspec.privacy.entropy import SystemNoise
from synthspec.run.engine import engine
from synthspec.run.internal.people import People, read_people, released_people, seen_columns

KEY = b"k" * 32


def plan(folder: Path, lines: list[str], **privacy: object) -> Plan:
    """Return the plan over a small file."""
    path = folder / "t.csv"
    path.write_text("\n".join(["who,age,cost,kind,day", *lines]) + "\n")
    return (
        ss.Spec(
            name="t",
            source=ss.Source(str(path)),
            privacy=ss.Privacy(**({"unit": "row", "epsilon": 1} | privacy)),  # type: ignore[arg-type]
            columns={
                "who": "id",
                "age": "int 0..120",
                "cost": {"type": "decimal(2)", "in": "0..1000000", "missing": "modelled"},
                "kind": ["a", "b"],
                "day": {"type": "date", "in": "2020-01-01..2020-12-31"},
            },
        )
        .plan()
        .value
    )


def rows(count: int, per: int = 1) -> list[str]:
    """Return lines of `count` people."""
    found = []
    for i in range(count):
        cost = "" if i % 10 == 0 else f"{i * 37.5:.2f}"
        found.append(f"p{i // per},{20 + i % 60},{cost},{'ab'[i % 2]},2020-0{1 + i % 9}-1{i % 9}")
    return found


def read(made: Plan, held: bool | None = None) -> People:
    """Read the people."""
    return read_people(made, made.columns, engine("polars"), SystemNoise(), held, KEY)


def test_codes_are_those_of_the_release_and_values_are_closer(tmp_path: Path) -> None:
    made = plan(tmp_path, rows(200))
    seen = seen_columns(made.columns, build_view(made, made.columns))
    people = read(made)
    assert [column.name for column in seen] == ["age", "cost", "kind", "day"]
    cost = people.table.values[:, 1]
    assert int(np.isnan(cost).sum()) == 20
    assert len(np.unique(cost[~np.isnan(cost)])) > len(np.unique(people.table.codes[:, 1]))
    assert people.table.values[:, 0].min() >= 0 and people.table.values[:, 0].max() <= 1
    assert people.table.codes[:, 0].tolist() == [20 + i % 60 for i in range(200)]


def test_released_rows_and_private_ones_are_read_alike(tmp_path: Path) -> None:
    made = plan(tmp_path, rows(120))
    seen = seen_columns(made.columns, build_view(made, made.columns))
    frame = pl.read_csv(tmp_path / "t.csv", try_parse_dates=True).with_columns(
        pl.col("cost").cast(pl.Decimal(38, 2)), pl.col("kind").cast(pl.String)
    )
    released = released_people(frame, made.columns, seen)
    people = read(made)
    assert np.array_equal(released.codes, people.table.codes)
    assert np.allclose(released.values, people.table.values, equal_nan=True)
    assert np.array_equal(released.codes[:, 2], encoded(frame, seen[2]))


def test_the_contribution_bound_holds_here_too(tmp_path: Path) -> None:
    made = plan(tmp_path, rows(300, per=6), unit="who", max_rows=2)
    people = read(made)
    assert people.count == 50
    assert np.bincount(people.units).max() == 2
    assert people.one_each(np.random.default_rng(0)).rows == 50


def test_the_sides_of_a_holdout_are_apart_and_together_everybody(tmp_path: Path) -> None:
    made = plan(tmp_path, rows(400)).model_copy(update={"holdout": 0.25})
    learned, held, whole = read(made, False), read(made, True), read(made)
    assert learned.count + held.count == whole.count == 400
    assert 50 < held.count < 160  # binomial(400, 1/4): outside with probability below 1e-8
    both = np.concatenate([learned.table.codes, held.table.codes])
    assert sorted(map(tuple, both.tolist())) == sorted(map(tuple, whole.table.codes.tolist()))


def test_people_and_tables_do_not_show_how_many_there_are(tmp_path: Path) -> None:
    people = read(plan(tmp_path, rows(123)))
    assert "123" not in repr(people) and "123" not in repr(people.table)


@pytest.mark.parametrize("count", [0, 1])
def test_almost_nobody_is_read_without_trouble(tmp_path: Path, count: int) -> None:
    people = read(plan(tmp_path, rows(count) or ["p,1,zz,zz,zz"]))
    assert people.count == count
