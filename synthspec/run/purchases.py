"""Purchases: the list of what a run bought, as its release will show it; public values only.

Source: ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synthspec.plan.plan import Plan
from synthspec.privacy.ledger import Receipt
from synthspec.privacy.noisy import Noisy
from synthspec.release.level import event_level
from synthspec.release.release import Event, Measurement, Stage, event_id
from synthspec.release.scored import Evaluation
from synthspec.run.kernel import Witness
from synthspec.terms.query import Axis, Sensitivity


@dataclass
class Purchases:
    """Events in the ledger's order, the measurements among them, and every noisy marginal."""

    events: list[Event] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    marginals: list[Noisy] = field(default_factory=list)

    def witness(self, stage: Stage, target: tuple[str, ...] = (), group: str | None = None) -> Witness:
        """Return who takes note of the purchases of one step; marginals of a `group` are measurements."""

        def note(
            receipt: Receipt,
            sensitivity: Sensitivity,
            question: str,
            noisy: Noisy | None,
            axes: tuple[Axis, ...] | None,
            chosen: int | None = None,
        ) -> None:
            output = None
            about = target
            if noisy is not None and axes is not None:
                self.marginals.append(noisy)
                about = target or tuple(axis.attribute for axis in axes)
                if group is not None:
                    output = f"measurements.json#/{len(self.measurements)}"
                    self.measurements.append(Measurement.of(noisy, group, axes))
            self.events.append(
                Event.of(
                    receipt,
                    stage=stage,
                    target=about,
                    sensitivity=sensitivity,
                    query=question,
                    output=output,
                    chosen=chosen,
                )
            )

        return note

    def of_rows(self, plan: Plan, evaluation: Evaluation) -> list[Noisy]:
        """Return the noisy marginals that count rows that are learned from: not units, not by weight."""
        held = {each.event for each in evaluation.rows if each.part == "held out"}
        other = {each.id for each in self.events if event_level(plan, each).name != "rows"}
        return [each for each in self.marginals if event_id(each.receipt) not in held | other]
