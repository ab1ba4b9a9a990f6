"""Domains: `in:`, `step:` and `bins:` as a resolved column type; everything here is public."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import assert_never

from synthspec.columns import (
    AnyColumn,
    Boolean,
    Category,
    Date,
    Datetime,
    Decimal,
    Float,
    Id,
    Integer,
)
from synthspec.columns.literal import day, digits_after_point, number, scaled, second, seconds_in
from synthspec.columns.spread import MOST_CODES, MOST_POINTS
from synthspec.compile.files import PublicFiles
from synthspec.compile.findings import Findings, articled, listing
from synthspec.errors import Edit, Fix
from synthspec.spec.model import (
    ColumnKind,
    ColumnSpec,
    DiscoverDomain,
    FileDomain,
    ListDomain,
    RangeDomain,
)
from synthspec.spec.tree import Path_

AnyOrdered = Integer | Float | Decimal | Date | Datetime

FINE_CODES = 256
"""Codes of a column that `clip` is to tighten: its quantiles come from this public grid (PRIVACY 5)."""

_EXAMPLES = {"int": "0..120", "float": "0..30", "decimal": "0..500", "date": "2018-01-01..2024-12-31",
             "datetime": "2018-01-01..2024-12-31"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Domains:
    """Resolves the domain of one column after the other."""

    findings: Findings
    files: PublicFiles

    def resolve(self, name: str, kind: ColumnKind, spec: ColumnSpec, scale: int) -> AnyColumn | None:
        """Return the column's type, domain and coding, or None after reporting why not."""
        missing = spec.missing != "never"
        match kind:
            case "id":
                self._no_domain(name, spec, "an id")
                return Id(name=name)
            case "bool":
                self._no_domain(name, spec, "a bool")
                return Boolean(name=name, missing=missing)
            case "category":
                values = self._values(name, spec)
                return None if values is None else Category(name=name, values=values, missing=missing)
            case "int" | "float" | "decimal" | "date" | "datetime":
                return self._ordered(name, kind, spec, scale)
        assert_never(kind)

    def _no_domain(self, name: str, spec: ColumnSpec, what: str) -> None:
        if spec.domain is not None:
            self._wrong_form(name, f"{what} has no domain to declare", "drop `in:`")

    def _wrong_form(self, name: str, label: str, help_: str) -> None:
        path = ("columns", name, "in")
        self.findings.report(
            "C106", f"the domain of `{name}` does not fit its type", path, label, helps=(help_,)
        )

    def _values(self, name: str, spec: ColumnSpec) -> tuple[str, ...] | None:
        """Return the public list of a category; with `discover`, its `else` alone."""
        path = ("columns", name, "in")
        match spec.domain:
            case None:
                return None
            case RangeDomain():
                self._wrong_form(name, "a category is a list of values", "write the values: `in: [a, b]`")
                return None
            case DiscoverDomain():
                return (spec.domain.other,)
            case ListDomain():
                values = spec.domain.values
                repeated = sorted({value for value in values if values.count(value) > 1})
                if repeated:
                    self.findings.report(
                        "C105",
                        f"the domain of `{name}` names a value twice",
                        path,
                        f"{listing(repeated)} stands here more than once",
                        helps=("keep one of them",),
                    )
                    return None
            case FileDomain():
                found = self.files.column(
                    spec.domain.file, spec.domain.column, (*path, "file"), (*path, "column")
                )
                if found is None:
                    return None
                values = tuple(value for value in dict.fromkeys(found) if value != "")
            case _:
                assert_never(spec.domain)
        if not values:
            self.findings.report(
                "C104",
                f"the domain of `{name}` is empty",
                path,
                "no values",
                helps=("write at least one value: `in: [a, b]`",),
            )
            return None
        return values if spec.other is None or spec.other in values else (*values, spec.other)

    def _ordered(self, name: str, kind: ColumnKind, spec: ColumnSpec, scale: int) -> AnyOrdered | None:
        if spec.domain is None:
            return None
        if isinstance(spec.domain, DiscoverDomain):
            return None
        if not isinstance(spec.domain, RangeDomain):
            self._wrong_form(
                name,
                f"`{kind}` takes a range",
                f"write `in: {_EXAMPLES[kind]}`, or make it a `category` to list its values",
            )
            return None
        path: Path_ = ("columns", name, "in")
        if kind == "float":
            scale = _float_scale(spec, spec.domain)
        lo = self._end(name, kind, scale, spec.domain.lo, False)
        hi = None if lo is None else self._end(name, kind, scale, spec.domain.hi, True)
        step = self._step(name, kind, spec, scale)
        if lo is None or hi is None or step is None:
            return None
        if lo > hi:
            self._empty(name, spec.domain, path)
            return None
        if spec.step is not None and step > hi - lo > 0:
            self._no_step(name, spec, f"larger than the range of `{name}`", "1" if kind == "int" else "0.1")
            return None
        if max(hi - lo, abs(lo), abs(hi)) > MOST_POINTS:
            self.findings.report(
                "C108",
                f"the grid of `{name}` is too fine for its range",
                path,
                "more than 2^53 grid points up to its far end",
                helps=("give a coarser `step:`, or a smaller range",),
            )
            return None
        column = _make(name, kind, lo, hi, step, scale, spec.missing != "never")
        return self._binned(name, kind, spec, scale, column)

    def _empty(self, name: str, domain: RangeDomain, path: Path_) -> None:
        span = self.findings.parsed.span(path)
        swapped = f"{domain.hi}..{domain.lo}"
        self.findings.report(
            "C104",
            f"the domain of `{name}` is empty",
            path,
            "starts after it ends",
            helps=(f"swap the ends: `in: {swapped}`",),
            fixes=(Fix(title="swap the ends", edits=(Edit(span, swapped),), safe=True),),
        )

    def _end(self, name: str, kind: ColumnKind, scale: int, text: str, upper: bool) -> int | None:
        value = grid_integer(kind, scale, text, upper=upper)
        if value is None:
            self.findings.report(
                "C107",
                f"an end of the domain of `{name}` is not {_what(kind, scale)}",
                ("columns", name, "in"),
                f"`{text}` is not {_what(kind, scale)}",
                helps=(f"write a range like `{_EXAMPLES[kind]}`",),
            )
        return value

    def _step(self, name: str, kind: ColumnKind, spec: ColumnSpec, scale: int) -> int | None:
        """Return the step in grid integers; by default the type's own: 1, a cent, a day, a second."""
        if spec.step is None:
            return 1
        match kind:
            case "datetime":
                step, example = seconds_in(spec.step), "1h"
            case "date":
                seconds = seconds_in(spec.step)
                whole = None if seconds is None or seconds % 86400 else seconds // 86400
                plain = number(spec.step)
                step, example = (scaled(plain, 0) if plain is not None else whole), "1d"
            case _:
                plain = number(spec.step)
                step, example = None if plain is None else scaled(plain, scale), "0.1" if scale else "5"
        if step is None or step < 1:
            self._no_step(name, spec, f"`{spec.step}` is no step of {articled(kind)}", example)
            return None
        return step

    def _no_step(self, name: str, spec: ColumnSpec, label: str, example: str) -> None:
        self.findings.report(
            "C109",
            f"the step of `{name}` does not fit its type or range",
            ("columns", name, "step"),
            label,
            also=((("columns", name, "in"), "the domain"),) if spec.domain is not None else (),
            helps=(f"write a positive step, like `step: {example}`",),
        )

    def _binned(
        self, name: str, kind: ColumnKind, spec: ColumnSpec, scale: int, column: AnyOrdered
    ) -> AnyOrdered | None:
        if spec.clip is not None:
            return column.spread(FINE_CODES)
        if spec.bins is None or isinstance(spec.bins, int):
            return column.spread(spec.bins or MOST_CODES)
        edges = [grid_integer(kind, scale, text, upper=False) for text in spec.bins]
        whole = [edge for edge in edges if edge is not None]
        good = len(whole) == len(edges) and all(a < b for a, b in pairwise(whole))
        if not good or whole[0] < column.lo or whole[-1] > column.hi:
            self.findings.report(
                "C110",
                f"the bin edges of `{name}` do not fit its domain",
                ("columns", name, "bins"),
                "edges are values of the domain, in increasing order",
                also=((("columns", name, "in"), "the domain"),),
                helps=("list increasing edges inside `in:`, or give a count: `bins: 32`",),
            )
            return None
        indices = {-((column.lo - edge) // column.step) for edge in whole if column.lo < edge < column.hi}
        cuts = tuple(sorted({0, *(i for i in indices if i < column.points)}))
        return column.model_copy(update={"cuts": cuts, "bins": None})


def grid_integer(kind: ColumnKind, scale: int, text: str, *, upper: bool) -> int | None:
    """Return the grid integer that `text` writes for a column of `kind`, or None."""
    match kind:
        case "date":
            return day(text)
        case "datetime":
            return second(text, end=upper)
        case "int" | "decimal" | "float":
            value = number(text)
            return None if value is None else scaled(value, scale if kind != "int" else 0)
        case "id" | "bool" | "category":
            return None
    assert_never(kind)


def holds(domain: AnyColumn | None, text: str) -> bool:
    """Return whether the domain holds the value that `text` writes; an unknown domain holds any."""
    match domain:
        case None | Id():
            return True
        case Category() | Boolean():
            return text in domain.listed()
        case Float() | Decimal():
            grid = grid_integer(domain.kind, domain.scale, text, upper=False)
        case Integer() | Date() | Datetime():
            grid = grid_integer(domain.kind, 0, text, upper=False)
        case _:
            assert_never(domain)
    return grid is not None and domain.lo <= grid <= domain.hi


def _what(kind: ColumnKind, scale: int) -> str:
    names = {"int": "a whole number", "float": "a number", "date": "a date", "datetime": "a date or time"}
    return names.get(kind, f"a number with at most {scale} decimals")


def _float_scale(spec: ColumnSpec, domain: RangeDomain) -> int:
    """Return the decimals that ends, step and bins of a float need; without a step, a fine public grid."""
    texts = [domain.lo, domain.hi, spec.step or "0"]
    texts += list(spec.bins) if isinstance(spec.bins, tuple) else []
    values = [number(text) for text in texts]
    digits = max((digits_after_point(value) for value in values if value is not None), default=0)
    ends = [value for value in values[:2] if value is not None]
    if spec.step is None and len(ends) == 2 and ends[1] > ends[0]:
        fine = 5 - math.floor(math.log10(float(ends[1] - ends[0])))
        digits = max(digits, fine, 0)
    return min(digits, 30)


def _make(name: str, kind: ColumnKind, lo: int, hi: int, step: int, scale: int, missing: bool) -> AnyOrdered:
    match kind:
        case "int":
            return Integer(name=name, lo=lo, hi=hi, step=step, missing=missing)
        case "float":
            return Float(name=name, lo=lo, hi=hi, step=step, missing=missing, scale=scale)
        case "decimal":
            return Decimal(name=name, lo=lo, hi=hi, step=step, missing=missing, scale=scale)
        case "date":
            return Date(name=name, lo=lo, hi=hi, step=step, missing=missing)
        case "datetime":
            return Datetime(name=name, lo=lo, hi=hi, step=step, missing=missing)
        case _:
            raise ValueError(f"{kind} has no range")


def on_grid(text: str, step: str) -> bool:
    """Return whether the number `text` is a multiple of `step` (for hygiene: copied bounds are not)."""
    value, unit = number(text), number(step)
    return value is None or unit is None or unit == 0 or (Fraction(value) / Fraction(unit)).denominator == 1
