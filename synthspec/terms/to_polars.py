"""To polars: an expression as a native polars expression; equal to `evaluate` on every row (law).

Frame convention: bool as Boolean, int as Int64, decimal(n) as Int64 scaled by 10**n, float as Float64,
text as String, date as Date, datetime as Datetime("us"); null is null, NaN and infinity do not occur.
Exact arithmetic runs in Int128 and comes back to Int64, null where it does not fit. All expressions
but windows and lookups in long tables are elementwise, so that they stream.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, assert_never

from synthspec.terms.evaluate import evaluate, like_pattern
from synthspec.terms.expr import (
    Arithmetic,
    Bin,
    Call,
    Case,
    Cast,
    Column,
    Compare,
    Expr,
    In,
    Index,
    IsNull,
    Like,
    Literal_,
    Logic,
    Lookup,
    Not,
    Window,
)
from synthspec.terms.literal import literal, value_of
from synthspec.terms.polars_call import call
from synthspec.terms.polars_numbers import divided, finite, fit, remainder, rounded
from synthspec.terms.types import FLOAT, TEXT, Type
from synthspec.terms.walk import columns_of

if TYPE_CHECKING:
    import polars as pl

_SEPARATOR = "\x1f"


def dtype(type_: Type) -> Any:
    """Return the polars data type that holds values of `type_`."""
    import polars as pl

    return {
        "bool": pl.Boolean(),
        "int": pl.Int64(),
        "decimal": pl.Int64(),
        "float": pl.Float64(),
        "text": pl.String(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us"),
        "null": pl.Null(),
    }[type_.name]


def physical(text: str | None, type_: Type) -> Any:
    """Return the value of a canonical text as the frame holds it (decimals as scaled integers)."""
    value = value_of(text, type_)
    if value is not None and type_.name == "decimal":
        return int(value.scaleb(type_.scale))  # type: ignore[union-attr]
    return value


def to_polars(expr: Expr) -> pl.Expr:
    """Return the polars expression of `expr`, over frames as described above."""
    import polars as pl

    if not isinstance(expr, Literal_) and not columns_of(expr):
        # polars gives constants one row in some functions and every row in others: compute them here
        expr = literal(evaluate(expr, {}), expr.type)
    match expr:
        case Column():
            return pl.col(expr.name)
        case Literal_():
            return pl.lit(physical(expr.text, expr.type), dtype=dtype(expr.type))
        case Not():
            return to_polars(expr.arg).not_()
        case Logic():
            found = to_polars(expr.args[0])
            for arg in expr.args[1:]:
                found = (found & to_polars(arg)) if expr.op == "and" else (found | to_polars(arg))
            return found
        case Compare():
            return _compare(expr)
        case In():
            values = [physical(value.text, value.type) for value in expr.values]
            return to_polars(expr.arg).is_in(pl.Series(values, dtype=dtype(expr.arg.type)).implode())
        case Like():
            return to_polars(expr.arg).str.contains(f"^{like_pattern(expr.pattern)}$")
        case IsNull():
            return to_polars(expr.arg).is_null()
        case Case():
            return _case(expr)
        case Cast():
            return _cast(to_polars(expr.arg), expr.arg.type, expr.type)
        case Arithmetic():
            return _arithmetic(expr)
        case Call():
            return call(expr, [to_polars(arg) for arg in expr.args])
        case Window():
            return _window(expr)
        case Index():
            return _index(expr)
        case Bin():
            return _bin(expr)
        case Lookup():
            return _lookup(expr)
    assert_never(expr)


_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _compare(expr: Compare) -> pl.Expr:
    """Return a comparison, a constant on its right.

    polars 2.1 gives one row, and not all, for a constant compared with a conversion that is null in
    every row when the constant stands on the left.
    """
    op, left, right = expr.op, to_polars(expr.left), to_polars(expr.right)
    if not columns_of(expr.left):
        op, left, right = _FLIPPED[op], right, left  # type: ignore[assignment]
    match op:
        case "=":
            return left == right
        case "<>":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
    assert_never(op)


def _case(expr: Case) -> pl.Expr:
    import polars as pl

    found = to_polars(expr.otherwise)
    for condition, result in reversed(expr.branches):
        found = pl.when(to_polars(condition)).then(to_polars(result)).otherwise(found)
    return found


def _arithmetic(expr: Arithmetic) -> pl.Expr:
    import polars as pl

    left, right = to_polars(expr.left), to_polars(expr.right)
    if expr.op == "/":
        return finite(divided(left.cast(pl.Float64), right.cast(pl.Float64)))
    if expr.type == FLOAT:
        return finite({"+": left + right, "-": left - right, "*": left * right}[expr.op])
    if expr.op == "%":
        return remainder(left, right)
    a, b = left.cast(pl.Int128), right.cast(pl.Int128)
    return fit({"+": a + b, "-": a - b, "*": a * b}[expr.op], expr.type)


def _cast(value: pl.Expr, source: Type, target: Type) -> pl.Expr:
    import polars as pl

    if source == target:
        return value
    match target.name:
        case "text":
            return as_text(value, source)
        case "int":
            return rounded(value, source, 0, target)
        case "decimal":
            return rounded(value, source, target.scale, target)
        case "float":
            real = value.cast(pl.Float64)
            return divided(real, 10.0**source.scale) if source.scale else real
        case _:
            return value.cast(dtype(target))


def as_text(value: pl.Expr, source: Type) -> pl.Expr:
    """Return the canonical text of a value (see Literal_)."""
    import polars as pl

    match source.name:
        case "date":
            return value.dt.strftime("%Y-%m-%d")
        case "datetime":
            return value.dt.strftime("%Y-%m-%dT%H:%M:%S")
        case "bool":
            return pl.when(value).then(pl.lit("true")).when(value.not_()).then(pl.lit("false"))
        case "decimal" if source.scale:
            digits = value.abs().cast(pl.String).str.zfill(source.scale + 1)
            sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
            cut = digits.str.len_chars().cast(pl.Int64) - source.scale
            return sign + digits.str.slice(0, cut) + pl.lit(".") + digits.str.slice(cut)
        case _:
            return value.cast(pl.String)


def _window(expr: Window) -> pl.Expr:
    import polars as pl

    arg = to_polars(expr.args[0])
    exact = expr.type.name in ("int", "decimal")
    found: pl.Expr
    match expr.function:
        case "lag":
            found = arg.shift(1 if len(expr.args) < 2 else int(getattr(expr.args[1], "text", 1)))
        case "count":
            seen = arg.is_not_null().cast(pl.Int64)
            if isinstance(expr.args[0], Literal_):
                seen = pl.int_range(pl.len()) * 0 + (expr.args[0].text is not None)
            found = seen.cum_sum() if expr.order else seen.sum()
        case "sum":
            number = arg.cast(pl.Int128) if exact else arg
            running = number.cum_sum().forward_fill()
            total = pl.when(arg.is_not_null().any()).then(number.sum())
            found = running if expr.order else total
        case "min":
            found = arg.cum_min().forward_fill() if expr.order else arg.min()
        case "max":
            found = arg.cum_max().forward_fill() if expr.order else arg.max()
    if expr.order:
        found = found.over(expr.partition, order_by=list(expr.order), nulls_last=True)
    else:
        found = found.over(expr.partition)
    if expr.function == "sum":
        return fit(found, expr.type) if exact else finite(found)
    return found


def _index(expr: Index) -> pl.Expr:
    import polars as pl

    text = _cast(to_polars(expr.arg), expr.arg.type, TEXT)
    new = pl.Series(range(len(expr.values)), dtype=pl.Int64)
    old = pl.Series(expr.values, dtype=pl.String)
    return text.replace_strict(old, new, default=None, return_dtype=pl.Int64)


def number_of(value: pl.Expr, type_: Type) -> pl.Expr:
    """Return the physical number of an ordered value (see Type)."""
    import polars as pl

    match type_.name:
        case "date":
            return value.cast(pl.Int32).cast(pl.Int64)
        case "datetime":
            return value.cast(pl.Int64) // 1_000_000
        case "bool":
            return value.cast(pl.Int64)
        case _:
            return value


def _bin(expr: Bin) -> pl.Expr:
    import polars as pl

    value = number_of(to_polars(expr.arg), expr.arg.type)
    edges, last = expr.edges, len(expr.edges) - 2
    whole = [int(edge) for edge in edges] if all(isinstance(edge, int) for edge in edges) else []
    widths = {b - a for a, b in pairwise(whole[:-1])}
    if whole and len(widths) == 1 and (width := widths.pop()) > 0 and whole[-1] - whole[-2] <= 2 * width:
        inside = value.clip(whole[0], whole[-1])
        return ((inside - whole[0]) // width).clip(0, last)
    return pl.when(value.is_not_null()).then(_searched(value.fill_null(edges[0]), edges))


def _searched(value: pl.Expr, edges: tuple[int, ...] | tuple[float, ...]) -> pl.Expr:
    """Return the bin by binary search over the inner edges; elementwise, so that it streams."""
    import numpy as np
    import polars as pl

    exact = all(isinstance(edge, int) for edge in edges)
    inner = np.array(edges[1:-1], dtype=np.int64 if exact else np.float64)

    def search(numbers: pl.Series) -> pl.Series:
        return pl.Series(np.searchsorted(inner, numbers.to_numpy(), side="right").astype(np.int64))

    return value.map_batches(search, return_dtype=pl.Int64(), is_elementwise=True)


def _lookup(expr: Lookup) -> pl.Expr:
    import polars as pl

    parts = [_cast(to_polars(key), key.type, TEXT) for key in expr.keys]
    key = parts[0] if len(parts) == 1 else pl.concat_str(parts, separator=_SEPARATOR)
    old = pl.Series([_SEPARATOR.join(names) for names, _ in expr.table], dtype=pl.String)
    new = pl.Series([physical(text, expr.type) for _, text in expr.table], dtype=dtype(expr.type))
    return key.replace_strict(old, new, default=None, return_dtype=dtype(expr.type))
