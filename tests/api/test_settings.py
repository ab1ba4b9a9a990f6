"""--set: an edit of the text that leads exactly there."""

from __future__ import annotations

import pytest

from synthspec.api.settings import apply
from synthspec.errors import SpecError
from synthspec.spec.source import load_text

TEXT = """\
spec: 1
source: a.csv   # a comment
privacy:
  unit: row
  epsilon:
columns: {age: int 0..9, sex: [F, M]}
"""


def value(text: str, *path: str) -> str | None:
    """Return the text of the scalar at `path`."""
    tree = load_text(text, "a.yaml")
    assert not tree.diagnostics
    return getattr(tree.node(path), "text", None)


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("source", "b.csv"),
        ("privacy.epsilon", "2"),
        ("privacy.unit", "patient_id"),
        ("privacy.max_rows", "4"),
        ("columns.age", "int 0..120"),
        ("columns.ward", "int 1..3"),
        ("sample.rows", "500"),
        ("a.b.c", "x y, z: [1"),
        ("name", "it's # not a comment"),
    ],
)
def test_a_setting_is_read_back_where_it_was_written(path: str, new: str) -> None:
    assert value(apply(TEXT, "a.yaml", [(path, new)]), *path.split(".")) == new


def test_a_setting_leaves_everything_else_as_it_was() -> None:
    edited = apply(TEXT, "a.yaml", [("privacy.epsilon", "2")])
    assert "# a comment" in edited
    for path in (("source",), ("privacy", "unit"), ("columns", "age")):
        assert value(edited, *path) == value(TEXT, *path)


def test_the_sources_path_is_found_in_its_short_form_too() -> None:
    assert value(apply(TEXT, "a.yaml", [("source.path", "/x/y z.csv")]), "source") == "/x/y z.csv"


def test_later_settings_win() -> None:
    assert (
        value(
            apply(TEXT, "a.yaml", [("privacy.epsilon", "2"), ("privacy.epsilon", "3")]), "privacy", "epsilon"
        )
        == "3"
    )


def test_a_list_is_taken_as_written() -> None:
    tree = load_text(apply(TEXT, "a.yaml", [("columns.sex", "[F, M, X]")]), "a.yaml")
    assert len(tree.node(("columns", "sex")).items) == 3  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["spec.version", "columns.age.in", "a..b", ""])
def test_a_setting_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(SpecError) as refused:
        apply(TEXT, "a.yaml", [(path, "1")])
    assert refused.value.code == "S151"
