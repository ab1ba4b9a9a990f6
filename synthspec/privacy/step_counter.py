"""The step counter: steps of a private training, counted before they are taken.

A counted step is gone, whether it was taken or not: a resumed run may start from any state, since
adaptive composition does not depend on where a step starts, but takes only the steps that are left.

Source: ours; DECISIONS 23.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthspec.errors import BudgetError
from synthspec.privacy.entries import Charge, ChargeState, Standing, Steps


@dataclass(frozen=True)
class Block:
    """Steps `before` + 1 up to `after` of a training of `steps` steps.

    Attributes:
        charge: the charge that paid for it.
        purchase: its place among the run's purchases.
        question: the digest of what is trained and how.
        steps: how many steps were bought.
        before: how many the caller saw counted.
        after: how many shall be.
    """

    charge: str
    purchase: int
    question: str
    steps: int
    before: int
    after: int


def counted(standing: Standing, block: Block, day: str) -> Steps:
    """Return the entry that counts `block`.

    Raises:
        BudgetError: B505, when the charge is not opened; B511, when something else was counted there, when
            another process counted meanwhile, or when more than what was bought would be counted.
    """
    charge = standing.charges.get(block.charge)
    if charge is None or charge.state != "opened":
        raise wrong_state("count steps of", charge, "opened")
    if steps_counted(charge, block.purchase, block.question, block.steps) != block.before:
        raise other_training()
    if not block.before < block.after <= block.steps:
        raise other_training()
    return Steps(
        day=day,
        charge=block.charge,
        purchase=block.purchase,
        question=block.question,
        steps=block.steps,
        counted=block.after,
    )


def steps_counted(charge: Charge, purchase: int, question: str, steps: int) -> int:
    """Return how many steps are gone; B511 when they were those of another training."""
    last = charge.counter(purchase)
    if last is None:
        return 0
    if (last.question, last.steps) != (question, steps):
        raise other_training()
    return last.counted


def wrong_state(verb: str, found: Charge | None, needed: ChargeState) -> BudgetError:
    """Return the refusal of a charge that cannot take this step now (B505)."""
    state = "not known to this ledger" if found is None else found.state
    return BudgetError(
        "B505",
        f"cannot {verb} a charge that is {state}",
        notes=(f"only a charge that is {needed} can take this step",),
        helps=("`synthspec budget log` lists the charges and their states",),
    )


def other_training() -> BudgetError:
    """Return the refusal of steps, or of a state, that are not of this training (B511)."""
    return BudgetError(
        "B511",
        "the steps counted so far belong to another training",
        notes=("steps that are counted are gone, whichever state is shown",),
        helps=("resume with the same plan and the same version of synthspec, or train anew",),
    )
