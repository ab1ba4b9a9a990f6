from __future__ import annotations

import io
import json
import os
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from pydantic import ValidationError
from rich.console import Console

from synthspec.errors import CODES
from synthspec.report import charts
from synthspec.report.blocks import Report, Value
from synthspec.report.build import build
from synthspec.report.render.html import render_html
from synthspec.report.render.json import SCHEMA, read_json, render_json, schema, schema_text
from synthspec.report.render.terminal import render_terminal
from synthspec.terms.query import Axis
from tests.release.example import empty, release
from tests.release.stand_in import independent
from tests.report.hostile import LONG, SCRIPT, hostile


@cache
def report(which: str) -> Report:
    made = {"example": release, "empty": empty, "claim only": lambda: empty(private=True), "hostile": hostile}
    return build(made[which]())


@cache
def page_of(which: str) -> bytes:
    return render_html(report(which))


KINDS = ("example", "empty", "claim only", "hostile")
TAGS = {
    *("html", "head", "meta", "title", "link", "style", "body", "a", "header", "p", "h1", "h2", "h3", "bdi"),
    *(
        "nav",
        "ol",
        "ul",
        "li",
        "main",
        "section",
        "dl",
        "div",
        "dt",
        "dd",
        "span",
        "strong",
        "aside",
        "figure",
    ),
    *(
        "figcaption",
        "svg",
        "g",
        "path",
        "text",
        "line",
        "rect",
        "defs",
        "clippath",
        "lineargradient",
        "stop",
        "details",
        "summary",
    ),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "footer"),
}


class Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("which", KINDS)
def test_the_same_release_gives_the_same_bytes(which: str) -> None:
    again = build(
        {"example": release, "empty": empty, "hostile": hostile}.get(which, lambda: empty(private=True))()
    )
    assert render_json(again) == render_json(report(which))
    assert render_html(again) == page_of(which)


@pytest.mark.parametrize("which", KINDS)
def test_the_page_is_a_function_of_the_json(which: str) -> None:
    back = read_json(render_json(report(which)))
    assert back == report(which)
    assert render_html(back) == page_of(which)


@pytest.mark.parametrize("which", KINDS)
def test_the_json_meets_its_schema(which: str) -> None:
    jsonschema.validate(json.loads(render_json(report(which))), schema())


@pytest.mark.parametrize("letter", ["I", "X", "", "s", None])
def test_no_class_but_the_public_ones_can_be_written(letter: str | None) -> None:
    tree = json.loads(render_json(report("example")))
    value = next(v for v in values(tree) if "number" in v)
    value["class"] = letter
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tree, schema())
    with pytest.raises(ValidationError):
        Report.model_validate(tree)


def test_the_committed_schema_is_that_of_the_blocks() -> None:
    """`SYNTHSPEC_GOLDEN=write` renews it; a change that older readers cannot follow needs a new version."""
    file = Path(charts.__file__).parent / "render" / SCHEMA
    if os.environ.get("SYNTHSPEC_GOLDEN") == "write":
        file.write_text(schema_text(), encoding="utf-8")
    assert file.read_text(encoding="utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(schema())


def test_no_object_of_the_schema_takes_keys_of_its_own() -> None:
    objects = [each for each in [schema(), *schema()["$defs"].values()] if each.get("type") == "object"]
    assert len(objects) > 15
    assert all(each["additionalProperties"] is False for each in objects)
    assert schema()["$defs"]["Value"]["properties"]["class"] == {"enum": ["S", "M", "B", "P"]}


def test_unknown_keys_are_refused() -> None:
    tree = json.loads(render_json(report("example")))
    tree["sections"][0]["internal"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tree, schema())


def values(tree: object) -> list[dict[str, object]]:
    """Return every value in a report's JSON."""
    if isinstance(tree, dict):
        mine = [tree] if "text" in tree and "name" in tree and "events" in tree else []
        return mine + [v for child in tree.values() for v in values(child)]
    if isinstance(tree, list):
        return [v for child in tree for v in values(child)]
    return []


def test_a_number_without_a_class_or_a_paid_one_without_events_cannot_be_made() -> None:
    with pytest.raises(ValidationError):
        Value(text="3", number=3)
    with pytest.raises(ValidationError):
        Value(text="3", number=3, class_="B")
    with pytest.raises(ValidationError):
        Value(text="3", number=3, class_="M")
    Value(text="3", number=3, class_="B", events=("e0001",))


def test_every_event_that_a_number_names_is_in_the_ledger() -> None:
    known = {event.id for event in release().events}
    named = {
        event for value in values(json.loads(render_json(report("example")))) for event in value["events"]
    }  # type: ignore[attr-defined]
    assert {each for each in named if not each.startswith("ledger")} <= known and named


@pytest.mark.parametrize("which", KINDS)
def test_the_page_runs_nothing_loads_nothing_and_has_no_style_attribute(which: str) -> None:
    text = page_of(which).decode()
    page = Page(text)
    assert {tag for tag, _ in page.tags} <= TAGS
    for tag, attributes in page.tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert "src" not in attributes and "srcset" not in attributes
        href = attributes.get("href")
        assert href is None or href == "data:," or href.startswith("#"), tag
    policy = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "@import" not in text and "url(http" not in text


@pytest.mark.parametrize("which", KINDS)
def test_the_page_can_be_walked_without_eyes(which: str) -> None:
    page = Page(page_of(which).decode())
    tags = [tag for tag, _ in page.tags]
    assert dict(page.tags)["html"]["lang"] == "en"
    assert tags.count("h1") == tags.count("main") == tags.count("nav") == 1
    assert tags.count("table") == tags.count("caption")
    assert all(a.get("scope") in ("col", "row") for t, a in page.tags if t == "th")
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [str(a["href"])[1:] for t, a in page.tags if t == "a"]
    assert set(links) <= set(ids) and "main" in links
    assert tags.count("figure") == tags.count("figcaption")


def test_each_figure_has_its_picture_hidden_from_readers_and_its_table() -> None:
    text = page_of("example").decode()
    for figure in re.findall(r"<figure>.*?</figure>", text, re.S):
        assert figure.count("<svg") == figure.count('aria-hidden="true"') == 1
        assert figure.count("<table") == 1
        assert re.search(r'role="img" aria-labelledby="([a-z0-9-]+)"', figure)[1] in figure.split("<svg")[0]  # type: ignore[index]
    assert text.count("<figure>") == 9


def test_without_the_report_extra_tables_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with_pictures = page_of("example").decode()
    monkeypatch.setattr(charts, "drawable", lambda: False)
    without = render_html(report("example")).decode()
    assert "<svg" not in without and "<svg" in with_pictures
    assert without.count("<table") == with_pictures.count("<table")
    assert without.count("<figcaption") == with_pictures.count("<figcaption")


def test_hostile_names_stay_text_everywhere() -> None:
    page = page_of("hostile").decode()
    assert "<script" not in page and "<img" not in page and "\u202e" not in page and "\x1b" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\\u202e" in page
    assert "x" * 700 not in page
    data = render_json(report("hostile")).decode()
    assert json.dumps(LONG) in data and "\x1b" not in data
    assert "10,000 characters" in page


def test_cells_that_look_like_formulas_are_named_where_rows_are_csv() -> None:
    page = page_of("hostile").decode()
    assert "Cells that look like formulas" in page and "import its columns as text" in page
    assert "Cells that look like formulas" not in page_of("example").decode()


def test_hostile_names_do_not_reach_the_terminal_as_codes_or_markup() -> None:
    shown = terminal(report("hostile"), full=True)
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "[bold]x[/bold]" in shown.replace("\n", "")
    assert SCRIPT in shown.replace("\n", "").replace(" ", "")


def terminal(made: Report, *, full: bool = False) -> str:
    """Return what the terminal shows, 400 columns wide, without colours."""
    out = io.StringIO()
    render_terminal(made, Console(file=out, width=400, color_system=None), full=full)
    return out.getvalue()


@pytest.mark.parametrize("which", KINDS)
def test_every_renderer_shows_every_section(which: str) -> None:
    page, shown = page_of(which).decode(), terminal(report(which), full=True)
    for section in report(which).sections:
        assert f'id="{section.id}"' in page
        assert section.title in shown


def test_the_summary_starts_with_the_claim() -> None:
    first = terminal(report("example")).splitlines()
    assert first[0].strip() == "stays"
    text = " ".join(first)
    assert "For every patient_id in stays.csv (at most 3 rows each), this release satisfies 0.351-GDP" in text
    assert "hence (2, 1e-9)-differential privacy" in text
    assert "Rows without a patient_id are protected one by one." in text


@pytest.mark.parametrize("which", KINDS[:3])
def test_words_that_promise_too_much_are_never_printed(which: str) -> None:
    text = re.sub(r"<[^>]+>", " ", page_of(which).decode()) + terminal(report(which), full=True)
    text += render_json(report(which)).decode()
    assert not re.findall(r"\b(?:anonym\w*|complian\w*|compliant|safe\w*|score)\b", text, re.I)


def test_messages_promise_no_more_than_the_page() -> None:
    """`safe fix` is about text of a spec: a remedy that keeps the meaning."""
    for entry in CODES.values():
        said = f"{entry.title} {entry.text}".replace("safe fix", "")
        assert not re.search(r"\b(?:anonym\w*|complian\w*|safe\w*)\b", said, re.I), entry.title


@pytest.mark.parametrize(("columns", "most"), [(50, 1_000_000), (200, 3_000_000)])
def test_pages_of_many_columns_stay_small(columns: int, most: int) -> None:
    """All columns declared, and learned each on its own; `benchmarks/report.py` measures real runs."""
    made = release()
    many = tuple(made.columns[1].model_copy(update={"name": f"c{i}"}) for i in range(columns))
    first = made.measurements[0]
    counted = tuple(replace(first, axes=(Axis(f"c{i}", 12),)) for i in range(columns))
    shares = {
        f"c{i}": np.maximum(first.values, 1) / np.maximum(first.values, 1).sum() for i in range(columns)
    }
    wide = replace(made, columns=many, measurements=counted, models=(independent(shares),), counted=())
    page = render_html(build(wide))
    assert 200_000 < len(page) < most
    assert f'name">c{columns - 1}</bdi>' in page.decode()
