"""The one file that uses pgmpy: BIF in and out, independence, structure search on public tables, queries.

BIF cannot hold labels with commas, brackets or bars, nor its own words as names: such names and
labels are written as `v0`, `s0`, ... and the true ones in a comment on the first lines, which reading
puts back; so is how each arc came about, and which variables have "missing" as their last value.
Probabilities are written to ten decimals that sum to 1, so that a file that is read and written again
stays as it is. pgmpy draws no random number here: its sampling would seed numpy's global generator.

Source: Ankan & Panda 2015 (pgmpy); Interchange Format for Bayesian Networks (BIF) 0.15.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.errors import SpecError
from synthspec.terms.bayes import Node

_MARK = "// synthspec names: "
_ARCS = "// synthspec arcs: "
_MISSING = "// synthspec missing: "
_DECIMALS = 10
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_WORDS = frozenset(["network", "variable", "type", "discrete", "probability", "table", "default", "property"])
Edges = Sequence[tuple[str, str]]


@contextmanager
def _pgmpy() -> Iterator[Callable[[str], Any]]:
    """Yield a function that imports a module of pgmpy; its log lines and warnings stay inside.

    Raises:
        SpecError: N324, when the extra is not installed.
    """
    import importlib

    def load(name: str) -> Any:
        try:
            return importlib.import_module(f"pgmpy.{name}")
        except ImportError:
            raise SpecError(
                "N324", "this needs the extra `pgm`", helps=('install it: `pip install "synthspec[pgm]"`',)
            ) from None

    logger = logging.getLogger("pgmpy")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield load
        finally:
            logger.setLevel(level)


def to_bif(nodes: Sequence[Node], notes: Sequence[str] = ()) -> str:
    """Return the network in BIF; `notes` are written as comments above it."""
    nodes = [replace(node, table=_rounded(node.table)) for node in nodes]
    names = {node.name: _word(node.name, f"v{at}") for at, node in enumerate(nodes)}
    labels = {node.name: _labels(node.labels) for node in nodes}
    kept = {
        names[node.name]: {"name": node.name, "labels": list(node.labels)}
        for node in nodes
        if names[node.name] != node.name or labels[node.name] != node.labels
    }
    plain = [Node(names[n.name], labels[n.name], tuple(names[p] for p in n.parents), n.table) for n in nodes]
    with _pgmpy() as load:
        text = str(load("readwrite").BIFWriter(_model(load, plain)))
    arcs = {
        node.name: {p: how for p, how in zip(node.parents, node.how, strict=True) if how}
        for node in nodes
        if any(node.how)
    }
    head = [f"{_MARK}{json.dumps(kept)}"] if kept else []
    head += [f"{_ARCS}{json.dumps(arcs)}"] if arcs else []
    gaps = {node.name: True for node in nodes if node.missing}
    head += [f"{_MISSING}{json.dumps(gaps)}"] if gaps else []
    return "\n".join([*head, *(f"// {note}" for note in notes), text])


def _rounded(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows at ten decimals, each with the sum 1: the largest share takes what is left."""
    whole = 10**_DECIMALS
    counts = np.rint(table * whole).astype(np.int64)
    largest = np.expand_dims(counts.argmax(axis=-1), -1)
    lack = whole - counts.sum(axis=-1, keepdims=True)
    np.put_along_axis(counts, largest, np.take_along_axis(counts, largest, -1) + lack, -1)
    shares: NDArray[np.float64] = counts / whole
    return shares


def _word(text: str, instead: str) -> str:
    return text if _PLAIN.match(text) and text.lower() not in _WORDS else instead


def _labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    if all(_word(label, "") for label in labels):
        return labels
    return tuple(f"s{at}" for at in range(len(labels)))


def from_bif(text: str) -> tuple[Node, ...]:
    """Return the network written in BIF, parents first.

    Raises:
        SpecError: N323, when it cannot be read or a table does not sum to 1.
    """
    lines = text.split("\n")
    rest = "\n".join(line for line in lines if not line.startswith("//"))
    try:
        kept, arcs, gaps = (_commented(lines, mark) for mark in (_MARK, _ARCS, _MISSING))
        with _pgmpy() as load:
            reader = load("readwrite").BIFReader(string=rest)
            model = reader.get_model()
            cpds = {cpd.variable: cpd for cpd in model.get_cpds()}
            order = _sorted({name: tuple(cpd.variables[1:]) for name, cpd in cpds.items()})
            if not order or set(order) != set(model.nodes()):
                raise ValueError("variables without a table")
    except SpecError:
        raise
    except Exception as error:  # the reader raises whatever its parser meets
        raise SpecError(
            "N323",
            "the BIF file cannot be read",
            notes=(f"the reader stopped with {type(error).__name__}",),
            helps=("check it with the program that wrote it",),
        ) from None
    nodes = tuple(_node(cpds[name], kept, arcs) for name in order)
    nodes = tuple(replace(node, missing=node.name in gaps and len(node.labels) > 1) for node in nodes)
    for node in nodes:
        if np.any(np.abs(node.table.sum(axis=-1) - 1) > 1e-6) or np.any(node.table < 0):
            raise SpecError(
                "N323",
                f"the table of `{node.name}` in the BIF file does not sum to 1",
                helps=("correct the probabilities",),
            )
    return nodes


def _commented(lines: Sequence[str], mark: str) -> Mapping[str, Any]:
    found = next((line.removeprefix(mark) for line in lines if line.startswith(mark)), "{}")
    value = json.loads(found)
    return value if isinstance(value, dict) else {}


def _node(cpd: Any, kept: Mapping[str, Any], arcs: Mapping[str, Any]) -> Node:
    def name(of: str) -> str:
        return str(kept[of]["name"]) if of in kept else of

    states = tuple(str(state) for state in cpd.state_names[cpd.variable])
    labels = tuple(kept[cpd.variable]["labels"]) if cpd.variable in kept else states
    table = np.moveaxis(np.asarray(cpd.values, dtype=np.float64), 0, -1)
    parents = tuple(name(p) for p in cpd.variables[1:])
    said = arcs.get(name(cpd.variable), {})
    return Node(name(cpd.variable), labels, parents, table, tuple(str(said.get(p, "")) for p in parents))


def _sorted(parents: Mapping[str, tuple[str, ...]]) -> list[str]:
    order: list[str] = []
    while len(order) < len(parents):
        ready = [name for name in parents if name not in order and set(parents[name]) <= set(order)]
        if not ready:
            raise ValueError("a network with a cycle, or with a parent that it does not have")
        order += ready
    return order


def _model(load: Callable[[str], Any], nodes: Sequence[Node]) -> Any:
    model = load("models").DiscreteBayesianNetwork()
    model.add_nodes_from([node.name for node in nodes])
    model.add_edges_from([(parent, node.name) for node in nodes for parent in node.parents])
    states = {node.name: list(node.labels) for node in nodes}
    for node in nodes:
        many = len(node.labels)
        model.add_cpds(
            load("factors.discrete").TabularCPD(
                node.name,
                many,
                np.moveaxis(node.table, -1, 0).reshape(many, -1),
                list(node.parents) or None,
                [len(states[parent]) for parent in node.parents] or None,
                state_names={name: states[name] for name in (node.name, *node.parents)},
            )
        )
    return model


def posterior(
    nodes: Sequence[Node], wanted: Sequence[str], evidence: Mapping[str, str]
) -> NDArray[np.float64]:
    """Return P(wanted | evidence) by variable elimination, one axis per name of `wanted`."""
    with _pgmpy() as load:
        engine = load("inference").VariableElimination(_model(load, nodes))
        found = engine.query(list(wanted), evidence=dict(evidence) or None, show_progress=False)
        order = [found.variables.index(name) for name in wanted]
        values: NDArray[np.float64] = np.transpose(np.asarray(found.values, dtype=np.float64), order)
        return values


def blanket(names: Iterable[str], edges: Edges, column: str) -> tuple[str, ...]:
    """Return the Markov blanket: given these columns, no other says more about `column`."""
    with _pgmpy() as load:
        return tuple(sorted(_graph(load, names, edges).get_markov_blanket(column)))


def separated(names: Iterable[str], edges: Edges, one: str, other: str, given: Sequence[str]) -> bool:
    """Return whether the graph makes `one` and `other` independent given `given` (d-separation)."""
    with _pgmpy() as load:
        return not _graph(load, names, edges).is_dconnected(one, other, observed=list(given))


def unconnected(names: Sequence[str], edges: Edges, column: str, given: Sequence[str]) -> tuple[str, ...]:
    """Return the names that are d-separated from `column` given `given`; `given` are not among them."""
    with _pgmpy() as load:
        graph = _graph(load, names, edges)
        reached = graph.active_trail_nodes([column], observed=list(given))[column]
        return tuple(name for name in names if name not in reached and name not in given)


def _graph(load: Callable[[str], Any], names: Iterable[str], edges: Edges) -> Any:
    graph = load("models").DiscreteBayesianNetwork()
    graph.add_nodes_from(list(names))
    graph.add_edges_from(list(edges))
    return graph


def search(
    codes: Mapping[str, NDArray[np.integer]],
    sizes: Mapping[str, int],
    *,
    required: Edges = (),
    forbidden: Edges = (),
    max_parents: int = 3,
) -> tuple[tuple[str, str], ...]:
    """Return the edges that hill climbing with the BIC score finds; for public tables only.

    Args:
        codes: per column its codes, all of one length.
        sizes: per column how many codes there are.
        required: edges that are there.
        forbidden: edges that are not.
        max_parents: the most parents of a column.
    """
    with _pgmpy() as load:
        import pandas as pd

        frame = pd.DataFrame(
            {name: pd.Categorical.from_codes(column, [str(c) for c in range(sizes[name])])
             for name, column in codes.items()}
        )  # fmt: skip
        discovery = load("causal_discovery")
        knowledge = discovery.ExpertKnowledge(required_edges=list(required), forbidden_edges=list(forbidden))
        made = discovery.HillClimbSearch(
            scoring_method="bic-d",
            max_indegree=max_parents,
            expert_knowledge=knowledge,
            return_type="dag",
            show_progress=False,
        )
        graph = made.fit(frame).causal_graph_
        return tuple(sorted((str(a), str(b)) for a, b in graph.edges()))
