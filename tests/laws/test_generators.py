"""Laws that hold for every entry of the shelf of generators."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.errors import SpecError
from synthspec.generators import GENERATORS, Generator, Workload, load_model
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from tests.generators.exact_oracle import TableOracle

SHORT = {"vae": {"pretrain": 20, "width": 32}, "ctgan": {"pretrain": 20, "width": 32}}
"""Laws hold however little a network has learned."""
KINDS = tuple(GENERATORS)
ENTRIES = [pytest.param(kind, marks=pytest.mark.slow if kind in SHORT else ()) for kind in KINDS]
"""Those that need minutes of fits for all laws are tried with `-m slow`, and by tests of their own."""
Columns = Mapping[str, NDArray[np.int64]]


def chain(rows: int, seed: int = 0) -> tuple[Domain, Columns]:
    """Return a table of five columns in which neighbours depend on one another."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 4, rows)
    b = np.where(rng.random(rows) < 0.7, a, rng.integers(0, 4, rows))
    c = np.where(rng.random(rows) < 0.6, b % 3, rng.integers(0, 3, rows))
    d = np.minimum(rng.geometric(0.1, rows) + 3 * c, 39)
    e = np.where(rng.random(rows) < 0.05, 5, rng.integers(0, 5, rows))
    domain = Domain(attributes=("a", "b", "c", "d", "e"), sizes=(4, 4, 3, 40, 6))
    return domain, {"a": a, "b": b, "c": c, "d": d, "e": e}


WORKLOAD = Workload(ordinal=frozenset({"d", "e"}), missing=frozenset({"e"}))


def generator(kind: str) -> Generator:
    made = GENERATORS[kind](**SHORT.get(kind, {}))
    assert isinstance(made, Generator)
    return made


@pytest.mark.parametrize("kind", ENTRIES)
@pytest.mark.parametrize("mu", [1e-6, 0.02, 0.2, 2.0, 20.0])
@pytest.mark.parametrize(("neighbours", "most"), [("add-remove", 1), ("replace", 1), ("add-remove", 7)])
def test_a_fit_spends_at_most_its_cap_and_nearly_all_of_it(
    kind: str, mu: float, neighbours: str, most: int
) -> None:
    domain, columns = chain(800)
    unit = "row" if most == 1 else "person"
    protection = Protection.model_validate({"unit": unit, "max_rows": most, "neighbours": neighbours})
    oracle = TableOracle(domain, columns, Cost.of(4 * mu * mu, 1e-12), protection=protection)
    cap = oracle.left.share(0.25)
    generator(kind).fit(oracle, WORKLOAD, cap, SampleRng(1))
    spent = oracle.ledger.spent
    assert spent.fits(cap)
    if kind == "rules":
        assert spent == Cost()
    else:
        assert spent.mu2 >= cap.mu2 * 0.999 - 1000


@pytest.mark.parametrize("kind", ENTRIES)
def test_samples_lie_in_the_domain_and_repeat_with_the_seed(kind: str) -> None:
    domain, columns = chain(3000)

    def drawn(seed: int) -> Columns:
        oracle = TableOracle(domain, columns, Cost.of(0.1), seed=3)
        model = generator(kind).fit(oracle, WORKLOAD, oracle.left, SampleRng(1))
        codes = model.sample(70_001, SampleRng(seed))
        assert codes.domain == domain
        return codes.columns

    one, two, other = drawn(1), drawn(1), drawn(2)
    for attribute, size in zip(domain.attributes, domain.sizes):
        assert one[attribute].min() >= 0
        assert one[attribute].max() < size
        assert np.array_equal(one[attribute], two[attribute])
    assert any(not np.array_equal(one[a], other[a]) for a in domain.attributes)


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_model_saved_and_loaded_draws_the_same_rows(kind: str) -> None:
    domain, columns = chain(2000)
    oracle = TableOracle(domain, columns, Cost.of(0.1), seed=3)
    model = generator(kind).fit(oracle, WORKLOAD, oracle.left, SampleRng(1))
    facts = json.loads(json.dumps(dict(model.facts())))
    loaded = load_model(facts, {k: np.array(v) for k, v in model.arrays().items()})
    assert not any(v.dtype.hasobject for v in model.arrays().values())
    one, two = (m.sample(5000, SampleRng(9)).columns for m in (model, loaded))
    assert all(np.array_equal(one[a], two[a]) for a in domain.attributes)
    pair = model.marginal(("d", "a"))
    assert pair.shape == (40, 4)
    assert pair.sum() == pytest.approx(1)
    np.testing.assert_allclose(loaded.marginal(("a", "d")), pair.T, atol=1e-12)


@pytest.mark.parametrize("kind", [each for each in ENTRIES if each.values != ("rules",)])
def test_with_exact_answers_the_measured_one_ways_are_met(kind: str) -> None:
    domain, columns = chain(20_000)
    oracle = TableOracle(domain, columns, Cost.of(9.0), exact=True)
    model = generator(kind).fit(oracle, WORKLOAD, oracle.left, SampleRng(1))
    for attribute, size in zip(domain.attributes, domain.sizes):
        true = np.bincount(columns[attribute], minlength=size) / 20_000
        assert np.abs(model.marginal((attribute,)) - true).sum() / 2 < 0.01


def test_with_exact_answers_the_marginal_engine_learns_every_pair() -> None:
    domain, columns = chain(20_000)
    oracle = TableOracle(domain, columns, Cost.of(9.0), exact=True)
    model = generator("marginal").fit(oracle, WORKLOAD, oracle.left, SampleRng(1))
    for pair in (("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e")):
        sizes = [domain.size(x) for x in pair]
        index = columns[pair[0]] * sizes[1] + columns[pair[1]]
        true = np.bincount(index, minlength=sizes[0] * sizes[1]).reshape(sizes) / 20_000
        assert np.abs(model.marginal(pair) - true).sum() / 2 < 0.03, pair


@pytest.mark.parametrize("kind", ENTRIES)
def test_samples_follow_the_models_own_marginals(kind: str) -> None:
    domain, columns = chain(5000)
    oracle = TableOracle(domain, columns, Cost.of(1.0), seed=2)
    model = generator(kind).fit(oracle, WORKLOAD, oracle.left, SampleRng(1))
    rows = 200_000
    codes = model.sample(rows, SampleRng(4))
    for clique in (("a", "b"), ("b", "c", "e"), ("c", "d")):
        shares = codes.count(clique) / rows
        # 4 x 4 to 120 cells at 200,000 rows: plain sampling error is at most 0.01
        assert np.abs(shares - model.marginal(clique).ravel()).sum() / 2 < 0.015, clique


EDGE_TABLES: dict[str, tuple[tuple[int, ...], NDArray[np.int64]]] = {
    "one attribute of size one": ((1,), np.zeros((50, 1), dtype=np.int64)),
    "all rows the same": ((3, 5, 2), np.tile([1, 4, 0], (100, 1))),
    "no rows": ((3, 5, 2), np.zeros((0, 3), dtype=np.int64)),
    "one row": ((3, 5, 2), np.array([[2, 0, 1]])),
    "two identical columns": ((6, 6, 2), np.repeat(np.arange(3000) % 6, 3).reshape(-1, 3) % [6, 6, 2]),
    "a column that is all missing": ((40, 3), np.stack([np.full(500, 39), np.arange(500) % 3], 1)),
    "a thousand values": ((1500, 4), np.stack([np.arange(4000) % 1500, np.arange(4000) % 4], 1)),
}


@pytest.mark.parametrize("kind", ENTRIES)
@pytest.mark.parametrize("name", EDGE_TABLES)
@pytest.mark.parametrize("mu", [2e-4, 0.2, 10.0])
def test_odd_tables_end_normally(kind: str, name: str, mu: float) -> None:
    sizes, rows = EDGE_TABLES[name]
    names = tuple(f"c{i}" for i in range(len(sizes)))
    domain = Domain(attributes=names, sizes=sizes)
    oracle = TableOracle(domain, {a: rows[:, i] for i, a in enumerate(names)}, Cost.of(mu * mu))
    workload = Workload(
        ordinal=frozenset(names[:1]), missing=frozenset(names[:1]) if sizes[0] == 40 else frozenset()
    )
    model = generator(kind).fit(oracle, workload, oracle.left, SampleRng(0))
    codes = model.sample(100, SampleRng(0))
    for attribute, size in zip(names, sizes):
        assert codes.columns[attribute].shape == (100,)
        assert 0 <= codes.columns[attribute].min() <= codes.columns[attribute].max() < size
    assert model.sample(0, SampleRng(0)).rows == 0


@pytest.mark.parametrize("kind", ENTRIES)
@pytest.mark.parametrize("units", [0, 1, 7])
def test_a_budget_of_a_few_units_ends_normally(kind: str, units: int) -> None:
    domain, columns = chain(100)
    oracle = TableOracle(domain, columns, Cost(mu2=units))
    model = generator(kind).fit(oracle, WORKLOAD, oracle.left, SampleRng(0))
    assert model.sample(10, SampleRng(0)).rows == 10


@pytest.mark.parametrize("kind", ENTRIES)
def test_zeros_are_never_sampled_and_known_marginals_met_or_refused_for_nothing(kind: str) -> None:
    domain, columns = chain(4000)
    mask = np.zeros((4, 3), dtype=bool)
    mask[0, 2] = mask[3, 1] = True
    single = np.zeros(6, dtype=bool)
    single[2] = True
    held = ~mask[columns["a"], columns["c"]] & ~single[columns["e"]]
    columns = {a: codes[held] for a, codes in columns.items()}
    known = np.bincount(columns["b"] * 3 + columns["c"], minlength=12).reshape(4, 3) + 20.0
    known /= known.sum()
    first = np.bincount(columns["a"]) + 30.0
    first /= first.sum()
    workload = Workload(
        ordinal=WORKLOAD.ordinal,
        zeros=((("a", "c"), mask), (("e",), single)),
        known=((("b", "c"), known), (("a",), first)),
    )
    oracle = TableOracle(domain, columns, Cost.of(0.5), seed=1)
    try:
        model = generator(kind).fit(oracle, workload, oracle.left, SampleRng(1))
    except SpecError as refusal:
        assert kind not in ("marginal", "independent", "rules")
        assert refusal.code.startswith("G")
        assert oracle.ledger.spent == Cost()
        return
    codes = model.sample(50_000, SampleRng(1))
    assert not np.any(codes.count(("a", "c")).reshape(4, 3)[mask])
    assert not np.any(codes.columns["e"] == 2)
    np.testing.assert_allclose(model.marginal(("b", "c")), known, atol=2e-3)
    np.testing.assert_allclose(model.marginal(("a",)), first, atol=2e-3)
    bought = {names for verb, names in oracle.asked if verb == "measure"}
    assert not bought & {("a",), ("b",), ("c",)}, "a public marginal was bought"


@pytest.mark.parametrize("kind", ENTRIES)
def test_given_attributes_are_conditioned_on_and_never_generated(kind: str) -> None:
    domain, columns = chain(20_000)
    workload = Workload(ordinal=WORKLOAD.ordinal, missing=WORKLOAD.missing, given=frozenset({"a", "d"}))
    oracle = TableOracle(domain, columns, Cost.of(4.0), seed=1)
    made = generator(kind)
    assert made.supports_given()
    model = made.fit(oracle, workload, oracle.left, SampleRng(1))
    rows = 90_000
    rng = np.random.default_rng(0)
    given_domain = domain.project(("a", "d"))
    given = {"a": rng.integers(0, 2, rows), "d": rng.integers(0, 40, rows)}
    codes = model.sample(rows, SampleRng(1), Codes(given_domain, given))
    assert set(codes.columns) == {"b", "c", "e"}
    if kind == "marginal":
        joint = model.marginal(("a", "b"))
        for a in (0, 1):
            true = np.bincount(columns["b"][columns["a"] == a], minlength=4)
            chosen = np.bincount(codes.columns["b"][given["a"] == a], minlength=4)
            assert np.abs(true / true.sum() - chosen / chosen.sum()).sum() / 2 < 0.05
        assert joint.shape == (4, 4)


def test_forbidden_pairs_are_not_learned_and_declared_edges_are() -> None:
    domain, columns = chain(5000)
    neither = {(one, two) for pair in ("ab", "cd") for one, two in (pair, pair[::-1])}
    workload = Workload(forbidden=frozenset(neither), edges=(("a", "c"), ("a", "b", "e")))
    oracle = TableOracle(domain, columns, Cost.of(4.0), seed=1)
    generator("marginal").fit(oracle, workload, oracle.left, SampleRng(1))
    pairs = {frozenset(names) for verb, names in oracle.asked if verb == "measure"}
    assert frozenset({"c", "d"}) not in pairs
    assert frozenset({"a", "c"}) in pairs
    assert frozenset({"a", "b", "e"}) in pairs
    assert frozenset({"a", "b"}) not in pairs
