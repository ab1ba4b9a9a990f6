"""Rules of every kind, every function in one of them, and random small tables: nulls, ties, negatives."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from synthspec.rules import AnyRule, Check, Combos, Determines, NoOverlap, Unique
from synthspec.spec.expression import parse_expression
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, Type, decimal

MONEY = decimal(2)
SCOPE: dict[str, Type] = {
    "i": INT,
    "j": INT,
    "m": MONEY,
    "k": decimal(3),
    "x": FLOAT,
    "y": FLOAT,
    "s": TEXT,
    "u": TEXT,
    "d": DATE,
    "e": DATE,
    "t": DATETIME,
    "v": DATETIME,
    "p": BOOL,
}

CONDITIONS = (
    "i < j",
    "i + j >= 0",
    "i * j - 3 <= 1",
    "i % 3 = 1",
    "mod(i, j) <> 0",
    "m + m - 1 <= k",
    "m * i > 2",
    "k = m",
    "m % 0.75 > 0",
    "x / i < 2",
    "i / j > m",
    "x * y - x > y",
    "abs(i) > 2",
    "abs(m) > 1.5",
    "sign(x) = 1 OR sign(i) = -1",
    "round(x) = 2",
    "round(x, 1) = 2.5",
    "round(m, 1) = m",
    "round(k, 2) = m",
    "round(i, -1) = 0",
    "floor(x) = i",
    "ceil(m) = i",
    "floor(m) < ceil(x)",
    "power(i, 2) > 3",
    "power(x, y) < 3",
    "power(j, -1) > 0.4",
    "sqrt(x) > 1.1",
    "sqrt(m) < 1.6",
    "ln(y) < 1",
    "exp(i * 200) < 1",
    "exp(x) > 2",
    "least(i, j) < 0",
    "greatest(m, k) > 1",
    "least(d, e) > '2000-01-01'",
    "greatest(s, u) < 'b'",
    "coalesce(i, j, 0) > 1",
    "nullif(i, j) > 0",
    "length(s) < 2",
    "lower(s) = u",
    "upper(u) = s",
    "trim(s) = s",
    "starts_with(s, 'a')",
    "ends_with(s, u)",
    "contains(s, u)",
    "substr(s, 2) = 'b'",
    "substr(s, 1, 1) = u",
    "concat(s, u) = 'ab'",
    "s < u",
    "s >= 'B'",
    "s BETWEEN 'A' AND 'a'",
    "s LIKE 'a%'",
    "s LIKE '_\\%'",
    "s = 'it''s'",
    "s <> '\\'",
    "s IN ('a', '', 'B')",
    "year(d) = 2000",
    "quarter(t) = 1",
    "month(d) < month(e)",
    "day(t) > 15",
    "weekday(d) = 7",
    "hour(t) < 12",
    "date_diff('year', d, e) > 0",
    "date_diff('month', d, t) > 1",
    "date_diff('week', d, e) <= 0",
    "date_diff('day', t, v) >= 0",
    "date_diff('hour', t, v) > 5",
    "date_diff('minute', t, v) <> 0",
    "date_diff('second', d, t) > 86400",
    "date_add('month', i, d) <= e",
    "date_add('year', j * 4000, d) > e",
    "date_add('day', i, t) > v",
    "date_add('week', i, d) < e",
    "date_add('hour', j, t) < v",
    "date_add('second', i * 100000, d) < t",
    "date_add('minute', i, t) <> v",
    "age_years(d, e) >= 1",
    "CAST(t AS date) = d",
    "CAST(d AS datetime) < t",
    "CAST(x AS int) = i",
    "CAST(i AS decimal(2)) = m",
    "CAST(x AS decimal(2)) = m",
    "CAST(i AS text) = s",
    "CAST(m AS text) LIKE '%.50'",
    "CAST(d AS text) > '2000'",
    "CAST(t AS text) LIKE '%T00:00:00'",
    "CAST(p AS text) = 'true'",
    "CAST(m AS float) / 3 > x",
    "p",
    "NOT p",
    "p OR i > 0",
    "p AND i > 0",
    "p IS NULL",
    "p IS NOT TRUE",
    "i IS NOT NULL",
    "i IN (1, 2)",
    "m IN (1.50, -2)",
    "d IN ('2000-02-29')",
    "x IN (0.5, -0.5)",
    "i NOT IN (1)",
    "m BETWEEN -1 AND i",
    "CASE WHEN i > 0 THEN m ELSE k END > 0.5",
    "CASE WHEN p THEN s WHEN i = 1 THEN u ELSE 'z' END = 'z'",
    "x + y + x + y + x + y + x + y + x + y + x + y < 4",
)


def parsed(text: str) -> Check | None:
    """Return a rule of a text; None where the language does not have it."""
    found = parse_expression(text, SCOPE)
    return None if isinstance(found, list) else Check(name=text, text=text, expression=found)


def _long(lines: int) -> tuple[tuple[str, ...], ...]:
    """Return tuples that allow even numbers with some texts, then many that no row has."""
    real = [(text, str(i)) for text in ("a", "b", "it's", "\\", "") for i in range(-4, 5) if i % 2 == 0]
    return (*real, *((f"k{i}", str(i)) for i in range(max(0, lines - len(real)))))


def shelf(lines: int = 300) -> list[AnyRule]:
    """Return the rules; `lines` is the length of the long list of tuples."""
    checks = [parsed(text) for text in CONDITIONS]
    assert None not in checks, [t for t, c in zip(CONDITIONS, checks, strict=True) if c is None]
    others: list[AnyRule] = [
        Combos(
            name="few", text="", over=("s", "p"), types=(TEXT, BOOL), rows=(("a", "true"), ("b", "false"))
        ),
        Combos(name="many", text="", over=("s", "i"), types=(TEXT, INT), rows=_long(lines)),
        Combos(name="amounts", text="", over=("m", "d"), types=(MONEY, DATE), rows=_amounts()),
        Combos(name="times", text="", over=("t", "x"), types=(DATETIME, FLOAT), rows=_times()),
        Unique(name="key", text="", over=("i",)),
        Unique(name="keys", text="", over=("s", "d")),
        Determines(name="follows", text="", determined=("u",), by=("s",)),
        Determines(name="follow", text="", determined=("u", "m"), by=("i", "p")),
        NoOverlap(name="apart", text="", start="t", end="v", per="s"),
        NoOverlap(name="days-apart", text="", start="d", end="e", per="i"),
    ]
    return [each for each in checks if each is not None] + others


def _amounts() -> tuple[tuple[str, ...], ...]:
    days = [(date(2000, 2, 26) + timedelta(days=n)).isoformat() for n in range(5)]
    return tuple((f"{n / 2:.2f}", day) for n in range(-3, 7) for day in days)


def _times() -> tuple[tuple[str, ...], ...]:
    moments = [(datetime(2000, 2, 28) + timedelta(hours=6 * n)).isoformat() for n in range(6)]
    return tuple((moment, repr(value)) for moment in moments for value in (0.5, -0.5, 2.5, 1e-05))


_VALUES: dict[str, Callable[[random.Random], Any]] = {
    "int": lambda r: r.choice([-4, -3, -2, -1, 0, 1, 2, 3, 4, 15, 25]),
    "float": lambda r: r.choice([-2.5, -0.5, 0.0, 0.5, 1e-05, 1.005, 1.5, 2.5, 3.0, 1234.567]),
    "text": lambda r: r.choice(["", "a", "A", "b", "B", "ab", "aB ", "it's", "\\", "x\\", "x%", "1", "-2"]),
    "bool": lambda r: r.random() < 0.5,
    "date": lambda r: date(2000, 2, 26) + timedelta(days=r.choice([0, 1, 2, 3, 4, 5, 300, 366, -500])),
    "datetime": lambda r: (
        datetime(2000, 2, 28) + timedelta(seconds=r.choice([0, 1, 21600, 64800, -1, 9 * 10**6]))
    ),
}


def table(seed: int, rows: int = 40) -> list[dict[str, Any]]:
    """Return random rows; a value in eight is null."""
    rng = random.Random(seed)

    def value(type_: Type) -> Any:
        if rng.random() < 0.12:
            return None
        if type_.name == "decimal":
            return (
                Decimal(rng.choice([-500, -250, -125, 0, 50, 150, 155, 275]))
                .scaleb(-2)
                .quantize(Decimal(1).scaleb(-type_.scale))
            )
        return _VALUES[type_.name](rng)

    return [{name: value(type_) for name, type_ in SCOPE.items()} for _ in range(rows)]
