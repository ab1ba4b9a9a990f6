"""Short: the short forms of a column and of a range, and where in the text their parts lie."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COLUMN = re.compile(
    r"(?P<type>id|bool|int|float|category|date|datetime|decimal\(\s*(?P<scale>[0-9]{1,2})\s*\))"
    r"(?P<maybe>\?)?(?:\s+(?P<range>\S.*))?\s*\Z"
)
_WORD = re.compile(r"\s*([A-Za-z]+)")
_NUMERIC = re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?\Z")
MAX_SCALE = 12
"""Digits after the point of a decimal: 10**12 times a million fits an Int64."""


@dataclass(frozen=True)
class ShortColumn:
    """The parts of a short form; `ranged` are the offsets of the range in the text, or None."""

    type: str
    scale: int
    maybe: bool
    lo: str | None = None
    hi: str | None = None
    ranged: tuple[int, int] | None = None


@dataclass(frozen=True)
class Unread:
    """A short form that could not be read: what is wrong, where, and the word that was probably meant."""

    message: str
    start: int
    end: int
    word: str | None = None


def number(text: str) -> str:
    """Return a number without grouping underscores; other text as it is.

    >>> number("300_000"), number("snake_case")
    ('300000', 'snake_case')
    """
    return text.replace("_", "") if _NUMERIC.match(text) else text


def split_range(text: str) -> tuple[str, str] | None:
    """Return the ends of `lo..hi` as written, numbers without underscores; None when it is none.

    >>> split_range("-50_000..50_000")
    ('-50000', '50000')
    """
    lo, dots, hi = text.partition("..")
    if not dots or not lo.strip() or not hi.strip() or ".." in hi:
        return None
    return number(lo.strip()), number(hi.strip())


def read_type(text: str) -> tuple[str, int] | None:
    """Return the kind and scale of a type's name, or None.

    >>> read_type("decimal(2)")
    ('decimal', 2)
    """
    found = _COLUMN.match(text)
    if found is None or found["maybe"] or found["range"]:
        return None
    return _kind(found)


def _kind(found: re.Match[str]) -> tuple[str, int] | None:
    if found["scale"] is None:
        return found["type"], 0
    scale = int(found["scale"])
    return ("decimal", scale) if scale <= MAX_SCALE else None


def read_column(text: str) -> ShortColumn | Unread:
    """Return the parts of a column's short form.

    >>> read_column("int? 0..120")
    ShortColumn(type='int', scale=0, maybe=True, lo='0', hi='120', ranged=(5, 11))
    """
    found = _COLUMN.match(text)
    if found is None:
        word = _WORD.match(text)
        if word is None:
            return Unread("a column starts with its type", 0, len(text))
        known = ("id", "bool", "int", "float", "decimal", "category", "date", "datetime")
        if word[1] == "decimal":
            return Unread("`decimal` needs its digits after the point, like `decimal(2)`", 0, len(text))
        if word[1] in known:
            return Unread(f"this is not readable after `{word[1]}`", word.end(1), len(text))
        return Unread(f"there is no type `{word[1]}`", word.start(1), word.end(1), word[1])
    kind = _kind(found)
    if kind is None:
        return Unread(f"at most {MAX_SCALE} digits after the point", *found.span("type"))
    if kind[0] in ("id", "bool", "category") and found["range"]:
        return Unread(f"`{kind[0]}` takes no range", *found.span("range"))
    if kind[0] == "category":
        return Unread("a category needs its values, like `[F, M, X]`", *found.span("type"))
    if kind[0] == "id" and found["maybe"]:
        return Unread("an `id` is never missing", *found.span("maybe"))
    if not found["range"]:
        return ShortColumn(*kind, bool(found["maybe"]))
    ends = split_range(found["range"])
    start = found.start("range")
    ranged = (start, start + len(found["range"].rstrip()))
    if ends is None:
        return Unread("a range is `lo..hi`, like `0..120`", *ranged)
    return ShortColumn(*kind, bool(found["maybe"]), *ends, ranged=ranged)
