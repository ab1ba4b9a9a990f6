"""The public report cannot reach private figures: neither their code nor their class."""

from __future__ import annotations

import ast

import pytest
from pydantic import ValidationError

from synthspec.report.blocks import Value
from tests.architecture.source_tree import files, name_of, tree

PRIVATE = (
    "synthspec.report.internal",
    "synthspec.run.internal",
    "synthspec.attack.evaluation",
    "synthspec.attack.outcome",
    "synthspec.attack.copies",
    "synthspec.attack.exact",
)


def imported(path: object) -> set[str]:
    """Return every module that a file names in an import, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):  # type: ignore[arg-type]
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


PUBLIC = [
    path
    for path in files()
    if name_of(path).startswith(("report/", "release/", "verify/", "draw/"))
    and not name_of(path).startswith("report/internal/")
]


def test_there_are_public_renderers_to_look_at() -> None:
    assert len(PUBLIC) > 20


@pytest.mark.parametrize("path", PUBLIC, ids=name_of)
def test_a_public_renderer_imports_nothing_private(path: object) -> None:
    assert not {name for name in imported(path) if name.startswith(PRIVATE)}


def test_only_the_internal_verb_reads_rows_without_noise() -> None:
    readers = {
        name_of(path)
        for path in files()
        if not name_of(path).startswith("run/internal/")
        and "run.internal" in path.read_text(encoding="utf-8")
    }
    assert readers == {"api/internal.py"}


def test_a_number_of_class_i_cannot_be_written_into_the_public_report() -> None:
    with pytest.raises(ValidationError):
        Value.model_validate({"text": "0.1", "number": 0.1, "class": "I"})
