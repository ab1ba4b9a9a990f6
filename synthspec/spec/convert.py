"""Convert: constants and conversions between types, for the checker."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from synthspec.spec.checker import Checker
from synthspec.spec.nearest import nearest
from synthspec.spec.scope import ColumnInfo, type_name
from synthspec.spec.short import read_type
from synthspec.spec.syntax import Constant, Convert
from synthspec.terms.expr import Cast, Expr, Literal_
from synthspec.terms.functions import DECIMAL_LIMIT, INT_LIMIT, MAX_SCALE
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, NULL, TEXT, Type, decimal

_NAMES = {
    "bool": BOOL, "boolean": BOOL, "int": INT, "integer": INT, "bigint": INT, "float": FLOAT, "double": FLOAT,
    "text": TEXT, "varchar": TEXT, "string": TEXT, "date": DATE, "datetime": DATETIME, "timestamp": DATETIME,
}  # fmt: skip
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")


def is_number(text: str) -> bool:
    """Return whether `text` is a number as expressions write it."""
    return _NUMBER.match(text) is not None


def common(types: Sequence[Type]) -> Type | None:
    """Return the narrowest type that holds values of all `types`, or None."""
    known = [type_ for type_ in types if type_ != NULL]
    if not known:
        return NULL
    names = {type_.name for type_ in known}
    if len(names) == 1 and "decimal" not in names:
        return known[0]
    if names <= {"int", "decimal", "float"}:
        return FLOAT if "float" in names else decimal(max(type_.scale for type_ in known))
    return DATETIME if names == {"date", "datetime"} else None


def widen(expr: Expr, target: Type) -> Expr | None:
    """Return `expr` in a type that holds all its values; None when `target` does not."""
    if expr.type == target:
        return expr
    if common([expr.type, target]) != target:
        return None
    if not isinstance(expr, Literal_):
        return Cast(arg=expr, type=target)
    if expr.text is None:
        return Literal_(text=None, type=target)
    match target.name:
        case "float":
            return Literal_(text=repr(float(expr.text)), type=target)
        case "decimal":
            return Literal_(text=f"{Decimal(expr.text):.{target.scale}f}", type=target)
        case "datetime":
            return Literal_(text=f"{expr.text}T00:00:00", type=target)
    return Cast(arg=expr, type=target)


def to_float(expr: Expr) -> Expr:
    """Return a number as a float."""
    return widen(expr, FLOAT) or expr


def constant(checker: Checker, node: Constant, partner: ColumnInfo | None = None) -> Expr | None:
    """Return a constant; beside a column it takes that column's type and must be among its values."""
    match node.kind:
        case "null":
            return Literal_(text=None, type=NULL)
        case "bool":
            return Literal_(text=node.text, type=BOOL)
        case "number":
            return _number(checker, node, partner)
        case "date" | "datetime":
            return _moment(checker, node, DATE if node.kind == "date" else DATETIME)
    if partner is not None and partner.type.name in ("date", "datetime"):
        return _moment(checker, node, partner.type)
    values = partner.values if partner is not None and partner.type == TEXT else None
    if values is not None and node.text not in values:
        _not_a_value(checker, node, values)
        return None
    return Literal_(text=node.text, type=TEXT)


def _number(checker: Checker, node: Constant, partner: ColumnInfo | None) -> Expr | None:
    text = node.text
    if re.fullmatch(r"-?[0-9]+", text):
        if len(text) < 30 and abs(int(text)) <= INT_LIMIT:
            made: Expr = Literal_(text=str(int(text)), type=INT)
            return made
    elif "e" not in text.lower():
        value = Decimal(text)
        scale = max(-int(value.as_tuple().exponent), 0)
        if scale == 0 and abs(int(value)) <= INT_LIMIT:
            return Literal_(text=str(int(value)), type=INT)
        if 0 < scale <= MAX_SCALE and abs(value.scaleb(scale)) <= DECIMAL_LIMIT:
            return Literal_(text=f"{value:f}", type=decimal(scale))
        if (partner is not None and partner.type == FLOAT) or scale > MAX_SCALE:
            return Literal_(text=repr(float(text)), type=FLOAT)
    elif math.isfinite(float(text)):
        return Literal_(text=repr(float(text)), type=FLOAT)
    help_ = "compare with a number inside the domain, or write it as a float: `1e30`"
    checker.report("R111", f"a number is too large in {checker.what}", node, "at most 18 digits", (help_,))
    return None


def _moment(checker: Checker, node: Constant, type_: Type) -> Expr | None:
    text = node.text.strip().replace(" ", "T", 1)
    try:
        if type_ == DATE:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError
            return Literal_(text=date.fromisoformat(text).isoformat(), type=DATE)
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?", text):
            raise ValueError
        return Literal_(text=datetime.fromisoformat(text).isoformat(), type=DATETIME)
    except ValueError:
        form = "'2024-12-31'" if type_ == DATE else "'2024-12-31T23:59:00'"
        checker.report(
            "R116",
            f"a {type_.name} is not readable in {checker.what}",
            node,
            f"not a {type_.name}",
            (f"write it like `{form}`",),
        )
        return None


def _not_a_value(checker: Checker, node: Constant, values: tuple[str, ...]) -> None:
    close = nearest(node.text, values)
    replacement = None
    if len(close) == 1:
        replacement = "'" + close[0].replace("'", "''") + "'"
        helps = [f"did you mean `{replacement}`?  (safe fix, `synthspec check --fix`)"]
    elif close:
        helps = [f"did you mean `'{close[0]}'` or `'{close[1]}'`?"]
    else:
        shown = ", ".join(f"`'{value}'`" for value in values[:8])
        more = f" and {len(values) - 8} more" if len(values) > 8 else ""
        helps = [f"its values are {shown}{more}"]
    checker.report(
        "R115",
        f"a value is not in the domain in {checker.what}",
        node,
        "not among the column's values",
        helps,
        replacement,
    )


def cast(checker: Checker, node: Convert) -> Expr | None:
    """Return an explicit conversion."""
    target = _NAMES.get(node.type)
    if target is None and (kind := read_type(node.type)) is not None and kind[0] == "decimal":
        target = decimal(kind[1])
    if target is None:
        close = nearest(node.type, _NAMES)
        helps = (
            [f"did you mean `{close[0]}`?"]
            if close
            else ["one of int, float, decimal(2), text, date, datetime"]
        )
        checker.report("R111", f"there is no type `{node.type}`", node, "in this CAST", helps)
        return None
    if isinstance(node.arg, Constant) and node.arg.kind == "text" and target in (DATE, DATETIME):
        return _moment(checker, node.arg, target)
    arg = checker.value(node.arg)
    if arg is None or arg.type == target:
        return arg
    if isinstance(arg, Literal_) and arg.text is None:
        return Literal_(text=None, type=target)
    if not castable(arg.type, target):
        helps = ["derive it from columns of the right type"]
        if arg.type == FLOAT and target == TEXT:
            helps = ["round it first: `CAST(round(x, 2) AS text)`"]
        checker.mismatch(f"no conversion to {type_name(target)}", node.arg, arg.type, *helps)
        return None
    return Cast(arg=arg, type=target)


def castable(source: Type, target: Type) -> bool:
    """Return whether CAST knows a conversion from `source` to `target`."""
    numbers = ("int", "decimal", "float")
    if target == TEXT:
        return source != FLOAT
    if source.name in numbers:
        return target.name in numbers
    return source.name in ("date", "datetime") and target.name in ("date", "datetime")
