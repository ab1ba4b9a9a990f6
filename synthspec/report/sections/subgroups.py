"""subgroups: whether the groups that the spec names come out too large, too small, or blurred.

The ratio is the released share over the share in the noisy counts that were bought for the column; its
interval is that of the noisy share (normal noise, 90 %).

Source: Ganev et al. 2022, arXiv:2109.11429 (differential privacy moves group sizes both ways).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from synthspec.release.counted import Counted
from synthspec.release.level import rows_alone
from synthspec.release.release import Release
from synthspec.report.blocks import Block, Dots, Figure, Heading, Prose, Section, Table, Value
from synthspec.report.expected import FOLDED
from synthspec.report.expected import subgroups as within
from synthspec.report.uncertain import known
from synthspec.report.words import named, number, percent, plain

NINETY = 1.6448536269514722
MOST_DOTS = 24
TOO_SMALL = "too small for a figure"


@dataclass(frozen=True)
class Ratio:
    """A group's released share over its noisy private one; the private share has a 90 % interval."""

    name: Value
    share: float
    private: tuple[float, float, float]
    events: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether the noisy share is told from none, so that it can be divided by."""
        return self.private[1] > 0

    @property
    def ratio(self) -> tuple[float, float, float]:
        """The ratio and the ends of its interval."""
        value, low, high = self.private
        return self.share / value, self.share / high, self.share / low


def subgroups(release: Release) -> Section:
    """Return the section."""
    named_ones = [counted for counted in release.counted if counted.kind == "subgroup"]
    blocks: list[Block] = []
    for counted in named_ones:
        blocks += _sizes(release, counted)
    blocks += within(release, known(release)) if named_ones else ()
    if not named_ones:
        blocks.append(
            Prose(
                parts=(
                    "The spec names no subgroups, so nothing is said of who may be worse off. "
                    "`subgroups: [COLUMN]` in the spec names them.",
                )
            )
        )
    return Section(
        id="subgroups",
        title="Subgroups",
        question="Who comes out too often, too rarely, or blurred?",
        blocks=tuple(blocks),
    )


def _sizes(release: Release, counted: Counted) -> tuple[Block, ...]:
    title = named(counted.name).text
    found = ratios(release, counted)
    heading = Heading(text=f"Sizes of the groups of {title}")
    if not found:
        says = "No noisy counts were bought for this column, so its groups' sizes are not compared."
        return heading, Prose(parts=(says,))
    seen = sorted((each for each in found if each.known), key=lambda each: -abs(each.ratio[0] - 1))
    table = _table(title, found)
    if not seen:
        return heading, Prose(parts=("Every group is too small for the noise that was bought.",)), table
    worst, shown = seen[0], seen[:MOST_DOTS]
    value, low, high = worst.ratio
    return (
        heading,
        Figure(
            finding=(
                worst.name,
                " is furthest from its own size: ",
                number(
                    value,
                    f"× {value:.2f} (90 %: {low:.2f} to {high:.2f})",
                    "M",
                    worst.events,
                    low=low,
                    high=high,
                ),
                "; 1 is equal.",
            ),
            chart=Dots(
                title="Released share over private share, with 90 % intervals; the tick is 1, no change",
                axis="ratio",
                labels=tuple(each.name.text for each in shown),
                values=tuple(each.ratio[0] for each in shown),
                lows=tuple(each.ratio[1] for each in shown),
                highs=tuple(min(each.ratio[2], 2 * max(e.ratio[0] for e in shown)) for each in shown),
                references=(1.0,) * len(shown),
            ),
            table=table,
        ),
    )


def _table(title: str, found: list[Ratio]) -> Table:
    return Table(
        caption=f"Sizes of the groups of {title}",
        columns=("Group", "Released share", "Private share, 90 %", "Ratio", "90 % interval"),
        rows=tuple(_row(each) for each in found),
        numeric=(1, 2, 3, 4),
        folded=len(found) > FOLDED,
    )


def _row(each: Ratio) -> tuple[Value, ...]:
    _, low, high = each.private
    head = (
        each.name,
        number(each.share, percent(each.share), "S"),
        number(each.private[0], f"{percent(low)} to {percent(high)}", "M", each.events, low=low, high=high),
    )
    if not each.known:
        return *head, plain(TOO_SMALL), plain("")
    value, least, most = each.ratio
    return (
        *head,
        number(value, f"{value:.2f}", "M", each.events, low=least, high=most),
        number(value, f"{least:.2f} to {most:.2f}", "M", each.events, low=least, high=most),
    )


def ratios(release: Release, counted: Counted) -> list[Ratio]:
    """Return the groups' ratios from the noisy one-way counts of the column, pooled; none without any."""
    column = next((c.column for c in release.columns if c.name == counted.name), None)
    mine = [
        m
        for m in rows_alone(release)
        if m.attributes == (counted.name,) and m.axes[0].levels is None and m.stddev > 0
    ]
    if column is None or not mine or not release.rows:
        return []
    labels = column.labels() if hasattr(column, "labels") else ()
    if len(labels) != mine[0].values.size:
        return []
    weights = [1 / m.stddev**2 for m in mine]
    pooled = np.average([m.values for m in mine], axis=0, weights=weights)
    stddev, whole = 1 / sqrt(sum(weights)), max(1.0, float(pooled.sum()))
    events = tuple(dict.fromkeys(m.event for m in mine))
    places: dict[str | None, int] = {label: at for at, label in enumerate(labels)}
    if column.missing:
        places[None] = len(labels) - 1
    found = []
    for group in counted.groups:
        at = places.get(group.values[0])
        if at is None:
            continue
        share = float(pooled[at]) / whole
        half = NINETY * stddev / whole * sqrt(1 + len(labels) * share * share)
        private = (max(share, 0.0), max(share - half, 0.0), min(max(share, 0.0) + half, 1.0))
        name = plain("missing") if group.values[0] is None else named(group.values[0])
        found.append(Ratio(name, group.of / release.rows, private, events))
    return found
