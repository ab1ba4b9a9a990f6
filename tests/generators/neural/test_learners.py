"""A network made again in another process has the same losses, whatever it was trained to."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from safetensors.numpy import load, save  # noqa: E402

from synthspec.generators import Autoregressive, Ctgan, Vae  # noqa: E402
from synthspec.generators.base import Portable  # noqa: E402
from synthspec.generators.learners import load_learner  # noqa: E402
from synthspec.generators.neural.backbone import backbone  # noqa: E402
from synthspec.generators.neural.network import Network  # noqa: E402
from synthspec.generators.neural.tuner import PublicDraws  # noqa: E402
from tests.generators.test_weighted import model_of  # noqa: E402

NETWORKS = (Autoregressive(width=8), Vae(width=8, latent=2, pretrain=3), Ctgan(width=8, latent=2, pretrain=3))


@pytest.mark.parametrize("given", [(), ("a",)])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda each: each.kind)
def test_losses_are_the_same_once_parameters_are(network: Network, given: tuple[str, ...]) -> None:
    bones = backbone(model_of(3, given))
    sizes = bones.domain.sizes
    rng = np.random.default_rng(0)
    rows = np.stack([rng.integers(0, size, 40) for size in sizes], axis=1)
    made = network.tuner(bones, rows, 5, 7, "cpu")
    assert isinstance(made, Portable)
    facts, arrays = made.described()
    again = load_learner(json.loads(json.dumps(facts)), load(save(dict(arrays))), "cpu")
    own = [p for p in made.module.parameters() if p.requires_grad]
    others = [p for p in again.module.parameters() if p.requires_grad]
    codes = torch.from_numpy(rows)
    with torch.no_grad():
        for each, other in zip(own, others, strict=True):
            each.add_(torch.randn(each.shape, generator=torch.Generator().manual_seed(1)))
            other.copy_(each)
        found = [each.losses(codes, PublicDraws(torch.Generator().manual_seed(2))) for each in (made, again)]
    assert torch.equal(*found)
    assert float(found[0].std()) > 0, "rows are told apart"
