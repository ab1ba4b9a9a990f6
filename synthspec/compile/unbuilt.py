"""Unbuilt: keys that parse and check but that this version cannot act on; refused, never ignored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from synthspec.compile.checked import Checked
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
        if column.missing == "random":
            yield f"`missing: random` of `{name}`", (*path, "missing"), "write `missing: modelled`"


def _rest(checked: Checked) -> Iterator[Found]:
    for gate in checked.gates:
        if not FIGURES[gate.metric].built:
            yield f"the figure `{gate.metric}`", ("gates", gate.name), "drop the gate"
