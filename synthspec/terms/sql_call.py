"""SQL call: the functions of the closed list as SQL text."""

from __future__ import annotations

from synthspec.terms.dialect import Dialect
from synthspec.terms.expr import Call, Literal_
from synthspec.terms.functions import CLOCK_UNITS, FIRST_DAY, LAST_DAY
from synthspec.terms.types import FLOAT, INT

_SAME = {"lower", "upper", "nullif", "coalesce", "least", "greatest"}
_SECONDS = {"hour": 3600, "minute": 60, "second": 1}


def call(expr: Call, args: list[str], dialect: Dialect) -> str:
    """Return a function of the closed list applied to SQL texts."""
    name, first, type_ = expr.function, args[0], expr.args[0].type
    if name in _SAME:
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
            return dialect.finite(dialect.tried(f"{name}({', '.join(args)})"))
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
    if source == FLOAT and dialect.name == "duckdb":
        found = f"{name}({value})"
        return f"(CASE WHEN abs({found}) < 9223372036854775808.0 THEN TRY_CAST({found} AS BIGINT) END)"
    return f"CAST({name}({value}) AS {dialect.type(INT)})"


def _within(name: str, text: str, part: str, dialect: Dialect) -> str:
    if dialect.name == "duckdb":
        return f"{name}({text}, {part})"
    if dialect.name == "spark":
        return f"{name.replace('_with', 'swith')}({text}, {part})"
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
    type_ = dialect.type(expr.type)
    number = f"CAST({count} AS INTEGER)"
    if dialect.name == "spark":
        return f"CAST({when} + make_interval({_spark_interval(unit, number)}) AS {type_})"
    if dialect.name == "postgres":
        return f"CAST({when} + {number} * INTERVAL '1 {unit}' AS {type_})"
    per = {"year": 12, "month": 1, "week": 7, "day": 1, **_SECONDS}[unit]
    maker = (
        "to_months" if unit in ("year", "month") else "to_days" if unit in ("week", "day") else "to_seconds"
    )
    wide = f"(CAST({count} AS HUGEINT) * {per})"
    limit = 4_000_000 if unit not in CLOCK_UNITS else 400_000_000_000
    whole = "INTEGER" if unit not in CLOCK_UNITS else "BIGINT"
    inside = f"CAST((CASE WHEN abs({wide}) <= {limit} THEN {wide} END) AS {whole})"
    moved = f"TRY(CAST({when} + {maker}({inside}) AS {type_}))"
    days = f"(CAST({moved} AS DATE) - DATE '1970-01-01')"
    return f"(CASE WHEN {days} BETWEEN {FIRST_DAY} AND {LAST_DAY} THEN {moved} END)"


def _spark_interval(unit: str, number: str) -> str:
    names = ("year", "month", "week", "day", "hour", "minute", "second")
    return ", ".join(number if name == unit else "0" for name in names)
