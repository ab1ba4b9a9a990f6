"""Size, docstrings, names: what keeps the house easy to read."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest

import synthspec
from tests.architecture.source_tree import PACKAGE, ROOT, files, name_of, tree

LIMIT = 400
ONE_FILE = {"verify/standalone.py": 1000}
"""The auditor's verifier is handed over as one file, apart from the product."""
CITING = ("mechanisms", "privacy", "metrics", "generators")
# built from parts, so that this file does not hold what it looks for
NOT_OURS = tuple(
    "".join(parts)
    for parts in (("/wo", "rk/"), ("/tmp/", "venv"), ("pypi.", "org"), ("files.python", "hosted"))
)
TEXTS = {".py", ".md", ".toml", ".yaml", ".yml", ".csv", ".sh", ""}


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_a_file_is_small_and_says_what_it_is(path: object) -> None:
    assert hasattr(path, "read_text")
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= ONE_FILE.get(name_of(path), LIMIT)
    if text.strip():
        assert ast.get_docstring(tree(path)), "a module starts with one line on what it is"


@pytest.mark.parametrize("path", [p for p in files() if name_of(p).split("/")[0] in CITING], ids=name_of)
def test_mathematics_names_its_source(path: object) -> None:
    assert hasattr(path, "name")
    text = ast.get_docstring(tree(path)) or ""
    if path.name != "__init__.py":
        assert "Source:" in text


def test_no_file_is_a_drawer_for_everything() -> None:
    for path in files():
        assert not set(path.relative_to(PACKAGE).with_suffix("").parts) & {
            "utils",
            "helpers",
            "common",
            "misc",
        }


def test_the_public_names_are_these() -> None:
    assert synthspec.__all__ == [
        "BudgetError", "Column", "Diagnostic", "GateError", "Plan", "Privacy", "Release", "Report",
        "SamplingError", "Source", "SourceError", "Spec", "SpecError", "SynthspecError", "load", "load_plan",
        "load_release", "sql",
    ]  # fmt: skip
    for name in synthspec.__all__:
        assert getattr(synthspec, name) is not None


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_this"):
        synthspec.nothing_like_this  # noqa: B018


def test_the_readme_maps_every_room() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").is_file()}
    missing = {room for room in rooms if f"`{room}/`" not in readme}
    assert not missing


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == synthspec.__version__


def test_the_readme_holds_each_command_on_one_line() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("demo command", "test command"):
        block = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", readme, re.DOTALL)
        assert block, name
        lines = [line for line in block[1].splitlines() if line.strip() and not line.startswith("```")]
        assert len(lines) == 1, name


def test_nothing_mentions_the_machine_it_was_written_on() -> None:
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT).parts
        if any(part.startswith(".") and part != ".ci" for part in inside) or {
            "__pycache__",
            "synthspec-demo",
            "out",
            "shared",
        } & set(inside):
            continue
        if path.is_file() and path.suffix in TEXTS and path.stat().st_size < 1_000_000:
            text = path.read_text(encoding="utf-8", errors="replace")
            for word in NOT_OURS:
                assert word not in text, f"{path.relative_to(ROOT)} mentions `{word}`"
