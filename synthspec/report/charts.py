"""Charts: pictures as static SVG, or None without the `report` extra; the tables then stand alone.

Altair compiled by vl-convert: no script, no `style` attribute, the same bytes for the same chart.
"""

from __future__ import annotations

import re
from typing import Any, assert_never

from synthspec.report.blocks import Chart, Curve, Dots, Segments

INK = "#1b2430"
QUIET = "#5b6675"
RULE = "#d5dae1"
PALETTE = ("#0b5c8f", "#b5530a", "#157a5a", "#8a3a78", "#6b6b1d", "#8b95a3")
"""Told apart in grey and by the colour-blind, each at least 3:1 on white."""

WIDTH = 660


def drawable() -> bool:
    """Return whether the `report` extra is installed."""
    from importlib.util import find_spec

    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def chart_of(chart: Chart) -> Any:
    """Return `chart` as an Altair chart, for notebooks too."""
    match chart:
        case Segments():
            return _segments(chart)
        case Dots():
            return _dots(chart)
        case Curve():
            return _curve(chart)
    assert_never(chart)


def svg(chart: Chart, identifier: str) -> str | None:
    """Return `chart` as an SVG element whose ids start with `identifier`, or None where it cannot be drawn.

    The element is hidden from readers of the page's text: the figure's finding and table say it.
    """
    if not _marks(chart) or not drawable():
        return None
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(chart_of(chart).to_dict(), show_warnings=False)
    return _embedded(drawn, identifier)


def _marks(chart: Chart) -> int:
    """Return how many marks the chart has; without any there is nothing to draw."""
    match chart:
        case Segments() | Dots():
            return len(chart.labels)
        case Curve():
            return sum(len(line) for line in chart.lines)
    assert_never(chart)


def _embedded(drawn: str, identifier: str) -> str:
    """Return an SVG document as an element: own ids, no fixed size, no script, no style attribute."""
    body = drawn[drawn.index("<svg") :].strip()
    body = re.sub(r'(\bid=")([^"]+)"', rf"\1{identifier}-\2" + '"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{identifier}-\1)", body)
    head, rest = body.split(">", 1)
    size = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', head)
    if size is None or "<script" in rest or " style=" in body or "href=" in rest:
        raise ValueError("the drawing holds something that a page may not")
    box = f"0 0 {size.group(1)} {size.group(2)}"
    rest = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", rest)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" aria-hidden="true" focusable="false">{rest}'
    )


def _data(rows: list[dict[str, Any]]) -> Any:
    """Return rows as Altair data; plain values, so that no data frame library is loaded."""
    import altair as alt

    return alt.InlineData(values=rows)


def _themed(chart: Any) -> Any:
    font = "DejaVu Sans, Verdana, sans-serif"
    return (
        chart.configure(font=font, background="white", padding=4)
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
        .configure_legend(labelColor=INK, labelFontSize=12, labelLimit=300, symbolStrokeWidth=3)
    )


def _segments(chart: Segments) -> Any:
    import altair as alt

    rows = [{"label": n, "share": s, "order": i} for i, (n, s) in enumerate(zip(chart.labels, chart.shares))]
    colours = [PALETTE[i % len(PALETTE)] for i in range(len(chart.labels))]
    base = (
        alt.Chart(_data(rows))
        .mark_bar(height=34, stroke="white", strokeWidth=2)
        .encode(
            x=alt.X(
                "share:Q", stack="zero", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")
            ),
            color=alt.Color(
                "label:N",
                sort=None,
                scale=alt.Scale(domain=list(chart.labels), range=colours),
                legend=alt.Legend(title=None, orient="bottom", columns=2),
            ),
            order="order:Q",
        )
    )
    return _themed(base.properties(width=WIDTH, height=48))


def _dots(chart: Dots) -> Any:
    import altair as alt

    labels = _distinct(chart.labels)
    rows = [
        {"label": n, "value": v, "low": lo, "high": hi}
        for n, v, lo, hi in zip(labels, chart.values, chart.lows, chart.highs)
    ]
    top = max([*chart.highs, *(r for r in chart.references if r is not None), 1e-6]) * 1.05
    x = alt.Scale(domain=[0, top], nice=True)
    y = alt.Y("label:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, grid=True))
    data = _data(rows)
    layers = [
        alt.Chart(data)
        .mark_rule(color=PALETTE[0], strokeWidth=2)
        .encode(x=alt.X("low:Q", scale=x, title=chart.axis), x2="high:Q", y=y),
        alt.Chart(data)
        .mark_point(color=PALETTE[0], filled=True, size=70, opacity=1)
        .encode(x="value:Q", y=y),
    ]
    known = [{"label": n, "noise": r} for n, r in zip(labels, chart.references) if r is not None]
    if known:
        layers.append(
            alt.Chart(_data(known)).mark_tick(color=PALETTE[1], thickness=3, size=16).encode(x="noise:Q", y=y)
        )
    return _themed(alt.layer(*layers).properties(width=WIDTH - 230, height=alt.Step(26)))


def _curve(chart: Curve) -> Any:
    import altair as alt

    rows = [
        {"name": name, "x": x, "y": y, "order": i}
        for name, line in zip(chart.names, chart.lines)
        for i, (x, y) in enumerate(line)
    ]
    low = min(x for line in chart.lines for x, _ in line)
    scale = alt.Scale(type="log", domain=[low, 1])
    ticks = [low * 10**i for i in range(20) if low * 10**i <= 1.0001]
    axis = alt.Axis(format="~%", values=ticks)
    base = (
        alt.Chart(_data(rows))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("x:Q", scale=scale, title=chart.x_axis, axis=axis),
            y=alt.Y("y:Q", scale=scale, title=chart.y_axis, axis=axis),
            color=alt.Color(
                "name:N",
                sort=None,
                scale=alt.Scale(domain=list(chart.names), range=list(PALETTE[: len(chart.names)])),
                legend=alt.Legend(title=None, orient="bottom", columns=2),
            ),
            strokeDash=alt.StrokeDash(
                "name:N",
                scale=alt.Scale(domain=list(chart.names), range=[[1, 0], [5, 4], [2, 3]]),
                legend=None,
            ),
            order="order:Q",
        )
    )
    return _themed(base.properties(width=380, height=300))


def _distinct(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels, those that occur again with a number, so that no two lines become one."""
    seen: dict[str, int] = {}
    out = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        out.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return tuple(out)
