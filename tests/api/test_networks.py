"""Networks in and out: BIF keeps everything, a drafted spec says the same, queries agree with ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import synthspec
from synthspec.api import graph
from synthspec.api.bif import draft_from_bif, export_bif, nodes_of_spec
from synthspec.api.spec import Spec
from synthspec.draw.bayes import nodes_of
from synthspec.errors import SpecError
from synthspec.generators import GENERATORS, Workload
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.bayes import Node, joint
from tests.generators.exact_oracle import TableOracle
from tests.generators.networks import SHAPES, domain_of, exact_rows, network

pytest.importorskip("pgmpy", reason="the extra `pgm` is not installed")

from synthspec.api.networks import blanket, from_bif, posterior, search, separated, to_bif

SPEC = """\
spec: 1
name: clinic
columns:
  sex: [F, M, X]
  ward: ["(0, 5]", "a|b", "it's"]
  pregnant: bool
rules: {men: NOT pregnant OR sex <> 'M'}
network:
  require: [sex -> pregnant, sex -> ward]
  known:
    pregnant: {cite: x, cases: [{if: sex = 'M', is: {true: 0}}, {else: {true: 0.25}}]}
    ward: {cite: x, cases: [{if: sex = 'F', is: {"(0, 5]": 0.5, "a|b": 0.5}}, {else: {"it's": 1}}]}
"""

LABELS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=6),
    min_size=2,
    max_size=3,
    unique=True,
)
NAMES = st.sampled_from(["a", "b", "table", "Default", "x_1", "variable"])


@st.composite
def networks(draw: st.DrawFn) -> tuple[Node, ...]:
    """Return up to three nodes with any labels."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    nodes: list[Node] = []
    for name in names:
        labels = tuple(draw(LABELS))
        above = [node for node in nodes if draw(st.booleans())][:2]
        table = rng.dirichlet(np.ones(len(labels)), size=[len(node.labels) for node in above])
        nodes.append(Node(name, labels, tuple(node.name for node in above), table))
    return tuple(nodes)


@settings(max_examples=5, deadline=None)
@given(networks())
def test_bif_gives_back_every_name_label_parent_and_number(nodes: tuple[Node, ...]) -> None:
    back = {node.name: node for node in from_bif(to_bif(nodes))}
    assert set(back) == {node.name for node in nodes}
    for node in nodes:
        assert back[node.name].labels == node.labels
        assert back[node.name].parents == node.parents
        np.testing.assert_allclose(back[node.name].table, node.table, rtol=1e-12)


def test_a_file_that_is_no_network_is_refused_with_a_code() -> None:
    for text in ("", "network x {", to_bif(network("chain", 1)).replace("table 0", "table 9")):
        with pytest.raises(SpecError) as error:
            from_bif(text)
        assert error.value.code == "N323"


def table_of(spec: Spec) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    nodes = nodes_of_spec(spec)
    names = tuple(sorted(node.name for node in nodes))
    order = [next(i for i, node in enumerate(nodes) if node.name == name) for name in names]
    return names, np.transpose(joint(nodes), order)


def test_a_spec_goes_to_bif_and_comes_back_saying_the_same() -> None:
    spec = Spec.of(SPEC, "clinic.yaml")
    text = draft_from_bif(export_bif(spec), "clinic.bif")
    again = Spec.of(text, "again.yaml")
    assert not again.check()
    names, table = table_of(spec)
    others, back = table_of(again)
    assert names == others
    np.testing.assert_allclose(back, table, atol=1e-12)
    rows = again.mock(4000)
    assert rows["ward"].n_unique() == 3 and not rows.filter(sex="M", pregnant=True).height


def test_the_exported_tables_are_the_stated_ones() -> None:
    nodes = {node.name: node for node in from_bif(export_bif(Spec.of(SPEC, "clinic.yaml")))}
    assert nodes["pregnant"].parents == ("sex",)
    np.testing.assert_allclose(nodes["pregnant"].table, [[0.75, 0.25], [1, 0], [0.75, 0.25]], atol=1e-9)
    assert nodes["ward"].labels == ("(0, 5]", "a|b", "it's")


@pytest.mark.parametrize("kind", ["bn", "marginal"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_fitted_model_written_as_a_network_is_the_model_itself(kind: str, shape: str) -> None:
    from synthspec.columns import Category
    from synthspec.plan.plan import Group, PlannedColumn
    from synthspec.terms.types import TEXT

    truth = network(shape, seed=7)
    table, _ = exact_rows(truth, 20_000)
    oracle = TableOracle(domain_of(truth), table, Cost.of(0.3), seed=2)
    workload = Workload(edges=tuple((*n.parents, n.name) for n in truth if n.parents))
    model = GENERATORS[kind]().fit(oracle, workload, oracle.left, SampleRng(1))
    assert isinstance(model, TreeModel)
    columns = [
        PlannedColumn(name=n.name, role="modelled", type=TEXT, column=Category(name=n.name, values=n.labels))
        for n in truth
    ]
    group = Group(name="all", generator=GENERATORS[kind](), columns=tuple(n.name for n in truth))
    nodes = nodes_of(columns, [group], {"all": model})
    names = tuple(node.name for node in nodes)
    np.testing.assert_allclose(joint(nodes), model.marginal(names), atol=1e-9)
    place = {name: at for at, name in enumerate(names)}
    assert all(place[a] < place[b] for a, b, how in model.edges if how == "declared")
    # variable elimination by another program, on tables of ours, against our own inference
    found = posterior(nodes, ["d", "b"], {"a": "a1"})
    mine = model.marginal(("a", "d", "b"))[1]
    np.testing.assert_allclose(found, mine / mine.sum(), atol=1e-9)


def test_blankets_and_separations_of_a_collider() -> None:
    names, edges = "abcd", [("a", "c"), ("b", "c"), ("c", "d")]
    assert blanket(names, edges, "a") == ("b", "c")
    assert separated(names, edges, "a", "b", [])
    assert not separated(names, edges, "a", "b", ["d"])
    assert separated(names, edges, "a", "d", ["c"])


def test_the_spec_answers_and_an_unknown_column_has_its_code() -> None:
    spec = Spec.of(SPEC, "clinic.yaml")
    assert graph.blanket(spec, "ward") == ("sex",)
    assert graph.separated(spec, "ward", "pregnant", ["sex"])
    assert not graph.separated(spec, "ward", "pregnant")
    with pytest.raises(SpecError) as error:
        graph.blanket(spec, "wrad")
    assert error.value.code == "N326"


def test_queries_leave_numpys_global_generator_alone() -> None:
    nodes = network("chain", 1)
    before = np.random.get_state()[1].tobytes()  # type: ignore[union-attr]
    to_bif(nodes), posterior(nodes, ["d"], {}), blanket("ab", [("a", "b")], "a")
    assert np.random.get_state()[1].tobytes() == before  # type: ignore[union-attr]


def test_a_search_finds_a_chain_and_keeps_what_is_required_and_forbidden() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 3, 4000)
    b = np.where(rng.random(4000) < 0.8, a, rng.integers(0, 3, 4000))
    c = np.where(rng.random(4000) < 0.8, b, rng.integers(0, 3, 4000))
    sizes = dict.fromkeys("abc", 3)
    found = search({"a": a, "b": b, "c": c}, sizes, required=[("b", "a")], forbidden=[("c", "b")])
    assert set(found) == {("b", "a"), ("b", "c")}


def test_a_structure_search_needs_a_public_source(tmp_path: Path) -> None:
    head = "spec: 1\nsource: {path: t.csv, public: true, basis: made here}\n"
    columns = "columns: {a: ['0', '1', '2'], b: ['0', '1', '2']}\n"
    rng = np.random.default_rng(0)
    rows = [(x, x if rng.random() < 0.9 else 0) for x in rng.integers(0, 3, 2000)]
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{x},{y}\n" for x, y in rows))
    (tmp_path / "s.yaml").write_text(head + columns)
    assert len(graph.learn(synthspec.load(tmp_path / "s.yaml"))) == 1
    (tmp_path / "p.yaml").write_text("spec: 1\nsource: t.csv\nprivacy: {unit: row, epsilon: 1}\n" + columns)
    with pytest.raises(SpecError) as error:
        graph.learn(synthspec.load(tmp_path / "p.yaml"))
    assert error.value.code == "N325"
