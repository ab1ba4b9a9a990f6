"""A small release made of real parts: a public toy table, real mechanisms, a ledger, a fitted model."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import Category, Id, Integer
from synthspec.generators.independent import Independent
from synthspec.mechanisms.rounded_gaussian import RoundedGaussian
from synthspec.plan.ops import Assess, Bound, CountFit, Fit, Sample, Scan
from synthspec.plan.plan import Gate, Group, Plan, PlannedColumn, Prediction, Question
from synthspec.privacy.accountant import budget_cost
from synthspec.privacy.cost import Cost
from synthspec.privacy.ledger import Ledger
from synthspec.privacy.noisy import Noisy
from synthspec.release.counted import Counted, GroupCount
from synthspec.release.release import (
    Assessment,
    Certificate,
    Event,
    FitCounts,
    LedgerFacts,
    Measurement,
    Release,
    RuleCheck,
    SavedModel,
)
from synthspec.rules import Check
from synthspec.terms.expr import Column, Compare, Literal_
from synthspec.terms.protection import Protection
from synthspec.terms.query import Affected, Axis, Distances, Marginal
from synthspec.terms.types import INT, TEXT
from synthspec.terms.view import Source

SIZES = {"age": 12, "ward": 4, "outcome": 3}
WARDS = ("icu", "medicine", "surgery", "maternity")
PROTECTION = Protection(unit="patient_id", max_rows=3)
SPEC = "spec: 1\nsource: {path: data/stays.csv}\n"


class FixedNoise:
    """A `NoiseSource` whose bytes are the same each time: tests only."""

    def __init__(self) -> None:
        self._block = 0

    def bytes(self, count: int) -> bytes:
        """Return the next `count` bytes of a fixed stream."""
        self._block += 1
        return hashlib.shake_256(f"example {self._block}".encode()).digest(count)


def table() -> dict[str, NDArray[np.int64]]:
    """Return the rows, as codes: 9,000 stays, the outcome depends on the ward."""
    rng = np.random.default_rng(5)
    age = np.minimum(11, rng.gamma(6, 1, 9000).astype(np.int64))
    ward = (rng.integers(0, 4, 9000) + (age > 8)) % 4
    outcome = np.minimum(2, (rng.random(9000) * 2.2 + 0.3 * (ward == 0)).astype(np.int64))
    return {"age": age, "ward": ward, "outcome": outcome}


def plan(*, epsilon: float = 2.0, unit: str = "patient_id", gates: bool = True) -> Plan:
    """Return the plan of the example."""
    budget = budget_cost(epsilon, 1e-9)
    learn, report, fit = (
        budget.share(Fraction(9, 10)),
        budget.share(Fraction(2, 25)),
        budget.share(Fraction(1, 50)),
    )
    adults = Compare(op=">=", left=Column(name="age", type=INT), right=Literal_(text="18", type=INT))
    return Plan(
        tool="synthspec 0.1.0",
        name="stays",
        about="Stays in four wards of a made-up hospital.",
        spec_digest="4f1c9a2e" * 8,
        spec_text=SPEC,
        spec_path="/home/ana/specs/stays.yaml",
        settings=(("source.path", "/home/ana/private/stays.csv"),),
        source=Source(path="/home/ana/private/stays.csv"),
        public_rows=9000,
        protection=PROTECTION if unit != "row" else Protection(unit="row", max_rows=1),
        epsilon=epsilon,
        delta=1e-9,
        budget=budget,
        columns=columns(),
        rules=(
            Check(name="adults", text="age >= 18", expression=adults, because="the hospital takes adults"),
        ),
        groups=(Group(name="stay", generator=Independent(), columns=tuple(SIZES)),),
        ops=(
            Scan(),
            Bound(view=0),
            CountFit(view=1, cost=fit),
            Fit(view=1, group="stay", cost=learn),
            Sample(models=(3,)),
            Assess(view=1, rows=4, cost=report),
        ),
        rows=5000,
        seed=7,
        gates=() if not gates else _gates(),
        questions=(
            Question(name="adults by ward", text="age >= 18", count=adults, by=("ward",), expected=0.01),
        ),
        subgroups=("outcome",),
        folder="/home/ana/out/stays",
        predictions=(
            Prediction(step="stay", what="3 tables", share=0.9, noise="σ 12", epsilon_alone=1.9, error=0.004),
        ),
    )


def _gates() -> tuple[Gate, ...]:
    return (
        Gate(name="rules-hold", text="violations = 0", metric="violations", op="=", bounds=(0,)),
        Gate(name="one-way", text="max_tvd_1way <= 0.05", metric="max_tvd_1way", op="<=", bounds=(0.05,)),
        Gate(name="two-way", text="mean_tvd_2way <= 0.001", metric="mean_tvd_2way", op="<=", bounds=(0.001,)),
        Gate(
            name="tail",
            text="tail_ratio(age, 0.99) < 2",
            metric="tail_ratio",
            argument="age",
            op="<",
            bounds=(2,),
        ),
    )


def columns() -> tuple[PlannedColumn, ...]:
    """Return the resolved columns."""
    return (
        PlannedColumn(name="patient_id", role="id", type=TEXT, column=Id(name="patient_id")),
        PlannedColumn(
            name="age",
            role="modelled",
            type=INT,
            column=Integer(name="age", lo=0, hi=119, cuts=tuple(range(0, 120, 10))),
            basis="ages that the hospital system accepts",
        ),
        PlannedColumn(name="ward", role="modelled", type=TEXT, column=Category(name="ward", values=WARDS)),
        PlannedColumn(
            name="outcome",
            role="modelled",
            type=TEXT,
            column=Category(name="outcome", values=("home", "transfer", "died")),
        ),
    )


class _Shop:
    """Charges, computes, adds noise: what the kernel does, on the public toy table."""

    def __init__(self, cap: Cost) -> None:
        self.ledger = Ledger(cap)
        self.noise = FixedNoise()
        self.events: list[Event] = []

    def buy(
        self,
        query: Marginal | Distances | Affected,
        exact: NDArray[np.int64],
        cost: Cost,
        *,
        stage: str,
        target: tuple[str, ...],
        output: str,
    ) -> Noisy:
        mechanism = RoundedGaussian.costing(cost)
        purse = self.ledger.allot(cost, target[0] if stage == "fit" else f"{stage}: {' × '.join(target)}")
        receipt = purse.charge(mechanism)
        sensitivity = query.sensitivity(PROTECTION)
        values = mechanism.release(exact, sensitivity, self.noise)
        digest = query.digest()
        self.events.append(
            Event.of(
                receipt,
                stage=stage,
                target=target,
                sensitivity=sensitivity,
                query=digest,
                output=output,  # type: ignore[arg-type]
            )
        )
        return Noisy(digest, values, mechanism.stddev(sensitivity), receipt)


def counted(data: dict[str, NDArray[np.int64]], axes: tuple[Axis, ...]) -> NDArray[np.int64]:
    """Return the counts of `data` over `axes`, flat."""
    index = np.zeros(len(data["age"]), dtype=np.int64)
    cells = 1
    for axis in axes:
        codes = data[axis.attribute]
        index = index * axis.size + (codes if axis.levels is None else axis.levels[codes])
        cells *= axis.size
    return np.bincount(index, minlength=cells).astype(np.int64)


def release() -> Release:
    """Return the example release: fit counts, five measurements, a model, six paid figures, two rules."""
    made = plan()
    shop, data = _Shop(made.most_it_can_spend), table()
    halves = np.repeat(np.arange(6), 2)
    cliques = (
        (Axis("age", 12),),
        (Axis("ward", 4),),
        (Axis("outcome", 3),),
        (Axis("age", 6, halves), Axis("ward", 4)),
        (Axis("ward", 4), Axis("outcome", 3)),
    )
    flags = ("rows kept", "age: not readable or outside its domain", "rule adults", "cut to max_rows")
    counts = shop.buy(
        Affected(flags),
        np.array([6200, 3, 0, 410]),
        made.ops[2].cost,
        stage="fit",
        target=flags,
        output="fit.json",  # type: ignore[union-attr]
    )
    measurements = []
    for i, (axes, cost) in enumerate(zip(cliques, made.ops[3].cost.split(5), strict=True)):  # type: ignore[union-attr]
        target = tuple(axis.attribute for axis in axes)
        query = Marginal(axes)
        output = f"measurements.json#/{i}"
        noisy = shop.buy(query, counted(data, axes), cost, stage="learn", target=target, output=output)
        measurements.append(Measurement.of(noisy, "stay", axes))
    model, shares = _model(measurements)
    assessments = _assess(shop, data, shares, made.ops[5].cost)  # type: ignore[union-attr]
    return Release(
        plan=made,
        columns=made.columns,
        models=(model,),
        events=tuple(shop.events),
        measurements=tuple(measurements),
        fit=FitCounts(
            event=shop.events[0].id,
            labels=flags,
            values=tuple(int(v) for v in counts.values),
            stddev=counts.stddev,
        ),
        assessments=assessments,
        certificate=Certificate(
            rows=5000,
            acceptance=0.98,
            rules=(
                RuleCheck(name="adults", kind="check", text="age >= 18", violations=0, acceptance=0.98),
                RuleCheck(
                    name="no-early-death",
                    kind="check",
                    text="outcome <> 'died' OR age > 30",
                    enforce="report",
                    strategy="unchecked",
                    violations=12,
                ),
            ),
        ),
        counted=_counted(),
        ledger=LedgerFacts(name="stays", opened_by="operator", releases=1, day="2026-11-21"),
    )


def _counted() -> tuple[Counted, ...]:
    """Return a question by ward and the sizes of the outcomes, as if counted over 5,000 rows."""
    wards = ((*WARDS, None), (1180, 1190, 1200, 1165, 0), (1260, 1250, 1245, 1244, 1))
    outcomes = (("died", "home", "transfer"), (800, 2400, 1800))
    return (
        Counted(
            kind="question",
            name="adults by ward",
            by=("ward",),
            groups=tuple(
                GroupCount(values=(ward,), rows=rows, of=of) for ward, rows, of in zip(*wards, strict=True)
            ),
        ),
        Counted(
            kind="subgroup",
            name="outcome",
            by=("outcome",),
            groups=tuple(
                GroupCount(values=(value,), rows=rows, of=rows) for value, rows in zip(*outcomes, strict=True)
            ),
        ),
    )


def _model(measurements: list[Measurement]) -> tuple[SavedModel, dict[str, NDArray[np.float64]]]:
    """Return an independent model of the one-way measurements, saved, and its shares."""
    from tests.release.stand_in import independent

    shares = {m.attributes[0]: np.maximum(m.values, 0).astype(float) for m in measurements[:3]}
    shares = {name: counts / counts.sum() for name, counts in shares.items()}
    return independent(shares), shares


def _assess(
    shop: _Shop, data: dict[str, NDArray[np.int64]], shares: dict[str, NDArray[np.float64]], cost: Cost
) -> tuple[Assessment, ...]:
    grid, n_hat, found = 16, 9011.0, []
    names = tuple(SIZES)
    sets: dict[int, tuple[tuple[str, ...], ...]] = {
        1: tuple((n,) for n in names),
        2: (names[:2], names[1:], (names[0], names[2])),
        3: (names,),
    }
    costs = iter(cost.split(6))
    for order, cliques in sets.items():
        axes = tuple(tuple(Axis(a, SIZES[a]) for a in c) for c in cliques)
        tables = []
        for clique in cliques:
            product = np.ones(())
            for attribute in clique:
                product = np.multiply.outer(product, shares[attribute])
            tables.append(np.rint(product.ravel() * n_hat * grid).astype(np.int64))
        gaps = [int(np.abs(grid * counted(data, a) - t).sum()) for a, t in zip(axes, tables, strict=True)]
        for worst in (False, True):
            query = Distances(axes, tuple(tables), grid, worst)
            exact = np.array([max(gaps) if worst else sum(gaps)], dtype=np.int64)
            name = f"{'max' if worst else 'mean'}_tvd_{order}way"
            noisy = shop.buy(
                query, exact, next(costs), stage="report", target=(name,), output="evaluation.json"
            )
            found.append(
                Assessment.of(
                    int(noisy.values[0]),
                    order=order,
                    worst=worst,
                    cliques=len(cliques),
                    grid=grid,
                    stddev=noisy.stddev,
                    n_hat=n_hat,
                    n_stddev=40.0,
                    event=shop.events[-1].id,
                )
            )
    return tuple(found)


def empty(*, private: bool = False) -> Release:
    """Return a release with nothing in it; with `private`, one that claims but bought nothing."""
    made = (
        plan()
        if private
        else plan().model_copy(
            update={"source": None, "protection": None, "ops": (), "rules": (), "gates": (), "groups": ()}
        )
    )
    return Release(plan=made, columns=())


def frame_rows(count: int = 50) -> dict[str, list[object]]:
    """Return the first rows of the toy table as values, for a data frame."""
    data = table()
    return {
        "patient_id": [f"p{i:04d}" for i in range(count)],
        "age": [int(code) * 10 for code in data["age"][:count]],
        "ward": [WARDS[code] for code in data["ward"][:count]],
    }
