"""Words: how numbers and names are written, rounded to the safe side and by their uncertainty."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from synthspec.release.manifest import Class
from synthspec.report.blocks import Value

_BREAKS = re.compile(r"\s*[\t\n\r]\s*")

LONGEST = 60
"""Names longer than this are shortened on the page; the JSON holds the whole."""


def visible(text: str) -> str:
    """Return `text` with control, direction-changing and unassigned characters made visible."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029" else f"\\u{ord(c):04x}"
        for c in text
    )


def named(text: str) -> Value:
    """Return a name from the spec, made harmless to read; short."""
    shown = visible(text)
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST - 1]}… ({len(text):,} characters)"
    return Value(text=shown, full=None if shown == text else text, name=True)


def program(tool: str) -> str:
    """Return the program that a plan names: its version alone in plans of old."""
    return f"synthspec {tool}" if tool[:1].isdigit() else tool


def plain(text: str) -> Value:
    """Return text of ours."""
    return Value(text=text)


def quoted(text: str, longest: int = 240) -> Value:
    """Return free text of the spec (about, basis, a rule), made harmless to read, not too long.

    Its line breaks become blanks: YAML's `|` and `>` end every text with one.
    """
    shown = visible(_BREAKS.sub(" ", text.strip()))
    if len(shown) > longest:
        shown = f"{shown[: longest - 1]}…"
    return Value(text=shown, full=None if shown == text else text)


def number(
    amount: float,
    text: str,
    class_: Class,
    events: Sequence[str] = (),
    *,
    low: float | None = None,
    high: float | None = None,
) -> Value:
    """Return a number with its class and events; an infinite one keeps its text only."""
    finite = amount if math.isfinite(amount) else None
    return Value(text=text, number=finite, low=low, high=high, class_=class_, events=tuple(events))


def up(amount: float, digits: int = 3) -> str:
    """Return `amount` >= 0 with `digits` significant digits, rounded up."""
    if amount == 0:
        return "0"
    if not math.isfinite(amount):
        return "∞"
    exact = Decimal(repr(float(amount)))
    step = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    rounded = exact.quantize(step, rounding=ROUND_CEILING) if step < exact else exact
    rounded = rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - digits + 1))
    if -4 <= rounded.adjusted() < 6:
        text = f"{rounded:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = rounded.scaleb(-rounded.adjusted()).normalize()
    return f"{mantissa:f}e{rounded.adjusted()}"


def percent_up(share: float) -> str:
    """Return `share` in percent, rounded up: three significant digits, and at most two decimals above 1 %."""
    if share >= 1:
        return "100 %"
    return f"{up(share * 100)} %"


def percent(share: float) -> str:
    """Return `share` in percent with a sensible number of digits."""
    amount = share * 100
    if amount != 0 and abs(amount) < 0.1:
        return "< 0.1 %" if amount > 0 else f"{amount:.2f} %"
    return f"{amount:.0f} %" if amount >= 99.95 or amount == int(amount) else f"{amount:.1f} %"


def count(amount: float) -> str:
    """Return a whole number with thousands marked."""
    return f"{round(amount):,}"


def near(amount: float, uncertainty: float) -> str:
    """Return `amount` rounded so that its last digit is worth about a tenth of `uncertainty`."""
    if not uncertainty > 0:
        return f"{amount:.4g}"
    decimals = max(0, min(6, 1 - math.floor(math.log10(uncertainty))))
    return f"{amount:.{decimals}f}"


def about(amount: float, uncertainty: float) -> str:
    """Return a count rounded to the size of its uncertainty, thousands marked."""
    if uncertainty < 10:
        return count(amount)
    step = 10 ** math.floor(math.log10(uncertainty / 3)) if uncertainty > 3 else 1
    return f"{round(amount / step) * step:,.0f}"


def listed(names: Sequence[str]) -> Value:
    """Return several names from the spec as one value: `a × b`."""
    shown = " × ".join(named(name).text for name in names)
    full = " × ".join(names)
    return Value(text=shown, full=None if shown == full else full, name=True)
