"""fit: how well the private source fits the spec, by noisy counts of units."""

from __future__ import annotations

from synthspec.release.release import FitCounts, Release
from synthspec.report.blocks import Block, Callout, Prose, Section, Table, Value
from synthspec.report.words import about, named, number

NORMAL_90 = 1.6448536269514722


def fit(release: Release) -> Section:
    """Return the section."""
    counts = release.fit
    blocks: tuple[Block, ...]
    if counts is None:
        blocks = (
            Prose(parts=("No counts were bought, so how well the source fits the spec is not known.",)),
        )
    else:
        blocks = (
            Prose(
                parts=(
                    "Units with at least one row of the kind named, counted with noise of standard "
                    "deviation ",
                    number(counts.stddev, about(counts.stddev, counts.stddev / 10), "B", (counts.event,)),
                    ". The true count lies in the interval with 90 %. An interval that starts at 0 is what a "
                    "source without such units would show.",
                )
            ),
            *_warnings(counts),
            _table(counts),
        )
    return Section(
        id="fit",
        title="How well the source fits the spec",
        question="Were rows dropped or values changed on the way in?",
        blocks=blocks,
    )


def interval(value: float, stddev: float) -> tuple[float, float]:
    """Return the 90 % interval of a count with noise `stddev`, cut at 0.

    The upper end is that of 0 at least: a very negative answer is noise, and tells nothing finer.
    """
    return max(0.0, value - NORMAL_90 * stddev), max(0.0, value) + NORMAL_90 * stddev


def _seen(counts: FitCounts) -> tuple[tuple[str, int], ...]:
    """Return the flags that the noise alone would hardly show (four standard deviations), kept rows aside."""
    pairs = zip(counts.labels, counts.values, strict=True)
    return tuple((label, value) for label, value in pairs if value > 4 * counts.stddev and label != KEPT)


KEPT = "rows kept"
"""The label of the view under which units with a row kept are counted."""


def _warnings(counts: FitCounts) -> tuple[Block, ...]:
    seen = _seen(counts)
    if not seen:
        return ()
    names: list[str | Value] = []
    for label, value in seen[:8]:
        low, high = interval(value, counts.stddev)
        text = f"{about(low, counts.stddev)} to {about(high, counts.stddev)} units"
        names += [", " if names else "", named(label), " (", _number(counts, value, low, high, text), ")"]
    return (
        Callout(
            tone="warning",
            title="More than noise",
            parts=(
                *names,
                ". Such rows were dropped, cut or mapped as the spec says; look at formats and domains.",
            ),
        ),
    )


def _number(counts: FitCounts, value: int, low: float, high: float, text: str) -> Value:
    return number(value, text, "B", (counts.event,), low=low, high=high)


def _table(counts: FitCounts) -> Table:
    rows = []
    for label, value in zip(counts.labels, counts.values, strict=True):
        low, high = interval(value, counts.stddev)
        span = f"{about(low, counts.stddev)} to {about(high, counts.stddev)}"
        rows.append(
            (
                named(label),
                _number(counts, value, low, high, about(max(0, value), counts.stddev)),
                _number(counts, value, low, high, span),
            )
        )
    return Table(
        caption="Noisy counts of units",
        columns=("Flag", "Units, about", "90 % interval"),
        rows=tuple(rows),
        numeric=(1, 2),
        folded=len(rows) > 20,
    )
