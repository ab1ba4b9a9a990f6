"""html: one self-contained page: no script, nothing loaded, a policy that forbids both."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from synthspec.report.blocks import Chart, Report, Status, Value
from synthspec.report.charts import svg

MEDIA = "text/html"
POLICY = "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
SIGNS: dict[Status, str] = {"yes": "✓", "no": "✗", "open": "?", "none": "–"}


PUBLIC = "Public release report"
FOOT = (
    "This page is a function of report.json alone. It loads nothing and runs no script; report.json holds "
    "the "
    "class and the events of every number."
)


def render_html(report: Report, *, kind: str = PUBLIC, foot: str = FOOT) -> bytes:
    """Return the page; the same bytes for the same report (and the same `report` extra).

    Args:
        report: what it shows.
        kind: what it is, above the title.
        foot: the last line.
    """
    style = _resource("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=DictLoader({"page": _resource("page.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page").render(
        report=report,
        kind=kind,
        foot=foot,
        style=Markup(style),
        policy=POLICY.format(digest=digest),
        signs=SIGNS,
        draw=_draw,
        is_text=lambda part: isinstance(part, str),
        source=_source,
    )
    return page.encode()


def framed(page: bytes, title: str, height: int = 640) -> str:
    """Return a page as a frame for notebooks: its own styles, no scripts, nothing leaks in or out."""
    return (
        f'<iframe sandbox="" title="{escape(title)}" width="100%" height="{height}" frameborder="0" '
        f'srcdoc="{escape(page.decode())}"></iframe>'
    )


def _draw(chart: Chart, identifier: str) -> Markup | None:
    drawn = svg(chart, identifier)
    return None if drawn is None else Markup(drawn)


def _source(value: Value) -> str:
    """Return where a number comes from, for its tooltip: class and events."""
    if value.class_ is None:
        return ""
    return f"class {value.class_}" + (f", {', '.join(value.events[:6])}" if value.events else "")


def _resource(name: str) -> str:
    return resources.files("synthspec.report.render").joinpath(name).read_text(encoding="utf-8")
