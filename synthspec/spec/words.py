"""Words: a cursor over the words of an expression, and the ways to refuse one."""

from __future__ import annotations

from typing import NoReturn

from synthspec.spec.nearest import nearest
from synthspec.spec.tokens import SWAPPED, Refused, Token, tokens
from synthspec.terms.functions import FUNCTIONS


class Words:
    """The words of a text and the place reached in them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = tokens(text)
        self.here = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        """The next word."""
        return self.words[self.here]

    def next(self) -> Token:
        token = self.now
        self.here += 1
        return token

    def word(self, *words: str) -> bool:
        """Take the next word when it is one of `words`."""
        if self.now.word in words:
            self.here += 1
            return True
        return False

    def op(self, text: str) -> bool:
        if self.now.kind == "op" and self.now.text == text:
            self.here += 1
            return True
        return False

    def expect(self, text: str, after: str) -> Token:
        token = self.now
        if (token.kind == "op" and token.text == text) or (token.word and token.word == text):
            self.here += 1
            return token
        if token.kind == "end":
            raise Refused(
                "R101",
                f"`{text}` is missing {after}",
                max(len(self.text.rstrip()) - 1, 0),
                token.end,
                "ends here",
                (f"write `{text}` where it belongs",),
            )
        message = f"`{text}` is missing {after}"
        help_ = (
            f"write `{text}` in its place"
            if token.kind == "name" and len(text) > 1
            else f"write `{text}` before it"
        )
        return self.stop("R101", message, token, f"`{text}` wanted here", help_)

    def stop(self, code: str, message: str, token: Token, label: str, *helps: str) -> NoReturn:
        raise Refused(code, message, token.start, token.end, label, helps)

    def wanted(self, token: Token) -> NoReturn:
        """Refuse a word where a value is wanted."""
        message, help_ = (
            f"`{token.text}` cannot stand here",
            f"write a column or a value before `{token.text}`",
        )
        self.stop("R101", message, token, "a value is wanted here", f"{help_}, or drop it")

    def swapped(self, token: Token) -> None:
        """Refuse `=>` and the like: two signs that make one of the language when they change places."""
        before = self.words[self.here - 2] if self.here > 1 else token
        meant = SWAPPED.get(before.text + token.text) if before.end == token.start else None
        if meant is not None:
            help_ = f"write `{meant}`  (safe fix, `synthspec check --fix`)"
            message = f"`{before.text}{token.text}` is not SQL"
            raise Refused("R101", message, before.start, token.end, f"write `{meant}`", (help_,), meant)

    def meant(self, token: Token) -> tuple[str, ...]:
        """Return the helps for a word that stands where an expression has ended."""
        first = self.words[0].word
        if first == "IF" or token.word in ("THEN", "IMPLIES"):
            return ("write the rule as `{if: ..., then: ...}`",)
        if token.text.lower() in FUNCTIONS:
            return (f"write `{FUNCTIONS[token.text.lower()].signature}`",)
        if token.word == "XOR":
            return ("write `(a OR b) AND NOT (a AND b)`",)
        close = nearest(token.word, ("AND", "OR", "IN", "LIKE", "BETWEEN", "IS"))
        if close:
            return (f"did you mean {close[0]}?",)
        if self.here and self.words[self.here - 1].kind == "number":
            return ("write the number without a unit", "or join two conditions by AND or OR")
        return ("join two conditions by AND or OR",)

    def foreign(self, token: Token) -> NoReturn:
        """Refuse a keyword of SQL that is not part of the language."""
        helps = {
            "ILIKE": "write `lower(x) LIKE 'a%'`",
            "SIMILAR": "write `x LIKE 'a%'`",
            "INTERVAL": "write `date_add('day', 3, d)`",
        }
        help_ = helps.get(token.word, "write one condition of SQL, like `a >= 18 AND b = 'x'`")
        self.stop("R110", f"`{token.word}` is not part of the language", token, "not readable here", help_)

    def subquery(self) -> NoReturn:
        """Refuse SELECT where a value or a list may stand."""
        help_ = "list the values, or use a `combos` rule with `file:`"
        self.stop("R110", "subqueries are not part of the language", self.now, "a subquery", help_)

    def stray_sign(self, token: Token) -> str:
        """Return the help for a sign that stands where an expression has ended."""
        before = self.words[self.here - 1] if self.here else token
        if before.word == "INTERVAL":
            return "write `date_add('day', 3, d)`, or `date_diff('day', a, b) > 3`"
        if token.text == "(":
            return "functions come first, with the column inside: `starts_with(x, 'A')`"
        if token.text == ")":
            return "drop it, or open it before"
        if before.kind == "number" and token.text == ",":
            return f"numbers have a point: write `{before.text}.{self.words[self.here + 1].text}`"
        if before.kind == "number" and token.kind == "number" and token.text.startswith("."):
            return "write dates in quotes, year first: `'2024-12-31'`"
        return "join two conditions by AND or OR"
