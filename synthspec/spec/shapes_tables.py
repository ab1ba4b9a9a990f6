"""Shapes of `tables:`: the table of units, with a file of its own, and the table of rows.

Source: ours; LANGUAGE 2.3 of the design.
"""

from __future__ import annotations

from synthspec.spec.shape import Choice, Forms, Many, Named, Record, Shape, Text
from synthspec.spec.source import Node, Scalar

REST = "rest"
NAME = r"[A-Za-z][A-Za-z0-9_-]{0,39}"


def _columns(node: Node) -> str:
    return "rest" if isinstance(node, Scalar) and node.text == REST else "names"


def tables(column: Text, path: Text) -> Shape:
    """Return the shape of `tables:`, made of that of a column's name and that of a path."""
    columns = Forms(
        "columns",
        {"rest": Choice((REST,)), "names": Many(column, lone=True, distinct=True)},
        _columns,
    )
    table = Record(
        "table",
        {
            "path": path,
            "format": Choice(("csv", "parquet")),
            "key": Text("a column's name"),
            "columns": columns,
        },
    )
    return Named(table, "table", NAME, "write a name of letters, digits and `_`")
