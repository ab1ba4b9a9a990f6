"""Shadow: the generator of a release, run with its price on simulated neighbours; a throw-away ledger.

Sub-tables of people of the control, with or without one exposed person of the table: no answer leaves
this module but the attack's figures, and nobody's budget pays, since nothing is released.

Source: ours; REPORTS.md 1.4 of the design.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synthspec.attack.density import most_exposed
from synthspec.attack.outcome import Outcome
from synthspec.attack.shadow import Shadows, by_shadows, shadows
from synthspec.attack.table import IntArray, Table
from synthspec.generators.base import Workload
from synthspec.plan.ops import Fit
from synthspec.plan.plan import PlannedColumn
from synthspec.privacy.entropy import NoiseSource, SampleRng
from synthspec.privacy.ledger import Ledger
from synthspec.run.internal.attacks import Attacked, rng_of
from synthspec.run.kernel import Kernel
from synthspec.run.recorded import Unrecorded, unseen
from synthspec.run.simulated import Simulated
from synthspec.terms.domain import Domain

if TYPE_CHECKING:
    from synthspec.run.internal.evaluate import Asked

COLUMNS = 6
"""Columns of the sub-table."""

ROWS = 400
TARGETS = 4
WORLDS = 48


def shadow(asked: Asked, found: Attacked, seen: tuple[PlannedColumn, ...], noise: NoiseSource) -> Outcome:
    """Return the attack on the first group of the plan that is learned from rows, on a sub-table of it."""
    op, places = _sub_table(asked, seen)
    if not found.judges or found.others is None or found.reference is None or op is None:
        return Outcome(
            attack="shadow",
            title="Membership by shadow models",
            about="runs the generator on simulated neighbours",
            cites="Stadler et al. 2022; Houssiau et al. 2022 (TAPAS)",
            verdict="not judged",
            notes=("there is no control, or no group that learns two columns from rows",),
        )
    generator = next(group.generator for group in asked.plan.groups if group.name == op.group)
    kept = [seen[i] for i in places]
    domain = Domain(
        attributes=tuple(c.name for c in kept),
        sizes=tuple(c.column.size for c in kept if c.column is not None),
    )
    workload = Workload(
        ordinal=frozenset(c.name for c in kept if c.column is not None and c.column.ordinal),
        missing=frozenset(c.name for c in kept if c.column is not None and c.column.missing),
    )
    protection = asked.plan.protection
    assert protection is not None
    cost = op.cost

    def fit(table: Table, stream: int) -> Table:
        codes = {name: table.codes[:, i] for i, name in enumerate(domain.attributes)}
        rows = Simulated(domain, codes, np.arange(table.rows, dtype=np.int64))
        kernel = Kernel(rows, domain, protection, Ledger(cost, purpose="shadow"), noise, Unrecorded(), unseen)
        model = generator.fit(kernel, workload, cost, SampleRng(stream, "shadow fit"))
        made = model.sample(table.rows, SampleRng(stream, "shadow rows"))
        return _narrow_codes(
            table, np.stack([np.asarray(made.columns[n]) for n in domain.attributes], axis=1)
        )

    rng = rng_of(found.seed, 10)
    pool = _narrow(found.others.join(found.reference), places)
    looked = found.members.some(2_000, rng)
    targets = _narrow(looked.take(most_exposed(looked, found.reference, least=TARGETS)[:TARGETS]), places)
    worlds: list[Shadows] = []
    for i in range(targets.rows):
        target = targets.take(np.array([i]))
        worlds.append(shadows(fit, target, pool, min(ROWS, pool.rows), WORLDS, rng))
    return by_shadows(tuple(worlds), found.bound, found.seed)


def _sub_table(asked: Asked, seen: tuple[PlannedColumn, ...]) -> tuple[Fit | None, list[int]]:
    """Return the first step that learns two of the seen columns or more, and where they stand."""
    for op in asked.plan.ops:
        if isinstance(op, Fit) and op.view is not None:
            group = next(group for group in asked.plan.groups if group.name == op.group)
            places = [i for i, column in enumerate(seen) if column.name in group.columns]
            if len(places) >= 2:
                return op, places[:COLUMNS]
    return None, []


def _narrow(table: Table, places: list[int]) -> Table:
    """Return some columns of a table, with values as close as their codes tell."""
    attributes = tuple(table.attributes[i] for i in places)
    codes = table.codes[:, places]
    return _narrow_codes(Table(attributes, codes, codes.astype(np.float64)), codes)


def _narrow_codes(like: Table, codes: IntArray) -> Table:
    values = codes.astype(np.float64)
    for i, attribute in enumerate(like.attributes):
        if attribute.ordered:
            most = max(1, attribute.size - attribute.missing - 1)
            values[:, i] = np.where(attribute.missing & (codes[:, i] > most), np.nan, codes[:, i] / most)
    return Table(like.attributes, codes.astype(np.int64), values)
