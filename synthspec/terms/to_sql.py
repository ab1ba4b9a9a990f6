"""To SQL: an expression as text for another engine, so that auditors can re-run every rule in their own.

Columns have the types BIGINT, DECIMAL(18, n), DOUBLE, VARCHAR, DATE, TIMESTAMP and BOOLEAN; names are
quoted. In DuckDB the value equals `evaluate` on every row (law). In PostgreSQL and Spark it does where no
floating-point number overflows: those raise, or wrap, where we say null.
"""

from __future__ import annotations

from typing import Literal, assert_never

from synthspec.terms.dialect import DIALECTS, Dialect
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
from synthspec.terms.literal import constant
from synthspec.terms.sql_call import call
from synthspec.terms.text import quoted
from synthspec.terms.types import FLOAT, INT, TEXT, Type

DialectName = Literal["duckdb", "postgres", "spark"]
_FEW = 16
"""Listed values that are told apart by a CASE in any engine."""


def to_sql(expr: Expr, dialect: DialectName = "duckdb") -> str:
    """Return `expr` as SQL text; only names of columns and constants come from it, both quoted."""
    return _Writer(DIALECTS[dialect]).write(expr)


def identifier(name: str, dialect: DialectName = "duckdb") -> str:
    """Return a column's name, quoted."""
    return DIALECTS[dialect].identifier(name)


def sql_type(type_: Type, dialect: DialectName = "duckdb") -> str:
    """Return the type that a column of `type_` has in the other engine."""
    return DIALECTS[dialect].type(type_)


class _Writer:
    """Writes every node in parentheses of its own, so that no precedence is relied on."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def write(self, expr: Expr) -> str:
        match expr:
            case Column():
                return self.dialect.identifier(expr.name)
            case Literal_():
                return self.literal(expr)
            case Not():
                return f"(NOT {self.write(expr.arg)})"
            case Logic():
                return "(" + f" {expr.op.upper()} ".join(self.write(arg) for arg in expr.args) + ")"
            case Compare():
                return self.compare(expr)
            case In():
                values = ", ".join(self.literal(value) for value in expr.values)
                return f"({self.write(expr.arg)} IN ({values}))"
            case Like():
                return self.dialect.like(self.write(expr.arg), expr.pattern)
            case IsNull():
                return f"({self.write(expr.arg)} IS NULL)"
            case Case():
                parts = [f"WHEN {self.write(when)} THEN {self.write(then)}" for when, then in expr.branches]
                return f"(CASE {' '.join(parts)} ELSE {self.write(expr.otherwise)} END)"
            case Cast():
                return self.cast(self.write(expr.arg), expr.arg.type, expr.type)
            case Arithmetic():
                return self.arithmetic(expr)
            case Call():
                return call(expr, [self.write(arg) for arg in expr.args], self.dialect)
            case Window():
                return self.window(expr)
            case Index():
                return self.index(expr)
            case Bin():
                return self.bin(expr)
            case Lookup():
                return self.lookup(expr)
        assert_never(expr)

    def literal(self, value: Literal_) -> str:
        if value.text is None:
            return f"CAST(NULL AS {self.dialect.type(value.type)})" if value.type.name != "null" else "NULL"
        if value.type.name == "bool":
            return value.text.upper()
        text = value.text.replace("T", " ") if value.type.name == "datetime" else value.text
        if value.type == TEXT:
            return self.dialect.text(text)
        return f"CAST({quoted(text)} AS {self.dialect.type(value.type)})"

    def compare(self, expr: Compare) -> str:
        left, right = self.write(expr.left), self.write(expr.right)
        if expr.op not in ("=", "<>"):
            left = self.dialect.ordered(left, expr.left.type)
        return f"({left} {expr.op} {right})"

    def real(self, expr: Expr) -> str:
        """Return a double that may be infinite or no number where `write` gives null.

        What is not finite stays so under + - * and as a dividend: one test at the end is enough.
        """
        if not isinstance(expr, Arithmetic) or expr.type != FLOAT:
            return self.write(expr)
        if expr.op == "/":
            return f"({self.real(expr.left)} / NULLIF({self.write(expr.right)}, 0))"
        return f"({self.real(expr.left)} {expr.op} {self.real(expr.right)})"

    def arithmetic(self, expr: Arithmetic) -> str:
        if expr.type == FLOAT:
            return self.dialect.finite(self.real(expr))
        left, right = self.write(expr.left), self.write(expr.right)
        if expr.op == "%":
            return self.dialect.exact(f"({left} % NULLIF({right}, 0))", expr.type)
        left, right = self.dialect.wide(left, expr.left.type), self.dialect.wide(right, expr.right.type)
        return self.dialect.exact(f"({left} {expr.op} {right})", expr.type)

    def cast(self, value: str, source: Type, target: Type) -> str:
        if source == target:
            return value
        match target.name:
            case "int":
                return self.dialect.rounded(value, source, 0, target)
            case "decimal":
                return self.dialect.rounded(value, source, target.scale, target)
            case "float":
                return self.dialect.real(value, source)
            case "text":
                return self.dialect.as_text(value, source)
            case _:
                return f"CAST({value} AS {self.dialect.type(target)})"

    def window(self, expr: Window) -> str:
        args = [self.dialect.ordered(self.write(arg), arg.type) for arg in expr.args]
        order = ""
        if expr.order:
            keys = ", ".join(f"{self.dialect.identifier(name)} NULLS LAST" for name in expr.order)
            order = f" ORDER BY {keys}"
            if expr.function == "lag":
                args[1:] = [str(constant(step)) for step in expr.args[1:] if isinstance(step, Literal_)]
            else:
                order += " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
        over = f"PARTITION BY {self.dialect.identifier(expr.partition)}{order}"
        found = f"{expr.function}({', '.join(args)}) OVER ({over})"
        if expr.function == "sum" and expr.type != FLOAT:
            return self.dialect.exact(found, expr.type)
        return found

    def index(self, expr: Index) -> str:
        value = self.cast(self.write(expr.arg), expr.arg.type, TEXT)
        if self.dialect.name == "spark" and len(expr.values) > _FEW:  # its compiler gives up on long CASEs
            listed = ", ".join(self.dialect.text(text) for text in expr.values)
            found = f"NULLIF(array_position(array({listed}), {value}), 0) - 1"
            return f"CAST({found} AS {self.dialect.type(INT)})"
        parts = [f"WHEN {self.dialect.text(text)} THEN {i}" for i, text in enumerate(expr.values)]
        return f"CAST((CASE {value} {' '.join(parts)} END) AS {self.dialect.type(INT)})"

    def bin(self, expr: Bin) -> str:
        value = self.dialect.number(self.write(expr.arg), expr.arg.type)
        inner = list(enumerate(expr.edges))[1:-1]
        parts = [f"WHEN {value} IS NULL THEN NULL", *(f"WHEN {value} < {e!r} THEN {i - 1}" for i, e in inner)]
        return f"CAST((CASE {' '.join(parts)} ELSE {len(expr.edges) - 2} END) AS {self.dialect.type(INT)})"

    def lookup(self, expr: Lookup) -> str:
        keys = [self.write(key) for key in expr.keys]
        parts = []
        for names, text in rows_of(expr):
            tests = " AND ".join(f"{key} = {name}" for key, name in zip(keys, self.literals(expr, names)))
            parts.append(f"WHEN {tests} THEN {self.literal(Literal_(text=text, type=expr.type))}")
        if not parts:
            return self.literal(Literal_(text=None, type=expr.type))
        return f"(CASE {' '.join(parts)} END)"

    def literals(self, expr: Lookup, names: tuple[str, ...]) -> list[str]:
        """Return the key of one line of a lookup as constants of the keys' types."""
        return [self.literal(Literal_(text=name, type=key.type)) for key, name in zip(expr.keys, names)]


def rows_of(expr: Lookup) -> list[tuple[tuple[str, ...], str]]:
    """Return the lines of a lookup that have a value, each key once."""
    return [(names, text) for names, text in dict(expr.table).items() if text is not None]
