"""A network over a start model's tables: what is drawn is the product of both, saved without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from synthspec.generators import load_model
from synthspec.generators.neural.backbone import backbone, chosen, even
from synthspec.generators.neural.neural_model import NeuralModel
from synthspec.generators.neural.rake import raked
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from tests.generators.neural.nets_of import enumerated, neural_of
from tests.generators.test_weighted import NAMES, model_of

ROWS = 120_000


@pytest.mark.parametrize("seed", range(4))
def test_the_tables_of_a_backbone_multiply_to_the_start_model(seed: int) -> None:
    start = model_of(seed)
    plain = NeuralModel(start, backbone(start), None, {})
    np.testing.assert_allclose(enumerated(plain), start.marginal(NAMES), atol=1e-12)


def test_where_no_network_was_learned_rows_are_those_of_the_start() -> None:
    """Its sampler keeps each column's counts as even as can be; drawn singly they would be off by more."""
    start = model_of(2)
    plain = NeuralModel(start, backbone(start), None, {})
    drawn, wanted = (each.sample(3000, SampleRng(5)) for each in (plain, start))
    for name in NAMES:
        assert np.array_equal(drawn.columns[name], wanted.columns[name])


@pytest.mark.parametrize("seed", range(3))
def test_rows_follow_the_product_of_tables_and_network(seed: int) -> None:
    model = neural_of(seed, strength=3.0)
    drawn = model.sample(ROWS, SampleRng(seed)).count(NAMES) / ROWS
    truth = enumerated(model).ravel()
    # 120 cells: the error of 120,000 independent rows is about 0.01; the network moves 0.1 and more
    assert np.abs(drawn - truth).sum() / 2 < 0.015
    assert np.abs(model.start.marginal(NAMES).ravel() - truth).sum() / 2 > 0.05


@pytest.mark.parametrize("given", [(), ("b",)])
def test_the_likelihood_is_the_share_of_each_cell_and_they_sum_to_one(given: tuple[str, ...]) -> None:
    model = neural_of(4, given, strength=3.0)
    cells = np.indices(model.domain.sizes).reshape(4, -1)
    found = np.exp(model.log_likelihood(Codes(model.domain, dict(zip(NAMES, cells)))))
    np.testing.assert_allclose(found.reshape(model.domain.sizes), enumerated(model), atol=1e-9)
    assert found.sum() == pytest.approx(3.0 if given else 1.0)


def test_given_codes_are_followed_row_by_row() -> None:
    model = neural_of(1, ("b",), strength=3.0)
    rng = np.random.default_rng(0)
    given = rng.integers(0, 3, ROWS)
    known = Codes(model.domain.project(("b",)), {"b": given})
    own = model.sample(ROWS, SampleRng(2), known).columns
    truth = enumerated(model)
    counts = np.zeros(model.domain.sizes)
    np.add.at(counts, (own["a"], given, own["c"], own["d"]), 1.0)
    for code in range(3):
        shares = counts[:, code] / counts[:, code].sum()
        assert np.abs(shares - truth[:, code]).sum() / 2 < 0.02


@pytest.mark.parametrize("whole", [False, True])
def test_raking_brings_the_pairs_of_the_start_back(whole: bool) -> None:
    model = neural_of(2, strength=4.0)
    assert model.net is not None
    generator = SampleRng(3).generator
    bones, share = raked(model.bones, model.bones, model.net, {}, generator, whole=whole)
    fixed = replace(model, bones=bones)
    wanted, before, after = (m.marginal(NAMES) for m in (model.start, model, fixed))
    for rung in model.bones.rungs:
        for other in rung.old:
            rest = tuple(i for i in range(4) if i not in (rung.attribute, other))
            gap = np.abs(wanted.sum(axis=rest) - after.sum(axis=rest)).sum() / 2
            assert gap < 0.02, (rung.attribute, other)
    assert (
        max(
            np.abs(wanted.sum(axis=rest) - before.sum(axis=rest)).sum() / 2
            for rest in ((0, 1), (2, 3), (0, 3))
        )
        > 0.04
    )
    assert 0 < share < 1


def test_a_code_without_share_is_never_drawn() -> None:
    start = model_of(0)
    densities = list(start.densities)
    densities[2] = np.array([1.0, 0.0, 1.0, 0.0, 1.0])  # levels (0, 0), 1, (2, 2)
    bones = backbone(replace(start, densities=tuple(densities)))
    codes = bones.codes(2, np.repeat([0, 1, 2], 5000), np.random.default_rng(0))
    assert set(codes.tolist()) == {0, 2, 4}


def test_even_numbers_are_uniform_and_two_calls_are_independent() -> None:
    rng = np.random.default_rng(1)
    groups = np.arange(40_000) // 2  # small groups: evenness must come from across them
    one, two = even(groups, rng), even(groups, rng)
    for drawn in (one, two):
        counts = np.bincount((drawn * 100).astype(np.int64), minlength=100)
        assert np.abs(counts - 400).max() < 12, "independent draws would be off by 60"
    cells = np.bincount((one * 8).astype(np.int64) * 8 + (two * 8).astype(np.int64), minlength=64)
    # 625 a cell, deviation 25 when independent; 7 deviations: under 1e-9 for 64 cells; lockstep gives 5000
    assert np.abs(cells - 625).max() < 175


def test_a_choice_without_share_is_never_chosen() -> None:
    shares = np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.0]])
    assert chosen(shares, np.array([0.0, 0.999999999999])).tolist() == [1, 0]


def test_a_saved_network_is_loaded_and_sampled_without_torch() -> None:
    model = neural_of(5)
    facts, arrays = json.loads(json.dumps(model.facts())), dict(model.arrays())
    again = load_model(facts, arrays)
    one, two = (m.sample(3000, SampleRng(7)).columns for m in (model, again))
    assert all(np.array_equal(one[name], two[name]) for name in NAMES)
    code = (
        "import sys, synthspec.generators as g, synthspec.draw.conditioned, synthspec.compile.plan;"
        "assert g.Vae().kind == 'vae'; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
