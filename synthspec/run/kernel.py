"""The kernel: charge, compute, noise, in that order; the only place where exact answers exist.

The noise is drawn by `receipt.bought`, the object that was charged. Each noisy answer is durable
before it is returned; on resume, answers already bought are replayed instead of drawn again.

Source: ours; PRIVACY 0 (5) and 1, ARCHITECTURE 3.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn, Protocol, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.base import Rows
from synthspec.errors import InternalError
from synthspec.generators.base import Learner
from synthspec.mechanisms import Exponential, RoundedGaussian, SubsampledGaussian, Threshold
from synthspec.mechanisms.base import Mechanism
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.privacy.ledger import Ledger, Receipt
from synthspec.privacy.noisy import Noisy
from synthspec.run.batches import Units
from synthspec.run.counter import Counter
from synthspec.run.counts import Counts
from synthspec.run.device import chosen_device
from synthspec.run.gradient import Workplace, descend, question_of
from synthspec.run.quiet import quietly
from synthspec.run.scores import check_axes, check_scored, check_table, distance, gap_score, summary
from synthspec.run.steps import Stepper
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Affected, Axis, Distances, Gap, Marginal, Scored, Sensitivity, Touched


@dataclass(frozen=True, eq=False)
class Answer:
    """What a mechanism released: integers, the scale of their noise, and names where it released names."""

    values: NDArray[np.int64]
    stddev: float
    names: tuple[str, ...] = ()


class Answers(Protocol):
    """The durable record of noisy answers (run/recorded.py)."""

    def replay(self, receipt: Receipt, question: str) -> Answer | None:
        """Return the answer bought before at this place of the ledger, or None."""

    def record(self, receipt: Receipt, question: str, answer: Answer) -> None:
        """Make an answer durable before anyone sees it."""

    def counter(self, receipt: Receipt, question: str, steps: int) -> Counter:
        """Return the counter of the steps of a training, which is durable before they are taken."""


class Witness(Protocol):
    """Told of each purchase once its answer is public, to list it in the release."""

    def __call__(
        self,
        receipt: Receipt,
        sensitivity: Sensitivity,
        question: str,
        noisy: Noisy | None,
        axes: tuple[Axis, ...] | None,
        chosen: int | None = None,
    ) -> None:
        """Take note of one purchase; `axes` are those of a marginal, `chosen` is what a selection gave."""


class Question(Protocol):
    """What all queries have."""

    def sensitivity(self, protection: Protection) -> Sensitivity:
        """Return the bounds."""

    def digest(self) -> str:
        """Return a digest of the question."""


Asked = TypeVar("Asked", bound=Question)


@dataclass(frozen=True, eq=False)
class Named:
    """Names bought by partition selection, most units first, with their noisy numbers of units."""

    names: tuple[str, ...]
    noisy: Noisy


@final
class Kernel:
    """Private rows behind a price; implements `generators.base.Oracle`."""

    def __init__(
        self,
        rows: Rows,
        domain: Domain,
        protection: Protection,
        ledger: Ledger,
        noise: NoiseSource,
        answers: Answers,
        witness: Witness,
        counts: Counts | None = None,
        workplace: Workplace | None = None,
    ) -> None:
        self._rows = rows
        self._domain = domain
        self._protection = protection
        self._ledger = ledger
        self._noise = noise
        self._answers = answers
        self._witness = witness
        self._counts = Counts(rows) if counts is None else counts
        self._workplace = Workplace() if workplace is None else workplace

    def __repr__(self) -> str:
        return f"Kernel({', '.join(self._domain.attributes)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a kernel cannot be copied or written")

    def __copy__(self) -> NoReturn:
        raise TypeError("a kernel cannot be copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a kernel cannot be copied")

    @property
    def domain(self) -> Domain:
        """See `Oracle.domain`."""
        return self._domain

    @property
    def protection(self) -> Protection:
        """See `Oracle.protection`."""
        return self._protection

    @property
    def left(self) -> Cost:
        """See `Oracle.left`."""
        return self._ledger.left

    def allot(
        self,
        cap: Cost,
        purpose: str,
        witness: Witness | None = None,
        attributes: tuple[str, ...] | None = None,
    ) -> Kernel:
        """Return a kernel over the same rows that can spend at most `cap`, and sees `attributes` only."""
        return Kernel(
            self._rows,
            self._domain if attributes is None else self._domain.project(attributes),
            self._protection,
            self._ledger.allot(cap, purpose),
            self._noise,
            self._answers,
            self._witness if witness is None else witness,
            self._counts,
            self._workplace,
        )

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        """See `Oracle.measure`; every purchase is charged before the one pass over the rows.

        Raises:
            BudgetError: B502, B504; B511, when a resumed run asks other questions than before.
            KernelError: K701.
            InternalError: I320, for a question that the domain cannot answer.
        """
        for query, _ in purchases:
            check_axes(query.axes, self._domain)
        return self._gaussian(
            [query for query, _ in purchases],
            [cost for _, cost in purchases],
            lambda todo: self._counts.fold([query.axes for query in todo], lambda _, count: count),
        )

    def distances(self, purchases: Sequence[tuple[Distances, Cost]]) -> tuple[Noisy, ...]:
        """Return one noisy scalar per purchase; see `terms.query.Distances`. Raises as `measure`."""
        for query, _ in purchases:
            if len(query.cliques) != len(query.tables) or not query.cliques:
                raise InternalError("I320", "a distance needs one public table per clique")
            for clique, table in zip(query.cliques, query.tables, strict=True):
                check_axes(clique, self._domain)
                check_table(clique, table, query.grid)
        return self._gaussian(
            [query for query, _ in purchases],
            [cost for _, cost in purchases],
            lambda todo: [self._distance(query) for query in todo],
        )

    def scored(self, query: Scored, cost: Cost) -> Noisy:
        """Return noisy counts by bin of a public score; see `terms.query.Scored`. Raises as `measure`."""
        check_scored(query, self._domain)
        return self._gaussian([query], [cost], self._rows.scored)[0]

    def affected(self, query: Affected, cost: Cost) -> Noisy:
        """Return the noisy numbers of units behind each flag. Raises as `measure`."""
        return self._gaussian([query], [cost], lambda todo: [self._rows.affected(q.flags) for q in todo])[0]

    def select(self, candidates: Sequence[Gap], cost: Cost) -> int:
        """See `Oracle.select`. Raises as `measure`."""
        return self._choose(candidates, cost, none=False)

    def select_or_none(self, candidates: Sequence[Gap], cost: Cost) -> int | None:
        """See `Oracle.select_or_none`. Raises as `measure`."""
        chosen = self._choose(candidates, cost, none=True)
        return None if chosen == len(candidates) else chosen

    def discover(self, column: str, limit: int, cost: Cost) -> Named:
        """Return the names of `column` that enough units share, at most `limit`, most units first.

        Raises as `measure`.
        """
        query = Touched(column=column)
        sensitivity = query.sensitivity(self._protection)
        receipt = self._ledger.charge(Threshold.costing(cost, self._protection.max_rows))
        bought = _bought(receipt, Threshold)

        def work() -> Answer:
            kept = bought.keep(dict(self._rows.partitions(column)), sensitivity, self._noise)
            names = tuple(name for name, _ in kept)
            return _answer([count for _, count in kept], bought.stddev(sensitivity), names)

        answer = self._once(receipt, query.digest(), work, f"the values of `{column}`")
        noisy = self._noisy(receipt, sensitivity, query.digest(), answer.values[:limit])
        return Named(answer.names[:limit], noisy)

    @property
    def device(self) -> str:
        """See `Oracle.device`."""
        return chosen_device(self._workplace.asked)

    def gradient(
        self, learner: Learner, *, rate: Fraction, steps: int, clip: float, expected: float, cost: Cost
    ) -> None:
        """See `Oracle.gradient`: charged whole, each block of steps counted before it is taken.

        Raises:
            BudgetError: B502, B504, B505, B506, B511, B512.
            KernelError: K701.
            InternalError: I320, I328.
        """
        place = self._workplace
        place.ranks.check(learner)
        query = question_of(learner, self._domain, rate, steps, clip, expected)
        bound = query.sensitivity(self._protection)
        neighbours = self._protection.neighbours
        receipt = self._ledger.charge(
            SubsampledGaussian.costing(cost, rate=rate, steps=steps, neighbours=neighbours)
        )
        bought = _bought(receipt, SubsampledGaussian)
        counter = self._answers.counter(receipt, query.digest(), steps)
        answer = self._answers.replay(receipt, query.digest())
        units = self._units(learner, clip, some=counter.gone() < steps)
        stepper = Stepper(learner, units, clip, expected, place.ranks)
        noise = self._noise if place.noise is None else place.noise
        descend(stepper, bought, noise, counter, steps, place.told)
        if answer is None:
            self._answers.record(receipt, query.digest(), _answer([steps], bought.stddev(bound)))
        self._witness(receipt, bound, query.digest(), None, None)

    def _units(self, learner: Learner, clip: float, *, some: bool) -> Units:
        """Return this process's units of rows; none where no step is left that would look at them."""
        ranks, names = self._workplace.ranks, self._domain.attributes
        if not some:
            return Units.none(len(names))
        quietly(lambda: ranks.begin(learner, clip), "the start of a training")
        return quietly(lambda: ranks.dealt(self._rows, names), "reading the rows")

    def _choose(self, candidates: Sequence[Gap], cost: Cost, *, none: bool) -> int:
        if not candidates:
            raise InternalError("I320", "a selection without candidates")
        for gap in candidates:
            check_axes(gap.axes, self._domain)
            check_table(gap.axes, gap.table, gap.grid)
            if gap.weight < 1:
                raise InternalError("I320", "a weight below 1")
        worst = max((gap.sensitivity(self._protection) for gap in candidates), key=lambda s: s.l1)
        receipt = self._ledger.charge(Exponential.costing(cost))
        bought = _bought(receipt, Exponential)

        def work() -> Answer:
            chosen = bought.choose(self._scores(candidates, none=none), worst, self._noise)
            return _answer([chosen], bought.stddev(worst))

        question = _together("choice or none" if none else "choice", *(gap.digest() for gap in candidates))
        answer = self._once(receipt, question, work, "a choice")
        chosen = int(answer.values[0])
        self._witness(receipt, worst, question, None, None, chosen)
        return chosen

    def _scores(self, candidates: Sequence[Gap], *, none: bool) -> NDArray[np.int64]:
        scores = self._counts.fold(
            [gap.axes for gap in candidates], lambda i, count: gap_score(count, candidates[i])
        )
        return np.array([*scores, 0] if none else scores, dtype=np.int64)

    def _distance(self, query: Distances) -> NDArray[np.int64]:
        found = self._counts.fold(
            query.cliques, lambda i, count: distance(count, query.tables[i], query.grid)
        )
        return np.array([summary(found, query)], dtype=np.int64)

    def _gaussian(
        self,
        queries: Sequence[Asked],
        costs: Sequence[Cost],
        compute: Callable[[list[Asked]], list[NDArray[np.int64]]],
    ) -> tuple[Noisy, ...]:
        """Charge all, compute what was not answered before, add noise, record, in the queries' order."""
        receipts = [self._ledger.charge(RoundedGaussian.costing(cost)) for cost in costs]
        asked = list(zip(receipts, queries, strict=True))
        before = [self._answers.replay(receipt, query.digest()) for receipt, query in asked]
        todo = [pair for pair, answer in zip(asked, before, strict=True) if answer is None]

        def work() -> list[Answer]:
            exact = compute([query for _, query in todo])
            return [
                self._noised(_bought(receipt, RoundedGaussian), values, self._bound(query))
                for (receipt, query), values in zip(todo, exact, strict=True)
            ]

        fresh = iter(quietly(work, "a count") if todo else [])
        noisy: list[Noisy] = []
        for (receipt, query), answer in zip(asked, before, strict=True):
            if answer is None:
                answer = next(fresh)
                self._answers.record(receipt, query.digest(), answer)
            axes = query.axes if isinstance(query, Marginal) else None
            noisy.append(self._noisy(receipt, self._bound(query), query.digest(), answer.values, axes))
        return tuple(noisy)

    def _noised(self, bought: RoundedGaussian, exact: NDArray[np.int64], bound: Sensitivity) -> Answer:
        return _answer(bought.release(exact, bound, self._noise), bought.stddev(bound))

    def _bound(self, query: Asked) -> Sensitivity:
        return query.sensitivity(self._protection)

    def _once(self, receipt: Receipt, question: str, work: Callable[[], Answer], step: str) -> Answer:
        answer = self._answers.replay(receipt, question)
        if answer is None:
            answer = quietly(work, step)
            self._answers.record(receipt, question, answer)
        return answer

    def _noisy(
        self,
        receipt: Receipt,
        bound: Sensitivity,
        question: str,
        values: NDArray[np.int64],
        axes: tuple[Axis, ...] | None = None,
    ) -> Noisy:
        bought = receipt.bought
        if not isinstance(bought, Mechanism):
            raise InternalError("I321", "something else than a mechanism was bought")
        noisy = Noisy(question, values, bought.stddev(bound), receipt)
        self._witness(receipt, bound, question, noisy, axes)
        return noisy


Bought = TypeVar("Bought", bound=Mechanism)


def _bought(receipt: Receipt, kind: type[Bought]) -> Bought:
    if not isinstance(receipt.bought, kind):
        raise InternalError("I321", "a receipt is not for what was asked")
    return receipt.bought


def _answer(values: Sequence[int] | NDArray[np.int64], stddev: float, names: tuple[str, ...] = ()) -> Answer:
    return Answer(np.asarray(values, dtype=np.int64), stddev, names)


def _together(*parts: str) -> str:
    return hashlib.blake2b("/".join(parts).encode(), digest_size=16).hexdigest()
