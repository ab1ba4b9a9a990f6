"""The JSON Schema accepts what the reader accepts, and names this spec's columns when asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from synthspec.spec.parse import parse
from synthspec.spec.read import free
from synthspec.spec.schema import json_schema
from synthspec.spec.source import load_text

HERE = Path(__file__).parent
SPECS = sorted([*(HERE / "examples").glob("*.yaml"), *(HERE.parents[1] / "specs").glob("*.yaml")])


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_example_satisfies_the_general_and_its_own_schema(path: Path) -> None:
    text = path.read_text()
    root = load_text(text, path.name).root
    assert root is not None
    data = free(root)
    Draft7Validator.check_schema(json_schema())
    assert [error.message for error in Draft7Validator(json_schema()).iter_errors(data)] == []
    own = json_schema(parse(text, path.name).spec)
    assert [error.message for error in Draft7Validator(own).iter_errors(data)] == []


def test_the_schema_of_a_spec_catches_a_misspelt_column() -> None:
    spec = parse((HERE / "examples" / "hospital.yaml").read_text(), "hospital.yaml").spec
    data = {"spec": 1, "columns": {"a": "id"}, "generate": {"g": {"columns": ["hba1"]}}}
    assert list(Draft7Validator(json_schema(spec)).iter_errors(data))
    assert not list(Draft7Validator(json_schema()).iter_errors(data))


@pytest.mark.parametrize(
    "text",
    [
        "spec: 1",
        "spec: 1\ncolumns: {a: id}\ncolums: {}",
        "spec: 1\ncolumns: {a: id}\nprivacy: {unit: a, epsilon: 0}",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str) -> None:
    root = load_text(text, "x").root
    assert root is not None and parse(text, "x").failed
    assert list(Draft7Validator(json_schema()).iter_errors(free(root)))


def test_the_schema_is_the_agreed_one() -> None:
    golden = HERE.parent / "golden" / "schema.json"
    assert json.loads(golden.read_text()) == json_schema()
