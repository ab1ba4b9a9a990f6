"""Networks: exact answers give the network back; declared edges cost no choice; tables are met exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.generators import GENERATORS, Generator, Workload
from synthspec.generators.base import Conditional
from synthspec.generators.directed import Directed
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.bayes import Node, joint
from synthspec.terms.codes import Codes
from tests.generators.exact_oracle import TableOracle
from tests.generators.networks import SHAPES, SIZES, domain_of, exact_rows, network

LEARNERS = ("bn", "marginal")


def families(nodes: tuple[Node, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((*node.parents, node.name) for node in nodes if node.parents)


def fitted(
    kind: str, nodes: tuple[Node, ...], workload: Workload, *, mu: float = 3.0, **options: object
) -> tuple[TreeModel, TableOracle]:
    table, _ = exact_rows(nodes, 200_000)
    oracle = TableOracle(domain_of(nodes), table, Cost.of(mu * mu), seed=1, exact=mu >= 3.0)
    generator = GENERATORS[kind](**options)
    assert isinstance(generator, Generator)
    model = generator.fit(oracle, workload, oracle.left, SampleRng(1))
    assert isinstance(model, TreeModel)
    return model, oracle


def whole(model: TreeModel) -> NDArray[np.float64]:
    return model.marginal(model.domain.attributes)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("learn", [False, True])
def test_with_exact_answers_a_declared_network_is_given_back(shape: str, learn: bool) -> None:
    """Kappa leaves up to about 1e-3 in total variation; a network without its edges is 0.1 away."""
    nodes = network(shape, seed=3)
    model, oracle = fitted("bn", nodes, Workload(edges=families(nodes)), learn=learn, mu=30.0)
    _, shares = exact_rows(nodes, 200_000)
    assert np.abs(whole(model) - shares).sum() / 2 < 2e-3
    assert {(a, b) for a, b, how in model.edges if how == "declared"} == {
        (parent, node.name) for node in nodes for parent in node.parents
    }
    assert model.directed
    if not learn:
        assert not any(verb == "select" for verb, _ in oracle.asked)


def test_with_exact_answers_an_undeclared_network_is_learned() -> None:
    nodes = network("chain", seed=5)
    model, _ = fitted("bn", nodes, Workload(), mu=30.0)
    _, shares = exact_rows(nodes, 200_000)
    assert np.abs(whole(model) - shares).sum() / 2 < 5e-3


@pytest.mark.parametrize("kind", LEARNERS)
def test_declared_edges_are_measured_once_each_and_not_chosen(kind: str) -> None:
    nodes = network("diamond", seed=1)
    model, oracle = fitted(kind, nodes, Workload(edges=families(nodes)), mu=0.05)
    bought = [set(names) for verb, names in oracle.asked if verb == "measure"]
    for family in families(nodes):
        assert set(family) in bought
    first = next(i for i, (verb, names) in enumerate(oracle.asked) if verb == "measure" and len(names) > 1)
    assert not any(verb == "select" for verb, _ in oracle.asked[:first]), "all are joined: no tree to choose"
    assert oracle.ledger.spent.fits(Cost.of(0.05**2))
    assert {(a, b) for a, b, how in model.edges if how == "declared"} >= {("a", "b"), ("b", "d"), ("c", "d")}


@pytest.mark.parametrize("mu", [1e-4, 0.05, 1.0])
def test_a_network_spends_at_most_its_cap(mu: float) -> None:
    nodes = network("collider", seed=2)
    workload = Workload(
        edges=families(nodes)[:1],
        conditionals=(Conditional("d", ("c",), nodes[3].table, strength=50.0),),
        missing_edges=((("a", "b"), frozenset({"b"})),),
        missing=frozenset({"b"}),
    )
    _, oracle = fitted("bn", nodes, workload, mu=mu)
    assert oracle.ledger.spent.fits(Cost.of(mu * mu))
    assert oracle.ledger.spent.mu2 >= Cost.of(mu * mu).mu2 * 0.999 - 1000


def test_learned_edges_keep_to_forbid_order_parents_and_have_no_cycle() -> None:
    rng = np.random.default_rng(0)
    names = tuple("abcdef")
    base = rng.integers(0, 3, 20_000)
    table = {n: np.where(rng.random(20_000) < 0.7, base, rng.integers(0, 3, 20_000)) for n in names}
    nodes = tuple(Node(n, ("0", "1", "2"), (), np.full(3, 1 / 3)) for n in names)
    forbidden = {(other, "a") for other in names} | {("f", other) for other in names}
    workload = Workload(forbidden=frozenset(forbidden), max_parents=2, given=frozenset({"b"}))
    oracle = TableOracle(domain_of(nodes), table, Cost.of(9.0), seed=2)
    model = GENERATORS["bn"]().fit(oracle, workload, oracle.left, SampleRng(1))
    assert isinstance(model, TreeModel) and model.edges
    parents: dict[str, set[str]] = {name: set() for name in names}
    for parent, child, _ in model.edges:
        parents[child].add(parent)
        assert (parent, child) not in forbidden
    assert not parents["a"] and not parents["b"]
    assert not any("f" in above for above in parents.values())
    assert max(len(above) for above in parents.values()) == 2
    done: set[str] = set()
    while ready := {name for name in names if name not in done and parents[name] <= done}:
        done |= ready
    assert done == set(names), "a cycle"


def test_a_fixed_child_takes_no_further_parents() -> None:
    nodes = network("collider", seed=2)
    workload = Workload(conditionals=(Conditional("c", ("a", "b"), nodes[2].table),))
    directed = Directed(domain_of(nodes), workload, np.random.default_rng(0))
    place = {name: at for at, name in enumerate("abcd")}
    assert directed.arcs((place["c"], place["d"])) == [(place["c"], place["d"])]
    assert directed.arcs((place["a"], place["c"])) == []


def conditional(model: TreeModel, parents: tuple[str, ...], child: str) -> NDArray[np.float64]:
    found = model.marginal((*parents, child))
    above = found.sum(axis=-1, keepdims=True)
    return found / np.where(above > 0, above, 1.0)


@pytest.mark.parametrize("kind", [*LEARNERS, "rules", "independent"])
@pytest.mark.parametrize("shape", ["chain", "collider", "diamond"])
@pytest.mark.parametrize("given", ["", "a", "ab"])
def test_fixed_tables_hold_exactly_whatever_the_data_say(kind: str, shape: str, given: str) -> None:
    truth, stated = network(shape, seed=1), network(shape, seed=2)
    table = stated[-1]
    workload = Workload(
        conditionals=(Conditional(table.name, table.parents, table.table),), given=frozenset(given)
    )
    model, oracle = fitted(kind, truth, workload, mu=0.3)
    assert np.abs(conditional(model, table.parents, table.name) - table.table).max() < 1e-9
    family = {*table.parents, table.name}
    bought = [set(names) for verb, names in oracle.asked if verb == "measure"]
    assert family not in bought and {table.name} not in bought, "a fixed family was bought"
    if kind in LEARNERS and len(table.parents) > 1 and not set(table.parents) <= set(given):
        assert set(table.parents) in bought, "the joint of its parents is measured"


@pytest.mark.parametrize("kind", [*LEARNERS, "rules"])
def test_several_fixed_tables_hold_together_and_their_product_is_the_mock(kind: str) -> None:
    nodes = network("diamond", seed=4)
    workload = Workload(conditionals=tuple(Conditional(n.name, n.parents, n.table) for n in nodes))
    model, _ = fitted(kind, network("diamond", seed=9), workload, mu=0.5)
    np.testing.assert_allclose(whole(model), joint(nodes), atol=1e-9)


def test_a_fixed_table_says_nothing_about_its_parents() -> None:
    """The maximum of entropy alone would favour parents whose child is uncertain."""
    sharp = np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]])
    nodes = (Node("a", ("0", "1", "2"), (), np.full(3, 1 / 3)), Node("b", ("0", "1"), ("a",), sharp))
    model, _ = fitted("rules", nodes, Workload(conditionals=(Conditional("b", ("a",), sharp),)))
    np.testing.assert_allclose(model.marginal(("a",)), np.full(3, 1 / 3), atol=1e-12)


def test_a_table_of_a_column_that_may_be_missing_speaks_of_the_rows_with_a_value() -> None:
    nodes = network("chain", seed=1)
    stated = np.array([[0.9, 0.1, 0, 0], [0.2, 0.3, 0.5, 0]])  # c has three values and "missing"
    workload = Workload(conditionals=(Conditional("c", ("b",), stated),), missing=frozenset({"c"}))
    for kind in (*LEARNERS, "rules"):
        model, _ = fitted(kind, nodes, workload, mu=30.0)
        table = model.marginal(("b", "c"))[:, :3]
        np.testing.assert_allclose(table / table.sum(axis=1, keepdims=True), stated[:, :3], atol=1e-9)
        if kind != "rules":
            _, shares = exact_rows(nodes, 200_000)
            missing = shares.sum(axis=(0, 3))[:, 3].sum()
            assert model.marginal(("c",))[3] == pytest.approx(missing, abs=0.02)


STATED = np.array([[0.7, 0.3], [1.0, 0.0]])  # c has a value or not, by b; the data say about 0.25


@pytest.mark.parametrize("kind", [*LEARNERS, "independent"])
@pytest.mark.parametrize("mu", [0.3, 30.0])
@pytest.mark.parametrize("also", [False, True])
def test_a_fixed_share_of_missing_values_holds_and_leaves_the_values_to_data(
    kind: str, mu: float, also: bool
) -> None:
    nodes = network("chain", seed=1)
    values = Conditional("c", ("a",), np.tile([0.5, 0.3, 0.2, 0.0], (3, 1)))
    tables = (Conditional("c", ("b",), STATED, gap=True), *([values] if also else []))
    workload = Workload(conditionals=tables, missing=frozenset({"c"}))
    model, _ = fitted(kind, nodes, workload, mu=mu)
    table = model.marginal(("b", "c"))
    share = table[:, 3] / table.sum(axis=1)
    np.testing.assert_allclose(share, STATED[:, 1], atol=1e-8)
    found = model.marginal(("c",))[:3]
    if also:
        np.testing.assert_allclose(found / found.sum(), [0.5, 0.3, 0.2], atol=1e-8)
    elif mu == 30.0:
        _, shares = exact_rows(nodes, 200_000)
        wanted = shares.sum(axis=(0, 1, 3))[:3] if kind == "independent" else None
        if wanted is not None:  # others know that b and c go together, which moves the total of c
            np.testing.assert_allclose(found / found.sum(), wanted / wanted.sum(), atol=0.01)
        elif kind == "bn":
            true = shares.sum(axis=(0, 3))[:, :3]
            # how values go with b is neither flattened nor made up: 0.1 off without the data
            inside = table[:, :3] / table[:, :3].sum(axis=1, keepdims=True)
            np.testing.assert_allclose(inside, true / true.sum(axis=1, keepdims=True), atol=0.005)


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_share_of_missing_values_worth_units_gives_way_to_data_or_wins(kind: str) -> None:
    nodes = network("chain", seed=1)[:3]
    _, shares = exact_rows(nodes, 200_000)
    true = shares.sum(axis=0)

    def at(strength: float) -> NDArray[np.float64]:
        workload = Workload(
            conditionals=(Conditional("c", ("b",), STATED, strength, gap=True),),
            missing_edges=((("b", "c"), frozenset({"c"})),),
            missing=frozenset({"c"}),
            forbidden=frozenset({("a", "c"), ("c", "a")}),
        )
        table = fitted(kind, nodes, workload, mu=1.0)[0].marginal(("b", "c"))
        return np.asarray(table[:, 3] / table.sum(axis=1))

    np.testing.assert_allclose(at(1e-6), true[:, 3] / true.sum(axis=1), atol=0.02)
    np.testing.assert_allclose(at(1e14), STATED[:, 1], atol=5e-3)


def test_a_share_of_missing_values_alone_makes_the_mock() -> None:
    workload = Workload(conditionals=(Conditional("c", ("b",), STATED, gap=True),), missing=frozenset({"c"}))
    model, _ = fitted("rules", network("chain", seed=1), workload)
    table = model.marginal(("b", "c"))
    np.testing.assert_allclose(table[:, 3] / table.sum(axis=1), STATED[:, 1], atol=1e-9)


def test_strength_is_the_variance_of_as_many_draws() -> None:
    """A noisy table of the variance of n draws and a prior worth n of them meet half way."""
    from synthspec.generators.pgm.estimate import Evidence
    from synthspec.generators.pgm.published import Published

    stated, measured, draws, kappa = np.array([[0.2, 0.8]]), np.array([[0.5, 0.5]]), 400.0, 0.15
    share = (draws * 0.2 + 0.5) / (draws + 1)
    tau = kappa * np.sqrt(share * (1 - share) / draws)
    noisy = Evidence((0, 1), (None, None), measured, np.full((), tau))
    prior = Published((0, 1), (None, None), stated, np.zeros(()), axis=1, draws=draws, kappa=kappa)
    prior.join([noisy])
    prior.step(np.array([[0.5, 0.5]]))
    assert noisy.pulled is not None
    np.testing.assert_allclose(noisy.pulled, [[0.35, 0.65]], atol=1e-9)


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_prior_gives_way_to_data_or_wins_by_its_strength(kind: str) -> None:
    truth, stated = network("collider", seed=1)[:3], network("collider", seed=2)
    table, parents = stated[2], stated[2].parents

    def at(strength: float) -> NDArray[np.float64]:
        prior = (Conditional("c", parents, table.table, strength),)
        workload = Workload(edges=(("a", "b", "c"),), conditionals=prior)
        return conditional(fitted(kind, truth, workload, mu=1.0)[0], parents, "c")

    without = conditional(fitted(kind, truth, Workload(edges=(("a", "b", "c"),)), mu=1.0)[0], parents, "c")
    gaps = [float(np.abs(at(n) - table.table).max()) for n in (1e-6, 2e5, 2e7, 1e14)]
    assert np.abs(at(1e-6) - without).max() < 0.02
    assert gaps[0] > 0.2
    assert gaps[0] > gaps[1] > gaps[2] > gaps[3]
    assert gaps[3] < 2e-3
    np.testing.assert_allclose(at(2e5), (without + table.table) / 2, atol=0.02)  # 200,000 rows


@pytest.mark.parametrize("kind", LEARNERS)
@pytest.mark.parametrize("strength", [2e4, 2e5, 2e6])
def test_without_noise_a_prior_counts_like_so_many_more_rows(kind: str, strength: float) -> None:
    """As with pseudo-counts, also where the child was measured with others, of which the data decide."""
    truth, stated = network("chain", seed=1), network("chain", seed=2)
    prior = (Conditional("c", ("b",), stated[2].table, strength),)
    others = [("a", "c"), ("a", "d"), ("b", "d")]  # these tell of the data alone
    workload = Workload(
        edges=(("b", "c"), ("c", "d"), ("a", "b")),
        conditionals=prior,
        forbidden=frozenset(others + [(y, x) for x, y in others]),
    )
    model, _ = fitted(kind, truth, workload, mu=1e4)
    share = strength / (200_000 + strength)
    data = truth[2].table
    wanted = (1 - share) * data + share * stated[2].table
    np.testing.assert_allclose(conditional(model, ("b",), "c"), wanted, atol=2e-3)
    _, shares = exact_rows(truth, 200_000)
    np.testing.assert_allclose(model.marginal(("d",)), shares.sum(axis=(0, 1, 2)), atol=2e-3)


@pytest.mark.parametrize("kind", LEARNERS)
def test_without_noise_a_prior_of_missing_values_counts_like_so_many_more_rows(kind: str) -> None:
    nodes = network("chain", seed=1)
    workload = Workload(
        conditionals=(Conditional("c", ("b",), STATED, 2e5, gap=True),),
        edges=(("b", "c"), ("c", "d")),
        missing=frozenset({"c"}),
    )
    table = fitted(kind, nodes, workload, mu=1e4)[0].marginal(("b", "c"))
    np.testing.assert_allclose(
        table[:, 3] / table.sum(axis=1), (nodes[2].table[:, 3] + STATED[:, 1]) / 2, atol=5e-3
    )


def test_units_behind_the_rows_weigh_against_a_prior_not_the_rows() -> None:
    """200,000 rows of 50,000 units and a prior of 50,000 units meet half way."""
    truth, stated = network("chain", seed=1), network("chain", seed=2)
    prior = Conditional("c", ("b",), stated[2].table, 5e4, units=0.25)
    model, _ = fitted("bn", truth, Workload(edges=(("b", "c"),), conditionals=(prior,)), mu=1e4)
    wanted = (truth[2].table + stated[2].table) / 2
    np.testing.assert_allclose(conditional(model, ("b",), "c"), wanted, atol=5e-3)


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_declared_gap_is_measured_as_present_or_missing(kind: str) -> None:
    nodes = network("chain", seed=6)
    workload = Workload(
        missing_edges=((("a", "c"), frozenset({"c"})),),
        missing=frozenset({"c"}),
        forbidden=frozenset({("a", "c"), ("c", "a")}),
    )
    table, shares = exact_rows(nodes, 200_000)
    oracle = TableOracle(domain_of(nodes), table, Cost.of(0.01), seed=1)
    cells = []
    measure = oracle.measure

    def spied(purchases):  # type: ignore[no-untyped-def]
        cells.extend(
            ([axis.attribute for axis in q.axes], [axis.size for axis in q.axes]) for q, _ in purchases
        )
        return measure(purchases)

    oracle.measure = spied  # type: ignore[method-assign]
    model = GENERATORS[kind]().fit(oracle, workload, oracle.left, SampleRng(1))
    assert (["a", "c"], [SIZES["a"], 2]) in cells
    found = model.marginal(("a", "c"))
    true = shares.sum(axis=(1, 3))
    np.testing.assert_allclose(found[:, 3] / found.sum(axis=1), true[:, 3] / true.sum(axis=1), atol=0.02)


@pytest.mark.parametrize("kind", LEARNERS)
def test_zeros_hold_beside_edges_and_tables(kind: str) -> None:
    nodes = network("collider", seed=1)
    mask = np.zeros((SIZES["b"], SIZES["d"]), dtype=bool)
    mask[0, 1] = True
    workload = Workload(
        edges=(("c", "d"),),
        zeros=((("b", "d"), mask),),
        conditionals=(Conditional("c", ("a", "b"), nodes[2].table),),
    )
    model, _ = fitted(kind, nodes, workload, mu=0.5)
    assert model.marginal(("b", "d"))[0, 1] == 0
    assert np.abs(conditional(model, ("a", "b"), "c") - nodes[2].table).max() < 1e-9


def test_merged_levels_never_mix_what_a_table_tells_apart() -> None:
    rng = np.random.default_rng(0)
    rows = 3000
    age = np.minimum(rng.geometric(0.05, rows), 99)
    table = np.where(np.arange(100)[:, None] < 37, [0.9, 0.1], [0.3, 0.7])
    columns: Mapping[str, NDArray[np.int64]] = {"age": age, "sick": rng.integers(0, 2, rows)}
    nodes = (
        Node("age", tuple(map(str, range(100))), (), np.full(100, 0.01)),
        Node("sick", ("0", "1"), ("age",), table),
    )
    workload = Workload(ordinal=frozenset({"age"}), conditionals=(Conditional("sick", ("age",), table),))
    oracle = TableOracle(domain_of(nodes), columns, Cost.of(0.01), seed=3)
    model = GENERATORS["marginal"]().fit(oracle, workload, oracle.left, SampleRng(1))
    assert isinstance(model, TreeModel)
    assert int(model.levels[0].max()) + 1 < 100, "nothing was merged, so nothing is shown"
    held = model.marginal(("age",)) > 1e-12
    assert np.abs(conditional(model, ("age",), "sick") - table)[held].max() < 1e-9


def test_sampling_a_network_given_an_earlier_group_follows_the_table() -> None:
    nodes = network("chain", seed=2)
    workload = Workload(conditionals=(Conditional("b", ("a",), nodes[1].table),), given=frozenset({"a"}))
    model, _ = fitted("bn", network("chain", seed=3), workload, mu=1.0)
    rows = 200_000
    a = np.random.default_rng(0).integers(0, 3, rows)
    codes = model.sample(rows, SampleRng(1), Codes(model.domain.project(("a",)), {"a": a}))
    for code in range(3):
        share = np.bincount(codes.columns["b"][a == code], minlength=2) / (a == code).sum()
        # systematic draws: far below the plain sampling error of 0.002
        np.testing.assert_allclose(share, nodes[1].table[code], atol=0.005)


def test_a_direction_that_is_free_leaves_the_pair_to_the_marginal_engine() -> None:
    workload = Workload(forbidden=frozenset({("a", "b")}))
    assert not workload.barred("a", "b")
    assert replace(workload, given=frozenset({"a"})).barred("a", "b"), "into a given column is no way"
    assert Workload(forbidden=frozenset({("a", "b"), ("b", "a")})).barred("b", "a")
