"""The page in a real browser; skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthspec.report.build import build
from synthspec.report.render.html import render_html
from tests.release.example import empty, release
from tests.report.hostile import hostile

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("which", ["example", "empty", "hostile"])
@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_asks_for_nothing_complains_of_nothing_and_fits(
    browser: Any, tmp_path: Path, which: str, width: int
) -> None:
    made = {"example": release, "empty": empty, "hostile": hostile}[which]()
    file = tmp_path / "report.html"
    file.write_bytes(render_html(build(made)))
    page = browser.new_page(viewport={"width": width, "height": 800})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append("dialog"))
    page.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") == "650"
    page.close()
