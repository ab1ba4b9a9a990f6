"""The private gradient as the kernel sells it: one purchase, paid before anything is read or counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from torch import nn  # noqa: E402

from synthspec.engines.base import Held  # noqa: E402
from synthspec.errors import BudgetError, InternalError, KernelError  # noqa: E402
from synthspec.mechanisms import SubsampledGaussian  # noqa: E402
from synthspec.privacy.cost import Cost  # noqa: E402
from synthspec.privacy.ledger import Ledger, Receipt  # noqa: E402
from synthspec.run.gradient import Workplace  # noqa: E402
from synthspec.run.kernel import Kernel  # noqa: E402
from synthspec.run.steps import clipper_of  # noqa: E402
from synthspec.run.trial import try_out  # noqa: E402
from synthspec.terms.protection import Protection  # noqa: E402
from tests.run.nets import Net, Plain, Small, codes_of  # noqa: E402
from tests.run.stand_ins import DOMAIN, CountedNoise, KeptAnswers, SpyRows, unseen  # noqa: E402

CAP = Cost(mu2=10**15, delta0=10**13)
RATE = Fraction(1, 10)


class People(SpyRows):
    """Forty units of two rows."""

    def held(self) -> Held:
        """Return them."""
        self.told.append("compute")
        if self.error is not None:
            raise self.error
        codes = codes_of(80, sizes=DOMAIN.sizes).astype(np.uint8)
        return Held({"a": codes[:, 0], "b": codes[:, 1]}, np.arange(80) // 2)


class Told:
    """A counter that says what happens to it; begins with some steps gone."""

    def __init__(
        self, told: list[str], gone: int = 0, state: Mapping[str, torch.Tensor] | None = None
    ) -> None:
        self._told, self._gone, self._state = told, gone, state

    def gone(self) -> int:
        """Return the steps counted."""
        return self._gone

    def count(self, before: int, after: int) -> None:
        """Count."""
        assert before == self._gone
        self._gone = after
        self._told.append(f"count {after}")

    def save(self, step: int, state: Mapping[str, torch.Tensor]) -> None:
        """Save."""
        self._told.append(f"save {step}")
        self._state = {name: each.clone() for name, each in state.items()}

    def saved(self) -> dict[str, torch.Tensor] | None:
        """Return what was saved."""
        return None if self._state is None else dict(self._state)


class Counting(KeptAnswers):
    """Answers with one counter."""

    def __init__(self, told: list[str], counter: Told | None = None) -> None:
        super().__init__(told)
        self.only = Told(told) if counter is None else counter

    def counter(self, receipt: Receipt, question: str, steps: int) -> Told:
        """Return it."""
        self.told.append("counter")
        return self.only


class Walking(Small):
    """A learner that says when it steps."""

    def __init__(self, told: list[str], module: nn.Module | None = None, **options: object) -> None:
        super().__init__(Net(DOMAIN.sizes) if module is None else module, **options)  # type: ignore[arg-type]
        self.told = told

    def step(self, gradient: object) -> None:
        """Step."""
        self.told.append("step")
        super().step(gradient)  # type: ignore[arg-type]

    def public_loss(self) -> float | None:
        """Return a number."""
        return 1.5


def seller(
    told: list[str],
    rows: SpyRows | None = None,
    answers: KeptAnswers | None = None,
    heard: Callable[..., None] | None = None,
    cap: Cost = CAP,
) -> Kernel:
    """Return a kernel over people."""
    return Kernel(
        rows or People(told),
        DOMAIN,
        Protection(unit="who", max_rows=2),
        Ledger(cap),
        CountedNoise(told),
        answers or Counting(told),
        unseen,
        workplace=Workplace("cpu") if heard is None else Workplace("cpu", heard),
    )


def train(kernel: Kernel, learner: Small, steps: int = 3) -> None:
    """Buy a training with all that is left."""
    kernel.gradient(learner, rate=RATE, steps=steps, clip=1.0, expected=4.0, cost=kernel.left)


def test_the_order_is_pay_read_count_step_save_and_keep() -> None:
    told: list[str] = []
    kernel = seller(told)
    train(kernel, Walking(told))
    assert kernel.left.mu2 < CAP.mu2 // 100, "the whole training is paid"
    words = [word for word in told if word != "noise"]
    blocks = [word for at in (1, 2, 3) for word in (f"count {at}", "step", f"save {at}")]
    assert words == ["counter", "compute", *blocks, "record"]


def test_a_training_of_many_steps_is_counted_block_by_block_before_its_steps() -> None:
    told: list[str] = []
    train(seller(told), Walking(told), steps=130)
    taken, counted = 0, 0
    for word in told:
        if word == "step":
            taken += 1
        if word.startswith("count "):
            counted = int(word.removeprefix("count "))
        assert taken <= counted <= 130
    assert taken == 130


def test_without_budget_nothing_is_read() -> None:
    for cap in (Cost(mu2=10**15), Cost(delta0=10**13)):
        told: list[str] = []
        with pytest.raises(BudgetError) as raised:
            train(seller(told, cap=cap), Walking(told))
        assert raised.value.code == "B504"
        assert not told


def test_what_costs_more_than_is_left_is_refused_before_anything_is_read() -> None:
    told: list[str] = []
    kernel = seller(told)
    small = kernel.allot(Cost(mu2=10**13, delta0=10**12), "less")
    with pytest.raises(BudgetError) as raised:
        small.gradient(Walking(told), rate=RATE, steps=3, clip=1.0, expected=4.0, cost=CAP)
    assert raised.value.code == "B502"
    assert not told


def test_steps_counted_are_gone_whatever_state_is_shown() -> None:
    told: list[str] = []
    old = Walking(told).state()
    counter = Told(told, gone=2, state={name: each.clone() for name, each in old.items()})
    learner = Walking(told)
    with torch.no_grad():
        learner.module.last.bias += 5
    train(seller(told, answers=Counting(told, counter)), learner)
    assert told.count("step") == 1
    assert abs(float(learner.module.last.bias.detach() - old["last.bias"])) < 4, (
        "it went on from the state saved"
    )


def test_a_state_of_another_network_is_refused_and_nothing_is_counted() -> None:
    told: list[str] = []
    for state in ({}, {"last.bias": torch.zeros(3)}):
        counter = Told(told, gone=2, state=state)
        with pytest.raises(BudgetError) as raised:
            train(seller(told, answers=Counting(told, counter)), Walking(told))
        assert raised.value.code == "B511"
        assert counter.gone() == 2
    assert not any(word == "step" or word.startswith("count ") for word in told)


def test_a_training_that_is_through_is_restored_and_not_repeated() -> None:
    told: list[str] = []
    answers = Counting(told)
    first = Walking(told)
    train(seller(told, answers=answers), first)
    again = Walking(told)
    told.clear()
    train(seller(told, answers=answers), again)
    assert not {"step", "record", "compute"} & set(told)
    assert all(torch.equal(a, b) for a, b in zip(first.state().values(), again.state().values(), strict=True))


def test_rows_that_cannot_be_read_or_held_end_as_k701_with_the_ledger_true() -> None:
    for error in (MemoryError("CANARY"), OSError("CANARY")):
        told: list[str] = []
        kernel = seller(told, People(told, error=error))
        with pytest.raises(KernelError) as raised:
            train(kernel, Walking(told))
        assert raised.value.code == "K701"
        assert "CANARY" not in str(raised.value.diagnostics)
        assert kernel.left.mu2 < CAP.mu2 // 100


def test_rows_whose_gradient_is_not_finite_are_silent() -> None:
    told: list[str] = []
    learner = Walking(told, Plain(DOMAIN.sizes), broken=1)
    train(seller(told), learner)
    assert told.count("step") == 3
    assert all(bool(given.isfinite().all()) for given in learner.given)


def test_an_interruption_leaves_what_was_counted_counted() -> None:
    told: list[str] = []

    class Stopped(Walking):
        def step(self, gradient: object) -> None:
            if self.told.count("step") == 1:
                raise KeyboardInterrupt
            super().step(gradient)

    answers = Counting(told)
    with pytest.raises(KeyboardInterrupt):
        train(seller(told, answers=answers), Stopped(told))
    assert answers.only.gone() == 2
    train(seller(told, answers=answers), Walking(told))
    assert told.count("step") == 2, "one step was lost, none was taken twice"


def test_what_is_heard_is_public_steps_and_a_public_loss() -> None:
    heard: list[tuple[object, ...]] = []
    told: list[str] = []
    train(seller(told, heard=lambda *words: heard.append(words)), Walking(told))
    assert [words[:4] for words in heard] == [(1, 3, 0, 1.5), (2, 3, 1, 1.5), (3, 3, 2, 1.5)]
    assert all(isinstance(words[4], SubsampledGaussian) for words in heard)


class Across(nn.Module):
    """A network whose rows look at each other."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(2, 1)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return a number per row, less the mean of all."""
        out = self.last(codes.float()).squeeze(1)
        return out - out.mean()


class Borrowed(nn.Module):
    """A layer's weight used beside its own call."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(2, 1)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return a number per row."""
        return self.last(codes.float()).squeeze(1) + 3 * (codes.float() @ self.last.weight.T).squeeze(1)


class InPlace(nn.Module):
    """An output changed in place, so that what comes back is not the layer's."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.last = nn.Linear(3, 1)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return a number per row."""
        return self.last(self.first(codes.float()).mul_(2)).squeeze(1)


class Remembering(nn.Module):
    """A buffer that a forward changes."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(2, 1)
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return a number per row, and remember one."""
        self.seen += codes.float().mean()
        return self.last(codes.float()).squeeze(1)


class Normalised(nn.Module):
    """Batch normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3, affine=False)
        self.last = nn.Linear(3, 1)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return a number per row."""
        return self.last(self.norm(self.first(codes.float()))).squeeze(1)


class Hidden(nn.Module):
    """A weight used beside its layer, with another layer behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.last = nn.Linear(3, 1)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return a number per row."""
        return self.last(self.first(codes.float()) + 3 * (codes.float() @ self.first.weight.T)).squeeze(1)


@pytest.mark.parametrize("net", [Across, Borrowed, InPlace, Remembering, Normalised])
@pytest.mark.filterwarnings("ignore:Full backward hook:UserWarning")
def test_a_network_that_the_clip_cannot_hold_is_refused_before_it_is_paid(net: type[nn.Module]) -> None:
    told: list[str] = []
    kernel = seller(told)
    with pytest.raises(InternalError) as raised:
        train(kernel, Walking(told, net()))
    assert raised.value.code == "I328"
    assert not told
    assert kernel.left == CAP


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"rate": Fraction(0)}, {"rate": Fraction(3, 2)}, {"clip": 0.0}, {"clip": float("nan")},
     {"clip": 1e-30}, {"clip": 1e30},
     {"expected": 0.0}, {"expected": float("inf")}],
    ids=str,
)  # fmt: skip
def test_numbers_that_make_no_training_are_refused(wrong: dict[str, object]) -> None:
    told: list[str] = []
    kernel = seller(told)
    asked = {"rate": RATE, "steps": 2, "clip": 1.0, "expected": 4.0, "cost": CAP, **wrong}
    with pytest.raises(InternalError) as raised:
        kernel.gradient(Walking(told), **asked)  # type: ignore[arg-type]
    assert raised.value.code == "I320"
    assert not told


def test_what_lies_before_a_layer_that_starts_at_zero_is_tried_as_well() -> None:
    learner = Walking([], Hidden())
    nn.init.zeros_(learner.module.last.weight)  # type: ignore[arg-type]
    with pytest.raises(InternalError, match="through its layers alone"):
        try_out(learner, partial(clipper_of, learner.module), DOMAIN)


def test_the_trial_leaves_every_weight_as_it_was() -> None:
    learner = Walking([])
    before = [each.detach().clone() for each in learner.module.parameters()]
    try_out(learner, partial(clipper_of, learner.module), DOMAIN)
    assert all(torch.equal(a, b) for a, b in zip(before, learner.module.parameters(), strict=True))
