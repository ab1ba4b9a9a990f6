"""Repair: rules about several rows hold afterwards, lawful units are left alone, twice is once.

Tables with several rows per unit are built here by hand, as units of several rows are drawn later.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.draw import finish as finish_module
from synthspec.draw.broken import overlapping, undetermined
from synthspec.draw.candidates import Candidates
from synthspec.draw.finish import finished
from synthspec.draw.learn import NoOracle, domain_of, workload_of
from synthspec.draw.rows import violations
from synthspec.draw.whole import Redraw, Whole
from synthspec.errors import SamplingError
from synthspec.generators import Rules
from synthspec.plan.plan import Plan
from synthspec.privacy.cost import FREE
from synthspec.privacy.entropy import SampleRng
from synthspec.rules import Determines, NoOverlap
from synthspec.terms.evaluate import evaluate_rows
from tests.draw.tables import drawn, planned

BANK = """\
source: t.csv
privacy: {unit: who, max_rows: 9, epsilon: 1}
columns:
  who: id
  at: int 0..50
  amount: decimal(2) 0.01..100
  currency: [EUR, JPY]
  limit: int 0..300
  fee: {derive: amount + 1}
  spent: {derive: sum(fee) OVER (PARTITION BY who ORDER BY at)}
  left: {derive: limit - spent}
  before: {derive: lag(amount) OVER (PARTITION BY who ORDER BY at)}
rules:
  within: {check: left >= -10, repair: [amount]}
  yen: {if: currency = 'JPY', then: amount = floor(amount)}
"""

BEDS = """\
source: t.csv
privacy: {unit: who, max_rows: 9, epsilon: 1}
columns:
  who: id
  begins: int 0..60
  ends: int 0..70
  kind: [a, b]
  early: {derive: begins < 30}
rules:
  order: begins <= ends
  short: ends - begins <= 20
  beds: {no_overlap: [begins, ends], per: who}
  b-is-early: {if: kind = 'b', then: early}
"""


class Bank:
    """A plan with fresh rows of its own."""

    def __init__(self, text: str) -> None:
        self.plan: Plan = planned(text)
        models = {}
        for group in self.plan.groups:
            oracle = NoOracle(domain_of(group, self.plan.columns))
            work = workload_of(self.plan, group, self.plan.columns)
            models[group.name] = Rules().fit(oracle, work, FREE, SampleRng(1))
        self.source = Candidates(self.plan.columns, self.plan.groups, models)
        self.whole = Whole(self.plan.columns, self.plan.rules)

    @property
    def redraw(self) -> Redraw:
        """Fresh rows that meet the early conditions."""

        def fresh(rows: pl.DataFrame, rng: SampleRng, *, anew: bool = False) -> pl.DataFrame:
            return self.rows(rows.height, rng)

        return fresh

    def rows(self, rows: int, rng: SampleRng) -> pl.DataFrame:
        """Return fresh rows."""
        found = self.source.draw(rows * 40 + 200, rng)
        whole = Whole(self.plan.columns, tuple(r for r in self.plan.rules if r.name in self.whole.early()))
        return found.filter(pl.Series(whole.lawful(found))).head(rows)

    def table(self, units: Sequence[int], seed: int) -> pl.DataFrame:
        """Return fresh rows, unit i with units[i] of them."""
        names = [f"u{i}" for i, rows in enumerate(units) for _ in range(rows)]
        frame = self.rows(len(names), SampleRng(seed))
        return frame.with_columns(pl.Series("who", names, dtype=pl.String))

    def broken(self, frame: pl.DataFrame) -> dict[str, int]:
        """Return the counts of broken rules."""
        return {name: count for name, count in violations(frame, self.plan.rules).items() if count}


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(BANK)


@pytest.fixture(scope="module")
def beds() -> Bank:
    return Bank(BEDS)


@settings(max_examples=6, deadline=None)
@given(units=st.lists(st.integers(1, 8), min_size=1, max_size=12), seed=st.integers(0, 10_000))
@pytest.mark.parametrize("which", ["bank", "beds"])
def test_every_rule_holds_once_repaired_and_a_second_time_changes_nothing(
    which: str, units: list[int], seed: int, bank: Bank, beds: Bank
) -> None:
    made = {"bank": bank, "beds": beds}[which]
    before = made.whole.with_late(made.table(units, seed))
    after, changed = finished(before, made.whole, made.redraw, SampleRng(seed))
    assert not made.broken(after)
    again, nothing = finished(after, made.whole, made.redraw, SampleRng(seed + 1))
    assert again.equals(after) and not nothing
    bad = set(before.filter(_breaking(made, before))["who"])
    lawful = [name not in bad for name in before["who"]]
    assert after.filter(lawful).equals(before.select(after.columns).filter(lawful))
    assert after["who"].equals(before["who"])
    assert bool(changed) == bool(bad)


def _breaking(made: Bank, frame: pl.DataFrame) -> pl.Series:
    masks = made.whole.broken(frame)
    return pl.Series(np.logical_or.reduce([np.zeros(frame.height, dtype=bool), *masks.values()]))


def test_windows_are_those_of_the_plain_evaluator(bank: Bank) -> None:
    frame = bank.whole.with_late(bank.table([4, 1, 7, 2], 5))
    rows = frame.with_columns(fee=pl.col("fee"), at=pl.col("at")).to_dicts()
    value = bank.plan.column("before").value
    assert value is not None
    assert frame["before"].to_list() == evaluate_rows(value, rows)


def test_units_of_one_row_have_the_same_windows_by_the_short_way(bank: Bank) -> None:
    single = bank.whole.with_late(bank.table([1] * 50, 5))
    assert single["spent"].equals(single["fee"].alias("spent"))
    assert single["before"].null_count() == 50


def test_a_limit_shrinks_no_more_than_it_must(bank: Bank) -> None:
    frame = bank.table([1] * 400, 3).with_columns(
        limit=pl.lit(20, dtype=pl.Int64), currency=pl.lit("EUR"), amount=pl.lit(9_000, dtype=pl.Int64)
    )
    frame = bank.whole.with_late(bank.whole.recomputed(frame, ("limit", "amount", "currency")))
    after, changed = finished(frame, bank.whole, bank.redraw, SampleRng(0))
    assert changed == {"within": 400}
    assert after["amount"].to_list() == [2_900] * 400, "20 - (29 + 1) is just -10"
    yen = bank.whole.with_late(frame.with_columns(currency=pl.lit("JPY"), limit=pl.lit(20, dtype=pl.Int64)))
    assert finished(yen, bank.whole, bank.redraw, SampleRng(0))[0]["amount"].to_list() == [2_900] * 400


def test_moved_intervals_keep_their_length_and_stay_in_the_domain(beds: Bank) -> None:
    frame = beds.table([3] * 40, 8)
    before = frame.with_columns(kind=pl.lit("a"))
    from synthspec.draw.overlaps import moved_apart

    rule = next(rule for rule in beds.plan.rules if isinstance(rule, NoOverlap))
    after, moved = moved_apart(before, rule, beds.whole)
    assert moved > 0 and not overlapping(after, rule).any()
    assert (after["ends"] - after["begins"]).equals(before["ends"] - before["begins"])
    assert after["begins"].min() >= 0 and after["ends"].max() <= 70  # type: ignore[operator]


def test_a_unit_whose_intervals_cannot_fit_is_refused_by_name_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finish_module, "TURNS", 4)
    full = Bank(
        BEDS.replace("ends - begins <= 20", "ends - begins >= 20").replace(
            "if: kind = 'b', then: early", "check: kind = 'a'"
        )
    )
    with pytest.raises(SamplingError, match="beds"):
        finished(full.whole.with_late(full.table([5], 1)), full.whole, full.redraw, SampleRng(0))


def test_a_row_rule_changes_only_what_it_names() -> None:
    made = Bank(
        "columns: {a: int 0..99, b: int 0..99, c: {derive: b * 2}}\n"
        "rules:\n  r: {check: (a * 7 + b * 3) % 4 <> 0, repair: [b]}\n  s: c < 190\n"
    )
    a, b = np.random.default_rng(4).integers(0, 95, (2, 500))
    frame = pl.DataFrame({"\x00row": np.zeros(500, dtype=np.uint8), "a": a, "b": b, "c": 2 * b})
    bad = made.whole.broken(frame)["r"]
    after, changed = finished(frame, made.whole, made.redraw, SampleRng(2))
    assert after["a"].equals(frame["a"]) and changed == {"r": int(bad.sum())}
    assert after.filter(pl.Series(~bad)).equals(frame.filter(pl.Series(~bad)))
    assert not made.broken(after) and after["c"].equals((after["b"] * 2).alias("c"))


OVERLAPS = [
    ([(0, 5), (5, 9)], 0),
    ([(0, 5), (4, 9)], 1),
    ([(0, 9), (1, 2), (3, 4), (9, 9)], 2),
    ([(0, 5), (2, None), (None, 3)], 0),
    ([(3, 3), (3, 7)], 0),
    ([(0, 7), (3, 3)], 1),
]


@pytest.mark.parametrize(("intervals", "count"), OVERLAPS)
def test_overlaps_are_counted_alike_by_polars_python_and_sql(
    intervals: list[tuple[int | None, int | None]], count: int
) -> None:
    duckdb = pytest.importorskip("duckdb")
    rule = NoOverlap(name="r", text="", start="s", end="e", per="u")
    rows = [{"s": s, "e": e, "u": unit} for s, e in intervals for unit in ("x", "y")]
    rows += [{"s": 0, "e": 9, "u": None}] * 2
    table = pl.DataFrame(rows, schema={"s": pl.Int64, "e": pl.Int64, "u": pl.String})
    assert int(overlapping(table, rule).sum()) == 2 * count
    assert rule.broken_count(rows) == 2 * count
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (s BIGINT, e BIGINT, u VARCHAR)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(r["s"], r["e"], r["u"]) for r in rows])
    (found,) = connection.execute(f"SELECT count(*) FROM ({rule.broken_query('t')})").fetchone()
    assert found == 2 * count


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(0, 2)),
            st.one_of(st.none(), st.sampled_from("pq")),
            st.one_of(st.none(), st.booleans()),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_dependencies_are_counted_alike_by_polars_python_and_sql(rows: list[tuple[object, ...]]) -> None:
    duckdb = pytest.importorskip("duckdb")
    rule = Determines(name="r", text="", determined=("y", "z"), by=("x",))
    dicts = [dict(zip("xyz", row, strict=True)) for row in rows]
    table = pl.DataFrame(dicts, schema={"x": pl.Int64, "y": pl.String, "z": pl.Boolean})
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (x BIGINT, y VARCHAR, z BOOLEAN)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    (found,) = connection.execute(f"SELECT count(*) FROM ({rule.broken_query('t')})").fetchone()
    assert int(undetermined(table, rule).sum()) == rule.broken_count(dicts) == found


def test_a_determined_column_follows_from_the_others_in_every_row() -> None:
    plan = planned(
        "columns: {zip: int 0..99, kind: [a, b], city: [p, q, r], far: int? 0..5, x: int 0..3}\n"
        "rules: {r: {determines: [city, far], by: [zip, kind]}}\n",
        5000,
    )
    assert plan.groups[0].columns == ("zip", "kind", "x")
    found = drawn(plan)
    assert found.violations == {"r": 0}
    assert found.frame["city"].n_unique() == 3 and found.frame["far"].null_count() > 0


TOLL = """\
source: t.csv
privacy: {unit: who, max_rows: 9, epsilon: 1}
columns:
  who: id
  at: int 0..50
  amount: decimal(2) 0..1000
  toll: decimal(2) 0..20
  spent: {derive: sum(amount + toll) OVER (PARTITION BY who ORDER BY at)}
rules:
  within: {check: spent <= 120, repair: [amount]}
"""


def test_a_unit_in_which_one_shrunk_row_leaves_the_next_no_room_is_shrunk_in_all_rows() -> None:
    # 110, then 10 at least, fill the limit: the third row cannot be had however small its amount
    toll = Bank(TOLL)
    frame = pl.DataFrame(
        {
            "who": ["a", "a", "a", "b"],
            "at": [1, 2, 3, 4],
            "amount": [10_000, 10_000, 10_000, 10_000],
            "toll": [1_000, 1_000, 1_000, 1_000],
        }
    )

    def never(rows: pl.DataFrame, rng: SampleRng, *, anew: bool = False) -> pl.DataFrame:
        raise AssertionError("drawn anew")

    made, changed = finished(frame, toll.whole, never, SampleRng(1))
    assert changed == {"within": 3}
    assert made["toll"].to_list() == [1_000] * 4 and made["amount"][3] == 10_000
    assert made["spent"].max() <= 12_000
    assert made["amount"][:3].to_list() == [3_000] * 3 or min(made["amount"][:3]) > 2_990
