"""Small real stand-ins for the kernel's surroundings, and a small spec over a table of visits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import synthspec
from synthspec.plan.plan import Plan
from synthspec.privacy.cost import Cost
from synthspec.privacy.journal import Journal
from synthspec.privacy.ledger import Ledger, Receipt
from synthspec.privacy.noisy import Noisy
from synthspec.run.kernel import Answer, Kernel
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis, Sensitivity

DOMAIN = Domain(attributes=("a", "b"), sizes=(3, 2))


class CountedNoise:
    """Uniform bytes, one stream per stand-in, that says when it is asked."""

    def __init__(self, told: list[str], seed: int = 0) -> None:
        self._told = told
        self._seed = seed
        self._calls = 0

    def bytes(self, count: int) -> bytes:
        """Return `count` bytes."""
        self._told.append("noise")
        self._calls += 1
        return hashlib.shake_256(f"{self._seed}/{self._calls}".encode()).digest(count)


@dataclass
class SpyRows:
    """Rows that say when they are read; `error` is raised instead, if there is one."""

    told: list[str]
    table: NDArray[np.int64] = field(default_factory=lambda: np.array([[40, 0], [5, 30], [0, 25]]))
    error: BaseException | None = None

    def count(self, cliques: Sequence[tuple[Axis, ...]]) -> list[NDArray[np.int64]]:
        """Count by summing the table."""
        self.told.append("compute")
        if self.error is not None:
            raise self.error
        found = []
        for clique in cliques:
            names = [axis.attribute for axis in clique]
            kept = self.table.sum(axis=tuple(i for i, name in enumerate("ab") if name not in names))
            for axis in clique:
                if axis.levels is not None:
                    kept = np.bincount(axis.levels, weights=kept, minlength=axis.size).astype(np.int64)
            found.append(np.asarray(kept.T if names == ["b", "a"] else kept, dtype=np.int64).ravel())
        return found

    def affected(self, flags: Sequence[str]) -> NDArray[np.int64]:
        """Return 1, 2, ..."""
        self.told.append("compute")
        return np.arange(1, len(flags) + 1, dtype=np.int64)

    def partitions(self, column: str) -> Mapping[str, int]:
        """Return one frequent and one rare name."""
        self.told.append("compute")
        return {"often": 10_000, "also": 9_000, "once": 1}


@dataclass
class KeptAnswers:
    """Answers in memory."""

    told: list[str]
    kept: dict[int, tuple[str, Answer]] = field(default_factory=dict)

    def replay(self, receipt: Receipt, question: str) -> Answer | None:
        """Return what was recorded at this place."""
        return self.kept[receipt.event][1] if receipt.event in self.kept else None

    def record(self, receipt: Receipt, question: str, answer: Answer) -> None:
        """Keep an answer."""
        self.told.append("record")
        self.kept[receipt.event] = (question, answer)


def unseen(
    receipt: Receipt,
    sensitivity: Sensitivity,
    question: str,
    noisy: Noisy | None,
    axes: tuple[Axis, ...] | None,
    chosen: int | None = None,
) -> None:
    """Take no note."""


def kernel(
    told: list[str],
    cap: Cost,
    rows: SpyRows | None = None,
    answers: KeptAnswers | None = None,
    max_rows: int = 1,
) -> Kernel:
    """Return a kernel over spies."""
    return Kernel(
        rows or SpyRows(told),
        DOMAIN,
        Protection(unit="row" if max_rows == 1 else "who", max_rows=max_rows),
        Ledger(cap),
        CountedNoise(told),
        answers or KeptAnswers(told),
        unseen,
    )


SPEC = """\
spec: 1
name: visits
source: {path: SOURCE, nulls: ['?']}
privacy: {unit: patient, max_rows: 3, epsilon: 4, delta: 1e-6, UNIT_NULL}
columns:
  patient: id
  age: {type: int, in: 0..119, clip: 0.95}
  sex: [F, M]
  ward: {type: category, in: {discover: 5, else: other}}
  days: int? 0..60
  cost: decimal(2) 0..5000
  senior: {derive: age >= 65, type: bool}
rules:
  short-stays-are-cheap: {if: days < 2, then: cost < 4000}
sample: {rows: 400}
output: {format: csv}
"""


def visits(rows: int, seed: int = 0, patients: int = 0) -> str:
    """Return a CSV of visits: patients with several rows, missing stays, wards."""
    rng = np.random.default_rng(seed)
    lines = ["patient,age,sex,ward,days,cost"]
    for i in range(rows):
        who = f"p{rng.integers(patients or max(1, rows // 2))}"
        days = "?" if rng.random() < 0.1 else str(rng.integers(0, 40))
        ward = ("icu", "er", "med")[rng.integers(3)]
        age, sex, cost = rng.integers(20, 95), "FM"[rng.integers(2)], rng.integers(0, 3000)
        lines.append(f"{who},{age},{sex},{ward},{days},{cost}.{i % 100:02d}")
    return "\n".join(lines) + "\n"


def plan_for(source: Path, unit_null: str = "own", spec: str = SPEC) -> Plan:
    """Return the compiled plan of the visits spec."""
    text = spec.replace("SOURCE", str(source)).replace("UNIT_NULL", f"unit_null: {unit_null}")
    path = source.parent / "visits.yaml"
    path.write_text(text)
    value: Plan = synthspec.load(path).plan()._value
    return value


def charged(plan: Plan, release: str = "visits-0") -> tuple[Journal, str]:
    """Return a ledger opened for `plan`, and a charge on it."""
    assert plan.protection is not None and plan.source is not None
    journal = Journal.open_default(
        plan.source.path,
        unit=plan.protection.unit,
        neighbours=plan.protection.neighbours,
        epsilon=plan.epsilon,
        delta=plan.delta,
        cap=plan.most_it_can_spend,
    )
    charge = journal.reserve(
        plan.most_it_can_spend,
        unit=plan.protection.unit,
        neighbours=plan.protection.neighbours,
        release=release,
        plan=plan.digest(),
        label=plan.name,
        epsilon=plan.epsilon,
        delta=plan.delta,
    )
    return journal, charge
