"""Release: everything that one `train` made public, as values; the data itself lies beside it.

Nothing here may depend on private rows except through `Noisy` answers: an `Event` and a
`Measurement` are made from a receipt and a noisy answer, the claim from the plan.

Source: ours; the event's fields follow the names of dp-accounting events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue

from synthspec.mechanisms.base import Mechanism
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.privacy.accountant import claim_epsilon, mu_in
from synthspec.privacy.commitment import Commitment
from synthspec.privacy.cost import FREE, Cost
from synthspec.privacy.ledger import Receipt
from synthspec.privacy.noisy import Noisy
from synthspec.release.counted import Counted
from synthspec.release.manifest import FileEntry
from synthspec.release.scored import UNEVALUATED, Evaluation, Scores
from synthspec.terms.frozen import Frozen
from synthspec.terms.protection import Neighbours
from synthspec.terms.query import Axis, Sensitivity

Stage = Literal["discover", "tighten", "determine", "fit", "learn", "report"]
"""What was bought: a list of values, a range, a dependency, the fit of the source, a model, the report."""

Strategy = Literal["construction", "transform", "repair", "within", "rejection", "model", "unchecked"]
"""How a rule was met: see `plan.Met`; `model` stands in older releases for zeros in the model."""


class Event(Frozen):
    """One purchase: what was asked, with which noise, at which price.

    `sensitivity` and `stddev` are in the query's unit; `query` is the digest of the question;
    `output` says where the answer lies in the release (`measurements.json#/3`), or None. `chosen` is what a
    selection gave, the place of a candidate: with it, whoever has the measurements can fit the model again.
    """

    id: str
    stage: Stage
    purpose: str
    target: tuple[str, ...] = ()
    mechanism: dict[str, JsonValue]
    property_used: str
    sensitivity_l1: int | None = None
    sensitivity_l2_squared: int | None = None
    stddev: float | None = None
    cost: Cost
    query: str | None = None
    output: str | None = None
    chosen: int | None = None

    @classmethod
    def of(
        cls,
        receipt: Receipt,
        *,
        stage: Stage,
        target: Sequence[str] = (),
        sensitivity: Sensitivity | None = None,
        query: str | None = None,
        output: str | None = None,
        chosen: int | None = None,
    ) -> Self:
        """Return the event of a purchase that `receipt` proves."""
        bought = receipt.bought
        if not isinstance(bought, Mechanism):
            raise TypeError("only a mechanism can be an event")
        return cls(
            id=event_id(receipt),
            stage=stage,
            purpose=receipt.purpose,
            target=tuple(target),
            mechanism=bought.model_dump(mode="json"),
            property_used=bought.property_used,
            sensitivity_l1=None if sensitivity is None else sensitivity.l1,
            sensitivity_l2_squared=None if sensitivity is None else sensitivity.l2_squared,
            stddev=None if sensitivity is None else bought.stddev(sensitivity),
            cost=receipt.cost,
            query=query,
            output=output,
            chosen=chosen,
        )


def event_id(receipt: Receipt) -> str:
    """Return the id of the event of `receipt`: `e` and its place in the ledger's order."""
    return f"e{receipt.event:04d}"


@dataclass(frozen=True, eq=False)
class Measurement:
    """Noisy counts of one marginal; `values` [rows], flat in C order of the axes, noise `stddev` a cell."""

    event: str
    group: str
    axes: tuple[Axis, ...]
    values: NDArray[np.int64]
    stddev: float

    @classmethod
    def of(cls, noisy: Noisy, group: str, axes: Sequence[Axis]) -> Self:
        """Return the measurement of a noisy answer over `axes` for `group`."""
        return cls(event_id(noisy.receipt), group, tuple(axes), noisy.values, noisy.stddev)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of the axes."""
        return tuple(axis.attribute for axis in self.axes)


@dataclass(frozen=True, eq=False)
class SavedModel:
    """A fitted model as it is saved; a generator's loader rebuilds it from `facts` and `arrays`."""

    group: str
    facts: Mapping[str, object]
    arrays: Mapping[str, NDArray[np.generic]]


class FitCounts(Frozen):
    """Noisy numbers of units per flag [units]: how well the source fits the spec."""

    event: str
    labels: tuple[str, ...]
    values: tuple[int, ...]
    stddev: float


NORMAL_95 = 1.959963984540054


class Assessment(Frozen):
    """One paid distance between the private rows and the released ones, in [0, 1], with its interval.

    `name` is a metric that gates may name (`mean_tvd_2way`); the interval holds with 90 %.
    `n_hat` is the noisy number of rows behind the denominator.
    """

    name: str
    order: int = Field(ge=1)
    worst: bool
    cliques: int = Field(ge=1)
    value: float
    low: float
    high: float
    n_hat: float
    event: str

    @classmethod
    def of(
        cls,
        raw: int,
        *,
        order: int,
        worst: bool,
        cliques: int,
        grid: int,
        stddev: float,
        n_hat: float,
        n_stddev: float,
        event: str,
    ) -> Self:
        """Return the distance behind a noisy `Distances` answer.

        The true value, with the true n as denominator, differs from raw / (2 n_hat) by the noise and
        by at most |n - n_hat| / (2 n_hat); each part is bounded with 95 %, so both hold with 90 %.

        Args:
            raw: the answer [1/grid rows], a sum over the cliques, or a maximum when `worst`.
            order: number of columns of each clique.
            worst: whether it is the maximum.
            cliques: number of cliques.
            grid: the query's grid.
            stddev: noise of `raw` [1/grid rows].
            n_hat: noisy number of rows.
            n_stddev: its standard deviation [rows].
            event: id of the event that paid for it.
        """
        scale = grid * (1 if worst else cliques)
        rows = max(1.0, n_hat)
        value = raw / scale / (2 * rows)
        half = NORMAL_95 * (stddev / scale + n_stddev) / (2 * rows)
        return cls(
            name=f"{'max' if worst else 'mean'}_tvd_{order}way",
            order=order,
            worst=worst,
            cliques=cliques,
            value=min(1.0, max(0.0, value)),
            low=min(1.0, max(0.0, value - half)),
            high=max(0.0, min(1.0, value + half)),
            n_hat=rows,
            event=event,
        )


class RuleCheck(Frozen):
    """One rule, evaluated on every emitted row; `acceptance` is the share of drawn rows that met it.

    `violations` is what the engine that drew the rows counted, `recounted` what the certificate's
    `engine` did on the written file. `repaired` is the share of emitted rows that were changed, or drawn
    anew with their unit, because of it: they do not follow the learned distribution. `mended` is the
    share of drawn rows whose values were drawn again inside their codes: these do follow it.
    """

    name: str
    kind: str
    text: str
    because: str | None = None
    enforce: Literal["always", "report"] = "always"
    strategy: Strategy = "rejection"
    violations: int = Field(ge=0)
    recounted: int | None = Field(default=None, ge=0)
    acceptance: float | None = None
    repaired: float | None = None
    mended: float | None = None

    @property
    def worst(self) -> int:
        """The larger of the two counts."""
        return max(self.violations, self.recounted or 0)


class TableCheck(Frozen):
    """One of several tables that rows were written as: its rows, and keys that are not what they should be.

    `repeated`: rows of the table of units whose key stands there before. `orphans`: rows whose key is in no
    row of that table.
    """

    name: str
    file: str
    rows: int = Field(ge=0)
    repeated: int = Field(default=0, ge=0)
    orphans: int = Field(default=0, ge=0)


class Certificate(Frozen):
    """What the emitted rows obey: counts over the released rows only (public).

    `engine` names the second engine that evaluated every rule on the written rows. `problem` says why
    there are no rows, where the rules could not be met. `tables`: those that the rows were written as, too.
    """

    rows: int = Field(ge=0)
    rules: tuple[RuleCheck, ...] = ()
    acceptance: float | None = None
    engine: str | None = None
    problem: str | None = None
    tables: tuple[TableCheck, ...] = ()

    @property
    def violations(self) -> int:
        """The number of (row, enforced rule) pairs that fail, by the engine that finds more."""
        return sum(rule.worst for rule in self.rules if rule.enforce == "always")


EMPTY = Certificate(rows=0)


class ScenarioTable(Frozen):
    """One scenario of the plan as it was drawn; `file` is None where it could not be, `problem` says why.

    `probability` is that of its condition in the model, None where the codes could not tell.
    `effective` is the share of rows that an unbalanced sample of equal precision would have (Kish).
    `given` and `mix` name the public rows that came out as they are; `augmented` counts the rows that were
    varied after drawing.
    """

    name: str
    condition: str = ""
    file: str | None = None
    probability: float | None = None
    effective: float | None = None
    weights: str | None = None
    given: str | None = None
    mix: tuple[tuple[str, float], ...] = ()
    provenance: str | None = None
    augmented: int | None = None
    certificate: Certificate = EMPTY
    problem: str | None = None


class LedgerFacts(Frozen):
    """Where the charge lies; `day` is the day of the charge, never a finer time.

    `opened_by` "operator": the first `train` opened a default ledger with a cap equal to its plan;
    "owner": somebody holding the owner secret did. `releases` counts those on the ledger, this one
    included; `raises` counts the times its cap was raised, `operator_raised` whether the operator did.
    `charged` is the sum of their prices, `cap` the most that it allowed; both are sums of public plans.
    """

    name: str
    opened_by: Literal["operator", "owner"]
    releases: int = Field(ge=1)
    raises: int = Field(default=0, ge=0)
    operator_raised: bool = False
    charged: Cost | None = None
    cap: Cost | None = None
    day: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    entry: str | None = None


class Claim(Frozen):
    """What is promised: the plan's total, in the ledger's currency and as (epsilon, delta)."""

    unit: str
    max_rows: int
    neighbours: Neighbours
    unit_null: Literal["own", "drop"]
    cost: Cost
    mu: float
    epsilon: float
    delta: float

    @classmethod
    def of(cls, plan: Plan) -> Self | None:
        """Return the claim of `plan`, or None when it reads no private rows."""
        if plan.protection is None or plan.source is None or plan.source_public:
            return None
        cost = plan.most_it_can_spend
        return cls(
            unit=plan.protection.unit,
            max_rows=plan.protection.max_rows,
            neighbours=plan.protection.neighbours,
            unit_null=plan.unit_null,
            cost=cost,
            mu=mu_in(cost),
            epsilon=claim_epsilon(cost, plan.delta),
            delta=plan.delta,
        )


@dataclass(frozen=True, eq=False)
class Release:
    """Everything public that a run made, but the rows, which are files of the release folder.

    `columns` are the plan's columns with bought domains in place. `files` is the table of contents
    of the folder it was read from, reports aside; empty before it is written. `commitment` is to the
    source's bytes, under a key that stays inside.
    """

    plan: Plan
    columns: tuple[PlannedColumn, ...]
    models: tuple[SavedModel, ...] = ()
    events: tuple[Event, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    fit: FitCounts | None = None
    assessments: tuple[Assessment, ...] = ()
    evaluation: Evaluation = UNEVALUATED
    certificate: Certificate = EMPTY
    ledger: LedgerFacts | None = None
    commitment: Commitment | None = None
    scenarios: tuple[ScenarioTable, ...] = ()
    counted: tuple[Counted, ...] = ()
    files: tuple[FileEntry, ...] = ()

    @property
    def claim(self) -> Claim | None:
        """What is promised; a function of the plan."""
        return Claim.of(self.plan)

    @property
    def spent(self) -> Cost:
        """What the events add up to: at most what the claim says."""
        total = FREE
        for event in self.events:
            total = total + event.cost
        return total

    @property
    def scores(self) -> tuple[Scores, ...]:
        """The score histograms that were bought."""
        return self.evaluation.scores

    @property
    def rows(self) -> int:
        """The number of released rows."""
        return self.certificate.rows

    def event(self, identifier: str) -> Event:
        """Return the event with this id."""
        return next(event for event in self.events if event.id == identifier)
