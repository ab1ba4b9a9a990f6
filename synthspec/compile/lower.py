"""Lower: a checked spec as a plan: ops in order, each with its price, and all that they need to know."""

from __future__ import annotations

from synthspec import __version__
from synthspec.columns import Ordered
from synthspec.compile.budget import PUBLIC_BUDGET, Budget, budget_of, discovery_prices, group_price
from synthspec.compile.checked import Checked, CheckedGroup
from synthspec.compile.determined import table_share
from synthspec.compile.diagnose.extras import source_format
from synthspec.compile.evaluated import report_ops
from synthspec.compile.two_tables import planned_tables, unit_table
from synthspec.compile.weights import weight_of
from synthspec.errors import InternalError
from synthspec.plan.ops import (
    Bound,
    CountFit,
    Determine,
    Discover,
    Fit,
    Op,
    Sample,
    Scan,
    Split,
    Tighten,
    Units,
    Weigh,
)
from synthspec.plan.plan import (
    DEFAULT_ROWS,
    Datasheet,
    Group,
    KnownTable,
    Plan,
    PlannedColumn,
    PlannedEdge,
    PlannedNetwork,
)
from synthspec.plan.resolve import imagined
from synthspec.privacy.cost import FREE, Cost
from synthspec.spec.model import Spec
from synthspec.terms.protection import Protection
from synthspec.terms.view import Source
from synthspec.terms.walk import columns_of


def lower(checked: Checked, epsilon: float | None = None) -> Plan:
    """Return the plan of a checked spec whose every key is built; `epsilon` replaces the spec's."""
    spec, privacy = checked.spec, checked.spec.privacy
    budget = budget_of(checked, epsilon)
    return Plan(
        tool=__version__,
        name=spec.name,
        about=spec.about.text,
        datasheet=_datasheet(spec),
        spec_digest=spec.digest(),
        spec_text=checked.parsed.text,
        spec_path=checked.parsed.origin,
        source=_source(spec),
        source_public=spec.source is not None and spec.source.public,
        source_basis=spec.source.basis if spec.source is not None else None,
        public_rows=spec.source.rows if spec.source is not None else None,
        public_units=spec.source.units if spec.source is not None else None,
        protection=_protection(spec),
        unit_null=privacy.unit_null if privacy is not None else "own",
        epsilon=0.0 if privacy is None else privacy.epsilon if epsilon is None else epsilon,
        delta=privacy.delta if privacy is not None else 0.0,
        budget=budget.whole,
        ledger=privacy.ledger if privacy is not None else None,
        split=tuple((name, float(share)) for name, share in checked.shares),
        columns=_unpaid(_columns(checked), checked, budget),
        rules=checked.rules,
        groups=tuple(_group(group) for group in checked.groups),
        ops=_ops(checked, budget),
        workload=tuple((item.columns, item.weight) for item in spec.workload),
        known=tuple((table.child, table.rows[0]) for table in checked.tables if _one_way(table, checked)),
        known_tables=tuple(table for table in checked.tables if not _one_way(table, checked)),
        network=_network(spec),
        citations=tuple((name, known.cite) for name, known in spec.network.known.items()),
        rows=spec.sample.rows if spec.sample.rows is not None else DEFAULT_ROWS,
        units=spec.sample.units,
        tables=planned_tables(spec, {column.name: column for column in checked.columns}),
        seed=spec.sample.seed,
        holdout=spec.sample.holdout if spec.source is not None else None,
        scenarios=checked.scenarios,
        gates=checked.gates,
        questions=checked.questions,
        subgroups=spec.subgroups,
        folder=spec.output.folder or f"out/{spec.name}",
        format=spec.output.format,
        also=spec.output.also,
        files=checked.files,
        reasons=checked.reasons,
    )


def _one_way(table: KnownTable, checked: Checked) -> bool:
    """Return whether a table is the fixed distribution of a column that is never missing."""
    column = checked.spec.columns.get(table.child)  # none for `x.missing`
    may_lack = column is None or column.missing != "never"
    return not table.parents and table.strength is None and not may_lack


def _network(spec: Spec) -> PlannedNetwork:
    network = spec.network
    return PlannedNetwork(
        require=tuple(PlannedEdge(parents=edge.parents, child=edge.child) for edge in network.require),
        forbid=tuple(PlannedEdge(parents=edge.parents, child=edge.child) for edge in network.forbid),
        max_parents=network.max_parents,
    )


def lower_mock(checked: Checked, rows: int | None = None, seed: int | None = None) -> Plan:
    """Return a plan that makes rows from domains, rules and known tables only: no source, no price.

    Every group becomes `rules`; lists that were to be discovered hold their `else` alone.
    """
    from synthspec.generators import GENERATORS

    plan = lower(checked)
    rules = GENERATORS["rules"]
    groups = tuple(group.model_copy(update={"generator": rules()}) for group in plan.groups)
    fits: list[Op] = [Fit(view=None, group=group.name, cost=FREE) for group in groups]
    update = {
        "source": None,
        "protection": None,
        "source_public": False,
        "epsilon": 0.0,
        "delta": 0.0,
        "budget": FREE,
        "ledger": None,
        "split": (),
        "holdout": None,
        "columns": imagined(tuple(_declared(column) for column in plan.columns)),
        "groups": groups,
        "ops": (*fits, Sample(models=tuple(range(len(fits))))),
        "rows": plan.rows if rows is None else rows,
        "seed": plan.seed if seed is None else seed,
    }
    return plan.model_copy(update=update)


def _declared(column: PlannedColumn) -> PlannedColumn:
    coded = column.column
    if column.tightening is not None and isinstance(coded, Ordered) and coded.bins is not None:
        coded = coded.spread(column.tightening.bins)
    return column.model_copy(update={"column": coded, "discovery": None, "tightening": None, "field": None})


def _datasheet(spec: Spec) -> Datasheet:
    about = spec.about
    return Datasheet(
        purpose=about.purpose, owner=about.owner, contact=about.contact, retention=about.retention
    )


def _source(spec: Spec) -> Source | None:
    source = spec.source
    if source is None:
        return None
    kind = source.format or source_format(source.path)
    if kind is None:
        raise InternalError("I312", "a source of unknown format was lowered")
    return Source(
        path=source.path,
        format=kind,
        nulls=tuple(dict.fromkeys(("", *source.nulls))),
        delimiter=source.delimiter,
        encoding=source.encoding,
        decimal=source.decimal,
        duplicates=source.duplicates,
        units=unit_table(spec),
    )


def _protection(spec: Spec) -> Protection | None:
    if spec.source is None:
        return None
    if spec.privacy is None:
        return Protection(unit="row", max_rows=1)
    row = spec.privacy.unit == "row"
    return Protection(
        unit="row" if row else spec.privacy.unit,
        max_rows=1 if row else spec.privacy.max_rows or 1,
        neighbours=spec.privacy.neighbours,
    )


def _columns(checked: Checked) -> tuple[PlannedColumn, ...]:
    """Return the columns; ids are read from the source only where the unit, a rule or a derive needs them."""
    spec = checked.spec
    unit = spec.privacy.unit if spec.privacy is not None else None
    used = {name for rule in checked.rules if rule.row_expression() is not None for name in rule.columns}
    used |= {
        name for column in checked.columns if column.value is not None for name in columns_of(column.value)
    }
    return tuple(
        column
        if column.role != "id" or column.name == unit or column.name in used
        else column.model_copy(update={"field": None})
        for column in checked.columns
    )


def _unpaid(
    columns: tuple[PlannedColumn, ...], checked: Checked, budget: Budget
) -> tuple[PlannedColumn, ...]:
    """Return the columns; those whose table no budget buys get one from the spec alone."""
    free = {name for group in checked.groups if not budget.price(group.name).mu2 for name in group.determined}
    made = {column.name: column for column in imagined(columns)}
    return tuple(made[column.name] if column.name in free else column for column in columns)


def _group(group: CheckedGroup) -> Group:
    if group.generator is None:
        raise InternalError("I312", "a group that is not built was lowered")
    return Group(
        name=group.name,
        generator=group.generator,
        columns=group.columns,
        given=group.given,
        unit=group.unit,
        sequence=group.sequence,
    )


def _ops(checked: Checked, budget: Budget) -> tuple[Op, ...]:
    """Return scan, bound, bought domains, fit counts, one fit per group, sample, what the report buys.

    With a holdout everything is learned from the other units; only the fit of the source is about all.
    """
    if checked.spec.source is None:
        fits: list[Op] = [Fit(view=None, group=group.name, cost=FREE) for group in checked.groups]
        return (*fits, Sample(models=tuple(range(len(fits)))))
    ops: list[Op] = [Scan(), Bound(view=0)]
    every = view = scored = 1
    if checked.spec.sample.holdout is not None:
        view, scored = 2, 3
        ops += [Split(view=every, held=False), Split(view=every, held=True)]
    learned = units = view  # where rows, and what is per unit, are learned from
    per_unit = {column.name for column in checked.columns if column.per == "unit"}
    if any(group.unit for group in checked.groups):
        units = len(ops)
        ops.append(Units(view=view))
    if weight := weight_of(checked.spec):
        learned = len(ops)
        ops.append(Weigh(view=view, weight=weight))
    first = len(ops)
    discovered = [column.name for column in checked.columns if column.discovery is not None]
    tightened = [column.name for column in checked.columns if column.tightening is not None]
    prices = discovery_prices(checked, budget.price("domains"))
    ops += [
        Discover(view=units if name in per_unit else view, column=name, cost=cost)
        for name, cost in zip(discovered, prices, strict=True)
    ]
    parts = budget.price("bounds").split(len(tightened)) if tightened else ()
    ops += [
        Tighten(view=units if name in per_unit else learned, column=name, cost=cost)
        for name, cost in zip(tightened, parts, strict=True)
    ]
    ranges = tuple(range(first, len(ops)))
    ops += [
        Determine(
            view=units if name in per_unit else learned,
            column=name,
            cost=_table_price(budget, group),
            domains=ranges,
        )
        for group in checked.groups
        for name in group.determined
        if budget.price(group.name).mu2
    ]
    domains = tuple(range(first, len(ops)))
    if budget.price("fit").mu2:
        ops.append(CountFit(view=every, cost=budget.price("fit")))
    models = []
    for group in checked.groups:
        price = budget.price(group.name)
        for _ in group.determined:
            price = price - _table_price(budget, group)
        models.append(len(ops))
        price = group_price(checked, group, price)
        reads = price.mu2 > 0
        ops.append(
            Fit(
                view=None if not reads else units if group.unit else learned,
                group=group.name,
                cost=price,
                domains=domains if reads else (),
            )
        )
    ops.append(Sample(models=tuple(models)))
    if budget.price("report").mu2:
        ops += report_ops(checked, budget.price("report"), view, scored, len(ops) - 1)
    return tuple(ops)


def _table_price(budget: Budget, group: CheckedGroup) -> Cost:
    """Return what the table of one determined column costs its group."""
    return budget.price(group.name).share(table_share(group))


__all__ = ["DEFAULT_ROWS", "PUBLIC_BUDGET", "lower", "lower_mock"]
