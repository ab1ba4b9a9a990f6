"""init --from bif: a spec without a source that states the network of a BIF file, as public knowledge.

States that are whole numbers in a row become an integer column, ranges of them its bins; all others stay
categories with their labels. Arcs that the file marks as learned or filled in (`export bif` does) are
not declared: the tables still depend on them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synthspec.api.draft import column_name, listing, scalar
from synthspec.spec.tokens import RESERVED

if TYPE_CHECKING:
    from synthspec.terms.bayes import Node

MOST_CASES = 20_000
"""Combinations of parents up to which a table is written out, one case each; `check` takes 15 s then."""
MOST_CELLS = 600_000
LEFT_OUT = "# LEFT OUT: "
_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]{0,14}))(?:\.\.(-?(?:0|[1-9][0-9]{0,14})))?\Z")
_TAKEN = frozenset({"any", "or", *(word.lower() for word in RESERVED)})


def draft_from_bif(text: str, path: str) -> str:
    """Return a spec that states the network of a BIF file; lines with `LEFT_OUT` name what it cannot.

    Raises:
        SpecError: N323, when the file cannot be read; N324 without the extra `pgm`.
    """
    from synthspec.api.networks import from_bif

    nodes = from_bif(text)
    names = _names([node.name for node in nodes])
    variables = {node.name: _Variable.of(node, names[node.name]) for node in nodes}
    large = [
        node for node in nodes if _combinations(node, nodes) > MOST_CASES or node.table.size > MOST_CELLS
    ]
    renamed = [
        f"# The variable {json.dumps(old)} is called {new} here." for old, new in names.items() if old != new
    ]
    lines = [
        "# Drafted from a Bayesian network: its variables, edges and tables, taken as public.",
        "# Add `source:` and `privacy:` to learn from rows; a table with `strength: 500` is then a prior.",
        *renamed,
        "spec: 1",
        f"name: {scalar(column_name(Path(path).stem))}",
        "",
        "columns:",
        *(f"  {each.name}: {each.column()}" for each in variables.values()),
        "",
        "network:",
        f"  max_parents: {max((len(node.parents) for node in nodes), default=1) or 1}",
        *_require(nodes, variables),
    ]
    tables = [line for n in nodes if n not in large for line in _tables(n, variables, path)]
    lines += ["  known:", *tables] if tables else []
    for node in large:
        lines.append(
            f"{LEFT_OUT}the table of {names[node.name]} given {', '.join(names[p] for p in node.parents)} "
            f"({_combinations(node, nodes):,} cases, at most {MOST_CASES:,}): "
            "without it the column is even over its values; state a smaller table under `known:`, or give "
            "a `source:` to learn it from"
        )
    return "\n".join([*lines, ""])


def left_out(draft: str) -> tuple[str, ...]:
    """Return what a draft says that it leaves out."""
    return tuple(line.removeprefix(LEFT_OUT) for line in draft.split("\n") if line.startswith(LEFT_OUT))


@dataclass(frozen=True, eq=False)
class _Variable:
    """A variable as a column: `ranges` when its states are whole numbers in a row, or ranges of them."""

    name: str
    labels: tuple[str, ...]
    ranges: tuple[tuple[int, int], ...]
    missing: bool

    @classmethod
    def of(cls, node: Node, name: str) -> _Variable:
        labels = node.labels[:-1] if node.missing else node.labels
        return cls(name, labels, _ranges(labels), node.missing)

    @property
    def truth(self) -> bool:
        return set(self.labels) == {"true", "false"}

    def column(self) -> str:
        """Return the column's text in the spec."""
        gap = ", missing: modelled" if self.missing else ""
        if self.truth:
            return f"{{type: bool{gap}}}" if gap else "bool"
        if not self.ranges:
            return f"{{type: category, in: {listing(self.labels)}{gap}}}" if gap else listing(self.labels)
        span = f"{min(a for a, _ in self.ranges)}..{max(b for _, b in self.ranges)}"
        if all(a == b for a, b in self.ranges) and len(self.ranges) <= 128:
            return f"{{type: int, in: {span}{gap}}}" if gap else f"int {span}"
        edges = ", ".join(str(first) for first, _ in self.ranges)
        return f"{{type: int, in: {span}, bins: [{edges}]{gap}}}"

    def key(self, at: int) -> str:
        """Return a value's key in a table: of a range, its first number."""
        if self.truth:
            return self.labels[at]
        return str(self.ranges[at][0]) if self.ranges else json.dumps(self.labels[at], ensure_ascii=False)

    def equals(self, at: int) -> str:
        """Return the condition that the column has a state."""
        if at == len(self.labels):
            return f"{self.name} IS NULL"
        label = self.labels[at]
        if self.truth:
            return self.name if label == "true" else f"NOT {self.name}"
        if self.ranges:
            first, last = self.ranges[at]
            same = f"{self.name} = {first}"
            return same if first == last else f"{self.name} BETWEEN {first} AND {last}"
        quoted = label.replace("'", "''")
        return f"{self.name} = '{quoted}'"


def _ranges(labels: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the first and last number of each state, if the states follow each other without a hole."""
    matches = [_WHOLE.match(label) for label in labels]
    found = [(int(m[1]), int(m[2] if m[2] is not None else m[1])) for m in matches if m]
    if len(found) < max(len(labels), 2) or any(a > b for a, b in found):
        return ()
    return tuple(found) if all(b[0] == a[1] + 1 for a, b in pairwise(found)) else ()


def _names(texts: Sequence[str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for text in texts:
        base = name = column_name(text)
        count = 2
        while name in taken.values() or name.lower() in _TAKEN:
            name, count = f"{base}_{count}", count + 1
        taken[text] = name
    return taken


def _combinations(node: Node, nodes: Sequence[Node]) -> int:
    sizes = {each.name: len(each.labels) for each in nodes}
    return prod(sizes[parent] for parent in node.parents)


def _require(nodes: Sequence[Node], variables: Mapping[str, _Variable]) -> list[str]:
    """Return the declared edges; those that the file says were learned or filled in are only named."""
    edges, others = [], []
    for node in nodes:
        said = node.how or ("",) * len(node.parents)
        name = variables[node.name].name
        above = [
            variables[p].name for p, how in zip(node.parents, said, strict=True) if how in ("", "declared")
        ]
        if above:
            edges.append(f"    - {', '.join(above)} -> {name}")
            edges += [f"    - {', '.join(above)} -> {name}.missing"] if node.missing else []
        others += [
            f"    # {variables[p].name} -> {name} was {how}: not declared, though the table depends on it"
            for p, how in zip(node.parents, said, strict=True)
            if how not in ("", "declared")
        ]
    return (["  require:", *edges] if edges else []) + others


def _tables(node: Node, variables: Mapping[str, _Variable], path: str) -> list[str]:
    own = variables[node.name]
    if not node.missing:
        return _known(
            own.name, [own.key(at) for at in range(len(own.labels))], node, node.table, variables, path
        )
    lost = node.table[..., -1]
    have = node.table[..., :-1]
    mass = have.sum(axis=-1, keepdims=True)
    even = np.full_like(have, 1.0 / have.shape[-1])
    shares = np.where(mass > 0, have / np.where(mass > 0, mass, 1.0), even)
    keys = [own.key(at) for at in range(len(own.labels))]
    return [
        *_known(own.name, keys, node, shares, variables, path),
        *_known(
            f"{own.name}.missing", ["false", "true"], node, np.stack([1 - lost, lost], -1), variables, path
        ),
    ]


def _known(
    name: str,
    keys: Sequence[str],
    node: Node,
    table: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    variables: Mapping[str, _Variable],
    path: str,
) -> list[str]:
    lines = [f"    {name}:", f"      cite: {json.dumps(path, ensure_ascii=False)}", "      cases:"]
    above = [variables[parent] for parent in node.parents]
    cells = list(product(*(range(len(each.labels) + each.missing) for each in above)))
    for number, cell in enumerate(cells):
        text = ", ".join(f"{key}: {share!r}" for key, share in zip(keys, _row(table[cell]), strict=True))
        if number == len(cells) - 1:
            lines.append(f"        - else: {{{text}}}")
            break
        condition = " AND ".join(each.equals(at) for each, at in zip(above, cell, strict=True))
        lines.append(f"        - if: {json.dumps(condition, ensure_ascii=False)}")
        lines.append(f"          is: {{{text}}}")
    return lines


def _row(shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float]:
    """Return the probabilities as written when they sum to 1, else scaled to do so."""
    found = [float(share) for share in shares]
    total = sum(found)
    return found if abs(total - 1) <= 1e-12 else [share / total for share in found]
