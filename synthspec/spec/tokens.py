"""Tokens: the words of an expression, with their offsets; marks of other languages get their own codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

MAX_TOKENS = 4_000

Kind = Literal["number", "text", "name", "op", "end"]

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<number>(?:[0-9](?:_?[0-9])*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?)
    |(?P<text>'(?:[^']|'')*')
    |(?P<quoted>"[^"]*")
    |(?P<name>[^\W0-9]\w*)
    |(?P<foreign>&&|\|\|\||==|::|->|\*\*|--|/\*|;|!(?!=)|&|`|\[|\]|\{|\}|\?|:|@|\#|\^|~|\\|\$)
    |(?P<op><>|!=|<=|>=|\|\||[=<>+\-*/%(),.])
    """,
    re.VERBOSE,
)

RESERVED = frozenset(
    {"AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "TRUE", "FALSE"}
    | {"CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "AS", "OVER"}
)
"""Words that cannot name a column."""
STATEMENTS = frozenset(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "JOIN",
        "UNION",
        "EXISTS",
        "INTERVAL",
        "DISTINCT",
        "ILIKE",
        "SIMILAR",
        "HAVING",
    ]
)

OR_MEANT = ("R103", "`||` joins texts, and these are conditions")
FIXED_OR = "write OR  (safe fix, `synthspec check --fix`)"

_PASTED = {"≥": ">=", "≤": "<=", "≠": "<>", "–": "-", "—": "-", "−": "-", "×": "*", "÷": "/", "\u00a0": " "}
"""Signs that word processors write, and those of the language."""
_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00b4"
_CURLY = re.compile(f"[{_QUOTES}]([^{_QUOTES}']*)[{_QUOTES}']")
SWAPPED = {"=>": ">=", "=<": "<=", "><": "<>", ">>": ">", "<<": "<", "=!": "<>"}

_FOREIGN: dict[str, tuple[str, str, str, str]] = {
    "&&": ("R103", "`&&` is not SQL", "write AND", "AND"),
    "&": ("R103", "`&` is not SQL", "write AND", "AND"),
    "!": ("R103", "`!` is not SQL", "write NOT", "NOT"),
    "==": ("R104", "`==` is not SQL", "write `=`", "="),
    ";": ("R105", "an expression is one condition, not a statement", "remove `;` and what follows", ""),
    "**": ("R110", "`**` is not part of the language", "write `power(a, b)`", ""),
    "^": ("R110", "`^` is not part of the language", "write `power(a, b)`", ""),
    "::": ("R110", "`::` is not part of the language", "write `CAST(a AS type)`", ""),
    "[": ("R101", "`[` cannot stand here", "write lists in parentheses: `IN ('a', 'b')`", ""),
    "->": ("R101", "`->` cannot stand here", "write the rule as `{if: ..., then: ...}`", ""),
    "~": ("R101", "`~` cannot stand here", "write a pattern as `x LIKE 'a%'`", ""),
    "`": ("R101", "``` cannot stand here", "write names as they are, without quotes", ""),
    "#": ("R101", "`#` cannot stand here", "drop it, or write the comment outside the quotes", ""),
    "?": ("R101", "`?` cannot stand here", "write `CASE WHEN a THEN b ELSE c END`", ""),
    "--": ("R110", "comments are not part of an expression", "write a YAML comment, `# ...`", ""),
    "/*": ("R110", "comments are not part of an expression", "write a YAML comment, `# ...`", ""),
}


@dataclass(frozen=True)
class Token:
    """A word of an expression. `text` is in lower case for names' keywords (see `word`), else as written."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The name in upper case, for keywords; empty for others."""
        return self.text.upper() if self.kind == "name" else ""


class Refused(Exception):
    """An expression that is not readable: code, message, offsets, label, helps and a replacement text."""

    def __init__(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        label: str,
        helps: tuple[str, ...] = (),
        replacement: str | None = None,
    ) -> None:
        super().__init__(code)
        self.code, self.message, self.start, self.end = code, message, start, end
        self.label, self.helps, self.replacement = label, helps, replacement


def tokens(text: str) -> tuple[Token, ...]:
    """Return the words of `text`, closed by an `end` token.

    Raises:
        Refused: R101, R103-R105, R107, R110 or R118.
    """
    found: list[Token] = []
    here = 0
    while here < len(text):
        match = _TOKEN.match(text, here)
        if match is None or match.lastgroup in ("foreign", "quoted"):
            _refuse(text, here, match)
        if match.lastgroup != "blank":
            kind: Kind = match.lastgroup  # type: ignore[assignment]
            found.append(Token(kind, match[0], *match.span()))
        here = match.end()
        if len(found) > MAX_TOKENS:
            raise Refused(
                "R118",
                "this expression is too long",
                here,
                here,
                f"more than {MAX_TOKENS} words",
                ("split it into derived columns",),
            )
    found.append(Token("end", "", len(text), len(text)))
    return tuple(found)


def spaced(text: str, start: int, end: int, word: str) -> str:
    """Return a word that replaces a sign, apart from what stands beside it.

    >>> spaced("a&&b", 1, 3, "AND"), spaced("a && b", 2, 4, "AND"), spaced("a==b", 1, 3, "=")
    (' AND ', 'AND', '=')
    """
    if not word.isalpha():
        return word
    before = " " if text[:start] and not text[:start][-1].isspace() else ""
    after = " " if text[end:] and not text[end:][0].isspace() else ""
    return f"{before}{word}{after}"


def _pasted(text: str, here: int) -> None:
    """Refuse a sign of a word processor, with that of the language."""
    meant, end = _PASTED.get(text[here]), here + 1
    curly = _CURLY.match(text, here)
    if curly is not None:
        meant, end = f"'{curly[1]}'", curly.end()
    if meant is not None:
        message = "text goes in straight single quotes" if curly else f"`{text[here]}` is not SQL"
        shown = f"`{meant}`" if meant.strip() else "a plain blank"
        raise Refused(
            "R107" if curly else "R101",
            message,
            here,
            end,
            "from a word processor" if curly else f"write {shown}",
            (f"write {shown}  (safe fix, `synthspec check --fix`)",),
            meant,
        )


def _refuse(text: str, here: int, match: re.Match[str] | None) -> NoReturn:
    if match is None:
        if text[here] == "'":
            raise Refused(
                "R101",
                "this text has no closing quote",
                here,
                len(text),
                "opened here",
                ("close it by `'`; a value with ` #` or `: ` needs YAML quotes around it all",),
            )
        _pasted(text, here)
        raise Refused(
            "R101",
            f"`{text[here]}` cannot stand here",
            here,
            here + 1,
            "not readable",
            ("write numbers without units, and the signs of SQL, like `=`, `<>`, `<=`, `AND`",),
        )
    word = match[0]
    if match.lastgroup == "quoted":
        single = "'" + word[1:-1].replace("'", "''") + "'"
        raise Refused(
            "R107",
            "text goes in single quotes",
            *match.span(),
            "double quotes",
            (f"write `{single}`  (safe fix, `synthspec check --fix`)",),
            single,
        )
    code, message, label, replacement = _FOREIGN.get(
        word, ("R101", f"`{word}` cannot stand here", "not part of the language", "")
    )
    end = len(text) if word == ";" else match.end()
    if code in ("R103", "R104"):
        helps = (f"{label}  (safe fix, `synthspec check --fix`)",)
        instead = f"{replacement} " if word == "!" else spaced(text, here, end, replacement)
        raise Refused(code, message, here, end, label, helps, instead)
    helps = (label if word in _FOREIGN else "write one condition of SQL, like `a >= 18 AND b = 'x'`",)
    raise Refused(code, message, here, end, "not part of the language", helps)
