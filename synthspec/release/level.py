"""Level: at which level each answer of a release was bought: rows, one row of each unit, or by weight.

It follows from the plan's step, never from what an event says of itself.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.plan.level import Level, level_of_group, leveled, step_of
from synthspec.plan.plan import Plan
from synthspec.release.release import Event, Measurement, Release
from synthspec.terms.protection import Protection


def event_level(plan: Plan, event: Event) -> Level:
    """Return the level of the step that bought `event`."""
    group = event.purpose.removeprefix("learn ") if event.stage == "learn" else None
    return step_of(plan, event.stage, group, event.target)


def event_protection(plan: Plan, event: Event) -> Protection | None:
    """Return the guarantee that `event` was priced by; None without private rows."""
    return None if plan.protection is None else leveled(plan.protection, event_level(plan, event))


def rows_alone(release: Release) -> Sequence[Measurement]:
    """Return the measurements that count rows: not those that count units, or rows by weight."""
    levels = {group.name: level_of_group(release.plan, group.name).name for group in release.plan.groups}
    return [each for each in release.measurements if levels.get(each.group) == "rows"]
