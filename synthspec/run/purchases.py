"""Purchases: the list of what a run bought, as its release will show it; public values only.

Source: ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synthspec.privacy.ledger import Receipt
from synthspec.privacy.noisy import Noisy
from synthspec.release.release import Event, Measurement, Stage
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
