"""Apply: functions and windows in expressions, checked against the closed list of terms/functions.py."""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.spec import convert, names
from synthspec.spec.checker import Checker
from synthspec.spec.nearest import nearest
from synthspec.spec.scope import ColumnInfo, info
from synthspec.spec.syntax import Apply, Constant, Syntax
from synthspec.spec.tokens import FIXED_OR, OR_MEANT, spaced
from synthspec.terms.expr import Call, Cast, Expr, Literal_, Window
from synthspec.terms.functions import CLOCK_UNITS, FUNCTIONS, SPELLINGS, UNITS, Function
from synthspec.terms.types import BOOL, DATE, DATETIME, INT, TEXT, Type, decimal
from synthspec.terms.walk import columns_of, has_window

WINDOWS = ("sum", "min", "max", "count", "lag")
_AGGREGATES = (
    *WINDOWS,
    "avg",
    "mean",
    "median",
    "stddev",
    "variance",
    "any_value",
    "row_number",
    "rank",
    "lead",
)
_IMPURE = ("now", "today", "current_date", "current_timestamp", "random", "rand", "uuid", "getdate")


def function(checker: Checker, node: Apply) -> Expr | None:
    """Return a function call or a window."""
    if node.over is not None or (
        node.name in _AGGREGATES and not (node.name in SPELLINGS and len(node.args) > 1)
    ):
        return _window(checker, node)
    known = FUNCTIONS.get(node.name)
    if known is None:
        _unknown(checker, node)
        return None
    count = len(node.args)
    if count < known.least or (count > len(known.arguments) and not known.more):
        checker.report(
            "R112",
            f"`{node.name}` has {count} argument{'s' if count != 1 else ''} in {checker.what}",
            node,
            f"written `{known.signature}`",
            (f"`{node.name}`: {known.about}",),
        )
        return None
    shapes = [known.arguments[min(i, len(known.arguments) - 1)] for i in range(count)]
    if "any" in shapes:
        values = checker.alike(node.args, f"the arguments of {node.name} have one type")
        return None if values is None else Call(function=node.name, args=tuple(values), type=values[0].type)
    args = [_argument(checker, node.name, shape, arg) for shape, arg in zip(shapes, node.args)]
    present = [arg for arg in args if arg is not None]
    if len(present) < len(args):
        return None
    return _typed(checker, known, node, present)


_MEANT = (
    (("isnull", "is_null", "isna", "isnan", "is_missing", "missing"), "x IS NULL"),
    (("exists", "notnull", "is_not_null", "has_value"), "x IS NOT NULL"),
    (("isin", "is_in", "in_list", "contains_any", "any"), "x IN ('a', 'b')"),
    (("date", "to_date"), "CAST(x AS DATE)"),
    (("xor",), "(a OR b) AND NOT (a AND b)"),
)
"""Functions of other languages that are operators here."""


def _unknown(checker: Checker, node: Apply) -> None:
    if node.name in _IMPURE:
        checker.report(
            "R110",
            f"`{node.name}()` is not part of the language",
            node,
            "its value changes from run to run",
            ("write the date or number itself",),
        )
        return
    meant = SPELLINGS.get(node.name)
    close = (meant,) if meant is not None else nearest(node.name, (*FUNCTIONS, "if"))
    helps = [f"did you mean `{close[0]}`?"] if close else [f"the functions are {', '.join(FUNCTIONS)}"]
    helps = next(([f"write `{text}`"] for names, text in _MEANT if node.name in names), helps)
    checker.report(
        "R109", f"unknown function in {checker.what}", node, f"there is no function `{node.name}`", helps
    )


def _argument(checker: Checker, name: str, shape: str, node: Syntax) -> Expr | None:
    """Return one argument of the shape that the function wants."""
    if shape in ("unit", "digits", "start", "count"):
        return _constant(checker, name, shape, node)
    if shape in ("when", "datetime") and isinstance(node, Constant) and node.kind == "text":
        return convert.constant(checker, node, _moment_of(node.text))
    found = checker.value(node)
    if found is None:
        return None
    fits: dict[str, tuple[str, ...]] = {
        "number": ("int", "decimal", "float"), "exact": ("int", "decimal"), "text": ("text",),
        "when": ("date", "datetime"), "datetime": ("datetime",), "bool": ("bool",),
    }  # fmt: skip
    if found.type.name in fits[shape]:
        return found
    wanted = " or ".join(fits[shape])
    helps = _way_out(checker, name, shape, node, found.type)
    checker.mismatch(f"`{name}` needs a value of type {wanted}", node, found.type, *helps)
    return None


def _way_out(checker: Checker, name: str, shape: str, node: Syntax, type_: Type) -> tuple[str, ...]:
    """Return what to type instead of an argument of the wrong type."""
    text = checker.source(node)
    match shape:
        case "text" if type_.name != "float":
            return (f"write `CAST({text} AS text)`",)
        case "text":
            return (f"round it first: `CAST(round({text}, 2) AS text)`",)
        case "exact" if type_.name == "float":
            return (f"round it first: `round({text}, 2)`",)
        case "number" | "exact" if type_.name in ("date", "datetime"):
            return ("take a part of it: `year(d)`, `month(d)`, `date_diff('day', a, b)`",)
        case "number" | "exact" if type_.name == "bool":
            return (f"write `CASE WHEN {text} THEN 1 ELSE 0 END`",)
        case "datetime" if type_.name == "date":
            return (f"write `CAST({text} AS datetime)`",)
        case "when" | "datetime":
            return ("name a column of type date or datetime", "or write a date in quotes: `'2024-12-31'`")
        case "bool":
            return (f"write a comparison, like `{text} > 0`",)
    return (f"`{name}`: {FUNCTIONS[name].about}",)


def _moment_of(text: str) -> ColumnInfo:
    return ColumnInfo(DATE if len(text.strip()) <= 10 else DATETIME)


def _constant(checker: Checker, name: str, shape: str, node: Syntax) -> Expr | None:
    if shape == "unit":
        if isinstance(node, Constant) and node.kind == "text" and node.text in UNITS:
            return Literal_(text=node.text, type=TEXT)
        checker.report(
            "R111",
            f"`{name}` starts with a unit in {checker.what}",
            node,
            "not a unit",
            (f"one of {', '.join(repr(unit) for unit in UNITS)}",),
        )
        return None
    low, high = {"digits": (-12, 12), "start": (1, 10_000), "count": (0, 10_000)}[shape]
    if isinstance(node, Constant) and node.kind == "number":
        text = node.text
        if text.lstrip("-").isdigit() and len(text) < 8 and low <= int(text) <= high:
            return Literal_(text=str(int(text)), type=INT)
    checker.report(
        "R111",
        f"`{name}` needs a constant here in {checker.what}",
        node,
        "not a constant in range",
        (f"write a whole number from {low} to {high}",),
    )
    return None


def _typed(checker: Checker, known: Function, node: Apply, args: list[Expr]) -> Expr | None:
    """Return the call with its result type and its arguments converted."""
    match known.name:
        case "power" | "sqrt" | "ln" | "exp":
            args = [convert.to_float(arg) for arg in args]
        case "mod":
            type_ = convert.common([arg.type for arg in args]) or INT
            made = [convert.widen(arg, type_) for arg in args]
            return Call(function="mod", args=tuple(arg for arg in made if arg is not None), type=type_)
        case "round":
            digits = int(args[1].text or 0) if len(args) > 1 and isinstance(args[1], Literal_) else 0
            return Call(function="round", args=tuple(args), type=decimal(digits) if digits >= 1 else INT)
        case "date_diff":
            target = DATETIME if _unit(args[0]) in CLOCK_UNITS else DATE
            args = [args[0], *(_as(arg, target) for arg in args[1:])]
        case "age_years":
            args = [_as(arg, DATE) for arg in args]
        case "date_add":
            if args[1].type != INT:
                checker.mismatch("`date_add` needs a whole number", node.args[1], args[1].type)
                return None
            if _unit(args[0]) in CLOCK_UNITS:
                args[2] = _as(args[2], DATETIME)
            return Call(function="date_add", args=tuple(args), type=args[2].type)
    result = known.result if isinstance(known.result, Type) else args[0].type
    return Call(function=known.name, args=tuple(args), type=result)


def _unit(expr: Expr) -> str:
    return (expr.text or "") if isinstance(expr, Literal_) else ""


def _as(expr: Expr, target: Type) -> Expr:
    if expr.type == target:
        return expr
    if isinstance(expr, Literal_) and expr.text is not None:
        text = expr.text[:10] if target == DATE else f"{expr.text}T00:00:00"
        return Literal_(text=text, type=target)
    return Cast(arg=expr, type=target)


def joined(checker: Checker, nodes: Sequence[Syntax], sides: Sequence[Expr | None]) -> Expr | None:
    """Return `a || b` as concat."""
    if any(side is not None and side.type == BOOL for side in sides):
        start = checker.text.index("||", nodes[0].end)
        bars = Constant("text", "", start, start + 2)
        code, message = OR_MEANT
        instead = spaced(checker.text, start, start + 2, "OR")
        checker.report(code, message, bars, "write OR", (FIXED_OR,), instead)
        return None
    for node, side in zip(nodes, sides):
        if side is not None and side.type != TEXT:
            checker.mismatch("`||` joins texts", node, side.type, "write `CAST(... AS text)`")
            return None
    present = tuple(side for side in sides if side is not None)
    return Call(function="concat", args=present, type=TEXT) if len(present) == len(sides) else None


def _window(checker: Checker, node: Apply) -> Expr | None:
    if node.over is None or not checker.windows:
        where = "in `derive` only" if node.over is not None or checker.windows else "not in a single row"
        checker.report(
            "R113",
            f"`{node.name}` looks at several rows in {checker.what}",
            node,
            where,
            ("derive a column: `sum(x) OVER (PARTITION BY unit ORDER BY day)`, and use it here",),
        )
        return None
    if node.name not in WINDOWS:
        checker.report(
            "R114",
            f"`{node.name}` is not a window function",
            node,
            "not known",
            (f"the window functions are {', '.join(WINDOWS)}",),
        )
        return None
    if not _framed(checker, node):
        return None
    count = 1 if node.star else len(node.args)
    if count != 1 and not (node.name == "lag" and count == 2):
        checker.report(
            "R112",
            f"`{node.name}` has {count} argument{'s' if count != 1 else ''} in {checker.what}",
            node,
            "takes one column",
            (f"write `{node.name}(x) OVER (...)`",),
        )
        return None
    arg = Literal_(text="1", type=INT) if node.star else checker.value(node.args[0])
    if arg is None:
        return None
    if node.name == "sum" and arg.type.name not in ("int", "decimal", "float"):
        checker.mismatch(
            "`sum` needs numbers", node.args[0], arg.type, "write `CASE WHEN ... THEN 1 ELSE 0 END`"
        )
        return None
    if has_window(arg):
        checker.report("R114", f"a window inside a window in {checker.what}", node.args[0], "derive it first")
        return None
    if not node.star and not columns_of(arg):
        checker.report(
            "R114", f"`{node.name}` needs a column in {checker.what}", node.args[0], "the same in every row"
        )
        return None
    args: tuple[Expr, ...] = (arg,)
    if len(node.args) == 2:
        step = _constant(checker, "lag", "start", node.args[1])
        if step is None:
            return None
        args = (arg, step)
    assert node.over is not None
    return Window(
        function=node.name,
        args=args,
        partition=node.over.partition[0].name,
        order=tuple(name.name for name in node.over.order),
        type=INT if node.name == "count" else arg.type,
    )


def _framed(checker: Checker, node: Apply) -> bool:
    """Check PARTITION BY and ORDER BY; report what is wrong."""
    over = node.over
    assert over is not None
    unknown = [name for name in (*over.partition, *over.order) if info(checker.scope, name.name) is None]
    for name in unknown:
        names.unknown(checker, name, nearest(name.name, checker.scope))
    if unknown:
        return False
    right = len(over.partition) == 1 and checker.unit in (None, over.partition[0].name)
    if not right or (node.name == "lag" and not over.order):
        unit = checker.unit or "unit"
        checker.report(
            "R114",
            f"a window stays inside one unit in {checker.what}",
            node,
            "wrong PARTITION BY or ORDER BY",
            (f"write `OVER (PARTITION BY {unit} ORDER BY day)`",),
        )
        return False
    return True
