"""Evaluate: the exact figures and the attacks of the internal edition, one public step after the other.

The one place outside the kernel where private rows are looked at, and nothing it returns is fit for
the outside: every figure is of class I. The ledger is not touched and nothing is noised. Whatever fails
beside the rows is not shown, since it could quote one.

Source: ours; REPORTS.md 1.1, 1.2, 1.4, 2.1 of the design.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl

from synthspec.attack.copies import closeness, overlap
from synthspec.attack.evaluation import Evaluation
from synthspec.attack.evaluation import People as Counts
from synthspec.attack.exact.fidelity import Fidelity, fidelity
from synthspec.attack.exact.regression import Regression, regression
from synthspec.attack.exact.separation import separation
from synthspec.attack.exact.utility import Utility, utility
from synthspec.attack.outcome import Outcome
from synthspec.attack.table import Table
from synthspec.engines.base import Engine
from synthspec.errors import KernelError, SourceError
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.questions import public_axis
from synthspec.plan.view import build_view
from synthspec.privacy.entropy import NoiseSource
from synthspec.release.release import Release
from synthspec.run.internal.attacks import Attacked, attacks, not_judged
from synthspec.run.internal.gates import curator_gates
from synthspec.run.internal.people import STEPS, People, read_people, released_people, seen_columns
from synthspec.run.internal.shadow import shadow
from synthspec.run.quiet import quietly

Result = TypeVar("Result")
Told = Callable[[str], None]

CLOSENESS = 1_000
"""People whose distances are looked at for the diagnostics."""

LEAST_PEOPLE = 100
"""People on either side below which nothing is attacked."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What an evaluation needs.

    Attributes:
        release: the public release.
        plan: its plan, with the source's path as it is on this machine.
        frame: the released rows.
        manifest: SHA-256 of the release's manifest.
        tied: whether the source was shown to be the one of the release.
        control: the plan over a file of people who are not in the table, or None.
        split: the key of the holdout, where the release has one and it is here.
        labels: columns that models predict; the last one with few values when there are none.
        shadow: whether generators are run on simulated neighbours, too.
        releases: how many releases the ledger holds.
    """

    release: Release
    plan: Plan
    frame: pl.DataFrame
    manifest: str
    tied: bool
    control: Plan | None = None
    split: bytes | None = None
    labels: tuple[str, ...] = ()
    shadow: bool = False
    releases: int | None = None


def evaluate(asked: Asked, engine: Engine, noise: NoiseSource, told: Told) -> Evaluation:
    """Return all figures of the internal edition.

    Args:
        asked: see there.
        engine: reads the source and the control.
        noise: secret randomness: for the key of the contribution bound, and for shadow models.
        told: hears the public name of each step before it begins.

    Raises:
        SourceError: D420, when too few rows fit the release.
        KernelError: K703, whatever went wrong beside private rows.
    """
    return _Work(asked, engine, noise, told).run()


def beside_rows(name: str, work: Callable[[], Result]) -> Result:
    """Return what `work` returns; what goes wrong in it is not shown, since it could quote a row.

    Raises:
        KernelError: K703, naming the public step.
    """
    failed = False
    try:
        return quietly(work, name)
    except KernelError:
        failed = True
    assert failed
    raise KernelError(
        "K703",
        f"the internal edition failed beside private rows, at: {name}",
        notes=("what it was is not shown, since it could quote a row; nothing was written",),
        helps=("check that the source is the one the release was made from", "report it, with the step"),
    )


class _Work:
    def __init__(self, asked: Asked, engine: Engine, noise: NoiseSource, told: Told) -> None:
        self._asked, self._engine, self._noise, self._told = asked, engine, noise, told
        self._columns = asked.release.columns
        self._seed = asked.plan.seed

    def run(self) -> Evaluation:
        """Do every step."""
        asked = self._asked
        seen = seen_columns(self._columns, build_view(asked.plan, self._columns))
        people = self._step("opening the source", lambda: self._people(asked.plan, held_out=False))
        self._refuse_few(people)
        others = self._step("opening the control", self._control)
        made = self._step(
            "reading the released rows", lambda: released_people(asked.frame, self._columns, seen)
        )
        held = None if others is None else others.table
        found = self._step("attacks", lambda: self._attacked(people, others, made))
        exact = self._step("fidelity", lambda: self._fidelity(people.table, made, held, seen))
        apart = self._step(
            "telling released rows apart", lambda: separation(people.table, made, held, self._seed)
        )
        labels = self._labels(seen)
        useful = self._step(
            "models trained on released rows", lambda: self._utility(people.table, made, held, seen, labels)
        )
        fits = self._step("regression", lambda: self._regressions(people.table, made, seen, labels))
        outcomes: list[Outcome] = []
        for name, attack in self._step("choosing whom to attack", lambda: list(attacks(found))):
            outcomes.append(self._step(f"attack: {name}", attack))
        if asked.shadow:
            outcomes.append(
                self._step("attack: shadow models", lambda: shadow(asked, found, seen, self._noise))
            )
        near = self._step("copies", lambda: closeness(made, people.table, held, CLOSENESS, self._seed))
        return self._step(
            "writing up",
            lambda: Evaluation(
                name=asked.plan.name,
                tool=asked.plan.tool,
                release=asked.manifest,
                tied="yes" if asked.tied else "not known",
                control="none" if others is None else "file" if asked.control is not None else "held out",
                people=Counts(
                    rows=people.table.rows,
                    people=people.count,
                    control_rows=0 if others is None else others.table.rows,
                    control_people=0 if others is None else others.count,
                    released=made.rows,
                ),
                fidelity=exact,
                separation=apart,
                utility=useful,
                regressions=fits,
                attacks=tuple(outcomes),
                closeness=near,
                gates=curator_gates(asked.plan.gates, exact, apart, useful, outcomes),
                not_judged=(*not_judged(found, shadow=asked.shadow), *self._unkeyed()),
                doubts=self._overlapping(people, others),
                values_within=STEPS,
                releases=asked.releases,
            ),
        )

    def _unkeyed(self) -> tuple[str, ...]:
        if self._asked.plan.holdout is None or self._asked.split is not None:
            return ()
        return (
            "who was held out of the learning: the key of that split is not on this machine, so people held "
            "out count as people of the table, and what is found about these is diluted",
        )

    def _overlapping(self, people: People, others: People | None) -> tuple[str, ...]:
        """Return a warning where people of the table are among those of a control that was handed in."""
        if others is None or self._asked.control is None:
            return ()
        both = overlap(people.table, others.table)
        if both is None:
            return ()
        found, twice = both
        return (
            f"People of the table seem to be among the control: {100 * found.value:.1f} % of its rows equal "
            f"a row of the table, but only {100 * twice.value:.1f} % of the table's rows have a second one "
            "there; attacks cannot tell such people apart, so they find less than there is",
        )

    def _step(self, name: str, work: Callable[[], Result]) -> Result:
        self._told(name)
        return beside_rows(name, work)

    def _people(self, plan: Plan, *, held_out: bool) -> People:
        side = None if self._asked.split is None else held_out
        return read_people(plan, self._columns, self._engine, self._noise, side, self._asked.split or b"")

    def _control(self) -> People | None:
        if self._asked.control is not None:
            found = read_people(self._asked.control, self._columns, self._engine, self._noise)
        elif self._asked.split is not None:
            found = self._people(self._asked.plan, held_out=True)
        else:
            return None
        return found if found.count else None

    def _refuse_few(self, people: People) -> None:
        if people.count < LEAST_PEOPLE:
            raise SourceError(
                "D420",
                f"fewer than {LEAST_PEOPLE} people of the source fit the release's domains and rules",
                notes=("rows are read, bounded and dropped as they were when the release was made",),
                helps=("check that `--source` names the table that the release was made from",),
            )

    def _attacked(self, people: People, others: People | None, made: Table) -> Attacked:
        return Attacked.of(self._asked.release, people, others, made, self._seed)

    def _fidelity(
        self, members: Table, made: Table, others: Table | None, seen: tuple[PlannedColumn, ...]
    ) -> Fidelity:
        levels = [public_axis(column).levels for column in seen]
        rng = np.random.Generator(np.random.Philox(key=np.array([self._seed, 8], dtype=np.uint64)))
        return fidelity(members, made, others, levels, rng)

    def _labels(self, seen: tuple[PlannedColumn, ...]) -> tuple[int, ...]:
        """Return the columns that models predict: asked for, or named by gates, or the last of few values."""
        names = [column.name for column in seen]
        gated = [
            gate.argument
            for gate in self._asked.plan.gates
            if gate.metric in ("auc_gap", "tstr_gap") and gate.argument in names
        ]
        wanted = self._asked.labels or tuple(dict.fromkeys(name for name in gated if name is not None))
        if wanted:
            return tuple(names.index(name) for name in wanted)
        few = [
            i
            for i, column in enumerate(seen)
            if column.column is not None and not column.column.ordinal and 2 <= column.column.size <= 10
        ]
        return tuple(few[-1:])

    def _utility(
        self,
        members: Table,
        made: Table,
        others: Table | None,
        seen: tuple[PlannedColumn, ...],
        labels: tuple[int, ...],
    ) -> Utility:
        names = [column.name for column in seen]
        groups = [
            (names.index(name), labels_of(seen[names.index(name)]))
            for name in self._asked.plan.subgroups
            if name in names and len(labels_of(seen[names.index(name)])) <= 20
        ]
        return utility(members, made, others, labels, groups, self._seed)

    def _regressions(
        self, members: Table, made: Table, seen: tuple[PlannedColumn, ...], labels: tuple[int, ...]
    ) -> tuple[Regression, ...]:
        found = []
        for label in labels:
            known = seen[label].column
            assert known is not None
            value = known.size - known.missing - 1
            columns = [i for i in range(len(seen)) if i != label]
            fit = regression(members, made, label, value, labels_of(seen[label])[value], columns, self._seed)
            found += [] if fit is None else [fit]
        return tuple(found)


def labels_of(column: PlannedColumn) -> tuple[str, ...]:
    """Return the labels of a column's codes."""
    return () if column.column is None else column.column.labels()
