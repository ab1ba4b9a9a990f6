"""Execute: a plan, step by step, into a release folder; one loop, one match.

The order of what is durable: the charge is opened before the first private read, each noisy answer
as it is drawn, the release by one rename, the commit last. A crash loses time, never budget.

Source: ours; DECISIONS 22-26, ARCHITECTURE 3.3.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import assert_never

from synthspec.draw.answers import counted
from synthspec.draw.certificate import certificate
from synthspec.draw.distances import total_of
from synthspec.draw.frame import typed
from synthspec.draw.learn import NoOracle, domain_of, workload_of
from synthspec.draw.recount import Recount, recount
from synthspec.draw.rows import Drawn, draw
from synthspec.draw.scenarios import written_scenarios
from synthspec.draw.scored import Released
from synthspec.draw.table import written_aside
from synthspec.draw.two_tables import written_tables
from synthspec.engines.base import Engine
from synthspec.errors import GateError, InternalError, ReleaseError, SamplingError
from synthspec.generators import Model
from synthspec.generators.models import as_released
from synthspec.plan.ops import (
    Assess,
    Bound,
    CountFit,
    CountRows,
    CountTail,
    Determine,
    Discover,
    Fit,
    Op,
    Ref,
    Sample,
    Scan,
    Score,
    Split,
    Tighten,
    Units,
    Weigh,
)
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.resolve import resolve_determined, resolve_discovery, resolve_tightening
from synthspec.plan.verify import verify
from synthspec.plan.view import flags_of
from synthspec.privacy.answers import AnswerLog
from synthspec.privacy.commitment import Commitment
from synthspec.privacy.entropy import NoiseSource, SampleRng, StreamNoise, SystemNoise
from synthspec.privacy.inside import KEY_BYTES
from synthspec.privacy.journal import Journal
from synthspec.privacy.ledger import Ledger
from synthspec.release.bundle import read_release, refuse_occupied, write_release
from synthspec.release.release import (
    Assessment,
    FitCounts,
    LedgerFacts,
    Release,
    SavedModel,
    ScenarioTable,
    TableCheck,
    event_id,
)
from synthspec.release.scored import Evaluation
from synthspec.run.assess import assess
from synthspec.run.charged import Charged, Interrupted
from synthspec.run.commit import committed
from synthspec.run.device import check_device, trains_networks
from synthspec.run.evaluate import count_rows, evaluated, target_of
from synthspec.run.gradient import Workplace
from synthspec.run.heard import Heard
from synthspec.run.kernel import Answers, Kernel
from synthspec.run.memory import out_of_memory, too_little
from synthspec.run.preflight import preflight
from synthspec.run.purchases import Purchases
from synthspec.run.ranks import Alone, Ranks
from synthspec.run.recorded import Recorded, Unrecorded
from synthspec.run.views import Views, part_of
from synthspec.run.without_rows import without_rows
from synthspec.terms.query import Affected, Axis, Marginal

Progress = Callable[[int, int, str], None]
"""Told the number of the step, how many there are, and its public name."""


def execute(
    plan: Plan,
    journal: Journal | None,
    charge: str | None,
    engine: Engine,
    noise: NoiseSource,
    folder: Path,
    resume: bool = False,
    progress: Progress = lambda step, steps, name: None,
    replace: bool = False,
    device: str = "auto",
    ranks: Ranks | None = None,
) -> Path:
    """Run `plan` and write its release to `folder`.

    Args:
        plan: verified again here.
        journal: the owner's ledger; None for a plan that reads no private rows.
        charge: the id of the charge reserved for this plan in `journal`.
        engine: reads the source.
        noise: secret randomness.
        folder: where the release shall lie.
        resume: whether the charge may have been opened before; its answers are then replayed.
        progress: told of public steps only.
        replace: whether an older release in `folder` may be replaced.
        device: where private gradients are computed: auto, cpu or cuda.
        ranks: the processes that compute them; this one alone without.

    Returns:
        `folder`.

    Raises:
        SpecError: G470, G471, before anything is read; the charge stays reserved.
        SourceError: D4xx, the same.
        BudgetError: B505, B511, B512.
        SamplingError: G450; a release without rows is then written, and what was paid for is in it.
        KernelError: K701; K702, when memory runs out beside public work.
        ReleaseError: Q601, Q602.
        Interrupted: on Ctrl-C, saying where the charge stands.
    """
    verify(plan)
    charged = None if journal is None or charge is None else Charged(journal, charge)
    if plan.source is not None and charged is None and not plan.source_public:
        raise InternalError("I323", "a plan over private rows was run without a charge")
    if charged is not None and resume and _finished(charged, folder):
        charged.commit()
        return folder
    refuse_occupied(folder, replace=replace)
    check_device(device, neural=trains_networks(plan))
    preflight(plan, engine, folder)
    stopped = False
    try:
        place = Workplace(device, ranks=Alone() if ranks is None else ranks, noise=_stream(noise))
        return _run(plan, charged, engine, noise, folder, resume, progress, replace, place)
    except KeyboardInterrupt:
        stopped = True
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
    stands = charged.stands() if charged is not None else "nothing was charged"
    raise Interrupted(stands) if stopped else too_little(stands)


def _run(
    plan: Plan,
    charged: Charged | None,
    engine: Engine,
    noise: NoiseSource,
    folder: Path,
    resume: bool,
    progress: Progress,
    replace: bool,
    place: Workplace,
) -> Path:
    with ExitStack() as stack:
        answers: Answers | None = Unrecorded() if plan.source_public else None
        facts: LedgerFacts | None = None
        sealed: Commitment | None = None
        split = noise.bytes(KEY_BYTES) if charged is None else b""
        if charged is not None:
            made = charged.check(plan)
            begun = made.state == "opened"
            log = AnswerLog.open(made.release, plan.digest(), begun=begun)
            answers = Recorded(stack.enter_context(log), charged)
            keys = charged.inside()
            split = keys.holdout
            charged.open(plan, resume=resume)
            facts = charged.ledger_facts()
            sealed = None if plan.source is None else committed(plan.source, keys)
        heard = Heard(plan, progress)
        run = Run(plan, engine, noise, answers, stack, dataclasses.replace(place, told=heard.trained), split)
        for step, op in enumerate(plan.ops):
            heard.begin(step + 1, op.op)
            run.do(op)
        heard.begin(len(plan.ops) + 1, "write")
        rows = stack.enter_context(written_aside(run.drawn().frame, plan.format))
        again = recount(rows, run.columns, plan.rules)
        tables, further = run.scenarios(stack) if run.refusal is None else ((), {})
        checks, files = written_tables(plan, run.drawn().frame, stack)
        release = dataclasses.replace(run.release(facts, again, tables, checks), commitment=sealed)
        further = {**further, **files}
        write_release(folder, release, rows, replace=replace, further=further)
        if charged is not None:
            charged.commit()
    if run.refusal is not None:
        raise without_rows(run.refusal, folder)
    return folder


def _stream(noise: NoiseSource) -> NoiseSource:
    """Return a faster source of the same kind, for the gigabytes that trainings draw."""
    return StreamNoise() if isinstance(noise, SystemNoise) else noise


def _finished(charged: Charged, folder: Path) -> bool:
    """Return whether this very charge's release lies in `folder` already."""
    try:
        ledger = read_release(folder).ledger
    except (ReleaseError, GateError):
        return False
    return ledger is not None and ledger.entry is not None and ledger == charged.ledger_facts()


class Run:
    """The state of one run: columns as resolved so far, models, purchases, rows."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        noise: NoiseSource,
        answers: Answers | None,
        stack: ExitStack,
        workplace: Workplace | None = None,
        split: bytes = b"",
    ) -> None:
        self._plan = plan
        self._columns = plan.columns
        ledger = Ledger(plan.most_it_can_spend, purpose=plan.name)
        self._views = Views(plan, engine, noise, answers, stack, ledger, workplace, split)
        self._rng = SampleRng(plan.seed)
        self._bought = Purchases()
        self._models: dict[str, Model] = {}
        self._fit: FitCounts | None = None
        self._drawn: Drawn | None = None
        self.refusal: SamplingError | None = None
        self._assessments: tuple[Assessment, ...] = ()
        self._evaluation = Evaluation()
        self._released: Released | None = None

    def do(self, op: Op) -> None:
        """Run one op."""
        match op:
            case Scan() | Bound() | Split() | Units() | Weigh():
                pass
            case Discover():
                self._discover(op)
            case Tighten():
                self._tighten(op)
            case Determine():
                self._determine(op)
            case CountFit():
                self._count_fit(op)
            case Fit():
                self._learn(op)
            case Sample():
                rng = self._rng.split("sample")
                rows, units = self._plan.rows, self._plan.units
                try:
                    self._drawn = draw(self._plan, self._columns, self._models, rows, rng, units=units)
                except SamplingError as refusal:  # a function of what was bought: it must not cost it
                    self.refusal = refusal
                    self._drawn = draw(self._plan, self._columns, self._models, 0, rng)
            case CountRows():
                self._count_rows(op)
            case Assess() | Score() | CountTail():
                if self.refusal is None:
                    self._report(op)
            case _:
                assert_never(op)

    def drawn(self) -> Drawn:
        """Return the rows; I324 when the plan draws none."""
        if self._drawn is None:
            raise InternalError("I324", "a plan without a `sample` step was run")
        return self._drawn

    @property
    def columns(self) -> tuple[PlannedColumn, ...]:
        """The plan's columns, with bought domains in place."""
        return self._columns

    def scenarios(self, stack: ExitStack) -> tuple[tuple[ScenarioTable, ...], dict[str, Path]]:
        """Draw the plan's scenarios; return what is said of them, and their files by name."""
        return written_scenarios(self._plan, self._columns, self._models, self._rng.split("sample"), stack)

    def release(
        self,
        facts: LedgerFacts | None,
        again: Recount,
        scenarios: tuple[ScenarioTable, ...],
        tables: tuple[TableCheck, ...] = (),
    ) -> Release:
        """Return what the run made public; `again` is the second engine's count of broken rules."""
        problem = None if self.refusal is None else self.refusal.message
        held = certificate(self._plan, self.drawn(), again, problem)
        return Release(
            plan=self._plan,
            columns=self._columns,
            models=tuple(SavedModel(g, m.facts(), m.arrays()) for g, m in self._models.items()),
            events=tuple(self._bought.events),
            measurements=tuple(self._bought.measurements),
            fit=self._fit,
            assessments=self._assessments,
            evaluation=self._evaluation,
            certificate=held.model_copy(update={"tables": tables}),
            ledger=facts,
            scenarios=scenarios,
            counted=counted(self._plan, self._columns, self.drawn().frame),
        )

    def _rows(self, view: Ref, *, coded: bool = True) -> Kernel:
        """Return the kernel over the private rows of a view, coded by the columns as they stand."""
        return self._views.kernel(view, self._columns, self._bought.witness("learn"), coded=coded)

    def _resolved(self, column: PlannedColumn) -> None:
        self._columns = tuple(column if each.name == column.name else each for each in self._columns)
        self._views.resolved()

    def _planned(self, name: str) -> PlannedColumn:
        return next(column for column in self._columns if column.name == name)

    def _discover(self, op: Discover) -> None:
        planned = self._planned(op.column)
        if planned.discovery is None:
            raise InternalError("I311", "a list was bought for a column that asked for none")
        witness = self._bought.witness("discover", (op.column,))
        kernel = self._rows(op.view, coded=False).allot(op.cost, f"discover {op.column}", witness)
        found = kernel.discover(op.column, planned.discovery.limit, op.cost)
        self._resolved(resolve_discovery(planned, found.names))

    def _tighten(self, op: Tighten) -> None:
        planned = self._planned(op.column)
        if planned.column is None:
            raise InternalError("I311", "a range was bought for a column that asked for none")
        kernel = self._rows(op.view, coded=False).allot(
            op.cost, f"tighten {op.column}", self._bought.witness("tighten", (op.column,))
        )
        query = Marginal(axes=(Axis(attribute=op.column, size=planned.column.size),))
        noisy = kernel.measure([(query, op.cost)])[0]
        self._resolved(resolve_tightening(planned, noisy.values, noisy.stddev))

    def _determine(self, op: Determine) -> None:
        planned = self._planned(op.column)
        axes = tuple(self._planned(name) for name in (*planned.determined_by, op.column))
        sizes = [1 if each.column is None else each.column.size for each in axes]
        names = tuple(each.name for each in axes)
        witness = self._bought.witness("determine", (op.column,))
        kernel = self._rows(op.view).allot(op.cost, f"determine {op.column}", witness, names)
        query = Marginal(
            axes=tuple(Axis(attribute=n, size=size) for n, size in zip(names, sizes, strict=True))
        )
        noisy = kernel.measure([(query, op.cost)])[0]
        found = resolve_determined(planned, axes[:-1], noisy.values, noisy.stddev, self._plan.rules)
        self._columns = tuple(found if each.name == found.name else each for each in self._columns)

    def _count_fit(self, op: CountFit) -> None:
        flags = flags_of(self._plan)
        kernel = self._rows(op.view, coded=False).allot(
            op.cost, "fit of the source", self._bought.witness("fit")
        )
        noisy = kernel.affected(Affected(flags=flags), op.cost)
        values = tuple(int(value) for value in noisy.values)
        self._fit = FitCounts(event=event_id(noisy.receipt), labels=flags, values=values, stddev=noisy.stddev)

    def _learn(self, op: Fit) -> None:
        group = next(group for group in self._plan.groups if group.name == op.group)
        workload = workload_of(self._plan, group, self._columns)
        rng = self._rng.split("fit", group.name)
        if op.view is None:
            domain = domain_of(group, self._columns)
            self._models[group.name] = as_released(
                group.generator.fit(NoOracle(domain), workload, op.cost, rng)
            )
            return
        witness = self._bought.witness("learn", group=group.name)
        kernel = self._rows(op.view).allot(op.cost, f"learn {group.name}", witness, group.attributes)
        self._models[group.name] = as_released(group.generator.fit(kernel, workload, op.cost, rng))

    def _count_rows(self, op: CountRows) -> None:
        kernel = self._rows(op.view, coded=False).allot(op.cost, "report", self._bought.witness("report"))
        found = count_rows(kernel, op.cost, part_of(self._plan, op.view))
        self._evaluation = self._evaluation.and_(found)

    def _report(self, op: Assess | Score | CountTail) -> None:
        if self._released is None:
            frame = typed(self.drawn().frame, self._columns)
            self._released = Released.of(frame, self._columns, self._rng)
        total = total_of(self._bought.of_rows(self._plan, self._evaluation))
        witness = self._bought.witness("report", target_of(op))
        kernel = self._rows(op.view).allot(op.cost, "report", witness)
        part = part_of(self._plan, op.view)
        if isinstance(op, Assess):
            rng = self._rng.split("assess")
            self._assessments = assess(kernel, op.cost, self._columns, self._released.codes, total, rng)
        else:
            self._evaluation = evaluated(self._evaluation, kernel, op, self._released, part)
