"""Recorded: the kernel's answers in the run's durable log, or nowhere for a run that buys nothing.

Source: ours; DECISIONS 23.
"""

from __future__ import annotations

import numpy as np

from synthspec.errors import InternalError
from synthspec.mechanisms.base import Mechanism
from synthspec.privacy import answers as log
from synthspec.privacy.ledger import Receipt
from synthspec.privacy.noisy import Noisy
from synthspec.run.charged import Charged
from synthspec.run.counter import Counted, Counter, Uncounted
from synthspec.run.kernel import Answer
from synthspec.terms.query import Axis, Sensitivity


class Recorded:
    """See `run.kernel.Answers`: an answer's place in the log is its receipt's place in the ledger."""

    def __init__(self, kept: log.AnswerLog, charged: Charged | None = None) -> None:
        self._kept = kept
        self._charged = charged

    def replay(self, receipt: Receipt, question: str) -> Answer | None:
        """See `Answers.replay`. Raises BudgetError B511 when another question was answered there."""
        found = self._kept.replay(receipt.event, question, _mechanism(receipt).model_dump(mode="json"))
        return (
            None
            if found is None
            else Answer(np.array(found.values, dtype=np.int64), found.stddev, found.labels)
        )

    def record(self, receipt: Receipt, question: str, answer: Answer) -> None:
        """See `Answers.record`. Raises BudgetError B511, B512."""
        bought = _mechanism(receipt)
        self._kept.record(
            log.Answer(
                index=receipt.event,
                query=question,
                kind=str(getattr(bought, "kind", "")),
                mechanism=bought.model_dump(mode="json"),
                values=tuple(answer.values.tolist()),
                stddev=answer.stddev,
                labels=answer.names,
            )
        )

    def counter(self, receipt: Receipt, question: str, steps: int) -> Counter:
        """See `Answers.counter`; I321 without a charge to count against."""
        if self._charged is None:
            raise InternalError("I321", "steps of a training without a charge")
        return Counted(self._charged, self._kept.path.parent, receipt.event, question, steps)


class Unrecorded:
    """Answers on a source that is declared public: nothing is paid, so nothing need be kept."""

    def replay(self, receipt: Receipt, question: str) -> Answer | None:
        """Return None."""
        return None

    def record(self, receipt: Receipt, question: str, answer: Answer) -> None:
        """Do nothing."""

    def counter(self, receipt: Receipt, question: str, steps: int) -> Counter:
        """Return one that counts nothing."""
        return Uncounted()


def unseen(
    receipt: Receipt,
    sensitivity: Sensitivity,
    question: str,
    noisy: Noisy | None,
    axes: tuple[Axis, ...] | None,
    chosen: int | None = None,
) -> None:
    """Take no note of a purchase that no release lists: see `kernel.Witness`."""


def _mechanism(receipt: Receipt) -> Mechanism:
    if not isinstance(receipt.bought, Mechanism):
        raise InternalError("I321", "something else than a mechanism was bought")
    return receipt.bought
