"""upward: a price in words is never less than the price.

Source: ours.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal


def upward(value: float, digits: int = 4) -> str:
    """Return `value` with at most `digits` significant digits, rounded up.

    >>> upward(1.993683), upward(1e-9), upward(2.0)
    ('1.994', '1E-9', '2.0')
    """
    return str(Context(prec=digits, rounding=ROUND_CEILING).plus(Decimal(repr(value))))
