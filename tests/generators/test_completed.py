"""The most probable completions of many rows at once, by enumeration over codes."""

from __future__ import annotations

import numpy as np
import pytest

import synthspec.generators.completed as module
from synthspec.generators.completed import completed
from synthspec.generators.tree_model import TreeModel
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Domain
from tests.generators.test_pgm import random_model


def model_of(seed: int) -> TreeModel:
    """Return a random model whose levels hold one to three codes each, some of them without mass."""
    beliefs, _, _ = random_model(seed)
    rng = np.random.default_rng(seed)
    levels, densities = [], []
    for size in beliefs.tree.sizes:
        level = rng.permutation(np.repeat(np.arange(size), rng.integers(1, 4, size)))
        density = rng.random(len(level)) * (rng.random(len(level)) < 0.8) + 1e-12
        levels.append(level)
        densities.append(density / np.bincount(level, weights=density)[level])
    names = tuple(f"c{i}" for i in range(len(levels)))
    domain = Domain(attributes=names, sizes=tuple(len(level) for level in levels))
    return TreeModel(domain, frozenset(), tuple(levels), tuple(densities), beliefs)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("at_once", [1, 1 << 22])
def test_each_row_is_completed_to_the_maximum_of_the_joint(
    seed: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    model = model_of(seed)
    names = model.domain.attributes
    joint = model.marginal(names)
    rng = np.random.default_rng(seed)
    asked = [names[i] for i in sorted(rng.choice(len(names), int(rng.integers(1, len(names) + 1)), False))]
    given = {name: rng.integers(0, model.domain.size(name), 30) for name in asked}
    rows, value = completed(model, Codes(model.domain.project(asked), given))
    assert rows.domain == model.domain and rows.rows == 30
    for at in range(30):
        cut = joint[tuple(given[n][at] if n in given else slice(None) for n in names)]
        assert all(rows.columns[name][at] == given[name][at] for name in asked)
        assert np.exp(value[at]) == pytest.approx(cut.max(), rel=1e-9, abs=1e-300)
        if cut.max() > 0:
            whole = joint[tuple(rows.columns[name][at] for name in names)]
            assert whole == pytest.approx(cut.max(), rel=1e-9)


def test_no_rows_are_completed_to_no_rows() -> None:
    model = model_of(1)
    name = model.domain.attributes[0]
    none = Codes(model.domain.project([name]), {name: np.zeros(0, dtype=np.int64)})
    rows, value = completed(model, none)
    assert rows.rows == 0 and value.shape == (0,)
