"""Expected: expected errors as values, and how far columns are off within the subgroups of the spec."""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.generators.intervals import Interval
from synthspec.release.counted import Counted
from synthspec.release.release import Release
from synthspec.report.blocks import Block, Heading, Prose, Table, Value
from synthspec.report.sourced import resting
from synthspec.report.uncertain import Known, events_of, inside, resting_on, share_of
from synthspec.report.words import named, near, number, percent, plain
from synthspec.terms.query import Axis

FOLDED = 20


def errors(release: Release, error: Interval, events: tuple[str, ...]) -> tuple[Value, Value]:
    """Return an expected distance and its 90 % interval."""
    width = (error.high - error.low) / 2
    span = f"{near(error.low, width)} to {near(error.high, width)}"
    return (
        resting(release, error.expected, near(error.expected, width), events, low=error.low, high=error.high),
        resting(release, error.expected, span, events, low=error.low, high=error.high),
    )


def subgroups(release: Release, groups: Sequence[Known]) -> tuple[Block, ...]:
    """Return, for each column of `subgroups`, how far the other columns may be off within each group."""
    made: list[Block] = []
    for counted in release.counted:
        if counted.kind == "subgroup":
            made.append(_subgroup(release, groups, counted))
    if not made:
        return ()
    says = (
        "The distance of each column's distribution within a group, estimated like all errors here. Small "
        "groups carry more of the noise: a distance near 1 says that nothing is known of the group."
    )
    return (Heading(text="Subgroups"), Prose(parts=(says,)), *made)


def _subgroup(release: Release, groups: Sequence[Known], counted: Counted) -> Table:
    shares = [group.of / max(1, release.rows) for group in counted.groups]
    found = resting_on(release, groups, counted.by)
    within = _within(found, shares) if found is not None else {}
    rows = []
    for at, group in enumerate(counted.groups):
        name = plain("missing") if group.values[0] is None else named(group.values[0])
        if found is None or not within:
            rows.append((name, number(shares[at], percent(shares[at]), "S"), *[plain("not estimated")] * 3))
            continue
        known, axes = found
        size = share_of(known, axes, group.of, release.rows)
        events = events_of(release, known, [axis.attribute for axis in axes])
        worst = max(within, key=lambda other: (within[other][at].expected, other))
        mean = sum(each[at].expected for each in within.values()) / len(within)
        span = f"{near(size.low * 100, size.half * 100)} to {near(size.high * 100, size.half * 100)} %"
        rows.append(
            (
                name,
                resting(release, size.value, span, events, low=size.low, high=size.high),
                resting(release, mean, f"{mean:.3f}", events),
                named(worst),
                errors(release, within[worst][at], events)[1],
            )
        )
    return Table(
        caption=f"Expected distance of the columns within each group of {named(counted.name).text}",
        columns=("Group", "Share of the rows", "Mean distance", "Worst column", "Its 90 % interval"),
        rows=tuple(rows),
        numeric=(1, 2, 4),
        folded=len(rows) > FOLDED,
    )


def _within(
    found: tuple[Known, tuple[Axis, ...]], shares: Sequence[float]
) -> dict[str, tuple[Interval, ...]]:
    """Return the errors within each group of every column that the subgroup does not rest on."""
    known, axes = found
    mine = {axis.attribute for axis in axes}
    others = {
        name: inside(known, (*axes, axis), shares) for name, axis in known.axes.items() if name not in mine
    }
    return {name: errors for name, errors in others.items() if errors is not None}
