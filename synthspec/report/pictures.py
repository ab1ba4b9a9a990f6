"""Pictures: the charts that are more than marks on two axes: a running total, a matrix, a pipeline."""

from __future__ import annotations

from typing import Any

from synthspec.report.blocks import Flow, Heat, Steps
from synthspec.report.theme import DASHES, INK, PALETTE, QUIET, RAMP, WIDTH, distinct, inline, themed

MOST_STEPS = 200
"""Points of a running total; of longer ones every so manieth is drawn, and the last."""


def steps(chart: Steps) -> Any:
    """Return a running total as steps, with a labelled line for each limit."""
    import altair as alt

    stride = -(-len(chart.totals) // MOST_STEPS)
    last = len(chart.totals)
    rows = [
        {"at": at, "total": total}
        for at, total in enumerate((0.0, *chart.totals))
        if at % stride == 0 or at == last
    ]
    top = max([*chart.totals, *(limit for _, limit in chart.limits), 1e-9]) * 1.12
    x = alt.X(
        "at:Q",
        title=chart.x_axis,
        scale=alt.Scale(domain=[0, max(last, 1)]),
        axis=alt.Axis(format="d", tickMinStep=1, grid=False),
    )
    y = alt.Y("total:Q", title=chart.y_axis, scale=alt.Scale(domain=[0, top]))
    layers = [
        alt.Chart(inline(rows))
        .mark_area(interpolate="step-after", color=PALETTE[0], opacity=0.15, line=False)
        .encode(x=x, y=y),
        alt.Chart(inline(rows))
        .mark_line(interpolate="step-after", color=PALETTE[0], strokeWidth=2)
        .encode(x=x, y=y),
    ]
    for place, (name, limit) in enumerate(chart.limits, 1):
        left = place % 2 == 1  # two limits that lie close would print over each other
        one = inline([{"total": limit, "name": name, "at": 0 if left else max(last, 1)}])
        colour = PALETTE[place % len(PALETTE)]
        layers += [
            alt.Chart(one)
            .mark_rule(color=colour, strokeWidth=2, strokeDash=DASHES[place % len(DASHES)])
            .encode(y=y),
            alt.Chart(one)
            .mark_text(
                align="left" if left else "right", dx=6 if left else -6, dy=-7, color=colour, fontSize=12
            )
            .encode(x=x, y=y, text="name:N"),
        ]
    return themed(alt.layer(*layers).properties(width=WIDTH - 120, height=210))


def heat(chart: Heat) -> Any:
    """Return a triangle of shaded cells; darker is larger, as clear in grey."""
    import altair as alt

    labels = distinct(chart.labels)
    rows = [{"first": labels[i], "second": labels[j], "value": v} for i, j, v in chart.cells]
    top = max((v for _, _, v in chart.cells), default=0.0) or 1e-6
    side = max(16, min(30, 520 // max(1, len(labels))))
    cells = (
        alt.Chart(inline(rows))
        .mark_rect(stroke="white", strokeWidth=1)
        .encode(
            x=alt.X(
                "second:N",
                sort=list(labels),
                title=None,
                axis=alt.Axis(labelAngle=-55, ticks=False, domain=False),
            ),
            y=alt.Y("first:N", sort=list(labels), title=None, axis=alt.Axis(ticks=False, domain=False)),
            color=alt.Color(
                "value:Q",
                scale=alt.Scale(domain=[0, top], range=list(RAMP)),
                legend=alt.Legend(title=chart.scale, orient="bottom", gradientLength=200, titleLimit=400),
            ),
        )
    )
    return themed(cells.properties(width=alt.Step(side), height=alt.Step(side)))


def flow(chart: Flow) -> Any:
    """Return boxes one under the other, arrows between them, and the border as a dashed line."""
    import altair as alt

    high, gap, wide = 46.0, 26.0, 430.0
    count = len(chart.boxes)
    extra = 20.0
    tops = [
        i * (high + gap) + (extra if chart.border is not None and i >= chart.border else 0.0)
        for i in range(count)
    ]
    whole = tops[-1] + high
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, wide], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[whole, 0], nice=False), axis=None)
    boxes = [
        {"x": 0.0, "x2": wide, "y": top, "y2": top + high, "m": wide / 2, "name": name, "note": note,
         "t1": top + 18, "t2": top + 35}
        for top, (name, note) in zip(tops, chart.boxes)
    ]  # fmt: skip
    arrows = [{"x": wide / 2, "y": tops[i] + high + 1, "y2": tops[i + 1] - 7} for i in range(count - 1)]
    heads = [{"x": wide / 2, "y": tops[i + 1] - 5} for i in range(count - 1)]
    data = inline(boxes)
    layers = [
        alt.Chart(data)
        .mark_rect(fill="#f5f7f9", stroke=QUIET, cornerRadius=5)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        alt.Chart(data)
        .mark_text(color=INK, fontSize=13, fontWeight=600)
        .encode(x=alt.X("m:Q", axis=None), y=alt.Y("t1:Q", axis=None), text="name:N"),
        alt.Chart(data)
        .mark_text(color=QUIET, fontSize=12)
        .encode(x=alt.X("m:Q", axis=None), y=alt.Y("t2:Q", axis=None), text="note:N"),
        alt.Chart(inline(arrows)).mark_rule(color=QUIET, strokeWidth=1.5).encode(x=x, y=y, y2="y2:Q"),
        alt.Chart(inline(heads))
        .mark_point(shape="triangle-down", filled=True, color=QUIET, size=50, opacity=1)
        .encode(x=x, y=y),
    ]
    if chart.border is not None and 0 < chart.border < count:
        at = tops[chart.border] - (gap + extra) / 2
        line = inline([{"x": 0.0, "x2": wide, "y": at, "says": chart.says}])
        layers += [
            alt.Chart(line)
            .mark_rule(color=PALETTE[1], strokeWidth=2, strokeDash=[6, 4])
            .encode(x=x, x2="x2:Q", y=y),
            alt.Chart(line)
            .mark_text(color=PALETTE[1], fontSize=12, align="left", dy=-8)
            .encode(x=x, y=y, text="says:N"),
        ]
    return themed(alt.layer(*layers).properties(width=wide, height=whole))
