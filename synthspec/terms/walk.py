"""Walk: what an expression mentions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the direct arguments of `expr`, from left to right."""
    match expr:
        case Column() | Literal_():
            return ()
        case Not() | Like() | IsNull() | Cast() | Index() | Bin() | In():
            return (expr.arg,)
        case Logic() | Call() | Window():
            return expr.args
        case Compare() | Arithmetic():
            return (expr.left, expr.right)
        case Case():
            return (*(part for branch in expr.branches for part in branch), expr.otherwise)
        case Lookup():
            return expr.keys
    assert_never(expr)


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield `expr` and everything below it, parents first."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def columns_of(expr: Expr) -> tuple[str, ...]:
    """Return the columns that `expr` reads, each once, in order of appearance."""
    found: dict[str, None] = {}
    for node in walk(expr):
        if isinstance(node, Column):
            found[node.name] = None
        if isinstance(node, Window):
            found.update(dict.fromkeys((node.partition, *node.order)))
    return tuple(found)


def has_window(expr: Expr) -> bool:
    """Return whether a window function occurs in `expr`."""
    return any(isinstance(node, Window) for node in walk(expr))


def rebuild(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return `expr` with every direct argument replaced by what `change` makes of it."""
    match expr:
        case Column() | Literal_():
            return expr
        case Not() | Like() | IsNull() | Cast() | Index() | Bin() | In():
            return expr.model_copy(update={"arg": change(expr.arg)})
        case Logic() | Call() | Window():
            return expr.model_copy(update={"args": tuple(change(arg) for arg in expr.args)})
        case Compare() | Arithmetic():
            return expr.model_copy(update={"left": change(expr.left), "right": change(expr.right)})
        case Case():
            branches = tuple((change(condition), change(result)) for condition, result in expr.branches)
            return expr.model_copy(update={"branches": branches, "otherwise": change(expr.otherwise)})
        case Lookup():
            return expr.model_copy(update={"keys": tuple(change(key) for key in expr.keys)})
    assert_never(expr)
