"""Every code that is used is explained, and every explained code is used."""

from __future__ import annotations

import re

import pytest

from synthspec.errors import CODES
from tests.architecture.source_tree import files, name_of, strings

CODE = re.compile(r"[SCRNGPBDQKI]\d{3}\Z")


def used() -> dict[str, set[str]]:
    """Return the codes used outside the catalog and the files that use them."""
    found: dict[str, set[str]] = {}
    for path in files():
        if not name_of(path).startswith("errors/") or name_of(path) == "errors/show.py":
            for text in strings(path):
                if CODE.match(text):
                    found.setdefault(text, set()).add(name_of(path))
    return found


def test_every_code_that_is_used_is_explained() -> None:
    missing = {code: sorted(places) for code, places in used().items() if code not in CODES}
    assert not missing


def test_no_code_has_two_entries() -> None:
    """The catalog puts the families together: of two entries one would be shown for both errors."""
    families = [path for path in files() if name_of(path).startswith("errors/")]
    entries = [
        found
        for path in families
        for found in re.findall(
            r'^    "([A-Z]\d{3})": Entry\(', path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert len(entries) > 100
    assert sorted({code for code in entries if entries.count(code) > 1}) == []


def test_every_code_that_is_explained_is_used() -> None:
    assert sorted(set(CODES) - set(used())) == []


@pytest.mark.parametrize("code", sorted(CODES))
def test_an_entry_has_a_title_and_a_text_in_house_style(code: str) -> None:
    entry = CODES[code]
    assert entry.title and entry.text
    assert not entry.title.endswith(".")
    assert (
        entry.title[0] == entry.title[0].lower() or entry.title.split()[0].isupper() or entry.title[0] == "`"
    )
    for other in entry.related:
        assert other in CODES
