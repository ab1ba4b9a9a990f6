"""Unbuilt: keys that parse and check but that this version cannot act on; refused, never ignored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from synthspec.compile.checked import Checked
from synthspec.compile.diagnose.extras import source_format
from synthspec.compile.groups import NOT_BUILT
from synthspec.errors import Diagnostic, SpecError
from synthspec.metrics.figures import FIGURES
from synthspec.spec.model import CheckRule, DeterminesRule, IfRule, NoOverlapRule
from synthspec.spec.tree import Path_
from synthspec.terms.walk import has_window


def refuse_unbuilt(checked: Checked) -> None:
    """Do nothing when everything in the spec can be acted on.

    Raises:
        SpecError: G490, one diagnostic per key that is not built yet.
    """
    found = tuple(
        _diagnostic(checked, what, path, help_) for what, path, help_ in (*_columns(checked), *_rest(checked))
    )
    if found:
        raise SpecError("G490", "the spec uses keys that this version cannot act on yet", diagnostics=found)


def _diagnostic(checked: Checked, what: str, path: Path_, help_: str) -> Diagnostic:
    span = replace(checked.parsed.span(path), label="not built yet", primary=True)
    message = f"{what} is not built yet"
    return Diagnostic(code="G490", message=message, path=path, spans=(span,), helps=(help_,))


Found = tuple[str, Path_, str]


def _columns(checked: Checked) -> Iterator[Found]:
    for name, column in checked.spec.columns.items():
        path: Path_ = ("columns", name)
        if column.per == "unit":
            yield f"`per: unit` of `{name}`", (*path, "per"), "drop it: the column is then modelled per row"
        if column.missing == "random":
            yield f"`missing: random` of `{name}`", (*path, "missing"), "write `missing: modelled`"
    generated = {name for group in checked.groups for name in group.columns}
    for planned in checked.columns:
        if planned.role == "modelled" and planned.name not in generated:
            what = f"solving an equation for `{planned.name}`"
            yield what, ("columns", planned.name), "compute it with `derive:` instead of the rule"
        if planned.value is not None and has_window(planned.value):
            where = ("columns", planned.name, "derive")
            yield f"a window function in `{planned.name}`", where, "derive it from columns of the same row"


def _rest(checked: Checked) -> Iterator[Found]:
    yield from _source(checked)
    yield from _rules(checked)
    yield from _network(checked)
    for name, group in checked.spec.generate.items():
        path = ("generate", name)
        if group.using in NOT_BUILT:
            yield f"`using: {group.using}` of the group `{name}`", (*path, "using"), "write `using: marginal`"
        if group.sequence is not None:
            yield f"`sequence` of the group `{name}`", (*path, "sequence"), "drop the key"
    yield from _sample(checked)
    for gate in checked.gates:
        if not FIGURES[gate.metric].built:
            yield f"the figure `{gate.metric}`", ("gates", gate.name), "drop the gate"
    for key in ("must_answer", "subgroups", "tables"):
        if getattr(checked.spec, key):
            yield f"`{key}`", (key,), "drop the key"
    for at, also in enumerate(checked.spec.output.also):
        if not also.startswith("csv:"):
            yield f"`output.also: {also.split(':')[0]}`", ("output", "also", str(at)), "write `csv:PATH`"


def _source(checked: Checked) -> Iterator[Found]:
    source, privacy = checked.spec.source, checked.spec.privacy
    if source is not None and source_format(source.path) in ("duckdb", "postgres", "spark"):
        path: Path_ = ("source", "path") if checked.parsed.tree.node(("source", "path")) else ("source",)
        kind = source_format(source.path)
        yield f"reading from `{kind}`", path, "export the table to CSV or Parquet"
    if privacy is not None and privacy.contribution == "weights":
        yield "`contribution: weights`", ("privacy", "contribution"), "write `contribution: rows`"
    if privacy is not None and "rows_per_unit" in privacy.split:
        yield "the share `rows_per_unit`", ("privacy", "split", "rows_per_unit"), "drop it from `split`"


def _rules(checked: Checked) -> Iterator[Found]:
    for name, rule in checked.spec.rules.items():
        path = ("rules", name)
        match rule:
            case DeterminesRule():
                yield f"`determines` in rule `{name}`", (*path, "determines"), "list the pairs: `combos`"
            case NoOverlapRule():
                yield f"`no_overlap` in rule `{name}`", (*path, "no_overlap"), "drop the rule"
            case CheckRule() | IfRule() if rule.repair:
                yield f"`repair` in rule `{name}`", (*path, "repair"), "drop the key: the row is drawn again"
            case _:
                pass


def _network(checked: Checked) -> Iterator[Found]:
    network = checked.spec.network
    parts = {
        "require": (network.require, "drop the edges: the marginal model finds dependence itself"),
        "forbid": (network.forbid, "drop the edges"),
        "max_parents": (checked.parsed.tree.node(("network", "max_parents")), "drop the key"),
    }
    for key, (written, help_) in parts.items():
        if written:
            yield f"`network.{key}`", ("network", key), help_
    for name, known in network.known.items():
        path = ("network", "known", name)
        column = checked.spec.columns.get(name)
        if column is None:
            yield f"`known: {name}`", path, "drop the table: gaps are then learnt"
        elif column.missing != "never":
            yield f"`known` of `{name}`, which may be missing,", path, "drop the table, or `missing:`"
        elif len(known.cases) > 1:
            yield f"`known: {name}` with conditions", path, "keep its `else` alone: one table for all rows"
        elif known.strength is not None:
            yield (
                f"`strength` of `known: {name}`",
                (*path, "strength"),
                "drop the key: the table is then fixed",
            )


def _sample(checked: Checked) -> Iterator[Found]:
    sample = checked.spec.sample
    if sample.units is not None:
        yield "`sample.units`", ("sample", "units"), "write `rows:`"
    if sample.holdout is not None:
        yield "`sample.holdout`", ("sample", "holdout"), "drop the key"
    if sample.scenarios:
        yield "`sample.scenarios`", ("sample", "scenarios"), "use `synthspec sample RELEASE --where ...`"
