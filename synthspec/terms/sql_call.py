"""SQL call: the functions of the closed list as SQL text."""

from __future__ import annotations

from synthspec.terms.dialect import Dialect
from synthspec.terms.expr import Call, Literal_
from synthspec.terms.functions import FIRST_DAY, LAST_DAY
from synthspec.terms.types import FLOAT, INT

_SAME = {"lower", "upper", "nullif", "coalesce", "least", "greatest"}
_SECONDS = {"hour": 3600, "minute": 60, "second": 1}
_PER = {"year": 12, "month": 1, "week": 7, "day": 1, **_SECONDS}
_EXP_MOST, _EXP_LEAST = "709.782712893384", "-745.1332191019412"


def call(expr: Call, args: list[str], dialect: Dialect) -> str:
    """Return a function of the closed list applied to SQL texts."""
    name, first, type_ = expr.function, args[0], expr.args[0].type
    if name in _SAME:
        if name in ("least", "greatest"):
            args = [dialect.ordered(arg, type_) for arg in args]
        return f"{name}({', '.join(args)})"
    match name:
        case "abs":
            return f"abs({first})"
        case "sign":
            return f"CAST(sign({first}) AS {dialect.type(INT)})"
        case "round":
            digits = int(_text(expr, 1)) if len(args) > 1 else 0
            return dialect.rounded(first, type_, digits, expr.type)
        case "floor" | "ceil":
            return _whole(name, first, expr, dialect)
        case "mod":
            return dialect.exact(f"({first} % NULLIF({args[1]}, 0))", expr.type)
        case "power" | "sqrt" | "ln" | "exp":
            reals = [
                value if arg.type == FLOAT else dialect.real(value, arg.type)
                for value, arg in zip(args, expr.args)
            ]
            return _real(name, reals, dialect)
        case "length":
            return f"CAST(length({first}) AS {dialect.type(INT)})"
        case "trim":
            return f"trim({first})"
        case "concat":
            return "(" + " || ".join(args) + ")"
        case "substr":
            return f"substr({', '.join([first, *(_text(expr, i) for i in range(1, len(args)))])})"
        case "starts_with" | "ends_with" | "contains":
            return _within(name, first, args[1], dialect)
        case "date_diff":
            return _date_diff(_text(expr, 0), args[1], args[2], dialect)
        case "date_add":
            return _date_add(_text(expr, 0), args[1], args[2], expr, dialect)
        case "age_years":
            before = f"(CASE WHEN {_in_year(args[1])} < {_in_year(first)} THEN 1 ELSE 0 END)"
            return _int(f"{_part('year', args[1])} - {_part('year', first)} - {before}", dialect)
        case "year" | "quarter" | "month" | "day" | "hour":
            return _int(_part(name, first), dialect)
        case "weekday":
            if dialect.name == "spark":
                return _int(f"weekday({first}) + 1", dialect)
            return _int(_part("isodow", first), dialect)
    raise ValueError(f"`{name}` is not a function")


def _text(expr: Call, position: int) -> str:
    arg = expr.args[position]
    assert isinstance(arg, Literal_) and arg.text is not None
    return arg.text


def _int(value: str, dialect: Dialect) -> str:
    return f"CAST(({value}) AS {dialect.type(INT)})"


def _part(name: str, value: str) -> str:
    return f"extract({name} FROM {value})"


def _in_year(value: str) -> str:
    return f"({_part('month', value)} * 100 + {_part('day', value)})"


def _whole(name: str, value: str, expr: Call, dialect: Dialect) -> str:
    source = expr.args[0].type
    if source == INT:
        return value
    if source == FLOAT:
        found = f"{name}({value})"
        return f"(CASE WHEN abs({found}) < 9223372036854775808.0 THEN CAST({found} AS BIGINT) END)"
    return f"CAST({name}({value}) AS {dialect.type(INT)})"


def _within(name: str, text: str, part: str, dialect: Dialect) -> str:
    if dialect.name == "duckdb":
        return f"{name}({text}, {part})"
    if dialect.name == "spark":
        return f"{name.replace('_', '')}({text}, {part})"
    match name:
        case "starts_with":
            return f"starts_with({text}, {part})"
        case "ends_with":
            return f"(right({text}, length({part})) = {part})"
        case _:
            return f"(position({part} IN {text}) > 0)"


def _days(value: str, dialect: Dialect) -> str:
    if dialect.name == "spark":
        return f"datediff({value}, DATE '1970-01-01')"
    return f"({value} - DATE '1970-01-01')"


def _date_diff(unit: str, first: str, second: str, dialect: Dialect) -> str:
    def months(value: str) -> str:
        return f"({_part('year', value)} * 12 + {_part('month', value)})"

    def weeks(value: str) -> str:
        return f"floor(({_days(value, dialect)} + 3) / 7.0)"

    def clock(value: str) -> str:
        epoch = f"unix_timestamp({value})" if dialect.name == "spark" else _part("epoch", value)
        return f"floor({epoch} / {_SECONDS[unit]}.0)"

    match unit:
        case "year":
            found = f"{_part('year', second)} - {_part('year', first)}"
        case "month":
            found = f"{months(second)} - {months(first)}"
        case "week":
            found = f"{weeks(second)} - {weeks(first)}"
        case "day":
            found = f"{_days(second, dialect)} - {_days(first, dialect)}"
        case _:
            found = f"{clock(second)} - {clock(first)}"
    return _int(found, dialect)


def _date_add(unit: str, count: str, when: str, expr: Call, dialect: Dialect) -> str:
    """Return a date moved by so many units; null where it would leave the years 1 to 9999.

    The test is on the place where it would lie, so that no engine ever makes a date that it cannot hold.
    """
    shift = f"({dialect.wide(count, INT)} * {_PER[unit]})"
    if unit in ("year", "month"):
        kind, first, last = "month", 12, 9999 * 12 + 11
        place = f"{_part('year', when)} * 12 + {_part('month', when)} - 1"
    elif unit in ("week", "day"):
        kind, first, last = "day", FIRST_DAY, LAST_DAY
        place = _days(f"CAST({when} AS DATE)", dialect)
    else:
        kind, first, last = "second", FIRST_DAY * 86_400, LAST_DAY * 86_400 + 86_399
        place = f"unix_timestamp({when})" if dialect.name == "spark" else _part("epoch", when)
    moved = f"CAST({when} + {_interval(kind, shift, dialect)} AS {dialect.type(expr.type)})"
    return f"(CASE WHEN {place} + {shift} BETWEEN {first} AND {last} THEN {moved} END)"


def _interval(kind: str, number: str, dialect: Dialect) -> str:
    if dialect.name == "postgres":
        return f"CAST({number} AS {'BIGINT' if kind == 'second' else 'INTEGER'}) * INTERVAL '1 {kind}'"
    if dialect.name == "duckdb":
        return f"to_{kind}s(TRY_CAST({number} AS {'BIGINT' if kind == 'second' else 'INTEGER'}))"
    places = {"month": "0, {}", "day": "0, 0, 0, {}", "second": "0, 0, 0, 0, 0, 0, {}"}
    whole = "DECIMAL(18, 6)" if kind == "second" else "INTEGER"
    return f"make_interval({places[kind].format(f'CAST({number} AS {whole})')})"


def _real(name: str, args: list[str], dialect: Dialect) -> str:
    """Return a real function, null where it has no finite value, without leaving that to the engine."""
    x = args[0]
    match name:
        case "sqrt":
            return f"(CASE WHEN {x} >= 0 THEN sqrt({x}) END)"
        case "ln":
            return f"(CASE WHEN {x} > 0 THEN ln({x}) END)"
        case "exp":
            zero, most = "CAST('0.0' AS " + dialect.double + ")", f"{x} <= {_EXP_MOST}"
            return f"(CASE WHEN {x} < {_EXP_LEAST} THEN {zero} WHEN {most} THEN exp({x}) END)"
    found = f"power({x}, {args[1]})"
    return _guarded(x, args[1], found, dialect) if dialect.name == "postgres" else dialect.finite(found)


def _guarded(x: str, y: str, found: str, dialect: Dialect) -> str:
    """Return a power for an engine that raises where it has no finite value."""
    zero, one = (f"CAST('{value}' AS {dialect.double})" for value in ("0.0", "1.0"))
    at_zero = f"(CASE WHEN {y} > 0 THEN {zero} WHEN {y} = 0 THEN {one} END)"
    size = f"{y} * ln(abs({x}))"
    return (
        f"(CASE WHEN {x} = 0 THEN {at_zero} WHEN {x} < 0 AND {y} <> floor({y}) THEN NULL "
        f"WHEN {size} > {_EXP_MOST} THEN NULL WHEN {size} < {_EXP_LEAST} THEN {zero} ELSE {found} END)"
    )
