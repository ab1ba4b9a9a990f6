from __future__ import annotations

import re

import pytest

from synthspec.report.blocks import Chart, Curve, Dots, Flow, Heat, Segments, Steps
from synthspec.report.charts import _embedded, drawable, svg

CHARTS: tuple[Chart, ...] = (
    Segments(title="t", labels=("a", "b", "<b>"), shares=(0.5, 0.3, 0.2)),
    Dots(
        title="t",
        axis="x",
        labels=("one", "one", "<script>alert(1)</script>"),
        values=(0.1, 0.2, 0.0),
        lows=(0.0, 0.1, 0.0),
        highs=(0.2, 0.3, 0.0),
        references=(0.05, None, 0.0),
    ),
    Curve(title="t", x_axis="x", y_axis="y", names=("n",), lines=(((0.0001, 0.001), (1.0, 1.0)),)),
    Steps(
        title="t", x_axis="x", y_axis="y", totals=tuple(i / 900 for i in range(901)), limits=(("cap", 1.1),)
    ),
    Heat(title="t", scale="s", labels=("a", "a", "<c>"), cells=((0, 1, 0.1), (0, 2, 0.2), (1, 2, 0.0))),
    Flow(title="t", boxes=(("one", "x"), ("<two>", "y")), border=1, says="a line"),
)


@pytest.mark.skipif(not drawable(), reason="the report extra is not installed")
@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_is_one_quiet_element_and_always_the_same(chart: Chart) -> None:
    drawn = svg(chart, "f1")
    assert drawn is not None and drawn == svg(chart, "f1")
    assert drawn.startswith("<svg ") and drawn.endswith("</svg>")
    assert "<script" not in drawn and " style=" not in drawn and "href" not in drawn
    assert " height=" not in drawn.split(">")[0]
    assert all(name.startswith("f1-") for name in re.findall(r' id="([^"]+)"', drawn))


@pytest.mark.skipif(not drawable(), reason="the report extra is not installed")
def test_two_lines_of_one_name_stay_two_lines() -> None:
    drawn = svg(CHARTS[1], "f1")
    assert drawn is not None and "one (2)" in drawn


def test_nothing_is_drawn_of_nothing() -> None:
    assert svg(Segments(title="t", labels=(), shares=()), "f1") is None


def test_ids_are_made_own_and_what_a_page_may_not_hold_is_refused() -> None:
    good = '<?xml version="1.0"?><svg viewBox="0 0 3 4" width="3"><g id="c" clip-path="url(#c)"></g></svg>'
    assert 'id="f-0" clip-path="url(#f-0)"' in _embedded(good, "f")
    for bad in ("<script>1</script>", '<g style="x"/>', '<a href="x"/>'):
        with pytest.raises(ValueError, match="may not"):
            _embedded(good.replace("<g ", f"{bad}<g "), "f")


@pytest.mark.skipif(not drawable(), reason="needs the report extra")
def test_labels_that_look_like_markup_do_not_stop_the_drawing() -> None:
    labels = ('a style="x" href=y', "url(#nowhere)", 'id="c"', "<script>", "=1+1", "]]>")
    chart = Segments(title="t", labels=labels, shares=(0.1,) * len(labels))
    drawn = svg(chart, "f")
    assert drawn is not None
    assert "<script" not in drawn and "&lt;script&gt;" in drawn
