"""Grammar: words to syntax, by precedence; the SQL subset of LANGUAGE 2.4 and nothing else.

From loose to tight: OR, AND, NOT, one comparison or predicate, `||`, `+ -`, `* / %`, unary minus.
Comparisons do not chain, so no reading of `a < b < c` or `a = b IS NULL` is ever guessed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NoReturn

from synthspec.spec.syntax import (
    Apply,
    Choose,
    Constant,
    Convert,
    Name,
    Operation,
    Over,
    Predicate,
    Syntax,
    levels,
)
from synthspec.spec.tokens import FIXED_OR, OR_MEANT, RESERVED, STATEMENTS, Refused, Token, spaced
from synthspec.spec.words import Words

MAX_DEPTH = 40
"""Parentheses, calls and CASEs inside one another."""
MAX_LEVELS = 100
"""Levels of the syntax tree; `a + b + c` has two."""

_COMPARE = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TIGHT = {"||": 1, "+": 2, "-": 2, "*": 3, "/": 3, "%": 3}


def parse(text: str) -> Syntax:
    """Return the syntax of a whole expression.

    Raises:
        Refused: R101-R107, R110, R114 or R118.
    """
    found = _Parser(text).whole()
    if levels(found) > MAX_LEVELS:
        raise Refused(
            "R118",
            "this expression is nested too deeply",
            found.start,
            found.end,
            f"more than {MAX_LEVELS} levels",
            ("split it into derived columns",),
        )
    return found


class _Parser(Words):
    """Recursive descent over the words."""

    def whole(self) -> Syntax:
        if self.now.kind == "end":
            help_ = "write a condition, like `age >= 18`"
            raise Refused("R101", "there is no expression here", 0, len(self.text), "empty", (help_,))
        found = self.disjunction()
        if self.here < len(self.words) - 1:
            self.unexpected()
        return found

    def unexpected(self) -> NoReturn:
        """Refuse a word that cannot follow a complete expression."""
        token = self.now
        if token.kind == "name" and token.word not in RESERVED | STATEMENTS:
            helps = self.meant(token)
            raise Refused(
                "R106",
                f"the word `{token.text}` does not belong to the expression",
                token.start,
                token.end,
                "a stray word",
                helps,
            )
        if token.word == "AS":
            raise Refused(
                "R106",
                "an expression has no name of its own",
                token.start,
                len(self.text),
                "an alias",
                ("remove `AS ...`: the key is the name",),
            )
        if token.word in STATEMENTS:
            self.foreign(token)
        label = "nothing opened it" if token.text == ")" else "not readable here"
        help_ = self.stray_sign(token)
        raise Refused("R101", f"`{token.text}` cannot stand here", token.start, token.end, label, (help_,))

    def disjunction(self) -> Syntax:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.stop(
                "R118",
                "this expression is nested too deeply",
                self.now,
                f"deeper than {MAX_DEPTH}",
                "split it into derived columns",
            )
        found = self.joined("OR")
        self.depth -= 1
        return found

    def conjunction(self) -> Syntax:
        return self.joined("AND")

    def joined(self, word: Literal["AND", "OR"]) -> Syntax:
        part = self.conjunction if word == "OR" else self.negation
        args = [part()]
        while self.word(word):
            args.append(part())
        if len(args) == 1:
            return args[0]
        return Operation(word.lower(), tuple(args), args[0].start, args[-1].end)

    def negation(self) -> Syntax:
        start = self.now.start
        count = 0
        while self.word("NOT"):
            count += 1
        found = self.comparison()
        for _ in range(count):
            found = Operation("not", (found,), start, found.end)
        return found

    def comparison(self) -> Syntax:
        left = self.sum(1)
        found = self.compared(left)
        if found is not left and self.now.text in _COMPARE and self.now.kind == "op":
            self.not_or(left.start, self.now.start)
            help_ = self.unchained(found)
            raise Refused(
                "R102",
                "comparisons do not chain",
                left.start,
                help_[1],
                "two comparisons in a row",
                (help_[0],),
            )
        if found is not left and self.now.word in ("IS", "IN", "LIKE", "BETWEEN"):
            raise Refused(
                "R102",
                f"`{self.now.word}` after a comparison can be read two ways",
                left.start,
                self.now.end,
                "a comparison and then a test",
                ("put one of the two in parentheses",),
            )
        return found

    def not_or(self, start: int, end: int) -> None:
        """Refuse `a = 1 || b = 2`: between two comparisons `||` was meant as OR."""
        bars = [each for each in self.words if each.text == "||" and start <= each.start < end]
        if bars:
            start, end = bars[0].start, bars[0].end
            raise Refused(*OR_MEANT, start, end, "write OR", (FIXED_OR,), spaced(self.text, start, end, "OR"))

    def unchained(self, first: Syntax) -> tuple[str, int]:
        """Return how to write `a <= b <= c`, of which `a <= b` has been read, and where it ends."""
        second = self.now.text
        self.next()
        last = self.sum(1)
        if not isinstance(first, Operation) or len(first.args) != 2:
            return "write both: `a <= b AND b <= c`", last.end
        low, middle, high = (self.text[part.start : part.end] for part in (*first.args, last))
        if (first.op, second) == ("<=", "<="):
            return f"write `{middle} BETWEEN {low} AND {high}`", last.end
        return f"write `{low} {first.op} {middle} AND {middle} {second} {high}`", last.end

    def compared(self, left: Syntax) -> Syntax:
        token = self.now
        if token.kind == "op" and token.text in _COMPARE:
            self.next()
            right = self.sum(1)
            return Operation(_COMPARE[token.text], (left, right), left.start, right.end)
        if self.word("IS"):
            negated = self.word("NOT")
            kind = self.next()
            kinds: dict[str, Literal["null", "true", "false"]] = {
                "NULL": "null",
                "TRUE": "true",
                "FALSE": "false",
            }
            if kind.word not in kinds:
                gap = kind.word in ("MISSING", "EMPTY", "BLANK", "NA", "UNKNOWN", "NONE")
                self.stop(
                    "R101",
                    "`IS` is followed by NULL, NOT NULL, TRUE or FALSE",
                    kind,
                    "not one of them",
                    "write `IS NULL`" if gap else f"compare values by `=`, like `= {kind.text or '1'}`",
                )
            return Predicate(kinds[kind.word], left, (), negated, left.start, kind.end)
        negated = token.word == "NOT" and self.words[self.here + 1].word in ("IN", "LIKE", "BETWEEN")
        if negated:
            self.next()
        if self.word("IN"):
            return self.listed(left, negated)
        if self.word("LIKE"):
            pattern = self.sum(1)
            return Predicate("like", left, (pattern,), negated, left.start, pattern.end)
        if self.word("BETWEEN"):
            low = self.sum(1)
            self.expect("AND", "after BETWEEN")
            high = self.sum(1)
            return Predicate("between", left, (low, high), negated, left.start, high.end)
        return left

    def listed(self, left: Syntax, negated: bool) -> Syntax:
        if self.now.kind in ("text", "number"):
            help_ = f"write the list in parentheses: `IN ({self.now.text}, ...)`"
            self.stop("R101", "`(` is missing after IN", self.now, "`(` wanted here", help_)
        self.expect("(", "after IN")
        if self.now.word == "SELECT":
            self.subquery()
        items = [self.disjunction()]
        while self.op(","):
            items.append(self.disjunction())
        end = self.expect(")", "after the list").end
        return Predicate("in", left, tuple(items), negated, left.start, end)

    def sum(self, level: int) -> Syntax:
        """Return operators that bind at least as tightly as `level` (1 `||`, 2 sums, 3 products)."""
        if level > 3:
            return self.signed()
        left = self.sum(level + 1)
        while self.now.kind == "op" and _TIGHT.get(self.now.text) == level:
            op = self.next().text
            right = self.sum(level + 1)
            left = Operation(op, (left, right), left.start, right.end)
        return left

    def signed(self) -> Syntax:
        token = self.now
        signs = 0
        while self.now.kind == "op" and self.now.text in ("-", "+"):
            signs += self.next().text == "-"
        found = self.primary()
        if isinstance(found, Constant) and found.kind == "number" and signs:
            text = found.text if signs % 2 == 0 else f"-{found.text}"
            return replace(found, text=text, start=token.start)
        for _ in range(signs % 2):
            found = Operation("neg", (found,), token.start, found.end)
        return found

    def primary(self) -> Syntax:
        token = self.next()
        match token.kind:
            case "number":
                return Constant("number", token.text.replace("_", ""), token.start, token.end)
            case "text":
                return Constant("text", token.text[1:-1].replace("''", "'"), token.start, token.end)
            case "op" if token.text == "(":
                if self.now.word == "SELECT":
                    self.subquery()
                found = self.disjunction()
                end = self.expect(")", "to close `(`").end
                return replace(found, start=token.start, end=end)
            case "name":
                return self.named(token)
            case "end":
                raise Refused(
                    "R101",
                    "the expression is not complete",
                    max(len(self.text.rstrip()) - 1, 0),
                    token.end,
                    "a value is missing after this",
                    ("write what comes after it, or drop the last word",),
                )
        self.swapped(token)
        return self.wanted(token)

    def named(self, token: Token) -> Syntax:
        follows = self.now
        if follows.kind == "op" and follows.text == "(" and token.word not in RESERVED - {"CAST"}:
            return self.cast(token) if token.word == "CAST" else self.applied(token)
        match token.word:
            case "TRUE" | "FALSE":
                return Constant("bool", token.text.lower(), token.start, token.end)
            case "NULL":
                return Constant("null", "", token.start, token.end)
            case "CASE":
                return self.case(token)
            case "DATE" | "TIMESTAMP" | "DATETIME" if follows.kind == "text":
                self.next()
                kind: Literal["date", "datetime"] = "date" if token.word == "DATE" else "datetime"
                return Constant(kind, follows.text[1:-1].replace("''", "'"), token.start, follows.end)
        if token.word in RESERVED:
            self.wanted(token)
        if follows.kind == "op" and follows.text == ".":
            self.next()
            part = self.next()
            if part.kind != "name":
                self.stop("R101", "a name is missing after `.`", follows, "here", "write `x.missing`, or `x`")
            return Name(token.text, part.text, token.start, part.end)
        return Name(token.text, None, token.start, token.end)

    def case(self, token: Token) -> Syntax:
        subject = None if self.now.word == "WHEN" else self.disjunction()
        branches = []
        while self.word("WHEN"):
            condition = self.disjunction()
            self.expect("THEN", "after WHEN")
            branches.append((condition, self.disjunction()))
        if not branches:
            self.expect("WHEN", "after CASE")
        otherwise = self.disjunction() if self.word("ELSE") else None
        end = self.expect("END", "to close CASE").end
        return Choose(subject, tuple(branches), otherwise, token.start, end)

    def cast(self, token: Token) -> Syntax:
        self.expect("(", "after CAST")
        arg = self.disjunction()
        self.expect("AS", "in CAST")
        first = self.next()
        if first.kind != "name":
            help_ = "write a type: `CAST(x AS int)`"
            self.stop("R101", "a type is missing in CAST", first, "a type is wanted here", help_)
        name = first.text.lower()
        if self.op("("):
            inner = [self.next().text]
            while self.op(","):
                inner.append(self.next().text)
            self.expect(")", "after the digits")
            name += f"({','.join(inner)})"
        end = self.expect(")", "to close CAST").end
        return Convert(arg, name, token.start, end)

    def applied(self, token: Token) -> Syntax:
        self.next()
        args: list[Syntax] = []
        if self.now.word == "SELECT":
            self.subquery()
        star = token.word == "COUNT" and self.op("*")
        if not star and not (self.now.kind == "op" and self.now.text == ")"):
            if self.now.word == "DISTINCT":
                help_ = "drop it: count what differs in a `derive`, or outside the spec"
                self.stop("R110", "`DISTINCT` is not part of the language", self.now, "here", help_)
            args.append(self.disjunction())
            while self.op(","):
                args.append(self.disjunction())
        end = self.expect(")", f"to close `{token.text}(`").end
        over = self.over() if self.now.word == "OVER" else None
        if token.word == "IF" and over is None and len(args) in (2, 3):
            return Choose(None, ((args[0], args[1]),), args[2] if len(args) == 3 else None, token.start, end)
        end = over.end if over else end
        return Apply(token.text.lower(), tuple(args), over, star, token.start, end, token.end)

    def over(self) -> Over:
        start = self.next().start
        self.expect("(", "after OVER")
        partition: tuple[Name, ...] = ()
        order: tuple[Name, ...] = ()
        if self.word("PARTITION"):
            self.expect("BY", "after PARTITION")
            partition = self.names()
        if self.word("ORDER"):
            self.expect("BY", "after ORDER")
            order = self.names()
        if self.now.text != ")":
            self.stop(
                "R114",
                "a window is `OVER (PARTITION BY unit ORDER BY columns)`",
                self.now,
                "not part of a window here",
            )
        return Over(partition, order, start, self.next().end)

    def names(self) -> tuple[Name, ...]:
        found = []
        while True:
            token = self.next()
            if token.kind != "name" or token.word in RESERVED:
                self.stop(
                    "R114",
                    "a window names columns only",
                    token,
                    "not a column",
                    "derive a column first, and name it here",
                )
            found.append(Name(token.text, None, token.start, token.end))
            self.word("ASC")
            if not self.op(","):
                return tuple(found)
