"""Laws of the shelf of report sections."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synthspec import report
from synthspec.privacy.risk import FALSE_ALARMS
from synthspec.release.release import Release
from synthspec.report.blocks import Section, Value
from synthspec.report.sections import SECTIONS
from synthspec.report.words import percent
from tests.release.example import empty, release

Make = Callable[[Release], Section]
RELEASES = {"example": release, "empty": empty, "claim only": lambda: empty(private=True)}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
@pytest.mark.parametrize("which", RELEASES)
def test_a_section_has_something_to_say_about_every_release(section: Make, which: str) -> None:
    made = section(RELEASES[which]())
    assert made.blocks and made.title and made.question.endswith("?")
    assert made.id == section.__name__


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_a_section_is_a_function_of_the_release(section: Make) -> None:
    assert section(release()) == section(release())


def test_sections_have_distinct_names() -> None:
    made = [section(empty()) for section in SECTIONS]
    assert len({s.id for s in made}) == len({s.title for s in made}) == len(SECTIONS)


def texts(tree: object) -> Iterator[str]:
    """Yield the plain text of a block, values aside."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, tuple):
        for child in tree:
            yield from texts(child)
    elif not isinstance(tree, Value) and hasattr(type(tree), "model_fields"):
        for name in type(tree).model_fields:
            if name not in ("block", "chart", "id"):
                yield from texts(getattr(tree, name))


def sentences() -> frozenset[str]:
    """Return the fixed texts of the report's code; what is put together with a figure is none of them."""
    found: set[str] = set()
    for path in Path(report.__path__[0]).rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        found |= {
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts
        }
    return frozenset(found)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_a_number_that_depends_on_the_release_is_a_value_with_a_class(section: Make) -> None:
    fixed = {"0", "1", "90", "3"}
    known = sentences() | {f"Found at {percent(rate)}" for rate in FALSE_ALARMS}
    for which in RELEASES.values():
        for text in texts(section(which()).blocks):
            numbers = set(re.findall(r"(?<![A-Za-z\d-])\d+(?![A-Za-z-])", text))
            assert text in known or numbers <= fixed, text
