"""Laws about impossible cells, for every generator that keeps them: no mass, no noise, no rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.generators import GENERATORS, Generator, Workload
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Domain
from tests.generators.exact_oracle import TableOracle

SIZES = (5, 4, 6, 3, 30)
DOMAIN = Domain(attributes=("a", "b", "c", "d", "e"), sizes=SIZES)


def made(kind: str) -> Generator:
    """Return a generator of the shelf with its defaults."""
    found = GENERATORS[kind](**({"pretrain": 20, "width": 32} if kind in ("vae", "ctgan") else {}))
    assert isinstance(found, Generator)
    return found


KEEPING = tuple(kind for kind in GENERATORS if made(kind).supports_zeros())


def masks() -> tuple[tuple[tuple[str, ...], NDArray[np.bool_]], ...]:
    """Return impossible cells over pairs, a triple, and a single attribute."""
    a, b, c, d, e = np.ogrid[:5, :4, :6, :3, :30]
    ab = (a.reshape(5, 1) + b.reshape(1, 4)) % 3 == 0
    bcd = (b.reshape(4, 1, 1) * 2 > c.reshape(1, 6, 1)) & (d.reshape(1, 1, 3) == 1)
    ea = (e.reshape(30, 1) > 20) & (a.reshape(1, 5) < 2)
    return (("a", "b"), ab), (("b", "c", "d"), bcd), (("e", "a"), ea), (("c",), np.arange(6) == 5)


def table(rows: int, seed: int = 0) -> dict[str, NDArray[np.int64]]:
    """Return rows without impossible cells, with dependence beside them."""
    rng = np.random.default_rng(seed)
    found = {name: rng.integers(0, size, 20 * rows) for name, size in zip(DOMAIN.attributes, SIZES)}
    found["e"] = np.minimum(found["e"], 3 * found["c"] + found["a"])
    good = np.ones(20 * rows, dtype=np.bool_)
    for clique, mask in masks():
        good &= ~mask[tuple(found[name] for name in clique)]
    kept = np.flatnonzero(good)[:rows]
    assert len(kept) == rows
    return {name: column[kept] for name, column in found.items()}


ENTRIES = [pytest.param(kind, marks=pytest.mark.slow if kind in ("vae", "ctgan") else ()) for kind in KEEPING]


@pytest.mark.parametrize("kind", ENTRIES)
@pytest.mark.parametrize("mu", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("given", [(), ("a",), ("a", "d")])
def test_impossible_cells_have_no_mass_at_any_price(kind: str, mu: float, given: tuple[str, ...]) -> None:
    workload = Workload(ordinal=frozenset({"e"}), zeros=masks(), given=frozenset(given))
    oracle = TableOracle(DOMAIN, table(2000), Cost.of(mu * mu, 1e-12))
    model = made(kind).fit(oracle, workload, oracle.left, SampleRng(1))
    for clique, mask in masks():
        assert model.marginal(clique)[mask].max() == 0.0, (clique, "exactly none, not nearly")
    rng = np.random.default_rng(2)
    fixed = {name: rng.integers(0, DOMAIN.size(name), 5000) for name in given}
    known = Codes(DOMAIN.project(given), fixed) if given else None
    drawn = {**fixed, **model.sample(5000, SampleRng(3), known).columns}
    for clique, mask in masks():
        if not set(clique) <= set(given):
            assert not mask[tuple(drawn[name] for name in clique)].any(), clique


@pytest.mark.parametrize("price", [100.0, 1e-4], ids=["with pairs", "one-ways alone"])
@pytest.mark.parametrize("kind", ENTRIES)
def test_a_given_code_without_learned_mass_is_still_followed_by_lawful_ones(kind: str, price: float) -> None:
    columns = table(2000)
    keep = columns["a"] != 3
    columns = {name: column[keep] for name, column in columns.items()}
    workload = Workload(ordinal=frozenset({"e"}), zeros=masks(), given=frozenset({"a"}))
    oracle = TableOracle(DOMAIN, columns, Cost.of(price, 1e-12), exact=True)
    generator = made(kind).model_copy(update={"fine_tune": "never"} if kind == "autoregressive" else {})
    model = generator.fit(oracle, workload, oracle.left, SampleRng(1))
    threes = Codes(DOMAIN.project(("a",)), {"a": np.full(4000, 3)})
    drawn = {**threes.columns, **model.sample(4000, SampleRng(4), threes).columns}
    for clique, mask in masks():
        assert not mask[tuple(drawn[name] for name in clique)].any(), (kind, clique)


def test_knowing_what_is_impossible_lowers_the_noise() -> None:
    columns, truth = table(4000), {}
    counts = np.zeros(SIZES)
    np.add.at(counts, tuple(columns[name] for name in DOMAIN.attributes), 1.0)
    counts /= counts.sum()
    for pair in (("a", "b"), ("a", "e"), ("b", "c")):
        rest = tuple(i for i, name in enumerate(DOMAIN.attributes) if name not in pair)
        truth[pair] = counts.sum(axis=rest)
    errors: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(6):
        for told in errors:
            workload = Workload(ordinal=frozenset({"e"}), zeros=masks() if told else ())
            oracle = TableOracle(DOMAIN, columns, Cost.of(0.01, 1e-12), seed=seed)
            model = made("marginal").fit(oracle, workload, oracle.left, SampleRng(seed))
            assert isinstance(model, TreeModel)
            gaps = [np.abs(model.marginal(pair) - shares).sum() / 2 for pair, shares in truth.items()]
            errors[told].append(float(np.mean(gaps)))
    # measured: 0.086 against 0.109; noise seeds are fixed
    assert np.mean(errors[True]) < 0.9 * np.mean(errors[False]), errors
