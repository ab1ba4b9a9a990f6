"""Charts: pictures as static SVG, or None without the `report` extra; the tables then stand alone.

Altair compiled by vl-convert: no script, no `style` attribute, the same bytes for the same chart.
"""

from __future__ import annotations

import re
from typing import Any, assert_never

from synthspec.report.blocks import Chart, Curve, Dots, Flow, Heat, Segments, Steps
from synthspec.report.pictures import flow, heat, steps
from synthspec.report.theme import DASHES, PALETTE, WIDTH, distinct, inline, themed


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
        case Steps():
            return steps(chart)
        case Heat():
            return heat(chart)
        case Flow():
            return flow(chart)
    assert_never(chart)


def svg(chart: Chart, identifier: str) -> str | None:
    """Return `chart` as an SVG element whose ids start with `identifier`, or None where it cannot be drawn.

    The element is hidden from readers of the page's text: the figure's finding and table say it.
    """
    if not _marks(chart) or not drawable():
        return None
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(chart_of(chart).to_dict(validate=False), show_warnings=False)
    return _embedded(drawn, identifier)


def _marks(chart: Chart) -> int:
    """Return how many marks the chart has; without any there is nothing to draw."""
    match chart:
        case Segments() | Dots():
            return len(chart.labels)
        case Curve():
            return sum(len(line) for line in chart.lines)
        case Steps():
            return len(chart.totals)
        case Heat():
            return len(chart.cells)
        case Flow():
            return len(chart.boxes)
    assert_never(chart)


def _embedded(drawn: str, identifier: str) -> str:
    """Return an SVG document as an element: own ids, no script, no style attribute, no link.

    Only tags are looked at: labels are names from a spec, and may hold any text.
    """
    body = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", drawn[drawn.index("<svg") :].strip())
    found = dict.fromkeys(re.findall(r'\bid="([^"]+)"', body))
    places = {old: f"{identifier}-{at}" for at, old in enumerate(found)}  # some ids count up in a process
    body = re.sub(r'\bid="([^"]+)"', lambda seen: f'id="{places[seen[1]]}"', body)
    body = re.sub(r"url\(#([^)]+)\)", lambda seen: f"url(#{places.get(seen[1], identifier)})", body)
    head, rest = body.split(">", 1)
    size = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', head)
    tags = "".join(re.findall(r"<[^>]*>", body))
    if size is None or "<script" in tags or " style=" in tags or "href=" in tags:
        raise ValueError("the drawing holds something that a page may not")
    box, wide = f"0 0 {size.group(1)} {size.group(2)}", round(float(size.group(1)))
    opened = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{wide}"'
    return f'{opened} aria-hidden="true" focusable="false">{rest}'


def _segments(chart: Segments) -> Any:
    import altair as alt

    rows = [{"label": n, "share": s, "order": i} for i, (n, s) in enumerate(zip(chart.labels, chart.shares))]
    colours = [PALETTE[i % len(PALETTE)] for i in range(len(chart.labels))]
    base = (
        alt.Chart(inline(rows))
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
    return themed(base.properties(width=WIDTH, height=48))


def _dots(chart: Dots) -> Any:
    import altair as alt

    labels = distinct(chart.labels)
    rows = [
        {"label": n, "value": v, "low": lo, "high": hi}
        for n, v, lo, hi in zip(labels, chart.values, chart.lows, chart.highs)
    ]
    top = max([*chart.highs, *(r for r in chart.references if r is not None), 1e-6]) * 1.05
    x = alt.Scale(domain=[0, top], nice=True)
    y = alt.Y("label:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, grid=True))
    data = inline(rows)
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
            alt.Chart(inline(known))
            .mark_tick(color=PALETTE[1], thickness=3, size=16)
            .encode(x="noise:Q", y=y)
        )
    return themed(alt.layer(*layers).properties(width=WIDTH - 230, height=alt.Step(26)))


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
        alt.Chart(inline(rows))
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
                scale=alt.Scale(
                    domain=list(chart.names), range=[list(d) for d in DASHES[: len(chart.names)]]
                ),
                legend=None,
            ),
            order="order:Q",
        )
    )
    return themed(base.properties(width=380, height=300))
