"""Theme: colours, sizes and the frame that all charts share."""

from __future__ import annotations

from typing import Any

INK = "#1b2430"
QUIET = "#5b6675"
RULE = "#d5dae1"
PALETTE = ("#0b5c8f", "#b5530a", "#157a5a", "#8a3a78", "#6b6b1d", "#8b95a3")
"""Told apart in grey and by the colour-blind, each at least 3:1 on white."""

DASHES = ([1, 0], [5, 4], [2, 3], [8, 3, 2, 3], [1, 2], [10, 4])
"""One per colour: lines are told apart without colours too."""

RAMP = ("#eef3f7", "#0b3a5b")
"""From nothing to the largest value: as clear in grey."""

WIDTH = 660
FONT = "DejaVu Sans, Verdana, sans-serif"


def inline(rows: list[dict[str, Any]]) -> Any:
    """Return rows as Altair data; plain values, so that no data frame library is loaded."""
    import altair as alt

    return alt.InlineData(values=rows)


def themed(chart: Any) -> Any:
    """Return `chart` with the fonts, colours and frame of all charts."""
    return (
        chart.configure(font=FONT, background="white", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=QUIET,
            titleFontWeight="normal",
            gridColor=RULE,
            domainColor=RULE,
            tickColor=RULE,
            labelFontSize=12,
            titleFontSize=12,
            labelLimit=240,
        )
        .configure_legend(
            labelColor=INK, labelFontSize=12, labelLimit=300, symbolStrokeWidth=3, titleColor=QUIET
        )
    )


def distinct(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels, those that occur again with a number, so that no two lines become one."""
    seen: dict[str, int] = {}
    out = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        out.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return tuple(out)
