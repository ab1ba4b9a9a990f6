"""The loader keeps source text and positions, and refuses bad files with a code, quickly."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from synthspec.errors import SpecError
from synthspec.spec.source import Entries, Scalar, load_text, read_text


def codes(text: str) -> list[str]:
    return [found.code for found in load_text(text, "x.yaml").diagnostics]


@pytest.mark.parametrize("word", ["0742", "NO", "12:30", "1e3", "0x1F", "yes", "null", "1_000", "~x"])
def test_a_scalar_keeps_its_own_characters(word: str) -> None:
    root = load_text(f"a: {word}", "x").root
    assert isinstance(root, Entries)
    value = root.get("a")
    assert isinstance(value, Scalar) and value.text == word


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "S113"),
        ("# only a comment\n", "S113"),
        ("a: [", "S101"),
        ("a: \x00", "S101"),
        ("a: *b", "S101"),
        ("a: &a [*a]", "S101"),
        ("a: 1\na: 2", "S103"),
        ("a: {b: 1, b: 2}", "S103"),
        ("a: 1\n---\nb: 1", "S115"),
        ("\ta: 1", "S116"),
        ("a:\n\t- b", "S116"),
        ("\ufeffa: 1", "S117"),
        ("a: !!python/object:os.system x", "S122"),
        ("? [a]\n: 1", "S106"),
        ("[" * 100_000, "S112"),
        ("a: " + "x" * 10_000_000, "S111"),
        ("r: {if: a IN ('x', 'y'), then: b}", "S105"),
    ],
)
def test_a_bad_file_is_refused_with_its_code(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_aliases_that_expand_without_end_are_refused_before_they_take_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    start = time.process_time()
    assert codes("\n".join(lines)) == ["S112"]
    assert time.process_time() - start < 0.5


def test_a_spec_of_ten_megabytes_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: b\n" * 2_000_000)
    with pytest.raises(SpecError) as caught:
        read_text(path)
    assert caught.value.code == "S111"


@pytest.mark.parametrize(("data", "code"), [(b"a: \xff\xfe", "S110"), (None, "S109")])
def test_a_file_that_cannot_be_read_is_refused_with_its_code(
    tmp_path: Path, data: bytes | None, code: str
) -> None:
    path = tmp_path / "spec.yaml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(SpecError) as caught:
        read_text(path)
    assert caught.value.code == code


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read_text(tmp_path)
    assert caught.value.code == "S109"


def test_both_places_of_a_duplicate_are_shown() -> None:
    (found,) = load_text("a: 1\nb: 2\na: 3\n", "x").diagnostics
    assert [(span.line, span.primary) for span in found.spans] == [(1, False), (3, True)]


@pytest.mark.parametrize(
    ("text", "path", "word"),
    [
        ("a: {b: 'it''s here'}", ("a", "b"), "here"),
        ('a: "x and y"', ("a",), "and"),
        ("a: |\n  age > 3\n  AND b\n", ("a",), "AND"),
        ("a: >\n  age > 3\n  AND b\n", ("a",), "AND"),
        ("a:\n  - x\n  - age > 3\n    AND b", ("a", "1"), "AND"),
        ("é: ünder > 3", ("é",), "3"),
    ],
)
def test_offsets_in_a_value_lead_to_the_word_in_the_file(text: str, path: tuple[str, ...], word: str) -> None:
    tree = load_text(text, "x")
    node = tree.node(path)
    assert isinstance(node, Scalar)
    start = node.text.index(word)
    span = tree.at(path)(start, start + len(word))
    line = text.split("\n")[span.line - 1]
    assert line[span.column - 1 : span.end_column - 1] == word


def test_spans_of_values_keys_and_items() -> None:
    tree = load_text("a:\n  bb: [x, yy]\n", "x")
    assert (tree.span(("a", "bb", "1")).column, tree.span(("a", "bb", "1")).end_column) == (11, 13)
    assert (tree.key_span(("a", "bb")).column, tree.key_span(("a", "bb")).end_column) == (3, 5)


def test_merge_keys_take_what_is_not_written() -> None:
    root = load_text("x-a: &a {p: 1, q: 2}\nb: {<<: *a, q: 3}", "x").root
    assert isinstance(root, Entries)
    value = root.get("b")
    assert isinstance(value, Entries)
    assert {key.text: node.text for key, node in value.entries if isinstance(node, Scalar)} == {
        "p": "1",
        "q": "3",
    }
