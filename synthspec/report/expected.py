"""Expected: tables of expected errors, of columns and pairs, and within the subgroups that the spec names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from synthspec.generators.intervals import Interval
from synthspec.release.counted import Counted
from synthspec.release.release import Release
from synthspec.report.blocks import Block, Heading, Prose, Table, Value
from synthspec.report.uncertain import Known, events_of, inside, resting_on, share_of
from synthspec.report.words import listed, named, near, number, percent, plain
from synthspec.terms.query import Axis

WORST = 10
FOLDED = 20


def expected(release: Release, group: Known) -> tuple[Block, ...]:
    """Return the expected errors of a group's columns, and of the worst pairs among those looked at."""
    ones = _sorted(group, [(name,) for name in group.axes])
    pairs = _sorted(group, group.pairs)
    if not ones:
        return ()
    title = named(group.group).text
    made = [
        _table(release, group, f"Expected error of each column of {title}", ones, folded=len(ones) > FOLDED)
    ]
    if pairs:
        caption = f"The largest expected errors of pairs of {title}, of {len(pairs):,} looked at"
        made.append(_table(release, group, caption, pairs[:WORST], folded=False))
    return (Heading(text=f"Expected errors: {title}"), *made)


def _sorted(group: Known, cliques: Iterable[tuple[str, ...]]) -> list[tuple[tuple[str, ...], Interval]]:
    """Return the cliques whose error is known, largest first."""
    found = [(names, group.errors.of([group.axes[name] for name in names])) for names in cliques]
    return sorted(
        ((names, error) for names, error in found if error is not None), key=lambda x: (-x[1].expected, x[0])
    )


def _table(
    release: Release,
    group: Known,
    caption: str,
    found: Sequence[tuple[tuple[str, ...], Interval]],
    *,
    folded: bool,
) -> Table:
    return Table(
        caption=caption,
        columns=("Columns", "Expected distance", "90 % interval"),
        rows=tuple(
            (listed(names), *_error(error, events_of(release, group, names))) for names, error in found
        ),
        numeric=(1, 2),
        folded=folded,
    )


def _error(error: Interval, events: tuple[str, ...]) -> tuple[Value, Value]:
    width = (error.high - error.low) / 2
    span = f"{near(error.low, width)} to {near(error.high, width)}"
    return (
        number(error.expected, near(error.expected, width), "M", events, low=error.low, high=error.high),
        number(error.expected, span, "M", events, low=error.low, high=error.high),
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
    errors = _within(found, shares) if found is not None else {}
    rows = []
    for at, group in enumerate(counted.groups):
        name = plain("missing") if group.values[0] is None else named(group.values[0])
        if found is None or not errors:
            rows.append((name, number(shares[at], percent(shares[at]), "S"), *[plain("not estimated")] * 3))
            continue
        known, axes = found
        size = share_of(known, axes, group.of, release.rows)
        events = events_of(release, known, [axis.attribute for axis in axes])
        worst = max(errors, key=lambda other: (errors[other][at].expected, other))
        mean = sum(each[at].expected for each in errors.values()) / len(errors)
        span = f"{near(size.low * 100, size.half * 100)} to {near(size.high * 100, size.half * 100)} %"
        rows.append(
            (
                name,
                number(size.value, span, "M", events, low=size.low, high=size.high),
                number(mean, f"{mean:.3f}", "M", events),
                named(worst),
                _error(errors[worst][at], events)[1],
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
