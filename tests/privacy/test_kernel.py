"""The promise of the kernel: pay, compute, noise, keep; and silence about everything else."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import sys
import traceback
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import chi2

from synthspec.errors import BudgetError, InternalError, KernelError
from synthspec.mechanisms import Exponential, RoundedGaussian
from synthspec.privacy.cost import Cost
from synthspec.terms.query import Affected, Axis, Distances, Gap, Marginal, Sensitivity
from tests.run.stand_ins import CountedNoise, KeptAnswers, SpyRows, kernel

A, B = Axis("a", 3), Axis("b", 2)
ONE = Cost(mu2=10**14)
RICH = Cost(mu2=10**18, delta0=10**15)
GAP = Gap((A,), np.array([40, 35, 25]), 1)
FAR = Gap((A,), np.array([4000, 35, 25]), 1)


def test_without_budget_the_engine_is_never_called() -> None:
    told: list[str] = []
    poor = kernel(told, Cost(mu2=10**14 - 1, delta0=10**10))
    verbs = [
        lambda: poor.measure([(Marginal((A,)), ONE)]),
        lambda: poor.select([GAP], Cost(mu2=10**15)),
        lambda: poor.select_or_none([GAP], Cost(mu2=10**15)),
        lambda: poor.affected(Affected(("x",)), ONE),
        lambda: poor.discover("ward", 3, Cost(mu2=10**14, delta0=10**9)),
        lambda: poor.distances([(Distances(((A,),), (GAP.table,), 1, worst=False), ONE)]),
    ]
    for verb in verbs:
        with pytest.raises(BudgetError):
            verb()
    assert told == []


def test_every_purchase_of_a_batch_is_charged_before_the_one_pass() -> None:
    told: list[str] = []
    poor = kernel(told, Cost(mu2=25 * 10**13))
    with pytest.raises(BudgetError):
        poor.measure([(Marginal((A,)), ONE), (Marginal((B,)), ONE), (Marginal((A, B)), ONE)])
    assert told == []
    rich = kernel(told, RICH)
    rich.measure([(Marginal((A,)), ONE), (Marginal((B,)), ONE), (Marginal((A, B)), ONE)])
    assert told.count("compute") == 1
    assert RICH.mu2 - rich.left.mu2 == 3 * ONE.mu2


def test_all_candidates_of_a_round_are_counted_in_one_pass_and_what_is_then_bought_in_none() -> None:
    told: list[str] = []
    mine = kernel(told, RICH)
    pair = Gap((A, B), np.arange(6), 1)
    mine.select_or_none([GAP, pair], ONE)
    assert told.count("compute") == 1
    mine.select_or_none([pair], ONE)
    mine.measure([(Marginal((A, B)), ONE)])
    assert told.count("compute") == 1


def test_the_order_is_pay_then_compute_then_noise_then_keep() -> None:
    told: list[str] = []

    class Payer(SpyRows):
        def count(self, cliques):  # type: ignore[no-untyped-def]
            told.append(f"left {mine.left.mu2}")
            return super().count(cliques)

    mine = kernel(told, RICH, Payer(told))
    mine.measure([(Marginal((A,)), ONE)])
    assert told[:3] == [f"left {RICH.mu2 - ONE.mu2}", "compute", "noise"]
    assert told[-1] == "record"
    told.clear()
    mine.select([GAP, FAR], ONE)
    assert told[0] == "noise" or told[0].startswith("left")
    assert told[-1] == "record"


def test_noise_is_drawn_by_what_was_paid_for() -> None:
    cells = 4000
    rows = SpyRows([])
    rows.table = np.zeros((cells, 1), dtype=np.int64)
    mine = kernel([], RICH, rows, max_rows=3)
    mine._domain = mine._domain.model_copy(update={"sizes": (cells, 1)})
    noisy = mine.measure([(Marginal((Axis("a", cells),)), ONE)])[0]
    bought = noisy.receipt.bought
    assert isinstance(bought, RoundedGaussian)
    assert bought == RoundedGaussian.costing(ONE)
    bound = Marginal((A,)).sensitivity(mine.protection)
    assert noisy.stddev == bought.stddev(bound) == pytest.approx(3 / 0.1**0.5, rel=1e-9)
    total = float((noisy.values.astype(float) ** 2).sum() / (noisy.stddev**2 + 1 / 12))
    # a false alarm in 1e9 runs; half the noise would give a quarter of the sum
    assert chi2.ppf(5e-10, cells) < total < chi2.isf(5e-10, cells)


@pytest.mark.parametrize(
    "error", [ValueError("patient 4711"), MemoryError("patient 4711"), BaseException("patient 4711")]
)
def test_an_engine_error_is_silent(error: BaseException, capfd: pytest.CaptureFixture[str]) -> None:
    class Loud(SpyRows):
        def count(self, cliques):  # type: ignore[no-untyped-def]
            import os
            import warnings

            os.write(2, b"native: patient 4711\n")
            warnings.warn("patient 4711", stacklevel=1)
            return super().count(cliques)

    mine = kernel([], RICH, Loud([], error=error))
    with pytest.raises(KernelError) as caught:
        mine.measure([(Marginal((A,)), ONE)])
    seen = caught.value
    assert seen.code == "K701"
    assert seen.__context__ is None and seen.__cause__ is None
    assert seen.__traceback__ is not None
    below = traceback.TracebackException(type(seen), seen, seen.__traceback__.tb_next, capture_locals=True)
    text = "".join(below.format())
    assert "4711" not in text
    out, err = capfd.readouterr()
    assert "4711" not in out + err


def test_our_own_words_reach_standard_error_while_native_ones_do_not(
    capfd: pytest.CaptureFixture[str],
) -> None:
    from synthspec.run.quiet import quietly

    quietly(lambda: print("step 3", file=sys.stderr), "a step")
    assert "step 3" in capfd.readouterr().err


def test_what_a_library_logs_beside_rows_reaches_no_handler(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    from synthspec.run.quiet import quietly

    caplog.set_level(logging.DEBUG)
    quietly(lambda: logging.getLogger("torch").critical("a row of 4711"), "a step")
    logging.getLogger("torch").warning("after it")
    assert [record.message for record in caplog.records] == ["after it"]
    assert "4711" not in "".join(capfd.readouterr())


def test_a_spinner_that_is_late_with_a_word_breaks_nothing(tmp_path: Path) -> None:
    """A spinner's thread may hold the stream that a block was given after the block is over."""
    from synthspec.run.quiet import _Voice

    with _Voice(os.open(tmp_path / "err", os.O_WRONLY | os.O_CREAT)) as voice:
        print("in time", file=voice)
    assert voice.write("late") == 4
    voice.flush()
    assert (tmp_path / "err").read_text() == "in time\n"


def test_a_kernel_cannot_be_copied_or_written_and_names_attributes_only() -> None:
    mine = kernel([], RICH)
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            way(mine)
    assert repr(mine) == "Kernel(a, b)"


def test_answers_bought_before_are_replayed_without_reading_or_noise() -> None:
    told: list[str] = []
    answers = KeptAnswers(told)

    def run() -> list[object]:
        mine = kernel(told, RICH, answers=answers)
        first = mine.measure([(Marginal((A,)), ONE), (Marginal((B, A)), ONE)])
        chosen = mine.select_or_none([GAP, FAR], ONE)
        named = mine.discover("ward", 2, Cost(mu2=10**14, delta0=10**14))
        return [*(noisy.values.tolist() for noisy in first), chosen, named.names, named.noisy.values.tolist()]

    before = run()
    told.clear()
    assert run() == before
    assert told == []


@pytest.mark.parametrize(
    "axes",
    [
        (Axis("c", 2),),
        (Axis("a", 4),),
        (Axis("a", 2, np.array([0, 1])),),
        (Axis("a", 2, np.array([0, 1, 2])),),
    ],
)
def test_a_question_that_does_not_fit_is_refused_before_it_is_charged(axes: tuple[Axis, ...]) -> None:
    told: list[str] = []
    mine = kernel(told, RICH)
    table = np.zeros(1, dtype=np.int64)
    for verb in (
        lambda: mine.measure([(Marginal(axes), ONE)]),
        lambda: mine.select([Gap(axes, table, 1)], ONE),
        lambda: mine.distances([(Distances((axes,), (table,), 1, worst=True), ONE)]),
    ):
        with pytest.raises(InternalError, match="I320"):
            verb()
    assert told == []
    assert mine.left == RICH


def test_a_public_table_that_could_overflow_is_refused() -> None:
    mine = kernel([], RICH)
    with pytest.raises(InternalError, match="I320"):
        mine.select([Gap((A,), np.array([2**60, 0, 0]), 1)], ONE)


def test_selection_takes_the_highest_score_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = kernel([], RICH)
    plenty = Cost(mu2=10**17)
    assert [mine.select([GAP, FAR], plenty), mine.select([FAR, GAP], plenty)] == [1, 0]
    below = Gap((A,), GAP.table, 1, offset=10_000)
    assert mine.select_or_none([below, below], plenty) is None
    seen: list[Sensitivity] = []

    def choose(self: Exponential, scores: object, sensitivity: Sensitivity, noise: object) -> int:
        seen.append(sensitivity)
        return 0

    monkeypatch.setattr(Exponential, "choose", choose)
    mine.select([GAP, Gap((A,), GAP.table, 8, weight=5)], ONE)
    assert seen[0].l1 == 40


def test_distances_are_sums_or_maxima_over_cliques() -> None:
    mine = kernel([], Cost(mu2=10**30))
    flat = np.zeros(2, dtype=np.int64)
    plenty = Cost(mu2=10**29)
    queries = [
        Distances(((A,), (B,)), (np.array([0, 0, 70]), flat), 2, worst=worst) for worst in (False, True)
    ]
    found = [int(noisy.values[0]) for noisy in mine.distances([(query, plenty) for query in queries])]
    # |2*40| + |2*35| + |2*25 - 70| = 170 and 2*45 + 2*55 = 200
    assert found == [370, 200]


def test_an_allotment_cannot_spend_more_than_its_cap_and_sees_its_attributes_only() -> None:
    mine = kernel([], RICH)
    part = mine.allot(Cost(mu2=15 * 10**13), "a group", attributes=("b",))
    part.measure([(Marginal((B,)), ONE)])
    with pytest.raises(BudgetError):
        part.measure([(Marginal((B,)), ONE)])
    with pytest.raises(InternalError, match="I320"):
        part.measure([(Marginal((A,)), ONE)])
    assert mine.left.mu2 == RICH.mu2 - ONE.mu2


def test_discovery_names_what_many_units_share_only() -> None:
    told: list[str] = []
    named = kernel(told, RICH).discover("ward", 1, Cost(mu2=10**14, delta0=10**14))
    assert named.names == ("often",)
    assert NormalDist().cdf(abs(float(named.noisy.values[0]) - 10_000) / named.noisy.stddev) < 1 - 1e-10
    assert CountedNoise([]).bytes(3)
