"""Reading: labels, null words and date formats of one column, against its resolved domain.

A label outside the domain or a format that no date survives would silently empty a column.
"""

from __future__ import annotations

from datetime import datetime

from synthspec.columns import AnyColumn, Category, Listed
from synthspec.compile.domains import holds
from synthspec.compile.findings import Findings, listing
from synthspec.compile.literals import canonical
from synthspec.spec.model import ColumnSpec, DiscoverDomain
from synthspec.terms.types import Type

_SAMPLES = (datetime(2019, 7, 23, 17, 48, 59), datetime(1987, 12, 4, 3, 5, 6), datetime(2024, 2, 29))


def check_reading(
    findings: Findings, name: str, spec: ColumnSpec, type_: Type, column: AnyColumn | None
) -> None:
    """Report labels outside the domain (C118), null words inside it (C126), useless formats (C125)."""
    values = column.values if isinstance(column, Category) else ()
    if isinstance(spec.domain, DiscoverDomain):
        values = ()
    for code, value in spec.labels.items():
        _label(findings, name, spec, type_, column, values, code, value)
    clash = [word for word in spec.nulls if word in values]
    if clash:
        findings.report(
            "C126",
            f"`{clash[0]}` is both a value of `{name}` and a word for nothing",
            ("columns", name, "nulls"),
            "read as missing",
            also=((("columns", name, "in"), "a value here"),),
            helps=("drop it from `in:` or from `nulls:`",),
        )
    if spec.format is not None and type_.name in ("date", "datetime"):
        _format(findings, name, spec.format, type_)


def _label(
    findings: Findings,
    name: str,
    spec: ColumnSpec,
    type_: Type,
    column: AnyColumn | None,
    values: tuple[str, ...],
    code: str,
    value: str,
) -> None:
    path = ("columns", name, "labels", code)
    known = column.listed() if isinstance(column, Listed) and (values or type_.name != "text") else ()
    dated = spec.format is not None and type_.name in ("date", "datetime")
    if (_read_by(value, spec.format or "") is None) if dated else (canonical(type_, value) is None):
        label = f"`{value}` is no {type_.name}" + (f" written like `{spec.format}`" if dated else "")
        findings.report(
            "C118",
            f"a label of `{name}` gives a value of another type",
            path,
            label,
            helps=("write a value of the column's type, as the source writes them",),
        )
    elif not dated and (known or type_.name != "text") and not holds(column, value):
        helps, fixes = findings.did_you_mean(value, sorted(known), findings.parsed.span(path))
        findings.report(
            "C118",
            f"a label of `{name}` gives a value outside its domain",
            path,
            f"`{value}` is not in the domain",
            also=((("columns", name, "in"), "the domain"),) if type_.name != "bool" else (),
            helps=helps or ((f"give one of {listing(known)}",) if known else ("add the value to `in:`",)),
            fixes=fixes,
        )


def _format(findings: Findings, name: str, format_: str, type_: Type) -> None:
    """Report C125 unless dates written by the format can be read back from it."""
    back = [_there_and_back(each, format_) for each in _SAMPLES]
    good = all(b is not None and b.date() == a.date() for a, b in zip(_SAMPLES, back, strict=True))
    if not good:
        findings.report(
            "C125",
            f"the format of `{name}` does not give a whole {type_.name}",
            ("columns", name, "format"),
            "no date can be read by it",
            helps=(
                'write day, month and year, like `format: "%d/%m/%Y"`'
                if type_.name == "date"
                else 'write date and time, like `format: "%d/%m/%Y %H:%M"`',
            ),
        )


def _there_and_back(moment: datetime, format_: str) -> datetime | None:
    try:
        return _read_by(moment.strftime(format_), format_)
    except ValueError:
        return None


def _read_by(text: str, format_: str) -> datetime | None:
    try:
        return datetime.strptime(text, format_)
    except ValueError:
        return None
