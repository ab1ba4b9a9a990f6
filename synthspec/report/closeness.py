"""Closeness: how large a sample the rows are as good as, each column beside its ceiling, pairs as a map."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from synthspec.generators.intervals import Interval
from synthspec.release.release import Assessment, Release
from synthspec.report.blocks import Block, Callout, Dots, Figure, Heading, Heat, Prose, Table, Value
from synthspec.report.ceiling import Shares, ceiling, fair, sample_like, singles
from synthspec.report.expected import errors
from synthspec.report.sourced import resting
from synthspec.report.uncertain import MOSTLY, Known, events_of
from synthspec.report.words import count, listed, named, near, number, up

WORST = 10
FOLDED = 20
MOST_DOTS = 30
MOST_MAPPED = 24
WORDS = {1: "single columns", 2: "pairs of columns", 3: "triples of columns"}


def headline(release: Release, groups: Sequence[Known]) -> tuple[Block, ...]:
    """Return how large a sample of the private rows would be as far off as the released ones are."""
    means = [a for a in release.assessments if not a.worst]
    if not means or release.plan.source_public:
        return ()
    rows = []
    for mean in means:
        tables = _alike(groups, mean)
        if tables:
            rows.append(_like(mean, [sample_like(tables, d, mean.n_hat) for d in _ends(mean)]))
    if not rows:
        return ()
    first = next((row for row in rows if row[0].text == WORDS[2]), rows[0])
    return (
        Callout(
            title="As good as a sample",
            parts=(
                "For ",
                first[0].text,
                ", the released rows are as far from the private ones as a fair sample of ",
                first[3],
                " of the private rows would be. Such a sample would hold people; these rows do not.",
            ),
        ),
        Table(
            caption="How large a sample of the private rows would be as far off",
            columns=("For", "Mean distance", "90 % interval", "As good as a sample of", "Between"),
            rows=tuple(rows),
            numeric=(1, 2, 3, 4),
        ),
    )


def _alike(groups: Sequence[Known], mean: Assessment) -> tuple[Shares, ...]:
    """Return the tables that stand for those of `mean`; none where the groups hold too few of them.

    Single columns are held by all groups together; several columns must be held by one that has most of them.
    """
    group = next((each for each in groups if each.scaled), None)
    if group is not None:
        return fair(group, mean.order)
    if mean.order != 1:
        return ()
    tables = singles(groups)
    return tables if len(tables) >= MOSTLY * mean.cliques else ()


def _ends(mean: Assessment) -> tuple[float, float, float]:
    return mean.value, mean.high, mean.low


def _like(mean: Assessment, found: Sequence[float]) -> tuple[Value, ...]:
    width = (mean.high - mean.low) / 2
    value, low, high = found
    event = (mean.event,)
    span = f"{near(mean.low, width)} to {near(mean.high, width)}"
    return (
        Value(text=WORDS.get(mean.order, "tables")),
        number(mean.value, near(mean.value, width), "B", event, low=mean.low, high=mean.high),
        number(mean.value, span, "B", event, low=mean.low, high=mean.high),
        number(value, _percent(value), "B", event, low=low, high=high),
        number(value, f"{_percent(low)} to {_percent(high)}", "B", event, low=low, high=high),
    )


def _percent(share: float) -> str:
    return f"{up(share * 100, 2)} %" if share < 0.995 else "all"


def columns(release: Release, group: Known) -> tuple[Block, ...]:
    """Return each column's expected error beside its ceiling, and the map and list of pairs."""
    ones = _sorted(group, [(name,) for name in group.axes])
    if not ones:
        return ()
    title = named(group.group).text
    return (
        Heading(text=f"Where it is worst: {title}"),
        Prose(
            parts=(
                "Expected distances, estimated from the noisy answers and not measured again. The ceiling is "
                "how far as many fresh people as there are released rows would lie from the private rows; a "
                "column below it is closer than such a sample would be.",
            )
        ),
        _ones(release, group, ones),
        *_pairs(release, group, ones),
    )


def _sorted(group: Known, cliques: Sequence[tuple[str, ...]]) -> list[tuple[tuple[str, ...], Interval]]:
    found = [(names, group.errors.of([group.axes[name] for name in names])) for names in cliques]
    return sorted(
        ((names, error) for names, error in found if error is not None), key=lambda x: (-x[1].expected, x[0])
    )


def _ones(release: Release, group: Known, ones: Sequence[tuple[tuple[str, ...], Interval]]) -> Figure:
    tops = {names: ceiling(group, [group.axes[n] for n in names], release.rows) for names, _ in ones}
    first, error = ones[0]
    events = events_of(release, group, first)
    shown = ones[:MOST_DOTS]
    times = error.expected / tops[first] if tops[first] else 0.0
    return Figure(
        finding=(
            listed(first),
            " deviates most: ",
            resting(release, error.expected, f"{error.expected:.3f}", events, low=error.low, high=error.high),
            ", ",
            resting(release, times, f"{times:.1f} times", events),
            " its sampling ceiling.",
        ),
        chart=Dots(
            title="Expected distance of each column with its 90 % interval; the tick is the sampling ceiling",
            axis="total variation distance",
            labels=tuple(listed(names).text for names, _ in shown),
            values=tuple(error.expected for _, error in shown),
            lows=tuple(error.low for _, error in shown),
            highs=tuple(error.high for _, error in shown),
            references=tuple(tops[names] for names, _ in shown),
        ),
        table=Table(
            caption=f"Each column of {named(group.group).text}, worst first",
            columns=("Column", "Expected distance", "90 % interval", "Sampling ceiling", "Times the ceiling"),
            rows=tuple(_one(release, group, names, error, tops[names]) for names, error in ones),
            numeric=(1, 2, 3, 4),
            folded=len(ones) > FOLDED,
        ),
    )


def _one(
    release: Release, group: Known, names: tuple[str, ...], error: Interval, top: float
) -> tuple[Value, ...]:
    events = events_of(release, group, names)
    times = error.expected / top if top else 0.0
    return (
        listed(names),
        *errors(release, error, events),
        resting(release, top, f"{top:.4f}", events),
        resting(release, times, f"{times:.1f}", events),
    )


def _pairs(
    release: Release, group: Known, ones: Sequence[tuple[tuple[str, ...], Interval]]
) -> tuple[Block, ...]:
    """Return the map of all pairs among the worst columns, and the worst pairs of all that were looked at."""
    mapped = [names[0] for names, _ in ones[:MOST_MAPPED]]
    found = _sorted(group, list(dict.fromkeys([*group.pairs, *_ordered(group, mapped)])))
    if not found:
        return ()
    first, error = found[0]
    events = events_of(release, group, first)
    places = {name: at for at, name in enumerate(mapped)}
    cells = tuple(
        (*sorted((places[a], places[b])), error.expected)
        for (a, b), error in found
        if a in places and b in places
    )
    worst = found[:WORST]
    some = f" (the {len(mapped)} columns that err most)" if len(mapped) < len(ones) else ""
    return (
        Figure(
            finding=(
                listed(first),
                " is the worst of ",
                number(len(found), count(len(found)), "S"),
                " pairs looked at: ",
                resting(
                    release, error.expected, f"{error.expected:.3f}", events, low=error.low, high=error.high
                ),
                ".",
            ),
            chart=Heat(
                title=f"Expected distance of each pair{some}; darker is larger",
                scale="expected distance",
                labels=tuple(named(name).text for name in mapped),
                cells=cells,
            ),
            table=Table(
                caption=f"The ten worst pairs of {named(group.group).text}, of {len(found):,} looked at",
                columns=("Pair", "Expected distance", "90 % interval", "Sampling ceiling"),
                rows=tuple(_pair(release, group, names, error) for names, error in worst),
                numeric=(1, 2, 3),
            ),
        ),
        _all_pairs(release, group, found),
    )


def _ordered(group: Known, mapped: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of `mapped`, each in the group's own order of columns."""
    order = {name: at for at, name in enumerate(group.axes)}
    return [tuple(sorted(pair, key=order.__getitem__)) for pair in combinations(mapped, 2)]  # type: ignore[misc]


def _pair(release: Release, group: Known, names: tuple[str, ...], error: Interval) -> tuple[Value, ...]:
    events = events_of(release, group, names)
    top = ceiling(group, [group.axes[name] for name in names], release.rows)
    return (listed(names), *errors(release, error, events), resting(release, top, f"{top:.4f}", events))


MOST_LISTED = 300


def _all_pairs(release: Release, group: Known, found: Sequence[tuple[tuple[str, ...], Interval]]) -> Table:
    """Return every number of the map as a table."""
    listed_ones = found[:MOST_LISTED]
    some = f", the worst {len(listed_ones):,} of {len(found):,}" if len(listed_ones) < len(found) else ""
    return Table(
        caption=f"Every pair of {named(group.group).text}{some}",
        columns=("Pair", "Expected distance", "90 % interval"),
        rows=tuple(
            (listed(names), *errors(release, error, events_of(release, group, names)))
            for names, error in listed_ones
        ),
        numeric=(1, 2),
        folded=True,
    )
