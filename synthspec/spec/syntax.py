"""Syntax: what an expression looks like before its types are known; every node has its offsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never


@dataclass(frozen=True)
class Name:
    """A column, or a column's pseudo-column (`part` is then "missing")."""

    name: str
    part: str | None
    start: int
    end: int


@dataclass(frozen=True)
class Constant:
    """A number as written without underscores, a text, true, false or null.

    `kind` "date" and "datetime" are the typed forms `DATE '...'` and `TIMESTAMP '...'`.
    """

    kind: Literal["number", "text", "bool", "null", "date", "datetime"]
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Operation:
    """An operator with its arguments: not, and, or, neg, comparisons, + - * / % ||."""

    op: str
    args: tuple[Syntax, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Predicate:
    """`arg [NOT] IN (...)`, `LIKE pattern`, `BETWEEN a AND b`, `IS [NOT] NULL/TRUE/FALSE`."""

    kind: Literal["in", "like", "between", "null", "true", "false"]
    arg: Syntax
    others: tuple[Syntax, ...]
    negated: bool
    start: int
    end: int


@dataclass(frozen=True)
class Choose:
    """CASE, or `if(c, a, b)`; `subject` compares with every condition when given."""

    subject: Syntax | None
    branches: tuple[tuple[Syntax, Syntax], ...]
    otherwise: Syntax | None
    start: int
    end: int


@dataclass(frozen=True)
class Convert:
    """`CAST(arg AS type)`; `type` as written, in lower case and without blanks."""

    arg: Syntax
    type: str
    start: int
    end: int


@dataclass(frozen=True)
class Over:
    """`OVER (PARTITION BY column ORDER BY columns)`."""

    partition: tuple[Name, ...]
    order: tuple[Name, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Apply:
    """`name(args)`, with a window when `over` is given; `count(*)` has `star`."""

    name: str
    args: tuple[Syntax, ...]
    over: Over | None
    star: bool
    start: int
    end: int
    name_end: int


Syntax = Name | Constant | Operation | Predicate | Choose | Convert | Apply


def parts(node: Syntax) -> tuple[Syntax, ...]:
    """Return the direct parts of a piece of syntax."""
    match node:
        case Name() | Constant():
            return ()
        case Operation() | Apply():
            return node.args
        case Predicate():
            return (node.arg, *node.others)
        case Convert():
            return (node.arg,)
        case Choose():
            ends = tuple(end for end in (node.subject, node.otherwise) if end is not None)
            return (*ends, *(part for branch in node.branches for part in branch))
    assert_never(node)


def levels(node: Syntax) -> int:
    """Return the depth of a tree, without recursion."""
    deepest, stack = 0, [(node, 1)]
    while stack:
        here, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((part, level + 1) for part in parts(here))
    return deepest
