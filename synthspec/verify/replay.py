"""Replay: the learning of one group done again, every answer taken from the release.

A generator's choices are functions of public facts, of its seed and of released answers. So the same
generator, given these, must ask the same questions at the same prices in the same order, and end with the
same model.

Source: ours; post-processing (Dwork & Roth 2014, prop. 2.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NoReturn

from synthspec.draw.learn import NoOracle, domain_of, workload_of
from synthspec.generators.base import Learner, Model
from synthspec.generators.models import as_released
from synthspec.mechanisms import Exponential, RoundedGaussian
from synthspec.mechanisms.base import Mechanism
from synthspec.plan.level import protection_of
from synthspec.plan.ops import Fit
from synthspec.plan.plan import Group
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.privacy.ledger import Ledger, Receipt
from synthspec.privacy.noisy import Noisy
from synthspec.release.release import Event, Measurement, Release
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Gap, Marginal


class Unlike(Exception):
    """The generator asked for something else than the release says was bought."""


class Unheard(Exception):
    """The release does not hold what it takes to go on: an older one, or a private training."""


@dataclass
class Replayed:
    """An `Oracle` that answers from a release; `others` counts selections among other candidates.

    The tables that candidates are compared with come out of floating-point fits: on another kind of machine
    their last digits may differ, and with them the digest of the question. What was chosen is then taken as
    said.
    """

    domain: Domain
    protection: Protection
    ledger: Ledger
    events: Sequence[Event]
    answers: Mapping[str, Measurement]
    at: int = 0
    others: int = 0
    device: str = field(default="cpu")

    @property
    def left(self) -> Cost:
        """What may still be spent."""
        return self.ledger.left

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        """Return the released counts of each question."""
        found = []
        for query, cost in purchases:
            event, receipt = self._next(RoundedGaussian.costing(cost))
            answer = self.answers.get(event.id)
            if answer is None or event.query != query.digest():
                raise Unlike(f"event {event.id} bought another table than the generator asks for")
            found.append(Noisy(query.digest(), answer.values, answer.stddev, receipt))
        return tuple(found)

    def select(self, candidates: Sequence[Gap], cost: Cost) -> int:
        """Return the candidate that was chosen."""
        return self._chosen(candidates, cost, "choice")

    def select_or_none(self, candidates: Sequence[Gap], cost: Cost) -> int | None:
        """Return the candidate that was chosen, None when none was."""
        chosen = self._chosen(candidates, cost, "choice or none")
        return None if chosen == len(candidates) else chosen

    def gradient(
        self, learner: Learner, *, rate: Fraction, steps: int, clip: float, expected: float, cost: Cost
    ) -> None:
        """Give up: noisy gradients are not kept."""
        raise Unheard("its weights come from noisy gradients, which are not kept")

    def _chosen(self, candidates: Sequence[Gap], cost: Cost, kind: str) -> int:
        event, _ = self._next(Exponential.costing(cost))
        if event.chosen is None:
            raise Unheard("it does not say what its selections gave")
        if not 0 <= event.chosen <= len(candidates) - (kind == "choice"):
            raise Unlike(f"event {event.id} chose a candidate that there is not")
        parts = (kind, *(gap.digest() for gap in candidates))
        self.others += hashlib.blake2b("/".join(parts).encode(), digest_size=16).hexdigest() != event.query
        return event.chosen

    def _next(self, wanted: Mechanism) -> tuple[Event, Receipt]:
        if self.at >= len(self.events):
            raise Unlike("the generator asks for more than was bought")
        event = self.events[self.at]
        self.at += 1
        if event.mechanism != wanted.model_dump(mode="json"):
            raise Unlike(f"event {event.id} was bought at another price, or by another mechanism")
        return event, self.ledger.charge(wanted)


@dataclass(frozen=True, eq=False)
class Again:
    """A model fitted again, and how many of its selections were among other candidates than were said."""

    model: Model
    others: int


def fitted_again(release: Release, op: Fit, group: Group) -> Again:
    """Return the model of `group` that its released answers give.

    Raises:
        Unlike: when the release cannot have come about so.
        Unheard: when it does not hold enough to tell.
    """
    plan, columns = release.plan, release.columns
    workload, domain = workload_of(plan, group, columns), domain_of(group, columns)
    rng = SampleRng(plan.seed).split("fit", group.name)
    if op.view is None:
        return Again(as_released(group.generator.fit(NoOracle(domain), workload, op.cost, rng)), 0)
    mine = [event for event in release.events if event.purpose == f"learn {group.name}"]
    if any(event.mechanism.get("kind") == "subsampled_gaussian" for event in mine):
        raise Unheard("its weights come from noisy gradients, which are not kept")
    answers = {each.event: each for each in release.measurements}
    protection = protection_of(plan, op.view)
    oracle = Replayed(domain, protection, Ledger(op.cost, purpose=group.name), mine, answers)
    model = group.generator.fit(oracle, workload, op.cost, rng)
    if oracle.at < len(mine):
        _more(mine[oracle.at])
    return Again(as_released(model), oracle.others)


def _more(event: Event) -> NoReturn:
    raise Unlike(f"event {event.id} bought something that the generator does not ask for")
