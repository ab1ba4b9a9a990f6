"""What laws of persons share: specs of persons with many rows, and what must be true of any table of them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from synthspec.draw.mock import stated
from synthspec.draw.rows import Drawn
from synthspec.generators import Model
from synthspec.generators.tree_model import TreeModel
from synthspec.generators.weighted import weighted
from synthspec.plan.plan import Plan
from tests.draw.tables import planned

HEAD = """\
source: {path: t.csv, rows: 40000, units: 10000}
privacy: {unit: who, max_rows: MOST, epsilon: 1}
columns:
  visit: id
  who: id
  sex: {type: category, in: [F, M], per: unit}
  born: {type: int, in: 0..99, bins: 10, per: unit}
  elder: {derive: born < 40}
  at: {type: int, in: 0..200, bins: 8}
  until: {type: int, in: 0..260, bins: 8}
  state: [well, ill, gone]
  cost: int 0..40
  old: {derive: at + 100 - born}
  ward: [a, b, c]
  spent: {derive: "sum(cost) OVER (PARTITION BY who ORDER BY at, visit)"}
  before: {derive: "lag(cost) OVER (PARTITION BY who ORDER BY at, visit)"}
"""

RULES = {
    "order": "order: until >= at",
    "short": "short: until - at <= 30",
    "unit": "unit: {if: sex = 'F', then: born >= 7}",
    "cross": "cross: {if: ward = 'c', then: sex = 'F'}",
    "finer": "finer: {if: ward = 'b', then: old >= 35}",
    "gone": "gone: {if: state = 'gone', then: cost = 0}",
    "beds": "beds: {no_overlap: [at, until], per: who}",
    "limit": "limit: {check: spent <= 70, repair: [cost]}",
    "again": "again: {check: cost <> 13, repair: [cost]}",
    "key": "key: {unique: [who, at]}",
}

GROUPS = {
    "none": "  stay: {columns: [at, until, state], given: [people]}",
    "inside": "  stay: {columns: [at, until, state], given: [people], sequence: {by: at}}",
    "earlier": "  times: {columns: [at, until], given: [people]}\n"
    "  stay: {columns: [state], given: [people, times], sequence: {by: at}}",
}


def text_of(rules: tuple[str, ...], order: str, most: int = 5) -> str:
    """Return a spec with some of RULES and one of GROUPS."""
    held = "".join(f"  {RULES[name]}\n" for name in rules)
    return (
        HEAD.replace("MOST", str(most))
        + (f"rules:\n{held}" if rules else "")
        + f"generate:\n  people: {{columns: [sex, born]}}\n{GROUPS[order]}\n"
        + "  rest: {columns: [cost, ward], given: [stay]}\n"
    )


def plan_of(rules: tuple[str, ...] = (), order: str = "none", most: int = 5) -> Plan:
    """Return the plan of such a spec."""
    return planned(text_of(rules, order, most))


def tilted(plan: Plan, tables: dict[tuple[str, ...], Any]) -> dict[str, Model]:
    """Return what the plan states, with tables multiplied into the models that hold their columns."""
    models = stated(plan)
    for clique, table in tables.items():
        for group in plan.groups:
            if set(clique) <= set(group.attributes) and clique[-1] in group.columns:
                model = models[group.name]
                assert isinstance(model, TreeModel)
                found = weighted(model, [(clique, np.asarray(table, dtype=np.float64))])
                assert found is not None
                models[group.name] = found[0]
    return models


def people(frame: pl.DataFrame, unit: str = "who") -> list[list[dict[str, Any]]]:
    """Return the rows of each person, in order; each person's lie together."""
    assert frame[unit].rle_id().n_unique() == frame[unit].n_unique()
    return [part.to_dicts() for part in frame.partition_by(unit, maintain_order=True)]


def holds(plan: Plan, made: Drawn, *, ordered: bool = False) -> None:
    """Assert what is true of every table of persons, by brute force."""
    frame = made.frame
    names = {rule.name for rule in plan.rules}
    assert frame["visit"].n_unique() == frame.height
    for rows in people(frame):
        assert len({(row["sex"], row["born"], row["elder"]) for row in rows}) == 1
        assert plan.counter is not None and plan.counter.column is not None
        assert 1 <= len(rows) <= plan.counter.column.size
        if ordered:
            assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
        total, last = 0, None
        for row in sorted(rows, key=lambda row: (row["at"], row["visit"])):
            total += row["cost"]
            assert (row["spent"], row["before"]) == (total, last)
            assert row["elder"] == (row["born"] < 40) and row["old"] == row["at"] + 100 - row["born"]
            last = row["cost"]
        if "beds" in names:
            spans = sorted((row["at"], row["until"]) for row in rows)
            assert all(one[1] <= two[0] for one, two in pairwise(spans))
        if "key" in names:
            assert len({row["at"] for row in rows}) == len(rows)
        for row in rows:
            assert "limit" not in names or row["spent"] <= 70
            assert "order" not in names or row["until"] >= row["at"]
            assert "short" not in names or row["until"] - row["at"] <= 30
            assert "unit" not in names or row["sex"] == "M" or row["born"] >= 7
            assert "cross" not in names or row["ward"] != "c" or row["sex"] == "F"
            assert "finer" not in names or row["ward"] != "b" or row["old"] >= 35
            assert "gone" not in names or row["state"] != "gone" or row["cost"] == 0
            assert "again" not in names or row["cost"] != 13
    assert not any(made.violations.values())


def numbers(frame: pl.DataFrame, unit: str = "who") -> Counter[int]:
    """Return how many persons have how many rows."""
    return Counter(frame.group_by(unit).len()["len"].to_list())
