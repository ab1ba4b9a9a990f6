"""Laws of rules that look at several rows, or say what may be changed: what comes out, stated exactly.

`unique`: the first distinct keys of a sequence of draws. `determines`: a function, whose value conditions
may ask for. `check` with `repair`: lawful rows as they were drawn, all others with the named columns of
fresh rows, as often as those fit; what fits nothing is drawn anew. Moving intervals apart and shrinking
running values is test_repair's. Chi-square and binomial tests alarm falsely with a chance below 1e-9.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest

from synthspec.draw.repair import TRIES
from synthspec.plan.plan import Plan
from synthspec.privacy.entropy import SampleRng
from tests.draw.laws import Row, agrees, counted, mock, planned
from tests.draw.test_laws_of_conditions import drawn, shares_inside


def plan_of(text: str) -> Plan:
    """Return the plan that mocks a spec."""
    plan = planned("spec: 1\nname: across\ncolumns:\n" + text)
    assert plan is not None
    return plan


def test_keys_are_the_first_distinct_ones_of_lawful_draws() -> None:
    plan = plan_of(
        "  a: int 0..2\n  b: int 0..2\nrules:\n  key: {unique: [a, b]}\n  r: a + b <> 2\nsample: {rows: 4}\n"
    )
    keys = [(a, b) for a, b in product(range(3), range(3)) if a + b != 2]
    runs, seen = 250, Counter[Row]()
    for seed in range(runs):
        rows = list(mock(plan, 4, SampleRng(seed)).frame.select("a", "b").iter_rows())
        assert len(set(rows)) == 4
        seen.update(rows)
    assert set(seen) == set(keys)
    # each of six keys is among the four with a chance of 2/3; six and a half deviations
    assert all(abs(seen[key] - runs * 2 / 3) < 6.5 * (runs * 2 / 9) ** 0.5 for key in keys)
    assert set(mock(plan, 6, SampleRng(1)).frame.select("a", "b").iter_rows()) == set(keys)


def test_a_determined_column_is_a_function_and_a_condition_on_it_finds_what_leads_there() -> None:
    plan = plan_of(
        "  x: int 0..7\n  k: [p, q]\n  y: [s, t, u]\nrules:\n  f: {determines: [y], by: [x]}\n"
        "  r: {if: k = 'p', then: x <> 3}\n"
    )
    rows = Counter(drawn(plan, None).frame.select("x", "k", "y").iter_rows())
    follows = {x: y for x, _, y in rows}
    lawful = [(x, k) for x, k in product(range(8), "pq") if not (k == "p" and x == 3)]
    agrees(rows, {(x, k, follows[x]): 1 / len(lawful) for x, k in lawful})
    for wanted in sorted(set(follows.values())):
        found = drawn(plan, f"y = '{wanted}' AND x < 7")
        kept = [(x, k) for x, k in lawful if follows[x] == wanted and x < 7]
        agrees(counted(found.drawn, ("x", "k")), dict.fromkeys(kept, 1 / len(kept)))


@pytest.mark.parametrize("where", [None, "a > 5", "b <= 7 AND a > 2"])
def test_a_row_is_repaired_by_the_named_column_of_fresh_rows_alone(where: str | None) -> None:
    """The law under a condition is the same: rows, and fresh rows, that meet it."""
    plan = plan_of(
        "  a: {type: int, in: 0..11, bins: 3}\n  b: {type: int, in: 0..11, bins: 3}\n"
        "rules:\n  r: {check: a + b <= 11, repair: [b]}\n"
    )
    (code_a, in_a), (code_b, in_b) = (shares_inside(plan, name) for name in "ab")
    cells = {(code_a[a], code_b[b]) for a, b in product(range(12), range(12)) if a + b <= 11}
    first = {
        (a, b): in_a[a] * in_b[b] / len(cells)
        for a, b in product(range(12), range(12))
        if (code_a[a], code_b[b]) in cells
    }
    if where is not None:
        meets = {"a > 5": lambda a, b: a > 5, "b <= 7 AND a > 2": lambda a, b: b <= 7 and a > 2}[where]
        first = {row: share for row, share in first.items() if meets(*row)}
    whole = sum(first.values())
    first = {row: share / whole for row, share in first.items()}
    donors = Counter[int]()
    for (_, b), share in first.items():
        donors[b] += share  # type: ignore[assignment]
    after = {row: share for row, share in first.items() if sum(row) <= 11}
    broken = [(row, share) for row, share in first.items() if sum(row) > 11]
    for (a, _), share in broken:
        fits = {b: donors[b] for b in range(12 - a) if where is None or meets(a, b)}
        chance = sum(fits.values())
        done = 1 - (1 - chance) ** TRIES
        for b, each in fits.items():
            after[a, b] = after.get((a, b), 0.0) + share * done * each / chance
    total = sum(after.values())  # what was not repaired is drawn anew
    made = drawn(plan, where, 20_000).drawn
    assert not any(made.violations.values())
    agrees(counted(made, ("a", "b")), {row: share / total for row, share in after.items() if share > 0})
    repaired = sum(share for _, share in broken)
    assert made.repaired["r"] / 20_000 == pytest.approx(
        repaired, abs=6.5 * float(np.sqrt(0.25 / 20_000)) + 0.01
    )
