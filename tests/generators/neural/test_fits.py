"""Fits of the neural generators: the split of the budget, what fine-tuning learns, what repeats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.generators import Autoregressive, Ctgan, Vae, Workload
from synthspec.generators.neural.network import Network
from synthspec.generators.neural.neural_model import NeuralModel
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from tests.generators.exact_oracle import TableOracle

pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

Columns = Mapping[str, NDArray[np.int64]]
SMALL: dict[str, dict[str, object]] = {
    "autoregressive": {"width": 16, "embedding": 4},
    "vae": {"width": 16, "pretrain": 20, "latent": 4},
    "ctgan": {"width": 16, "pretrain": 20, "latent": 4},
}


def parity(rows: int, seed: int = 0) -> tuple[Domain, Columns]:
    """Return a table whose last column is the parity of three others: no pair tells anything."""
    rng = np.random.default_rng(seed)
    a, b, c = (rng.integers(0, 2, rows) for _ in range(3))
    d = np.where(rng.random(rows) < 0.95, (a + b + c) % 2, rng.integers(0, 2, rows))
    return Domain(attributes=("a", "b", "c", "d"), sizes=(2, 2, 2, 2)), {"a": a, "b": b, "c": c, "d": d}


def made(kind: type[Network], **options: object) -> Network:
    return kind(**{**SMALL[kind.model_fields["kind"].default], **options})  # type: ignore[arg-type]


def fitted(
    generator: Network, cost: Cost, rows: int = 4000, **options: object
) -> tuple[NeuralModel, TableOracle]:
    domain, columns = parity(rows)
    oracle = TableOracle(domain, columns, cost, **options)  # type: ignore[arg-type]
    model = generator.fit(oracle, Workload(rows=rows), oracle.left, SampleRng(1))
    assert isinstance(model, NeuralModel)
    return model, oracle


RICH = Cost(mu2=4 * 10**15, delta0=10**13)


def test_fine_tuning_learns_what_no_pair_tells() -> None:
    generator = made(Autoregressive, steps=150, batch_size=500, learning_rate=0.02, fine_tune_share=0.5)
    model, oracle = fitted(generator, RICH, 8000)
    assert ("gradient", ("a", "b", "c", "d")) in oracle.asked

    def agreement(table: NDArray[np.float64]) -> float:
        odd = np.indices(table.shape)[:3].sum(0) % 2 == np.indices(table.shape)[3]
        return float(table[odd].sum())

    cells = ("a", "b", "c", "d")
    assert agreement(model.start.marginal(cells)) < 0.6
    assert agreement(model.marginal(cells)) > 0.85  # 0.975 in the table


@pytest.mark.parametrize("kind", [Autoregressive, Vae, Ctgan])
def test_a_fine_tuned_fit_spends_its_cap_and_repeats(kind: type[Network]) -> None:
    generator = made(kind, steps=3, batch_size=64, fine_tune="always")
    one, oracle = fitted(generator, RICH, seed=5)
    two, _ = fitted(generator, RICH, seed=5)
    assert oracle.ledger.spent.mu2 >= RICH.mu2 * 0.999
    assert oracle.ledger.spent.fits(RICH)
    assert {verb for verb, _ in oracle.asked} >= {"measure", "gradient"}
    for name, array in one.arrays().items():
        assert np.array_equal(array, two.arrays()[name]), name
    drawn = [m.sample(500, SampleRng(3)).columns for m in (one, two)]
    assert all(np.array_equal(drawn[0][a], drawn[1][a]) for a in drawn[0])


@pytest.mark.parametrize("kind", [Autoregressive, Vae, Ctgan])
@pytest.mark.parametrize(
    "cost", [Cost(mu2=10**9, delta0=10**13), Cost(mu2=10**15)], ids=["too little", "no slack"]
)
def test_where_fine_tuning_cannot_help_its_share_goes_to_the_marginals(
    kind: type[Network], cost: Cost
) -> None:
    model, oracle = fitted(made(kind, steps=2), cost)
    assert "gradient" not in {verb for verb, _ in oracle.asked}
    assert oracle.ledger.spent.mu2 >= cost.mu2 * 0.999
    assert model.notes["fine_tune_mu2"] == 0


def test_the_number_of_rows_is_bought_where_the_decision_hangs_on_it() -> None:
    domain, columns = parity(4000)
    for cost, tuned in ((RICH, True), (Cost(mu2=10**9, delta0=10**13), False)):
        oracle = TableOracle(domain, columns, cost)
        generator = made(Autoregressive, steps=2, batch_size=100)
        generator.fit(oracle, Workload(), oracle.left, SampleRng(1))
        assert ("gradient" in {verb for verb, _ in oracle.asked}) is tuned
        assert oracle.asked[0] == ("measure", ("a",))
        assert oracle.ledger.spent.fits(cost)


def test_fine_tuning_that_is_asked_for_needs_no_public_number_of_rows() -> None:
    """Tuned with the number that the start's answers give, even where nothing says that it helps."""
    domain, columns = parity(4000)
    oracle = TableOracle(domain, columns, RICH)
    generator = made(Autoregressive, steps=2, batch_size=100, fine_tune="always")
    model = generator.fit(oracle, Workload(), oracle.left, SampleRng(1))
    assert isinstance(model, NeuralModel)
    assert [verb for verb, _ in oracle.asked].count("gradient") == 1
    assert model.notes["signal"] == 0 and model.notes["fine_tune_mu2"] > 0
    assert abs(float(model.notes["rate"]) - 100 / 4000) < 0.005  # type: ignore[arg-type]
    assert oracle.ledger.spent.fits(RICH) and oracle.ledger.spent.mu2 > RICH.mu2 * 0.999


@pytest.mark.parametrize(
    ("workload", "signal"),
    [(Workload(rows=4000), 1.0), (Workload(rows=4000, units=4000), 4.0), (Workload(units=1000), 1.0)],
)
def test_it_is_units_that_gradients_are_of(workload: Workload, signal: float) -> None:
    """Four rows a person at most: 4,000 rows are of 1,000 people at least."""
    domain, columns = parity(4000)
    oracle = TableOracle(domain, columns, RICH, protection=Protection(unit="who", max_rows=4))
    generator = made(Autoregressive, fine_tune="never")
    model = generator.fit(oracle, workload, oracle.left, SampleRng(1))
    assert isinstance(model, NeuralModel)
    thousand = generator.split(RICH, domain, frozenset(), 1000.0).expectation.signal
    assert model.notes["signal"] == pytest.approx(signal * thousand)


@pytest.mark.parametrize("kind", [Autoregressive, Vae, Ctgan])
@pytest.mark.parametrize("sizes", [(1,), (5,), (1, 1), (1, 4)], ids=str)
def test_a_group_of_one_column_and_a_domain_of_one_value_end_normally(
    kind: type[Network], sizes: tuple[int, ...]
) -> None:
    names = tuple(f"c{i}" for i in range(len(sizes)))
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(0, size, 300) for name, size in zip(names, sizes)}
    oracle = TableOracle(Domain(attributes=names, sizes=sizes), columns, RICH)
    generator = made(kind, steps=2, batch_size=50, fine_tune="always")
    model = generator.fit(oracle, Workload(rows=300), oracle.left, SampleRng(0))
    assert model.sample(20, SampleRng(0)).rows == 20


@pytest.mark.parametrize("kind", [Autoregressive, Vae, Ctgan])
@pytest.mark.parametrize("given", [(), ("a",)], ids=["alone", "given"])
def test_impossible_cells_are_never_drawn_and_raking_hits_what_was_bought(
    kind: type[Network], given: tuple[str, ...]
) -> None:
    domain, columns = parity(4000)
    mask = np.zeros((2, 2, 2), dtype=np.bool_)
    mask[1, 1, 0] = mask[0, 0, 1] = True
    clique = ("a", "b", "d")
    keep = ~mask[tuple(columns[n] for n in clique)]
    held = {name: column[keep] for name, column in columns.items()}
    oracle = TableOracle(domain, held, RICH, seed=2)
    work = Workload(rows=int(keep.sum()), zeros=((clique, mask),), given=frozenset(given))
    options = {} if kind is Autoregressive else {"pretrain": 60}
    generator = made(kind, steps=5, batch_size=400, fine_tune="always", **options)
    model = generator.fit(oracle, work, oracle.left, SampleRng(1))
    rows = np.random.default_rng(0).choice(held["a"], 40_000)
    known = Codes(domain.project(("a",)), {"a": rows}) if given else None
    own = model.sample(40_000, SampleRng(2), known).columns
    drawn = {"a": rows, **own}
    assert not mask[tuple(drawn[n] for n in clique)].any()
    for name in domain.attributes:
        real = np.bincount(held[name], minlength=2) / keep.sum()
        # a sample of 40,000 is off by 0.0025, the bought counts by 0.005
        assert np.abs(np.bincount(drawn[name], minlength=2) / 40_000 - real).max() < 0.03, name


@pytest.mark.parametrize("kind", [Autoregressive, Vae, Ctgan])
def test_a_state_taken_up_goes_on_as_if_nothing_had_happened(kind: type[Network]) -> None:
    import torch

    from synthspec.generators.neural.backbone import backbone
    from synthspec.generators.neural.network import start_rows

    model, _ = fitted(made(kind, fine_tune="never"), RICH)
    bones, rows = backbone(model.start), start_rows(model.start, SampleRng(4))
    generator = made(kind)
    torch.manual_seed(0)
    one, two = (generator.tuner(bones, rows, 6, 9, "cpu") for _ in range(2))
    noise = [[torch.randn_like(p) for p in one.private] for _ in range(6)]
    for each in noise[:3]:
        one.step(each)
    two.restore({name: value.clone() for name, value in one.state().items()})
    for each in noise[3:]:
        one.step(each)
        two.step(each)
    after = one.state(), two.state()
    assert after[0].keys() == after[1].keys()
    for name, value in after[0].items():
        assert torch.equal(value, after[1][name]), name


@pytest.mark.parametrize("kind", [Autoregressive, Vae, Ctgan])
def test_the_loss_that_is_shown_is_that_of_rows_of_the_start_model(kind: type[Network]) -> None:
    import torch

    from synthspec.generators.neural.backbone import backbone
    from synthspec.generators.neural.network import start_rows

    model, _ = fitted(made(kind, fine_tune="never"), RICH)
    rows = start_rows(model.start, SampleRng(4))
    tuner = made(kind).tuner(backbone(model.start), rows, 2, 9, "cpu")
    assert tuner.public_loss() is None
    tuner.watched = torch.from_numpy(rows[:100])
    one, two = tuner.public_loss(), tuner.public_loss()
    assert one is not None and one == two and np.isfinite(one)


@pytest.mark.parametrize("kind", [Vae, Ctgan])
def test_numpy_and_torch_compute_the_same_heads(kind: type[Network]) -> None:
    import torch

    from synthspec.generators.neural.forward import Decoder

    model, _ = fitted(made(kind, fine_tune="never", reweight=False), RICH)
    assert isinstance(model.net, Decoder)
    net = model.net
    hidden = np.random.default_rng(0).normal(size=(7, 16)).astype(np.float32)
    weight, bias = (torch.from_numpy(net.weights[f"head.{part}"]) for part in ("weight", "bias"))
    whole = torch.nn.functional.linear(torch.from_numpy(hidden), weight, bias).numpy()
    for index, start in net.starts.items():
        part = net.logits(hidden, index, {})
        np.testing.assert_allclose(part, whole[:, start : start + net.sizes[index]], atol=1e-5)


def test_numpy_and_torch_compute_the_same_prefix_network() -> None:
    import torch

    from synthspec.generators.neural.backbone import backbone
    from synthspec.generators.neural.forward import Prefix
    from synthspec.generators.neural.nets import Prefix as Torch

    model, _ = fitted(made(Autoregressive, fine_tune="never"), RICH)
    bones = backbone(model.start)
    torch.manual_seed(3)
    made_ = Torch(bones, 8, 3)
    for parameter in made_.out.parameters():
        torch.nn.init.normal_(parameter)
    weights = {n: v.detach().numpy() for n, v in made_.state_dict().items()}
    plain = Prefix(bones.own, weights)
    levels = np.random.default_rng(0).integers(0, 2, (50, 4))
    with torch.no_grad():
        found = made_(torch.from_numpy(levels))
    for index in bones.own:
        part = plain.logits(None, index, {i: levels[:, i] for i in range(4)})
        assert (part is None) == (index not in found)
        if part is not None:
            np.testing.assert_allclose(part, found[index].numpy(), atol=1e-5)
