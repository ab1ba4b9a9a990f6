"""Read: a node and its shape give plain data; every mismatch gives one finding with a span."""

from __future__ import annotations

import math
import re
from typing import assert_never

from synthspec.errors import Span
from synthspec.spec.cut import cut
from synthspec.spec.nearest import nearest
from synthspec.spec.reading import MISSING, Form, Missing, Reading, dotted, suggest
from synthspec.spec.shape import (
    Choice,
    Flag,
    Forms,
    Free,
    Integer,
    Many,
    Named,
    Number,
    Record,
    Shape,
    Text,
)
from synthspec.spec.shapes import matches
from synthspec.spec.source import Entries, Items, Node, Path_, Scalar

_INTEGER = re.compile(r"[-+]?[0-9](?:_?[0-9])*")
_NUMBER = re.compile(r"[-+]?(?:[0-9](?:_?[0-9])*)?(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")


def read(reading: Reading, shape: Shape, node: Node, path: Path_) -> object:
    """Return the plain data that `node` holds under `shape`, or MISSING.

    Text gives str, Many a tuple, Named and Record a dict (without what could not be read), Forms a Form.
    """
    match shape:
        case Text():
            return _text(reading, shape, node, path)
        case Integer():
            return _integer(reading, shape, node, path)
        case Number():
            return _number(reading, shape, node, path)
        case Flag():
            if isinstance(node, Scalar) and node.plain and node.tag == "bool":
                return node.text.lower() == "true"
            return _wrong(reading, "`true` or `false`", node, path)
        case Choice():
            return _choice(reading, shape, node, path)
        case Many():
            return _many(reading, shape, node, path)
        case Named():
            return _named(reading, shape, node, path)
        case Record():
            return _record(reading, shape, node, path)
        case Forms():
            form = shape.choose(node)
            value = read(reading, shape.forms[form], node, path)
            return value if isinstance(value, Missing) else Form(form, value)
        case Free():
            return free(node)
    assert_never(shape)


def free(node: Node) -> object:
    """Return the plain data of a node, typed by YAML 1.2."""
    match node:
        case Items():
            return [free(item) for item in node.items]
        case Entries():
            return {key.text: free(value) for key, value in node.entries}
        case Scalar(tag="null"):
            return None
        case Scalar(tag="bool"):
            return node.text.lower() == "true"
        case Scalar(tag="int") if _INTEGER.fullmatch(node.text):
            return int(node.text)
        case Scalar(tag="float") if _NUMBER.fullmatch(node.text):
            return float(node.text)
        case Scalar():
            return node.text
    assert_never(node)


def _kind(node: Node) -> str:
    match node:
        case Items():
            return "a list"
        case Entries():
            return "a mapping"
        case Scalar(text="", plain=True):
            return "nothing"
        case Scalar():
            return "a value"
    assert_never(node)


def _wrong(reading: Reading, wanted: str, node: Node, path: Path_) -> Missing:
    shown = " ".join(node.text[:60].split()) if isinstance(node, Scalar) else ""
    found = f"`{shown}`" if shown else _kind(node)
    return reading.report(
        "S106",
        f"`{dotted(path)}` must be {wanted}",
        path,
        reading.spot(node, path, f"this is {found}"),
        helps=(f"write {wanted} here",),
    )


def _text(reading: Reading, shape: Text, node: Node, path: Path_) -> object:
    if not isinstance(node, Scalar) or (node.plain and not node.text):
        return _wrong(reading, shape.what, node, path)
    if not shape.lines and "\n" in node.text.strip():
        return _wrong(reading, f"{shape.what} on one line", node, path)
    if shape.pattern is not None and not matches(shape.pattern, node.text):
        helps = (shape.hint,) if shape.hint else ()
        return reading.report(
            "S108",
            f"`{dotted(path)}` is not {shape.what}",
            path,
            reading.spot(node, path, "not readable"),
            helps=helps,
        )
    return node.text


def _integer(reading: Reading, shape: Integer, node: Node, path: Path_) -> object:
    if not isinstance(node, Scalar) or not node.plain or not _INTEGER.fullmatch(node.text):
        return _wrong(reading, "a whole number", node, path)
    value = int(node.text) if len(node.text) < 40 else shape.hi + 1
    if shape.lo <= value <= shape.hi:
        return value
    wanted = f"{shape.lo:_} to {shape.hi:_}" if shape.lo != shape.hi else f"{shape.lo}"
    return _outside(reading, node, path, wanted)


def _number(reading: Reading, shape: Number, node: Node, path: Path_) -> object:
    readable = isinstance(node, Scalar) and node.plain and any(c.isdigit() for c in node.text)
    if not readable or not isinstance(node, Scalar) or not _NUMBER.fullmatch(node.text):
        return _wrong(reading, "a finite number", node, path)
    value = float(node.text.replace("_", ""))
    low = value > shape.lo if shape.lo_open else value >= shape.lo
    high = value < shape.hi if shape.hi_open else value <= shape.hi
    if low and high and math.isfinite(value):
        return value
    lower = f"more than {shape.lo:g}" if shape.lo_open else f"at least {shape.lo:g}"
    upper = f"less than {shape.hi:g}" if shape.hi_open else f"at most {shape.hi:g}"
    return _outside(reading, node, path, f"{lower} and {upper}")


def _outside(reading: Reading, node: Node, path: Path_, wanted: str) -> Missing:
    span = reading.spot(node, path, "out of range")
    return reading.report(
        "S107", f"`{dotted(path)}` is out of range", path, span, helps=(f"write a number: {wanted}",)
    )


def _choice(reading: Reading, shape: Choice, node: Node, path: Path_) -> object:
    if isinstance(node, Scalar) and node.text in shape.values:
        return node.text
    words = ", ".join(f"`{value}`" for value in shape.values)
    if not isinstance(node, Scalar) or not node.text:
        return _wrong(reading, f"one of {words}", node, path)
    span = reading.spot(node, path, "not one of the words")
    helps, fixes = suggest(node.text, shape.values, span)
    return reading.report(
        "S108",
        f"`{dotted(path)}` must be one of {words}",
        path,
        span,
        helps=helps or (f"write one of {words}",),
        fixes=fixes,
    )


def _many(reading: Reading, shape: Many, node: Node, path: Path_) -> object:
    if shape.lone and isinstance(node, Scalar) and node.text:
        value = read(reading, shape.of, node, path)
        return value if isinstance(value, Missing) else (value,)
    if not isinstance(node, Items):
        return _wrong(reading, "a list, like `[a, b]`", node, path)
    if not shape.at_least <= len(node.items) <= shape.at_most:
        wanted = f"{shape.at_least}" if shape.at_least == shape.at_most else f"at least {shape.at_least}"
        return _wrong(reading, f"a list of {wanted}", node, path)
    values: list[object] = []
    seen: dict[str, Scalar] = {}
    bad = False
    for index, item in enumerate(node.items):
        value = read(reading, shape.of, item, (*path, str(index)))
        if isinstance(value, Missing):
            bad = True
        elif shape.distinct and isinstance(item, Scalar) and item.text in seen:
            first = reading.spot(seen[item.text], path, "first written here")
            reading.report(
                "S104",
                f"`{item.text}` is listed twice in `{dotted(path)}`",
                path,
                reading.spot(item, path, "listed again"),
                spans=(_second(first),),
                helps=("keep one of the two",),
            )
        else:
            values.append(value)
        if isinstance(item, Scalar):
            seen.setdefault(item.text, item)
    if bad:
        reading.broken.add(path)
        return MISSING
    return tuple(values)


def _second(span: Span) -> Span:
    return Span(span.file, span.line, span.column, span.end_line, span.end_column, span.label, False)


def _named(reading: Reading, shape: Named, node: Node, path: Path_) -> object:
    if not isinstance(node, Entries):
        if isinstance(node, Scalar) and not node.text and shape.at_least == 0:
            return {}
        return _wrong(reading, f"a mapping from {shape.what} to value", node, path)
    if len(node.entries) < shape.at_least:
        return _wrong(reading, f"a mapping with at least {shape.at_least} {shape.what}", node, path)
    pattern = shape.pattern
    taken = cut(
        reading,
        node,
        path,
        lambda key: (
            not key[:1].isalpha() or ")" in key or (pattern is not None and not matches(pattern, key))
        ),
    )
    values: dict[str, object] = {}
    for key, item in node.entries:
        if key.text in taken:
            continue
        here = (*path, key.text)
        if shape.pattern is not None and not matches(shape.pattern, key.text):
            span = reading.tree.place(key.start, key.end, f"not a {shape.what}'s name", True)
            reading.report(
                "S123",
                f"`{key.text[:60]}` cannot name a {shape.what}",
                here,
                span,
                helps=(shape.hint,) if shape.hint else (),
            )
            continue
        value = read(reading, shape.of, item, here)
        if isinstance(value, Missing):
            reading.broken.add(here)
        else:
            values[key.text] = value
    return values


def _record(reading: Reading, shape: Record, node: Node, path: Path_) -> object:
    if not isinstance(node, Entries):
        return _wrong(reading, "a mapping", node, path)
    taken = cut(reading, node, path, lambda key: key not in shape.keys)
    values: dict[str, object] = {}
    meant: set[str] = set()
    for key, item in node.entries:
        here = (*path, key.text)
        if key.text in taken or (shape.open and key.text.startswith(shape.open)):
            continue
        if key.text not in shape.keys:
            meant.update(_unknown(reading, shape, node, key, here))
            continue
        value = read(reading, shape.keys[key.text], item, here)
        if not isinstance(value, Missing):
            values[key.text] = value
    present = {key.text for key, _ in node.entries}
    for key_name in shape.needs:
        if key_name not in present and key_name not in meant and not taken:
            reading.report(
                "S124",
                f"`{dotted(path)}` needs the key `{key_name}`",
                path,
                _head(reading, node, path),
                helps=(f"add `{key_name}: ...`",),
            )
    if any(key_name not in values for key_name in shape.needs):
        reading.broken.add(path)
        return MISSING if path else values
    return values


def _head(reading: Reading, node: Node, path: Path_) -> Span:
    label = "in this mapping"
    if path:
        span = reading.tree.key_span(path)
        return Span(span.file, span.line, span.column, span.end_line, span.end_column, label, True)
    return reading.tree.place(0, min(len(reading.tree.text.split("\n", 1)[0]), node.end), label, True)


def _unknown(reading: Reading, shape: Record, node: Entries, key: Scalar, path: Path_) -> tuple[str, ...]:
    """Report an unknown key; return the keys that it may have been meant for."""
    span = reading.tree.place(key.start, key.end, "not a key of the language here", True)
    used = {other.text for other, _ in node.entries}
    free_keys = tuple(name for name in shape.keys if name not in used)
    helps, fixes = suggest(key.text, free_keys, span)
    if not helps:
        helps = (f"the keys here are {', '.join(f'`{name}`' for name in shape.keys)}",)
    reading.report(
        "S102",
        f"unknown key `{key.text[:60]}` in `{dotted(path[:-1])}`",
        path,
        span,
        helps=helps,
        fixes=fixes,
    )
    reading.broken.add(path[:-1])
    return nearest(key.text, free_keys)
