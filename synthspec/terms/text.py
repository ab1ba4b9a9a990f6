"""Text: an expression as readable SQL, in the language of specs; parsing it gives the expression back.

Index, Bin and Lookup never come from text; they are shown in a form of their own.
"""

from __future__ import annotations

from typing import assert_never

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
from synthspec.terms.types import Type

_ATOMS = (Column, Literal_, Case, Cast, Call, Window, Index, Bin, Lookup)


def to_text(expr: Expr) -> str:
    """Return readable SQL.

    >>> from synthspec.terms.types import INT
    >>> to_text(Compare(op=">=", left=Column(name="age", type=INT), right=Literal_(text="18", type=INT)))
    'age >= 18'
    """
    match expr:
        case Column():
            return expr.name
        case Literal_():
            return _literal(expr)
        case Not():
            return f"NOT {_inner(expr.arg)}"
        case Logic():
            return f" {expr.op.upper()} ".join(_inner(arg) for arg in expr.args)
        case Compare() | Arithmetic():
            return f"{_inner(expr.left)} {expr.op} {_inner(expr.right)}"
        case In():
            return f"{_inner(expr.arg)} IN ({', '.join(_literal(value) for value in expr.values)})"
        case Like():
            return f"{_inner(expr.arg)} LIKE {quoted(expr.pattern)}"
        case IsNull():
            return f"{_inner(expr.arg)} IS NULL"
        case Case():
            branches = " ".join(f"WHEN {to_text(when)} THEN {to_text(then)}" for when, then in expr.branches)
            return f"CASE {branches} ELSE {to_text(expr.otherwise)} END"
        case Cast():
            return f"CAST({to_text(expr.arg)} AS {type_text(expr.type)})"
        case Call():
            return f"{expr.function}({', '.join(to_text(arg) for arg in expr.args)})"
        case Window():
            args = ", ".join(to_text(arg) for arg in expr.args)
            order = f" ORDER BY {', '.join(expr.order)}" if expr.order else ""
            return f"{expr.function}({args}) OVER (PARTITION BY {expr.partition}{order})"
        case Index():
            return f"position of {to_text(expr.arg)} among {len(expr.values)} values"
        case Bin():
            return f"bin of {to_text(expr.arg)} among {len(expr.edges) - 1}"
        case Lookup():
            return f"lookup of ({', '.join(to_text(key) for key in expr.keys)}) in {len(expr.table)} entries"
    assert_never(expr)


def _inner(expr: Expr) -> str:
    text = to_text(expr)
    return text if isinstance(expr, _ATOMS) and not text.startswith("-") else f"({text})"


def quoted(text: str) -> str:
    """Return a text in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def type_text(type_: Type) -> str:
    """Return a type as CAST names it."""
    return f"decimal({type_.scale})" if type_.name == "decimal" else type_.name


def _literal(value: Literal_) -> str:
    text, type_ = value.text, value.type
    if text is None:
        return "NULL" if type_.name == "null" else f"CAST(NULL AS {type_text(type_)})"
    match type_.name:
        case "text":
            return quoted(text)
        case "date":
            return f"DATE {quoted(text)}"
        case "datetime":
            return f"TIMESTAMP {quoted(text)}"
        case "float":
            return text if "e" in text else f"{text}e0"
        case "decimal" if type_.scale == 0:
            return f"CAST({text} AS decimal(0))"
        case _:
            return text
