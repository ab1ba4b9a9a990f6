"""bif: a released model, or what a spec states, as a Bayesian network in BIF; and a spec from BIF."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synthspec.api.draft import column_name, listing, scalar

if TYPE_CHECKING:
    from synthspec.api.release import Release
    from synthspec.api.spec import Spec
    from synthspec.terms.bayes import Node

MOST_CASES = 200
"""Combinations of parents up to which a table is written out case by case."""


def nodes_of_release(release: Release) -> tuple[Node, ...]:
    """Return the network of a release's models; costs nothing.

    Raises:
        SpecError: N322, when a model is no network or a table is too large.
    """
    from synthspec.draw.bayes import nodes_of
    from synthspec.generators.models import load_model

    value = release.value
    models = {saved.group: load_model(saved.facts, saved.arrays) for saved in value.models}
    return nodes_of(value.columns, value.plan.groups, models)


def nodes_of_spec(spec: Spec) -> tuple[Node, ...]:
    """Return the network that a spec states by itself: its known tables and domains; no data is read.

    Raises:
        SpecError: when `check` finds an error; N322, when a table is too large.
    """
    from synthspec.compile.plan import mock_plan
    from synthspec.draw.bayes import nodes_of
    from synthspec.draw.mock import stated
    from synthspec.privacy.entropy import SampleRng

    plan = mock_plan(spec.checked())
    return nodes_of(plan.columns, plan.groups, stated(plan, SampleRng(plan.seed)))


def export_bif(target: Release | Spec) -> str:
    """Return the network of a release or of a spec in BIF; labels that BIF cannot hold are mapped.

    Raises:
        SpecError: N322; N324 without the extra `pgm`.
    """
    from synthspec.api.networks import to_bif
    from synthspec.api.release import Release

    return to_bif(nodes_of_release(target) if isinstance(target, Release) else nodes_of_spec(target))


def draft_from_bif(text: str, path: str) -> str:
    """Return a spec without a source that states the network of a BIF file: it can be mocked at once.

    Raises:
        SpecError: N323, when the file cannot be read; N324 without the extra `pgm`.
    """
    from synthspec.api.networks import from_bif

    nodes = from_bif(text)
    names = _names([node.name for node in nodes])
    lines = [
        "# Drafted from a Bayesian network: its variables, edges and tables, taken as public.",
        "# Add `source:` and `privacy:` to learn from rows; a table with `strength: 500` is then a prior.",
        "spec: 1",
        f"name: {scalar(column_name(Path(path).stem))}",
        "",
        "columns:",
        *(f"  {names[node.name]}: {_column(node)}" for node in nodes),
        "",
        "network:",
        f"  max_parents: {max((len(node.parents) for node in nodes), default=1) or 1}",
    ]
    edges = [f"    - {', '.join(names[p] for p in n.parents)} -> {names[n.name]}" for n in nodes if n.parents]
    lines += ["  require:", *edges] if edges else []
    large = [node for node in nodes if _combinations(node, nodes) > MOST_CASES]
    written = [node for node in nodes if node not in large]
    lines += ["  known:"] if written else []
    for node in written:
        lines += _known(node, {each.name: each for each in nodes}, names, path)
    lines += [f"# the table of {names[node.name]} has too many cases to be written out" for node in large]
    return "\n".join([*lines, ""])


def _names(texts: Sequence[str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for text in texts:
        base = name = column_name(text)
        count = 2
        while name in taken.values() or name == "any":
            name, count = f"{base}_{count}", count + 1
        taken[text] = name
    return taken


def _column(node: Node) -> str:
    if set(node.labels) == {"true", "false"}:
        return "bool"
    return listing(node.labels)


def _combinations(node: Node, nodes: Sequence[Node]) -> int:
    sizes = {each.name: len(each.labels) for each in nodes}
    return int(np.prod([sizes[parent] for parent in node.parents], initial=1))


def _known(node: Node, all_: dict[str, Node], names: dict[str, str], path: str) -> list[str]:
    lines = [f"    {names[node.name]}:", f"      cite: {json.dumps(path)}", "      cases:"]
    above = [all_[parent] for parent in node.parents]
    combinations = list(product(*(range(len(parent.labels)) for parent in above)))
    for at, cell in enumerate(combinations):
        table = ", ".join(f"{_key(label)}: {share!r}" for label, share in _row(node, cell))
        if at == len(combinations) - 1:
            lines.append(f"        - else: {{{table}}}")
            break
        parts = [_equals(names[p.name], p, code) for p, code in zip(above, cell)]
        lines.append(f"        - if: {json.dumps(' AND '.join(parts), ensure_ascii=False)}")
        lines.append(f"          is: {{{table}}}")
    return lines


def _row(node: Node, cell: tuple[int, ...]) -> list[tuple[str, float]]:
    """Return the labels with their probabilities, which sum to 1 as exactly as floats can."""
    shares = [float(share) for share in node.table[cell]]
    total = sum(shares)
    return [(label, share / total) for label, share in zip(node.labels, shares, strict=True)]


def _key(label: str) -> str:
    return label if label in ("true", "false") else json.dumps(label, ensure_ascii=False)


def _equals(name: str, parent: Node, code: int) -> str:
    label = parent.labels[code]
    if set(parent.labels) == {"true", "false"}:
        return name if label == "true" else f"NOT {name}"
    quoted = label.replace("'", "''")
    return f"{name} = '{quoted}'"
