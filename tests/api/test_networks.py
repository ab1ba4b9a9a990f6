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
from synthspec.api.bif import export_bif, exported, nodes_of_spec
from synthspec.api.init_bif import draft_from_bif, left_out
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
        np.testing.assert_allclose(back[node.name].table, node.table, atol=1e-9)


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


ODD = """\
spec: 1
name: odd
columns:
  age: {type: int, in: 0..99, bins: [0, 18, 65], missing: modelled}
  grade: int 1..3
  kind: ["null", "1.5", "it's", " x"]
  sick: bool
  level: {type: category, in: [low, high], missing: modelled}
network:
  require: [age -> sick, grade -> age, grade -> level.missing]
  known:
    grade: {cite: x, cases: [{else: {1: 0.5, 2: 0.25, 3: 0.25}}]}
    age: {cite: x, cases: [{if: grade = 1, is: {10: 0.5, 40: 0.5}}, {else: {70: 0.9, 5: 0.1}}]}
    age.missing: {cite: x, cases: [{else: {true: 0.125}}]}
    sick:
      cite: x
      cases:
        - {if: age < 18, is: {true: 0}}
        - {if: age IS NULL, is: {true: 0.5}}
        - else: {true: 0.3}
    level.missing: {cite: x, cases: [{if: grade = 2, is: {true: 0.5}}, {else: {true: 0.25}}]}
"""


@pytest.mark.parametrize("written", [SPEC, ODD], ids=["clinic", "odd"])
def test_a_draft_of_an_exported_network_exports_the_same_file(written: str) -> None:
    first = export_bif(Spec.of(written, "x.yaml"))
    draft = draft_from_bif(first, "x.bif")
    again = Spec.of(draft, "x.yaml")
    assert not [each for each in again.check() if each.level == "error"], draft
    second = export_bif(again)
    assert nodes_by_name(first) == nodes_by_name(second)
    assert export_bif(Spec.of(draft_from_bif(second, "x.bif"), "x.yaml")) == second


def nodes_by_name(text: str) -> dict[str, object]:
    """Return what the file says of each variable, whatever the order of the variables."""
    return {
        n.name: (n.labels, n.missing, sorted(n.parents),
                 np.transpose(n.table, (*np.argsort(n.parents), len(n.parents))).round(9).tolist())
        for n in from_bif(text)
    }  # fmt: skip


def test_whole_numbers_in_a_row_are_an_integer_ranges_its_bins_and_others_keep_their_labels() -> None:
    draft = draft_from_bif(export_bif(Spec.of(ODD, "x.yaml")), "x.bif")
    assert "age: {type: int, in: 0..99, bins: [0, 18, 65], missing: modelled}" in draft
    assert "grade: int 1..3" in draft
    assert "age BETWEEN 0 AND 17" in draft
    table = np.array([0.25, 0.25, 0.5])
    holes = draft_from_bif(to_bif([Node("end", ("1", "2", "4"), (), table)]), "x.bif")
    assert "end_2: [1, 2, 4]" in holes and '# The variable "end" is called end_2 here.' in holes
    assert not Spec.of(holes, "x.yaml").check()


def large(cases: int) -> tuple[Node, ...]:
    rng = np.random.default_rng(0)
    sizes = {"a": 50, "b": cases // 50}
    roots = [Node(n, tuple(f"{n}{i}" for i in range(k)), (), np.full(k, 1 / k)) for n, k in sizes.items()]
    table = rng.dirichlet(np.ones(2), size=tuple(sizes.values()))
    return (*roots, Node("c", ("x", "y"), ("a", "b"), table))


@pytest.mark.slow
def test_a_table_of_five_thousand_rows_is_kept_and_comes_back() -> None:
    first = to_bif(large(5000))
    draft = draft_from_bif(first, "x.bif")
    assert not left_out(draft)
    again = export_bif(Spec.of(draft, "x.yaml"))
    assert nodes_by_name(again) == nodes_by_name(first)


def test_a_table_that_is_too_large_to_be_written_is_named_with_what_to_do() -> None:
    from synthspec.api import init_bif

    most, init_bif.MOST_CASES = init_bif.MOST_CASES, 100
    try:
        draft = draft_from_bif(to_bif(large(150)), "x.bif")
    finally:
        init_bif.MOST_CASES = most
    (said,) = left_out(draft)
    assert said.startswith("the table of c given a, b (150 cases") and "source:" in said
    assert not Spec.of(draft, "x.yaml").check()
    assert "- a, b -> c" in draft


def test_arcs_that_nobody_declared_are_said_to_be_filled_in_and_are_not_required_on_import() -> None:
    from synthspec.draw.bayes import FILLED

    chain = network("collider", seed=1)
    marked = [Node(n.name, n.labels, n.parents, n.table, (FILLED,) * len(n.parents)) for n in chain]
    text = to_bif(marked, ("filled in: a -> c",))
    assert "// filled in: a -> c" in text
    back = {n.name: n for n in from_bif(text)}
    assert back["c"].how == (FILLED, FILLED)
    draft = draft_from_bif(text, "x.bif")
    assert "require:" not in draft and "# a -> c was filled in: not declared" in draft
    assert not Spec.of(draft, "x.yaml").check()


def test_parents_of_a_common_child_get_no_arc_between_them_where_the_tables_say_all() -> None:
    text = """\
spec: 1
columns: {sex: [F, M], old: bool, sick: bool}
network:
  known:
    sick: {cite: x, cases: [{if: sex = 'F' AND old, is: {true: 0.5}}, {else: {true: 0.1}}]}
"""
    made = exported(Spec.of(text, "x.yaml"))
    parents = {n.name: set(n.parents) for n in from_bif(made.text)}
    assert parents == {"sex": set(), "old": set(), "sick": {"sex", "old"}}
    assert not made.notes


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


def test_a_group_that_is_given_a_column_may_learn_how_often_values_are_missing_from_it() -> None:
    text = """\
spec: 1
columns: {sex: [F, M], ward: [a, b], lab: {type: int, in: 0..9, missing: modelled}}
network: {require: [ward -> lab.missing]}
generate:
  one: {columns: [sex, ward], using: marginal}
  two: {columns: [lab], using: marginal, given: [GIVEN]}
"""
    narrow, wide = (Spec.of(text.replace("GIVEN", given), "x.yaml") for given in ("ward", "one"))
    assert graph.separated(narrow, "sex", "lab.missing", ["ward"])
    assert not graph.separated(wide, "sex", "lab.missing", ["ward"])
    assert graph.blanket(narrow, "lab.missing") == ("lab", "ward")


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


RULED = """\
spec: 1
columns:
  {net: int 0..9, tax: int 0..9, total: int 0..18, sex: [F, M], pregnant: bool, rich: {derive: net > 5}}
rules:
  sum: total = net + tax
  men: NOT pregnant OR sex <> 'M'
  odd: {check: NOT pregnant OR tax < 9, enforce: report}
"""


def test_a_rule_that_is_enforced_ties_the_columns_that_it_reads() -> None:
    spec = Spec.of(RULED, "x.yaml")
    assert not graph.separated(spec, "net", "tax") and not graph.separated(spec, "sex", "pregnant")
    assert graph.separated(spec, "sex", "net") and graph.separated(spec, "pregnant", "tax")
    assert graph.separated(spec, "rich", "tax", ["net"])
    assert graph.blanket(spec, "net") == ("rich", "tax", "total")
    found = graph.standing(spec, "net")
    assert (found.parents, found.children, found.apart) == ((), ("rich", "total"), ("sex", "pregnant"))
    assert not found.caveat, "without a source nothing else is learned"


def test_of_a_spec_that_learns_the_answer_says_what_it_leaves_open() -> None:
    head = "source: t.csv\nprivacy: {unit: row, epsilon: 1}\n"
    learns = Spec.of(RULED.replace("columns:", f"{head}columns:", 1), "x.yaml")
    assert "ask the release" in graph.caveat(learns)


def test_a_release_answers_by_its_model_with_what_the_joint_fit_tied_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    a = rng.integers(0, 2, 3000)
    b = np.where(rng.random(3000) < 0.9, a, 1 - a)
    c = np.where(rng.random(3000) < 0.9, a & b, 1 - (a & b))
    d = rng.integers(0, 2, 3000)
    lines = [",".join("yn"[x] for x in row) for row in zip(a, b, c, d, strict=True)]
    (tmp_path / "t.csv").write_text("a,b,c,d\n" + "\n".join(lines) + "\n")
    spec = Spec.of(
        "spec: 1\nsource: {path: t.csv, public: true, basis: made here}\n"
        "columns: {a: ['y', 'n'], b: ['y', 'n'], c: ['y', 'n'], d: ['y', 'n']}\n"
        "network: {require: ['a, b -> c'], forbid: [a -> b, b -> a, any -> d, d -> any]}\n"
        "generate: {all: {columns: [a, b, c, d], using: bn}}\nsample: {rows: 50}\n",
        "x.yaml",
    )
    release = spec.plan().train(out="rel")
    drawn = {frozenset((arc.source, arc.target)) for arc in graph.drawing(release).arcs}
    assert frozenset("ab") not in drawn, "nobody declared or selected it"
    assert graph.separated(spec, "a", "b") and not graph.separated(release, "a", "b")
    assert graph.separated(release, "a", "d") and not graph.caveat(release)
    assert graph.standing(release, "a").apart == ("d",)


def test_a_column_computed_from_a_modelled_difference_depends_on_what_the_difference_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    ward, admit = rng.integers(0, 2, 3000), rng.integers(0, 51, 3000)
    leave = admit + np.where(ward == 0, 0, rng.integers(20, 51, 3000))
    lines = [f"{'ab'[w]},{x},{y}" for w, x, y in zip(ward, admit, leave, strict=True)]
    (tmp_path / "t.csv").write_text("ward,admit,leave\n" + "\n".join(lines) + "\n")
    spec = Spec.of(
        "spec: 1\nsource: {path: t.csv, public: true, basis: made here}\n"
        "columns: {ward: [a, b], admit: int 0..50, leave: int 0..100}\n"
        "rules: {order: leave >= admit}\n"
        "generate: {all: {columns: [ward, admit, leave], using: bn}}\nsample: {rows: 50}\n",
        "x.yaml",
    )
    release = spec.plan().train(out="rel")
    computed = next(c.name for c in release.value.columns if c.role == "computed")
    other = {"admit": "leave", "leave": "admit"}[computed]
    assert not graph.separated(release, computed, "ward", [other]), "ward says how far they are apart"
    assert "leave - admit" in graph.standing(release, computed).parents
