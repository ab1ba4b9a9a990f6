"""Persons: what rows share is drawn once, rules hold inside each, and numbers of rows are as learned."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synthspec.compile.check import check
from synthspec.draw import partition
from synthspec.draw.bayes import nodes_of
from synthspec.draw.frame import encoded
from synthspec.draw.mock import stated
from synthspec.draw.partition import Partitioner, check_parts
from synthspec.draw.rows import draw
from synthspec.draw.scenario import draw_scenario
from synthspec.errors import SamplingError
from synthspec.plan.plan import Plan, before
from synthspec.plan.scenario import Augment, Jitter, Rebalance, Scenario
from synthspec.privacy.entropy import SampleRng
from synthspec.spec.parse import parse
from synthspec.terms.expr import Expr
from tests.draw.people import GROUPS, RULES, holds, numbers, people, plan_of, text_of, tilted
from tests.draw.tables import planned

FALSE_ALARM = 1e-9


def where_of(plan: Plan, text: str) -> Expr:
    from synthspec.api.condition import condition

    return condition(text, plan.columns)


@st.composite
def drawn_tables(take: st.DrawFn, most: int) -> tuple[tuple[str, ...], str, int, bool, int]:
    """Rules, an order of rows, how many rows or persons, which of them, and a seed."""
    rules = tuple(sorted(take(st.sets(st.sampled_from(sorted(RULES))))))
    order = take(st.sampled_from(sorted(GROUPS)))
    return rules, order, take(st.integers(0, most)), take(st.booleans()), take(st.integers(0, 10_000))


def is_whole(table: tuple[tuple[str, ...], str, int, bool, int]) -> None:
    """Draw a table and check its rules, what its rows share, and its size."""
    rules, order, size, units, seed = table
    plan = plan_of(rules, order)
    made = draw(plan, plan.columns, stated(plan), size, SampleRng(seed), units=size if units else None)
    holds(plan, made, ordered=order != "none")
    assert (made.frame["who"].n_unique() if units else made.frame.height) == size


@settings(max_examples=12, deadline=None)
@given(table=drawn_tables(60))
def test_every_rule_holds_and_what_rows_share_is_the_same_in_all_of_them(
    table: tuple[tuple[str, ...], str, int, bool, int],
) -> None:
    is_whole(table)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(table=drawn_tables(200))
def test_the_same_over_many_tables(table: tuple[tuple[str, ...], str, int, bool, int]) -> None:
    is_whole(table)


@pytest.mark.parametrize(("order", "units"), [("none", True), ("inside", False), ("earlier", True)])
def test_parts_drawn_apart_are_the_table(order: str, units: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(("order", "beds", "limit", "finer"), order)
    monkeypatch.setattr(partition, "PART", 64)
    monkeypatch.setattr(partition, "PART_UNITS", 20)
    size = 70 if units else 200
    models = stated(plan)

    def table() -> Partitioner:
        many = {"units": size} if units else {"rows": size}
        return Partitioner(plan, plan.columns, models, SampleRng(5), **many)

    whole = table().all()
    apart = [table().part(at) for at in (3, 1, 0, 2)]
    assert table().count == 4
    order_ = [apart[at].frame for at in (2, 1, 3, 0)]
    assert pl.concat(order_).equals(whole.frame)
    ids = pl.concat(order_)
    assert ids["visit"].n_unique() == ids.height
    assert ids["who"].n_unique() == sum(part["who"].n_unique() for part in order_), "no person in two parts"
    assert [table().size(at) for at in range(4)] == ([20, 20, 20, 10] if units else [64, 64, 64, 8])
    holds(plan, whole, ordered=order != "none")
    said = [part.said for part in apart]
    assert whole.said is not None and all(each is not None for each in said)
    assert whole.said.drawn == sum(each.drawn for each in said if each is not None)


def test_persons_have_as_many_rows_as_the_model_says_whatever_is_drawn_again() -> None:
    shares = [0.5, 0.05, 0.2, 0.05, 0.2]
    plan = plan_of(("order", "short", "unit", "beds", "limit", "again", "finer", "key"))
    models = tilted(plan, {("who.rows",): shares})
    made = draw(plan, plan.columns, models, None, SampleRng(3), units=1_000)
    assert made.repaired, "nothing was drawn again: the test would not see it"
    found = numbers(made.frame)
    # numbers are drawn by strata, so that each is within one of its expectation
    assert all(abs(found[at + 1] - share * 1_000) <= 2 for at, share in enumerate(shares)), found


def test_persons_of_many_rows_count_as_one_person() -> None:
    plan = plan_of()
    lots = np.array([[8.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 8.0]])
    models = tilted(plan, {("who.rows", "sex"): lots})
    made = draw(plan, plan.columns, models, None, SampleRng(8), units=4_000)
    first = made.frame.group_by("who", maintain_order=True).agg(pl.first("sex"), pl.len())
    table = Counter(first.select("len", "sex").iter_rows())
    conditional = lots / lots.sum(axis=1, keepdims=True)
    for at, row in enumerate(conditional, 1):
        seen = np.array([table[at, "F"], table[at, "M"]])
        wanted = row * seen.sum()
        statistic = float(((seen - wanted) ** 2 / wanted).sum())
        assert statistic < stats.chi2.isf(FALSE_ALARM, 1), (at, seen, wanted)


@pytest.mark.parametrize("order", ["inside", "earlier"])
def test_each_row_follows_from_the_one_before_as_the_model_says(order: str) -> None:
    plan = plan_of(order=order)
    lagged = before("state")
    step = np.array([[6.0, 2, 1], [1, 6, 2], [0.2, 0.2, 6], [5, 1, 0.5]])  # the last: there is none
    models = tilted(plan, {(lagged, "state"): step})
    made = draw(plan, plan.columns, models, None, SampleRng(4), units=3_000)
    column = plan.column("state")
    codes = encoded(made.frame, column)
    fresh = made.frame["who"].rle_id().diff().fill_null(1).to_numpy() > 0
    last = np.where(fresh, 3, np.roll(codes, 1))
    assert isinstance(models["stay"].marginal((lagged, "state")), np.ndarray)
    wanted = models["stay"].marginal((lagged, "state"))
    wanted = wanted / wanted.sum(axis=1, keepdims=True)
    for kind in range(4):
        seen = np.bincount(codes[last == kind], minlength=3)
        expected = wanted[kind] * seen.sum()
        statistic = float(((seen - expected) ** 2 / expected).sum())
        assert statistic < stats.chi2.isf(FALSE_ALARM, 2), (kind, seen, expected)
    assert (made.frame.select(pl.col("at").diff().over("who").min()).item() or 0) >= 0


def test_values_inside_one_code_are_as_spread_in_a_sequence_as_anywhere() -> None:
    # one code of 201 values, in which a person's rows are put in order: their values stay as they are
    text = """\
source: {path: t.csv, rows: 4000, units: 1000}
privacy: {unit: who, max_rows: 6, epsilon: 1}
columns:
  who: id
  at: {type: int, in: 0..200, bins: 1}
generate: {stay: {columns: [at]SEQUENCE}}
sample: {units: 4000}
"""
    means = []
    for sequence in ("", ", sequence: {by: at}"):
        plan = planned(text.replace("SEQUENCE", sequence))
        made = draw(plan, plan.columns, stated(plan), None, SampleRng(2), units=4_000)
        means.append(float(made.frame["at"].to_numpy().mean()))
    # a value that is cut off by the one before would move the mean by tens; its deviation is about 0.4
    assert abs(means[0] - means[1]) < 3.5, means
    assert all(rows == sorted(rows) for rows in ([r["at"] for r in p] for p in people(made.frame)))


def test_a_condition_on_what_rows_share_picks_whole_persons() -> None:
    plan = plan_of(("unit",))
    models = tilted(plan, {("who.rows",): [0.1, 0.1, 0.1, 0.1, 0.6]})
    asked = Scenario(name="f", rows=0, units=500, where=where_of(plan, "sex = 'F' AND born < 30"))
    found = draw_scenario(plan, plan.columns, models, asked, SampleRng(1))
    assert found.frame["who"].n_unique() == 500
    assert set(found.frame["sex"]) == {"F"} and found.frame["born"].max() < 30
    assert 290 < numbers(found.frame)[5] < 310, "they keep all their rows"
    assert found.probability is not None and 0.08 < found.probability < 0.2
    exact = draw_scenario(plan, plan.columns, models, asked, SampleRng(1), rows=333)
    assert exact.frame.height == 333


def test_a_condition_on_rows_keeps_the_rows_of_persons_that_meet_it() -> None:
    plan = plan_of(("order", "beds"))
    where = "ward = 'a' AND sex = 'M' AND spent > 30"
    asked = Scenario(name="w", rows=300, where=where_of(plan, where))
    found = draw_scenario(plan, plan.columns, stated(plan), asked, SampleRng(1))
    frame = found.frame
    assert frame.height == 300
    assert set(frame["ward"]) == {"a"} and set(frame["sex"]) == {"M"} and frame["spent"].min() > 30
    assert frame["visit"].n_unique() == 300 and frame["who"].n_unique() < 300
    assert any(row["spent"] != row["cost"] for rows in people(frame) for row in rows[:1]), (
        "what is summed over a person's rows counts those that are left out"
    )
    assert 0 < found.drawn.acceptance < 0.5
    whole = draw_scenario(plan, plan.columns, stated(plan), asked, SampleRng(1), units=40)
    assert whole.frame["who"].n_unique() == 40


def test_a_key_within_a_person_is_kept_though_others_have_it_too() -> None:
    text = """\
source: {path: t.csv, rows: 4000, units: 1000}
privacy: {unit: who, max_rows: 4, epsilon: 1}
columns: {who: id, sex: {type: category, in: [F, M], per: unit}, day: int 0..5}
rules: {key: {unique: [who, day]}}
"""
    plan = planned(text)
    made = draw(plan, plan.columns, stated(plan), None, SampleRng(1), units=300)
    assert made.repaired["key"] > 0
    assert made.frame.select("who", "day").n_unique() == made.frame.height > made.frame["day"].n_unique()


def test_rows_come_in_order_also_where_a_repair_changed_what_they_are_ordered_by() -> None:
    text = """\
source: {path: t.csv, rows: 4000, units: 1000}
privacy: {unit: who, max_rows: 4, epsilon: 1}
columns:
  who: id
  day: {type: int, in: 0..50, bins: 4}
  cost: int 0..9
  nth: {derive: "count(cost) OVER (PARTITION BY who ORDER BY day)"}
rules: {never: {check: day <> 20 AND day <> 31 AND day < 45, repair: [day]}}
generate: {stay: {columns: [day, cost], sequence: {by: day}}}
"""
    plan = planned(text)
    made = draw(plan, plan.columns, stated(plan), None, SampleRng(1), units=400)
    assert made.repaired["never"] > 0
    for rows in people(made.frame):
        days = [row["day"] for row in rows]
        assert days == sorted(days) and not {20, 31} & {*days}
        nth = sorted((row["nth"], row["day"]) for row in rows)
        assert [at for at, _ in nth] == list(range(1, len(rows) + 1)) and [day for _, day in nth] == days


def test_an_impossible_condition_on_rows_is_refused_in_the_end() -> None:
    plan = plan_of(("gone",))
    asked = Scenario(name="w", rows=10, where=where_of(plan, "state = 'gone' AND cost > 3"))
    with pytest.raises(SamplingError, match="where") as caught:
        draw_scenario(plan, plan.columns, stated(plan), asked, SampleRng(1))
    assert caught.value.code == "G450"


@pytest.mark.parametrize("units", [None, 400])
def test_shares_of_persons_come_out_and_weights_undo_them(units: int | None) -> None:
    plan = plan_of(("unit",))
    lots = np.array([[6.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 6.0]])
    models = tilted(plan, {("who.rows", "sex"): lots})
    shares = Rebalance(column="sex", shares=(("F", 0.8), ("M", 0.2)))
    asked = Scenario(name="r", rows=2_000, units=units, rebalance=(shares,), weights="w")
    found = draw_scenario(plan, plan.columns, models, asked, SampleRng(1))
    frame = found.frame
    people(frame)  # each person's rows lie together
    level = frame if units is None else frame.group_by("who").agg(pl.first("sex", "w"))
    assert (level["sex"] == "F").mean() == 0.8
    plain = draw(plan, plan.columns, models, 4_000, SampleRng(2)).frame
    plain = plain if units is None else plain.group_by("who").agg(pl.first("sex"))
    wanted = (plain["sex"] == "F").mean()
    assert isinstance(wanted, float)
    weighed = level.filter(pl.col("sex") == "F")["w"].sum() / level["w"].sum()
    assert abs(weighed - wanted) < 0.05, (weighed, wanted)


def test_what_knows_single_rows_only_is_refused() -> None:
    plan = plan_of()
    models = stated(plan)
    loose = Rebalance(column="ward", shares=(("a", 0.5), ("b", 0.5)))
    augment: tuple[Augment, ...] = (Jitter(column="cost", points=1),)
    own = Rebalance(column="sex", shares=(("F", 0.5), ("M", 0.5)))
    for asked in (
        Scenario(name="x", rows=10, rebalance=(loose,)),
        Scenario(name="x", rows=10, augment=augment),
        Scenario(name="x", rows=10, rebalance=(own,), where=where_of(plan, "ward = 'a'")),
    ):
        with pytest.raises(SamplingError) as caught:
            draw_scenario(plan, plan.columns, models, asked, SampleRng(1))
        assert caught.value.code == "G458"


def test_a_network_of_rows_in_order_has_the_row_before_as_a_variable_without_parents() -> None:
    plan = plan_of(order="inside")
    lagged = before("state")
    models = tilted(plan, {(lagged, "state"): [[6, 2, 1], [1, 6, 2], [1, 1, 6], [5, 1, 1]]})
    nodes = {node.name: node for node in nodes_of(plan.columns, plan.groups, models)}
    assert nodes[lagged].labels == ("well", "ill", "gone", "no row before") and not nodes[lagged].parents
    assert lagged in nodes["state"].parents


def test_a_scenario_that_will_not_be_drawn_is_noted_by_check() -> None:
    asked = "sample: {scenarios: {x: {rows: 9, rebalance: {KEY: {A: 0.5, B: 0.5}}}}}\n"
    for column, one, two, codes in (("ward", "a", "b", ["G458"]), ("sex", "F", "M", [])):
        text = text_of((), "none") + asked.replace("KEY", column).replace("A:", f"{one}:").replace(
            "B:", f"{two}:"
        )
        checked, found = check(parse("spec: 1\n" + text, "spec.yaml"))
        assert checked is not None
        assert [each.code for each in found if each.path[-1:] == ("rebalance",)] == codes


def test_units_are_refused_where_rows_are_drawn_one_by_one() -> None:
    plan = planned("columns: {a: int 0..3}\n")
    with pytest.raises(SamplingError) as caught:
        draw(plan, plan.columns, stated(plan), None, SampleRng(1), units=3)
    assert caught.value.code == "G458"


def test_a_key_across_parts_is_kept_in_one_table_and_refused_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = "rules: {key: {unique: [at, cost]}}\n"
    for text in (
        "columns: {one: id, at: int 0..999, cost: int 0..40}\n" + rule,
        "source: {path: t.csv, rows: 4000, units: 1000}\n"
        "privacy: {unit: one, max_rows: 4, epsilon: 1}\n"
        "columns: {one: id, sex: {type: category, in: [F, M], per: unit}, at: int 0..999, cost: int 0..40}\n"
        + rule,
    ):
        plan = planned(text)
        monkeypatch.setattr(partition, "PART", 100)
        made = draw(plan, plan.columns, stated(plan), 900, SampleRng(1))
        assert made.frame.height == 900 == made.frame.select("at", "cost").n_unique()
        assert made.violations["key"] == 0
        with pytest.raises(SamplingError, match="key") as caught:
            check_parts(plan, plan.columns)
        assert caught.value.code == "G458"
    free = plan_of(("key",))
    check_parts(free, free.columns)  # a key of each person: persons lie in one part


def test_persons_without_columns_of_their_own_and_rows_without_any() -> None:
    only_rows = """\
source: {path: t.csv, rows: 4000, units: 1000}
privacy: {unit: who, max_rows: 3, epsilon: 1}
columns: {who: id, a: int 0..3}
sample: {units: 20}
"""
    plan = planned(only_rows)
    made = draw(plan, plan.columns, stated(plan), None, SampleRng(1), units=plan.units)
    assert made.frame["who"].n_unique() == 20 and made.frame.columns == ["who", "a"]
    only_units = """\
source: {path: t.csv, rows: 4000, units: 1000}
privacy: {unit: who, max_rows: 3, epsilon: 1}
columns: {who: id, sex: {type: category, in: [F, M], per: unit}}
"""
    plan = planned(only_units)
    made = draw(plan, plan.columns, stated(plan), 50, SampleRng(1))
    assert made.frame.height == 50
    assert (made.frame.group_by("who").agg(pl.n_unique("sex").alias("kinds"))["kinds"] == 1).all()


@pytest.mark.slow
def test_a_rule_that_no_person_meets_is_named() -> None:
    text = """\
source: {path: t.csv, rows: 4000, units: 1000}
privacy: {unit: who, max_rows: 3, epsilon: 1}
columns:
  who: id
  a: {type: int, in: 0..9999, bins: 2, per: unit}
  b: {type: int, in: 0..9999, bins: 2}
  c: {type: int, in: 0..9999, bins: 2}
rules: {narrow: a * 7919 + b * 104729 = c * 1299709 + 1}
generate: {one: {columns: [a]}, two: {columns: [b]}, three: {columns: [c]}}
"""
    plan = planned(text)
    with pytest.raises(SamplingError, match="narrow") as caught:
        draw(plan, plan.columns, stated(plan), 5, SampleRng(1))
    assert caught.value.code == "G450"
