"""Polars numbers: exact arithmetic in Int128 and rounding, for the translation to polars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthspec.terms.functions import DECIMAL_LIMIT, INT_LIMIT
from synthspec.terms.types import FLOAT, Type

if TYPE_CHECKING:
    import polars as pl


def fit(number: pl.Expr, type_: Type) -> pl.Expr:
    """Return an Int128 as Int64, null where it leaves the range of `type_`."""
    import polars as pl

    limit = INT_LIMIT if type_.name == "int" else DECIMAL_LIMIT
    wide = number.cast(pl.Int128)
    low, high = pl.lit(-limit, dtype=pl.Int128), pl.lit(limit, dtype=pl.Int128)
    return pl.when((wide <= high) & (wide >= low)).then(wide).cast(pl.Int64)


def divided(left: pl.Expr, right: pl.Expr | float) -> pl.Expr:
    """Return left / right, rounded once; with a scalar on the right polars multiplies by its reciprocal."""
    return left / (left * 0.0 + right)


def finite(value: pl.Expr) -> pl.Expr:
    """Return a float, null where it is not finite."""
    import polars as pl

    return pl.when(value.is_finite()).then(value)


def remainder(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Return the remainder with the sign of `left`; null when `right` is 0. Both have one scale."""
    import polars as pl

    divisor = pl.when(right != 0).then(right.abs())
    return left.sign() * (left.abs() % divisor)


def half_away(number: pl.Expr, divisor: int) -> pl.Expr:
    """Return an Int128 divided by `divisor` and rounded half away from zero."""
    import polars as pl

    by = pl.lit(divisor, dtype=pl.Int128)
    two = pl.lit(2, dtype=pl.Int128)
    whole, rest = number.abs() // by, number.abs() % by
    up = pl.when(rest * two >= by).then(pl.lit(1, dtype=pl.Int128)).otherwise(pl.lit(0, dtype=pl.Int128))
    return (whole + up) * pl.when(number < 0).then(pl.lit(-1, dtype=pl.Int128)).otherwise(
        pl.lit(1, dtype=pl.Int128)
    )


def rounded(value: pl.Expr, source: Type, digits: int, target: Type) -> pl.Expr:
    """Return the value rounded half away from zero to `digits`, in the physical form of `target`."""
    import polars as pl

    tens = pl.lit(10 ** max(-digits, 0), dtype=pl.Int128)
    if source == FLOAT:
        product = value * 10.0**digits if digits >= 0 else divided(value, 10.0**-digits)
        size = pl.when(product.abs() <= 2.0**63).then(product.abs())
        below = size.floor()
        whole = (below + (size - below >= 0.5).cast(pl.Float64)).cast(pl.Int128)
        return fit(pl.when(product < 0).then(whole * -1).otherwise(whole) * tens, target)
    wide = value.cast(pl.Int128)
    if digits < source.scale:
        return fit(half_away(wide, 10 ** (source.scale - digits)) * tens, target)
    return fit(wide * pl.lit(10 ** (digits - source.scale), dtype=pl.Int128), target)
