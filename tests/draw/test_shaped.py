"""What a model's one-ways say about the inside of codes, and which values of long lists are kin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import synthspec
from synthspec.columns import Category, Ordered
from synthspec.draw.candidates import Candidates
from synthspec.draw.kin import MOST_KINDS, kin_of
from synthspec.draw.learn import domain_of, workload_of
from synthspec.draw.shaped import shaped
from synthspec.generators import Model, Workload
from synthspec.generators.product_model import product_model
from synthspec.plan.plan import Plan
from synthspec.privacy.entropy import SampleRng

SPEC = """\
spec: 1
name: till
columns:
  amount: {type: int, in: 0..100_000, bins: [0, 1, 100, 1_000, 10_000, 100_000]}
  age: int 0..99
  code: {type: category, in: {file: codes.csv, column: code}}
  chapter: {lookup: codes.csv, by: {code: code}, take: chapter, in: [a, b, c]}
generate:
  all: {columns: [amount, age, code], using: rules}
sample: {rows: 100}
"""
SHARES = {0: 0.3, 1: 0.4, 100: 0.2, 1_000: 0.08, 10_000: 0.02}


def plan_of(tmp_path: Path, many: int) -> Plan:
    """Return the plan of a till with `many` codes in three chapters, in no order."""
    lines = [f"{i % 7}{i:05d},{'abc'[i * i % 3]}" for i in range(many)]
    (tmp_path / "codes.csv").write_text("\n".join(["code,chapter", *lines, ""]))
    path = tmp_path / "till.yaml"
    path.write_text(SPEC)
    value: Plan = synthspec.load(path).plan()._value
    return value


def models(plan: Plan) -> dict[str, Model]:
    """Return independent columns in which small amounts are the most frequent."""
    group = plan.groups[0]
    domain = domain_of(group, plan.columns)
    shares: dict[str, NDArray[np.float64]] = {}
    for name, size in zip(domain.attributes, domain.sizes, strict=True):
        shares[name] = np.full(size, 1.0 / size)
    column = plan.column("amount").column
    assert isinstance(column, Ordered)
    starts = [point for point in column.cut_points()[:-1] if point in SHARES]
    masses = np.array([SHARES.get(point, 0.0) for point in column.cut_points()[:-1]])
    assert len(starts) == len(SHARES)
    shares["amount"] = masses / masses.sum()
    return {group.name: product_model(domain, Workload(), shares, None)}


def test_drawn_values_follow_the_density_between_the_one_ways_and_repeat(tmp_path: Path) -> None:
    """Seeded, 20,000 rows: inside 1000..9999 a falling density has its median near 2,200, not 5,500."""
    plan = plan_of(tmp_path, 5)
    source = Candidates(plan.columns, plan.groups, models(plan))
    frame = source.draw(20_000, SampleRng(4))
    amount = frame["amount"].to_numpy()
    inside = amount[(amount >= 1_000) & (amount < 10_000)]
    assert 1_500 < np.median(inside) < 3_300
    again = Candidates(plan.columns, plan.groups, models(plan)).draw(20_000, SampleRng(4))
    assert frame.equals(again)


def test_only_binned_columns_of_a_model_are_shaped(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 5)
    made = {column.name: column for column in shaped(plan.columns, plan.groups, models(plan))}
    amount = made["amount"].column
    assert isinstance(amount, Ordered) and amount.density is not None
    assert made["age"] == plan.column("age") and made["code"] == plan.column("code")
    assert shaped(plan.columns, plan.groups, {}) == plan.columns


def test_the_kin_of_a_long_list_are_the_values_of_a_looked_up_column(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 300)
    kin = workload_of(plan, plan.groups[0], plan.columns).kin
    assert set(kin) == {"code"}
    column = plan.column("code").column
    assert isinstance(column, Category)
    chapter = ["abc"[int(value[1:]) ** 2 % 3] for value in column.values]
    pairs = {(letter, int(kind)) for letter, kind in zip(chapter, kin["code"], strict=True)}
    assert len(pairs) == len(set(chapter))


def test_a_short_list_has_no_kin(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 100)
    assert workload_of(plan, plan.groups[0], plan.columns).kin == {}


def test_without_a_parent_the_first_characters_tell_and_missing_is_apart() -> None:
    values = tuple(f"{letter}{i:02d}.{j}" for letter in "ABCDEF" for i in range(30) for j in range(3))
    column = Category(name="icd", values=values, missing=True)
    kin = kin_of((), {"icd": column})["icd"]
    assert len(kin) == column.size and kin.max() < MOST_KINDS
    firsts = {(value[0], int(kind)) for value, kind in zip(values, kin, strict=False)}
    assert all(len({f for f, k in firsts if k == kind}) == 1 for _, kind in firsts)
    assert kin[-1] not in kin[:-1]


def test_values_that_share_nothing_have_no_kin() -> None:
    alike = Category(name="c", values=tuple(f"same-prefix-{chr(0x4E00 + i)}" for i in range(200)))
    assert kin_of((), {"c": alike}) == {}
