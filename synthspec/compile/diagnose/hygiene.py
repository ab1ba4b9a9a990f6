"""Hygiene: public facts that may have been read off private data. A lint, not a guarantee."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from synthspec.columns.literal import number
from synthspec.compile.domains import on_grid
from synthspec.compile.findings import Findings
from synthspec.spec.model import ColumnSpec, RangeDomain, Spec

OBSERVED = "OBSERVED"
_ROUND_DIGITS = 4
"""More significant digits than this in an end of a range are seldom anybody's rule."""


def check_hygiene(findings: Findings, spec: Spec) -> None:
    """Report observed domains (P401) and bounds that look copied (P402)."""
    private = spec.source is not None and not spec.source.public
    unit = spec.privacy.unit if spec.privacy is not None else "row"
    who = unit.removesuffix("_id") if unit.endswith("_id") else "person"
    for name, column in spec.columns.items():
        if column.basis is not None and column.basis.strip().upper() == OBSERVED:
            findings.report(
                "P401",
                f"the domain of `{name}` was read off the data",
                ("columns", name, "basis"),
                "published with the synthetic data, and treated as public",
                notes=("an exact minimum, maximum or category list can identify a person",),
                helps=(
                    "replace the domain by one you can cite, and say where it comes from under `basis:`",
                    *_under_privacy(column),
                ),
            )
        elif _in_error(findings, name):
            continue  # one cause, one finding
        elif private and not (column.basis or "").strip() and _looks_copied(column):
            findings.report(
                "P402",
                "this bound may have been read off the private data",
                ("columns", name, "in"),
                "looks like an observed minimum and maximum",
                notes=(
                    "bounds are published with the synthetic data and are treated as public; an exact "
                    f"minimum or maximum is one {who}'s value",
                    f"flagged because {_why(column)}, and there is no `basis:`",
                ),
                helps=(
                    f"use a limit you can cite: {_wider(column)} with `basis: <where it comes from>`",
                    "or let synthspec find a tighter range under DP: keep the wide range and add "
                    "`clip: 0.99`",
                    "accept it with a reason: `# synthspec: allow P402 because <reason>` "
                    "(the reason is printed in the plan)",
                ),
                level="warning",
            )


def _in_error(findings: Findings, name: str) -> bool:
    return any(each.path[:2] == ("columns", name) and each.level == "error" for each in findings.found)


def _under_privacy(column: ColumnSpec) -> tuple[str, ...]:
    if column.type == "category":
        return ("or let the list be found under privacy: `in: {discover: 100, else: OTHER}`",)
    return ("or give a wide public range and add `clip: 0.99`",)


def _looks_copied(column: ColumnSpec) -> bool:
    if not isinstance(column.domain, RangeDomain) or column.type not in ("int", "float", "decimal"):
        return False
    return _off_step(column, column.domain) or any(map(_odd, (column.domain.lo, column.domain.hi)))


def _off_step(column: ColumnSpec, domain: RangeDomain) -> bool:
    return column.step is not None and not (
        on_grid(domain.lo, column.step) and on_grid(domain.hi, column.step)
    )


def _why(column: ColumnSpec) -> str:
    if isinstance(column.domain, RangeDomain) and _off_step(column, column.domain):
        return f"the ends do not sit on the {column.step} grid of `step`"
    return "an end has more digits than limits usually have"


def _wider(column: ColumnSpec) -> str:
    """Return a rounder range around the domain: two significant digits, on the grid of `step`."""
    domain = column.domain
    if not isinstance(domain, RangeDomain):
        return "a wider range"
    lo, hi = number(domain.lo), number(domain.hi)
    if lo is None or hi is None:
        return "a wider range"
    step = number(column.step or "") or None
    return f"`in: {_round(lo, step, ROUND_FLOOR)}..{_round(hi, step, ROUND_CEILING)}`"


def _round(value: Decimal, step: Decimal | None, way: str) -> str:
    """Return a limit at or beyond `value`, with one significant digit, or on the grid of a coarser step.

    >>> _round(Decimal("28.64"), Decimal("0.1"), ROUND_CEILING), _round(Decimal("0.37"), None, ROUND_FLOOR)
    ('30', '0.3')
    """
    if value == 0:
        return "0"
    unit = Decimal(1).scaleb(value.adjusted())
    if step is not None and step > unit:
        unit = step
    found = (value / unit).to_integral_value(rounding=way) * unit
    return f"{found.normalize():f}"


def _odd(text: str) -> bool:
    """Return whether a number is no round limit: more than four significant digits.

    99999 and 65535 are limits (one below a round number or a power of two); 1484705 is not.

    >>> [_odd(text) for text in ("1484705", "99999", "0.01", "250000", "65535")]
    [True, False, False, False, False]
    """
    value = number(text)
    if value is None:
        return False
    size = abs(value)
    neighbours = (size, size + Decimal(1).scaleb(min(0, int(size.normalize().as_tuple().exponent))))
    if any(len(each.normalize().as_tuple().digits) <= _ROUND_DIGITS for each in neighbours):
        return False
    whole = int(size)
    return not (size == whole and ((whole + 1) & whole == 0 or whole & (whole - 1) == 0))
