"""Unbuilt: keys that parse and check but that this version cannot act on; refused, never ignored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from synthspec.compile.checked import Checked
from synthspec.compile.diagnose.extras import source_format
from synthspec.errors import Diagnostic, SpecError
from synthspec.metrics.figures import FIGURES
from synthspec.spec.tree import Path_


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


def _rest(checked: Checked) -> Iterator[Found]:
    yield from _source(checked)
    for name, group in checked.spec.generate.items():
        path = ("generate", name)
        if group.sequence is not None:
            yield f"`sequence` of the group `{name}`", (*path, "sequence"), "drop the key"
    yield from _sample(checked)
    for gate in checked.gates:
        if not FIGURES[gate.metric].built:
            yield f"the figure `{gate.metric}`", ("gates", gate.name), "drop the gate"
    for key in ("tables",):
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


def _sample(checked: Checked) -> Iterator[Found]:
    sample = checked.spec.sample
    if sample.units is not None:
        yield "`sample.units`", ("sample", "units"), "write `rows:`"
    for name, scenario in sample.scenarios.items():
        if scenario.units is not None:
            path = ("sample", "scenarios", name, "units")
            yield f"`units` of scenario `{name}`", path, "write `rows:`"
