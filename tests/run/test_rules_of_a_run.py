"""Rules from the source to the release: rows that break them are dropped, and none is released."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthspec.engines.polars import PolarsEngine
from synthspec.engines.stdlib import StdlibEngine
from synthspec.plan.ops import Determine, Fit
from synthspec.plan.plan import Plan
from synthspec.plan.verify import verify
from synthspec.plan.view import build_view, flags_of
from synthspec.privacy.entropy import SystemNoise
from synthspec.release.bundle import data_path, read_release
from synthspec.run.engine import engine
from synthspec.run.execute import execute
from synthspec.terms.query import Axis
from tests.run.stand_ins import charged, plan_for

SPEC = """\
spec: 1
name: stays
source: {path: SOURCE, rows: 3000, units: 1500}
privacy: {unit: who, max_rows: 2, epsilon: 30, UNIT_NULL}
columns:
  who: id
  zip: int 0..39
  city: [p, q, r, s]
  room: decimal(2) 0..9
  food: int 0..9
  total: decimal(2) 0..18
  came: {type: datetime, in: 2020-01-01..2021-12-31, step: 1h}
  left: {type: datetime, in: 2020-01-01..2022-12-31, step: 1h}
  low: int 0..400
  high: int? 0..600
  so_far: {derive: sum(food) OVER (PARTITION BY who ORDER BY came)}
  much: {derive: so_far > 5}
rules:
  towns: {determines: [city], by: [zip]}
  sum: total = room + food
  order: left >= came
  year: date_diff('day', came, left) <= 365
  steps: low <= high
  beds: {no_overlap: [came, left], per: who}
  limit: {check: so_far <= 7, repair: [food]}
generate:
  all: {columns: [zip, city, room, food, came, left, low, high]}
sample: {rows: 1500}
"""

BROKEN = 5
"""Every so many rows one breaks a rule."""


def stays(rows: int) -> str:
    """Return a CSV in which every fifth row breaks an equation, an order, or both."""
    rng = np.random.default_rng(3)
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["who", "zip", "city", "room", "food", "total", "came", "left", "low", "high"])
    for i in range(rows):
        zip_, room, food = int(rng.integers(40)), int(rng.integers(900)), int(rng.integers(8))
        came = datetime(2020, 1, 1) + timedelta(minutes=int(rng.integers(1_000_000)))
        left = came + timedelta(minutes=int(rng.integers(0, 5_000)))
        low = int(rng.integers(400))
        high = "" if rng.random() < 0.1 else str(low + int(rng.integers(0, 200)))
        total = room + 100 * food
        if i % BROKEN == 0:
            total += 100 * (i % 2)
            left = left if i % 2 else came - timedelta(hours=2)
        city = "pqrs"[zip_ % 4] if rng.random() < 0.95 else "p"
        write.writerow(
            [i // 2, zip_, city, f"{room / 100:.2f}", food, f"{total / 100:.2f}", came, left, low, high]
        )
    return out.getvalue()


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Return the plan of a written table."""
    monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / "home"))
    source = tmp_path / "stays.csv"
    source.write_text(stays(3000))
    return plan_for(source, spec=SPEC)


def test_the_plan_computes_what_rules_give_and_buys_what_they_do_not(plan: Plan) -> None:
    assert plan.groups[0].columns == ("zip", "room", "food", "came", "left - came", "low", "high - low")
    (table,) = [op for op in plan.ops if isinstance(op, Determine)]
    (fit,) = [op for op in plan.ops if isinstance(op, Fit)]
    whole = dict(plan.split)["all"]
    assert table.cost.mu2 + fit.cost.mu2 == pytest.approx(plan.budget.mu2 * whole, rel=1e-12)
    assert table.cost.mu2 == (table.cost.mu2 + fit.cost.mu2) // 8, "one of eight columns"
    assert verify(plan) == plan


def test_both_engines_read_hidden_columns_alike_and_drop_the_rows_that_break_rules(plan: Plan) -> None:
    columns = tuple(c.model_copy(update={"determined_by": ()}) for c in plan.columns)
    view = build_view(plan, columns)
    axes = [
        (Axis(attribute=name, size=view.domain.size(name)),)
        for name in ("left - came", "high - low", "total", "high", "left")
    ]
    found = []
    for each in (PolarsEngine(), StdlibEngine()):
        with each.open(view, SystemNoise()) as rows:
            counts = [table.tolist() for table in rows.count(axes)]
            found.append((counts, rows.affected(flags_of(plan)).tolist()))
    assert found[0] == found[1]
    counts, affected = found[0]
    assert {sum(table) for table in counts} == {3000 - 3000 // BROKEN}
    flags = dict(zip(flags_of(plan), affected, strict=True))
    assert flags["rule sum"] == flags["rule order"] == 3000 // BROKEN // 2
    assert "rule towns" not in flags and "rule limit" not in flags and "rule beds" not in flags
    gap = plan.column("left - came").column
    assert gap is not None
    table = np.array(counts[0])
    frame = pl.read_csv(io.StringIO(stays(3000)), try_parse_dates=True).filter(
        pl.int_range(pl.len()) % BROKEN != 0
    )
    hours = (frame["left"].dt.truncate("1h") - frame["came"].dt.truncate("1h")).dt.total_seconds()
    codes = gap.encode_physical(hours.to_numpy(), np.zeros(len(hours), dtype=np.bool_))
    assert np.array_equal(table, np.bincount(codes, minlength=gap.size))


def test_a_release_keeps_every_rule_and_learns_the_dependency(plan: Plan, tmp_path: Path) -> None:
    journal, charge = charged(plan)
    folder = execute(plan, journal, charge, engine(), SystemNoise(), tmp_path / "out")
    release = read_release(folder)
    assert release.certificate.violations == 0
    assert "determine" in {event.stage for event in release.events}
    frame = pl.read_parquet(data_path(folder))
    assert "left - came" not in frame.columns
    assert (frame["total"] == frame["room"] + frame["food"]).all()
    towns = dict(frame.select("zip", "city").unique().iter_rows())
    # 60 rows per postcode, 95 % of one city, noise of 3 rows: a wrong city is beyond 15 deviations
    assert all(city == "pqrs"[zip_ % 4] for zip_, city in towns.items())
    assert frame["high"].null_count() > 30
    city = next(column for column in release.columns if column.name == "city")
    assert city.determined_by == () and city.value is not None
