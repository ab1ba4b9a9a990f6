"""Words: a cursor over the words of an expression, and the ways to refuse one."""

from __future__ import annotations

from typing import NoReturn

from synthspec.spec.tokens import Refused, Token, tokens


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
                "R101", f"`{text}` is missing {after}", max(token.start - 1, 0), token.end, "ends here"
            )
        return self.stop("R101", f"`{text}` is missing {after}", token, f"`{text}` wanted here")

    def stop(self, code: str, message: str, token: Token, label: str, *helps: str) -> NoReturn:
        raise Refused(code, message, token.start, token.end, label, helps)
