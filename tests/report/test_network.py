"""The section on dependence: where edges come from, what is cited, fitted tables and what is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synthspec.columns import Category
from synthspec.generators import GENERATORS, Workload
from synthspec.generators.tree_model import TreeModel
from synthspec.plan.plan import KnownTable, PlannedColumn, PlannedEdge, PlannedNetwork
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.release.release import Release, SavedModel
from synthspec.report.blocks import Section, Table
from synthspec.report.sections.network import network
from synthspec.terms.bayes import Node
from synthspec.terms.types import TEXT
from tests.generators.exact_oracle import TableOracle
from tests.generators.networks import domain_of, exact_rows
from tests.generators.networks import network as true_network
from tests.release.example import empty, release


def fitted(nodes: tuple[Node, ...], workload: Workload) -> TreeModel:
    table, _ = exact_rows(nodes, 20_000)
    oracle = TableOracle(domain_of(nodes), table, Cost.of(900.0), seed=1, exact=True)
    model = GENERATORS["bn"]().fit(oracle, workload, oracle.left, SampleRng(1))
    assert isinstance(model, TreeModel)
    return model


def made(nodes: tuple[Node, ...], model: TreeModel) -> Release:
    base = release()
    plan = base.plan.model_copy(
        update={
            "network": PlannedNetwork(
                require=(PlannedEdge(parents=("a",), child="b"),),
                forbid=(PlannedEdge(parents=("any",), child="a"),),
            ),
            "known_tables": (
                KnownTable(
                    child="d.missing", parents=("c",), shape=(4, 2), rows=((0.5, 0.5),) * 4, strength=50
                ),
            ),
            "known": (("a", (0.2, 0.3, 0.5)),),
            "citations": (("a", "census <2021>"), ("d.missing", "survey")),
        }
    )
    columns = tuple(
        PlannedColumn(
            name=node.name, role="modelled", type=TEXT, column=Category(name=node.name, values=node.labels)
        )
        for node in nodes
    )
    saved = SavedModel("all", model.facts(), model.arrays())
    return replace(base, plan=plan, columns=columns, models=(saved,), measurements=())


def tables(section: Section) -> dict[str, Table]:
    return {block.caption: block for block in section.blocks if isinstance(block, Table)}


def texts(table: Table) -> list[tuple[str, ...]]:
    return [tuple(value.text for value in row) for row in table.rows]


def test_edges_say_how_they_came_about_and_tables_where_they_are_from() -> None:
    nodes = true_network("chain", seed=3)
    model = fitted(nodes, Workload(edges=(("a", "b"),)))
    section = network(made(nodes, model))
    found = tables(section)
    edges = texts(found["Edges"])
    assert ("a", "goes to", "b", "declared", "") in edges
    assert ("any", "goes to", "a", "forbidden", "") in edges
    learned = {row[0] + row[2] for row in edges if row[3] == "learned"}
    assert learned == {a + b for a, b, how in model.edges if how == "learned"} != set()
    assert texts(found["Published tables"]) == [
        ("a", "nothing", "3", "fixed: nothing was measured", "census <2021>"),
        ("d.missing", "c", "8", "50 units of data", "survey"),
    ]


def test_a_fitted_table_is_that_of_the_model_likeliest_parents_first() -> None:
    nodes = true_network("chain", seed=3)
    model = fitted(nodes, Workload(edges=(("a", "b"),), forbidden=frozenset({("c", "b"), ("d", "b")})))
    found = tables(network(made(nodes, model)))
    (table,) = [table for caption, table in found.items() if caption.startswith("b given a")]
    joint = model.marginal(("a", "b"))
    order = np.argsort(-joint.sum(axis=1))
    assert [row[0].text for row in table.rows] == [f"a{code}" for code in order]
    for row, code in zip(table.rows, order, strict=True):
        for at in range(2):
            assert row[1 + at].number == pytest.approx(joint[code, at] / joint[code].sum())
            assert row[1 + at].class_ == "M"


def test_a_large_table_shows_its_first_rows_and_the_size_of_the_rest() -> None:
    rng = np.random.default_rng(0)
    many = tuple(f"v{i}" for i in range(20))
    nodes = (
        Node("a", many, (), np.full(20, 0.05)),
        Node("b", many, ("a",), rng.dirichlet(np.ones(20), size=20)),
    )
    found = tables(network(made(nodes, fitted(nodes, Workload(edges=(("a", "b"),))))))
    table = found["b given a, 8 of 20 rows"]
    assert len(table.rows) == 8 and table.columns[-1] == "15 other values"
    for row in table.rows:
        assert sum(value.number or 0.0 for value in row[1:]) == pytest.approx(1.0)


def test_a_release_with_nothing_in_it_says_so() -> None:
    (only,) = network(empty()).blocks
    assert "no dependence" in str(only)
