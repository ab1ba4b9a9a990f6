"""The internal edition's page: the public part untouched, hostile names harmless, a mark on every sheet."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthspec.attack.copies import closeness
from synthspec.attack.evaluation import CuratorGate, Evaluation, People
from synthspec.attack.exact.fidelity import fidelity
from synthspec.attack.exact.separation import Separation, Told
from synthspec.attack.exact.utility import ModelScore, Utility
from synthspec.attack.exposed import exposed
from synthspec.attack.outcome import Amount, AtRate, Outcome, Power, Share
from synthspec.attack.table import Table
from synthspec.report.build import build
from synthspec.report.internal.attacks import power_of
from synthspec.report.internal.page import digest_of, public_part, render_json, render_page
from synthspec.report.render.html import render_html
from tests.attack.people import generator, population
from tests.report.hostile import hostile
from tests.report.test_browser import PHONE, axe, browser

assert browser  # a fixture
NAMES = ("<script>alert(1)</script>", "‮drawkcab", "=cmd|' /C calc'!A0", "x" * 10_000, "ward", "outcome")


def named(table: Table) -> Table:
    """Return the table with hostile names."""
    attributes = tuple(replace(a, name=name) for a, name in zip(table.attributes, NAMES, strict=True))
    return Table(attributes, table.codes, table.values)


def outcome(verdict: str, power: Power | None) -> Outcome:
    """Return an outcome with everything in it."""
    some = Share.of(3, 40)
    return Outcome(
        attack="membership-nearest", title="Membership by nearest rows", about="looks", cites="somebody 2020",
        success=some, control=some, excess=Amount(value=0.0, low=-0.1, high=0.1), precision=some, recall=some,
        auc=Amount(value=0.5, low=0.4, high=0.6),
        rates=(AtRate(rate=0.1, members=some, others=some, bound=0.2),),
        exposed=exposed(generator(4).normal(size=90), generator(5).normal(size=80), lambda x: min(1, 2 * x)),
        verdict=verdict,  # type: ignore[arg-type]
        power=power, notes=(f"the largest difference is at `{NAMES[0]}`",),
    )  # fmt: skip


@cache
def evaluation() -> Evaluation:
    """Return an evaluation of hostile columns."""
    people, made, others = (named(population(120, generator(i))) for i in (1, 2, 3))
    told = Told(what="t", auc=Amount(value=0.5), accuracy=Share.of(5, 9), features=((NAMES[0], 0.1),))
    score = ModelScore(
        label=NAMES[3], model="random forest", trained_on="released rows",
        auc=0.7, auc_spread=0.0, f1=0.6, accuracy=0.7, seeds=3,
    )  # fmt: skip
    return Evaluation(
        name="<b>hostile</b>",
        tool="0",
        release="0" * 64,
        public_part=digest_of(public_part(public())),
        control="file",
        people=People(rows=120, people=120, control_rows=120, control_people=120, released=120),
        fidelity=fidelity(people, made, others, [None] * 6, np.random.default_rng(0)),
        separation=Separation(released=told, control=None, pmse=0.1, pmse_ratio=2.0),
        utility=Utility(scores=(score,), groups=(), base_rates=((NAMES[1], 0.5),), tested_on="people"),
        attacks=(
            outcome("not seen", Power(planted="copies", smallest=0.1, missed=0.05)),
            outcome("no evidence either way", Power(planted="copies", smallest=None, missed=1.0)),
            outcome("found", None),
        ),
        closeness=closeness(made, people, others, 50, 1),
        gates=(
            CuratorGate(name=NAMES[0], text="c2st_auc < 1", value=0.5, outcome="met"),
            CuratorGate(name="scored", text="auc_gap(ward) < 1", value=None, outcome="not known"),
        ),
        values_within=9,
        doubts=(f"People of {NAMES[0]} seem to be among the control",),
    )


@cache
def public() -> bytes:
    """Return the public page of a release with hostile names."""
    return render_html(build(hostile()))


@cache
def page() -> bytes:
    """Return the internal page."""
    return render_page(public(), evaluation(), hostile().claim, "2026-01-02")


def test_the_public_part_is_there_byte_for_byte_and_only_once() -> None:
    assert page().count(public_part(public())) == 1
    assert page().index(public_part(public())) < page().index(b"Internal annex")


def test_an_annex_of_another_report_is_not_joined_to_it() -> None:
    other = evaluation().model_copy(update={"public_part": "1" * 64})
    with pytest.raises(ValueError, match="another public part"):
        render_page(public(), other, None, None)


def test_the_page_is_a_function_of_its_annex() -> None:
    again = Evaluation.model_validate_json(render_json(evaluation()))
    assert render_page(public(), again, hostile().claim, "2026-01-02") == page()


def test_hostile_names_are_text() -> None:
    annex = page().split(b'id="annex"')[1].decode()
    assert "<script" not in annex and "‮" not in annex and " style=" not in annex
    assert "x" * 900 not in annex


def test_the_worst_one_percent_the_histogram_and_the_doubts_are_there() -> None:
    says = page().decode()
    for words in (
        "the 1 % that it is surest of",
        "People of the table by how many others score lower; tick: others",
        "Scores of single people among those of others",
        "The control is not what it should be",
        "99 to 100 %",
        "auc_gap and tail_ratio, are judged in the public report",
    ):
        assert words in says, words


def test_each_verdict_says_what_it_is_worth() -> None:
    texts = [power_of(each) for each in evaluation().attacks]
    assert "copies of 10 %" in texts[0] and "not of 5 %" in texts[0]
    assert "no evidence either way" in texts[1]
    words = " ".join(texts).lower()
    assert not {"pass", "passed", "safe", "anonymous"} & set(re.findall(r"[a-z]+", words))


@pytest.mark.slow
def test_the_page_asks_for_nothing_fits_a_phone_and_reads_aloud(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(page())
    tab = browser.new_page(viewport={"width": PHONE, "height": 800})
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(file.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert (asked, said) == ([file.as_uri()], [])
    tab.evaluate(axe())
    tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    # the mark is decoration: faint on purpose, hidden from readers, said in words in the band above it
    looked = tab.evaluate("axe.run({exclude: ['.inside-mark']}, {resultTypes: ['violations']})")
    tab.close()
    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in looked["violations"]] == []


@pytest.mark.slow
def test_every_printed_sheet_carries_the_mark(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(page())
    tab = browser.new_page()
    tab.goto(file.as_uri())
    printed = tab.pdf(format="A4")
    tab.close()
    sheets = len(re.findall(rb"/Type\s*/Page\b", printed))
    marks = 0
    for start in re.finditer(rb"stream\r?\n", printed):
        end = printed.find(b"endstream", start.end())
        try:
            drawn = zlib.decompress(printed[start.end() : end].rstrip(b"\r\n"))
        except zlib.error:
            continue
        marks += len(drawn) < 800 and b"BT" in drawn and b".6392 .1255 .1098" in drawn
    assert sheets > 5
    assert marks == sheets
