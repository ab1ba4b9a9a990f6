"""Typecheck: syntax with a scope gives `Expr`; the only builder of expressions from text.

Conversions are explicit in the result: both sides of a comparison, the branches of a CASE and the
arguments of a float function have one type, so that engines never convert on their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import assert_never, final

from synthspec.spec import apply, convert, names
from synthspec.spec.checker import Checker
from synthspec.spec.scope import ColumnInfo, type_name
from synthspec.spec.syntax import (
    Apply,
    Choose,
    Constant,
    Convert,
    Name,
    Operation,
    Predicate,
    Syntax,
)
from synthspec.terms.expr import Arithmetic, Case, Compare, Expr, In, IsNull, Like, Literal_, Logic, Not
from synthspec.terms.functions import MAX_SCALE
from synthspec.terms.types import BOOL, FLOAT, INT, NULL, TEXT, decimal

_DATE = re.compile(r"\d{4}-\d\d?-\d\d?")
COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
NUMBERS = ("int", "decimal", "float")


@final
class TypeChecker(Checker):
    """One expression being checked; findings gather in `found`, and None stands for what was refused."""

    def value(self, node: Syntax) -> Expr | None:
        """Return the typed expression of any piece of syntax."""
        match node:
            case Name():
                return names.column(self, node)
            case Constant():
                return convert.constant(self, node)
            case Operation():
                return self._operation(node)
            case Predicate():
                return self._predicate(node)
            case Choose():
                return self._choose(node)
            case Convert():
                return convert.cast(self, node)
            case Apply():
                return apply.function(self, node)
        assert_never(node)

    def condition(self, node: Syntax) -> Expr | None:
        """Return a piece of syntax that must be true, false or unknown."""
        found = self.value(node)
        if found is None or found.type == BOOL:
            return found
        self.mismatch("a condition is needed here", node, found.type, "write a comparison, like `age >= 18`")
        return None

    def _operation(self, node: Operation) -> Expr | None:
        match node.op:
            case "and" | "or":
                args = [self.condition(arg) for arg in node.args]
                return None if None in args else Logic(op=node.op, args=tuple(args))
            case "not":
                arg = self.condition(node.args[0])
                return None if arg is None else Not(arg=arg)
            case "||":
                sides = [self.value(arg) for arg in node.args]
                return apply.joined(self, node.args, sides)
            case "neg":
                only = self._number(node.args[0])
                if only is None:
                    return None
                zero = convert.widen(Literal_(text="0", type=INT), only.type)
                return None if zero is None else Arithmetic(op="-", left=zero, right=only, type=only.type)
            case op if op in COMPARISONS:
                return self.compare(op, node.args[0], node.args[1], node)
        return self._arithmetic(node)

    def _number(self, node: Syntax) -> Expr | None:
        found = self.value(node)
        if found is None or found.type.name in NUMBERS:
            return found
        helps = {
            "date": "use `date_diff('day', a, b)` or `date_add('day', n, d)`",
            "datetime": "use `date_diff('hour', a, b)` or `date_add('hour', n, t)`",
            "text": "join texts by `||`",
            "bool": "write `CASE WHEN ... THEN 1 ELSE 0 END`",
        }
        self.mismatch(
            "arithmetic needs numbers", node, found.type, *filter(None, [helps.get(found.type.name)])
        )
        return None

    def _arithmetic(self, node: Operation) -> Expr | None:
        left, right = self._number(node.args[0]), self._number(node.args[1])
        if left is None or right is None:
            return None
        names_ = (left.type.name, right.type.name)
        if node.op == "/" or "float" in names_:
            if node.op == "%":
                self.mismatch("`%` needs whole or decimal numbers", node, FLOAT, "round the sides first")
                return None
            left, right = convert.to_float(left), convert.to_float(right)
            return Arithmetic(op=node.op, left=left, right=right, type=FLOAT)
        if node.op == "*":
            scale = left.type.scale + right.type.scale
            if scale > MAX_SCALE:
                self.report(
                    "R111",
                    f"a product has too many digits after the point in {self.what}",
                    node,
                    f"{scale} digits, at most {MAX_SCALE}",
                    ("round one side: `round(x, 2)`",),
                )
                return None
            type_ = INT if names_ == ("int", "int") else decimal(scale)
            return Arithmetic(op="*", left=left, right=right, type=type_)
        type_ = convert.common([left.type, right.type]) or INT
        left, right = convert.widen(left, type_), convert.widen(right, type_)
        if left is None or right is None:
            return None
        return Arithmetic(op=node.op, left=left, right=right, type=type_)

    def compare(self, op: str, left: Syntax, right: Syntax, whole: Syntax) -> Expr | None:
        """Return a comparison of two pieces of syntax."""
        sides = self.alike([left, right], f"`{op}` compares values of one type")
        if sides is None:
            return None
        if sides[0].type == BOOL and op not in ("=", "<>"):
            self.mismatch("true and false have no order", whole, BOOL, "compare them by `=` or `<>`")
            return None
        return Compare(op=op, left=sides[0], right=sides[1])

    def alike(self, nodes: Sequence[Syntax], message: str) -> list[Expr] | None:
        """Return pieces of syntax converted to one type; constants take the type of the others."""
        partner = names.partner(self, nodes)
        values: list[Expr | None] = []
        for node in nodes:
            if isinstance(node, Constant):
                values.append(convert.constant(self, node, partner))
            elif isinstance(node, Name):
                values.append(names.column(self, node, partner))
            else:
                values.append(self.value(node))
        present = [value for value in values if value is not None]
        if len(present) < len(values):
            return None
        if partner is None:
            typed = next((v.type for n, v in zip(nodes, present) if not isinstance(n, Constant)), None)
            if typed is not None and typed.name in ("date", "datetime"):
                present = [
                    convert.constant(self, n, ColumnInfo(typed)) or v if isinstance(n, Constant) else v
                    for n, v in zip(nodes, present)
                ]
                if self.found:
                    return None
        return self._unified(nodes, present, message)

    def _unified(self, nodes: Sequence[Syntax], values: list[Expr], message: str) -> list[Expr] | None:
        type_ = convert.common([value.type for value in values])
        if type_ is None:
            self._unlike(nodes, values, message)
            return None
        if type_ == NULL:
            help_ = "name a column, or drop it"
            self.report(
                "R111", f"{message} in {self.what}", nodes[-1], "nothing is known about NULL", (help_,)
            )
            return None
        if message.startswith("`") and any(value.type == NULL for value in values):
            node = next(n for n, v in zip(nodes, values) if v.type == NULL)
            other = next((n.name for n in nodes if isinstance(n, Name) and n.part is None), "x")
            self.report(
                "R111",
                f"a comparison with NULL is never true in {self.what}",
                node,
                "always unknown",
                (f"write `{other} IS NULL` or `{other} IS NOT NULL`",),
            )
            return None
        made = [convert.widen(value, type_) for value in values]
        return [value for value in made if value is not None]

    def _unlike(self, nodes: Sequence[Syntax], values: list[Expr], message: str) -> None:
        first = values[0].type
        index = next(i for i, value in enumerate(values) if convert.common([first, value.type]) is None)
        node, value, other = nodes[index], values[index], nodes[0]
        if isinstance(nodes[0], Constant) and not isinstance(node, Constant):
            node, value, other, first = nodes[0], values[0], node, value.type
        helps: list[str] = [f"`{self.source(other)}` is of type {type_name(first)}"]
        replacement = None
        if isinstance(node, Constant):
            if first == TEXT and node.kind in ("number", "bool"):
                replacement = f"'{self.source(node)}'"
                helps = [f"write `{replacement}`: `{self.source(other)}` holds text"]
            elif first.name in NUMBERS and node.kind == "text" and convert.is_number(node.text):
                replacement = node.text
                helps = [f"write `{replacement}` without quotes"]
            elif (
                first.name in NUMBERS
                and node.kind == "text"
                and convert.is_number(node.text.replace(",", "."))
            ):
                replacement = node.text.replace(",", ".")
                helps = [f"write `{replacement}`: numbers have a point and no quotes"]
            elif first == BOOL:
                helps = [f"`{self.source(other)}` is true or false: write it alone, or after NOT"]
        if first.name in ("date", "datetime") and _DATE.fullmatch(self.source(node)):
            replacement = f"'{self.source(node)}'"
            helps = [f"write `{replacement}`: dates have quotes"]
        kind = type_name(value.type)
        self.report(
            "R111", f"{message} in {self.what}", node, f"this is a value of type {kind}", helps, replacement
        )

    def _predicate(self, node: Predicate) -> Expr | None:
        found = self._positive(node)
        return Not(arg=found) if found is not None and node.negated else found

    def _positive(self, node: Predicate) -> Expr | None:
        match node.kind:
            case "null":
                arg = self.value(node.arg)
                return None if arg is None else IsNull(arg=arg)
            case "true" | "false":
                arg = self.condition(node.arg)
                if arg is None:
                    return None
                test = arg if node.kind == "true" else Not(arg=arg)
                return Case(branches=((test, _bool(True)),), otherwise=_bool(False), type=BOOL)
            case "between":
                low = self.compare(">=", node.arg, node.others[0], node)
                high = self.compare("<=", node.arg, node.others[1], node) if low is not None else None
                return None if low is None or high is None else Logic(op="and", args=(low, high))
            case "like":
                arg = self.value(node.arg)
                pattern = node.others[0]
                if not isinstance(pattern, Constant) or pattern.kind != "text":
                    self.report(
                        "R111",
                        "LIKE needs a constant pattern",
                        pattern,
                        "not a text in quotes",
                        ("write one like `'A%'`",),
                    )
                    return None
                if "*" in pattern.text and not set(pattern.text) & set("%_"):
                    percent = "'" + pattern.text.replace("*", "%").replace("'", "''") + "'"
                    known = names.partner(self, [node.arg])
                    if known is not None and known.values and not any("*" in v for v in known.values):
                        self.report(
                            "R115",
                            f"no value fits the pattern in {self.what}",
                            pattern,
                            "`%` stands for any characters, `*` for itself",
                            (f"write `{percent}`",),
                            percent,
                        )
                        return None
                if arg is not None and arg.type != TEXT:
                    self.mismatch("LIKE needs text", node.arg, arg.type)
                    return None
                return None if arg is None else Like(arg=arg, pattern=pattern.text)
            case "in":
                return self._in(node)
        assert_never(node.kind)

    def _in(self, node: Predicate) -> Expr | None:
        for item in node.others:
            ends = item.args if isinstance(item, Operation) and item.op == "-" else ()
            if ends and all(isinstance(end, Constant) for end in ends):
                low, high = (self.source(end) for end in ends)
                self.report(
                    "R110",
                    f"IN takes single values in {self.what}",
                    item,
                    f"{low} minus {high}, one number",
                    (f"write a range as `{self.source(node.arg)} BETWEEN {low} AND {high}`",),
                )
                return None
        sides = self.alike([node.arg, *node.others], "`IN` compares values of one type")
        if sides is None:
            return None
        arg, items = sides[0], sides[1:]
        constants = tuple(item for item in items if isinstance(item, Literal_))
        if len(constants) == len(items):
            return In(arg=arg, values=constants)
        return Logic(op="or", args=tuple(Compare(op="=", left=arg, right=item) for item in items))

    def _choose(self, node: Choose) -> Expr | None:
        conditions = [
            self.condition(when) if node.subject is None else self.compare("=", node.subject, when, when)
            for when, _ in node.branches
        ]
        results: list[Syntax] = [result for _, result in node.branches]
        if node.otherwise is not None:
            results.append(node.otherwise)
        values = self.alike(results, "the branches of CASE have one type")
        if values is None or any(condition is None for condition in conditions):
            return None
        type_ = values[0].type
        otherwise = values[-1] if node.otherwise is not None else Literal_(text=None, type=type_)
        branches = tuple((c, v) for c, v in zip(conditions, values) if c is not None)
        return Case(branches=branches, otherwise=otherwise, type=type_)


def _bool(value: bool) -> Literal_:
    return Literal_(text="true" if value else "false", type=BOOL)
