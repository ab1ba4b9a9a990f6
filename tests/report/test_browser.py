"""The page in a real browser: asks for nothing, complains of nothing, fits a phone, reads aloud.

Needs Debian's chromium and playwright; skipped, with the reason, where one is missing.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from synthspec.release.release import Release
from synthspec.report.build import build
from synthspec.report.render.html import render_html
from tests.release.example import empty, release
from tests.report.hostile import hostile

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PAGES: dict[str, Callable[[], Release]] = {"example": release, "empty": empty, "hostile": hostile}
PHONE, DESKTOP = 360, 1200


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: `apt-get install chromium`")
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()


def axe() -> str:
    """Return axe-core's source, which comes with axe-playwright-python; nothing of that package is run."""
    found = find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed: `pip install axe-playwright-python`")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@cache
def page_of(which: str) -> bytes:
    return render_html(build(PAGES[which]()))


def opened(browser: Any, folder: Path, which: str, width: int) -> tuple[Any, list[str], list[str]]:
    """Return a tab that shows a page, what it asked for beside itself, and what it complained of."""
    file = folder / "report.html"
    file.write_bytes(page_of(which))
    tab = browser.new_page(viewport={"width": width, "height": 800})
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: said.append("dialog"))
    tab.goto(file.as_uri())
    return tab, [url for url in asked if url != file.as_uri()], said


WHICH = [
    "hostile",
    pytest.param("example", marks=pytest.mark.slow),
    pytest.param("empty", marks=pytest.mark.slow),
]
"""The hostile page has all that the example has."""


@pytest.mark.parametrize("which", WHICH)
def test_the_page_asks_for_nothing_complains_of_nothing_and_fits(
    browser: Any, tmp_path: Path, which: str
) -> None:
    tab, asked, said = opened(browser, tmp_path, which, PHONE)
    for width in (PHONE, DESKTOP):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") == "650"
    assert (asked, said) == ([], [])
    tab.close()


@pytest.mark.parametrize("which", WHICH)
def test_axe_finds_nothing_that_keeps_anybody_out(browser: Any, tmp_path: Path, which: str) -> None:
    tab, _, _ = opened(browser, tmp_path, which, PHONE)
    tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    tab.evaluate(axe())
    found = tab.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    tab.close()
    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in found] == []


def test_on_paper_folded_tables_are_open_and_the_menu_is_gone(browser: Any, tmp_path: Path) -> None:
    tab, _, _ = opened(browser, tmp_path, "hostile", 794)
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    closed = "document.querySelector('details:not([open]) table').getBoundingClientRect().height"
    assert tab.evaluate(closed) > 40
    assert tab.evaluate("document.documentElement.scrollWidth") <= 794
    tab.close()


def test_statuses_and_lines_are_told_apart_without_colour() -> None:
    """Each status has a sign and a word, and no two lines of a figure share both dash and grey."""
    text = page_of("example").decode()
    for row in re.findall(r'<li class="(?:yes|no|open|none)">.*?</li>', text, re.S):
        assert re.search(r'aria-hidden="true">[✓✗?–]</span>', row)
        assert re.search(r'<span class="word">[a-z ]+</span>', row)
    curve = re.search(r'<div class="chart curve".*?</svg>', text, re.S)
    assert curve is not None
    lines = re.findall(r'<path[^>]*stroke="#[0-9a-f]{6}"[^>]*stroke-width="2.5"[^>]*>', curve[0])
    dashes = [re.search(r'stroke-dasharray="([^"]*)"', line) for line in lines]
    assert len(lines) >= 3
    assert len({None if dash is None else dash[1] for dash in dashes}) == len(lines)
