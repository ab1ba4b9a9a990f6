"""Shapes: the keys of the language, version 1; the one place that names them (LANGUAGE 2.2, 2.3)."""

from __future__ import annotations

import re
from types import MappingProxyType

from synthspec.privacy.address import LEDGER, LEDGER_HINT
from synthspec.spec.nearest import nearest
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
from synthspec.spec.shapes_tables import tables
from synthspec.spec.source import Entries, Items, Node, Scalar
from synthspec.spec.tokens import RESERVED

IDENTIFIER = (
    r"(?!(?i:and|or|not|in|like|between|is|null|true|false|case|when|then|else|end|cast|as|over|any)\Z)"
    r"[A-Za-z_][A-Za-z0-9_]{0,127}"
)
_WORDS = "|".join(sorted(word.lower() for word in (*RESERVED, "ANY")))
COLUMN_PATTERN = f"(?!(?i:{_WORDS})\\Z)(?:{IDENTIFIER})"
LABEL = r"[^\s/\\`][^/\\`\x00-\x1f]{0,127}"
BIG = 10**15

EXPRESSION = Text("an expression", kind="expression")
PATH = Text("a path", r".*\S.*", "write a path", kind="path", lines=False)
COLUMN_NAME = Text("a column's name", kind="column", lines=False)
GROUP_NAME = Text("a group or column", kind="group", lines=False)
TEXT = Text()
VALUE = Text("a value", lines=False)
COLUMNS = Many(COLUMN_NAME, lone=True, distinct=True)
PROBABILITY = Number(0, 1)


def _one_of(node: Node, scalar: str, items: str, entries: str) -> str:
    match node:
        case Scalar():
            return scalar
        case Items():
            return items
        case Entries():
            return entries


def _record_form(node: Entries, marks: dict[str, str], default: str) -> str:
    """Return the form whose mark is among the keys; else the one whose mark is nearest to a key."""
    keys = [key.text for key, _ in node.entries]
    for key in keys:
        if key in marks:
            return marks[key]
    for key in keys:
        close = nearest(key, marks)
        if close:
            return marks[close[0]]
    return default


def _marked(node: Node, marks: dict[str, str], default: str) -> str:
    """Return the form of a node that is always a mapping."""
    return _record_form(node, marks, default) if isinstance(node, Entries) else default


ABOUT = Forms(
    "about",
    {
        "text": TEXT,
        "long": Record("about", dict.fromkeys(("text", "purpose", "owner", "contact", "retention"), TEXT)),
    },
    lambda node: _one_of(node, "text", "text", "long"),
)

SOURCE = Forms(
    "source",
    {
        "path": PATH,
        "long": Record(
            "source",
            {
                "path": PATH,
                "format": Choice(("csv", "parquet")),
                "nulls": Many(VALUE, at_least=0, lone=True),
                "delimiter": Text("one character", r"(?s:.)|\\t", "write one character, like `;`"),
                "encoding": Text("an encoding", r"[A-Za-z0-9_.-]{1,40}", "write a name, like `utf-8`"),
                "decimal": Choice((".", ",")),
                "duplicates": Choice(("keep", "drop")),
                "public": Flag(),
                "basis": TEXT,
                "rows": Integer(1, BIG),
                "units": Integer(1, BIG),
            },
            ("path",),
        ),
    },
    lambda node: _one_of(node, "path", "path", "long"),
)

PRIVACY = Record(
    "privacy",
    {
        "unit": Text("a column's name, or `row`", kind="unit", lines=False),
        "max_rows": Integer(1, 10_000),
        "epsilon": Number(0, 1_000, lo_open=True),
        "delta": Number(0, 0.01),
        "neighbours": Choice(("add-remove", "replace")),
        "ledger": Text("a ledger's name, or its address without a password", LEDGER, LEDGER_HINT),
        "split": Named(PROBABILITY, "consumer", keys="group"),
        "unit_null": Choice(("own", "drop")),
        "contribution": Choice(("rows", "weights")),
    },
    ("unit", "epsilon"),
)

TYPES = ("id", "bool", "int", "float", "category", "date", "datetime")
TYPE = Text(
    "a type",
    r"(?:id|bool|int|float|category|date|datetime|decimal\([0-9]{1,2}\))",
    "one of `id`, `bool`, `int`, `float`, `decimal(2)`, `category`, `date`, `datetime`",
    lines=False,
)


def _domain_form(node: Node) -> str:
    if isinstance(node, Entries):
        return _record_form(node, {"discover": "discover", "file": "file"}, "file")
    return _one_of(node, "range", "list", "file")


DOMAIN = Forms(
    "in",
    {
        "range": Text("a range", r"\s*\S.*\.\.\s*\S.*", "write `lo..hi`, like `0..120`", lines=False),
        "list": Many(VALUE),
        "file": Record("in", {"file": PATH, "column": VALUE}, ("file", "column")),
        "discover": Record("in", {"discover": Integer(1, 1_000_000), "else": VALUE}, ("discover", "else")),
    },
    _domain_form,
)

LONG_COLUMN = Record(
    "column",
    {
        "type": TYPE,
        "in": DOMAIN,
        "basis": TEXT,
        "clip": Number(0.5, 1, lo_open=True, hi_open=True),
        "step": VALUE,
        "bins": Forms(
            "bins",
            {"count": Integer(1, 4_096), "edges": Many(VALUE, at_least=2, at_most=4_097)},
            lambda node: _one_of(node, "count", "edges", "count"),
        ),
        "missing": Choice(("never", "random", "modelled", "derived")),
        "per": Choice(("row", "unit")),
        "derive": EXPRESSION,
        "lookup": PATH,
        "by": Forms(
            "by",
            {"list": Many(COLUMN_NAME, lone=True), "map": Named(VALUE, "column", at_least=1, keys="column")},
            lambda node: _one_of(node, "list", "list", "map"),
        ),
        "take": VALUE,
        "measured_in": TEXT,
        "about": TEXT,
        "from": Text(
            "a column's name in the source", r".*\S.*", "write the name in the file's first line", lines=False
        ),
        "nulls": Many(VALUE, at_least=0, lone=True),
        "labels": Named(VALUE, "code", keys="value"),
        "format": VALUE,
        "outside": Choice(("clip", "missing", "other", "drop")),
        "other": VALUE,
    },
)

COLUMN = Forms(
    "column",
    {"short": Text("a column", lines=False), "list": Many(VALUE), "long": LONG_COLUMN},
    lambda node: _one_of(node, "short", "list", "long"),
)

ENFORCE = Choice(("always", "report"))
_RULE_MARKS = {
    "check": "check",
    "if": "if",
    "then": "if",
    "unique": "unique",
    "combos": "combos",
    "determines": "determines",
    "no_overlap": "no_overlap",
}


def _rule_form(node: Node) -> str:
    if isinstance(node, Entries):
        return _record_form(node, _RULE_MARKS, "check")
    return "expression"


RULE = Forms(
    "rule",
    {
        "expression": EXPRESSION,
        "check": Record(
            "rule", {"check": EXPRESSION, "repair": COLUMNS, "because": TEXT, "enforce": ENFORCE}, ("check",)
        ),
        "if": Record(
            "rule",
            {"if": EXPRESSION, "then": EXPRESSION, "repair": COLUMNS, "because": TEXT, "enforce": ENFORCE},
            ("if", "then"),
        ),
        "unique": Record("rule", {"unique": COLUMNS, "because": TEXT}, ("unique",)),
        "combos": Record(
            "rule",
            {
                "combos": COLUMNS,
                "rows": Many(Many(VALUE)),
                "file": PATH,
                "because": TEXT,
                "enforce": ENFORCE,
            },
            ("combos",),
        ),
        "determines": Record(
            "rule", {"determines": COLUMNS, "by": COLUMNS, "because": TEXT}, ("determines", "by")
        ),
        "no_overlap": Record(
            "rule",
            {"no_overlap": Many(COLUMN_NAME, 2, 2), "per": COLUMN_NAME, "because": TEXT},
            ("no_overlap", "per"),
        ),
    },
    _rule_form,
)

EDGE = Text("an edge", r"[^>]*[^>\s-]\s*->\s*[^>\s][^>]*", "write `a, b -> c`", lines=False)
DISTRIBUTION = Forms(
    "is",
    {
        "distribution": Text(
            "a distribution",
            r"\s*(?:normal|lognormal|gamma|beta|poisson|uniform)\s*\([^()]*\)\s*",
            "one of `normal`, `lognormal`, `gamma`, `beta`, `poisson`, `uniform` with numbers, "
            "like `normal(5.4, 0.4)`",
            lines=False,
        ),
        "table": Named(PROBABILITY, "value", at_least=1, keys="value"),
    },
    lambda node: _one_of(node, "distribution", "distribution", "table"),
)


CASE = Forms(
    "case",
    {
        "if": Record("case", {"if": EXPRESSION, "is": DISTRIBUTION}, ("if", "is")),
        "else": Record("case", {"else": DISTRIBUTION}, ("else",)),
    },
    lambda node: _marked(node, {"if": "if", "is": "if", "else": "else"}, "if"),
)

NETWORK = Record(
    "network",
    {
        "require": Many(EDGE, at_least=0, lone=True, distinct=True),
        "forbid": Many(EDGE, at_least=0, lone=True, distinct=True),
        "max_parents": Integer(0, 20),
        "known": Named(
            Record(
                "known",
                {"cite": TEXT, "strength": Number(0, 1e12, lo_open=True), "cases": Many(CASE)},
                ("cite", "cases"),
            ),
            "column",
            keys="column",
        ),
    },
)

GROUP = Record(
    "group",
    {
        "columns": COLUMNS,
        "using": Text("a generator", r"[a-z][a-z_0-9]{0,40}", "write a name, like `marginal`", lines=False),
        "given": Many(GROUP_NAME, at_least=0, lone=True, distinct=True),
        "with": Named(Free(), "option"),
        "sequence": Record("sequence", {"by": COLUMN_NAME, "memory": Integer(1, 100)}, ("by",)),
    },
)

MIX_PART = Forms(
    "mix",
    {
        "release": Record("mix", {"release": PATH, "share": PROBABILITY}, ("release", "share")),
        "public": Record("mix", {"public": PATH, "share": PROBABILITY, "basis": TEXT}, ("public", "share")),
    },
    lambda node: _marked(node, {"release": "release", "public": "public"}, "public"),
)

AUGMENT = Forms(
    "augment",
    {
        "jitter": Record("augment", {"jitter": VALUE}, ("jitter",)),
        "interpolate": Record("augment", {"class": COLUMNS, "k": Integer(1, 100)}, ("class",)),
    },
    lambda node: _marked(node, {"jitter": "jitter", "class": "interpolate", "k": "interpolate"}, "jitter"),
)

SCENARIO = Record(
    "scenario",
    {
        "rows": Integer(1, 10**10),
        "units": Integer(1, 10**10),
        "where": EXPRESSION,
        "rebalance": Named(Named(PROBABILITY, "value", at_least=1, keys="value"), "column", keys="column"),
        "weights": Text("a new column's name", IDENTIFIER, "use letters, digits and `_`", lines=False),
        "given": PATH,
        "basis": TEXT,
        "mix": Many(MIX_PART),
        "provenance": Text("a new column's name", IDENTIFIER, "use letters, digits and `_`", lines=False),
        "augment": Named(AUGMENT, "column", keys="column"),
    },
)

SAMPLE = Record(
    "sample",
    {
        "rows": Integer(1, 10**10),
        "units": Integer(1, 10**10),
        "seed": Integer(0, 2**63 - 1),
        "holdout": Number(0, 1, lo_open=True, hi_open=True),
        "scenarios": Named(SCENARIO, "scenario", LABEL, "write a name without slashes"),
    },
)

SPEC = Record(
    "spec",
    {
        "spec": Integer(1, 1),
        "name": Text(
            "a name", r"(?!\.)[^/\\`\x00-\x1f]{1,100}", "use letters, digits, blanks and `-`", lines=False
        ),
        "about": ABOUT,
        "source": SOURCE,
        "privacy": PRIVACY,
        "columns": Named(
            COLUMN,
            "column",
            COLUMN_PATTERN,
            "use letters, digits and `_`, and give the name in the source by `from:`",
            1,
            "column",
        ),
        "rules": Named(RULE, "rule", LABEL, "write a name without slashes"),
        "network": NETWORK,
        "generate": Named(GROUP, "group", IDENTIFIER.replace("_0-9", "_0-9-"), "use letters, digits and `_`"),
        "sample": SAMPLE,
        "gates": Named(EXPRESSION, "gate", LABEL, "write a name without slashes"),
        "output": Record(
            "output",
            {
                "folder": PATH,
                "format": Choice(("parquet", "csv")),
                "also": Many(PATH, at_least=0, lone=True),
            },
        ),
        "workload": Many(
            Record("workload", {"columns": COLUMNS, "weight": Integer(1, 1_000)}, ("columns", "weight")),
            at_least=0,
        ),
        "must_answer": Named(
            Record("must_answer", {"count": EXPRESSION, "by": COLUMNS}, ("count",)),
            "question",
            LABEL,
            "write a name without slashes",
        ),
        "subgroups": COLUMNS,
        "tables": tables(COLUMN_NAME, PATH),
    },
    ("spec", "columns"),
    open="x-",
)

SHAPES: MappingProxyType[str, Shape] = MappingProxyType(dict(SPEC.keys))
"""The shape of every top-level key."""


def matches(pattern: str, text: str) -> bool:
    """Return whether the whole of `text` matches `pattern`."""
    return re.fullmatch(pattern, text, re.DOTALL) is not None
